//! Totals of notices by part (a line; of a receipt, a line in one condition at one place), and how they rise and fall.
//!
//! A row that names only a SKU may be put to one line of it now and to another later. So lines between which pieces may move are one *pool*: a
//! receiver is never notified of more pieces of a pool than it has, and what only moves within it makes no notice.

use super::outlet::Outlet;
use super::request;
use crate::entities::ledger::NoticeLedgers;
use crate::entities::order::OrderView;
use crate::entities::small_map::SmallMap;
use crate::facts::{Quantity, Text};

pub(super) type NoticeTotals = SmallMap<Text, Quantity>;

pub(super) fn of(totals: &NoticeTotals, part: &str) -> Quantity {
    totals.get(part).copied().unwrap_or_default()
}

/// What the receiver was notified of, under this ledger's key.
pub(super) fn notified(ledgers: &NoticeLedgers, slot: &str) -> NoticeTotals {
    ledgers.get(slot).map(|ledger| ledger.totals.clone()).unwrap_or_default()
}

/// Enters totals without a notice: the receiver knows them by itself.
pub(super) fn enter(ledgers: &mut NoticeLedgers, slot: &Text, totals: NoticeTotals, outlet: &mut Outlet<'_>) {
    if notified(ledgers, slot) != totals {
        ledgers.entry(slot.clone()).or_default().totals = totals;
        outlet.changed = true;
    }
}

pub(super) fn sum<P: AsRef<str>>(totals: &NoticeTotals, parts: &[P]) -> Quantity {
    parts.iter().map(|part| of(totals, part.as_ref())).sum()
}

/// The lines of one article: those whose SKU this line has, without the heads of bundles, which nothing is sent of. None where the order has no
/// such line.
pub(super) fn of_article<'v>(view: &'v OrderView<'_>, line: &str) -> Vec<&'v str> {
    let Some(of) = request::line(view, line) else { return Vec::new() };
    view.lines.iter().filter(|known| !known.is_bundle && known.sku == of.sku).map(|known| known.id).collect()
}

/// The totals after a notice of what is there and was not notified yet: of each pool as much as is there.
pub(super) fn raised<P: AsRef<str>>(notified: &NoticeTotals, there: &NoticeTotals, pools: &[Vec<P>]) -> NoticeTotals {
    raised_within(notified, there, pools, |_, pool| sum(there, pool))
}

/// As [`raised`], but of each pool no more than `limit` allows (by the totals so far, and the pool).
pub(super) fn raised_within<P: AsRef<str>>(
    notified: &NoticeTotals,
    there: &NoticeTotals,
    pools: &[Vec<P>],
    limit: impl Fn(&NoticeTotals, &[P]) -> Quantity,
) -> NoticeTotals {
    let mut totals = notified.clone();
    for pool in pools {
        let mut rise = (sum(there, pool) - sum(&totals, pool)).min(limit(&totals, pool));
        for part in pool {
            let part = part.as_ref();
            let more = (of(there, part) - of(&totals, part)).min(rise).floor_zero();
            if more.is_positive() {
                *totals.entry(part.into()).or_default() += more;
                rise -= more;
            }
        }
    }
    totals
}

/// The totals after a notice that takes back what is not there any more: from parts with a higher total than is there, the last first. `None`:
/// nothing is to be taken back.
pub(super) fn lowered<P: AsRef<str>>(notified: &NoticeTotals, there: &NoticeTotals, pools: &[Vec<P>]) -> Option<NoticeTotals> {
    let mut totals = notified.clone();
    for pool in pools {
        let mut over = sum(&totals, pool) - sum(there, pool);
        for part in pool.iter().rev().map(AsRef::as_ref) {
            let less = (of(&totals, part) - of(there, part)).min(over).floor_zero();
            if let Some(total) = totals.get_mut(part) {
                *total -= less;
                over -= less;
            }
        }
    }
    (totals != *notified).then_some(totals)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn totals(of: &[i64]) -> NoticeTotals {
        of.iter()
            .enumerate()
            .filter(|(_, pieces)| **pieces > 0)
            .map(|(part, pieces)| (part.to_string().into(), Quantity::from_int(*pieces)))
            .collect()
    }

    fn pieces() -> impl Strategy<Value = Vec<i64>> {
        prop::collection::vec(0_i64..5, 6)
    }

    /// Parts 0 to 2 may be taken for each other, so may 3 and 4; part 5 stands alone.
    const POOLS: [&[&str]; 3] = [&["0", "1", "2"], &["3", "4"], &["5"]];

    proptest! {
        /// Whatever was notified: after the correction and the next notice a pool's totals are what is there, whatever moved within it, and no part has
        /// a total that it did not hold.
        #[test]
        fn what_is_notified_comes_to_what_is_there(before in pieces(), now in pieces()) {
            let pools: Vec<Vec<&str>> = POOLS.iter().map(|pool| pool.to_vec()).collect();
            let (notified, there) = (totals(&before), totals(&now));
            let low = lowered(&notified, &there, &pools);
            let fell = pools.iter().any(|pool| sum(&notified, pool) > sum(&there, pool));
            prop_assert_eq!(low.is_some(), fell, "only what a pool lacks is taken back");
            let low = low.unwrap_or(notified.clone());
            let high = raised(&low, &there, &pools);
            for pool in &pools {
                prop_assert_eq!(sum(&high, pool), sum(&there, pool));
                for part in pool {
                    prop_assert!(of(&low, part) <= of(&notified, part) && of(&low, part) <= of(&high, part));
                    prop_assert!(of(&high, part) <= of(&low, part).max(of(&there, part)), "no part has a total above what it holds");
                }
            }
        }

        /// A limit holds whatever is there.
        #[test]
        fn no_more_rises_than_the_limit_allows(before in pieces(), now in pieces(), limit in 0_i64..4) {
            let pools: Vec<Vec<&str>> = POOLS.iter().map(|pool| pool.to_vec()).collect();
            let (notified, there) = (totals(&before), totals(&now));
            let high = raised_within(&notified, &there, &pools, |_, _| Quantity::from_int(limit));
            for pool in &pools {
                let room = (sum(&there, pool) - sum(&notified, pool)).floor_zero();
                prop_assert_eq!(sum(&high, pool) - sum(&notified, pool), room.min(Quantity::from_int(limit)));
            }
        }
    }
}

//! Totals that notices tell by part (a line; of a receipt, a line in one condition at one place), and how they rise and fall.
//!
//! A row that names only a SKU may be put to one line of it now and to another later. So lines between which pieces may move are one *pool*:
//! of a pool never more is told than is there, and what only moves within it is no news.

use super::outlet::Outlet;
use super::request;
use crate::entities::ledger::NoticeLedger;
use crate::entities::order::OrderView;
use crate::entities::small_map::SmallMap;
use crate::facts::{Quantity, Text};

pub(super) type Totals = SmallMap<Text, Quantity>;

pub(super) fn of(totals: &Totals, part: &str) -> Quantity {
    totals.get(part).copied().unwrap_or_default()
}

/// What was told under this ledger's key.
pub(super) fn told(ledgers: &SmallMap<Text, NoticeLedger>, slot: &str) -> Totals {
    ledgers.get(slot).map(|ledger| ledger.totals.clone()).unwrap_or_default()
}

/// Enters totals as told, without a notice.
pub(super) fn enter(ledgers: &mut SmallMap<Text, NoticeLedger>, slot: &Text, totals: Totals, outlet: &mut Outlet<'_>) {
    if told(ledgers, slot) != totals {
        ledgers.entry(slot.clone()).or_default().totals = totals;
        outlet.changed = true;
    }
}

pub(super) fn sum<P: AsRef<str>>(totals: &Totals, parts: &[P]) -> Quantity {
    parts.iter().map(|part| of(totals, part.as_ref())).sum()
}

/// The lines of one article: those whose SKU this line has, without the heads of bundles, which nothing is sent of. None where the order has no
/// such line.
pub(super) fn of_article<'v>(view: &'v OrderView<'_>, line: &str) -> Vec<&'v str> {
    let Some(of) = request::line(view, line) else { return Vec::new() };
    view.lines.iter().filter(|known| !known.set && known.sku == of.sku).map(|known| known.id).collect()
}

/// The totals to have told once what is there and was not told is told: of each pool so much as is there.
pub(super) fn raised<P: AsRef<str>>(told: &Totals, there: &Totals, pools: &[Vec<P>]) -> Totals {
    raised_within(told, there, pools, |_, pool| sum(there, pool))
}

/// As [`raised`], but of each pool no more than `limit` allows (by the totals so far, and the pool).
pub(super) fn raised_within<P: AsRef<str>>(
    told: &Totals,
    there: &Totals,
    pools: &[Vec<P>],
    limit: impl Fn(&Totals, &[P]) -> Quantity,
) -> Totals {
    let mut totals = told.clone();
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

/// The totals to have told once what is there no more is taken back: from parts of which more was told than is there, the last first. `None`:
/// nothing is to be taken back.
pub(super) fn lowered<P: AsRef<str>>(told: &Totals, there: &Totals, pools: &[Vec<P>]) -> Option<Totals> {
    let mut totals = told.clone();
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
    (totals != *told).then_some(totals)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn totals(of: &[i64]) -> Totals {
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
        /// Whatever was told: after the correction and the next notice a pool's totals are what is there, whoever moved within it, and nothing
        /// was told that the pool did not hold.
        #[test]
        fn what_is_told_comes_to_what_is_there(before in pieces(), now in pieces()) {
            let pools: Vec<Vec<&str>> = POOLS.iter().map(|pool| pool.to_vec()).collect();
            let (told, there) = (totals(&before), totals(&now));
            let low = lowered(&told, &there, &pools);
            let fell = pools.iter().any(|pool| sum(&told, pool) > sum(&there, pool));
            prop_assert_eq!(low.is_some(), fell, "only what a pool lacks is taken back");
            let low = low.unwrap_or(told.clone());
            let high = raised(&low, &there, &pools);
            for pool in &pools {
                prop_assert_eq!(sum(&high, pool), sum(&there, pool));
                for part in pool {
                    prop_assert!(of(&low, part) <= of(&told, part) && of(&low, part) <= of(&high, part));
                    prop_assert!(of(&high, part) <= of(&low, part).max(of(&there, part)), "a part is not told more than it holds");
                }
            }
        }

        /// A limit holds whatever is there.
        #[test]
        fn no_more_rises_than_the_limit_allows(before in pieces(), now in pieces(), limit in 0_i64..4) {
            let pools: Vec<Vec<&str>> = POOLS.iter().map(|pool| pool.to_vec()).collect();
            let (told, there) = (totals(&before), totals(&now));
            let high = raised_within(&told, &there, &pools, |_, _| Quantity::from_int(limit));
            for pool in &pools {
                let room = (sum(&there, pool) - sum(&told, pool)).floor_zero();
                prop_assert_eq!(sum(&high, pool) - sum(&told, pool), room.min(Quantity::from_int(limit)));
            }
        }
    }
}

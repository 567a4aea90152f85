//! Returns of which only the ERP's posted documents are there. NAV deletes a return order when it is posted to its end, perhaps before it was ever read;
//! and goods can be credited without a return order. What an ERP has posted, it has authorised.

use super::authorised::Authorised;
use crate::entities::RowOf;
use crate::entities::order::input::Input;
use crate::entities::order::placed::Placed;
use crate::entities::order::pooling::{self, Targets};
use crate::facts::order::{ErpPosted, GoodsExpected, LineRef, PostedKind, Resolution, ReturnState, Word};
use crate::facts::{Quantity, SourceId};

const POSTED: &Word<ReturnState> = &Word::Known(ReturnState::Posted);

/// Posted pieces of the same goods.
struct Goods<'a> {
    targets: Targets,
    source: SourceId,
    received: Quantity,
    credited: Quantity,
    /// The newest document: the return order that it names, else its own number.
    newest: Option<(RowOf<'a, ErpPosted>, &'a str)>,
}

/// Authorisations that only posted documents show: of goods without any return order what was received or credited, whichever is more; of goods with
/// one what is credited beyond it. `counts`: the sources whose authorisations count.
pub(super) fn authorised<'a>(
    input: &Input<'a>,
    placed: &Placed<'a>,
    told: &[Authorised<'a>],
    counts: impl Fn(SourceId) -> bool,
) -> Vec<Authorised<'a>> {
    let mut all: Vec<Goods<'a>> = Vec::new();
    for each in input.rows.live::<ErpPosted>().filter(|each| counts(each.key.source)) {
        if !matches!(each.row.kind, PostedKind::ReturnReceipt | PostedKind::CreditNote) {
            continue;
        }
        let targets = pooling::targets(&placed.lines, &LineRef::Sku(each.row.sku.clone()));
        let place = match all.iter().position(|goods| goods.targets == targets && goods.source == each.key.source) {
            Some(place) => place,
            None => {
                all.push(Goods { targets, source: each.key.source, received: Quantity::ZERO, credited: Quantity::ZERO, newest: None });
                all.len() - 1
            }
        };
        let goods = &mut all[place];
        match each.row.kind {
            PostedKind::ReturnReceipt => goods.received += each.row.quantity,
            _ => goods.credited += each.row.quantity,
        }
        let rma: &'a str = if each.row.from.is_empty() { &each.row.document } else { &each.row.from };
        let order = |row: &RowOf<'a, ErpPosted>| (row.stored.at, row.key);
        if goods.newest.as_ref().is_none_or(|(newest, _)| order(newest) < order(&each)) {
            goods.newest = Some((each, rma));
        }
    }
    let mut found = Vec::new();
    for goods in all {
        let same = |row: &&Authorised<'a>| row.source == goods.source && row.targets.first() == goods.targets.first();
        let known: Quantity = told.iter().filter(same).filter(|row| row.counts()).map(|row| row.quantity).sum();
        let posted = if told.iter().any(|row| same(&row)) { goods.credited } else { goods.received.max(goods.credited) };
        let (quantity, Some((RowOf { key, stored, .. }, rma))) = ((posted - known).floor_zero(), goods.newest) else { continue };
        if quantity.is_positive() && !goods.targets.is_empty() {
            found.push(Authorised {
                source: goods.source,
                rma,
                id: &key.id,
                pooled: true,
                quantity,
                resolution: Resolution::Refund,
                goods_expected: GoodsExpected::Yes,
                reason: "",
                state: POSTED,
                approved_at: Some(stored.at),
                deleted: false,
                at: stored.at,
                cause: stored.cause,
                targets: goods.targets,
            });
        }
    }
    found
}

//! What became of returned goods.

use super::view::ReturnedLine;
use crate::entities::Rows;
use crate::entities::order::decisions::Decisions;
use crate::entities::order::placed::PlacedLine;
use crate::entities::order::pooling::{self, Parts};
use crate::entities::order::returning::Received;
use crate::facts::order::{Condition, DisposedTo, Disposition, Word};
use crate::facts::{Moment, OrderRow, Quantity};

/// Pieces received in accepted condition, by line.
pub(super) struct AcceptedGoods {
    /// Sellable, in a bucket whose pieces can be sold, and contained in a count.
    sellable: Vec<Quantity>,
    damaged: Vec<Quantity>,
    /// Not settled by the receipt alone.
    open: Vec<Quantity>,
    /// Each receipt of these: its line, when it came, how many pieces.
    since: Vec<(usize, Moment, Quantity)>,
}

impl AcceptedGoods {
    pub fn of(lines: usize) -> Self {
        let none = || vec![Quantity::ZERO; lines];
        Self { sellable: none(), damaged: none(), open: none(), since: Vec::new() }
    }

    pub fn add(&mut self, row: &Received<'_>, parts: &Parts) {
        let Some(heap) = heap_of(row) else { return };
        for &(line, quantity) in parts {
            match heap {
                Heap::Sellable => self.sellable[line] += quantity,
                Heap::Damaged => self.damaged[line] += quantity,
                Heap::Open => {
                    self.open[line] += quantity;
                    self.since.push((line, row.received_at, quantity));
                }
            }
        }
    }

    /// Pieces of the line that came by then, and are not settled by their receipt.
    fn open_by(&self, line: usize, at: Moment) -> Quantity {
        self.since.iter().filter(|(of, since, _)| *of == line && *since <= at).map(|(.., quantity)| *quantity).sum()
    }

    pub fn accepted(&self, line: usize) -> Quantity {
        self.sellable[line] + self.damaged[line] + self.open[line]
    }
}

/// Where accepted goods of a receipt lie.
#[derive(Clone, Copy)]
enum Heap {
    Sellable,
    Damaged,
    Open,
}

/// `None`: they are not accepted.
fn heap_of(row: &Received<'_>) -> Option<Heap> {
    match row.condition {
        Word::Known(Condition::Sellable) if row.sellable_bucket && row.counted => Some(Heap::Sellable),
        // Nobody else says a word about them: they are in the stock of the ERP's books.
        _ if row.posted => Some(Heap::Sellable),
        Word::Known(Condition::Damaged) => Some(Heap::Damaged),
        Word::Known(Condition::Sellable | Condition::Unspoken) => Some(Heap::Open),
        _ if row.decided => Some(Heap::Open),
        Word::Known(Condition::Rejected | Condition::OtherItem) | Word::Unknown(_) => None,
    }
}

/// Computes *settled* pieces. Damaged ones are written off; sellable ones are stock once a count of their location contains them; a disposition
/// decides for its pieces, and a person for those that nothing else has settled; pieces that need not come back are settled at once.
pub(super) fn settle(
    rows: &Rows<OrderRow>,
    decisions: &Decisions<'_>,
    lines: &[PlacedLine<'_>],
    goods: &AcceptedGoods,
    not_expected: &[Quantity],
    returned: &mut [ReturnedLine],
) {
    let none = || vec![Quantity::ZERO; lines.len()];
    let (mut to_stock, mut to_write_off, mut sent_back) = (none(), none(), none());
    let accepted: Vec<Quantity> = (0..lines.len()).map(|i| goods.accepted(i)).collect();
    let mut taken = none();
    for each in rows.live::<Disposition>().filter(|each| each.row.quantity.is_positive()) {
        let into = match each.row.to {
            DisposedTo::Stock => &mut to_stock,
            DisposedTo::WriteOff => &mut to_write_off,
            DisposedTo::SentBack => &mut sent_back,
            DisposedTo::Quarantine => continue,
        };
        for (line, quantity) in pooling::spread(each.row.quantity, &pooling::targets(lines, &each.row.line), &[&accepted], &mut taken) {
            into[line] += quantity;
        }
    }
    for (i, line) in returned.iter_mut().enumerate() {
        let (mut open, mut sellable, mut damaged) = (goods.open[i], goods.sellable[i], goods.damaged[i]);
        // A disposition first takes pieces that are not settled yet, then those that it moves from write-off to stock or back.
        take(to_stock[i], [&mut open, &mut damaged, &mut sellable]);
        take(to_write_off[i] + sent_back[i], [&mut open, &mut sellable, &mut damaged]);
        let (restocked, written_off) = decided(decisions, lines, i, goods);
        let (restocked, written_off) = (restocked.min(open), written_off.min(open));
        line.settled_written_off = (damaged + to_write_off[i] + written_off).min(line.returned);
        line.settled_stock = (sellable + to_stock[i] + restocked).min(line.returned - line.settled_written_off);
        let rest = line.returned - line.settled_written_off - line.settled_stock;
        line.settled_other = (not_expected[i] + sent_back[i]).min(rest);
    }
}

/// Of a line's pieces that no receipt settles, those that a person says are in stock again, and those that are written off.
fn decided(decisions: &Decisions<'_>, lines: &[PlacedLine<'_>], i: usize, goods: &AcceptedGoods) -> (Quantity, Quantity) {
    let none = (Quantity::ZERO, Quantity::ZERO);
    let Some(decision) = decisions.about("goods-not-settled", lines[i].id) else { return none };
    let named = decision.lines.iter().filter(|(named, _)| pooling::targets(lines, named).contains(&i));
    let by_name = named.map(|(_, pieces)| *pieces).sum();
    let pieces = if decision.lines.is_empty() { goods.open_by(i, decision.decided_at) } else { by_name };
    match &*decision.choice {
        "restocked" => (pieces, Quantity::ZERO),
        "written-off" => (Quantity::ZERO, pieces),
        _ => none,
    }
}

/// Takes `quantity` from the heaps in their order.
fn take(mut quantity: Quantity, heaps: [&mut Quantity; 3]) {
    for heap in heaps {
        let part = (*heap).min(quantity);
        *heap -= part;
        quantity -= part;
    }
}

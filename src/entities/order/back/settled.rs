//! What became of returned goods.

use super::view::ReturnedLine;
use crate::entities::Rows;
use crate::entities::order::placed::PlacedLine;
use crate::entities::order::pooling::{self, Parts};
use crate::entities::order::returning::Received;
use crate::facts::order::{Condition, DisposedTo, Disposition, Word};
use crate::facts::{OrderRow, Quantity};

/// Pieces received in accepted condition, by line.
pub(super) struct AcceptedGoods {
    /// Sellable, in a bucket whose pieces can be sold, and contained in a count.
    sellable: Vec<Quantity>,
    damaged: Vec<Quantity>,
    /// Not settled by the receipt alone.
    open: Vec<Quantity>,
}

impl AcceptedGoods {
    pub fn of(lines: usize) -> Self {
        let none = || vec![Quantity::ZERO; lines];
        Self { sellable: none(), damaged: none(), open: none() }
    }

    pub fn add(&mut self, row: &Received<'_>, parts: &Parts) {
        let into = match row.condition {
            Word::Known(Condition::Sellable) if row.sellable_bucket && row.counted => &mut self.sellable,
            // Nobody else says a word about them: they are in the stock of the ERP's books.
            _ if row.posted => &mut self.sellable,
            Word::Known(Condition::Damaged) => &mut self.damaged,
            Word::Known(Condition::Sellable | Condition::Unspoken) => &mut self.open,
            _ if row.decided => &mut self.open,
            Word::Known(Condition::Rejected | Condition::OtherItem) | Word::Unknown(_) => return,
        };
        for &(line, quantity) in parts {
            into[line] += quantity;
        }
    }

    pub fn accepted(&self, line: usize) -> Quantity {
        self.sellable[line] + self.damaged[line] + self.open[line]
    }
}

/// Computes *settled* pieces. Damaged ones are written off; sellable ones are stock once a count of their location contains them; a disposition
/// decides for its pieces; pieces that need not come back are settled at once.
pub(super) fn settle(
    rows: &Rows<OrderRow>,
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
        line.settled_written_off = (damaged + to_write_off[i]).min(line.returned);
        line.settled_stock = (sellable + to_stock[i]).min(line.returned - line.settled_written_off);
        let rest = line.returned - line.settled_written_off - line.settled_stock;
        line.settled_other = (not_expected[i] + sent_back[i]).min(rest);
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

//! Posting: what leaves is shipped and invoiced, what comes back is received and credited.

use super::Erp;
use super::document::Pieces;
use crate::events::despatch_notices::DespatchNotice;
use crate::events::receipt_notices::ReceiptNotice;
use crate::retailer::units::whole;
use crate::retailer::world::World;

impl Erp {
    /// A despatch notice: posts what left the house, ship and invoice in one.
    pub fn ship(&mut self, world: &mut World, index: u32, notice: &DespatchNotice) {
        let erp = self.label();
        let Some(document) = self.orders.get(&index) else {
            if notice.lines.iter().any(|line| line.quantity.is_positive()) {
                world.complain(format!(
                    "order {}: despatch-notices to the ERP for parcel {}, but {erp} has no open order",
                    notice.order.number, notice.parcel
                ));
            }
            return;
        };
        let place = |line: &str| document.lines.iter().position(|row| line.parse() == Ok(row.item));
        let told = notice.lines.iter().filter_map(|told| Some((place(&told.line)?, whole(told.quantity.decimal())?)));
        let pieces: Vec<(usize, i64)> = told.filter(|(_, count)| *count != 0).collect();
        for (place, count) in &pieces {
            let line = &document.lines[*place];
            if line.done + count > line.quantity {
                world.complain(format!(
                    "order {}: despatch-notices to the ERP for parcel {} ship more of line {} than {erp} has",
                    notice.order.number, notice.parcel, line.item
                ));
            }
        }
        if !pieces.is_empty() {
            self.send_out(world, index, &pieces, notice.tracking.as_deref());
        }
    }

    /// A parcel that no warehouse system tells of: the ERP is told by hand, and posts it.
    pub fn post_parcel(&mut self, world: &mut World, index: u32, parcel: usize) {
        let order = &world.orders[index as usize];
        let Some(sent) = order.parcels.get(parcel).cloned() else { return };
        let Some(document) = self.orders.get(&index) else {
            let sentence = format!("order {}: a parcel left, but {} has no open order", order.number, self.label());
            world.complain(sentence);
            return;
        };
        let place = |line: usize| document.lines.iter().position(|row| row.item == order.lines[line].item);
        let pieces: Vec<(usize, i64)> = sent.pieces.iter().filter_map(|(line, count)| Some((place(*line)?, *count))).collect();
        if let Some(shipment) = self.send_out(world, index, &pieces, Some(&sent.tracking)) {
            world.orders[index as usize].parcels[parcel].number = shipment;
        }
    }

    /// Posts a shipment and its invoice; the shipment's number.
    fn send_out(&mut self, world: &mut World, index: u32, pieces: &Pieces, tracking: Option<&str>) -> Option<String> {
        let mut document = self.orders.remove(&index)?;
        let shipment = self.office.ship(world, &mut document, pieces, tracking);
        if !document.is_done_with(&[]) {
            self.orders.insert(index, document);
        }
        Some(shipment)
    }

    /// A receipt notice: posts the return receipt and the credit memo.
    pub fn receive(&mut self, world: &mut World, index: u32, notice: &ReceiptNotice) {
        let Some(document) = self.returns.get(&index) else { return };
        let order = &world.orders[index as usize];
        let mut pieces: Vec<(usize, i64)> = Vec::new();
        for told in &notice.lines {
            let item = order.lines.iter().find(|line| told.line.parse() == Ok(line.item) || told.line.parse().ok() == line.child);
            let Some(place) = item.and_then(|line| document.lines.iter().position(|row| row.item == line.item)) else { continue };
            let count = whole(told.quantity.decimal()).unwrap_or(0);
            match pieces.iter_mut().find(|(at, _)| *at == place) {
                Some((_, sum)) => *sum += count,
                None => pieces.push((place, count)),
            }
        }
        pieces.retain(|(_, count)| *count > 0);
        if !pieces.is_empty() {
            self.take(world, index, &pieces);
        }
    }

    /// What came back to a house without a warehouse system: all that the return order says.
    pub fn take_in(&mut self, world: &mut World, index: u32) {
        let Some(document) = self.returns.get(&index) else { return };
        let pieces: Vec<(usize, i64)> = document.lines.iter().enumerate().map(|(place, line)| (place, line.quantity)).collect();
        self.take(world, index, &pieces);
    }

    /// Posts a return receipt and its credit memo.
    fn take(&mut self, world: &mut World, index: u32, pieces: &Pieces) {
        let Some(mut document) = self.returns.remove(&index) else { return };
        self.office.take_back(world, &mut document, pieces);
        if !document.is_done_with(&[]) {
            self.returns.insert(index, document);
        }
    }
}

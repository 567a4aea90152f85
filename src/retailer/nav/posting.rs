//! Posting: a shipment with its invoice, a return receipt with its credit memo; what is posted in full disappears from the open tables.

use super::rows::{Document, Posted};
use super::{Nav, RELEASED};
use crate::events::despatch_notices::DespatchNotice;
use crate::events::receipt_notices::ReceiptNotice;
use crate::retailer::clock::System;
use crate::retailer::feeds::Feed;
use crate::retailer::op::Op;
use crate::retailer::world::World;

impl Nav {
    /// A despatch notice: posts what left the house, ship and invoice in one.
    pub fn ship(&mut self, world: &mut World, index: u32, notice: &DespatchNotice) {
        let Some(document) = self.orders.remove(&index) else {
            if notice.lines.iter().any(|line| line.quantity.is_positive()) {
                world.complain(format!(
                    "order {}: despatch-notices to the ERP for parcel {}, but NAV has no open order",
                    notice.order.number, notice.parcel
                ));
            }
            return;
        };
        let pieces: Vec<(usize, i64)> = notice
            .lines
            .iter()
            .filter_map(|told| {
                let place = document.lines.iter().position(|row| told.line.parse() == Ok(row.item))?;
                Some((place, crate::retailer::units::whole(told.quantity.decimal())?)).filter(|(_, count)| *count != 0)
            })
            .collect();
        if pieces.is_empty() {
            self.orders.insert(index, document);
            return;
        }
        for (place, count) in &pieces {
            if document.lines[*place].shipped + count > document.lines[*place].quantity {
                world.complain(format!(
                    "order {}: despatch-notices to the ERP for parcel {} ship more of line {} than NAV has",
                    notice.order.number, notice.parcel, document.lines[*place].item
                ));
            }
        }
        self.send_out(world, index, document, pieces, notice.tracking.as_deref());
    }

    /// A parcel that no warehouse system tells of: the ERP is told by hand, and posts it.
    pub fn post_parcel(&mut self, world: &mut World, index: u32, parcel: usize) {
        let order = &world.orders[index as usize];
        let Some(sent) = order.parcels.get(parcel).cloned() else { return };
        let Some(document) = self.orders.remove(&index) else {
            let sentence = format!("order {}: a parcel left, but NAV has no open order", order.number);
            world.complain(sentence);
            return;
        };
        let place = |line: usize| document.lines.iter().position(|row| row.item == order.lines[line].item);
        let pieces: Vec<(usize, i64)> = sent.pieces.iter().filter_map(|(line, count)| Some((place(*line)?, *count))).collect();
        let shipment = self.send_out(world, index, document, pieces, Some(&sent.tracking));
        world.orders[index as usize].parcels[parcel].number = shipment;
    }

    /// Posts a shipment and its invoice: pieces by line of the document. The shipment's number.
    fn send_out(
        &mut self,
        world: &mut World,
        index: u32,
        mut document: Document,
        pieces: Vec<(usize, i64)>,
        tracking: Option<&str>,
    ) -> String {
        world.begin(System::Nav);
        if document.status != RELEASED {
            self.set_status(world, &mut document, RELEASED);
        }
        let number = self.next_number();
        let shipment = format!("SSH-{number:06}");
        let invoice = format!("SIN-{number:06}");
        self.post(world, &document, &shipment, &pieces, &SHIPMENT, tracking);
        self.post(world, &document, &invoice, &pieces, &INVOICE, None);
        world.say(index, "NAV", |_| format!("posted shipment {shipment} and invoice {invoice}"));
        let whole = document.lines.iter().enumerate().all(|(place, line)| {
            let now: i64 = pieces.iter().filter(|(at, _)| *at == place).map(|(_, count)| count).sum();
            line.shipped + now >= line.quantity
        });
        if whole {
            // The last quantities are seen in the posted tables alone.
            self.delete(world, &document);
            world.say(index, "NAV", |_| format!("sales order {} posted in full and deleted", document.number));
            return shipment;
        }
        for (place, count) in pieces {
            self.update_line(world, &mut document, place, |line| line.shipped += count);
        }
        self.orders.insert(index, document);
        shipment
    }

    /// A receipt notice: posts the return receipt and the credit memo.
    pub fn receive(&mut self, world: &mut World, index: u32, notice: &ReceiptNotice) {
        let Some(document) = self.returns.remove(&index) else { return };
        let order = &world.orders[index as usize];
        let mut pieces: Vec<(usize, i64)> = Vec::new();
        for told in &notice.lines {
            let item = order.lines.iter().find(|line| told.line.parse() == Ok(line.item) || told.line.parse().ok() == line.child);
            let Some(place) = item.and_then(|line| document.lines.iter().position(|row| row.item == line.item)) else { continue };
            let count = crate::retailer::units::whole(told.quantity.decimal()).unwrap_or(0);
            match pieces.iter_mut().find(|(at, _)| *at == place) {
                Some((_, sum)) => *sum += count,
                None => pieces.push((place, count)),
            }
        }
        pieces.retain(|(_, count)| *count > 0);
        if pieces.is_empty() {
            self.returns.insert(index, document);
            return;
        }
        self.take(world, index, document, pieces);
    }

    /// What came back to a house without a warehouse system: all that the return order says.
    pub fn take_in(&mut self, world: &mut World, index: u32) {
        let Some(document) = self.returns.remove(&index) else { return };
        let pieces = document.lines.iter().enumerate().map(|(place, line)| (place, line.quantity)).collect();
        self.take(world, index, document, pieces);
    }

    /// Posts a return receipt and its credit memo: pieces by line of the document.
    fn take(&mut self, world: &mut World, index: u32, mut document: Document, pieces: Vec<(usize, i64)>) {
        world.begin(System::Nav);
        let number = self.next_number();
        let (receipt, memo) = (format!("SRR-{number:06}"), format!("SCM-{number:06}"));
        self.post(world, &document, &receipt, &pieces, &RECEIPT, None);
        self.post(world, &document, &memo, &pieces, &MEMO, None);
        world.say(index, "NAV", |_| format!("posted return receipt {receipt} and credit memo {memo}"));
        let whole = document.lines.iter().enumerate().all(|(place, line)| {
            let now: i64 = pieces.iter().filter(|(at, _)| *at == place).map(|(_, count)| count).sum();
            line.shipped + now >= line.quantity
        });
        if whole {
            self.delete(world, &document);
            return;
        }
        for (place, count) in pieces {
            self.update_line(world, &mut document, place, |line| line.shipped += count);
        }
        self.returns.insert(index, document);
    }

    fn next_number(&mut self) -> u32 {
        self.next_posted += 1;
        self.next_posted - 1
    }

    fn post(
        &mut self,
        world: &mut World,
        document: &Document,
        number: &str,
        pieces: &[(usize, i64)],
        kind: &Posted,
        tracking: Option<&str>,
    ) {
        let (header, lines) = kind.feeds();
        let stamp = self.stamp();
        let clock = world.clock(System::Nav);
        let image = document.posted_header(kind, number, tracking.unwrap_or(""), clock, stamp);
        world.change(header, Op::Create, super::rows::posted_key(number), None, Some(&image));
        for (place, count) in pieces {
            let line = &document.lines[*place];
            let stamp = self.stamp();
            let image = document.posted_line(kind, number, line, *count, clock, stamp);
            world.change(lines, Op::Create, super::rows::posted_line_key(number, line.number), None, Some(&image));
        }
    }
}

const SHIPMENT: Posted = Posted::Shipment;
const INVOICE: Posted = Posted::Invoice;
const RECEIPT: Posted = Posted::Receipt;
const MEMO: Posted = Posted::Memo;

impl Posted {
    fn feeds(&self) -> (Feed, Feed) {
        match self {
            Self::Shipment => (Feed::NavShipmentHeader, Feed::NavShipmentLine),
            Self::Invoice => (Feed::NavInvoiceHeader, Feed::NavInvoiceLine),
            Self::Receipt => (Feed::NavReceiptHeader, Feed::NavReceiptLine),
            Self::Memo => (Feed::NavCrMemoHeader, Feed::NavCrMemoLine),
        }
    }
}

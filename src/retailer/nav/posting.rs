//! Posting: a shipment with its invoice, a return receipt with its credit memo; what is posted in full disappears from the open tables.

use super::Nav;
use super::rows::Posted;
use crate::retailer::clock::System;
use crate::retailer::erp::{Document, Pieces};
use crate::retailer::feeds::Feed;
use crate::retailer::op::Op;
use crate::retailer::world::World;

impl Nav {
    /// Posts a shipment and its invoice. The shipment's number.
    pub(super) fn send_out(&mut self, world: &mut World, document: &mut Document, pieces: &Pieces, tracking: Option<&str>) -> String {
        world.begin(System::Nav);
        if !document.approved {
            self.set_status(world, document, true);
        }
        let number = self.next_number();
        let (shipment, invoice) = (format!("SSH-{number:06}"), format!("SIN-{number:06}"));
        self.post(world, document, &shipment, pieces, &Posted::Shipment, tracking);
        self.post(world, document, &invoice, pieces, &Posted::Invoice, None);
        world.say(document.index, "NAV", |_| format!("posted shipment {shipment} and invoice {invoice}"));
        if self.close(world, document, pieces) {
            world.say(document.index, "NAV", |_| format!("sales order {} posted in full and deleted", document.number));
        }
        shipment
    }

    /// Posts a return receipt and its credit memo.
    pub(super) fn take_in(&mut self, world: &mut World, document: &mut Document, pieces: &Pieces) {
        world.begin(System::Nav);
        let number = self.next_number();
        let (receipt, memo) = (format!("SRR-{number:06}"), format!("SCM-{number:06}"));
        self.post(world, document, &receipt, pieces, &Posted::Receipt, None);
        self.post(world, document, &memo, pieces, &Posted::Memo, None);
        world.say(document.index, "NAV", |_| format!("posted return receipt {receipt} and credit memo {memo}"));
        self.close(world, document, pieces);
    }

    /// Counts what was posted. Of a document that is posted in full the last quantities are seen in the posted tables alone.
    fn close(&mut self, world: &mut World, document: &mut Document, pieces: &Pieces) -> bool {
        let whole = document.is_done_with(pieces);
        if whole {
            self.delete(world, document);
            document.count(pieces);
        } else {
            for (place, count) in pieces {
                self.update_line(world, document, *place, |line| line.done += count);
            }
        }
        whole
    }

    fn next_number(&mut self) -> u32 {
        self.next_posted += 1;
        self.next_posted - 1
    }

    fn post(&mut self, world: &mut World, document: &Document, number: &str, pieces: &Pieces, kind: &Posted, tracking: Option<&str>) {
        let (header, lines) = kind.feeds();
        let stamp = self.stamp();
        let clock = world.clock(System::Nav);
        let image = document.posted_header(kind, number, tracking.unwrap_or(""), clock, stamp);
        world.change(header, Op::Create, super::rows::posted_key(number), None, Some(&image));
        for (place, count) in pieces {
            let line = &document.lines[*place];
            let stamp = self.stamp();
            let image = document.posted_line(kind, number, line, *count, clock, stamp);
            world.change(lines, Op::Create, super::rows::posted_line_key(number, line), None, Some(&image));
        }
    }
}

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

//! NAV's faults: its connector reads the tables anew, and its open orders get other numbers.

use super::Nav;
use super::rows::Document;
use crate::retailer::clock::System;
use crate::retailer::faults::Mishap;
use crate::retailer::feeds::Feed;
use crate::retailer::op::Op;
use crate::retailer::world::World;

impl Nav {
    /// Every row of the open documents, items and prices as it stands; how many.
    pub fn snapshot_again(&mut self, world: &mut World) -> usize {
        world.begin(System::Nav);
        let mut rows = 0;
        let documents: Vec<&Document> = self.orders.values().chain(self.returns.values()).collect();
        for (left, document) in (0..documents.len()).rev().zip(&documents) {
            let image = document.header_image(self.timestamp);
            world.change(Feed::NavSalesHeader, Op::read(left == 0), document.key(), None, Some(&image));
            for (lines_left, line) in (0..document.lines.len()).rev().zip(&document.lines) {
                let image = document.line_image(line, self.timestamp);
                world.change(Feed::NavSalesLine, Op::read(left + lines_left == 0), document.line_key(line), None, Some(&image));
            }
            rows += 1 + document.lines.len();
        }
        rows + self.snapshot(world)
    }

    /// Open sales orders of which nothing is posted get numbers of a new series, each in a transaction of its own; which.
    pub fn renumber(&mut self, world: &mut World) -> Vec<u32> {
        self.series = "VK-";
        let fresh = |document: &Document| document.lines.iter().all(|line| line.shipped == 0);
        let touched = |index: &u32| world.orders[*index as usize].mishap == Some(Mishap::ErpTouched);
        let of: Vec<u32> =
            self.orders.iter().filter(|(index, document)| fresh(document) && !touched(index)).map(|(index, _)| *index).collect();
        for index in &of {
            let Some(mut document) = self.orders.remove(index) else { continue };
            world.begin(System::Nav);
            self.delete(world, &document);
            document.number = self.next_order_number();
            document.modified_at = world.clock(System::Nav);
            self.insert(world, &document);
            world.orders[*index as usize].erp_document = Some(document.number.clone());
            self.orders.insert(*index, document);
        }
        of
    }
}

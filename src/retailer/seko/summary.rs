//! The overnight summary: all that a distribution centre has at the end of its day, in parts.

use std::collections::BTreeMap;

use super::Seko;
use super::messages::{Service, response};
use crate::facts::Moment;
use crate::facts::time::Span;
use crate::retailer::clock::System;
use crate::retailer::ids::DC;
use crate::retailer::json::object;
use crate::retailer::task::Task;
use crate::retailer::warehouse::{Job, Shelves, Standing};
use crate::retailer::world::World;

/// Products in one part.
const IN_ONE_PART: usize = 100;

/// Pieces of an article that orders have, by where they are.
#[derive(Clone, Copy, Default)]
struct Held {
    allocated: i64,
    in_pick: i64,
    to_dispatch: i64,
}

impl Held {
    fn all(self) -> i64 {
        self.allocated + self.in_pick + self.to_dispatch
    }
}

impl Seko {
    /// The next midnight there is put on the agenda.
    pub(super) fn day_ends_next(&self, world: &mut World) {
        let off = world.clocks.off(System::Seko);
        let at = world.local.midnight(self.day_ends + Span::hours(36)) + Span(-off.0);
        world.at(at, Task::EndOfDay(self.site));
    }

    /// Everything that is there now, for the day that ended at `day_ends`. A product of which nothing is there is left out.
    pub(super) fn sum_up(&mut self, world: &mut World, shelves: &Shelves, jobs: &mut dyn Iterator<Item = (u32, &Job)>) {
        let held = held(world, shelves, jobs);
        let mut lines = Vec::new();
        for (article, pieces) in shelves.on_hand().iter().enumerate() {
            let held = held.get(&article).copied().unwrap_or_default();
            let of = |map: &BTreeMap<usize, i64>| map.get(&article).copied().unwrap_or(0);
            let (quarantine, returns) = (of(&self.in_quarantine), of(&self.in_returns));
            if *pieces == 0 && quarantine == 0 && returns == 0 {
                continue;
            }
            lines.push(object(|row| {
                row.text("ProductCode", &world.articles[article].sku).int("QuantityOnHand", pieces - held.all());
                row.int("QuantityInCrossDock", 0).int("QuantityInQuarantine", quarantine).int("QuantityInReturns", returns);
                row.int("QuantityInPutAway", 0).int("QuantityInPick", held.in_pick).int("QuantityInAllocated", held.allocated);
                row.int("QuantityToDispatch", held.to_dispatch).int("QuantityGrnPendingConfirmed", 0);
            }));
        }
        let parts: Vec<&[Vec<u8>]> = lines.chunks(IN_ONE_PART).collect();
        let day = world.local.day(Moment(self.day_ends.0 - 1));
        self.next_summary += 1;
        for (part, lines) in (1..).zip(&parts) {
            let header = object(|row| {
                row.text("MessageGroupId", &format!("{DC}-{day} 11:59:59 PM")).int("MessagePart", part);
                row.int("MessageTotal", parts.len() as i64).int("SequenceNumber", self.number(Service::Overnight));
                row.text("SummaryStockHeaderId", &self.next_summary.to_string()).text("AtEndOfDate", &day).text("DCCode", DC);
            });
            self.push(world, response(Service::Overnight, &header, lines));
        }
    }
}

/// What orders have of what is there, the first ones first.
fn held(world: &World, shelves: &Shelves, jobs: &mut dyn Iterator<Item = (u32, &Job)>) -> BTreeMap<usize, Held> {
    let mut held: BTreeMap<usize, Held> = BTreeMap::new();
    for (index, job) in jobs {
        let Some(order) = world.orders.get(index as usize) else { continue };
        for (place, pieces) in job.open() {
            let article = order.lines[place].article;
            let held = held.entry(article).or_default();
            let pieces = pieces.min(shelves.on_hand()[article] - held.all()).max(0);
            match job.standing {
                Standing::New | Standing::Allocated => held.allocated += pieces,
                Standing::Picking => held.in_pick += pieces,
                Standing::Packed => held.to_dispatch += pieces,
                Standing::PartDespatched | Standing::Despatched | Standing::Cancelled => {}
            }
        }
    }
    held
}

//! How a warehouse's system tells what its people do.

use super::job::Job;
use super::shelves::Shelves;
use crate::facts::Moment;
use crate::retailer::clock::System;
use crate::retailer::order::Parcel;
use crate::retailer::world::World;

/// Why pieces came onto the shelf, or are gone from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    /// A parcel left.
    Left,
    /// The supplier delivered.
    Supplied,
    /// They came back, and can be sold again.
    PutBack,
    /// They are not found.
    Lost,
}

/// A warehouse's system. Each call is one act of somebody, and sends what the system sends of it; orders and shelves are kept by
/// [`super::Warehouse`].
pub trait Wms {
    fn system(&self) -> System;

    /// Can it change an order that it has, and send it in several parcels? Else its order is cancelled and entered anew, and what it has not sent
    /// with the one parcel it never sends.
    fn changes_orders(&self) -> bool;

    /// All figures, as they are read first.
    fn open(&mut self, world: &mut World, shelves: &Shelves);

    /// The next parcel's number.
    fn parcel_number(&mut self) -> String;

    /// An order is as far as it says. When it is heard, if anything is told.
    fn stands(&mut self, world: &mut World, index: u32, job: &Job) -> Option<Moment>;

    /// What an order holds has changed, or how far it is.
    fn sums_up(&mut self, world: &mut World, index: u32, job: &Job);

    /// A parcel leaves.
    fn left(&mut self, world: &mut World, index: u32, job: &Job, parcel: &Parcel);

    /// The parcel has its tracking number.
    fn track(&mut self, world: &mut World, index: u32, job: &Job, parcel: &Parcel);

    /// Waybill has announced a return.
    fn announced(&mut self, index: u32, rma: &str);

    /// Goods came back, in this condition: pieces by line. The number of the receipt of each line.
    fn received(&mut self, world: &mut World, index: u32, job: Option<&Job>, back: &[(usize, i64)], good: bool) -> Vec<String>;

    /// Does it see at once in which condition goods came back? Else they are inspected later, and it says where they were put.
    fn sees_condition(&self) -> bool;

    /// Goods that came back were looked at and put away, for sale or not.
    fn put_away(&mut self, world: &mut World, article: usize, pieces: i64, good: bool);

    /// The shelf holds so many more pieces of an article (below 0: fewer).
    fn moved(&mut self, world: &mut World, article: usize, pieces: i64, why: Moved);

    /// Reads or sends what it does by the clock.
    fn poll(&mut self, world: &mut World, shelves: &Shelves);

    /// Ends its day, if it counts by night.
    fn end_day(&mut self, world: &mut World, shelves: &Shelves, jobs: &mut dyn Iterator<Item = (u32, &Job)>);

    /// Pieces that are on the shelf and that it has told nobody of yet (below 0: that are gone).
    fn untold(&self, article: usize) -> i64;

    fn forget(&mut self, order: u32);
}

//! How one ERP writes down what its people do.

use super::document::{Change, Document, Kind, Pieces};
use crate::retailer::clock::System;
use crate::retailer::world::World;

/// An ERP's tables or scripts. Each call is one act of somebody, and sends what the system sends of it; documents are kept by [`super::Erp`].
pub trait Office {
    fn system(&self) -> System;

    /// The next document's id and number.
    fn number(&mut self, kind: Kind) -> (i64, String);

    /// What Waybill calls the document.
    fn known_as(&self, document: &Document) -> String;

    /// It is recorded.
    fn open(&mut self, world: &mut World, document: &Document);

    /// It is approved: it was not before.
    fn approve(&mut self, world: &mut World, document: &mut Document);

    /// Its lines are changed, or somebody changed them and found them right.
    fn edit(&mut self, world: &mut World, document: &mut Document, changes: &[Change]);

    /// Nothing is wanted of it any more, and nothing was posted.
    fn withdraw(&mut self, world: &mut World, document: &mut Document);

    /// Goods left: a shipment and its invoice. The shipment's number. `document` counts them afterwards.
    fn ship(&mut self, world: &mut World, document: &mut Document, pieces: &Pieces, tracking: Option<&str>) -> String;

    /// What was open is wanted no more, and the rest was posted before: who keeps only open documents deletes it.
    fn finish(&mut self, _world: &mut World, _document: &mut Document) {}

    /// Goods came back: a receipt and its credit memo. `document` counts them afterwards.
    fn take_back(&mut self, world: &mut World, document: &mut Document, pieces: &Pieces);

    /// All that it sells, at these prices (hundredths, by article); how many rows.
    fn catalogue(&mut self, world: &mut World, prices: &[i64]) -> usize;

    /// The price of an article changes: before and after.
    fn price(&mut self, world: &mut World, article: usize, price: (i64, i64));

    /// Every open document is read again as it stands; how many rows.
    fn read_again(&mut self, world: &mut World, documents: &[&Document]) -> usize;

    /// Numbers are of another series from now on; only an ERP whose numbers can change has one.
    fn begin_series(&mut self) {}

    /// The document takes a number of the new series.
    fn renumber(&mut self, _world: &mut World, _document: &mut Document) {}

    /// The money that was credited has been paid back.
    fn paid_back(&mut self, _world: &mut World, _index: u32, _amount: i64) {}

    fn forget(&mut self, _index: u32) {}
}

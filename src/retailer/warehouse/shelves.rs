//! What lies on the warehouse's shelves.

use std::collections::BTreeSet;

/// Below so many pieces more are ordered, and so many come.
const REORDER_BELOW: i64 = 40;
pub const REORDER: i64 = 120;

pub struct Shelves {
    /// By article: pieces that are there, whole and for sale.
    on_hand: Vec<i64>,
    /// By article: pieces that are packed and have not left.
    set_aside: Vec<i64>,
    /// Goods on order from the supplier.
    awaited: BTreeSet<usize>,
}

impl Shelves {
    /// `sold_once`: articles that are not ordered from the supplier when they run low.
    pub fn new(on_hand: Vec<i64>, sold_once: BTreeSet<usize>) -> Self {
        Self { set_aside: vec![0; on_hand.len()], on_hand, awaited: sold_once }
    }

    pub fn on_hand(&self) -> &[i64] {
        &self.on_hand
    }

    /// Pieces that are in their place, and in no order's parcel.
    pub fn there(&self, article: usize) -> i64 {
        self.on_hand[article] - self.set_aside[article]
    }

    /// Pieces go into a parcel (below 0: the parcel leaves).
    pub fn set_aside(&mut self, article: usize, pieces: i64) {
        self.set_aside[article] += pieces;
    }

    /// Pieces more (below 0: fewer). How many there are then.
    pub fn add(&mut self, article: usize, pieces: i64) -> i64 {
        self.on_hand[article] += pieces;
        self.on_hand[article]
    }

    /// Few are left, and the supplier is asked for more: not twice before they come.
    pub fn asks_for_more(&mut self, article: usize) -> bool {
        self.on_hand[article] < REORDER_BELOW && self.awaited.insert(article)
    }

    /// The supplier's goods are here.
    pub fn supplied(&mut self, article: usize) {
        self.awaited.remove(&article);
    }
}

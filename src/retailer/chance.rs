//! Chance: one stream of random numbers for each actor, all from one seed, so that what one actor does never shifts another's dice.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::facts::time::Span;

/// An actor's dice.
pub struct Dice(ChaCha8Rng);

/// Streams of the systems; an order's own stream is [`ORDERS`] + its index.
pub const CLOCKS: u64 = 1;
pub const WIRES: u64 = 2;
pub const CATALOGUE: u64 = 3;
pub const SYSTEMS: u64 = 4;
pub const DAYS: u64 = 5;
pub const FAULTS: u64 = 6;
pub const EMARSYS: u64 = 7;
pub const ORDERS: u64 = 1_000_000;

impl Dice {
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream);
        Self(rng)
    }

    /// From `low` to `high`, both inclusive.
    pub fn range(&mut self, low: i64, high: i64) -> i64 {
        if high <= low { low } else { self.0.random_range(low..=high) }
    }

    /// Below `bound`; 0 when that is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        if bound == 0 { 0 } else { self.0.random_range(0..bound) }
    }

    pub fn percent(&mut self, percent: i64) -> bool {
        self.range(1, 100) <= percent
    }

    /// One of `among`, which is never empty here.
    pub fn pick<T: Copy>(&mut self, among: &[T]) -> T {
        among[self.below(among.len())]
    }

    pub fn seconds(&mut self, low: i64, high: i64) -> Span {
        Span(self.range(low * 1_000, high * 1_000))
    }

    pub fn minutes(&mut self, low: i64, high: i64) -> Span {
        self.seconds(low * 60, high * 60)
    }

    pub fn hours(&mut self, low: i64, high: i64) -> Span {
        self.minutes(low * 60, high * 60)
    }
}

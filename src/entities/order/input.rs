//! What the stages are computed from.

use super::clock::Clock;
use crate::entities::Rows;
use crate::entities::rules::Rules;
use crate::facts::{Cause, OrderRow};

/// The order's rows, the configured rules, and the tick.
pub(super) struct Input<'a> {
    pub rows: &'a Rows<OrderRow>,
    pub rules: &'a Rules,
    pub clock: Clock,
}

/// Rows that cannot all be true: nothing is requested from their figures (exception `rows-contradict`).
#[derive(Clone, Debug)]
pub struct Contradiction {
    /// Tells several of one order apart.
    pub number: String,
    /// What is wrong, in a sentence.
    pub sentence: String,
    /// The records that said so.
    pub causes: Vec<Cause>,
}

impl Contradiction {
    pub(super) fn new(number: &str, sentence: String, cause: Cause) -> Self {
        Self { number: number.to_owned(), sentence, causes: vec![cause] }
    }
}

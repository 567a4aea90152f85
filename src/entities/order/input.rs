//! What every stage reads: rows, rules, tick.

use super::clock::Clock;
use crate::entities::Rows;
use crate::entities::rules::Rules;
use crate::facts::{Cause, Moment, OrderRow};

/// The order's rows, the configured rules, and the tick.
pub(super) struct Input<'a> {
    /// The order's rows.
    pub rows: &'a Rows<OrderRow>,
    /// The configured rules.
    pub rules: &'a Rules,
    /// The tick, and when time alone changes the view next.
    pub clock: Clock,
}

/// Rows that contradict each other. Nothing is requested while there is a contradiction (exception `rows-contradict`).
#[derive(Clone, Debug)]
pub struct Contradiction {
    /// Distinguishes several contradictions of one order.
    pub number: String,
    /// What is wrong, in a sentence.
    pub sentence: String,
    /// The records that contradict each other.
    pub causes: Vec<Cause>,
    /// From when on it is reported, if a row that may still come could settle it.
    pub after: Option<Moment>,
}

impl Contradiction {
    pub(super) fn new(number: &str, sentence: String, cause: Cause) -> Self {
        Self { number: number.to_owned(), sentence, causes: vec![cause], after: None }
    }
}

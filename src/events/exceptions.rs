//! `exceptions`: what a person must look at. A statement, keyed by kind + entity + number: open while it holds, a tombstone when it is closed.

use serde::{Deserialize, Serialize};

use crate::facts::{Amount, Currency, Moment, Text};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExceptionNotice {
    pub id: String,
    /// `order-incomplete`, `totals-differ` ...
    pub kind: Text,
    /// The order, SKU or name that it is about.
    pub entity: Text,
    pub number: Text,
    /// The order's public number, where there is one.
    pub order_number: Option<Text>,
    pub since: Moment,
    /// What is wrong, in a sentence.
    pub sentence: Text,
    /// What a person does about it.
    pub to_do: Text,
    pub at_risk: Option<Amount>,
    pub currency: Option<Currency>,
    /// The records that cause it: `topic[partition]@offset`.
    pub causes: Vec<Text>,
}
super::body!(ExceptionNotice, Exceptions);

//! What comes back: authorisations, receipts, what became of the goods.

use serde::{Deserialize, Serialize};

use super::{LineRef, Word};
use crate::facts::{Moment, Quantity, Text};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReturnState {
    Asked,
    Approved,
    Closed,
    Posted,
    Rejected,
    Withdrawn,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resolution {
    Refund,
    StoreCredit,
    Exchange,
    Repair,
    Reject,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GoodsExpected {
    Yes,
    /// Keep it.
    No,
    /// A photo is enough.
    Proof,
}

/// The head of a return authorisation, where the authority keeps the state there and not in the lines (NAV): it stands for the state of each
/// [`ReturnLine`] of the same source and `rma`. Key: authority's document. Deleted: the last state counts, as with a line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReturnDocument {
    pub rma: Text,
    pub state: Word<ReturnState>,
    pub approved_at: Option<Moment>,
}

/// A line of a return authorisation. Key: authority's document + line. A deleted row that was approved counts as approved (`gone`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReturnLine {
    pub rma: Text,
    pub line: LineRef,
    pub quantity: Quantity,
    pub state: Word<ReturnState>,
    pub resolution: Resolution,
    pub goods_expected: GoodsExpected,
    pub reason: Text,
    pub approved_at: Option<Moment>,
}

impl ReturnLine {
    /// A return that is asked for: the goods are expected, and the money is wanted back.
    pub fn new(rma: Text, line: LineRef, quantity: Quantity) -> Self {
        Self {
            rma,
            line,
            quantity,
            state: Word::Known(ReturnState::Asked),
            resolution: Resolution::Refund,
            goods_expected: GoodsExpected::Yes,
            reason: Text::default(),
            approved_at: None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    Sellable,
    Damaged,
    /// Not told: accepted.
    Unspoken,
    Rejected,
    OtherItem,
}

/// What came back. Key: receipt + line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    pub receipt: Text,
    /// The authorisation it names, if any.
    pub rma: Option<Text>,
    pub line: LineRef,
    pub quantity: Quantity,
    pub condition: Word<Condition>,
    pub location: Text,
    pub bucket: Text,
    pub received_at: Moment,
}

impl Receipt {
    /// Goods that came back, of which nobody says in which condition, and where they lie.
    pub fn new(receipt: Text, line: LineRef, quantity: Quantity, received_at: Moment) -> Self {
        let condition = Word::Known(Condition::Unspoken);
        let (location, bucket) = (Text::default(), Text::default());
        Self { receipt, rma: None, line, quantity, condition, location, bucket, received_at }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DisposedTo {
    Stock,
    WriteOff,
    SentBack,
    Quarantine,
}

/// What became of returned goods. Key: the warehouse's id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Disposition {
    pub line: LineRef,
    pub quantity: Quantity,
    pub to: DisposedTo,
}

//! What comes back: authorisations, receipts, what became of the goods.

use serde::{Deserialize, Serialize};

use super::{LineRef, Word};
use crate::facts::{Moment, Quantity, Text};

/// How far a return authorisation has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReturnState {
    /// Asked for, not decided.
    Asked,
    /// The goods may come back.
    Approved,
    /// Approved, and nothing more will happen.
    Closed,
    /// Approved, and posted in the authority's books.
    Posted,
    /// Refused.
    Rejected,
    /// The customer took it back.
    Withdrawn,
}

/// What the customer gets for what comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resolution {
    /// The money.
    Refund,
    /// Credit at the shop.
    StoreCredit,
    /// Other goods.
    Exchange,
    /// The same goods, repaired.
    Repair,
    /// Nothing.
    Reject,
}

/// Whether the goods are to come back before the return is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GoodsExpected {
    /// They must come back.
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
    /// The authorisation's number.
    pub rma: Text,
    /// How far it has got.
    pub state: Word<ReturnState>,
    /// By the authority's clock; `None`: not told.
    pub approved_at: Option<Moment>,
}

/// A line of a return authorisation. Key: authority's document + line. A deleted row that was approved counts as approved (`gone`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReturnLine {
    /// The authorisation's number.
    pub rma: Text,
    /// The order's line, or the SKU.
    pub line: LineRef,
    /// Pieces that may come back.
    pub quantity: Quantity,
    /// How far it has got.
    pub state: Word<ReturnState>,
    /// What the customer gets for it.
    pub resolution: Resolution,
    /// Whether the goods must come back.
    pub goods_expected: GoodsExpected,
    /// The authority's word for why; empty: not told.
    pub reason: Text,
    /// By the authority's clock; `None`: not told.
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

/// In which condition goods came back, by the receiver's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// Can be sold again.
    Sellable,
    /// Accepted, but can't be sold again.
    Damaged,
    /// Not told: accepted.
    Unspoken,
    /// Not accepted.
    Rejected,
    /// Not the goods that were sold: not accepted.
    OtherItem,
}

/// What came back. Key: receipt + line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// The receipt's number.
    pub receipt: Text,
    /// The authorisation it names, if any.
    pub rma: Option<Text>,
    /// The order's line, or the SKU.
    pub line: LineRef,
    /// Pieces received.
    pub quantity: Quantity,
    /// In which condition.
    pub condition: Word<Condition>,
    /// Where, as the receiver spells it; empty: not told.
    pub location: Text,
    /// The part of the location's stock that they lie in, as the receiver names it; empty: not told.
    pub bucket: Text,
    /// By the receiver's clock.
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

/// Where returned goods went in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DisposedTo {
    /// Back on the shelf, to be sold.
    Stock,
    /// Written off.
    WriteOff,
    /// Back to the customer.
    SentBack,
    /// Set aside: not settled yet.
    Quarantine,
}

/// What became of returned goods. Key: the warehouse's id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Disposition {
    /// The order's line, or the SKU.
    pub line: LineRef,
    /// Pieces.
    pub quantity: Quantity,
    /// Where they went.
    pub to: DisposedTo,
}

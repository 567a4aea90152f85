//! Stage *erp*: what the ERP says of the order: whether it is *recorded* and *approved*, where its lines are to be sent from, what they cost,
//! and how far its own books have got.
//!
//! An open document and the posted ones that name its number are one record. A deleted document is `gone`: it was recorded, and what was
//! approved before stays approved, until posted rows name it or an owner cancels. What is odd about the records is found in
//! [`super::findings`].

mod lines;
mod location;
mod record;

pub use lines::LineInErp;
pub(super) use location::canonical;
pub(super) use record::{cancelled_lines, closed_short, record_lines, records, targets};

use super::decisions::Decisions;
use super::input::{Contradiction, Input};
use super::placed::Placed;
use crate::facts::SourceId;

/// The order in the ERP.
#[derive(Clone, Debug)]
pub struct Erp<'a> {
    /// The record's number: open document first, else a posted one's.
    pub document: Option<&'a str>,
    pub recorded: bool,
    pub approved: bool,
    /// There is a record, though its state may be a word without a meaning: never create a second.
    pub exists: bool,
    /// Words of its states: `approved`, `posted`, `gone` ...
    pub states: Vec<&'static str>,
    pub source: Option<SourceId>,
    /// In the order of the lines as placed.
    pub lines: Vec<LineInErp<'a>>,
    pub contradictions: Vec<Contradiction>,
}

/// Reads the ERP's records, without the case of no ERP at all (the gates know that).
pub(super) fn stage<'a>(input: &Input<'a>, decisions: &Decisions<'a>, placed: &Placed<'a>) -> Erp<'a> {
    let summary = record::summary(input.rows, input.rules, decisions);
    let mut contradictions = Vec::new();
    let lines = lines::read(input, decisions, placed, &mut contradictions);
    Erp {
        document: summary.document,
        recorded: summary.recorded,
        approved: summary.approved,
        exists: summary.exists,
        states: summary.states,
        source: summary.source,
        lines,
        contradictions,
    }
}

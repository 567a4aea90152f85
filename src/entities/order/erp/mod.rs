//! Stage *erp*: the order in the ERP: whether it is *recorded* and *approved*, which location sends each line, what it costs, and the ERP's own totals.
//!
//! An open document and the posted documents that name its number are one record. A deleted document has the state `gone`: the order stays recorded,
//! and approved if it was, until posted rows name the document or its lines are cancelled. Missing, duplicate or differing records are reported by
//! [`super::findings`].

mod lines;
mod location;
mod record;
mod references;

pub use lines::LineInErp;
pub(super) use location::canonical;
pub(super) use record::{cancelled_lines, closed_short, record_lines, records, targets};
pub(super) use references::of_return;

use super::decisions::Decisions;
use super::input::{Contradiction, Input};
use super::placed::Placed;
use crate::facts::SourceId;
use crate::facts::order::CrossReference;

/// The order in the ERP.
#[derive(Clone, Debug)]
pub struct Erp<'a> {
    /// The record's number: the open document's, else the one that a posted document names.
    pub document: Option<&'a str>,
    /// The record as people, and the ERP's interface, ask for it; `None` where it has one name alone.
    pub reference: Option<&'a CrossReference>,
    /// There is a record that is not cancelled and whose state has a meaning.
    pub recorded: bool,
    /// Such a record is approved, closed or posted.
    pub approved: bool,
    /// There is a record that is not cancelled, even if its state has no meaning. No second one may be requested.
    pub exists: bool,
    /// States of its documents: `approved`, `posted`, `gone` ...
    pub states: Vec<&'static str>,
    /// The ERP that has the record.
    pub source: Option<SourceId>,
    /// In the order of the lines as placed.
    pub lines: Vec<LineInErp<'a>>,
    /// Rows that contradict each other.
    pub contradictions: Vec<Contradiction>,
}

/// Reads the ERP's records. That an order needs none where no ERP is configured is decided by the gates.
pub(super) fn stage<'a>(input: &Input<'a>, decisions: &Decisions<'a>, placed: &Placed<'a>) -> Erp<'a> {
    let summary = record::summary(input.rows, input.rules, decisions);
    let mut contradictions = Vec::new();
    let lines = lines::read(input, decisions, placed, &mut contradictions);
    Erp {
        document: summary.document,
        reference: summary.document.zip(summary.source).and_then(|(document, source)| references::of_order(input.rows, source, document)),
        recorded: summary.recorded,
        approved: summary.approved,
        exists: summary.exists,
        states: summary.states,
        source: summary.source,
        lines,
        contradictions,
    }
}

//! Rows of a carrier.

use super::super::fields::{Form, may, must};
use super::super::record::MappedRecord;
use super::super::row_type::RowType;
use crate::envelope::DecodeError;
use crate::facts::ids::join_key;
use crate::facts::order::{Scan, ScanMeaning, Word};
use crate::facts::{OrderRow, Text};
use crate::sources::facts_out::FactsOut;
use crate::sources::words::Meaning;

use Form::{Moment, Open, Text as Words};

pub(super) const ROWS: &[RowType] = &[RowType {
    name: "scan",
    about: "A scan of a parcel.",
    one_for: "each `tracking`, `scanned_at` and `code`",
    key: &["tracking", "meaning", "scanned_at"],
    fields: &[
        must("tracking", Words, "the parcel's number, which leads to the order"),
        must("meaning", Open(ScanMeaning::NAMES), "what the carrier's word means"),
        must("scanned_at", Moment, "when"),
        may("code", Words, "the carrier's word for it; left out: that of `meaning`"),
        may("order_number", Words, "the order's public number, where the parcel's number does not lead to it"),
    ],
    one_of: &[],
    at: Some("scanned_at"),
    rank: Some("meaning"),
    make: scan,
}];

fn scan(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let tracking = record.text("tracking");
    let scanned_at = record.at;
    let meaning = record.word("meaning", Word::Unknown(Text::default()));
    let code = record.opt_text("code").unwrap_or_else(|| record.written("meaning"));
    let id = join_key(&[&tracking, &scanned_at.to_string(), &code]);
    record.put(out, id, OrderRow::Scan(Scan { tracking, meaning, scanned_at }))
}

//! Rows of a shop that sends by itself.

use super::super::fields::{Form, may, must};
use super::super::record::MappedRecord;
use super::super::row_type::{ORDER, RowType, of_order};
use crate::envelope::DecodeError;
use crate::facts::OrderRow;
use crate::facts::ids::join_key;
use crate::facts::order::{Shipment, ShipmentLine, ShipmentPlace};
use crate::sources::facts_out::FactsOut;

use Form::{Moment, Pieces, Text as Words};

pub(super) const ROWS: &[RowType] = &[
    RowType {
        name: "shipment",
        about: "Goods that the shop itself has sent. Its lines are `shipment-line`, its parcels' numbers `tracking`.",
        one_for: "each `shipment` of the order",
        key: &["shipment"],
        fields: of_order![
            must("shipment", Words, "the shop's id of the shipment"),
            must("shipped_at", Moment, "when it left"),
            may("number", Words, "its number, for people; left out: its id"),
            may("location", Words, "where it left from"),
        ],
        one_of: &[ORDER],
        at: Some("shipped_at"),
        rank: None,
        make: shipment,
    },
    RowType {
        name: "shipment-line",
        about: "A line of a shop's shipment.",
        one_for: "each `id`; without one each line of each `shipment`",
        key: &["shipment", "line"],
        fields: of_order![
            must("shipment", Words, "the shop's id of the shipment"),
            must("line", Words, "the shop's id of the order's line"),
            must("quantity", Pieces, "pieces that left"),
            may("id", Words, "the shop's id of the shipment's line"),
        ],
        one_of: &[ORDER],
        at: None,
        rank: None,
        make: shipment_line,
    },
];

fn shipment(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let id = record.text("shipment");
    let row = Shipment { number: record.opt_text("number").unwrap_or_else(|| id.clone()), shipped_at: record.at };
    if let Some(location) = record.opt_text("location") {
        record.put(out, id.clone(), OrderRow::ShipmentPlace(ShipmentPlace { location }))?;
    }
    record.put(out, id, OrderRow::Shipment(row))
}

fn shipment_line(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let row = ShipmentLine { shipment: record.text("shipment"), line: record.text("line"), quantity: record.number("quantity")? };
    let id = record.opt_text("id").unwrap_or_else(|| join_key(&[&row.shipment, &row.line]));
    record.put(out, id, OrderRow::ShipmentLine(row))
}

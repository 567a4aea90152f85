//! Rows of a warehouse: its orders, what left, its parcels' labels, what it knows.

use super::super::fields::{Form, may, must};
use super::super::record::MappedRecord;
use super::super::row_type::{LINE, RowType};
use crate::envelope::DecodeError;
use crate::facts::ids::join_key;
use crate::facts::order::{Despatch, Tracking, WarehouseLine, WarehouseOrder, WarehouseState, WarehouseTotal, Word};
use crate::facts::sku::{Despatched, WarehouseItem};
use crate::facts::{Alias, Link, OrderRow, SkuRow, Text};
use crate::sources::facts_out::FactsOut;
use crate::sources::words::Meaning;

use Form::{Flag, Moment, Open, Pieces, Sku as Item, Text as Words};

/// Rows of a warehouse name the order by its number.
const NUMBER: super::super::fields::Field = must("order_number", Words, "the order's public number");
const LOCATION: super::super::fields::Field = may("location", Words, "the location, as the warehouse spells it");

pub(super) const ROWS: &[RowType] = &[
    RowType {
        name: "warehouse-order",
        about: "The warehouse's order.",
        one_for: "each `id` of the order; without one each `order_number`",
        key: &["order_number"],
        fields: &[
            NUMBER,
            must("state", Open(WarehouseState::NAMES), "how far it has got"),
            may("id", Words, "the warehouse's own number"),
            may("changed_at", Moment, "since when"),
            LOCATION,
        ],
        one_of: &[],
        at: Some("changed_at"),
        rank: Some("state"),
        make: warehouse_order,
    },
    RowType {
        name: "warehouse-total",
        about: "How many pieces the warehouse's order has now: the answer to a lowered total.",
        one_for: "each `id` of the order; without one each `order_number`",
        key: &["order_number"],
        fields: &[
            NUMBER,
            must("pieces", Pieces, "pieces on the order now, in all"),
            may("id", Words, "the warehouse's own number"),
            may("changed_at", Moment, "since when"),
            LOCATION,
        ],
        one_of: &[],
        at: Some("changed_at"),
        rank: None,
        make: warehouse_total,
    },
    RowType {
        name: "warehouse-line",
        about: "A line of the warehouse's order.",
        one_for: "each line or SKU of each `id`; without one of each `order_number`",
        key: &["order_number"],
        fields: &[
            NUMBER,
            must("quantity", Pieces, "what it is to send in all"),
            may("id", Words, "the warehouse's own number of the order"),
            may("allocated", Pieces, "set aside and not yet despatched"),
            may("allocated_at", Moment, "when it was set aside"),
            may("despatched", Pieces, "its own despatched total of the line"),
            may("cancelled", Pieces, "what it will not send, where it names the quantity"),
            may("closed", Flag, "it will send no more of it: the rest is closed short"),
            may("changed_at", Moment, "since when"),
            LOCATION,
            may("line", Words, "the order's line, by the shop's id"),
            may("sku", Item, "its SKU, where no line is named"),
        ],
        one_of: &[LINE],
        at: Some("changed_at"),
        rank: None,
        make: warehouse_line,
    },
    RowType {
        name: "despatch",
        about: "Goods that left the house. It lowers stock, and where it names the parcel, the parcel's number leads to the order.",
        one_for: "each `despatch` and `sku`, and `line` where it is mapped",
        key: &["despatch", "sku", "order_number"],
        fields: &[
            must("despatch", Words, "the despatch's number"),
            must("sku", Item, "what left"),
            must("quantity", Pieces, "pieces"),
            must("despatched_at", Moment, "when"),
            NUMBER,
            LOCATION,
            may("line", Words, "the order's line, by the shop's id"),
            may("carrier", Words, "the carrier"),
            may("service", Words, "its service"),
            may("tracking", Words, "the parcel's number"),
        ],
        one_of: &[],
        at: Some("despatched_at"),
        rank: None,
        make: despatch,
    },
    RowType {
        name: "tracking",
        about: "The number of a parcel, told by itself. It leads to the order.",
        one_for: "each `despatch`; each parcel of it, where they stand `beside` each other",
        key: &["despatch", "tracking", "order_number"],
        fields: &[
            must("despatch", Words, "the despatch's or shipment's number"),
            must("tracking", Words, "the parcel's number"),
            NUMBER,
            may("carrier", Words, "the carrier"),
            may("replaces", Words, "the number that this one replaces"),
            may("beside", Flag, "the despatch may have several parcels: this number replaces none"),
        ],
        one_of: &[],
        at: None,
        rank: None,
        make: tracking,
    },
    RowType {
        name: "warehouse-item",
        about: "Whether the warehouse knows a SKU. A source that sends none: every SKU counts as known.",
        one_for: "each `sku`",
        key: &["sku"],
        fields: &[
            must("sku", Item, "the SKU"),
            may("known", Flag, "the warehouse knows it; left out: yes"),
            may("blocked", Flag, "the warehouse does not send it"),
        ],
        one_of: &[],
        at: None,
        rank: None,
        make: warehouse_item,
    },
];

fn own_number(record: &MappedRecord<'_>) -> Text {
    record.opt_text("id").unwrap_or_else(|| record.text("order_number"))
}

fn warehouse_order(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let row = WarehouseOrder { location: record.text("location"), state: record.word("state", Word::Unknown(Text::default())) };
    record.put(out, own_number(record), OrderRow::WarehouseOrder(row))
}

fn warehouse_total(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let row = WarehouseTotal { location: record.text("location"), pieces: record.number("pieces")? };
    record.put(out, own_number(record), OrderRow::WarehouseTotal(row))
}

fn warehouse_line(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let order = own_number(record);
    let row = WarehouseLine {
        location: record.text("location"),
        allocated: record.opt_number("allocated").unwrap_or_default(),
        allocated_at: record.moment("allocated_at"),
        despatched: record.opt_number("despatched"),
        cancelled: record.opt_number("cancelled"),
        closed: record.flag("closed").unwrap_or(false),
        ..WarehouseLine::new(order.clone(), record.line()?, record.number("quantity")?)
    };
    let id = join_key(&[&order, record.line_text().as_str()]);
    record.put(out, id, OrderRow::WarehouseLine(Box::new(row)))
}

fn despatch(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let (sku, quantity, location, despatched_at) = (record.sku()?, record.number("quantity")?, record.text("location"), record.at);
    let despatch = record.text("despatch");
    let tracking = record.opt_text("tracking");
    let id = match record.opt_text("line") {
        Some(line) => join_key(&[&despatch, sku.as_str(), &line]),
        None => join_key(&[&despatch, sku.as_str()]),
    };
    let left = Despatched { location: location.clone(), quantity, despatched_at };
    out.sku(sku, id.clone(), record.place, record.at, SkuRow::Despatched(left));
    label(record, tracking.as_ref(), out);
    let line = record.line()?;
    let (carrier, service) = (record.text("carrier"), record.text("service"));
    let row = Despatch { location, carrier, service, tracking, ..Despatch::new(despatch, line, quantity, despatched_at) };
    record.put(out, id, OrderRow::Despatch(Box::new(row)))
}

/// A parcel's number leads to the order. Where a despatch is gone, its number leads there all the same.
fn label(record: &MappedRecord<'_>, number: Option<&Text>, out: &mut FactsOut<'_>) {
    if let (Some(number), Some(Link::Alias(order)), false) = (number, record.link(), record.deleted) {
        out.alias(Alias::new(Alias::TRACKING, number), Link::Alias(order), record.place, record.at);
    }
}

fn tracking(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let (despatch, number) = (record.text("despatch"), record.text("tracking"));
    let beside = record.flag("beside").unwrap_or(false);
    label(record, Some(&number), out);
    let id = if beside { join_key(&[&despatch, &number]) } else { despatch.clone() };
    let row = Tracking { despatch, carrier: record.text("carrier"), number, replaces: record.opt_text("replaces"), beside };
    record.put(out, id, OrderRow::Tracking(row))
}

fn warehouse_item(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let sku = record.sku()?;
    let row = WarehouseItem { known: record.flag("known").unwrap_or(true), blocked: record.flag("blocked").unwrap_or(false) };
    out.sku(sku.clone(), sku.as_str(), record.place, record.at, SkuRow::WarehouseItem(row));
    Ok(())
}

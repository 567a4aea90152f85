//! Rows of an ERP's records and posted documents.

use super::super::fields::{Form, may, must};
use super::super::record::MappedRecord;
use super::super::row_type::{ORDER, RowType, of_order};
use crate::envelope::DecodeError;
use crate::facts::ids::join_key;
use crate::facts::order::{CrossReference, DocumentKind, ErpLine, ErpPosted, ErpRecord, ErpState, PostedKind, Word};
use crate::facts::{OrderRow, Sku, Text};
use crate::sources::facts_out::FactsOut;
use crate::sources::words::Meaning;

use Form::{Amount as Money, Closed, Flag, Moment, Number, Open, Pieces, Sku as Item, Text as Words};

pub(super) const ROWS: &[RowType] = &[
    RowType {
        name: "document",
        about: "Which order a document of this system is about. Rows that name the document alone wait for it.",
        one_for: "each `document`",
        key: &["document"],
        fields: &[
            must("document", Words, "the document's number or id"),
            may("order", Words, "this system's own id of the order"),
            may("order_number", Words, "the order's public number"),
            may("of", Words, "another document, which this one was made from"),
        ],
        one_of: &[&["order", "order_number", "of"]],
        at: None,
        rank: None,
        make: document,
    },
    RowType {
        name: "erp-record",
        about: "The ERP's record of an order. Where it names both its document and the order, rows of that document find the order.",
        one_for: "each `document`",
        key: &["document"],
        fields: &[
            must("document", Words, "the record's number or id"),
            must("state", Open(ErpState::NAMES), "how far it has got"),
            may("created_at", Moment, "when it was entered"),
            may("order", Words, "this system's own id of the order, where it was entered here"),
            may("order_number", Words, "the order's public number"),
        ],
        one_of: &[],
        at: None,
        rank: Some("state"),
        make: erp_record,
    },
    RowType {
        name: "cross-reference",
        about: "What the system calls a document beside the name that its other rows have for it: what its interface, or people, ask for.",
        one_for: "each `kind` and `id` of the order",
        key: &["kind", "id"],
        fields: of_order![
            must("kind", Closed(DocumentKind::NAMES), "which document it is"),
            must("id", Words, "its id, for the system's interface"),
            must("number", Words, "its number, for people"),
        ],
        one_of: &[ORDER],
        at: None,
        rank: None,
        make: cross_reference,
    },
    RowType {
        name: "erp-line",
        about: "A line of the ERP's record, as it stands now.",
        one_for: "each `id`; without one each `order_line` or SKU of each `document`",
        key: &["document"],
        fields: of_order![
            must("sku", Item, "what is on the line"),
            must("quantity", Pieces, "pieces on the line now"),
            may("id", Words, "the ERP's id of the line in all its records"),
            may("order_line", Words, "the shop's id of the order's line"),
            may("item", Words, "the ERP's own id of the goods"),
            may("location", Words, "where it is to be sent from"),
            may("drop_ship", Flag, "a supplier sends it"),
            may("shipped", Pieces, "the ERP's own shipped total"),
            may("invoiced", Pieces, "its invoiced total"),
            may("gross", Money, "value of the line, tax inside: compared with the order's"),
            may("closed", Flag, "the ERP will deliver no more of it"),
            may("unit_cost", Money, "cost of one piece, in the ERP's own currency"),
        ],
        one_of: &[ORDER, &["document"]],
        at: None,
        rank: None,
        make: erp_line,
    },
    RowType {
        name: "posted",
        about: "A line of a posted document: a shipment, an invoice, a return receipt or a credit note.",
        one_for: "each `kind` and `id`; without an id each SKU of each `document`",
        key: &["kind", "document"],
        fields: of_order![
            must("kind", Closed(PostedKind::NAMES), "what the document records"),
            must("sku", Item, "what is on the line"),
            must("quantity", Number, "pieces; a correction is below zero"),
            may("from", Words, "the open document that it was posted from"),
            may("gross", Money, "of a credit note: what it credits, tax inside"),
            may("id", Words, "the id of the line in all documents of this kind"),
            may("posted_at", Moment, "when"),
        ],
        one_of: &[ORDER, &["document"]],
        at: Some("posted_at"),
        rank: None,
        make: posted,
    },
];

/// What stands for the SKU of a deleted line.
fn sku(record: &MappedRecord<'_>) -> Result<Sku, DecodeError> {
    match record.sku() {
        Err(error) if record.deleted => Sku::new("-").ok_or(error),
        sku => sku,
    }
}

fn document(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let of = record.opt_text("of").map(|of| crate::facts::Link::Alias(record.document(&of)));
    let to = if record.has("order") || record.has("order_number") { record.link() } else { of };
    let to = to.ok_or_else(|| record.lacks("order_number", "the order, or the document that it was made from"))?;
    out.alias(record.document(&record.text("document")), to, record.place, record.at);
    Ok(())
}

fn erp_record(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let document = record.text("document");
    if (record.has("order") || record.has("order_number"))
        && let Some(to) = record.link()
    {
        out.alias(record.document(&document), to, record.place, record.at);
    }
    let state = record.word("state", Word::Unknown(Text::default()));
    let row = ErpRecord { document: document.clone(), state, created_at: record.moment("created_at") };
    // By its own name: where the order's number is corrected, the record goes along.
    out.order_by_alias(record.document(&document), document, record.place, record.at, OrderRow::ErpRecord(row));
    Ok(())
}

fn cross_reference(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let row = CrossReference { of: record.known("kind")?, number: record.text("number"), id: record.text("id") };
    let id = join_key(&[&record.written("kind"), &row.id]);
    record.put(out, id, OrderRow::CrossReference(row))
}

fn erp_line(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let (document, sku) = (record.text("document"), sku(record)?);
    let order_line = record.opt_text("order_line");
    let line = order_line.as_deref().unwrap_or(sku.as_str());
    let id = record.opt_text("id").unwrap_or_else(|| join_key(&[&document, line]));
    let row = ErpLine {
        item: record.opt_text("item"),
        location: record.opt_text("location"),
        drop_ship: record.flag("drop_ship").unwrap_or(false),
        shipped: record.opt_number("shipped").unwrap_or_default(),
        invoiced: record.opt_number("invoiced").unwrap_or_default(),
        gross: record.opt_amount("gross")?,
        closed: record.flag("closed").unwrap_or(false),
        unit_cost: record.opt_amount("unit_cost")?,
        order_line: order_line.clone(),
        ..ErpLine::new(document, sku, record.number("quantity")?)
    };
    record.put(out, id, OrderRow::ErpLine(Box::new(row)))
}

fn posted(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let row = ErpPosted {
        kind: record.known("kind")?,
        document: record.text("document"),
        from: record.text("from"),
        sku: sku(record)?,
        quantity: record.number("quantity")?,
        gross: record.opt_amount("gross")?,
    };
    let of_kind = record.written("kind");
    let id = match record.opt_text("id") {
        Some(id) => join_key(&[&of_kind, &id]),
        None => join_key(&[&of_kind, &row.document, row.sku.as_str()]),
    };
    record.put(out, id, OrderRow::ErpPosted(row))
}

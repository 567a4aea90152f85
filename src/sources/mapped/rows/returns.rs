//! Rows of what comes back.

use super::super::fields::{Form, may, must};
use super::super::record::MappedRecord;
use super::super::row_type::{LINE, ORDER, RowType, of_order};
use crate::envelope::DecodeError;
use crate::facts::ids::join_key;
use crate::facts::order::{
    Condition, DisposedTo, Disposition, GoodsExpected, Receipt, Resolution, ReturnDocument, ReturnLine, ReturnState, Word,
};
use crate::facts::{OrderRow, Text};
use crate::sources::facts_out::FactsOut;
use crate::sources::words::Meaning;

use Form::{Closed, Moment, Open, Pieces, Sku as Item, Text as Words};

pub(super) const ROWS: &[RowType] = &[
    RowType {
        name: "return-line",
        about: "A line of a return authorisation. It counts where this source decides returns (`[authorities] returns`). One that names no order waits \
                under its own number.",
        one_for: "each `id` in all of the source; without one each line or SKU of each `rma`",
        key: &["rma"],
        fields: of_order![
            must("rma", Words, "the authorisation's number"),
            must("quantity", Pieces, "pieces that may come back"),
            must("state", Open(ReturnState::NAMES), "how far it has got"),
            may("resolution", Closed(Resolution::NAMES), "what the customer gets for it; left out: `refund`"),
            may("goods_expected", Closed(GoodsExpected::NAMES), "must the goods come back? left out: `yes`"),
            may("reason", Words, "why, in the source's words"),
            may("approved_at", Moment, "when it was approved"),
            may("id", Words, "the source's id of the return's line; not that of the order's line, which may come back twice"),
            may("line", Words, "the order's line, by the shop's id"),
            may("sku", Item, "its SKU, where no line is named"),
        ],
        one_of: &[ORDER, LINE],
        at: Some("approved_at"),
        rank: Some("state"),
        make: return_line,
    },
    RowType {
        name: "return-document",
        about: "The head of a return authorisation, where the state is kept there: it stands for the state of each line with the same `rma`.",
        one_for: "each `rma` of the order",
        key: &["rma"],
        fields: of_order![
            must("rma", Words, "the authorisation's number"),
            must("state", Open(ReturnState::NAMES), "how far it has got"),
            may("approved_at", Moment, "when it was approved"),
        ],
        one_of: &[ORDER],
        at: Some("approved_at"),
        rank: Some("state"),
        make: return_document,
    },
    RowType {
        name: "receipt",
        about: "Goods that came back. Without an order they wait under the receipt's own number.",
        one_for: "each `id` in all of the source; without one each line or SKU of each `receipt`",
        key: &["receipt"],
        fields: of_order![
            must("receipt", Words, "the receipt's number"),
            must("quantity", Pieces, "pieces received"),
            may("condition", Open(Condition::NAMES), "in which condition; left out: `unspoken`, which counts as accepted"),
            may("rma", Words, "the authorisation that it names"),
            may("location", Words, "where they were received"),
            may("bucket", Words, "the part of the location's stock that they lie in"),
            may("received_at", Moment, "when"),
            may("id", Words, "the source's id of the receipt's line"),
            may("line", Words, "the order's line, by the shop's id"),
            may("sku", Item, "its SKU, where no line is named"),
        ],
        one_of: &[ORDER, LINE],
        at: Some("received_at"),
        rank: None,
        make: receipt,
    },
    RowType {
        name: "disposition",
        about: "What became of returned goods in the end.",
        one_for: "each `id` in the order",
        key: &["id"],
        fields: of_order![
            must("id", Words, "the source's id of it"),
            must("quantity", Pieces, "pieces"),
            must("to", Closed(DisposedTo::NAMES), "where they went"),
            may("disposed_at", Moment, "when"),
            may("line", Words, "the order's line, by the shop's id"),
            may("sku", Item, "its SKU, where no line is named"),
        ],
        one_of: &[ORDER, LINE],
        at: Some("disposed_at"),
        rank: None,
        make: disposition,
    },
];

fn return_line(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let (rma, line) = (record.text("rma"), record.line()?);
    let id = record.opt_text("id").unwrap_or_else(|| join_key(&[&rma, record.line_text().as_str()]));
    let order = record.order_of_return(&rma);
    let row = ReturnLine {
        state: record.word("state", Word::Unknown(Text::default())),
        resolution: record.known_or("resolution", Resolution::Refund)?,
        goods_expected: record.known_or("goods_expected", GoodsExpected::Yes)?,
        reason: record.text("reason"),
        approved_at: record.moment("approved_at"),
        ..ReturnLine::new(rma, line, record.number("quantity")?)
    };
    // A return that names no order is given to one later, and one that names a wrong one to another.
    out.owned(order, id, record.place, record.at, OrderRow::ReturnLine(Box::new(row)));
    Ok(())
}

fn return_document(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let rma = record.text("rma");
    let state = record.word("state", Word::Unknown(Text::default()));
    let row = ReturnDocument { rma: rma.clone(), state, approved_at: record.moment("approved_at") };
    record.put(out, rma, OrderRow::ReturnDocument(row))
}

fn receipt(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let (receipt, line) = (record.text("receipt"), record.line()?);
    let id = record.opt_text("id").unwrap_or_else(|| join_key(&[&receipt, record.line_text().as_str()]));
    let order = record.order_of_return(&receipt);
    let row = Receipt {
        rma: record.opt_text("rma"),
        condition: record.word("condition", Word::Known(Condition::Unspoken)),
        location: record.text("location"),
        bucket: record.text("bucket"),
        ..Receipt::new(receipt, line, record.number("quantity")?, record.at)
    };
    out.owned(order, id, record.place, record.at, OrderRow::Receipt(Box::new(row)));
    Ok(())
}

fn disposition(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let row = Disposition { line: record.line()?, quantity: record.number("quantity")?, to: record.known("to")? };
    record.put(out, record.text("id"), OrderRow::Disposition(row))
}

//! Rows of money that goes back, and of the ledger.

use super::super::fields::{Form, may, must};
use super::super::record::MappedRecord;
use super::super::row_type::{LINE, ORDER, RowType, of_order};
use crate::envelope::DecodeError;
use crate::facts::ids::join_key;
use crate::facts::order::{Credit, CreditLine, Posting, Refund, RefundState, Tender, Word};
use crate::facts::{OrderRow, Text};
use crate::sources::facts_out::FactsOut;
use crate::sources::words::Meaning;

use Form::{Amount as Money, Balance, Closed, Currency, Moment, Open, Pieces, Sku as Item, Text as Words, Texts};

pub(super) const ROWS: &[RowType] = &[
    RowType {
        name: "refund",
        about: "Money that goes back to the customer. What it is for may be told beside it (`goods`, `shipping` ...), or by rows `credit` of their own.",
        one_for: "each `id` in all of the source: a refund may be given to another order later",
        key: &["id"],
        fields: of_order![
            must("id", Words, "the source's id of the refund"),
            must("amount", Money, "how much goes back"),
            must("currency", Currency, "of its amounts"),
            must("tender", Closed(Tender::NAMES), "by which means"),
            must("state", Open(RefundState::NAMES), "how far it has got"),
            may("reference", Words, "the provider's reference: two rows with the same one are one refund"),
            may("request", Words, "the id of Waybill's request that it answers"),
            may("refunded_at", Moment, "when"),
            may("capture", Words, "the capture that it goes back to: a transaction's id, or the provider's reference"),
            may("goods", Money, "for goods"),
            may("shipping", Money, "for carriage"),
            may("duty", Money, "for duties"),
            may("goodwill", Money, "for nothing that was sold"),
            may("fee", Money, "kept back"),
            may("quantity", Pieces, "pieces that it is for"),
            may("line", Words, "of the order's line, by the shop's id"),
            may("sku", Item, "of this SKU, where no line is named"),
        ],
        one_of: &[ORDER],
        at: Some("refunded_at"),
        rank: Some("state"),
        make: refund,
    },
    RowType {
        name: "credit",
        about: "What a customer is given credit for (a credit memo, a refund's reasons). It moves no money by itself: it names the refunds that do.",
        one_for: "each `id` in all of the source",
        key: &["id"],
        fields: of_order![
            must("id", Words, "the source's id of it"),
            must("currency", Currency, "of its amounts"),
            may("goods", Money, "for goods, as a sum; left out: what its lines say"),
            may("shipping", Money, "for carriage"),
            may("duty", Money, "for duties"),
            may("goodwill", Money, "for nothing that was sold"),
            may("fee", Money, "kept back"),
            may("refunds", Texts, "the ids of the refunds that pay it"),
            may("credited_at", Moment, "when"),
        ],
        one_of: &[ORDER],
        at: Some("credited_at"),
        rank: None,
        make: credit,
    },
    RowType {
        name: "credit-line",
        about: "Pieces of a line in a credit.",
        one_for: "each `id` in all of the source; without one each line of each `credit`",
        key: &["credit"],
        fields: of_order![
            must("credit", Words, "the id of the credit"),
            must("quantity", Pieces, "pieces"),
            may("gross", Money, "credited for them, tax inside; left out: what they are worth"),
            may("id", Words, "the source's id of it"),
            may("line", Words, "the order's line, by the shop's id"),
            may("sku", Item, "its SKU, where no line is named"),
        ],
        one_of: &[ORDER, LINE],
        at: None,
        rank: None,
        make: credit_line,
    },
    RowType {
        name: "posting",
        about: "A line of the general ledger of whoever keeps the books, about an order.",
        one_for: "each `id` in the order",
        key: &["id"],
        fields: of_order![
            must("id", Words, "the number of the entry"),
            must("account", Words, "the account, as the ledger names it"),
            must("amount", Balance, "a debit is above zero, a credit below"),
            must("currency", Currency, "of the amount"),
            may("date", Words, "its business date, as in 2026-03-02"),
            may("posted_at", Moment, "when it was posted"),
        ],
        one_of: &[ORDER],
        at: Some("posted_at"),
        rank: None,
        make: posting,
    },
];

fn refund(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let (tender, currency, amount) = (record.known("tender")?, record.currency()?, record.amount("amount")?);
    let row = Refund {
        state: record.word("state", Word::Unknown(Text::default())),
        reference: record.text("reference"),
        request: record.opt_text("request"),
        capture: record.text("capture"),
        ..Refund::new(tender, currency, amount, record.at)
    };
    credit_of(record, &row, out)?;
    // Finance corrects whose money it was.
    record.put_owned(out, record.text("id"), OrderRow::Refund(Box::new(row)))
}

/// What the refund is for, where the record says anything of it. The rest of its amount is for goods, of the line that it names, if any.
fn credit_of(record: &MappedRecord<'_>, refund: &Refund, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let says = ["goods", "shipping", "duty", "goodwill", "fee", "quantity"].iter().any(|field| record.has(field));
    if !says || matches!(refund.state, Word::Known(RefundState::Failed)) {
        return Ok(());
    }
    let amount = |field| record.amount_or_none(field);
    let (shipping, duty, goodwill, fee) = (amount("shipping")?, amount("duty")?, amount("goodwill")?, amount("fee")?);
    let rest = (refund.amount + fee - shipping - duty - goodwill).floor_zero();
    let goods = record.opt_amount("goods")?.unwrap_or(rest);
    let id = record.text("id");
    let refunds = vec![id.clone()];
    let row = Credit { goods: Some(goods), shipping, duty, goodwill, fee, refunds, ..Credit::new(refund.currency, record.at) };
    record.put_owned(out, id.clone(), OrderRow::Credit(row))?;
    if record.has("quantity")
        && let Ok(line) = record.line()
    {
        let line = CreditLine { credit: id.clone(), line, quantity: record.number("quantity")?, gross: Some(goods) };
        record.put_owned(out, id, OrderRow::CreditLine(Box::new(line)))?;
    }
    Ok(())
}

fn credit(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let amount = |field| record.amount_or_none(field);
    let row = Credit {
        goods: record.opt_amount("goods")?,
        shipping: amount("shipping")?,
        duty: amount("duty")?,
        goodwill: amount("goodwill")?,
        fee: amount("fee")?,
        refunds: record.texts("refunds"),
        ..Credit::new(record.currency()?, record.at)
    };
    record.put_owned(out, record.text("id"), OrderRow::Credit(row))
}

fn credit_line(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let credit = record.text("credit");
    let id = record.opt_text("id").unwrap_or_else(|| join_key(&[&credit, &record.line_text()]));
    let row = CreditLine { credit, line: record.line()?, quantity: record.number("quantity")?, gross: record.opt_amount("gross")? };
    record.put_owned(out, id, OrderRow::CreditLine(Box::new(row)))
}

fn posting(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let row = Posting {
        account: record.text("account"),
        amount: record.amount("amount")?,
        currency: Some(record.currency()?),
        document: record.text("document"),
        date: record.text("date"),
    };
    record.put(out, record.text("id"), OrderRow::Posting(Box::new(row)))
}

//! Rows of how an order is paid.

use super::super::fields::{Form, may, must};
use super::super::record::MappedRecord;
use super::super::row_type::{ORDER, RowType, of_order};
use crate::envelope::DecodeError;
use crate::facts::OrderRow;
use crate::facts::Text;
use crate::facts::order::{Dispute, DisputeState, Payment, PaymentTransaction, Tender, TransactionKind, Word};
use crate::sources::facts_out::FactsOut;
use crate::sources::words::Meaning;

use Form::{Amount as Money, Closed, Currency, Flag, Moment, Open, Text as Words};

pub(super) const ROWS: &[RowType] = &[
    RowType {
        name: "payment",
        about: "A payment, as running totals of one means of payment.",
        one_for: "each `id` in the order",
        key: &["id"],
        fields: of_order![
            must("id", Words, "the source's id of the payment"),
            must("tender", Closed(Tender::NAMES), "the means of payment"),
            must("currency", Currency, "of its amounts"),
            must("captured", Money, "captured less voided"),
            may("authorised", Money, "authorised in all, the captured part included; left out: what is captured"),
            may("expires_at", Moment, "when the authorisation lapses"),
            may("reference", Words, "the provider's reference: two rows with the same one are one payment"),
            may("failed", Flag, "the provider refused it"),
            may("paid_at", Moment, "when"),
        ],
        one_of: &[ORDER],
        at: Some("paid_at"),
        rank: None,
        make: payment,
    },
    RowType {
        name: "transaction",
        about: "A transaction of the payment provider that succeeded. Refunds are `refund`.",
        one_for: "each `id` in the order",
        key: &["id"],
        fields: of_order![
            must("id", Words, "the source's id of it"),
            must("kind", Closed(TransactionKind::NAMES), "what it does"),
            must("amount", Money, "how much"),
            must("currency", Currency, "of the amount"),
            may("tender", Closed(Tender::NAMES), "the means of payment"),
            may("reference", Words, "the provider's reference"),
            may("parent", Words, "the id of the authorisation that it takes or gives up"),
            may("failed", Flag, "it failed after all"),
            may("made_at", Moment, "when"),
        ],
        one_of: &[ORDER],
        at: Some("made_at"),
        rank: None,
        make: transaction,
    },
    RowType {
        name: "dispute",
        about: "The payer's bank takes a payment back.",
        one_for: "each `id` in the order",
        key: &["id"],
        fields: of_order![
            must("id", Words, "the source's id of it"),
            must("amount", Money, "what is disputed"),
            must("currency", Currency, "of the amount"),
            must("state", Open(DisputeState::NAMES), "how it stands"),
            may("disputed_at", Moment, "when"),
        ],
        one_of: &[ORDER],
        at: Some("disputed_at"),
        rank: Some("state"),
        make: dispute,
    },
];

fn payment(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let captured = record.amount("captured")?;
    let row = Payment {
        authorised: record.opt_amount("authorised")?.unwrap_or(captured),
        captured,
        expires_at: record.moment("expires_at"),
        reference: record.text("reference"),
        failed: record.flag("failed").unwrap_or(false),
        ..Payment::new(record.known("tender")?, record.currency()?)
    };
    record.put(out, record.text("id"), OrderRow::Payment(row))
}

fn transaction(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let row = PaymentTransaction {
        kind: record.known("kind")?,
        tender: if record.has("tender") { Some(record.known("tender")?) } else { None },
        currency: Some(record.currency()?),
        amount: Some(record.amount("amount")?),
        reference: record.text("reference"),
        parent: record.text("parent"),
        failed: record.flag("failed").unwrap_or(false),
        made_at: record.at,
    };
    record.put(out, record.text("id"), OrderRow::PaymentTransaction(Box::new(row)))
}

fn dispute(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let state = record.word("state", Word::Unknown(Text::default()));
    let row = Dispute { currency: record.currency()?, amount: record.amount("amount")?, state, disputed_at: record.at };
    record.put(out, record.text("id"), OrderRow::Dispute(row))
}

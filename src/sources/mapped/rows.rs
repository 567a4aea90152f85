//! The row types that a configuration can make: one entry of [`ROW_TYPES`] each, with its fields and the function that makes its facts.

use super::fields::{Field, Form, may, must};
use super::record::MappedRecord;
use super::row_type::RowType;
use super::stock;
use crate::envelope::DecodeError;
use crate::facts::customer::{Consent, ConsentState, CustomerAccount, Purpose};
use crate::facts::ids::join_key;
use crate::facts::order::{
    Cancellation, Condition, Credit, CreditLine, Despatch, DisposedTo, Disposition, Dispute, DisputeState, GoodsExpected, Hold, Payment,
    PaymentTransaction, Posting, Receipt, Refund, RefundState, Resolution, ReturnLine, ReturnState, Scan, ScanMeaning, Tender, Tracking,
    TransactionKind, WarehouseLine, WarehouseOrder, WarehouseState, WarehouseTotal, Word,
};
use crate::facts::sku::Despatched;
use crate::facts::{Alias, Amount, CustomerKey, CustomerRow, Link, OrderRow, SkuRow, Subject, Text};
use crate::sources::facts_out::FactsOut;
use crate::sources::words::Meaning;

use Form::{Amount as Money, Closed, Currency, Email, Flag, Moment, Open, Pieces, Sku as Item, Text as Words};

const ORDER: Field = may("order_number", Words);
const PARCEL: Field = may("tracking", Words);
const LINE: Field = may("line", Words);
const SKU: Field = may("sku", Item);
const LOCATION: Field = may("location", Words);
/// How the order is found.
const BY: &[&str] = &["order_number", "tracking"];
const WHICH_LINE: &[&str] = &["sku", "line"];

/// Every row type, in the order in which help lists them.
pub(super) static ROW_TYPES: &[RowType] = &[
    RowType {
        name: "scan",
        fields: &[
            must("tracking", Words),
            must("meaning", Open(ScanMeaning::NAMES)),
            must("scanned_at", Moment),
            may("code", Words),
            ORDER,
        ],
        one_of: &[],
        at: Some("scanned_at"),
        rank: Some("meaning"),
        make: scan,
    },
    RowType {
        name: "refund",
        fields: &[
            must("id", Words),
            must("amount", Money),
            must("currency", Currency),
            must("tender", Closed(Tender::NAMES)),
            must("state", Open(RefundState::NAMES)),
            may("reference", Words),
            may("request", Words),
            may("refunded_at", Moment),
            may("capture", Words),
            may("goods", Money),
            may("shipping", Money),
            may("duty", Money),
            may("goodwill", Money),
            may("fee", Money),
            may("quantity", Pieces),
            LINE,
            SKU,
            ORDER,
            PARCEL,
        ],
        one_of: &[BY],
        at: Some("refunded_at"),
        rank: Some("state"),
        make: refund,
    },
    RowType {
        name: "transaction",
        fields: &[
            must("id", Words),
            must("kind", Closed(TransactionKind::NAMES)),
            must("amount", Money),
            must("currency", Currency),
            may("tender", Closed(Tender::NAMES)),
            may("reference", Words),
            may("parent", Words),
            may("failed", Flag),
            may("made_at", Moment),
            ORDER,
            PARCEL,
        ],
        one_of: &[BY],
        at: Some("made_at"),
        rank: None,
        make: transaction,
    },
    RowType {
        name: "dispute",
        fields: &[
            must("id", Words),
            must("amount", Money),
            must("currency", Currency),
            must("state", Open(DisputeState::NAMES)),
            may("disputed_at", Moment),
            ORDER,
            PARCEL,
        ],
        one_of: &[BY],
        at: Some("disputed_at"),
        rank: Some("state"),
        make: dispute,
    },
    RowType {
        name: "posting",
        fields: &[
            must("id", Words),
            must("account", Words),
            must("amount", Money),
            must("currency", Currency),
            may("document", Words),
            may("posted_at", Moment),
            ORDER,
            PARCEL,
        ],
        one_of: &[BY],
        at: Some("posted_at"),
        rank: None,
        make: posting,
    },
    RowType {
        name: "payment",
        fields: &[
            must("id", Words),
            must("tender", Closed(Tender::NAMES)),
            must("currency", Currency),
            must("captured", Money),
            may("authorised", Money),
            may("expires_at", Moment),
            may("reference", Words),
            may("failed", Flag),
            may("paid_at", Moment),
            ORDER,
            PARCEL,
        ],
        one_of: &[BY],
        at: Some("paid_at"),
        rank: None,
        make: payment,
    },
    RowType {
        name: "hold",
        fields: &[must("reason", Words), may("active", Flag), may("held_at", Moment), ORDER, PARCEL],
        one_of: &[BY],
        at: Some("held_at"),
        rank: None,
        make: hold,
    },
    RowType {
        name: "warehouse-order",
        fields: &[
            must("state", Open(WarehouseState::NAMES)),
            may("id", Words),
            may("changed_at", Moment),
            LOCATION,
            must("order_number", Words),
        ],
        one_of: &[],
        at: Some("changed_at"),
        rank: Some("state"),
        make: warehouse_order,
    },
    RowType {
        name: "warehouse-total",
        fields: &[must("pieces", Pieces), may("id", Words), may("changed_at", Moment), LOCATION, must("order_number", Words)],
        one_of: &[],
        at: Some("changed_at"),
        rank: None,
        make: warehouse_total,
    },
    RowType {
        name: "warehouse-line",
        fields: &[
            must("quantity", Pieces),
            may("id", Words),
            may("allocated", Pieces),
            may("allocated_at", Moment),
            may("despatched", Pieces),
            may("cancelled", Pieces),
            may("closed", Flag),
            may("changed_at", Moment),
            LOCATION,
            LINE,
            SKU,
            must("order_number", Words),
        ],
        one_of: &[WHICH_LINE],
        at: Some("changed_at"),
        rank: None,
        make: warehouse_line,
    },
    RowType {
        name: "cancellation",
        fields: &[
            must("total", Pieces),
            may("stopped", Flag),
            may("reason", Words),
            may("id", Words),
            may("cancelled_at", Moment),
            LINE,
            SKU,
            ORDER,
            PARCEL,
        ],
        one_of: &[BY, WHICH_LINE],
        at: Some("cancelled_at"),
        rank: None,
        make: cancellation,
    },
    RowType {
        name: "despatch",
        fields: &[
            must("despatch", Words),
            must("sku", Item),
            must("quantity", Pieces),
            must("despatched_at", Moment),
            must("order_number", Words),
            LOCATION,
            LINE,
            may("carrier", Words),
            may("service", Words),
            PARCEL,
        ],
        one_of: &[],
        at: Some("despatched_at"),
        rank: None,
        make: despatch,
    },
    RowType {
        name: "tracking",
        fields: &[
            must("despatch", Words),
            must("tracking", Words),
            may("carrier", Words),
            may("replaces", Words),
            must("order_number", Words),
        ],
        one_of: &[],
        at: None,
        rank: None,
        make: tracking,
    },
    RowType {
        name: "return-line",
        fields: &[
            must("rma", Words),
            must("quantity", Pieces),
            must("state", Open(ReturnState::NAMES)),
            may("resolution", Closed(Resolution::NAMES)),
            may("goods_expected", Closed(GoodsExpected::NAMES)),
            may("reason", Words),
            may("approved_at", Moment),
            may("id", Words),
            LINE,
            SKU,
            ORDER,
            PARCEL,
        ],
        one_of: &[BY, WHICH_LINE],
        at: Some("approved_at"),
        rank: Some("state"),
        make: return_line,
    },
    RowType {
        name: "receipt",
        fields: &[
            must("receipt", Words),
            must("quantity", Pieces),
            may("condition", Open(Condition::NAMES)),
            may("rma", Words),
            may("bucket", Words),
            may("received_at", Moment),
            may("id", Words),
            LOCATION,
            LINE,
            SKU,
            ORDER,
            PARCEL,
        ],
        one_of: &[BY, WHICH_LINE],
        at: Some("received_at"),
        rank: None,
        make: receipt,
    },
    RowType {
        name: "disposition",
        fields: &[
            must("id", Words),
            must("quantity", Pieces),
            must("to", Closed(DisposedTo::NAMES)),
            may("disposed_at", Moment),
            LINE,
            SKU,
            ORDER,
            PARCEL,
        ],
        one_of: &[BY, WHICH_LINE],
        at: Some("disposed_at"),
        rank: None,
        make: disposition,
    },
    stock::COUNT,
    stock::MOVEMENT,
    stock::EXPECTED,
    stock::PRODUCT,
    stock::KIT_PART,
    stock::PRICE,
    stock::OFFER,
    RowType {
        name: "account",
        fields: &[
            must("account", Words),
            may("account_source", Words),
            may("brand", Words),
            may("email", Email),
            may("created_at", Moment),
            may("collective", Flag),
        ],
        one_of: &[],
        at: None,
        rank: None,
        make: account,
    },
    RowType {
        name: "consent",
        fields: &[
            must("email", Email),
            must("purpose", Closed(Purpose::NAMES)),
            must("state", Closed(ConsentState::NAMES)),
            may("changed_at", Moment),
            may("channel", Words),
            may("brand", Words),
            may("account", Words),
            may("account_source", Words),
        ],
        one_of: &[],
        at: Some("changed_at"),
        rank: None,
        make: consent,
    },
];

fn scan(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let tracking = record.text("tracking");
    let scanned_at = record.at;
    let meaning = record.word("meaning", Word::Unknown(Text::default()));
    let code = record.opt_text("code").unwrap_or_else(|| record.written("meaning"));
    let id = join_key(&[&tracking, &scanned_at.to_string(), &code]);
    out.order_by_alias(record.order()?, id, record.place, record.at, OrderRow::Scan(Scan { tracking, meaning, scanned_at }));
    Ok(())
}

fn refund(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let (tender, currency, amount) = (record.known("tender")?, record.currency()?, record.amount("amount")?);
    let row = Refund {
        state: record.word("state", Word::Unknown(Text::default())),
        reference: record.text("reference"),
        request: record.opt_text("request"),
        capture: record.text("capture"),
        ..Refund::new(tender, currency, amount, record.at)
    };
    credit(record, &row, out)?;
    // Finance corrects whose money it was.
    out.owned(Subject::Alias(record.order()?), record.text("id"), record.place, record.at, OrderRow::Refund(Box::new(row)));
    Ok(())
}

/// What the refund is for, where the record says anything of it. The rest of its amount is for goods, of the line that it names, if any.
fn credit(record: &MappedRecord<'_>, refund: &Refund, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let says = ["goods", "shipping", "duty", "goodwill", "fee", "quantity"].iter().any(|field| record.has(field));
    if !says || matches!(refund.state, Word::Known(RefundState::Failed)) {
        return Ok(());
    }
    let amount = |field| if record.has(field) { record.amount(field) } else { Ok(Amount::ZERO) };
    let (shipping, duty, goodwill, fee) = (amount("shipping")?, amount("duty")?, amount("goodwill")?, amount("fee")?);
    let rest = (refund.amount + fee - shipping - duty - goodwill).floor_zero();
    let goods = if record.has("goods") { record.amount("goods")? } else { rest };
    let id = record.text("id");
    let refunds = vec![id.clone()];
    let row = Credit { goods: Some(goods), shipping, duty, goodwill, fee, refunds, ..Credit::new(refund.currency, record.at) };
    out.owned(Subject::Alias(record.order()?), id.clone(), record.place, record.at, OrderRow::Credit(row));
    if record.has("quantity")
        && let Ok(line) = record.line()
    {
        let line = CreditLine { credit: id.clone(), line, quantity: record.number("quantity")?, gross: Some(goods) };
        out.owned(Subject::Alias(record.order()?), id, record.place, record.at, OrderRow::CreditLine(Box::new(line)));
    }
    Ok(())
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
    out.order_by_alias(record.order()?, record.text("id"), record.place, record.at, OrderRow::PaymentTransaction(Box::new(row)));
    Ok(())
}

fn dispute(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let state = record.word("state", Word::Unknown(Text::default()));
    let row = Dispute { currency: record.currency()?, amount: record.amount("amount")?, state, disputed_at: record.at };
    out.order_by_alias(record.order()?, record.text("id"), record.place, record.at, OrderRow::Dispute(row));
    Ok(())
}

fn posting(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let row = Posting {
        account: record.text("account"),
        amount: record.amount("amount")?,
        currency: Some(record.currency()?),
        document: record.text("document"),
        date: Text::default(),
    };
    out.order_by_alias(record.order()?, record.text("id"), record.place, record.at, OrderRow::Posting(Box::new(row)));
    Ok(())
}

fn payment(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let captured = record.amount("captured")?;
    let authorised = if record.has("authorised") { record.amount("authorised")? } else { captured };
    let row = Payment {
        authorised,
        captured,
        expires_at: record.moment("expires_at"),
        reference: record.text("reference"),
        failed: record.flag("failed").unwrap_or(false),
        ..Payment::new(record.known("tender")?, record.currency()?)
    };
    out.order_by_alias(record.order()?, record.text("id"), record.place, record.at, OrderRow::Payment(row));
    Ok(())
}

fn hold(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let reason = record.text("reason");
    let row = Hold { reason: reason.clone(), active: record.flag("active").unwrap_or(true) };
    out.order_by_alias(record.order()?, reason, record.place, record.at, OrderRow::Hold(row));
    Ok(())
}

fn warehouse_order(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let row = WarehouseOrder { location: record.text("location"), state: record.word("state", Word::Unknown(Text::default())) };
    let id = record.opt_text("id").unwrap_or_else(|| record.text("order_number"));
    out.order_by_alias(record.order()?, id, record.place, record.at, OrderRow::WarehouseOrder(row));
    Ok(())
}

fn warehouse_total(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let row = WarehouseTotal { location: record.text("location"), pieces: record.number("pieces")? };
    let id = record.opt_text("id").unwrap_or_else(|| record.text("order_number"));
    out.order_by_alias(record.order()?, id, record.place, record.at, OrderRow::WarehouseTotal(row));
    Ok(())
}

fn warehouse_line(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let order = record.opt_text("id").unwrap_or_else(|| record.text("order_number"));
    let number = |field| if record.has(field) { record.number(field).map(Some) } else { Ok(None) };
    let row = WarehouseLine {
        location: record.text("location"),
        allocated: number("allocated")?.unwrap_or_default(),
        allocated_at: record.moment("allocated_at"),
        despatched: number("despatched")?,
        cancelled: number("cancelled")?,
        closed: record.flag("closed").unwrap_or(false),
        ..WarehouseLine::new(order.clone(), record.line()?, record.number("quantity")?)
    };
    let id = join_key(&[&order, record.line_text().as_str()]);
    out.order_by_alias(record.order()?, id, record.place, record.at, OrderRow::WarehouseLine(Box::new(row)));
    Ok(())
}

fn cancellation(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let row = Cancellation {
        line: record.line()?,
        total: record.number("total")?,
        stopped: record.flag("stopped").unwrap_or(false),
        reason: record.text("reason"),
    };
    let id = record.opt_text("id").unwrap_or_else(|| record.line_text().as_str().into());
    out.order_by_alias(record.order()?, id, record.place, record.at, OrderRow::Cancellation(row));
    Ok(())
}

fn despatch(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let (sku, quantity, location, despatched_at) = (record.sku()?, record.number("quantity")?, record.text("location"), record.at);
    let despatch = record.text("despatch");
    let tracking = record.opt_text("tracking");
    let order = record.number_of_order()?;
    let id = match record.opt_text("line") {
        Some(line) => join_key(&[&despatch, sku.as_str(), &line]),
        None => join_key(&[&despatch, sku.as_str()]),
    };
    let left = Despatched { location: location.clone(), quantity, despatched_at };
    out.sku(sku, id.clone(), record.place, record.at, SkuRow::Despatched(left));
    if let Some(number) = &tracking {
        out.alias(Alias::new(Alias::TRACKING, number), Link::Alias(order.clone()), record.place, record.at);
    }
    let line = record.line()?;
    let (carrier, service) = (record.text("carrier"), record.text("service"));
    let row = Despatch { location, carrier, service, tracking, ..Despatch::new(despatch, line, quantity, despatched_at) };
    out.order_by_alias(order, id, record.place, record.at, OrderRow::Despatch(Box::new(row)));
    Ok(())
}

fn tracking(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let order = record.number_of_order()?;
    let (despatch, number) = (record.text("despatch"), record.text("tracking"));
    out.alias(Alias::new(Alias::TRACKING, &number), Link::Alias(order.clone()), record.place, record.at);
    let row = Tracking {
        despatch: despatch.clone(),
        carrier: record.text("carrier"),
        number,
        replaces: record.opt_text("replaces"),
        beside: false,
    };
    out.order_by_alias(order, despatch, record.place, record.at, OrderRow::Tracking(row));
    Ok(())
}

fn return_line(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let (rma, line) = (record.text("rma"), record.line()?);
    let id = record.opt_text("id").unwrap_or_else(|| join_key(&[&rma, record.line_text().as_str()]));
    let order = record.order_of_return(&rma);
    let row = ReturnLine {
        state: record.word("state", Word::Unknown(Text::default())),
        resolution: if record.has("resolution") { record.known("resolution")? } else { Resolution::Refund },
        goods_expected: if record.has("goods_expected") { record.known("goods_expected")? } else { GoodsExpected::Yes },
        reason: record.text("reason"),
        approved_at: record.moment("approved_at"),
        ..ReturnLine::new(rma, line, record.number("quantity")?)
    };
    // A return that names no order is given to one later, and one that names a wrong one to another.
    out.owned(Subject::Alias(order), id, record.place, record.at, OrderRow::ReturnLine(Box::new(row)));
    Ok(())
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
    out.owned(Subject::Alias(order), id, record.place, record.at, OrderRow::Receipt(Box::new(row)));
    Ok(())
}

fn disposition(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let row = Disposition { line: record.line()?, quantity: record.number("quantity")?, to: record.known("to")? };
    out.order_by_alias(record.order()?, record.text("id"), record.place, record.at, OrderRow::Disposition(row));
    Ok(())
}

fn account(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let account = record.text("account");
    let row = CustomerAccount {
        brand: record.brand(),
        email: record.email(),
        created_at: record.moment("created_at"),
        collective: record.flag("collective").unwrap_or(false),
    };
    let customer = CustomerKey::account(&record.account_source(), &account);
    out.customer(customer, account, record.place, record.at, CustomerRow::Account(row));
    Ok(())
}

fn consent(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let (brand, address) = (record.brand(), record.email().ok_or_else(|| record.lacks("email", "an email address"))?);
    let channel = record.opt_text("channel").unwrap_or_else(|| "email".into());
    let customer = match record.opt_text("account") {
        Some(account) => CustomerKey::account(&record.account_source(), &account),
        None => CustomerKey::guest(&brand, &address),
    };
    let purpose: Purpose = record.known("purpose")?;
    let purpose_name = record.place_of("purpose").and_then(|place| Purpose::NAMES.get(place)).copied().unwrap_or_default();
    let id = join_key(&[&address.to_string(), &channel, &brand, purpose_name]);
    let state = record.known("state")?;
    let row = Consent { address, channel, brand, purpose, state, changed_at: record.moment("changed_at") };
    out.customer(customer, id, record.place, record.at, CustomerRow::Consent(row));
    Ok(())
}

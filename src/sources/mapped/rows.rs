//! The row types that a configuration can make: one entry of [`ROW_TYPES`] each, with its fields and the function that makes its facts.

use super::fields::{Field, Form, may, must};
use super::stock;
use super::told::Told;
use crate::envelope::DecodeError;
use crate::facts::customer::{Account, Consent, ConsentState, Purpose};
use crate::facts::ids::join_key;
use crate::facts::order::{
    Cancellation, Condition, Despatch, DisposedTo, Disposition, GoodsExpected, Hold, Payment, Receipt, Refund, RefundState, Resolution,
    ReturnLine, ReturnState, Scan, ScanMeaning, Tender, Tracking, WarehouseLine, WarehouseOrder, WarehouseState, WarehouseTotal, Word,
};
use crate::facts::sku::Despatched;
use crate::facts::{Amount, CustomerKey, CustomerRow, Link, Name, OrderRow, SkuRow, Subject, Text};
use crate::sources::FactsOut;
use crate::sources::words::Meaning;

/// A row that a configuration can name.
pub(super) struct RowType {
    pub(super) name: &'static str,
    pub(super) fields: &'static [Field],
    /// Groups of fields of which one at least has to be mapped.
    pub(super) one_of: &'static [&'static [&'static str]],
    /// The field that tells when it happened.
    pub(super) at: Option<&'static str>,
    /// The word whose meaning, in rank order, decides between two states of one stamp.
    pub(super) rank: Option<&'static str>,
    pub(super) make: fn(&Told<'_>, &mut FactsOut<'_>) -> Result<(), DecodeError>,
}

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
            ORDER,
            PARCEL,
        ],
        one_of: &[BY],
        at: Some("refunded_at"),
        rank: Some("state"),
        make: refund,
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

fn scan(told: &Told<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let tracking = told.text("tracking");
    let scanned_at = told.at;
    let meaning = told.word("meaning", Word::Unknown(Text::default()));
    let code = told.opt_text("code").unwrap_or_else(|| told.written("meaning"));
    let id = join_key(&[&tracking, &scanned_at.to_string(), &code]);
    out.named(told.order()?, id, told.place, told.at, OrderRow::Scan(Scan { tracking, meaning, scanned_at }));
    Ok(())
}

fn refund(told: &Told<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let row = Refund {
        tender: told.known("tender")?,
        currency: told.currency()?,
        amount: told.amount("amount")?,
        state: told.word("state", Word::Unknown(Text::default())),
        reference: told.text("reference"),
        request: told.opt_text("request"),
        refunded_at: told.at,
    };
    // Finance corrects whose money it was.
    out.housed(Subject::Name(told.order()?), told.text("id"), told.place, told.at, OrderRow::Refund(Box::new(row)));
    Ok(())
}

fn payment(told: &Told<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let captured = told.amount("captured")?;
    let authorised = if told.has("authorised") { told.amount("authorised")? } else { captured };
    let row = Payment {
        tender: told.known("tender")?,
        currency: told.currency()?,
        authorised,
        captured,
        expires_at: told.moment("expires_at"),
        reference: told.text("reference"),
        failed: told.flag("failed").unwrap_or(false),
    };
    out.named(told.order()?, told.text("id"), told.place, told.at, OrderRow::Payment(row));
    Ok(())
}

fn hold(told: &Told<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let reason = told.text("reason");
    let row = Hold { reason: reason.clone(), active: told.flag("active").unwrap_or(true) };
    out.named(told.order()?, reason, told.place, told.at, OrderRow::Hold(row));
    Ok(())
}

fn warehouse_order(told: &Told<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let row = WarehouseOrder { location: told.text("location"), state: told.word("state", Word::Unknown(Text::default())) };
    let id = told.opt_text("id").unwrap_or_else(|| told.text("order_number"));
    out.named(told.order()?, id, told.place, told.at, OrderRow::WarehouseOrder(row));
    Ok(())
}

fn warehouse_total(told: &Told<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let row = WarehouseTotal { location: told.text("location"), pieces: told.number("pieces")? };
    let id = told.opt_text("id").unwrap_or_else(|| told.text("order_number"));
    out.named(told.order()?, id, told.place, told.at, OrderRow::WarehouseTotal(row));
    Ok(())
}

fn warehouse_line(told: &Told<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let order = told.opt_text("id").unwrap_or_else(|| told.text("order_number"));
    let number = |field| if told.has(field) { told.number(field).map(Some) } else { Ok(None) };
    let row = WarehouseLine {
        order: order.clone(),
        location: told.text("location"),
        line: told.line()?,
        quantity: told.number("quantity")?,
        allocated: number("allocated")?.unwrap_or_default(),
        allocated_at: told.moment("allocated_at"),
        despatched: number("despatched")?,
        cancelled: number("cancelled")?,
        closed: told.flag("closed").unwrap_or(false),
    };
    let id = join_key(&[&order, told.line_text().as_str()]);
    out.named(told.order()?, id, told.place, told.at, OrderRow::WarehouseLine(Box::new(row)));
    Ok(())
}

fn cancellation(told: &Told<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let row = Cancellation {
        line: told.line()?,
        total: told.number("total")?,
        stopped: told.flag("stopped").unwrap_or(false),
        reason: told.text("reason"),
    };
    let id = told.opt_text("id").unwrap_or_else(|| told.line_text().as_str().into());
    out.named(told.order()?, id, told.place, told.at, OrderRow::Cancellation(row));
    Ok(())
}

fn despatch(told: &Told<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let (sku, quantity, location, despatched_at) = (told.sku()?, told.number("quantity")?, told.text("location"), told.at);
    let despatch = told.text("despatch");
    let tracking = told.opt_text("tracking");
    let order = told.number_of_order()?;
    let id = match told.opt_text("line") {
        Some(line) => join_key(&[&despatch, sku.as_str(), &line]),
        None => join_key(&[&despatch, sku.as_str()]),
    };
    let left = Despatched { location: location.clone(), quantity, despatched_at };
    out.sku(sku, id.clone(), told.place, told.at, SkuRow::Despatched(left));
    if let Some(number) = &tracking {
        out.link(Name::new(Name::TRACKING, number), Link::Name(order.clone()), told.place, told.at);
    }
    let line = told.line()?;
    let (carrier, service) = (told.text("carrier"), told.text("service"));
    let row = Despatch { despatch, line, quantity, location, despatched_at, carrier, service, tracking };
    out.named(order, id, told.place, told.at, OrderRow::Despatch(Box::new(row)));
    Ok(())
}

fn tracking(told: &Told<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let order = told.number_of_order()?;
    let (despatch, number) = (told.text("despatch"), told.text("tracking"));
    out.link(Name::new(Name::TRACKING, &number), Link::Name(order.clone()), told.place, told.at);
    let row = Tracking { despatch: despatch.clone(), carrier: told.text("carrier"), number, replaces: told.opt_text("replaces") };
    out.named(order, despatch, told.place, told.at, OrderRow::Tracking(row));
    Ok(())
}

fn return_line(told: &Told<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let (rma, line) = (told.text("rma"), told.line()?);
    let id = told.opt_text("id").unwrap_or_else(|| join_key(&[&rma, told.line_text().as_str()]));
    let order = told.order_of_return(&rma);
    let row = ReturnLine {
        rma,
        line,
        quantity: told.number("quantity")?,
        state: told.word("state", Word::Unknown(Text::default())),
        resolution: if told.has("resolution") { told.known("resolution")? } else { Resolution::Refund },
        goods_expected: if told.has("goods_expected") { told.known("goods_expected")? } else { GoodsExpected::Yes },
        reason: told.text("reason"),
        approved_at: told.moment("approved_at"),
    };
    // A return that names no order is given to one later, and one that names a wrong one to another.
    out.housed(Subject::Name(order), id, told.place, told.at, OrderRow::ReturnLine(Box::new(row)));
    Ok(())
}

fn receipt(told: &Told<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let (receipt, line) = (told.text("receipt"), told.line()?);
    let id = told.opt_text("id").unwrap_or_else(|| join_key(&[&receipt, told.line_text().as_str()]));
    let order = told.order_of_return(&receipt);
    let row = Receipt {
        receipt,
        rma: told.opt_text("rma"),
        line,
        quantity: told.number("quantity")?,
        condition: told.word("condition", Word::Known(Condition::Unspoken)),
        location: told.text("location"),
        bucket: told.text("bucket"),
        received_at: told.at,
    };
    out.housed(Subject::Name(order), id, told.place, told.at, OrderRow::Receipt(Box::new(row)));
    Ok(())
}

fn disposition(told: &Told<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let row = Disposition { line: told.line()?, quantity: told.number("quantity")?, to: told.known("to")? };
    out.named(told.order()?, told.text("id"), told.place, told.at, OrderRow::Disposition(row));
    Ok(())
}

fn account(told: &Told<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let account = told.text("account");
    let row = Account {
        brand: told.brand(),
        email: told.email(),
        created_at: told.moment("created_at"),
        collective: told.flag("collective").unwrap_or(false),
    };
    let customer = CustomerKey::account(&told.account_source(), &account);
    out.customer(customer, account, told.place, told.at, CustomerRow::Account(row));
    Ok(())
}

fn consent(told: &Told<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let (brand, address) = (told.brand(), told.email().ok_or_else(|| told.lacks("email", "an email address"))?);
    let channel = told.opt_text("channel").unwrap_or_else(|| "email".into());
    let customer = match told.opt_text("account") {
        Some(account) => CustomerKey::account(&told.account_source(), &account),
        None => CustomerKey::guest(&brand, &address),
    };
    let purpose: Purpose = told.known("purpose")?;
    let purpose_name = told.place_of("purpose").and_then(|place| Purpose::NAMES.get(place)).copied().unwrap_or_default();
    let id = join_key(&[&address.to_string(), &channel, &brand, purpose_name]);
    let state = told.known("state")?;
    let row = Consent { address, channel, brand, purpose, state, changed_at: told.moment("changed_at") };
    out.customer(customer, id, told.place, told.at, CustomerRow::Consent(row));
    Ok(())
}

/// Amounts in minor units: 1299 of GBP is 12.99.
pub(super) fn from_minor(amount: Amount, digits: u32) -> Option<Amount> {
    let mut value = amount.decimal();
    if value.scale() != 0 {
        return None;
    }
    value.set_scale(digits).ok()?;
    Amount::new(value)
}

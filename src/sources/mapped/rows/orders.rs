//! Rows of the order itself: header, addresses, lines, charges, holds, cancellations.

use super::super::fields::{Form, may, must};
use super::super::record::MappedRecord;
use super::super::row_type::{LINE, ORDER, RowType, of_order};
use crate::envelope::DecodeError;
use crate::facts::ids::join_key;
use crate::facts::order::{
    Address, Advice, Cancellation, Charge, ChargeKind, Header, Hold, Line, LineKind, LineProgress, LineRole, Needs, Origin, Personal,
    Predecessor, ShippedSince, ShopState, Terms, Word,
};
use crate::facts::{Alias, Link, OrderRow, Quantity};
use crate::sources::facts_out::FactsOut;
use crate::sources::words::Meaning;

use Form::{Amount as Money, Balance, Closed, Currency, Flag, Moment, Open, Pieces, Sku as Item, Text as Words};

const ADDRESS: &[super::super::fields::Field] = of_order![
    may("name", Words, "the person's name"),
    may("company", Words, "the company's name"),
    may("street", Words, "street lines, a newline between them"),
    may("city", Words, "town"),
    may("region", Words, "state, county or province"),
    may("postcode", Words, "postal code"),
    must("country", Words, "ISO 3166-1 alpha-2 code"),
    may("phone", Words, "telephone number"),
    may("email", Words, "email address"),
    may("first_name", Words, "given name, where it is kept apart"),
    may("last_name", Words, "family name, where it is kept apart"),
    may("tax_number", Words, "number under which the person or company is registered for tax"),
];

pub(super) const ROWS: &[RowType] = &[
    RowType {
        name: "order",
        about: "An order as it was placed here. It links the order's number, which the other systems use, to this system's own id.",
        one_for: "each `order`",
        key: &["order"],
        fields: &[
            must("order", Words, "this system's own id of the order"),
            must("order_number", Words, "its public number, by which the other systems refer to it"),
            must("placed_at", Moment, "when it was placed"),
            must("currency", Currency, "what the customer was charged in"),
            must("total", Money, "what the customer owes for all lines and charges, tax inside"),
            may("state", Open(ShopState::NAMES), "what the shop says of the whole order; left out: `open`"),
            may("channel", Words, "the channel; left out: the source's own"),
            may("brand", Words, "the brand; left out: the channel's"),
            may("store", Words, "the part of the shop that it was placed in, where numbers are unique only within one"),
            may("origin", Closed(Origin::NAMES), "where it was placed; left out: `web`"),
            may("lines_expected", Pieces, "the number of lines, to know when all are there"),
            may("quantity_expected", Pieces, "the sum of ordered pieces, for the same"),
            may("whole", Flag, "all lines come in this record; left out: no"),
            may("test", Flag, "a test order"),
            may("payment_method", Words, "the shop's word for the means of payment"),
            may("terms", Closed(Terms::NAMES), "when the customer pays; left out: `prepaid`"),
            may("account", Words, "the customer's account"),
            may("account_source", Words, "whose account ids they are; left out: this source's"),
            may("email", Words, "the customer's address"),
            may("ships", Flag, "a line ships, so an address is needed; left out: yes"),
            may("shipping_method", Words, "the shop's word for the way of sending"),
            may("advice", Closed(Advice::NAMES), "may it be sent in parts? left out: `partial`"),
            may("promised_at", Moment, "when the customer was promised the goods"),
            may("replaces", Words, "this system's id of the order that this one replaces"),
            may("replaced_by", Words, "this system's id of the order that replaces this one"),
            may("tax_inside", Flag, "unit prices include tax; left out: no"),
            may("coupon", Words, "codes of coupons that were used, with commas between them"),
            may("note", Words, "what the customer wrote to the shop"),
        ],
        one_of: &[],
        at: None,
        rank: Some("state"),
        make: header,
    },
    RowType {
        name: "ship-to",
        about: "Where the order is to be sent.",
        one_for: "each order",
        key: &[],
        fields: ADDRESS,
        one_of: &[ORDER],
        at: None,
        rank: None,
        make: |record, out| record.put(out, "", OrderRow::ShipTo(Box::new(address(record)))),
    },
    RowType {
        name: "bill-to",
        about: "Who is billed.",
        one_for: "each order",
        key: &[],
        fields: ADDRESS,
        one_of: &[ORDER],
        at: None,
        rank: None,
        make: |record, out| record.put(out, "", OrderRow::BillTo(Box::new(address(record)))),
    },
    RowType {
        name: "line",
        about: "A line of the order, as ordered: what is cancelled later does not lower it.",
        one_for: "each `id` in the order",
        key: &["id"],
        fields: of_order![
            must("id", Words, "the shop's id of the line"),
            must("sku", Item, "what is sold"),
            must("quantity", Pieces, "pieces ordered"),
            must("gross", Money, "what the customer owes for the whole line after discounts, tax inside"),
            may("tax", Money, "the part of `gross` that is tax"),
            may("position", Pieces, "its rank in the order: cancelled pieces that name no line are taken from later ones first"),
            may("parent", Words, "the id of the line that this one is a part of"),
            may("role", Closed(LineRole::NAMES), "does it carry price, goods or both? left out: `both`"),
            may("kind", Closed(LineKind::NAMES), "what is sold; left out: `goods`"),
            may("needs", Closed(Needs::NAMES), "how it reaches the customer; left out: `ship`"),
            may("description", Words, "the name of the goods"),
            may("location", Words, "where it is to be sent from"),
            may("unit_price", Money, "the price of one piece as it was shown"),
            may("unit_cost", Money, "cost of one piece, in the currency of unit costs"),
            may("tracked", Flag, "stock is kept of it; left out: yes"),
            may("per_parent", Pieces, "pieces of it in one piece of the parent; left out: 1"),
            may("list_price", Money, "list price of a part of a bundle, by which the bundle's price is shared"),
            may("parts", Pieces, "how many lines of goods a bundle has"),
            may("priced_by_parts", Flag, "the parts of the bundle carry the prices"),
        ],
        one_of: &[ORDER],
        at: None,
        rank: None,
        make: line,
    },
    RowType {
        name: "line-progress",
        about: "How far the shop's own books have got with a line, in totals.",
        one_for: "each `line` of the order",
        key: &["line"],
        fields: of_order![
            must("line", Words, "the shop's id of the line"),
            may("cancelled", Pieces, "cancelled by the shop's word"),
            may("credited", Pieces, "credited, by credit memo or refund"),
            may("shipped", Pieces, "shipped, by the shop's books"),
            may("received", Pieces, "received back, where that is kept apart from `credited`"),
            may("shipped_at", Moment, "since when `shipped` is what it is"),
        ],
        one_of: &[ORDER],
        at: Some("shipped_at"),
        rank: None,
        make: line_progress,
    },
    RowType {
        name: "charge",
        about: "What the customer owes beside the lines.",
        one_for: "each `kind` and `id` in the order",
        key: &["kind"],
        fields: of_order![
            must("kind", Closed(ChargeKind::NAMES), "what for"),
            must("gross", Balance, "what the customer owes for it, tax inside"),
            may("id", Words, "tells several of one kind apart"),
            may("tax", Balance, "the part of `gross` that is tax"),
            may("removed", Flag, "the shop took the charge away"),
        ],
        one_of: &[ORDER],
        at: None,
        rank: None,
        make: charge,
    },
    RowType {
        name: "hold",
        about: "Somebody stopped the order.",
        one_for: "each `reason` in the order",
        key: &["reason"],
        fields: of_order![
            must("reason", Words, "why, in the source's words"),
            may("active", Flag, "it is in force; left out: yes"),
            may("held_at", Moment, "since when"),
        ],
        one_of: &[ORDER],
        at: Some("held_at"),
        rank: None,
        make: hold,
    },
    RowType {
        name: "cancellation",
        about: "What is cancelled of a line, as a total.",
        one_for: "each `id` in the order; without one each line or SKU",
        key: &[],
        fields: of_order![
            must("total", Pieces, "pieces cancelled so far"),
            may("stopped", Flag, "the warehouse has stopped them: they can't be sent any more"),
            may("reason", Words, "why, in the source's words"),
            may("id", Words, "the source's id of it"),
            may("cancelled_at", Moment, "when"),
            may("line", Words, "the order's line, by the shop's id"),
            may("sku", Item, "its SKU, where no line is named"),
        ],
        one_of: &[ORDER, LINE],
        at: Some("cancelled_at"),
        rank: None,
        make: cancellation,
    },
    RowType {
        name: "predecessor",
        about: "What became of the order that this one replaces.",
        one_for: "each `replaced` of the order",
        key: &["replaced"],
        fields: of_order![
            must("replaced", Words, "this system's id of the order that was replaced"),
            may("cancelled", Flag, "it is wholly cancelled; left out: no"),
        ],
        one_of: &[ORDER],
        at: None,
        rank: None,
        make: predecessor,
    },
];

fn header(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let (key, number) = (record.order_key(&record.text("order")), record.text("order_number"));
    let number_of = |name| record.opt_number(name);
    let store_text = record.text("store");
    let store = record.common.store(&store_text);
    let brand = record.opt_text("brand").unwrap_or_else(|| record.common.brand_of(store).clone());
    let channel = store.map_or(&record.common.channel, |store| &store.channel).clone();
    let email = record.opt_text("email");
    let email_digest = email.as_ref().and_then(|address| record.common.digester.email(address));
    let order = |name| record.opt_text(name).map(|id| record.order_key(&id));
    let placed_at = record.moment("placed_at").unwrap_or(record.at);
    let row = Header {
        channel: record.opt_text("channel").unwrap_or(channel),
        customer: record.customer(&brand, email_digest.as_ref()),
        brand,
        store: store_text,
        origin: record.known_or("origin", Origin::Web)?,
        prices_include_tax: record.flag("tax_inside").unwrap_or(false),
        lines_expected: record.opt_count("lines_expected"),
        quantity_expected: number_of("quantity_expected"),
        whole: record.flag("whole").unwrap_or(false),
        test: record.flag("test").unwrap_or(false),
        payment_method: record.text("payment_method"),
        terms: record.known_or("terms", Terms::Prepaid)?,
        email: email.map(Personal),
        email_digest,
        ships: record.flag("ships").unwrap_or(true),
        shipping_method: record.text("shipping_method"),
        advice: record.known_or("advice", Advice::Partial)?,
        promised_at: record.moment("promised_at"),
        replaces: order("replaces"),
        replaced_by: order("replaced_by"),
        state: record.word("state", Word::Known(ShopState::Open)),
        raw_state: record.written("state"),
        coupon: record.text("coupon"),
        note: Personal(record.text("note")),
        ..Header::new(number.clone(), placed_at, record.currency()?, record.amount("total")?)
    };
    if !number.is_empty() {
        out.alias(Alias::new(&record.common.number_scope, &number), Link::Order(key.clone()), record.place, record.at);
    }
    out.order(key, "", record.place, record.at, OrderRow::Header(Box::new(row)));
    Ok(())
}

fn address(record: &MappedRecord<'_>) -> Address {
    let personal = |name| Personal(record.text(name));
    Address {
        name: personal("name"),
        company: personal("company"),
        street: personal("street"),
        city: personal("city"),
        region: record.text("region"),
        postcode: personal("postcode"),
        country: record.text("country"),
        phone: personal("phone"),
        email: personal("email"),
        first_name: personal("first_name"),
        last_name: personal("last_name"),
        tax_number: personal("tax_number"),
    }
}

fn line(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let sku = if record.deleted { record.opt_sku("sku") } else { Some(record.sku()?) };
    let none = crate::facts::Sku::new("-").ok_or_else(|| record.lacks("sku", "a SKU"))?;
    let row = Line {
        position: record.opt_count("position").unwrap_or(0),
        parent: record.opt_text("parent"),
        role: record.known_or("role", LineRole::Both)?,
        description: record.text("description"),
        tax: record.amount_or_none("tax")?,
        kind: record.known_or("kind", LineKind::Goods)?,
        needs: record.known_or("needs", Needs::Ship)?,
        location: record.opt_text("location"),
        unit_cost: record.opt_amount("unit_cost")?,
        tracked: record.flag("tracked").unwrap_or(true),
        per_parent: record.opt_number("per_parent").unwrap_or(Quantity::from_int(1)),
        list_price: record.opt_amount("list_price")?,
        parts: record.opt_count("parts"),
        unit_price: record.opt_amount("unit_price")?,
        priced_by_parts: record.flag("priced_by_parts").unwrap_or(false),
        ..Line::new(sku.unwrap_or(none), record.number("quantity")?, record.amount("gross")?)
    };
    record.put(out, record.text("id"), OrderRow::Line(Box::new(row)))
}

fn line_progress(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let (line, number) = (record.text("line"), |name| record.opt_number(name));
    let shipped = number("shipped").unwrap_or_default();
    let row = LineProgress {
        cancelled: number("cancelled").unwrap_or_default(),
        credited: number("credited").unwrap_or_default(),
        shipped,
        received: number("received"),
    };
    if record.has("shipped_at") {
        record.put(out, line.clone(), OrderRow::ShippedSince(ShippedSince { shipped }))?;
    }
    record.put(out, line, OrderRow::LineProgress(row))
}

fn charge(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let row = Charge {
        kind: record.known("kind")?,
        gross: record.amount("gross")?,
        tax: record.amount_or_none("tax")?,
        removed: record.flag("removed").unwrap_or(false),
    };
    let id = join_key(&[&record.written("kind"), &record.text("id")]);
    record.put(out, id, OrderRow::Charge(row))
}

fn hold(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let reason = record.text("reason");
    let row = Hold { reason: reason.clone(), active: record.flag("active").unwrap_or(true) };
    record.put(out, reason, OrderRow::Hold(row))
}

fn cancellation(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let row = Cancellation {
        line: record.line()?,
        total: record.number("total")?,
        stopped: record.flag("stopped").unwrap_or(false),
        reason: record.text("reason"),
    };
    let id = record.opt_text("id").unwrap_or_else(|| record.line_text());
    record.put(out, id, OrderRow::Cancellation(row))
}

fn predecessor(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let order = record.order_key(&record.text("replaced"));
    let row = Predecessor { order: order.clone(), cancelled: record.flag("cancelled").unwrap_or(false) };
    record.put(out, order.0, OrderRow::Predecessor(row))
}

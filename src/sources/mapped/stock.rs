//! Row types of stock and products.

use super::fields::{Form, may, must};
use super::record::MappedRecord;
use super::row_type::RowType;
use crate::envelope::DecodeError;
use crate::facts::ids::join_key;
use crate::facts::sku::{Basis, Count, Expected, KitPart, Movement, Offer, Price, Product};
use crate::facts::{Quantity, Sku, SkuRow, Text};
use crate::sources::facts_out::FactsOut;

use Form::{Amount as Money, Closed, Currency, Flag, Moment, Number, Pieces, Sku as Item, Text as Words};

const BASES: &[&str] = &["on-hand", "free"];
const DIRECTIONS: &[&str] = &["in", "out"];

pub(super) const COUNT: RowType = RowType {
    name: "count",
    fields: &[
        must("sku", Item),
        must("quantity", Number),
        must("location", Words),
        may("bucket", Words),
        may("basis", Closed(BASES)),
        may("counted_at", Moment),
    ],
    one_of: &[],
    at: Some("counted_at"),
    rank: None,
    make: count,
};

pub(super) const MOVEMENT: RowType = RowType {
    name: "movement",
    fields: &[
        must("id", Words),
        must("sku", Item),
        must("quantity", Number),
        must("moved_at", Moment),
        may("location", Words),
        may("bucket", Words),
        may("from_location", Words),
        may("from_bucket", Words),
        may("direction", Closed(DIRECTIONS)),
        may("cause", Words),
    ],
    one_of: &[&["location", "from_location"]],
    at: Some("moved_at"),
    rank: None,
    make: movement,
};

pub(super) const EXPECTED: RowType = RowType {
    name: "expected",
    fields: &[must("id", Words), must("sku", Item), must("quantity", Pieces), must("expected_at", Moment), may("location", Words)],
    one_of: &[],
    at: None,
    rank: None,
    make: expected,
};

pub(super) const PRODUCT: RowType = RowType {
    name: "product",
    fields: &[
        must("sku", Words),
        may("name", Words),
        may("parent", Item),
        may("option_name", Words),
        may("option", Words),
        may("option2_name", Words),
        may("option2", Words),
        may("category", Words),
        may("blocked", Flag),
        may("blocked_from", Moment),
        may("backorder", Flag),
        may("untracked", Flag),
        may("sales_unit", Words),
    ],
    one_of: &[],
    at: None,
    rank: None,
    make: product,
};

pub(super) const KIT_PART: RowType = RowType {
    name: "kit-part",
    fields: &[must("sku", Item), must("part", Item), must("pieces", Pieces)],
    one_of: &[],
    at: None,
    rank: None,
    make: kit_part,
};

pub(super) const PRICE: RowType = RowType {
    name: "price",
    fields: &[
        must("sku", Item),
        must("currency", Currency),
        must("amount", Money),
        may("list", Words),
        may("minimum", Pieces),
        may("unit", Words),
        may("tax_inside", Flag),
        may("from", Moment),
        may("to", Moment),
    ],
    one_of: &[],
    at: None,
    rank: None,
    make: price,
};

pub(super) const OFFER: RowType = RowType {
    name: "offer",
    fields: &[
        must("id", Words),
        must("sku", Item),
        may("name", Words),
        may("amount", Money),
        may("currency", Currency),
        may("percent", Pieces),
        may("from", Moment),
        may("until", Moment),
        may("active", Flag),
        may("channel", Words),
    ],
    one_of: &[&["amount", "percent"]],
    at: None,
    rank: None,
    make: offer,
};

fn count(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let (location, bucket) = (record.text("location"), record.text("bucket"));
    let basis = match record.place_of("basis") {
        Some(1) => Basis::Free,
        Some(_) => Basis::OnHand,
        None => record.common.counts.unwrap_or_default(),
    };
    let id = join_key(&[&location, &bucket]);
    let row = Count { location, bucket, quantity: record.number("quantity")?, basis, counted_at: record.at };
    out.sku(record.sku()?, id, record.place, record.at, SkuRow::Count(row));
    Ok(())
}

/// Pieces that came to a place, went from one, or both: then there are two rows, so that between two houses they are in neither.
fn movement(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let (sku, quantity, cause, id) = (record.sku()?, record.number("quantity")?, record.text("cause"), record.text("id"));
    let mut put = |id: Text, location: Text, bucket: Text, quantity: Quantity| {
        let row = Movement { location, bucket, quantity, moved_at: record.at, cause: cause.clone() };
        out.sku(sku.clone(), id, record.place, record.at, SkuRow::Movement(row));
    };
    let to = record.opt_text("location");
    let from = record.has("from_location") || record.has("from_bucket");
    if let Some(from) = from.then(|| record.opt_text("from_location").or(to.clone())).flatten() {
        put(join_key(&[&id, "from"]), from, record.text("from_bucket"), -quantity);
    }
    if let Some(to) = to {
        let out_of = record.place_of("direction") == Some(1);
        put(id, to, record.text("bucket"), if out_of { -quantity } else { quantity });
    }
    Ok(())
}

fn expected(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let expected_at = record.moment("expected_at").ok_or_else(|| record.lacks("expected_at", "the day when the goods are expected"))?;
    let row = Expected { location: record.text("location"), quantity: record.number("quantity")?, expected_at };
    out.sku(record.sku()?, record.text("id"), record.place, record.at, SkuRow::Expected(row));
    Ok(())
}

fn product(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let sku_text = record.text("sku");
    let sku = Sku::new(&sku_text).ok_or_else(|| record.lacks("sku", "a SKU"))?;
    let option = |name: &str, value: &str| Some((record.opt_text(name)?, record.opt_text(value)?));
    let row = Product {
        sku_text: sku_text.clone(),
        name: record.text("name"),
        parent: record.opt_sku("parent").map(|parent| parent.as_str().into()),
        options: [option("option_name", "option"), option("option2_name", "option2")].into_iter().flatten().collect(),
        blocked: record.flag("blocked").unwrap_or(false),
        category: record.text("category"),
        backorder_allowed: record.flag("backorder").unwrap_or(false),
        blocked_from: record.moment("blocked_from"),
        untracked: record.flag("untracked").unwrap_or(false),
        sales_unit: record.text("sales_unit"),
    };
    out.sku(sku, sku_text, record.place, record.at, SkuRow::Product(Box::new(row)));
    Ok(())
}

fn kit_part(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let part = record.opt_sku("part").ok_or_else(|| record.lacks("part", "the part's SKU"))?;
    let row = KitPart { part: part.clone(), pieces: record.number("pieces")? };
    out.sku(record.sku()?, part.as_str(), record.place, record.at, SkuRow::KitPart(row));
    Ok(())
}

fn price(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let row = Price {
        list: record.text("list"),
        currency: record.currency()?,
        amount: record.amount("amount")?,
        tax_inside: record.flag("tax_inside").unwrap_or(false),
        unit: record.text("unit"),
        minimum: if record.has("minimum") { record.number("minimum")? } else { Quantity::ZERO },
        from: record.moment("from"),
        to: record.moment("to"),
    };
    let from = row.from.map(|from| from.to_string()).unwrap_or_default();
    let id = join_key(&[&row.list, row.currency.as_str(), &row.unit, &row.minimum.to_string(), &from]);
    out.sku(record.sku()?, id, record.place, record.at, SkuRow::Price(row));
    Ok(())
}

fn offer(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let row = Offer {
        name: record.text("name"),
        amount: if record.has("amount") { Some(record.amount("amount")?) } else { None },
        currency: if record.has("currency") { Some(record.currency()?) } else { None },
        percent: if record.has("percent") { Some(record.number("percent")?) } else { None },
        from: record.moment("from"),
        until: record.moment("until"),
        active: record.flag("active").unwrap_or(true),
        channels: record.opt_text("channel").into_iter().collect(),
    };
    out.sku(record.sku()?, record.text("id"), record.place, record.at, SkuRow::Offer(Box::new(row)));
    Ok(())
}

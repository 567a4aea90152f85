//! Row types of stock and products.

use super::fields::{Form, may, must};
use super::rows::RowType;
use super::told::Told;
use crate::envelope::DecodeError;
use crate::facts::ids::join_key;
use crate::facts::sku::{Basis, Count, Expected, KitPart, Movement, Offer, Price, Product};
use crate::facts::{Quantity, Sku, SkuRow, Text};
use crate::sources::FactsOut;

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

fn count(told: &Told<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let (location, bucket) = (told.text("location"), told.text("bucket"));
    let basis = match told.place_of("basis") {
        Some(1) => Basis::Free,
        Some(_) => Basis::OnHand,
        None => told.common.counts.unwrap_or_default(),
    };
    let id = join_key(&[&location, &bucket]);
    let row = Count { location, bucket, quantity: told.number("quantity")?, basis, t0: told.at };
    out.sku(told.sku()?, id, told.place, told.at, SkuRow::Count(row));
    Ok(())
}

/// Pieces that came to a place, went from one, or both: then there are two rows, so that between two houses they are in neither.
fn movement(told: &Told<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let (sku, quantity, cause, id) = (told.sku()?, told.number("quantity")?, told.text("cause"), told.text("id"));
    let mut put = |id: Text, location: Text, bucket: Text, quantity: Quantity| {
        let row = Movement { location, bucket, quantity, moved_at: told.at, cause: cause.clone() };
        out.sku(sku.clone(), id, told.place, told.at, SkuRow::Movement(row));
    };
    let to = told.opt_text("location");
    let from = told.has("from_location") || told.has("from_bucket");
    if let Some(from) = from.then(|| told.opt_text("from_location").or(to.clone())).flatten() {
        put(join_key(&[&id, "from"]), from, told.text("from_bucket"), -quantity);
    }
    if let Some(to) = to {
        let out_of = told.place_of("direction") == Some(1);
        put(id, to, told.text("bucket"), if out_of { -quantity } else { quantity });
    }
    Ok(())
}

fn expected(told: &Told<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let expected_at = told.moment("expected_at").ok_or_else(|| told.lacks("expected_at", "the day when the goods are expected"))?;
    let row = Expected { location: told.text("location"), quantity: told.number("quantity")?, expected_at };
    out.sku(told.sku()?, told.text("id"), told.place, told.at, SkuRow::Expected(row));
    Ok(())
}

fn product(told: &Told<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let sku_text = told.text("sku");
    let sku = Sku::new(&sku_text).ok_or_else(|| told.lacks("sku", "a SKU"))?;
    let option = |name: &str, value: &str| Some((told.opt_text(name)?, told.opt_text(value)?));
    let row = Product {
        sku_text: sku_text.clone(),
        name: told.text("name"),
        parent: told.opt_sku("parent").map(|parent| parent.as_str().into()),
        options: [option("option_name", "option"), option("option2_name", "option2")].into_iter().flatten().collect(),
        blocked: told.flag("blocked").unwrap_or(false),
        category: told.text("category"),
        backorder_allowed: told.flag("backorder").unwrap_or(false),
        blocked_from: told.moment("blocked_from"),
        untracked: told.flag("untracked").unwrap_or(false),
        sales_unit: told.text("sales_unit"),
    };
    out.sku(sku, sku_text, told.place, told.at, SkuRow::Product(Box::new(row)));
    Ok(())
}

fn kit_part(told: &Told<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let part = told.opt_sku("part").ok_or_else(|| told.lacks("part", "the part's SKU"))?;
    let row = KitPart { part: part.clone(), pieces: told.number("pieces")? };
    out.sku(told.sku()?, part.as_str(), told.place, told.at, SkuRow::KitPart(row));
    Ok(())
}

fn price(told: &Told<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let row = Price {
        list: told.text("list"),
        currency: told.currency()?,
        amount: told.amount("amount")?,
        tax_inside: told.flag("tax_inside").unwrap_or(false),
        unit: told.text("unit"),
        minimum: if told.has("minimum") { told.number("minimum")? } else { Quantity::ZERO },
        from: told.moment("from"),
        to: told.moment("to"),
    };
    let from = row.from.map(|from| from.to_string()).unwrap_or_default();
    let id = join_key(&[&row.list, row.currency.as_str(), &row.unit, &row.minimum.to_string(), &from]);
    out.sku(told.sku()?, id, told.place, told.at, SkuRow::Price(row));
    Ok(())
}

fn offer(told: &Told<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let row = Offer {
        name: told.text("name"),
        amount: if told.has("amount") { Some(told.amount("amount")?) } else { None },
        currency: if told.has("currency") { Some(told.currency()?) } else { None },
        percent: if told.has("percent") { Some(told.number("percent")?) } else { None },
        from: told.moment("from"),
        until: told.moment("until"),
        active: told.flag("active").unwrap_or(true),
        channels: told.opt_text("channel").into_iter().collect(),
    };
    out.sku(told.sku()?, told.text("id"), told.place, told.at, SkuRow::Offer(Box::new(row)));
    Ok(())
}

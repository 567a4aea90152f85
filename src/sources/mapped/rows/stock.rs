//! Rows of stock.

use super::super::fields::{Form, may, must};
use super::super::record::MappedRecord;
use super::super::row_type::RowType;
use crate::envelope::DecodeError;
use crate::facts::ids::join_key;
use crate::facts::sku::{Basis, Count, Expected, Holding, Movement, ShopFigure};
use crate::facts::{Quantity, SkuRow, Text};
use crate::sources::facts_out::FactsOut;

use Form::{Closed, Moment, Number, Pieces, Sku as Item, Text as Words};

const BASES: &[&str] = &["on-hand", "free"];
const DIRECTIONS: &[&str] = &["in", "out"];

pub(super) const ROWS: &[RowType] = &[
    RowType {
        name: "count",
        about: "What a system holds of a SKU. A location is counted by the source that `[locations]` names.",
        one_for: "each `location` and `bucket` of the SKU",
        key: &["sku", "location"],
        fields: &[
            must("sku", Item, "the SKU"),
            must("quantity", Number, "pieces"),
            must("location", Words, "where"),
            may("bucket", Words, "a part of the location's stock; left out: all"),
            may("basis", Closed(BASES), "is what is allocated left out of it (`free`)? left out: as `counts` of the source says"),
            may("counted_at", Moment, "the moment that it holds for"),
        ],
        one_of: &[],
        at: Some("counted_at"),
        rank: None,
        make: count,
    },
    RowType {
        name: "movement",
        about: "Pieces that moved between counts: to a place, from one, or both.",
        one_for: "each `id` of the SKU",
        key: &["id", "sku"],
        fields: &[
            must("id", Words, "the source's id of it"),
            must("sku", Item, "the SKU"),
            must("quantity", Number, "pieces"),
            must("moved_at", Moment, "when"),
            may("location", Words, "where to"),
            may("bucket", Words, "which part of the stock there"),
            may("from_location", Words, "where from; left out where `from_bucket` is there: the same location"),
            may("from_bucket", Words, "which part of the stock there"),
            may("direction", Closed(DIRECTIONS), "`out`: the pieces went; left out: `in`"),
            may("cause", Words, "why, in the source's words"),
        ],
        one_of: &[&["location", "from_location"]],
        at: Some("moved_at"),
        rank: None,
        make: movement,
    },
    RowType {
        name: "expected",
        about: "Goods on order.",
        one_for: "each `id` of the SKU",
        key: &["id", "sku"],
        fields: &[
            must("id", Words, "the purchase line's id"),
            must("sku", Item, "the SKU"),
            must("quantity", Pieces, "still to come"),
            must("expected_at", Moment, "when"),
            may("location", Words, "where"),
        ],
        one_of: &[],
        at: None,
        rank: None,
        make: expected,
    },
    RowType {
        name: "holding",
        about: "What a shop subtracts itself from the figure that it was given.",
        one_for: "each `id` of the SKU",
        key: &["id", "sku"],
        fields: &[
            must("id", Words, "the reservation's id, or the location where the shop keeps a total"),
            must("sku", Item, "the SKU"),
            must("quantity", Number, "pieces held back"),
            may("stock", Words, "which of the shop's stocks, where it keeps several"),
            may("shop", Words, "the shop's name in the configuration; left out: this source"),
        ],
        one_of: &[],
        at: None,
        rank: None,
        make: holding,
    },
    RowType {
        name: "shop-figure",
        about: "The figure that a shop now has.",
        one_for: "each `location` of the SKU",
        key: &["sku", "location"],
        fields: &[
            must("sku", Item, "the SKU"),
            must("location", Words, "where, as the shop spells it"),
            must("quantity", Number, "pieces"),
            may("basis", Closed(BASES), "is what is committed left out of it (`free`)? left out: as `counts` of the source says"),
            may("shop", Words, "the shop's name in the configuration; left out: this source"),
        ],
        one_of: &[],
        at: None,
        rank: None,
        make: shop_figure,
    },
];

fn basis(record: &MappedRecord<'_>) -> Basis {
    match record.place_of("basis") {
        Some(1) => Basis::Free,
        Some(_) => Basis::OnHand,
        None => record.common.counts.unwrap_or_default(),
    }
}

fn count(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let (location, bucket) = (record.text("location"), record.text("bucket"));
    let id = join_key(&[&location, &bucket]);
    let row = Count { location, bucket, quantity: record.number("quantity")?, basis: basis(record), counted_at: record.at };
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
    let expected_at = record.moment("expected_at").unwrap_or(record.at);
    let row = Expected { location: record.text("location"), quantity: record.number("quantity")?, expected_at };
    out.sku(record.sku()?, record.text("id"), record.place, record.at, SkuRow::Expected(row));
    Ok(())
}

fn shop(record: &MappedRecord<'_>) -> Text {
    record.opt_text("shop").unwrap_or_else(|| record.common.name.clone())
}

fn holding(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let row = Holding { shop: shop(record), stock: record.text("stock"), quantity: record.number("quantity")? };
    out.sku(record.sku()?, record.text("id"), record.place, record.at, SkuRow::Holding(row));
    Ok(())
}

fn shop_figure(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let location = record.text("location");
    let figure = ShopFigure { shop: shop(record), location: location.clone(), quantity: record.number("quantity")?, basis: basis(record) };
    out.sku(record.sku()?, location, record.place, record.at, SkuRow::ShopFigure(figure));
    Ok(())
}

//! Rows of products and prices.

use super::super::fields::{Form, may, must};
use super::super::record::MappedRecord;
use super::super::row_type::RowType;
use crate::envelope::DecodeError;
use crate::facts::ids::join_key;
use crate::facts::sku::{CatalogueValue, KitPart, Offer, Price, Product};
use crate::facts::{Quantity, Sku, SkuRow};
use crate::sources::facts_out::FactsOut;

use Form::{Amount as Money, Currency, Flag, Moment, Number, Pieces, Sku as Item, Text as Words};

/// The row that tells of products.
pub const PRODUCT: &str = "product";

pub(super) const ROWS: &[RowType] = &[
    RowType {
        name: PRODUCT,
        about: "A product, or a variation of one. Once a source tells products, a SKU that it does not know is unknown.",
        one_for: "each `sku`",
        key: &["sku"],
        fields: &[
            must("sku", Words, "its SKU, as the source spells it"),
            may("name", Words, "for people"),
            may("parent", Item, "the SKU of the product that it is a variation of"),
            may("option_name", Words, "the name of an option, as in Size"),
            may("option", Words, "its value, as in M"),
            may("option2_name", Words, "the same of a second option"),
            may("option2", Words, "its value"),
            may("category", Words, "as the source names it"),
            may("blocked", Flag, "not for sale"),
            may("blocked_from", Moment, "not for sale from then on"),
            may("backorder", Flag, "may be sold before it is there"),
            may("untracked", Flag, "no stock is kept of it: it can always be sold"),
            may("sales_unit", Words, "the unit that it is sold in"),
        ],
        one_of: &[],
        at: None,
        rank: None,
        make: product,
    },
    RowType {
        name: "kit-part",
        about: "That a SKU is a kit, and what is in one of it.",
        one_for: "each `part` of the kit",
        key: &["sku", "part"],
        fields: &[
            must("sku", Item, "the kit"),
            must("part", Item, "the part"),
            must("pieces", Pieces, "of it in one kit; none: it is a part no more"),
        ],
        one_of: &[],
        at: None,
        rank: None,
        make: kit_part,
    },
    RowType {
        name: "price",
        about: "A price of one list.",
        one_for: "each `list`, `currency`, `unit`, `minimum` and `from` of the SKU",
        key: &["sku", "currency"],
        fields: &[
            must("sku", Item, "the SKU"),
            must("currency", Currency, "of the price"),
            must("amount", Money, "of one unit"),
            may("list", Words, "the price list"),
            may("minimum", Pieces, "the least quantity that it holds for"),
            may("unit", Words, "the unit that it is the price of; left out: the sales unit"),
            may("tax_inside", Flag, "tax is inside; left out: no"),
            may("from", Moment, "from when on it holds"),
            may("to", Moment, "the last day, inclusive"),
        ],
        one_of: &[],
        at: None,
        rank: None,
        make: price,
    },
    RowType {
        name: "offer",
        about: "A reduced price for a time.",
        one_for: "each `id` of the SKU",
        key: &["id", "sku"],
        fields: &[
            must("id", Words, "the offer's id"),
            must("sku", Item, "the SKU"),
            may("name", Words, "for people"),
            may("amount", Money, "the price of one piece"),
            may("currency", Currency, "of the amount; left out: any"),
            may("percent", Pieces, "or the percentage off; of both the lower counts"),
            may("from", Moment, "the first moment at which it holds"),
            may("until", Moment, "the first moment at which it holds no more"),
            may("active", Flag, "it is switched on; left out: yes"),
            may("channel", Words, "the channel that it holds for; left out: all"),
        ],
        one_of: &[&["amount", "percent"]],
        at: None,
        rank: None,
        make: offer,
    },
    RowType {
        name: "catalogue",
        about: "What a shop's catalogue says of a product under an id of its own. Values that are not mapped stay as another record told them.",
        one_for: "each value of each `product`",
        key: &["product"],
        fields: &[
            must("product", Words, "the shop's id of the product"),
            may("sku", Words, "which SKU it is"),
            may("name", Words, "for people"),
            may("price", Money, "of one piece"),
            may("currency", Currency, "of the prices"),
            may("tax_inside", Flag, "tax is inside; left out: no"),
            may("special_price", Money, "a reduced price of one piece"),
            may("special_from", Moment, "the first moment at which that holds"),
            may("special_until", Moment, "the first moment at which it holds no more"),
            may("disabled", Flag, "not for sale"),
            may("backorder", Flag, "may be sold before it is there"),
            may("untracked", Flag, "no stock is kept of it"),
            may("kept_back", Number, "pieces that the shop never sells"),
        ],
        one_of: &[],
        at: None,
        rank: None,
        make: catalogue,
    },
];

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

fn catalogue(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let id = record.text("product");
    let product = Sku::new(&format!("{}#{id}", record.common.name)).ok_or_else(|| record.lacks("product", "the product's id"))?;
    let moment = |name| record.moment(name);
    let price = record.opt_amount("price")?.zip(record.opt_currency());
    let tax_inside = record.flag("tax_inside").unwrap_or(false);
    let stock = ["backorder", "untracked", "kept_back"].iter().any(|name| record.has(name)).then(|| CatalogueValue::Stock {
        shop: record.common.name.clone(),
        backorder_allowed: record.flag("backorder"),
        untracked: record.flag("untracked"),
        kept_back: record.opt_number("kept_back"),
    });
    let values = [
        ("sku", record.opt_text("sku").map(CatalogueValue::Sku)),
        ("name", record.opt_text("name").map(CatalogueValue::Name)),
        ("price", price.map(|(amount, currency)| CatalogueValue::Price { amount, currency, tax_inside })),
        ("special-price", record.opt_amount("special_price")?.map(CatalogueValue::SpecialPrice)),
        ("special-from", moment("special_from").map(CatalogueValue::SpecialFrom)),
        ("special-to", moment("special_until").map(CatalogueValue::SpecialUntil)),
        ("status", record.flag("disabled").map(CatalogueValue::Disabled)),
        ("stock", stock),
    ];
    for (field, value) in values {
        match value {
            Some(value) => out.sku(product.clone(), field, record.place, record.at, SkuRow::Catalogue(value)),
            None if record.deleted => {
                out.deleted(crate::facts::Subject::Sku(product.clone()), SkuRow::CATALOGUE, field, record.place, record.at);
            }
            None => {}
        }
    }
    Ok(())
}

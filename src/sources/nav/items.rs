//! Items, their variants, and sales prices.

use std::sync::LazyLock;

use super::cells::{ItemColumns, filled, flag};
use super::reader::{NavMeaning, NavReader, NavTable, Owner};
use crate::envelope::{Cell, DecodeError, SpelledColumns, SpelledRow, TimeUnit, spelled};
use crate::facts::ids::join_key;
use crate::facts::sku::{Offer, Price, Product};
use crate::facts::{Currency, EntityKind, Quantity, Sku, SkuRow, Subject, Text};
use crate::sources::facts_out::FactsOut;
use crate::sources::tables::RowsOf;

spelled! {
    mod item {
        NUMBER = "No_",
        DESCRIPTION = "Description",
        CATEGORY = "Item Category Code",
        BLOCKED = "Blocked",
        SALES_BLOCKED = "Sales Blocked",
        BASE_UNIT = "Base Unit of Measure",
        SALES_UNIT = "Sales Unit of Measure",
        MODIFIED = "$systemModifiedAt",
    }
}

spelled! {
    mod variant {
        ITEM = "Item No_",
        CODE = "Code",
        DESCRIPTION = "Description",
        BLOCKED = "Blocked",
        SALES_BLOCKED = "Sales Blocked",
        MODIFIED = "$systemModifiedAt",
    }
}

spelled! {
    mod sales_price {
        ITEM = "Item No_",
        VARIANT = "Variant Code",
        SALES_TYPE = "Sales Type",
        SALES_CODE = "Sales Code",
        FROM = "Starting Date",
        TO = "Ending Date",
        CURRENCY = "Currency Code",
        UNIT = "Unit of Measure Code",
        MINIMUM = "Minimum Quantity",
        PRICE = "Unit Price",
        TAX_INSIDE = "Price Includes VAT",
        MODIFIED = "$systemModifiedAt",
    }
}

spelled! {
    mod list_line {
        LIST = "Price List Code",
        LINE = "Line No_",
        STATUS = "Status",
        PRICE_TYPE = "Price Type",
        SOURCE_TYPE = "Source Type",
        ASSET_TYPE = "Asset Type",
        ITEM = "Asset No_|Product No_",
        VARIANT = "Variant Code|Variant Code Lookup",
        FROM = "Starting Date",
        TO = "Ending Date",
        CURRENCY = "Currency Code",
        UNIT = "Unit of Measure Code",
        MINIMUM = "Minimum Quantity",
        PRICE = "Unit Price",
        TAX_INSIDE = "Price Includes VAT",
        MODIFIED = "$systemModifiedAt",
    }
}

spelled! {
    mod discount {
        TYPE = "Type",
        ITEM = "Code",
        VARIANT = "Variant Code",
        SALES_TYPE = "Sales Type",
        FROM = "Starting Date",
        TO = "Ending Date",
        CURRENCY = "Currency Code",
        UNIT = "Unit of Measure Code",
        MINIMUM = "Minimum Quantity",
        PERCENT = "Line Discount _|Line Discount %",
        MODIFIED = "$systemModifiedAt",
    }
}

/// Raise it when the meaning changes that this file gives to a record: records read again then count as newer.
pub(super) const REVISION: u16 = 1;

pub(super) static ITEM: NavTable = NavTable {
    name: "Item",
    rows: &[],
    meaning: NavMeaning {
        columns: LazyLock::new(|| SpelledColumns::new(item::NAMES)),
        owner: item_owner,
        upsert: item_upsert,
        moves: false,
    },
};

pub(super) static VARIANT: NavTable = NavTable {
    name: "Item Variant",
    rows: &[],
    meaning: NavMeaning {
        columns: LazyLock::new(|| SpelledColumns::new(variant::NAMES)),
        owner: variant_owner,
        upsert: variant_upsert,
        moves: false,
    },
};

pub(super) static SALES_PRICE: NavTable = NavTable {
    name: "Sales Price",
    rows: &[],
    meaning: NavMeaning {
        columns: LazyLock::new(|| SpelledColumns::new(sales_price::NAMES)),
        owner: sales_price_owner,
        upsert: sales_price_upsert,
        moves: false,
    },
};

pub(super) static PRICE_LIST_LINE: NavTable = NavTable {
    name: "Price List Line",
    rows: &[],
    meaning: NavMeaning {
        columns: LazyLock::new(|| SpelledColumns::new(list_line::NAMES)),
        owner: list_line_owner,
        upsert: list_line_upsert,
        moves: true,
    },
};

pub(super) static LINE_DISCOUNT: NavTable = NavTable {
    name: "Sales Line Discount",
    rows: &[RowsOf::beginning(EntityKind::Skus, SkuRow::OFFER, &["discount|"])],
    meaning: NavMeaning {
        columns: LazyLock::new(|| SpelledColumns::new(discount::NAMES)),
        owner: discount_owner,
        upsert: discount_upsert,
        moves: false,
    },
};

const OF_ITEM: ItemColumns = ItemColumns { item: item::NUMBER, variant: None };
const OF_VARIANT: ItemColumns = ItemColumns { item: variant::ITEM, variant: Some(variant::CODE) };
const OF_SALES_PRICE: ItemColumns = ItemColumns { item: sales_price::ITEM, variant: Some(sales_price::VARIANT) };
const OF_LIST_LINE: ItemColumns = ItemColumns { item: list_line::ITEM, variant: Some(list_line::VARIANT) };
const OF_DISCOUNT: ItemColumns = ItemColumns { item: discount::ITEM, variant: Some(discount::VARIANT) };

/// A product's row id is its SKU as NAV spells it.
fn product_owner(reader: &NavReader<'_>, row: &SpelledRow<'_>, goods: &ItemColumns) -> Result<Option<Owner>, DecodeError> {
    let (subject, id) = (Subject::Sku(reader.sku(row, goods)?), reader.sku_text(row, goods)?);
    Ok(Some(Owner { subject, kind: SkuRow::PRODUCT, id }))
}

fn item_owner(reader: &NavReader<'_>, row: &SpelledRow<'_>) -> Result<Option<Owner>, DecodeError> {
    product_owner(reader, row, &OF_ITEM)
}

fn item_upsert(reader: &NavReader<'_>, row: &SpelledRow<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let text = reader.sku_text(row, &OF_ITEM)?;
    let product = Product {
        sku_text: text.clone(),
        name: row.cell(item::DESCRIPTION).text_or_empty()?.trim().into(),
        blocked: flag(row, item::BLOCKED)? || flag(row, item::SALES_BLOCKED)?,
        category: row.cell(item::CATEGORY).text_or_empty()?.trim().into(),
        sales_unit: sales_unit(row)?,
        ..Product::default()
    };
    let at = reader.written_at(row.cell(item::MODIFIED))?;
    out.sku(reader.sku(row, &OF_ITEM)?, text, reader.place, at, SkuRow::Product(Box::new(product)));
    Ok(())
}

/// What it is sold in: its sales unit, else its base unit; empty where the columns are not captured.
fn sales_unit(row: &SpelledRow<'_>) -> Result<Text, DecodeError> {
    let sales = row.cell(item::SALES_UNIT).text_or_empty()?;
    let unit = if sales.trim().is_empty() { row.cell(item::BASE_UNIT).text_or_empty()? } else { sales };
    Ok(unit.trim().into())
}

fn variant_owner(reader: &NavReader<'_>, row: &SpelledRow<'_>) -> Result<Option<Owner>, DecodeError> {
    product_owner(reader, row, &OF_VARIANT)
}

fn variant_upsert(reader: &NavReader<'_>, row: &SpelledRow<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let code = filled(row.cell(variant::CODE), "a variant's code")?;
    let text = reader.sku_text(row, &OF_VARIANT)?;
    let product = Product {
        sku_text: text.clone(),
        name: row.cell(variant::DESCRIPTION).text_or_empty()?.trim().into(),
        parent: Sku::new(&filled(row.cell(variant::ITEM), "an item's number")?).map(|item| item.as_str().into()),
        options: vec![("Variant".into(), code.into())],
        blocked: flag(row, variant::BLOCKED)? || flag(row, variant::SALES_BLOCKED)?,
        ..Product::default()
    };
    let at = reader.written_at(row.cell(variant::MODIFIED))?;
    out.sku(reader.sku(row, &OF_VARIANT)?, text, reader.place, at, SkuRow::Product(Box::new(product)));
    Ok(())
}

/// The list of a sales price: `""` for all customers, a group's code; prices of one customer or campaign are no list.
fn sales_list(row: &SpelledRow<'_>) -> Result<Option<Text>, DecodeError> {
    const GROUP: i64 = 1;
    const ALL_CUSTOMERS: i64 = 2;
    Ok(match row.cell(sales_price::SALES_TYPE).int()? {
        ALL_CUSTOMERS => Some(Text::default()),
        GROUP => row.cell(sales_price::SALES_CODE).filled()?.map(Text::from),
        _ => None,
    })
}

fn sales_price_owner(reader: &NavReader<'_>, row: &SpelledRow<'_>) -> Result<Option<Owner>, DecodeError> {
    use sales_price as column;
    let Some(list) = sales_list(row)? else { return Ok(None) };
    let minimum = reader.quantity(row.cell(column::MINIMUM))?;
    let from = row.cell(column::FROM).opt_date(TimeUnit::Millis)?.map(|date| date.to_string()).unwrap_or_default();
    let currency = row.cell(column::CURRENCY).text_or_empty()?;
    let unit = row.cell(column::UNIT).text_or_empty()?;
    let id = join_key(&[&list, currency.trim(), unit.trim(), &minimum.to_string(), &from]);
    Ok(Some(Owner { subject: Subject::Sku(reader.sku(row, &OF_SALES_PRICE)?), kind: SkuRow::PRICE, id }))
}

fn sales_price_upsert(reader: &NavReader<'_>, row: &SpelledRow<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    use sales_price as column;
    let (Some(list), Some(owner)) = (sales_list(row)?, sales_price_owner(reader, row)?) else { return Ok(()) };
    let price = Price {
        list,
        currency: currency(reader, row.cell(column::CURRENCY))?,
        amount: reader.amount(row.cell(column::PRICE))?,
        tax_inside: flag(row, column::TAX_INSIDE)?,
        unit: row.cell(column::UNIT).text_or_empty()?.trim().into(),
        minimum: reader.quantity(row.cell(column::MINIMUM))?,
        from: reader.midnight(row.cell(column::FROM))?,
        to: reader.midnight(row.cell(column::TO))?,
    };
    let at = reader.written_at(row.cell(column::MODIFIED))?;
    out.sku(reader.sku(row, &OF_SALES_PRICE)?, owner.id, reader.place, at, SkuRow::Price(price));
    Ok(())
}

/// Only an active line that sells an item at a price, to all customers or to a group of them.
fn list_line_owner(reader: &NavReader<'_>, row: &SpelledRow<'_>) -> Result<Option<Owner>, DecodeError> {
    use list_line as column;
    const ACTIVE: i64 = 1;
    const PURCHASE: i64 = 2;
    const ITEM: i64 = 10;
    const ALL_CUSTOMERS: i64 = 10;
    const GROUP: i64 = 12;
    let source = row.cell(column::SOURCE_TYPE).int()?;
    let sells = row.cell(column::STATUS).int()? == ACTIVE
        && row.cell(column::PRICE_TYPE).opt_int()? != Some(PURCHASE)
        && row.cell(column::ASSET_TYPE).int()? == ITEM
        && (source == ALL_CUSTOMERS || source == GROUP);
    if !sells || row.cell(column::ITEM).filled()?.is_none() {
        return Ok(None);
    }
    let list = filled(row.cell(column::LIST), "a price list's code")?;
    let id = join_key(&[&list, &row.cell(column::LINE).id()?]);
    Ok(Some(Owner { subject: Subject::Sku(reader.sku(row, &OF_LIST_LINE)?), kind: SkuRow::PRICE, id }))
}

fn list_line_upsert(reader: &NavReader<'_>, row: &SpelledRow<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    use list_line as column;
    let Some(owner) = list_line_owner(reader, row)? else { return Ok(()) };
    let price = Price {
        list: filled(row.cell(column::LIST), "a price list's code")?.into(),
        currency: currency(reader, row.cell(column::CURRENCY))?,
        amount: reader.amount(row.cell(column::PRICE))?,
        tax_inside: flag(row, column::TAX_INSIDE)?,
        unit: row.cell(column::UNIT).text_or_empty()?.trim().into(),
        minimum: reader.quantity(row.cell(column::MINIMUM))?,
        from: reader.midnight(row.cell(column::FROM))?,
        to: reader.midnight(row.cell(column::TO))?,
    };
    let at = reader.written_at(row.cell(column::MODIFIED))?;
    out.sku(reader.sku(row, &OF_LIST_LINE)?, owner.id, reader.place, at, SkuRow::Price(price));
    Ok(())
}

/// A discount of one item for all customers, from one piece on: an offer. Discounts of groups of items or of customers, of a customer or a
/// campaign are not for everybody.
fn discount_owner(reader: &NavReader<'_>, row: &SpelledRow<'_>) -> Result<Option<Owner>, DecodeError> {
    use discount as column;
    const ITEM: i64 = 0;
    const ALL_CUSTOMERS: i64 = 2;
    let minimum = reader.quantity(row.cell(column::MINIMUM))?;
    if row.cell(column::TYPE).int()? != ITEM || row.cell(column::SALES_TYPE).int()? != ALL_CUSTOMERS || minimum > Quantity::from_int(1) {
        return Ok(None);
    }
    let from = row.cell(column::FROM).opt_date(TimeUnit::Millis)?.map(|date| date.to_string()).unwrap_or_default();
    let (currency, unit) = (row.cell(column::CURRENCY).text_or_empty()?, row.cell(column::UNIT).text_or_empty()?);
    let id = join_key(&["discount", currency.trim(), unit.trim(), &minimum.to_string(), &from]);
    Ok(Some(Owner { subject: Subject::Sku(reader.sku(row, &OF_DISCOUNT)?), kind: SkuRow::OFFER, id }))
}

fn discount_upsert(reader: &NavReader<'_>, row: &SpelledRow<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    use discount as column;
    let Some(owner) = discount_owner(reader, row)? else { return Ok(()) };
    let named = row.cell(column::CURRENCY).filled()?.is_some();
    let offer = Offer {
        name: "line discount".into(),
        amount: None,
        currency: if named { Some(row.cell(column::CURRENCY).currency()?) } else { None },
        percent: Some(reader.quantity(row.cell(column::PERCENT))?),
        from: reader.midnight(row.cell(column::FROM))?,
        until: reader.next_midnight(row.cell(column::TO))?,
        active: true,
        channels: Vec::new(),
    };
    let at = reader.written_at(row.cell(column::MODIFIED))?;
    out.sku(reader.sku(row, &OF_DISCOUNT)?, owner.id, reader.place, at, SkuRow::Offer(Box::new(offer)));
    Ok(())
}

/// A blank currency is the company's own.
fn currency(reader: &NavReader<'_>, cell: Cell<'_>) -> Result<Currency, DecodeError> {
    match cell.filled()? {
        Some(_) => cell.currency(),
        None => reader.adapter.settings.local_currency.ok_or_else(|| cell.error("a currency (local_currency is not set)")),
    }
}

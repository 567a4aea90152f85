//! Items: products, prices, kits, and what each location holds.
//!
//! An item's own version does not move when its stock does, so counts are as new as the last change of stock that they name, else as their record.

use std::sync::LazyLock;

use super::bodies::{self, objects};
use super::cells::{amount, filled, flag, last_name, pieces, reference};
use super::context::RecordContext;
use crate::envelope::{Cell, DecodeError, SpelledColumns, spelled};
use crate::facts::ids::join_key;
use crate::facts::sku::{Basis, Count, KitPart, Price, Product};
use crate::facts::{Moment, Place, Quantity, Sku, SkuRow, Text};
use crate::sources::facts_out::FactsOut;

/// Raise it when the meaning changes that this file gives to a record: records read again then count as newer.
pub(super) const REVISION: u16 = 1;

spelled! {
    mod item {
        ID = "id|internalid",
        NAME = "itemId|name",
        DISPLAY = "displayName|salesDescription",
        PARENT = "parent",
        PARENT_NAME = "parent_display",
        INACTIVE = "isInactive",
        MODIFIED = "lastModifiedDate",
        CATEGORY = "class",
        UNIT = "saleUnit",
        TAX_INSIDE = "pricesIncludeTax",
        LOCATIONS = "locations",
        PRICES = "price",
        MEMBERS = "member|members",
        ON_HAND = "quantityOnHand",
        AVAILABLE = "quantityAvailable",
        CHANGED = "lastQuantityAvailableChange",
    }
}

spelled! {
    mod location {
        ID = "locationId",
        NAME = "location",
        ON_HAND = "quantityOnHand",
        AVAILABLE = "quantityAvailable",
        CHANGED = "lastQuantityAvailableChange",
    }
}

spelled! {
    mod price {
        LEVEL = "priceLevelName",
        LEVEL_REFERENCE = "priceLevel",
        CURRENCY = "currencyPage|currency",
        AMOUNT = "price",
        MINIMUM = "quantity",
    }
}

spelled! {
    mod member {
        ITEM = "item",
        ITEM_NAME = "item_display|itemName",
        ITEM_ID = "itemId",
        QUANTITY = "quantity",
    }
}

static ITEM: LazyLock<SpelledColumns> = LazyLock::new(|| SpelledColumns::new(item::NAMES));
static LOCATION: LazyLock<SpelledColumns> = LazyLock::new(|| SpelledColumns::new(location::NAMES));
static PRICE: LazyLock<SpelledColumns> = LazyLock::new(|| SpelledColumns::new(price::NAMES));
static MEMBER: LazyLock<SpelledColumns> = LazyLock::new(|| SpelledColumns::new(member::NAMES));

/// An item. Of one that is told in part only what is told of its stock counts.
pub(super) fn translate(cx: &RecordContext<'_>, head: &str, sublists: &str, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let (row, lists) = (ITEM.read("value", head)?, ITEM.read("sublists", sublists)?);
    let id = filled(&row.cell(item::ID))?.ok_or_else(|| row.cell(item::ID).error("the item's internal id"))?;
    let name = row.cell(item::NAME);
    let Some(told) = filled(&name)? else {
        return if cx.is_partial() { Ok(()) } else { Err(name.error("the item's name (itemId)")) };
    };
    if cx.is_partial() {
        return Ok(());
    }
    let text = match cx.netsuite.settings.items.get(&*id) {
        Some(configured) => configured.as_str(),
        None => last_name(&told),
    };
    let sku = Sku::new(text).ok_or_else(|| name.error(format!("an item's name of 1 to {} bytes", Sku::BYTES_MAX)))?;
    let parent = reference(&row.cell(item::PARENT))?;
    let parent_name = filled(&row.cell(item::PARENT_NAME))?;
    let parent = parent.item_name().or_else(|| parent_name.as_deref().map(last_name));
    // A child's own name may show its parent's before it.
    let parent = parent.or_else(|| told.rsplit_once(" : ").map(|(parent, _)| last_name(parent)));
    let product = Product {
        sku_text: text.into(),
        name: filled(&row.cell(item::DISPLAY))?.map_or_else(Text::default, |name| (*name).into()),
        parent: parent.and_then(Sku::new).map(|parent| parent.as_str().into()),
        blocked: flag(&row.cell(item::INACTIVE))?.unwrap_or(false),
        sales_unit: reference(&row.cell(item::UNIT))?.name.map_or_else(Text::default, |unit| (*unit).into()),
        category: reference(&row.cell(item::CATEGORY))?.name.map_or_else(Text::default, |name| (*name).into()),
        ..Product::default()
    };
    let (place, at) = cx.place(cx.time(&row.cell(item::MODIFIED))?, 0);
    out.sku(sku.clone(), &*id, place, at, SkuRow::Product(Box::new(product)));
    let tax_inside = flag(&row.cell(item::TAX_INSIDE))?.unwrap_or(false);
    prices(cx, (&sku, tax_inside), &lists.cell(item::PRICES), (place, at), out)?;
    members(cx, &sku, &lists.cell(item::MEMBERS), (place, at), out)?;
    let own_change = cx.time(&row.cell(item::CHANGED))?;
    let told = objects(&lists.cell(item::LOCATIONS))?;
    for (name, json) in told.iter().flatten() {
        of_location(cx, &sku, json, own_change, out).map_err(|error| error.within(name))?;
    }
    // Without several locations the figures stand on the item itself.
    if told.is_none() {
        count(cx, &sku, "", (row.cell(item::ON_HAND), row.cell(item::AVAILABLE)), own_change, out)?;
    }
    Ok(())
}

fn of_location(cx: &RecordContext<'_>, sku: &Sku, json: &str, of_item: Option<Moment>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let row = LOCATION.read("locations", json)?;
    let (id, name) = (filled(&row.cell(location::ID))?, reference(&row.cell(location::NAME))?);
    let place = id.as_deref().or(name.place()).ok_or_else(|| row.cell(location::NAME).error("a location"))?;
    let changed = cx.time(&row.cell(location::CHANGED))?.or(of_item);
    count(cx, sku, place, (row.cell(location::ON_HAND), row.cell(location::AVAILABLE)), changed, out)
}

/// What a location holds. Figures that are `null` are of an item that was never there.
pub(super) fn count(
    cx: &RecordContext<'_>,
    sku: &Sku,
    location: &str,
    (on_hand, available): (Cell<'_>, Cell<'_>),
    changed: Option<Moment>,
    out: &mut FactsOut<'_>,
) -> Result<(), DecodeError> {
    let basis = cx.netsuite.common.counts.unwrap_or(Basis::OnHand);
    let Some(quantity) = pieces(if basis == Basis::Free { &available } else { &on_hand })? else { return Ok(()) };
    let counted_at = changed.unwrap_or(cx.arrival);
    let place = Place::Stamp { millis: counted_at.0, rank: u32::MAX, tie: u64::try_from(cx.arrival.0).unwrap_or_default() };
    let count = Count { location: location.into(), bucket: Text::default(), quantity, basis, counted_at };
    out.sku(sku.clone(), join_key(&[location, ""]), place, counted_at, SkuRow::Count(count));
    Ok(())
}

/// Prices of levels: that of all customers, and the others under their names. A price in a currency that nobody named is passed over.
fn prices(
    cx: &RecordContext<'_>,
    (sku, tax_inside): (&Sku, bool),
    cell: &Cell<'_>,
    (place, at): (Place, Moment),
    out: &mut FactsOut<'_>,
) -> Result<(), DecodeError> {
    for (name, json) in objects(cell)?.unwrap_or_default() {
        let row = PRICE.read(&name, json)?;
        let within = |error: DecodeError| error.within(&name);
        let level = filled(&row.cell(price::LEVEL)).map_err(within)?;
        let level_reference = reference(&row.cell(price::LEVEL_REFERENCE)).map_err(within)?;
        let level = level.as_deref().or(level_reference.name.as_deref()).unwrap_or_default();
        let list = if level.eq_ignore_ascii_case(&cx.netsuite.settings.base_price_level) { "" } else { level };
        let Some(amount) = amount(&row.cell(price::AMOUNT)).map_err(within)? else { continue };
        let Ok(currency) = cx.currency(&row.cell(price::CURRENCY), &Cell::default()) else { continue };
        let minimum = row.cell(price::MINIMUM);
        let minimum = if minimum.json().starts_with('{') {
            let inner = reference(&minimum).map_err(within)?;
            inner.id.as_deref().and_then(Quantity::parse).unwrap_or_default()
        } else {
            pieces(&minimum).map_err(within)?.unwrap_or_default()
        };
        let price = Price { list: list.into(), currency, amount, tax_inside, unit: Text::default(), minimum, from: None, to: None };
        let id = join_key(&[list, currency.as_str(), &minimum.to_string()]);
        out.sku(sku.clone(), id, place, at, SkuRow::Price(price));
    }
    Ok(())
}

/// The parts of a kit.
fn members(
    cx: &RecordContext<'_>,
    sku: &Sku,
    cell: &Cell<'_>,
    (place, at): (Place, Moment),
    out: &mut FactsOut<'_>,
) -> Result<(), DecodeError> {
    for (name, json) in objects(cell)?.unwrap_or_default() {
        let row = MEMBER.read(&name, json)?;
        let within = |error: DecodeError| error.within(&name);
        let named = [row.cell(member::ITEM_NAME), row.cell(member::ITEM_ID)];
        let Some(part) = bodies::sku(cx, &row.cell(member::ITEM), &named).map_err(within)? else { continue };
        let quantity = row.cell(member::QUANTITY);
        let pieces = pieces(&quantity).map_err(within)?.ok_or_else(|| within(quantity.error("a number of pieces")))?;
        out.sku(sku.clone(), part.as_str(), place, at, SkuRow::KitPart(KitPart { part: part.clone(), pieces }));
    }
    Ok(())
}

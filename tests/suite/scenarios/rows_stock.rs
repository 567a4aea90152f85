//! Words about a SKU: what is there, what is held back, what it is and costs.
//!
//! ```text
//! wms count TEE 10 at MAIN in A-STOCK        `free`: what is allocated is left out too
//! wms whole-list: 10 TEE, 4 CAP at MAIN      all that is there: what it leaves out is zero
//! shop empties holds-back / figures          the table is emptied
//! wms moved M1: +5 TEE because receipt
//! wms item TEE known / unknown / blocked
//! shop holds-back TEE 3 entry 17             a reservation; without entry: a total
//! shop figure TEE 7
//! erp product TEE name Tee parent TEES option Size=M backorder
//! erp price TEE 20.00 list WEB from day 2 00:00
//! erp offer O1 TEE 15.00 from day 2 00:00 until day 4 00:00
//! erp kit SET: 2 TEE, 1 CAP
//! erp expected PO-1: 50 TEE on day 9 10:00
//! ```

use super::language::{Cursor, Wrong};
use super::rows::{Teller, Telling, currency};
use super::rows_systems::{items, location};
use waybill::facts::ids::join_key;
use waybill::facts::sku::*;
use waybill::facts::{Currency, EntityKind, Quantity, Row, Sku, SkuRow, Subject, Text};

fn put(telling: &mut Telling<'_>, sku: Sku, id: impl Into<Text>, row: SkuRow) {
    telling.put(Subject::Sku(sku), id, Row::Sku(row));
}

impl Teller {
    /// `false`: the verb is none of these.
    pub(super) fn stock(&mut self, verb: &str, words: &mut Cursor<'_>, telling: &mut Telling<'_>) -> Result<bool, Wrong> {
        match verb {
            "count" => count(words, telling)?,
            "whole-list" => whole_list(words, telling)?,
            "empties" => {
                let kind = words.one_of(&[("holds-back", SkuRow::HOLDING), ("figures", SkuRow::SHOP_FIGURE)])?;
                telling.all_that_stand(EntityKind::Skus, kind, Text::default());
            }
            "moved" => moved(words, telling)?,
            "item" => item(words, telling)?,
            "holds-back" => holds_back(words, telling)?,
            "figure" => figure(words, telling)?,
            "product" => self.product(words, telling)?,
            "price" => price(words, telling)?,
            "offer" => offer(words, telling)?,
            "kit" => kit(words, telling)?,
            "expected" => expected(words, telling)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn product(&mut self, words: &mut Cursor<'_>, telling: &mut Telling<'_>) -> Result<(), Wrong> {
        let sku = words.sku()?;
        if words.is("deleted") {
            telling.delete(Subject::Sku(sku.clone()), SkuRow::PRODUCT, sku.as_str());
            return Ok(());
        }
        let fresh = Product { sku_text: sku.as_str().into(), name: sku.as_str().into(), ..Product::default() };
        let row = self.products.entry(sku.as_str().to_owned()).or_insert(fresh);
        while let Some(word) = words.take() {
            match word {
                "name" => row.name = words.word("a name")?.into(),
                "spelt" => row.sku_text = words.word("a SKU")?.into(),
                "parent" => row.parent = Some(words.word("a SKU")?.into()),
                "option" => {
                    let option = words.word("an option, as in Size=M")?;
                    let Some((name, value)) = option.split_once('=') else { return Err(words.wrong("expected an option, as in Size=M")) };
                    row.options.push((name.into(), value.into()));
                }
                "blocked" => row.blocked = true,
                "not-blocked" => row.blocked = false,
                "blocked-from" => row.blocked_from = Some(words.moment(&telling.clock())?),
                "backorder" => row.backorder_allowed = true,
                "untracked" => row.untracked = true,
                "category" => row.category = words.word("a category")?.into(),
                other => return Err(words.wrong(format!("unknown word \"{other}\" of a product"))),
            }
        }
        let row = row.clone();
        put(telling, sku.clone(), sku.as_str(), SkuRow::Product(Box::new(row)));
        Ok(())
    }
}

fn count(words: &mut Cursor<'_>, telling: &mut Telling<'_>) -> Result<(), Wrong> {
    let sku = words.sku()?;
    let quantity = if words.is("deleted") { None } else { Some(words.pieces()?) };
    let place = location(words)?;
    let bucket: Text = if words.is("in") { words.word("a bucket")?.into() } else { Text::default() };
    let basis = if words.is("free") { Basis::Free } else { Basis::OnHand };
    let id = join_key(&[&place, &bucket]);
    match quantity {
        Some(quantity) => put(telling, sku, id, SkuRow::Count(Count { location: place, bucket, quantity, basis, counted_at: telling.at })),
        None => telling.delete(Subject::Sku(sku), SkuRow::COUNT, id),
    }
    Ok(())
}

fn whole_list(words: &mut Cursor<'_>, telling: &mut Telling<'_>) -> Result<(), Wrong> {
    let items = items(words)?;
    let place = location(words)?;
    telling.all_that_stand(EntityKind::Skus, SkuRow::COUNT, join_key(&[&place, ""]));
    for (quantity, sku) in items {
        let count = Count { location: place.clone(), bucket: Text::default(), quantity, basis: Basis::OnHand, counted_at: telling.at };
        put(telling, sku, join_key(&[&place, ""]), SkuRow::Count(count));
    }
    Ok(())
}

fn moved(words: &mut Cursor<'_>, telling: &mut Telling<'_>) -> Result<(), Wrong> {
    let id = words.word("a movement's number")?;
    words.is(":");
    let (quantity, sku) = (words.pieces()?, words.sku()?);
    let place = location(words)?;
    let bucket: Text = if words.is("in") { words.word("a bucket")?.into() } else { Text::default() };
    let cause: Text = if words.is("because") { words.word("a cause")?.into() } else { "adjustment".into() };
    put(telling, sku, id, SkuRow::Movement(Movement { location: place, bucket, quantity, moved_at: telling.at, cause }));
    Ok(())
}

fn item(words: &mut Cursor<'_>, telling: &mut Telling<'_>) -> Result<(), Wrong> {
    let sku = words.sku()?;
    let (known, blocked) = words.one_of(&[("known", (true, false)), ("unknown", (false, false)), ("blocked", (true, true))])?;
    put(telling, sku.clone(), sku.as_str(), SkuRow::WarehouseItem(WarehouseItem { known, blocked }));
    Ok(())
}

fn holds_back(words: &mut Cursor<'_>, telling: &mut Telling<'_>) -> Result<(), Wrong> {
    let sku = words.sku()?;
    let quantity = words.pieces()?;
    let id = if words.is("entry") { words.word("an entry's number")? } else { "total" };
    let shop = Text::from(telling.who);
    put(telling, sku, id, SkuRow::Holding(Holding { shop, stock: Default::default(), quantity }));
    Ok(())
}

fn figure(words: &mut Cursor<'_>, telling: &mut Telling<'_>) -> Result<(), Wrong> {
    let sku = words.sku()?;
    let quantity = words.pieces()?;
    let place = location(words)?;
    let shop = Text::from(telling.who);
    put(telling, sku, place.clone(), SkuRow::ShopFigure(ShopFigure { shop, location: place, quantity, basis: Basis::OnHand }));
    Ok(())
}

fn price(words: &mut Cursor<'_>, telling: &mut Telling<'_>) -> Result<(), Wrong> {
    let sku = words.sku()?;
    let amount = if words.is("deleted") { None } else { Some(words.amount()?) };
    let (mut list, mut tax_inside, mut minimum) = (Text::from("WEB"), true, Quantity::ZERO);
    let (mut in_currency, mut from, mut to) = (Currency::new("GBP").expect("a currency"), None, None);
    while let Some(word) = words.take() {
        match word {
            "list" => list = words.word("a price list")?.into(),
            "currency" => in_currency = currency(words)?,
            "minimum" => minimum = words.pieces()?,
            "tax-added" => tax_inside = false,
            "from" => from = Some(words.moment(&telling.clock())?),
            "to" => to = Some(words.moment(&telling.clock())?),
            other => return Err(words.wrong(format!("unknown word \"{other}\" of a price"))),
        }
    }
    let id = join_key(&[&list, in_currency.as_str(), &minimum.to_string(), &from.map(|from| from.0).unwrap_or_default().to_string()]);
    match amount {
        Some(amount) => {
            put(
                telling,
                sku,
                id,
                SkuRow::Price(Price { list, currency: in_currency, amount, tax_inside, unit: Text::default(), minimum, from, to }),
            );
        }
        None => telling.delete(Subject::Sku(sku), SkuRow::PRICE, id),
    }
    Ok(())
}

fn offer(words: &mut Cursor<'_>, telling: &mut Telling<'_>) -> Result<(), Wrong> {
    let id = words.word("an offer's number")?;
    let sku = words.sku()?;
    let mut row = Offer {
        name: id.into(),
        amount: None,
        currency: Currency::new("GBP"),
        percent: None,
        from: None,
        until: None,
        active: true,
        channels: Vec::new(),
    };
    if words.is("percent") {
        row.percent = Some(words.pieces()?);
    } else {
        row.amount = Some(words.amount()?);
    }
    while let Some(word) = words.take() {
        match word {
            "from" => row.from = Some(words.moment(&telling.clock())?),
            "until" => row.until = Some(words.moment(&telling.clock())?),
            "inactive" => row.active = false,
            "channel" => row.channels.push(words.word("a channel")?.into()),
            other => return Err(words.wrong(format!("unknown word \"{other}\" of an offer"))),
        }
    }
    put(telling, sku, id, SkuRow::Offer(Box::new(row)));
    Ok(())
}

fn kit(words: &mut Cursor<'_>, telling: &mut Telling<'_>) -> Result<(), Wrong> {
    let kit = words.sku()?;
    for (pieces, part) in items(words)? {
        put(telling, kit.clone(), part.as_str(), SkuRow::KitPart(KitPart { part: part.clone(), pieces }));
    }
    Ok(())
}

fn expected(words: &mut Cursor<'_>, telling: &mut Telling<'_>) -> Result<(), Wrong> {
    let id = words.word("a purchase's number")?;
    words.is(":");
    let (quantity, sku) = (words.pieces()?, words.sku()?);
    let place = location(words)?;
    if !words.is("on") {
        return Err(words.wrong("expected \"on\" and the moment when the goods are expected"));
    }
    let expected_at = words.moment(&telling.clock())?;
    put(telling, sku, id, SkuRow::Expected(Expected { location: place, quantity, expected_at }));
    Ok(())
}

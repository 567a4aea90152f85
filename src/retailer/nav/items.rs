//! NAV's items, variants and sales prices: there from before (a snapshot reads them), a price changes now and then.

use super::rows::BLANK_DATE;
use crate::retailer::catalogue::Article;
use crate::retailer::clock::System;
use crate::retailer::feeds::Feed;
use crate::retailer::json::object;
use crate::retailer::op::Op;
use crate::retailer::world::World;

/// What the connector's snapshot reads of items and prices; how many rows.
pub(super) fn snapshot(world: &mut World, prices: &[i64]) -> usize {
    let mut rows = 0;
    let articles = world.articles.clone();
    let mut last = "";
    for (place, article) in articles.iter().enumerate() {
        if article.item != last {
            last = &article.item;
            rows += 1;
            let image = item_image(article);
            let key = object(|key| {
                key.text("No_", &article.item);
            });
            world.change(Feed::NavItem, Op::Read, key, None, Some(&image));
        }
        if let Some(variant) = article.variant {
            rows += 1;
            let key = object(|key| {
                key.text("Item No_", &article.item).text("Code", variant);
            });
            let image = object(|row| {
                row.text("timestamp", "AAAAAACh0gE=")
                    .text("Code", variant)
                    .text("Item No_", &article.item)
                    .text("Description", &article.name);
                row.text("Description 2", "").int("Blocked", 0);
            });
            world.change(Feed::NavItemVariant, Op::Read, key, None, Some(&image));
        }
        rows += 1;
        let price = prices.get(place).copied().unwrap_or(article.price);
        let image = price_image(article, price);
        world.change(Feed::NavSalesPrice, Op::Read, price_key(article), None, Some(&image));
    }
    rows
}

/// A price of the list changes: before, after.
pub(super) fn change_price(world: &mut World, place: usize, (before, after): (i64, i64)) {
    let Some(article) = world.articles.get(place).cloned() else { return };
    let (before, after) = (price_image(&article, before), price_image(&article, after));
    world.begin(System::Nav);
    world.change(Feed::NavSalesPrice, Op::Update, price_key(&article), Some(&before), Some(&after));
}

fn item_image(article: &Article) -> Vec<u8> {
    let name =
        if article.variant.is_some() { article.name.rsplit_once(' ').map_or(&*article.name, |(stem, _)| stem) } else { &article.name };
    object(|row| {
        row.text("timestamp", "AAAAAACh0gA=")
            .text("No_", &article.item)
            .text("No_ 2", "")
            .text("Description", name)
            .text("Description 2", "");
        row.texts(&[("Base Unit of Measure", "PCS"), ("Sales Unit of Measure", "PCS")])
            .int("Type", 0)
            .text("Item Category Code", article.category);
        row.hundredths("Unit Price", article.price, 20)
            .hundredths("Unit Cost", article.cost, 20)
            .int("Price Includes VAT", 0)
            .text("GTIN", "");
        row.ints(&[("Blocked", 0), ("Sales Blocked", 0), ("Costing Method", 0), ("Last Date Modified", BLANK_DATE)])
            .text("VAT Prod_ Posting Group", "STD");
    })
}

fn price_key(article: &Article) -> Vec<u8> {
    object(|key| {
        key.text("Item No_", &article.item)
            .int("Sales Type", 2)
            .text("Sales Code", "")
            .int("Starting Date", BLANK_DATE)
            .text("Currency Code", "");
        key.text("Variant Code", article.variant.unwrap_or(""))
            .text("Unit of Measure Code", "PCS")
            .text("Minimum Quantity", "0.00000000000000000000");
    })
}

/// Sales Type 2: all customers.
fn price_image(article: &Article, price: i64) -> Vec<u8> {
    object(|row| {
        row.text("timestamp", "AAAAAACh0gI=").text("Item No_", &article.item).int("Sales Type", 2).text("Sales Code", "");
        row.int("Starting Date", BLANK_DATE).text("Currency Code", "").text("Variant Code", article.variant.unwrap_or(""));
        row.text("Unit of Measure Code", "PCS")
            .hundredths("Minimum Quantity", 0, 20)
            .hundredths("Unit Price", price, 20)
            .int("Price Includes VAT", 0);
        row.int("Ending Date", BLANK_DATE)
            .ints(&[("Allow Line Disc_", 1), ("Allow Invoice Disc_", 1)])
            .text("VAT Bus_ Posting Gr_ (Price)", "");
    })
}

//! What the retailer sells: styles in three sizes (configurable products) and things that come in one.

use super::chance::{CATALOGUE, Dice};

/// A stock keeping unit.
#[derive(Clone, Debug)]
pub struct Article {
    /// As every system spells it: `TEE-0001-M`.
    pub sku: String,
    /// NAV's item, and its variant.
    pub item: String,
    pub variant: Option<&'static str>,
    pub name: String,
    /// Net price and unit cost, in hundredths.
    pub price: i64,
    pub cost: i64,
    pub category: &'static str,
    /// Magento's product, and the configurable that it belongs to.
    pub product: i64,
    pub parent_product: Option<i64>,
    pub weight_grams: i64,
}

/// Stem of the item number, name, category, price and grams.
const STYLES: [(&str, &str, &str, i64, i64); 6] = [
    ("TEE", "T-shirt", "CLOTHES", 1_999, 180),
    ("SWT", "Sweatshirt", "CLOTHES", 4_450, 520),
    ("JCK", "Rain jacket", "OUTDOOR", 8_995, 760),
    ("SCK", "Walking socks", "CLOTHES", 1_250, 90),
    ("SHT", "Linen shirt", "CLOTHES", 5_499, 260),
    ("BLT", "Leather belt", "ACCESSORY", 2_975, 210),
];
const THINGS: [(&str, &str, &str, i64, i64); 5] = [
    ("MUG", "Enamel mug", "HOME", 1_149, 310),
    ("LMP", "Desk lamp", "HOME", 6_500, 1_900),
    ("BAG", "Canvas bag", "ACCESSORY", 2_425, 400),
    ("NTB", "Notebook", "PAPER", 833, 240),
    ("BTL", "Steel bottle", "OUTDOOR", 1_917, 350),
];
const COLOURS: [&str; 7] = ["black", "navy", "moss", "sand", "rust", "grey", "plum"];
const SIZES: [&str; 3] = ["S", "M", "L"];

/// The articles for so many orders: a twentieth of them, at least twelve.
pub fn catalogue(seed: u64, orders: u32) -> Vec<Article> {
    let count = (orders as usize / 20).max(12);
    let mut dice = Dice::new(seed, CATALOGUE);
    let mut articles = Vec::with_capacity(count + 2);
    let mut item = 0;
    while articles.len() < count {
        item += 1;
        let configurable = item % 3 != 0;
        let (stem, noun, category, price, grams) = if configurable { dice.pick(&STYLES) } else { dice.pick(&THINGS) };
        let price = (price * dice.range(70, 140) / 100).max(300);
        let cost = price * dice.range(28, 55) / 100;
        let name = format!("{noun} {}", dice.pick(&COLOURS));
        let number = format!("{stem}-{item:04}");
        let product = 1_000 + i64::from(item) * 10;
        if !configurable {
            let weight_grams = grams;
            articles.push(Article {
                sku: number.clone(),
                item: number,
                variant: None,
                name,
                price,
                cost,
                category,
                product,
                parent_product: None,
                weight_grams,
            });
            continue;
        }
        for (place, size) in SIZES.into_iter().enumerate() {
            articles.push(Article {
                sku: format!("{number}-{size}"),
                item: number.clone(),
                variant: Some(size),
                name: format!("{name} {size}"),
                price,
                cost,
                category,
                product: product + 1 + place as i64,
                parent_product: Some(product),
                weight_grams: grams,
            });
        }
    }
    articles
}

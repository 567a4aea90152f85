//! `[locations.CODE]` and `[channels.NAME]`: where goods are, and what sells them.

use toml::de::DeValue;

use super::document::{Section, found, suggestion};
use super::sources::Draft;
use super::values;
use crate::entities::rules::{Channel, Location, StockRules};
use crate::facts::{Quantity, Role, Sku, SourceId, Text};

/// `stock` takes what concerns stock alone.
pub fn locations(mut section: Section<'_>, sources: &[Draft<'_>], stock: &mut StockRules) -> Vec<Location> {
    let mut locations: Vec<Location> = Vec::new();
    let mut claimed: Vec<(Text, Text, usize)> = Vec::new();
    for (code, mut section) in section.sections() {
        let location = location(&code, &mut section, sources);
        if section.read("in_transit", values::flag).unwrap_or(false) {
            stock.in_transit.push(location.code.clone());
        }
        for name in std::iter::once(&location.code).chain(&location.aliases) {
            match claimed.iter().find(|(claimed, owner, _)| claimed == name && *owner != location.code) {
                Some((_, owner, line)) => {
                    section.problem(
                        "aliases",
                        format!("\"{name}\" already names the location {owner} (line {line}): a name leads to one place"),
                    );
                }
                None => claimed.push((name.clone(), location.code.clone(), section.line())),
            }
        }
        section.finish();
        locations.push(location);
    }
    locations
}

fn location(code: &str, section: &mut Section<'_>, sources: &[Draft<'_>]) -> Location {
    let wms_named = section.read("wms", values::text);
    let counted_named = section.read("counted_by", |value| match value {
        DeValue::Array(list) if list.len() != 1 => Err("one system counts a location: name one source".to_owned()),
        DeValue::Array(_) => values::texts(value).map(|list| list.concat()),
        value => values::text(value),
    });
    let wms = match wms_named.as_deref() {
        Some("none") => None,
        Some(name) => playing(section, "wms", name, sources, &[Role::Wms]),
        None => only(sources, Role::Wms),
    };
    let by_default = wms.or_else(|| only(sources, Role::Erp)).or_else(|| only(sources, Role::Shop));
    let counted_by = match counted_named {
        Some(name) => playing(section, "counted_by", &name, sources, &[]),
        None if by_default.is_none() && !section.has("counted_by") => {
            section.problem("counted_by", "is missing: name the one source that counts the goods here");
            None
        }
        None => by_default,
    };
    let list = |list: Vec<String>| list.iter().map(Text::from).collect();
    Location {
        code: code.into(),
        aliases: section.read("aliases", values::texts).map(list).unwrap_or_default(),
        wms,
        counted_by,
        sellable_buckets: section.read("sellable_buckets", values::texts).map(list).unwrap_or_default(),
        fixed_orders: section.read("fixed_orders", values::flag).unwrap_or(false),
    }
}

/// The only source that plays the role.
fn only(sources: &[Draft<'_>], role: Role) -> Option<SourceId> {
    let mut playing = sources.iter().filter(|source| source.plays(role));
    playing.next().filter(|_| playing.next().is_none()).map(|source| source.id)
}

/// The source of this name, which must play one of the roles (none given: any).
pub fn playing(section: &Section<'_>, key: &str, name: &str, sources: &[Draft<'_>], roles: &[Role]) -> Option<SourceId> {
    let Some(source) = sources.iter().find(|source| source.name == name) else {
        let near = suggestion(name, sources.iter().map(|source| source.name.as_str()));
        section.problem(key, format!("there is no source \"{name}\"{near}"));
        return None;
    };
    if !roles.is_empty() && !roles.iter().any(|role| source.plays(*role)) {
        let wanted: Vec<&str> = roles.iter().map(|role| role_name(*role)).collect();
        section.problem(key, format!("the source \"{name}\" (line {}) does not play {}", source.line, wanted.join(" or ")));
        return None;
    }
    Some(source.id)
}

pub fn role_name(role: Role) -> &'static str {
    super::sources::ROLES.iter().find(|(_, known)| *known == role).map_or("", |(name, _)| name)
}

pub fn channels(mut section: Section<'_>, sources: &[Draft<'_>], locations: &[Location], stock: &mut StockRules) -> Vec<Channel> {
    let mut channels: Vec<Channel> = Vec::new();
    for (name, below) in section.sections() {
        let read = channel(&name, below, sources, locations, &channels, stock);
        channels.extend(read);
    }
    channels
}

fn channel(
    name: &str,
    mut section: Section<'_>,
    sources: &[Draft<'_>],
    locations: &[Location],
    before: &[Channel],
    stock: &mut StockRules,
) -> Option<Channel> {
    if let Some(inside) = section.read("prices_include_tax", values::flag) {
        stock.prices_include_tax.insert(name.into(), inside);
    }
    let brand = section.read("brand", values::text).unwrap_or_else(|| name.to_owned());
    let shop = shop(&mut section, sources);
    let pool = pool(&mut section, locations);
    let safety_stock = section.read("safety_stock", values::quantity).unwrap_or(Quantity::ZERO);
    let safety_by_sku = safety_by_sku(section.section("safety_by_sku"));
    let price_list = section.read("price_list", values::text).unwrap_or_default();
    let currency = section.required("currency", "the currency of its prices, as in currency = \"GBP\"", values::currency);
    let zone = section.read("zone", values::zone).map(|(name, _)| name);
    let stores: Vec<Text> = section.read("stores", values::ids).unwrap_or_default();
    let taken = |store: &Text| before.iter().find(|other| Some(other.shop.as_str()) == shop.as_deref() && other.stores.contains(store));
    if let Some((store, other)) = stores.iter().find_map(|store| Some((store, taken(store)?))) {
        section
            .problem("stores", format!("the store {store} is one of the channel {} already: a store belongs to one channel", other.name));
    }
    let stock_id = section.read("stock_id", values::id).unwrap_or_default();
    section.finish();
    let shop_zone = || sources.iter().find(|source| Some(&source.name) == shop.as_ref()).map(|source| source.zone.0.clone());
    let zone = zone.or_else(shop_zone).unwrap_or_else(|| "UTC".to_owned());
    Some(Channel {
        name: name.into(),
        brand: brand.into(),
        shop: shop?.into(),
        pool,
        safety_stock,
        safety_by_sku,
        price_list: price_list.into(),
        currency: currency?,
        zone: zone.into(),
        takes_orders: !stores.is_empty(),
        stores,
        stock_id,
    })
}

/// The shop that was named, else the only one there is.
fn shop(section: &mut Section<'_>, sources: &[Draft<'_>]) -> Option<String> {
    if let Some(name) = section.read("shop", values::text) {
        playing(section, "shop", &name, sources, &[Role::Shop, Role::Pos])?;
        return Some(name);
    }
    let mut selling = sources.iter().filter(|source| source.sells());
    match (selling.next(), selling.next()) {
        (Some(one), None) => Some(one.name.clone()),
        (None, _) => {
            section.problem("shop", "no source plays shop or pos: a channel sells through one");
            None
        }
        (Some(_), Some(_)) => {
            section.problem("shop", "is missing: several sources play shop or pos; say through which one this channel sells");
            None
        }
    }
}

/// Codes of the locations that were named, by code or alias; all of them when the key is absent.
fn pool(section: &mut Section<'_>, locations: &[Location]) -> Vec<Text> {
    let Some(names) = section.read("pool", values::texts) else {
        return locations.iter().map(|location| location.code.clone()).collect();
    };
    let mut pool = Vec::new();
    for name in names {
        let found = locations.iter().find(|location| location.code == name || location.aliases.iter().any(|alias| *alias == name));
        match found {
            Some(location) if !pool.contains(&location.code) => pool.push(location.code.clone()),
            Some(_) => section.problem("pool", format!("names the location \"{name}\" twice")),
            None => {
                let near = suggestion(&name, locations.iter().map(|location| location.code.as_str()));
                section.problem("pool", format!("there is no section [locations.{name}]{near}"));
            }
        }
    }
    pool
}

fn safety_by_sku(mut section: Section<'_>) -> Vec<(Sku, Quantity)> {
    let mut by_sku: Vec<(Sku, Quantity)> = Vec::new();
    for (name, line, value) in section.pairs() {
        let key = section.path(&name);
        match (Sku::new(&name), values::quantity(value)) {
            (Some(sku), Ok(_)) if by_sku.iter().any(|(known, _)| *known == sku) => {
                section.diagnostics().problem(line, key, "names a SKU twice (case does not tell them apart)");
            }
            (Some(sku), Ok(quantity)) => by_sku.push((sku, quantity)),
            (None, _) => section.diagnostics().problem(line, key, format!("expected a SKU, found {}", found(value))),
            (_, Err(sentence)) => section.diagnostics().problem(line, key, sentence),
        }
    }
    by_sku.sort();
    by_sku
}

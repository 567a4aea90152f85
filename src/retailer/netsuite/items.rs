//! NetSuite's items, as its REST records tell them: a matrix item and its children, with the price of all customers.

use crate::facts::Moment;
use crate::retailer::catalogue::Article;
use crate::retailer::json::{Object, object};

/// Ids of items begin here, those of matrix items so much later.
const IDS: usize = 500;
pub(super) const PARENTS: usize = 100_000;

/// The internal id of an article's item.
pub(super) fn id(place: usize) -> String {
    (IDS + place).to_string()
}

pub(super) fn key(place: usize) -> Vec<u8> {
    id(place).into_bytes()
}

/// As lists show it: a child's name behind its parent's.
pub(super) fn shown(item: &str, sku: &str) -> String {
    if item == sku { sku.to_owned() } else { format!("{item} : {sku}") }
}

/// `2026-03-02T07:00:00Z`: whole minutes.
fn minute(at: Moment) -> String {
    Moment(at.0 - at.0.rem_euclid(60_000)).to_string()
}

fn reference(record: &mut Object<'_>, name: &str, id: &str, text: &str) {
    let inner = object(|inner| {
        inner.raw("links", b"[]").text("id", id).text("refName", text);
    });
    record.raw(name, &inner);
}

pub(super) fn item((place, parent): (usize, usize), article: &Article, price: i64, at: Moment) -> Vec<u8> {
    object(|record| {
        record.raw("links", b"[]").text("id", &id(place)).text("itemId", &article.sku).text("displayName", &article.name);
        if article.variant.is_some() {
            reference(record, "parent", &id(PARENTS + parent), &article.item);
            record.raw("matrixType", br#"{"id":"CHILD","refName":"CHILD"}"#);
        }
        reference(record, "class", "4", article.category);
        record.raw("isInactive", b"false").text("lastModifiedDate", &minute(at)).raw("price", &prices(price));
    })
}

/// What is only a heading of its children.
pub(super) fn parent(place: usize, article: &Article, at: Moment) -> Vec<u8> {
    let name = article.name.rsplit_once(' ').map_or(&*article.name, |(stem, _)| stem);
    object(|record| {
        record.raw("links", b"[]").text("id", &id(PARENTS + place)).text("itemId", &article.item).text("displayName", name);
        record.raw("matrixType", br#"{"id":"PARENT","refName":"PARENT"}"#);
        record.raw("isInactive", b"false").text("lastModifiedDate", &minute(at));
    })
}

fn prices(price: i64) -> Vec<u8> {
    let base = object(|base| {
        base.raw("links", b"[]").text("priceLevelName", "Base Price").raw("currencyPage", br#"{"id":"1","refName":"1"}"#);
        base.raw("price", format!("{}.{:02}", price / 100, price % 100).as_bytes()).raw("quantity", br#"{"value":"0"}"#);
    });
    object(|list| {
        list.raw("links", b"[]").raw("items", &[b"[", &base[..], b"]"].concat()).int("totalResults", 1);
    })
}

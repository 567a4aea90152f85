//! Keys and small identifiers.

use std::fmt;

use compact_str::CompactString;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use unicode_normalization::UnicodeNormalization;

/// Short text: inline up to 24 bytes.
pub type Text = CompactString;

/// A configured source. Stable across restarts and changes of the configuration: a hash of its name (`check` refuses two that collide).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SourceId(pub u16);

/// A Kafka topic, by a hash of its name (`check` refuses two that collide): state keeps where a row came from in four bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TopicId(pub u32);

const fn fnv(text: &str) -> u32 {
    let bytes = text.as_bytes();
    let mut hash: u32 = 0x811c_9dc5;
    let mut i = 0;
    while i < bytes.len() {
        hash = (hash ^ bytes[i] as u32).wrapping_mul(0x0100_0193);
        i += 1;
    }
    hash
}

impl SourceId {
    /// Waybill itself: the owner of derived rows.
    pub const WAYBILL: Self = Self(0);

    /// Of the configured name.
    pub const fn of(name: &str) -> Self {
        let hash = fnv(name);
        let short = ((hash >> 16) ^ hash) as u16;
        Self(if short == 0 { 1 } else { short })
    }
}

impl TopicId {
    /// Of the topic's name.
    pub const fn of(name: &str) -> Self {
        Self(fnv(name))
    }
}

/// The Kafka record that a row came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Cause {
    /// Its topic.
    pub topic: TopicId,
    /// Its partition.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
}

impl Cause {
    /// No record: the clock alone.
    pub const NONE: Self = Self { topic: TopicId(0), partition: -1, offset: -1 };
}

/// An order, by the key of the system that it was placed in: `source|native id`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OrderKey(pub Text);

impl OrderKey {
    /// `source` is the configured name of the shop (or ERP) that the order was placed in.
    pub fn new(source: &str, native: &str) -> Self {
        Self(join_key(&[source, native]))
    }

    /// The shop's own id of the order: the part of its key after the source.
    pub fn native(&self) -> Text {
        unescaped(self.0.split_once('|').map_or(self.0.as_str(), |(_, id)| id))
    }
}

/// What another system calls an order: a scope (`order-number`, `nav.document`, `tracking` ...) and the native id in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Alias {
    /// Which kind of number, and whose.
    pub scope: Text,
    /// The number.
    pub id: Text,
}

impl Alias {
    /// The public number of an order, by which other systems refer to it; `number_scope` in the configuration tells shops apart that number alike.
    pub const ORDER_NUMBER: &'static str = "order-number";
    /// A parcel's tracking number.
    pub const TRACKING: &'static str = "tracking";

    /// How the scope of a *blind return* ends: goods, or a counter's return, that a system received without naming an order.
    const BLIND_RETURN: &'static str = ".blind-return";

    /// Of a scope and a number.
    pub fn new(scope: &str, id: &str) -> Self {
        Self { scope: scope.into(), id: id.into() }
    }

    /// The alias of a return that names no order, by its number in the source: its rows wait there until somebody says whose they are.
    pub fn blind_return(source: &str, number: &str) -> Self {
        Self::new(&format!("{source}{}", Self::BLIND_RETURN), number)
    }

    /// Is it the alias of a return that names no order?
    pub fn is_blind_return(&self) -> bool {
        self.scope.ends_with(Self::BLIND_RETURN)
    }

    /// As [`fmt::Display`] writes it: scope and id with a blank between them.
    pub fn parse(text: &str) -> Option<Self> {
        let (scope, id) = text.trim().split_once(' ')?;
        (!scope.is_empty() && !id.is_empty()).then(|| Self::new(scope, id))
    }

    /// The id as people write it: without the kind that a source puts before numbers which are unique only within a kind (`1:SO-7` is the
    /// document SO-7).
    pub fn number(&self) -> &str {
        match self.id.split_once(':') {
            Some((kind, number)) if !kind.is_empty() && !number.is_empty() => number,
            _ => &self.id,
        }
    }
}

impl fmt::Display for Alias {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.scope, self.id)
    }
}

/// A stock keeping unit: trimmed, Unicode NFC, upper case (rows.md, "SKU key"). The source's own spelling stays in its row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Sku(Text);

impl Sku {
    /// The longest SKU that is carried, in bytes; a longer one is refused with the field's name.
    pub const BYTES_MAX: usize = 512;

    /// `None` when `text` is blank or longer than [`Self::BYTES_MAX`].
    pub fn new(text: &str) -> Option<Self> {
        let trimmed = text.trim();
        if trimmed.is_empty() || trimmed.len() > Self::BYTES_MAX {
            return None;
        }
        if trimmed.is_ascii() {
            let mut key = Text::from(trimmed);
            key.make_ascii_uppercase();
            return Some(Self(key));
        }
        Some(Self(trimmed.nfc().flat_map(char::to_uppercase).nfc().collect()))
    }

    /// The key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Sku {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A customer: `account|source|id`, or `guest|brand|digest of the email`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CustomerKey(pub Text);

impl CustomerKey {
    /// An account of a source.
    pub fn account(source: &str, id: &str) -> Self {
        Self(join_key(&["account", source, id]))
    }

    /// A guest of a brand, by the digest of the address.
    pub fn guest(brand: &str, email: &Digest) -> Self {
        Self(join_key(&["guest", brand, &email.to_string()]))
    }

    /// Is it a guest, known by an address alone?
    pub fn is_guest(&self) -> bool {
        self.0.starts_with("guest|")
    }
}

/// HMAC-SHA-256 of a trimmed, lower-cased email address, cut to 16 bytes; the secret comes from the configuration.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Digest(pub [u8; 16]);

impl Digest {
    /// So many bytes at the beginning are zero where the address is masked.
    const MASK_BYTES: usize = 4;

    /// A marketplace's address that stands for another one: nobody is joined by it.
    pub fn is_masked(&self) -> bool {
        self.0[..Self::MASK_BYTES].iter().all(|byte| *byte == 0)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [0; 32];
        for (two, byte) in text.chunks_exact_mut(2).zip(self.0) {
            two.copy_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
        }
        f.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Makes the digests of email addresses. Cloned into adapters; the secret is never shown.
#[derive(Clone)]
pub struct Digester {
    /// What has taken in the secret, and no address yet.
    keyed: std::sync::Arc<Hmac<Sha256>>,
    /// Domains of masked addresses, in lower case.
    masked: std::sync::Arc<[Text]>,
}

impl Digester {
    /// With this secret.
    pub fn new(secret: &[u8]) -> Self {
        let keyed = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes a key of any length");
        Self { keyed: std::sync::Arc::new(keyed), masked: [].into() }
    }

    /// ... and these domains, whose addresses are masked; domains below them too.
    pub fn with_masked(self, domains: impl Iterator<Item = Text>) -> Self {
        Self { masked: domains.map(|domain| domain.to_lowercase()).collect(), ..self }
    }

    fn is_masked(&self, address: &str) -> bool {
        let domain = address.rsplit_once('@').map_or("", |(_, domain)| domain);
        let below = |masked: &Text| domain.strip_suffix(masked.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        self.masked.iter().any(below)
    }

    /// `None` for a blank address.
    pub fn email(&self, address: &str) -> Option<Digest> {
        let trimmed = address.trim();
        if trimmed.is_empty() {
            return None;
        }
        let mut mac = Hmac::clone(&self.keyed);
        let address = trimmed.to_lowercase();
        mac.update(address.as_bytes());
        let full = mac.finalize().into_bytes();
        let mut cut = [0; 16];
        cut.copy_from_slice(&full[..16]);
        if self.is_masked(&address) {
            cut[..Digest::MASK_BYTES].fill(0);
        }
        Some(Digest(cut))
    }
}

impl fmt::Debug for Digester {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digester(secret)")
    }
}

/// Joins the parts of a key by `|`; `|` and `%` in them are percent-encoded (gates.md, "Keys").
pub fn join_key(parts: &[&str]) -> Text {
    let between = parts.len().saturating_sub(1);
    let mut key = Text::with_capacity(parts.iter().map(|part| part.len()).sum::<usize>() + between);
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            key.push('|');
        }
        let mut rest = *part;
        while let Some(at) = rest.bytes().position(|byte| matches!(byte, b'|' | b'%')) {
            key.push_str(&rest[..at]);
            key.push_str(if rest.as_bytes()[at] == b'|' { "%7C" } else { "%25" });
            rest = &rest[at + 1..];
        }
        key.push_str(rest);
    }
    key
}

/// The parts of a key as they were before [`join_key`].
pub fn split_key(key: &str) -> impl Iterator<Item = Text> {
    key.split('|').map(unescaped)
}

fn unescaped(part: &str) -> Text {
    // Mostly nothing is escaped.
    if part.as_bytes().contains(&b'%') { part.replace("%7C", "|").replace("%25", "%").into() } else { part.into() }
}

/// What stands before and behind the last `|` that this mark follows.
fn split_at_mark(id: &str, mark: u8) -> Option<(&str, &str)> {
    // Ids of all rows are asked: a search for a text of two bytes would first make a table.
    let at = id.as_bytes().windows(2).rposition(|two| two == [b'|', mark])?;
    Some((&id[..at], &id[at + 2..]))
}

/// The id of a row of a list that its source reads as a whole: what the row is about, and its number in the list. Of the rows about one thing only those
/// of the newest list count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListedRow<'a> {
    /// What the row is about, as [`join_key`] makes it.
    pub base: &'a str,
}

impl<'a> ListedRow<'a> {
    /// The id of the row with this number (from 1) about `base`.
    pub fn id(base: &str, number: u32) -> Text {
        let mut id = Text::from(base);
        id.push_str("|#");
        id.push_str(itoa::Buffer::new().format(number));
        id
    }

    /// Reads an id; `None`: it is not of a list.
    pub fn of(id: &'a str) -> Option<Self> {
        let (base, number) = split_at_mark(id, b'#')?;
        (!number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())).then_some(Self { base })
    }
}

/// What stands for the SKU of goods of which a source tells only its own id. A row of the order that tells both says which SKU it is.
pub struct ItemId;

impl ItemId {
    const KIND: &'static str = "|ITEM|";

    /// The SKU that stands for this id of the source; `None`: the id is blank or too long.
    pub fn sku(source: &str, id: &str) -> Option<Sku> {
        if id.trim().is_empty() { None } else { Sku::new(&join_key(&[source, "ITEM", id])) }
    }

    /// The id that this SKU stands for; `None`: it is a SKU.
    pub fn of(sku: &Sku) -> Option<&str> {
        // No SKU of a shop has such a mark: the search for it costs more than a look at all of them.
        if !sku.0.as_bytes().contains(&b'|') {
            return None;
        }
        sku.as_str().split_once(Self::KIND).map(|(_, id)| id)
    }
}

/// The id of a row of a document that its source tells whole each time, a line that was taken off without a word: what the list is of, and the row's own id
/// in it. Of the rows of one list only those of its newest telling stand; an empty list leaves a deletion under the empty id.
pub struct WholeList;

impl WholeList {
    /// The id of the row `id` of the list `base`, as [`join_key`] makes it.
    pub fn id(base: &str, id: &str) -> Text {
        Text::from_iter([base, "|=", &join_key(&[id])])
    }

    /// The list that the row with this id belongs to; `None`: to none.
    pub fn of(id: &str) -> Option<&str> {
        split_at_mark(id, b'=').map(|(base, _)| base)
    }
}

/// The number under which a warehouse gets an order that it cannot change afterwards: `number~location~step`, one for each release, never given again.
/// What the warehouse tells under it leads back to the order.
pub struct RequestNumber;

impl RequestNumber {
    /// Of the order's public number, the location, and the step of the release.
    pub fn of(number: &str, location: &str, step: u32) -> Text {
        Text::from(format!("{number}~{location}~{step}"))
    }

    /// The order's public number in it; a number that is none of these is the order's own.
    pub fn order_number(number: &str) -> &str {
        let mut parts = number.rsplitn(3, '~');
        match (parts.next(), parts.next(), parts.next()) {
            (Some(step), Some(location), Some(order))
                if !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit()) && !location.is_empty() && !order.is_empty() =>
            {
                order
            }
            _ => number,
        }
    }
}

/// What a source itself calls the row with this id among the others of its document: the last part of the id.
pub fn own_part(id: &str) -> Text {
    let last = split_at_mark(id, b'=').or_else(|| id.rsplit_once('|')).map_or(id, |(_, last)| last);
    split_key(last).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skus_that_people_take_for_equal_are_equal() {
        assert_eq!(Sku::new("  tee-blk-m "), Sku::new("TEE-BLK-M"));
        assert_eq!(Sku::new("cafe\u{301}"), Sku::new("CAFÉ"));
        assert_eq!(Sku::new("   "), None);
        assert_eq!(Sku::new(&"x".repeat(513)), None);
    }

    #[test]
    fn parts_of_a_key_cannot_run_into_each_other() {
        assert_ne!(join_key(&["a|b", "c"]), join_key(&["a", "b|c"]));
        assert_ne!(join_key(&["a%7Cb"]), join_key(&["a|b"]));
    }

    #[test]
    fn a_request_number_leads_back_to_its_order() {
        assert_eq!(RequestNumber::order_number(&RequestNumber::of("10~42", "LDN", 2)), "10~42");
        for own in ["100000042", "A~B", "1~LDN~", "1~~2", "~LDN~2", "1~LDN~x"] {
            assert_eq!(RequestNumber::order_number(own), own);
        }
    }

    #[test]
    fn a_row_is_called_by_the_last_part_of_its_id() {
        assert_eq!(own_part(&join_key(&["1", "SO-7", "10000"])), "10000");
        assert_eq!(own_part(&WholeList::id("7301", "3|a")), "3|a");
        assert_eq!(own_part("7"), "7");
    }

    #[test]
    fn one_address_has_one_digest_for_each_secret() {
        let digester = Digester::new(b"secret");
        assert_eq!(digester.email(" Anne@Example.com"), digester.email("anne@example.com"));
        assert_ne!(digester.email("anne@example.com"), Digester::new(b"other").email("anne@example.com"));
    }

    #[test]
    fn an_address_of_a_marketplace_is_known_by_its_domain() {
        let digester = Digester::new(b"secret").with_masked(["Market.example".into()].into_iter());
        let masked = |address: &str| digester.email(address).is_some_and(|digest| digest.is_masked());
        assert!(masked("x7f3@market.example") && masked("x7f3@UK.MARKET.EXAMPLE"));
        assert!(!masked("anne@supermarket.example") && !masked("anne@example.com") && !masked("market.example"));
        assert_ne!(digester.email("a@market.example"), digester.email("b@market.example"));
        assert_eq!(digester.email("anne@example.com"), Digester::new(b"secret").email("anne@example.com"));
    }
}

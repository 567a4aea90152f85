//! Tables of status words: what a system writes, and what it means to us.

use std::collections::BTreeMap;

use crate::facts::order::Word;

use super::settings::suggestion;

/// Meanings that a configuration can name by their own words (`part-despatched`). They stand in rank order: a later one is further.
pub trait Meaning: serde::de::DeserializeOwned + Clone + 'static {
    /// The names, in rank order.
    const NAMES: &'static [&'static str];

    /// The meaning of this name.
    fn named(name: &str) -> Option<Self> {
        use serde::de::IntoDeserializer;
        let name: serde::de::value::StrDeserializer<'_, serde::de::value::Error> = name.into_deserializer();
        Self::deserialize(name).ok()
    }
}

macro_rules! meanings {
    ($($name:ident: $($word:literal),+;)+) => {
        $(impl Meaning for $name { const NAMES: &'static [&'static str] = &[$($word),+]; })+
    };
}

use crate::facts::customer::{ConsentState, Purpose};
use crate::facts::order::{
    Advice, ChargeKind, Condition, DisposedTo, DisputeState, DocumentKind, ErpState, GoodsExpected, LineKind, LineRole, Needs, Origin,
    PostedKind, RefundState, Resolution, ReturnState, ScanMeaning, ShopState, Tender, Terms, TransactionKind, WarehouseState,
};

meanings! {
    WarehouseState: "new", "allocated", "picking", "picked", "packed", "part-despatched", "despatched", "held", "cancelled", "closed";
    ScanMeaning: "withdrawn", "label", "transit", "delayed", "out-for-delivery", "collect", "attempted", "returning", "lost", "delivered";
    Condition: "sellable", "damaged", "unspoken", "rejected", "other-item";
    DisputeState: "open", "won", "lost";
    TransactionKind: "authorisation", "capture", "void";
    RefundState: "pending", "success", "failed";
    ReturnState: "asked", "approved", "closed", "posted", "rejected", "withdrawn";
    Resolution: "refund", "store-credit", "exchange", "repair", "reject";
    GoodsExpected: "yes", "no", "proof";
    DisposedTo: "stock", "write-off", "sent-back", "quarantine";
    Tender: "card", "bank", "cash", "cash-on-delivery", "on-account", "store-credit", "gift-card", "exchange";
    ConsentState: "yes", "no", "pending", "unset";
    Purpose: "mail", "profiling";
    Origin: "web", "pos", "erp", "market";
    Terms: "prepaid", "on-account", "cash-on-delivery";
    Advice: "partial", "whole";
    LineRole: "sale", "leaf", "both", "text";
    LineKind: "goods", "gift-card", "service", "tip";
    Needs: "ship", "collect", "digital", "taken", "drop-ship";
    ChargeKind: "shipping", "wrapping", "duty", "handling", "tip", "rounding";
    ErpState: "pending", "approved", "closed", "cancelled", "posted";
}

impl Meaning for ShopState {
    const NAMES: &'static [&'static str] = &["open", "cancelled", "closed"];

    fn named(name: &str) -> Option<Self> {
        [Self::Open, Self::Cancelled, Self::Closed].into_iter().zip(Self::NAMES).find(|(_, known)| **known == name).map(|(state, _)| state)
    }
}

impl Meaning for DocumentKind {
    const NAMES: &'static [&'static str] = &["order", "return"];

    fn named(name: &str) -> Option<Self> {
        [Self::Order, Self::Return].into_iter().zip(Self::NAMES).find(|(_, known)| **known == name).map(|(kind, _)| kind)
    }
}

impl Meaning for PostedKind {
    const NAMES: &'static [&'static str] = &["shipment", "invoice", "return-receipt", "credit-note"];

    fn named(name: &str) -> Option<Self> {
        let kinds = [Self::Shipment, Self::Invoice, Self::ReturnReceipt, Self::CreditNote];
        kinds.into_iter().zip(Self::NAMES).find(|(_, known)| **known == name).map(|(kind, _)| kind)
    }
}

/// A table of words, compared trimmed and without case.
#[derive(Clone, Debug)]
pub struct Words<T> {
    words: Vec<(String, T)>,
}

impl<T: Meaning> Words<T> {
    /// The defaults, overlaid by the configured table (word -> name of a meaning). `key` names the table in errors.
    pub fn new(key: &str, defaults: &[(&str, T)], configured: &BTreeMap<String, String>) -> Result<Self, Vec<String>> {
        let mut words = Vec::new();
        let mut errors = Vec::new();
        for (word, name) in configured {
            match T::named(name) {
                Some(meaning) => words.push((plain(word), meaning)),
                None => errors.push(format!("{key}.\"{word}\": unknown meaning \"{name}\"{}", suggestion(name, T::NAMES))),
            }
        }
        words.extend(defaults.iter().map(|(word, meaning)| (plain(word), meaning.clone())));
        if errors.is_empty() { Ok(Self { words }) } else { Err(errors) }
    }

    /// The word's meaning, if it has one.
    pub fn get(&self, text: &str) -> Option<&T> {
        let text = text.trim();
        let same = |word: &&(String, T)| word.0 == text || word.0.chars().eq(text.chars().flat_map(char::to_lowercase));
        self.words.iter().find(same).map(|(_, meaning)| meaning)
    }

    /// The word's meaning; an unknown one is kept as it was written.
    pub fn read(&self, text: &str) -> Word<T> {
        self.get(text).map_or_else(|| Word::Unknown(text.trim().into()), |meaning| Word::Known(meaning.clone()))
    }
}

fn plain(word: &str) -> String {
    word.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_named<T: Meaning>() {
        for name in T::NAMES {
            assert!(T::named(name).is_some(), "{name}");
        }
    }

    #[test]
    fn every_name_of_a_meaning_is_read() {
        all_named::<WarehouseState>();
        all_named::<ScanMeaning>();
        all_named::<Condition>();
        all_named::<RefundState>();
        all_named::<ReturnState>();
        all_named::<Resolution>();
        all_named::<GoodsExpected>();
        all_named::<DisposedTo>();
        all_named::<Tender>();
        all_named::<ConsentState>();
        all_named::<Purpose>();
        all_named::<Origin>();
        all_named::<Terms>();
        all_named::<Advice>();
        all_named::<LineRole>();
        all_named::<LineKind>();
        all_named::<Needs>();
        all_named::<ChargeKind>();
        all_named::<ErpState>();
        all_named::<ShopState>();
        all_named::<PostedKind>();
        all_named::<DisputeState>();
        all_named::<TransactionKind>();
    }

    #[test]
    fn the_configured_word_goes_before_the_default_and_an_unknown_one_is_kept() {
        let configured = BTreeMap::from([("Packed".to_owned(), "picked".to_owned())]);
        let words = Words::new("statuses", &[("packed", WarehouseState::Packed)], &configured).expect("a table");
        assert_eq!(words.read(" PACKED "), Word::Known(WarehouseState::Picked));
        assert_eq!(words.read("On its way"), Word::Unknown("On its way".into()));
        let wrong = BTreeMap::from([("Packed".to_owned(), "pickt".to_owned())]);
        let error = Words::new("statuses", &[("packed", WarehouseState::Packed)], &wrong).expect_err("a wrong meaning");
        assert_eq!(error, ["statuses.\"Packed\": unknown meaning \"pickt\"; did you mean \"picked\"?"]);
    }
}

//! The adapter as its bodies see it: settings, and how Shopify writes values.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::envelope::{Cell, Decimals, DecodeError, TimeUnit};
use crate::facts::order::Tender;
use crate::facts::{Amount, CustomerKey, Moment, OrderKey, Place, Quantity};
use crate::sources::adapter::Common;
use crate::sources::words::Words;

/// The keys of `[sources.NAME]` for `kind = "shopify"`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ShopifySettings {
    /// The topics that the bodies land on.
    #[serde(default = "topics")]
    pub(super) topics: Vec<String>,
    /// Payment gateway -> tender. Default: gift cards, store credit, manual methods; any other gateway is a card.
    #[serde(default)]
    pub(super) tenders: BTreeMap<String, String>,
}

fn topics() -> Vec<String> {
    ["orders", "refunds", "order-transactions", "inventory-levels", "customers"].iter().map(|name| format!("shopify.{name}")).collect()
}

pub(super) const TENDERS: &[(&str, Tender)] = &[
    ("bank deposit", Tender::Bank),
    ("cash", Tender::Cash),
    ("cash on delivery (cod)", Tender::CashOnDelivery),
    ("gift_card", Tender::GiftCard),
    ("manual", Tender::Bank),
    ("money order", Tender::Bank),
    ("shopify_store_credit", Tender::StoreCredit),
];

/// The adapter.
pub(super) struct Shopify {
    pub(super) common: Common,
    pub(super) settings: ShopifySettings,
    pub(super) tenders: Words<Tender>,
}

/// Row id of the payment by cards, banks and the like.
pub(super) const PAYMENT: &str = "payment";

/// What reading a body depends on beside its members.
pub(super) struct Context<'c> {
    pub(super) shopify: &'c Shopify,
    /// Version and time of bodies that carry none.
    pub(super) taken_at: Moment,
    pub(super) digest: u64,
}

impl Context<'_> {
    pub(super) fn order(&self, id: &Cell<'_>) -> Result<OrderKey, DecodeError> {
        Ok(OrderKey::new(&self.shopify.common.name, &id.id()?))
    }

    pub(super) fn account(&self, id: &str) -> CustomerKey {
        CustomerKey::account(&self.shopify.common.name, id)
    }

    pub(super) fn tender(&self, gateway: &str) -> Tender {
        self.shopify.tenders.get(gateway).copied().unwrap_or(Tender::Card)
    }

    pub(super) fn stamp(&self, at: Moment, rank: u32) -> Place {
        Place::Stamp { millis: at.0, rank, tie: self.digest }
    }
}

pub(super) fn amount(cell: &Cell<'_>) -> Result<Amount, DecodeError> {
    cell.amount(Decimals::Text, 0)
}

pub(super) fn opt_amount(cell: &Cell<'_>) -> Result<Option<Amount>, DecodeError> {
    cell.opt_amount(Decimals::Text, 0)
}

pub(super) fn pieces(cell: &Cell<'_>) -> Result<Quantity, DecodeError> {
    Ok(cell.opt_quantity(Decimals::Text, 0)?.unwrap_or_default())
}

pub(super) fn moment(cell: &Cell<'_>) -> Result<Option<Moment>, DecodeError> {
    cell.opt_moment(TimeUnit::Millis)
}

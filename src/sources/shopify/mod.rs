//! Shopify Plus: webhook bodies landed on Kafka, the webhook's headers as the record's headers.
//!
//! | Webhook (`X-Shopify-Topic`) | Rows |
//! |---|---|
//! | `orders/*` but `edited` and `delete` | the whole order: header, addresses, lines, progress, charges, payments, refunds; what the shop holds back; link of the number |
//! | `orders/delete` | the header's deletion |
//! | `refunds/create`, `order_transactions/create` | refunds, one for each transaction of kind `refund` |
//! | `inventory_levels/update`, `connect` | the shop's figure, where whoever lands the bodies adds the `sku`: Shopify sends only its item's id |
//! | `customers/create`, `update`, `enable`, `disable` | account |
//! | `customers_email_marketing_consent/update` | consent to mail |
//!
//! All else is passed over by name; so are `fulfillments/*`, which tell of one parcel, while each order's body tells the totals of all.
//! A record without the header is known by its Kafka topic's last part (`shopify.orders`, `shopify.refunds-create`).
//!
//! **Versions** are stamps: `updated_at` (whole seconds), then how far the body has got (cancelled, refunds, fulfilments), then a digest of
//! its bytes. A refund's row is versioned by its transaction: when it was made, then how far its state is.
//!
//! **Money** is what the buyer saw (`presentment_money`); plain members are in the shop's currency and are read where the two are one.

mod money;
mod order;
mod others;
mod refunds;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use super::words::Words;
use super::{Adapter, Common, FactsOut, Kind, Reading, Skip, settings};
use crate::envelope::{Cell, Decimals, DecodeError, Record, TimeUnit, body};
use crate::facts::order::Tender;
use crate::facts::{Amount, CustomerKey, Moment, OrderKey, Place, Quantity, Role, Text};

pub const KIND: Kind = Kind { name: "shopify", label: "Shopify Plus (webhook bodies)", fixtures: "shopify", roles: &[Role::Shop], build };

/// The keys of `[sources.NAME]` for `kind = "shopify"`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// The topics that the bodies land on.
    #[serde(default = "topics")]
    topics: Vec<String>,
    /// Payment gateway -> tender. Default: gift cards, store credit, manual methods; any other gateway is a card.
    #[serde(default)]
    tenders: BTreeMap<String, String>,
}

fn topics() -> Vec<String> {
    ["orders", "refunds", "order-transactions", "inventory-levels", "customers"].iter().map(|name| format!("shopify.{name}")).collect()
}

const TENDERS: &[(&str, Tender)] = &[
    ("bank deposit", Tender::Bank),
    ("cash", Tender::Cash),
    ("cash on delivery (cod)", Tender::CashOnDelivery),
    ("gift_card", Tender::GiftCard),
    ("manual", Tender::Bank),
    ("money order", Tender::Bank),
    ("shopify_store_credit", Tender::StoreCredit),
];

struct Shopify {
    common: Common,
    settings: Settings,
    tenders: Words<Tender>,
}

fn build(common: &Common, table: &toml::Table) -> Result<Arc<dyn Adapter>, Vec<String>> {
    let settings: Settings = settings::read(table)?;
    let tenders = Words::new("tenders", TENDERS, &settings.tenders)?;
    Ok(Arc::new(Shopify { common: common.clone(), settings, tenders }))
}

impl Adapter for Shopify {
    fn revision(&self) -> u16 {
        2
    }

    fn topics(&self) -> Vec<String> {
        self.settings.topics.clone()
    }

    fn translate(&self, record: &Record<'_>, out: &mut FactsOut<'_>) -> Result<Reading, DecodeError> {
        let Some(value) = record.value else { return Ok(Reading::Skipped(Skip::Housekeeping)) };
        let told = out.len();
        self.webhook(&event(record), value, record, out).inspect_err(|_| out.truncate(told))
    }
}

impl Shopify {
    fn webhook(&self, event: &str, value: &[u8], record: &Record<'_>, out: &mut FactsOut<'_>) -> Result<Reading, DecodeError> {
        let cx = Context { shopify: self, taken_at: triggered_at(record), digest: xxhash_rust::xxh3::xxh3_64(value) };
        let value = Some(value);
        match event {
            "orders"
            | "orders_create"
            | "orders_updated"
            | "orders_paid"
            | "orders_cancelled"
            | "orders_fulfilled"
            | "orders_partially_fulfilled"
            | "orders_link_requested" => order::translate(&cx, &body::object(value)?, out)?,
            "orders_delete" => order::delete(&cx, &body::object(value)?, out)?,
            "refunds" | "refunds_create" => refunds::refund(&cx, &body::object(value)?, out)?,
            "order_transactions" | "order_transactions_create" => refunds::transaction(&cx, &body::object(value)?, out)?,
            "inventory_levels" | "inventory_levels_update" | "inventory_levels_connect" => {
                return others::inventory_level(&cx, &body::object(value)?, out);
            }
            "customers" | "customers_create" | "customers_update" | "customers_enable" | "customers_disable" => {
                others::customer(&cx, &body::object(value)?, out)?;
            }
            "customers_email_marketing_consent_update" => others::consent(&cx, &body::object(value)?, out)?,
            other => return Ok(Reading::Skipped(Skip::UnknownTable(other.into()))),
        }
        Ok(Reading::Understood)
    }
}

/// The webhook's topic in one spelling (`orders_create`) of the three there are: `orders/create`, `ORDERS_CREATE`, and the last part of a
/// Kafka topic's name, `orders-create`.
fn event(record: &Record<'_>) -> Text {
    let told = record.header("X-Shopify-Topic");
    let name = told.unwrap_or_else(|| record.topic.rsplit('.').next().unwrap_or_default());
    name.trim().chars().map(|c| if matches!(c, '/' | '-') { '_' } else { c.to_ascii_lowercase() }).collect()
}

/// The finest clock that a delivery has; else when it was landed.
fn triggered_at(record: &Record<'_>) -> Moment {
    record.header("X-Shopify-Triggered-At").and_then(Moment::parse_rfc3339).unwrap_or(record.timestamp)
}

/// One body, beside what it says.
struct Context<'c> {
    shopify: &'c Shopify,
    /// Version and time of bodies that carry none.
    taken_at: Moment,
    digest: u64,
}

impl Context<'_> {
    fn order(&self, id: &Cell<'_>) -> Result<OrderKey, DecodeError> {
        Ok(OrderKey::new(&self.shopify.common.name, &id.id()?))
    }

    fn account(&self, id: &str) -> CustomerKey {
        CustomerKey::account(&self.shopify.common.name, id)
    }

    fn tender(&self, gateway: &str) -> Tender {
        self.shopify.tenders.get(gateway).copied().unwrap_or(Tender::Card)
    }

    fn stamp(&self, at: Moment, rank: u32) -> Place {
        Place::Stamp { millis: at.0, rank, tie: self.digest }
    }
}

fn amount(cell: &Cell<'_>) -> Result<Amount, DecodeError> {
    cell.amount(Decimals::Text, 0)
}

fn opt_amount(cell: &Cell<'_>) -> Result<Option<Amount>, DecodeError> {
    cell.opt_amount(Decimals::Text, 0)
}

fn pieces(cell: &Cell<'_>) -> Result<Quantity, DecodeError> {
    Ok(cell.opt_quantity(Decimals::Text, 0)?.unwrap_or_default())
}

fn moment(cell: &Cell<'_>) -> Result<Option<Moment>, DecodeError> {
    cell.opt_moment(TimeUnit::Millis)
}

#[cfg(test)]
mod tests;

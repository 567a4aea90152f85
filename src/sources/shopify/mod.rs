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
//! All else is skipped and counted by name. So are `fulfillments/*`: they hold one parcel, while each order's body holds the totals of all.
//! A record without the header is known by its Kafka topic's last part (`shopify.orders`, `shopify.refunds-create`).
//!
//! **Versions** are stamps: `updated_at` (whole seconds), then how far the body has got (cancelled, refunds, fulfilments), then a digest of
//! its bytes. A refund's row is versioned by its transaction: when it was made, then how far its state is.
//!
//! **Money** is what the buyer saw (`presentment_money`); plain members are in the shop's currency and are read where the two are one.

mod context;
mod money;
mod order;
mod others;
mod refunds;

use std::sync::Arc;

use self::context::{Context, Shopify, ShopifySettings, TENDERS};
use super::adapter::{Adapter, Common, Reading, Skip, SystemKind};
use super::facts_out::FactsOut;
use super::settings;
use super::words::Words;
use crate::envelope::{DecodeError, Record, body};
use crate::facts::{Moment, Role, Text};

pub const KIND: SystemKind =
    SystemKind { name: "shopify", label: "Shopify Plus (webhook bodies)", fixtures: "shopify", roles: &[Role::Shop], build };

fn build(common: &Common, table: &toml::Table) -> Result<Arc<dyn Adapter>, Vec<String>> {
    let settings: ShopifySettings = settings::read(table)?;
    let tenders = Words::new("tenders", TENDERS, &settings.tenders)?;
    Ok(Arc::new(Shopify { common: common.clone(), settings, tenders }))
}

impl Adapter for Shopify {
    fn revision(&self) -> u16 {
        order::REVISION + refunds::REVISION + others::REVISION
    }

    fn topics(&self) -> Vec<String> {
        self.settings.topics.clone()
    }

    fn translate(&self, record: &Record<'_>, out: &mut FactsOut<'_>) -> Result<Reading, DecodeError> {
        let Some(value) = record.value else { return Ok(Reading::Skipped(Skip::Housekeeping)) };
        out.all_or_none(|out| self.webhook(&event(record), value, record, out))
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
    let name = record.header("X-Shopify-Topic");
    let name = name.unwrap_or_else(|| record.topic.rsplit('.').next().unwrap_or_default());
    name.trim().chars().map(|c| if matches!(c, '/' | '-') { '_' } else { c.to_ascii_lowercase() }).collect()
}

/// The finest clock that a delivery has; else when it was landed.
fn triggered_at(record: &Record<'_>) -> Moment {
    record.header("X-Shopify-Triggered-At").and_then(Moment::parse_rfc3339).unwrap_or(record.timestamp)
}

#[cfg(test)]
mod tests;

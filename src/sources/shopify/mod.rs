//! Shopify Plus: webhook bodies landed on Kafka, the webhook's headers as the record's headers.
//!
//! | Webhook (`X-Shopify-Topic`) | Rows |
//! |---|---|
//! | `orders/*` but `edited` and `delete` | the whole order: header, addresses, lines, progress, charges, payments, refunds; what the shop holds back; link of the number |
//! | `orders/delete` | the header's deletion |
//! | `refunds/create`, `order_transactions/create` | refunds, one for each transaction of kind `refund`; captures, authorisations, voids |
//! | `disputes/create`, `update` | disputes |
//! | `returns/request`, `approve`, `decline`, `cancel`, `close`, `reopen` | authorisations of returns |
//! | `inventory_levels/update`, `connect`, `disconnect` | the shop's figure, where whoever lands the bodies adds the `sku`: Shopify sends only its item's id |
//! | `customers/create`, `update`, `enable`, `disable` | account |
//! | `customers/delete` | the account's deletion |
//! | `customers/merge` | the merge of two customers, once its `status` is `completed` |
//! | `customers/redact` | the erasure of a person, and of the orders that it names |
//! | `customers_email_marketing_consent/update` | consent to mail |
//! | `fulfillments/create`, `update` | one parcel: its numbers, how far it is; its pieces, if it has a number |
//!
//! All else is skipped and counted by name: among it `fulfillment_events/*`, which do not name the parcel's number, and `returns/update` and `process`,
//! which name neither the order nor all lines (the return's state and its refund come by the others).
//! A record without the header is known by its Kafka topic's last part (`shopify.orders`, `shopify.refunds-create`).
//!
//! **Versions** are stamps: `updated_at` (whole seconds), then `X-Shopify-Triggered-At`, then how far the body has got (cancelled, refunds,
//! money, fulfilments), then a digest of its bytes. A refund's row is versioned by its transaction: when it was made, then how far its state is.
//!
//! **Money** is what the buyer saw (`presentment_money`); plain members are in the shop's currency and are read where the two are one.

mod charges;
mod context;
mod fulfilled;
mod fulfilments;
mod goods;
mod items;
mod money;
mod order;
mod others;
mod people;
mod refunds;
mod returned;
mod returns;
mod webhook;
mod whole;
mod wrapped;

use std::sync::Arc;

use self::context::{Context, Shopify, ShopifySettings, TENDERS};
use self::webhook::{event, triggered_at};
use super::adapter::{Adapter, Common, Reading, Skip, SystemKind};
use super::facts_out::FactsOut;
use super::settings;
use super::words::Words;
use crate::envelope::{DecodeError, Record, body};
use crate::facts::{Moment, Role};

pub const KIND: SystemKind =
    SystemKind { name: "shopify", label: "Shopify Plus (webhook bodies)", fixtures: "shopify", roles: &[Role::Shop], build };

fn build(common: &Common, table: &toml::Table) -> Result<Arc<dyn Adapter>, Vec<String>> {
    let settings: ShopifySettings = settings::read(table)?;
    let tenders = Words::new("tenders", TENDERS, &settings.tenders)?;
    Ok(Arc::new(Shopify { common: common.clone(), settings, tenders }))
}

impl Adapter for Shopify {
    fn revision(&self) -> u16 {
        order::REVISION
            + goods::REVISION
            + charges::REVISION
            + fulfilments::REVISION
            + refunds::REVISION
            + returned::REVISION
            + returns::REVISION
            + others::REVISION
            + people::REVISION
    }

    fn topics(&self) -> Vec<String> {
        self.settings.topics.clone()
    }

    fn translate(&self, record: &Record<'_>, out: &mut FactsOut<'_>) -> Result<Reading, DecodeError> {
        let Some(value) = record.value else { return Ok(Reading::Skipped(Skip::Housekeeping)) };
        let told = out.all_or_none(|out| self.webhook(&event(record), value, triggered_at(record), record, out));
        if let Ok(Reading::Understood) = told {
            return told;
        }
        // A bare body is read at once; what is none may have one inside.
        match wrapped::unwrapped(value, record) {
            Ok(Some(inner)) => out.all_or_none(|out| self.webhook(&inner.event, &inner.body, inner.triggered_at, record, out)),
            Ok(None) => told,
            Err(error) => Err(error),
        }
    }
}

impl Shopify {
    fn webhook(
        &self,
        event: &str,
        value: &[u8],
        triggered_at: Option<Moment>,
        record: &Record<'_>,
        out: &mut FactsOut<'_>,
    ) -> Result<Reading, DecodeError> {
        let taken_at = triggered_at.unwrap_or(record.timestamp);
        let cx = Context { shopify: self, triggered_at, taken_at, digest: xxhash_rust::xxh3::xxh3_64(value) };
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
            "fulfillments" | "fulfillments_create" | "fulfillments_update" => {
                fulfilments::alone(&cx, body::object(value)?, out)?;
            }
            "refunds" | "refunds_create" => refunds::refund(&cx, &body::object(value)?, out)?,
            "order_transactions" | "order_transactions_create" => refunds::transaction(&cx, &body::object(value)?, out)?,
            "returns" | "returns_request" | "returns_approve" | "returns_decline" | "returns_cancel" | "returns_close"
            | "returns_reopen" => {
                returns::translate(&cx, &body::object(value)?, out)?;
            }
            "disputes" | "disputes_create" | "disputes_update" => refunds::dispute(&cx, &body::object(value)?, out)?,
            "inventory_levels" | "inventory_levels_update" | "inventory_levels_connect" => {
                return others::inventory_level(&cx, &body::object(value)?, out);
            }
            "inventory_levels_disconnect" => return others::disconnected(&cx, &body::object(value)?, out),
            "customers" | "customers_create" | "customers_update" | "customers_enable" | "customers_disable" => {
                others::customer(&cx, &body::object(value)?, out)?;
            }
            "customers_delete" => people::deleted(&cx, &body::object(value)?, out)?,
            "customers_merge" => return people::merged(&cx, &body::object(value)?, out),
            "customers_redact" => people::redacted(&cx, &body::object(value)?, out)?,
            "customers_data_request" => {
                return Ok(Reading::Skipped(Skip::UnknownTable("customers_data_request: for a person to answer".into())));
            }
            "customers_email_marketing_consent_update" => others::consent(&cx, &body::object(value)?, out)?,
            other => return Ok(Reading::Skipped(Skip::UnknownTable(other.into()))),
        }
        Ok(Reading::Understood)
    }
}

#[cfg(test)]
mod tests;

//! Inventory levels, customers and their consent.

use super::context::{Context, moment, opt_shopify_id, shopify_id, word};
use crate::envelope::{Decimals, DecodeError, columns};
use crate::facts::customer::{Consent, ConsentState, CustomerAccount, Purpose};
use crate::facts::ids::join_key;
use crate::facts::sku::{Basis, ShopFigure};
use crate::facts::{CustomerKey, CustomerRow, SkuRow, Subject};
use crate::sources::adapter::{Reading, Skip};
use crate::sources::facts_out::FactsOut;

/// Raise it when the meaning changes that this file gives to a record: records read again then count as newer.
pub(super) const REVISION: u16 = 2;

columns! {
    /// Shopify's members, and `sku`, which whoever lands the bodies may add from `inventory_items`.
    pub(super) struct InventoryLevel { location_id, available, updated_at, sku }

    pub(super) struct Customer { id, email, created_at, updated_at }

    pub(super) struct MailConsent { customer_id, email_address, email_marketing_consent }
    struct ConsentGiven { state, consent_updated_at }
}

const WITHOUT_SKU: &str = "inventory_levels without sku";

pub(super) fn inventory_level(cx: &Context<'_>, level: &InventoryLevel<'_>, out: &mut FactsOut<'_>) -> Result<Reading, DecodeError> {
    if level.sku.filled()?.is_none() {
        return Ok(Reading::Skipped(Skip::UnknownTable(WITHOUT_SKU.into())));
    }
    let (sku, location) = (level.sku.sku()?, shopify_id(&level.location_id)?);
    let at = moment(&level.updated_at)?.ok_or_else(|| level.updated_at.error("the moment when the level was changed"))?;
    let place = cx.stamp(at, 0);
    match level.available.opt_quantity(Decimals::Text, 0)? {
        Some(quantity) => {
            // `available` is net of what Shopify has committed to its own orders.
            let basis = cx.shopify.common.counts.unwrap_or(Basis::Free);
            let figure = ShopFigure { shop: cx.shopify.common.name.clone(), location: location.as_ref().into(), quantity, basis };
            out.sku(sku, location.as_ref(), place, at, SkuRow::ShopFigure(figure));
        }
        // Shopify keeps no stock of it, or no longer.
        None => out.deleted(Subject::Sku(sku), SkuRow::SHOP_FIGURE, location.as_ref(), place, at),
    }
    Ok(Reading::Understood)
}

/// The item is not stocked at the location any more: there is no figure, which is not a figure of zero.
pub(super) fn disconnected(cx: &Context<'_>, level: &InventoryLevel<'_>, out: &mut FactsOut<'_>) -> Result<Reading, DecodeError> {
    if level.sku.filled()?.is_none() {
        return Ok(Reading::Skipped(Skip::UnknownTable(WITHOUT_SKU.into())));
    }
    let location = shopify_id(&level.location_id)?;
    out.deleted(Subject::Sku(level.sku.sku()?), SkuRow::SHOP_FIGURE, location.as_ref(), cx.stamp_of_trigger(), cx.taken_at);
    Ok(Reading::Understood)
}

pub(super) fn customer(cx: &Context<'_>, customer: &Customer<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let common = &cx.shopify.common;
    let id = shopify_id(&customer.id)?;
    let at = moment(&customer.updated_at)?.ok_or_else(|| customer.updated_at.error("the moment when the customer was changed"))?;
    let account = CustomerAccount {
        brand: common.brand.clone(),
        email: customer.email.opt_text()?.and_then(|address| common.digester.email(&address)),
        created_at: moment(&customer.created_at)?,
        collective: false,
    };
    out.customer(cx.account(&id), id.as_ref(), cx.stamp(at, 0), at, CustomerRow::Account(account));
    Ok(())
}

pub(super) fn consent(cx: &Context<'_>, body: &MailConsent<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let common = &cx.shopify.common;
    let address = body.email_address.opt_text()?;
    let Some(digest) = address.and_then(|address| common.digester.email(&address)) else { return Ok(()) };
    let customer = match opt_shopify_id(&body.customer_id)? {
        Some(id) => cx.account(&id),
        None => CustomerKey::guest(&common.brand, &digest),
    };
    let cell = &body.email_marketing_consent;
    let given: ConsentGiven<'_> = cell.object()?.ok_or_else(|| cell.error("the consent"))?;
    let state = given.state().map_err(|error| error.within(cell.name()))?;
    let changed_at = moment(&given.consent_updated_at).map_err(|error| error.within(cell.name()))?;
    let at = changed_at.unwrap_or(cx.taken_at);
    let consent =
        Consent { address: digest, channel: "email".into(), brand: common.brand.clone(), purpose: Purpose::Mail, state, changed_at };
    let id = join_key(&[&digest.to_string(), "email", &common.brand, "mail"]);
    out.customer(customer, id, cx.stamp(cx.taken_at, 0), at, CustomerRow::Consent(consent));
    Ok(())
}

impl ConsentGiven<'_> {
    fn state(&self) -> Result<ConsentState, DecodeError> {
        match &*word(&self.state)? {
            "subscribed" => Ok(ConsentState::Yes),
            "unsubscribed" => Ok(ConsentState::No),
            "pending" => Ok(ConsentState::Pending),
            "not_subscribed" | "redacted" | "invalid" => Ok(ConsentState::Unset),
            _ => Err(self.state.error("subscribed, unsubscribed, pending, not_subscribed, redacted or invalid")),
        }
    }
}

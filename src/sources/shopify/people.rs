//! What becomes of customers: deleted, merged, to be forgotten. Of an address only the digest is kept.
//!
//! These bodies have no version: the moment when the webhook was triggered is theirs.

use super::context::{Context, opt_shopify_id, shopify_id, word};
use crate::envelope::{DecodeError, columns};
use crate::facts::customer::{Erasure, Merge};
use crate::facts::order::Forgotten;
use crate::facts::{CustomerKey, CustomerRow, OrderRow, Subject};
use crate::sources::adapter::{Reading, Skip};
use crate::sources::facts_out::FactsOut;

/// Raise it when the meaning changes that this file gives to a record: records read again then count as newer.
pub(super) const REVISION: u16 = 1;

columns! {
    pub(super) struct DeletedCustomer { id }

    pub(super) struct CustomerMerge { admin_graphql_api_customer_kept_id, admin_graphql_api_customer_deleted_id, status }

    pub(super) struct Redaction { customer, orders_to_redact }
    struct RedactedCustomer { id, email }
}

const COMPLETED: &str = "completed";
const BY: &str = "customers/redact";

pub(super) fn deleted(cx: &Context<'_>, customer: &DeletedCustomer<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let id = shopify_id(&customer.id)?;
    out.deleted(Subject::Customer(cx.account(&id)), CustomerRow::ACCOUNT, id.as_ref(), cx.stamp_of_trigger(), cx.taken_at);
    Ok(())
}

/// A merge that is still under way, or has failed, says nothing.
pub(super) fn merged(cx: &Context<'_>, merge: &CustomerMerge<'_>, out: &mut FactsOut<'_>) -> Result<Reading, DecodeError> {
    let status = word(&merge.status)?;
    if status != COMPLETED {
        return Ok(Reading::Skipped(Skip::UnknownTable(format!("customers_merge {status}").into())));
    }
    let kept = cx.account(&shopify_id(&merge.admin_graphql_api_customer_kept_id)?);
    let left = cx.account(&shopify_id(&merge.admin_graphql_api_customer_deleted_id)?);
    let id = kept.0.clone();
    out.customer(left, id, cx.stamp_of_trigger(), cx.taken_at, CustomerRow::Merge(Merge { kept }));
    Ok(Reading::Understood)
}

/// The person by id and by address, each where it is told; and orders by their ids, whoever's they are.
pub(super) fn redacted(cx: &Context<'_>, redaction: &Redaction<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let common = &cx.shopify.common;
    let (place, at) = (cx.stamp_of_trigger(), cx.taken_at);
    if let Some(customer) = redaction.customer.object::<RedactedCustomer<'_>>()? {
        let inside = |error: DecodeError| error.within(redaction.customer.name());
        let address = customer.email.opt_text().map_err(inside)?;
        let email = address.and_then(|address| common.digester.email(&address));
        let account = opt_shopify_id(&customer.id).map_err(inside)?.map(|id| cx.account(&id));
        let guest = email.map(|digest| CustomerKey::guest(&common.brand, &digest));
        for person in account.into_iter().chain(guest) {
            out.customer(person, "", place, at, CustomerRow::Erasure(Erasure { asked_at: at, by: BY.into(), email }));
        }
    }
    for order in redaction.orders_to_redact.elements()? {
        out.order(cx.order(&order)?, "", place, at, OrderRow::Forgotten(Forgotten { asked_at: at }));
    }
    Ok(())
}

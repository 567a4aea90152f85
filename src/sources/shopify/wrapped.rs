//! Bodies inside of something else: as Amazon EventBridge and Google Pub/Sub deliver webhooks, and as the Admin API answers.

use std::borrow::Cow;

use base64::Engine as _;

use super::webhook::{event, spelt, triggered_at};
use crate::envelope::{Cell, DecodeError, Record, body, columns};
use crate::facts::{Moment, Text};

columns! {
    struct Outer { detail, message, order, refund, transaction, customer, inventory_level }
    struct EventBridge { payload, metadata }
    struct PubSub { data, attributes }
    struct Headers { topic = "X-Shopify-Topic", triggered_at = "X-Shopify-Triggered-At" }
}

/// A body, with what its wrapper says of it.
pub(super) struct Unwrapped<'a> {
    pub(super) event: Text,
    pub(super) body: Cow<'a, [u8]>,
    pub(super) triggered_at: Option<Moment>,
}

/// The body inside; `None`: this is no wrapper.
pub(super) fn unwrapped<'a>(value: &'a [u8], record: &Record<'_>) -> Result<Option<Unwrapped<'a>>, DecodeError> {
    let Ok(outer) = body::object::<Outer<'_>>(Some(value)) else { return Ok(None) };
    if let Some(EventBridge { payload, metadata }) = outer.detail.object().ok().flatten()
        && !payload.is_null()
    {
        let inner = Cow::Borrowed(payload.json().as_bytes());
        return headed(inner, &metadata, record).map(Some).map_err(|error| error.within("detail"));
    }
    if let Some(PubSub { data, attributes }) = outer.message.object().ok().flatten()
        && !data.is_null()
    {
        let decode = |text: &str| base64::engine::general_purpose::STANDARD.decode(text).ok();
        let inner = data.text()?;
        let inner = decode(&inner).ok_or_else(|| data.error("the body as base64").within("message"))?;
        return headed(Cow::Owned(inner), &attributes, record).map(Some).map_err(|error| error.within("message"));
    }
    let event = event(record);
    let answer = match event.split('_').next().unwrap_or_default() {
        "orders" => outer.order,
        "refunds" => outer.refund,
        "order" => outer.transaction,
        "customers" => outer.customer,
        "inventory" => outer.inventory_level,
        _ => return Ok(None),
    };
    let inner = answer.json().starts_with('{').then(|| answer.json().as_bytes());
    Ok(inner.map(|inner| Unwrapped { event, body: Cow::Borrowed(inner), triggered_at: triggered_at(record) }))
}

/// The webhook's headers stand in the wrapper.
fn headed<'a>(body: Cow<'a, [u8]>, headers: &Cell<'_>, record: &Record<'_>) -> Result<Unwrapped<'a>, DecodeError> {
    let told: Headers<'_> = headers.object()?.unwrap_or_default();
    let event = match told.topic.filled().map_err(|error| error.within(headers.name()))? {
        Some(topic) => spelt(&topic),
        None => event(record),
    };
    let at = told.triggered_at.filled().map_err(|error| error.within(headers.name()))?;
    Ok(Unwrapped { event, body, triggered_at: at.and_then(|at| Moment::parse_rfc3339(&at)).or_else(|| triggered_at(record)) })
}

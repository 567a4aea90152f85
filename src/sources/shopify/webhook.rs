//! What a delivery says of itself: which webhook it is, and when it was triggered.

use crate::envelope::Record;
use crate::facts::{Moment, Text};

/// The webhook's topic in one spelling (`orders_create`) of the three there are: `orders/create`, `ORDERS_CREATE`, and the last part of a
/// Kafka topic's name, `orders-create`.
pub(super) fn event(record: &Record<'_>) -> Text {
    let name = record.header("X-Shopify-Topic").filter(|name| !name.trim().is_empty());
    spelt(name.unwrap_or_else(|| record.topic.rsplit('.').next().unwrap_or_default()))
}

pub(super) fn spelt(name: &str) -> Text {
    name.trim().chars().map(|c| if matches!(c, '/' | '-') { '_' } else { c.to_ascii_lowercase() }).collect()
}

/// The finest clock that a delivery has.
pub(super) fn triggered_at(record: &Record<'_>) -> Option<Moment> {
    record.header("X-Shopify-Triggered-At").and_then(Moment::parse_rfc3339)
}

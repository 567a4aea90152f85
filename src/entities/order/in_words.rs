//! A row in words, for people who read an order's history: what its source says, and when that happened. Without personal data.

use serde::Serialize;

use super::findings::text;
use crate::facts::order::LineRef;
use crate::facts::{Moment, OrderRow};

/// What the row says, and when it happened where the row tells a time of its own. `None`: nothing of an order's history (an address, a rule of stock).
pub fn in_words(row: &OrderRow) -> Option<(String, Option<Moment>)> {
    let line = |line: &LineRef| match line {
        LineRef::Line(id) => format!("line {id}"),
        LineRef::Sku(sku) => sku.to_string(),
    };
    Some(match row {
        OrderRow::Header(row) => (format!("the order is {}", state(&row.raw_state, "there")), None),
        OrderRow::Payment(row) if row.failed => (format!("a payment by {} failed", name(&row.tender)), None),
        OrderRow::Payment(row) if row.captured.is_zero() => (format!("nothing captured yet by {}", name(&row.tender)), None),
        OrderRow::Payment(row) => (format!("{} captured by {}", row.captured, name(&row.tender)), None),
        OrderRow::PaymentTransaction(row) => {
            let failed = if row.failed { ", failed" } else { "" };
            let amount = row.amount.map_or_else(String::new, |amount| format!(" of {amount}"));
            (format!("{}{amount}{failed}", name(&row.kind)), None)
        }
        OrderRow::Hold(row) if row.active => (format!("held: {}", row.reason), None),
        OrderRow::Cancellation(row) => (format!("{} of {} cancelled", row.total, line(&row.line)), None),
        OrderRow::ErpRecord(row) => (format!("recorded as {}: {}", row.document, text(&row.state)), row.created_at),
        OrderRow::ErpPosted(row) => (format!("{} {} posted: {} of {}", name(&row.kind), row.document, row.quantity, row.sku), None),
        OrderRow::WarehouseOrder(row) => (format!("the warehouse's order is {} ({})", text(&row.state), row.location), None),
        OrderRow::Despatch(row) => {
            (format!("{} of {} despatched in {}, by {}", row.quantity, line(&row.line), row.despatch, row.carrier), Some(row.despatched_at))
        }
        OrderRow::Tracking(row) => (format!("{} has the tracking number {}", row.despatch, row.number), None),
        OrderRow::Scan(row) => (format!("scan of {}: {}", row.tracking, text(&row.meaning)), Some(row.scanned_at)),
        OrderRow::Shipment(row) => (format!("shipment {}", row.number), Some(row.shipped_at)),
        OrderRow::ReturnLine(row) => (format!("return {} of {} of {}: {}", row.rma, row.quantity, line(&row.line), text(&row.state)), None),
        OrderRow::Receipt(row) => {
            (format!("{} of {} came back in {}: {}", row.quantity, line(&row.line), row.receipt, text(&row.condition)), None)
        }
        OrderRow::Disposition(row) => (format!("{} of {}: {}", row.quantity, line(&row.line), name(&row.to)), None),
        OrderRow::Refund(row) => {
            let sentence = format!("refund of {} {} by {}: {}", row.amount, row.currency, name(&row.tender), text(&row.state));
            (sentence, Some(row.refunded_at))
        }
        OrderRow::CreditLine(row) => (format!("{} of {} credited in {}", row.quantity, line(&row.line), row.credit), None),
        OrderRow::Dispute(row) => (format!("dispute of {} {}: {}", row.amount, row.currency, text(&row.state)), Some(row.disputed_at)),
        OrderRow::Decision(row) => (format!("{} decided {} about {}", row.who, row.choice, row.kind), None),
        OrderRow::Forgotten(row) => ("the person asks to be forgotten".to_owned(), Some(row.asked_at)),
        OrderRow::KeyReused(row) => (format!("its key was that of {} before", row.number), None),
        _ => return None,
    })
}

fn state<'t>(text: &'t str, empty: &'t str) -> &'t str {
    if text.is_empty() { empty } else { text }
}

/// The name of an enumeration's value, as the events have it.
fn name(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name.replace('-', " "),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entities::order::testing::placed_example;

    #[test]
    fn a_row_says_what_its_source_says_and_no_address() {
        let mut story = placed_example();
        story.despatched("D1", "TEE", 2);
        let state = story.state();
        let said: Vec<String> = state.rows.iter().filter_map(|(_, stored)| in_words(stored.row.as_ref()?)).map(|(said, _)| said).collect();
        assert!(said.iter().any(|said| said.starts_with("2 of TEE despatched in D1, by")), "{said:?}");
        assert!(said.iter().any(|said| said.contains("captured by card")), "{said:?}");
        assert!(!said.iter().any(|said| said.contains("Street")), "{said:?}");
    }
}

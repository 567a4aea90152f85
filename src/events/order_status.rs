//! `order-status`: how an order stands, for the account page and customer service. A statement, keyed by the order.

use serde::{Deserialize, Serialize};

use super::body::Statement;
use super::outlet::Outlet;
use crate::entities::last_emitted::LastEmitted;
use crate::entities::order::OrderView;
use crate::entities::order::sent::ParcelView;
use crate::entities::order::standing::{OrderStage, PaymentWord, ReturnStage};
use crate::entities::topics::Topic;
use crate::facts::order::ScanMeaning;
use crate::facts::{Moment, Quantity, Text};

/// Statement: how an order stands, for the account page and customer service. Newest wins. Keyed by the order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrderStatus {
    /// `topic|key|generation|revision`: no two events share one. The same as the header `id`.
    pub id: String,
    /// The order's key, `source|id` of the shop that it was placed in.
    pub order: Text,
    /// The order's public number, by the shop; the other systems refer to it.
    pub number: Text,
    /// The sales channel, as the configuration names it.
    pub channel: Text,
    /// How far the order is.
    pub stage: OrderStage,
    /// How far it is paid.
    pub payment: PaymentWord,
    /// How far what comes back is.
    pub return_stage: ReturnStage,
    /// What else is to be known: `part-cancelled`, `held` ...
    pub flags: Vec<Text>,
    /// Lines in the order's sequence.
    pub lines: Vec<StatusLine>,
    /// Parcels, oldest first.
    pub parcels: Vec<StatusParcel>,
    /// The moment promised to the customer; null if none.
    pub promised_at: Option<Moment>,
    /// How it stands, in a sentence for the customer.
    pub text: Text,
}

impl Statement for OrderStatus {
    const TOPIC: Topic = Topic::OrderStatus;
}

/// How an order line stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StatusLine {
    /// The shop's id of the order line.
    pub line: Text,
    /// SKU of the goods: trimmed, Unicode NFC, upper case.
    pub sku: Text,
    /// As placed.
    pub ordered: Quantity,
    /// Ordered less cancelled.
    pub wanted: Quantity,
    /// Left the house.
    pub despatched: Quantity,
    /// In parcels that are delivered.
    pub delivered: Quantity,
    /// Came back and accepted.
    pub returned: Quantity,
    /// Whose money is paid back.
    pub refunded: Quantity,
}

/// A parcel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StatusParcel {
    /// The warehouse's despatch number.
    pub parcel: Text,
    /// The carrier, in the warehouse's word.
    pub carrier: Text,
    /// Tracking number; null while unknown.
    pub tracking: Option<Text>,
    /// The newest scan's word; `despatched` before the first.
    pub stage: Text,
    /// When it left, by the warehouse's clock.
    pub despatched_at: Moment,
    /// When it was delivered, by the carrier's clock; null before.
    pub delivered_at: Option<Moment>,
    /// Delivered by time, without a scan.
    pub assumed: bool,
}

/// Emits how the order stands, once its header is there.
pub fn emit(view: &OrderView<'_>, last_emitted: &mut LastEmitted, outlet: &mut Outlet<'_>) {
    if let Some(status) = status(view) {
        outlet.emit_if_changed(last_emitted, view.key.0.clone(), Some(status));
    }
}

/// The status that the view comes to.
pub fn status(view: &OrderView<'_>) -> Option<OrderStatus> {
    let header = view.placed.header?;
    let lines = view.lines.iter().map(|line| StatusLine {
        line: line.id.into(),
        sku: line.sku.as_str().into(),
        ordered: line.ordered,
        wanted: line.sent.wanted,
        despatched: line.sent.despatched,
        delivered: line.sent.delivered,
        returned: line.back.returned,
        refunded: line.refunded,
    });
    let parcels = view.sent.parcels.iter().map(|parcel| StatusParcel {
        parcel: parcel.key.into(),
        carrier: parcel.carrier.into(),
        tracking: parcel.tracking.map(Text::from),
        stage: parcel_stage(parcel).into(),
        despatched_at: parcel.despatched_at,
        delivered_at: parcel.delivered_at,
        assumed: parcel.assumed,
    });
    Some(OrderStatus {
        id: String::new(),
        order: view.key.0.clone(),
        number: header.number.clone(),
        channel: header.channel.clone(),
        stage: view.standing.stage,
        payment: view.standing.payment,
        return_stage: view.standing.return_stage,
        flags: view.standing.flags.iter().map(|flag| Text::from(*flag)).collect(),
        lines: lines.collect(),
        parcels: parcels.collect(),
        promised_at: header.promised_at,
        text: text(view).into(),
    })
}

/// The newest scan's word; `despatched` before the first.
pub fn parcel_stage(parcel: &ParcelView<'_>) -> &'static str {
    match parcel.newest_scan.map(|(meaning, _)| meaning) {
        _ if parcel.assumed => "delivered",
        None | Some(ScanMeaning::Withdrawn | ScanMeaning::Label) => "despatched",
        Some(ScanMeaning::Transit) => "in-transit",
        Some(ScanMeaning::Delayed) => "delayed",
        Some(ScanMeaning::OutForDelivery) => "out-for-delivery",
        Some(ScanMeaning::Collect) => "ready-to-collect",
        Some(ScanMeaning::Attempted) => "attempted",
        Some(ScanMeaning::Returning) => "returning",
        Some(ScanMeaning::Lost) => "lost",
        Some(ScanMeaning::Delivered) => "delivered",
    }
}

/// For the customer: where his order is, then what came back and what was paid back.
fn text(view: &OrderView<'_>) -> String {
    let mut text = match view.standing.stage {
        OrderStage::Cancelled => "Your order is cancelled.",
        OrderStage::Delivered => "Your order is delivered.",
        OrderStage::PartDelivered => "A part of your order is delivered.",
        OrderStage::OutForDelivery => "Your order will be delivered today.",
        OrderStage::Despatched => "Your order is on its way.",
        OrderStage::PartDespatched => "A part of your order is on its way.",
        OrderStage::Packed => "Your order is packed.",
        OrderStage::Picking => "Your order is being packed.",
        OrderStage::Released => "Your order is at the warehouse.",
        OrderStage::Recorded | OrderStage::Placed => "We have your order.",
    }
    .to_owned();
    if view.standing.stage != OrderStage::Cancelled && view.standing.flags.contains(&"part-cancelled") {
        text.push_str(" A part of it is cancelled.");
    }
    text.push_str(match view.standing.return_stage {
        ReturnStage::None => "",
        ReturnStage::Asked => " You have asked to send something back.",
        ReturnStage::Logged => " We await what you send back.",
        ReturnStage::PartReceived => " We have a part of what you send back.",
        ReturnStage::Unlogged | ReturnStage::Received | ReturnStage::Refunded | ReturnStage::Reversed => " We have what you sent back.",
    });
    if view.money.refunded.is_positive() {
        let amount = view.money.refunded.display(view.money.currency);
        text.push_str(&format!(" {amount} {} are refunded.", view.money.currency));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entities::order::testing::{Story, line, pieces, released_example, rules};
    use crate::events::SealContext;
    use crate::facts::order::{Condition, ScanMeaning};

    #[test]
    fn a_status_says_how_the_order_stands_to_its_customer() {
        let mut story = released_example();
        story.despatched("D1", "TEE", 2).scanned("D1", ScanMeaning::Transit).cancelled("A", 1).cancelled("B", 1).warehouse_total(2);
        story.delivered("D1").authorised("RMA", "TEE", 1).received("RC", "TEE", 1, Condition::Damaged).refunded("R1", "47.07");
        let state = story.state();
        let view = story.view(&state);
        let status = status(&view).expect("a header");
        assert_eq!(
            (status.stage, status.return_stage, status.payment),
            (OrderStage::Delivered, ReturnStage::Received, PaymentWord::PartRefunded)
        );
        assert_eq!(status.flags, ["part-cancelled"]);
        assert_eq!((status.lines[0].wanted, status.lines[0].returned), (line(&view, "A").sent.wanted, pieces(1)));
        assert_eq!((status.parcels[0].stage.as_str(), status.parcels[0].tracking.as_deref()), ("delivered", Some("T-D1")));
        assert_eq!(status.text, "Your order is delivered. A part of it is cancelled. We have what you sent back. 47.07 GBP are refunded.");
    }

    #[test]
    fn nothing_is_said_before_the_header_is_there_and_nothing_twice() {
        let mut story = Story::new("GBP");
        story.line("A", "TEE", 1, "10.00", "0");
        let mut last = LastEmitted::default();
        let rules = rules();
        let mut says = |story: &Story| {
            let state = story.state();
            let context = SealContext { rules: &rules, tick: story.now, generation: 1, live: &|_| true };
            let mut outlet = Outlet::new(context, 1, Vec::new());
            emit(&story.view(&state), &mut last, &mut outlet);
            outlet.emissions.len()
        };
        assert_eq!(says(&story), 0);
        story.header("10.00");
        assert_eq!([says(&story), says(&story)], [1, 0]);
    }
}

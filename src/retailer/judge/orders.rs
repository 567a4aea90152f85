//! Orders: stages and pieces, go-aheads, and who was notified of what.

use super::heard::{Heard, OrderHeard};
use super::{Failures, Invariant, OrderTruth, Truth};
use crate::entities::order::standing::{OrderStage, ReturnStage};
use crate::events::notifications::MailKind;
use crate::events::{Receiver, sales_orders};
use crate::facts::time::Span;
use crate::retailer::clock::System;
use crate::retailer::faults::Mishap;
use crate::retailer::order::{Order, Story};
use crate::retailer::units::whole;

pub(super) fn check(heard: &Heard, truth: &Truth<'_>, failures: &mut Failures) {
    truth.orders.iter().for_each(|order| check_one(heard, order, failures));
    let known: std::collections::BTreeSet<String> = truth.orders.iter().map(|order| order.key()).collect();
    for key in heard.orders.keys().filter(|key| !known.contains(*key)) {
        failures.add(Invariant::Orders, format!("events speak of order {key}, which the shop does not have"));
    }
}

pub(super) fn check_one(heard: &Heard, order: &OrderTruth<'_>, failures: &mut Failures) {
    let silent = OrderHeard::default();
    let said = heard.orders.get(&order.key()).unwrap_or(&silent);
    story_over(order, said, failures);
    status(order, said, failures);
    requests(order, said, failures);
    parcels(order, said, failures);
    returns(order, said, failures);
    announced(order, said, failures);
    sold(order, said, failures);
    mails(order, said, failures);
}

const RECEIVERS: [Receiver; 2] = [Receiver::Shop, Receiver::Erp];

/// The order has ended: what is wanted has left and arrived, the ERP's documents are posted, the shop has shipped.
fn story_over(order: &OrderTruth<'_>, said: &OrderHeard, failures: &mut Failures) {
    let number = &order.number;
    let stage = said.status.as_ref().map_or("nothing".to_owned(), |status| format!("{:?}", status.stage).to_lowercase());
    if order.wants_any() && !order.despatched_all() {
        if order.waits {
            return;
        }
        let wanted: i64 = order.lines.iter().map(|line| line.wanted()).sum();
        let sent: i64 = order.lines.iter().map(|line| line.despatched).sum();
        let missing = match (&order.erp_document, order.released) {
            (None, _) => "the ERP has no record of it".to_owned(),
            (Some(document), false) => format!("the ERP has {document}, but the warehouse has no order of it"),
            (Some(_), true) => "the warehouse has its order and waits for the right quantities".to_owned(),
        };
        failures.add(
            Invariant::Orders,
            format!(
                "order {number} ({}): {sent} of {wanted} pieces left the house; {missing}; order-status says {stage}",
                order.story.label()
            ),
        );
        return;
    }
    if let Some(open) = order.erp_open.filter(|_| order.mishap != Some(Mishap::ErpTouched)) {
        failures.add(
            Invariant::Notices,
            format!("order {number}: the ERP still has {open} open, it was not told of all that left or came back"),
        );
    }
    for (line, shipped) in order.lines.iter().zip(&order.shop_shipped) {
        failures.same(Invariant::Notices, *shipped, line.despatched, |shop, really| {
            format!("order {number}: the shop shipped {shop} of item {}, the warehouse despatched {really}", line.item)
        });
    }
}

fn status(order: &Order, said: &OrderHeard, failures: &mut Failures) {
    let number = &order.number;
    let Some(status) = &said.status else {
        failures.add(Invariant::Orders, format!("order {number}: order-status never spoke of it (row sales_order {})", order.entity));
        return;
    };
    let stage = if !order.wants_any() && !order.despatched_any() {
        Some(OrderStage::Cancelled)
    } else {
        order.delivered_all().then_some(OrderStage::Delivered)
    };
    if let Some(really) = stage {
        failures.same(Invariant::Orders, status.stage, really, |said, really| {
            let parcels: Vec<&str> = order.parcels.iter().map(|parcel| parcel.tracking.as_str()).collect();
            format!(
                "order {number} ({}): order-status says {said:?}, it is {really:?} (parcels {})",
                order.story.label(),
                parcels.join(", ")
            )
        });
    }
    let really = match order.receipts.is_empty() {
        true => ReturnStage::None,
        // More is refunded than is due, and nobody has decided yet that it is fine.
        false if order.too_much() > 0 => ReturnStage::Received,
        false => ReturnStage::Reversed,
    };
    if order.rma.is_none() || !order.receipts.is_empty() {
        failures.same(Invariant::Orders, status.return_stage, really, |said, really| {
            let codes: Vec<&str> = order.receipts.iter().map(|receipt| receipt.code.as_str()).collect();
            format!("order {number}: order-status says the return is {said:?}, it is {really:?} (Return summary {})", codes.join(", "))
        });
    }
    for line in &order.lines {
        let Some(told) = status.lines.iter().find(|told| told.line.parse() == Ok(line.item)) else {
            failures.add(Invariant::Orders, format!("order {number}: order-status knows nothing of sales_order_item {}", line.item));
            continue;
        };
        let parcels = || order.parcels.iter().map(|parcel| parcel.number.as_str()).collect::<Vec<_>>().join(", ");
        let figures = [
            ("ordered", told.ordered, line.ordered),
            ("wanted", told.wanted, line.wanted()),
            ("despatched", told.despatched, line.despatched),
            ("delivered", told.delivered, line.delivered),
            ("returned", told.returned, line.back()),
        ];
        for (word, told, really) in figures {
            failures.same(Invariant::Orders, whole(told.decimal()), Some(really), |_, really| {
                let rows = format!("sales_order_item {}, Despatch summary {}", line.item, parcels());
                format!("order {number}: {word} is {told} by order-status, {} in truth ({rows})", really.unwrap_or(0))
            });
        }
    }
}

/// The ERP's record and the go-ahead hold what was last wanted.
fn requests(order: &OrderTruth<'_>, said: &OrderHeard, failures: &mut Failures) {
    let number = &order.number;
    if said.creates > 1 {
        failures.add(Invariant::Notices, format!("order {number}: sales-orders asked {} times to create it", said.creates));
    }
    let systems = order.systems;
    match &said.image {
        None if !systems.has_erp() => {}
        Some(_) if !systems.has_erp() => {
            failures.add(Invariant::Orders, format!("order {number}: sales-orders asked for it, and there is no ERP"));
        }
        None if order.story == Story::NeverPays || !order.wants_any() => {}
        None => failures.add(Invariant::Orders, format!("order {number}: sales-orders never asked for it")),
        Some((action, _)) if !order.wants_any() => {
            failures.same(Invariant::Orders, *action, sales_orders::SalesOrderAction::Cancel, |said, _| {
                format!("order {number}: nothing of it is wanted, but sales-orders ended with {said:?}")
            })
        }
        Some((action, wanted)) => {
            if *action == sales_orders::SalesOrderAction::Cancel {
                failures.add(Invariant::Orders, format!("order {number}: sales-orders cancelled it, but it is wanted"));
            }
            for line in &order.lines {
                failures.same(
                    Invariant::Orders,
                    wanted.get(&line.item.to_string()).copied().unwrap_or(0),
                    line.wanted(),
                    |said, really| format!("order {number}: sales-orders wants {said} of item {}, the customer {really}", line.item),
                );
            }
        }
    }
    if said.was_released && !systems.has_wms() {
        failures.add(Invariant::Orders, format!("order {number}: fulfilment-requests asked for it, and there is no warehouse system"));
    }
    if said.was_released {
        for line in &order.lines {
            failures.same(
                Invariant::Orders,
                said.released.get(&line.item.to_string()).copied().unwrap_or(0),
                // A warehouse that sends an order once is not asked for fewer pieces because it has not found some.
                line.wanted() + line.short,
                |said, really| format!("order {number}: fulfilment-requests ended with {said} of item {}, wanted are {really}", line.item),
            );
        }
    }
}

/// Each receiver was notified of each parcel's lines, in sum what was in it; and of the completion once, if all arrived.
fn parcels(order: &OrderTruth<'_>, said: &OrderHeard, failures: &mut Failures) {
    let number = &order.number;
    let systems = order.systems;
    let told = order.delivered_all() && systems.tells_delivery(order.shop);
    for receiver in RECEIVERS {
        // Who has sent a parcel needs no notice of it.
        let hears = match receiver {
            Receiver::Shop => !systems.shop_sends(),
            Receiver::Erp => systems.has_erp() && systems.has_wms(),
        };
        for parcel in order.parcels.iter().filter(|_| hears) {
            for (place, really) in &parcel.pieces {
                let item = order.lines[*place].item.to_string();
                let told = said.despatched.get(&(receiver, parcel.number.clone(), item.clone())).copied().unwrap_or(0);
                failures.same(Invariant::Notices, told, *really, |told, really| {
                    format!(
                        "order {number}: despatch-notices told the {} {told} of item {item} in parcel {}, it held {really}",
                        receiver.name(),
                        parcel.number
                    )
                });
            }
        }
        let completed = said.completions.get(&receiver).copied().unwrap_or(0);
        let completes = told && (receiver == Receiver::Shop || systems.has_erp());
        failures.same(Invariant::Notices, completed, u32::from(completes), |told, really| {
            let word = if really == 1 { "is delivered" } else { "is not delivered" };
            format!("order {number}: {told} order-completions for the {}, and the order {word}", receiver.name())
        });
    }
    for (receiver, parcel, item) in said.despatched.keys() {
        if systems.shop_sends() || !order.parcels.iter().any(|own| own.number == *parcel) {
            failures.add(
                Invariant::Notices,
                format!(
                    "order {number}: despatch-notices told the {} of parcel {parcel} with item {item}, which never left",
                    receiver.name()
                ),
            );
        }
    }
}

/// Both receivers were notified of what came back, and its sale was reversed for both.
fn returns(order: &OrderTruth<'_>, said: &OrderHeard, failures: &mut Failures) {
    let number = &order.number;
    for receiver in RECEIVERS {
        for line in &order.lines {
            let key = (receiver, line.item.to_string());
            let codes: Vec<&str> = order.receipts.iter().map(|receipt| receipt.code.as_str()).collect();
            let codes = codes.join(", ");
            let (erp, warehouse) = (order.systems.has_erp(), order.systems.has_wms());
            // Who has received the goods needs no notice of it; without an ERP there is no return but the shop's own credit.
            let hears = erp && (receiver == Receiver::Shop || warehouse);
            let really = if hears { line.back() } else { 0 };
            failures.same(Invariant::Notices, said.received.get(&key).copied().unwrap_or(0), really, |told, really| {
                format!(
                    "order {number}: receipt-notices told the {} {told} of item {}, {really} came back ({codes})",
                    receiver.name(),
                    line.item
                )
            });
            let really = if receiver == Receiver::Shop || erp { (line.back(), line.back_good, line.back_damaged) } else { (0, 0, 0) };
            failures.same(Invariant::Notices, said.reversed.get(&key).copied().unwrap_or_default(), really, |told, really| {
                format!(
                    "order {number}: order-reversals told the {} {told:?} of item {} (all, to stock, written off), it is {really:?} ({codes})",
                    receiver.name(),
                    line.item
                )
            });
        }
    }
}

/// The warehouse knew of what came back, before it came.
fn announced(order: &OrderTruth<'_>, said: &OrderHeard, failures: &mut Failures) {
    let hears = order.systems.has_erp() && order.systems.has_wms();
    // What a mishap does to a return may come before its authorisation, or without one.
    if order.mishap.is_some() {
        return;
    }
    for line in &order.lines {
        let told = said.announced.get(&line.item.to_string()).copied().unwrap_or(0);
        // Without an ERP the shop's credit alone may announce it, where that comes before the warehouse's word.
        let by_credit = order.systems.has_wms() && !hears && told == line.back();
        let really = if hears || by_credit { line.back() } else { 0 };
        failures.same(Invariant::Notices, told, really, |told, really| {
            format!("order {}: return-announcements told the warehouse of {told} of item {}, {really} came back", order.number, line.item)
        });
    }
}

/// What was sold, less what was cancelled and came back, is what the customer keeps: in pieces, and in money to the penny.
fn sold(order: &OrderTruth<'_>, said: &OrderHeard, failures: &mut Failures) {
    let secured = order.mishap != Some(Mishap::Forgotten);
    if said.sold.is_empty() && !(order.systems.has(System::Crm) && order.wants_any() && secured) {
        return;
    }
    for line in &order.lines {
        let told = said.sold.get(&line.item.to_string()).copied().unwrap_or_default();
        let kept = line.kept();
        failures.same(Invariant::Notices, told, (kept, line.gross_of(kept)), |told, really| {
            format!(
                "order {}: sales-lines of item {} come to {told:?} (pieces, pence), the customer keeps {really:?}",
                order.number, line.item
            )
        });
    }
}

/// A mail is due for a day. Around the end of that day clocks and epochs decide whether it still goes out.
const NEWS: Span = Span::minutes(23 * 60 + 30);
const OLD: Span = Span::minutes(24 * 60 + 30);

fn mails(order: &OrderTruth<'_>, said: &OrderHeard, failures: &mut Failures) {
    let number = &order.number;
    let count = |kind| said.mails.get(&kind).copied().unwrap_or(0) as usize;
    let confirmed = count(MailKind::Confirmed);
    let secured = order.mishap != Some(Mishap::Forgotten);
    if confirmed > 1 || (confirmed == 0 && order.wants_any() && secured) {
        failures.add(Invariant::Mails, format!("order {number}: the mail `confirmed` went out {confirmed} times"));
    }
    failures.same(Invariant::Mails, count(MailKind::Despatched), order.parcels.len(), |told, really| {
        format!("order {number}: the mail `despatched` went out {told} times, {really} parcels left")
    });
    let told = order.systems.tells_delivery(order.shop);
    let arrived = || order.parcels.iter().filter(|parcel| told && parcel.delivered_at.is_some());
    // A day later the mail is no news any more.
    let (least, most) =
        (arrived().filter(|parcel| parcel.told_late < NEWS).count(), arrived().filter(|parcel| parcel.told_late < OLD).count());
    let told = count(MailKind::Delivered);
    if !(least..=most).contains(&told) {
        failures.add(Invariant::Mails, format!("order {number}: the mail `delivered` went out {told} times, {most} parcels arrived"));
    }
}

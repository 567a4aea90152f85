//! Money: refunds to the cent, and the books, order by order and in sum.

use std::collections::BTreeMap;

use super::heard::{Heard, OrderHeard};
use super::{Failures, Invariant, OrderTruth, Truth};
use crate::retailer::books::{Balances, post_order};
use crate::retailer::clock::System;
use crate::retailer::order::Order;
use crate::retailer::units::pounds;

pub(super) fn check(heard: &Heard, truth: &Truth<'_>, failures: &mut Failures) {
    let mut books = truth.past.books.clone();
    for order in &truth.orders {
        check_one(heard, order, failures);
        post_order(&mut books, order);
    }
    if truth.systems.has(System::Finance) {
        ledger(&books, truth.ledger, failures);
    }
}

pub(super) fn check_one(heard: &Heard, order: &OrderTruth<'_>, failures: &mut Failures) {
    let silent = OrderHeard::default();
    let said = heard.orders.get(&order.key()).unwrap_or(&silent);
    refunds(order, said, failures);
    // Without finance nobody is told of money, but the shop of what it is to pay back.
    if order.systems.has(System::Finance) {
        revenue(order, said, failures);
        entries(order, said, failures);
    } else if said.revenue_heard || !said.balances.is_empty() {
        failures.add(Invariant::Books, format!("order {}: there is no finance, and money is told to it", order.number));
    }
}

fn refunds(order: &Order, said: &OrderHeard, failures: &mut Failures) {
    let (number, due) = (&order.number, order.due());
    let rows = || {
        let receipts = order.receipts.iter().map(|receipt| format!("Return summary {}", receipt.code));
        let payouts = order.payouts.iter().map(|payout| format!("refund {}", payout.id));
        receipts.chain(payouts).collect::<Vec<_>>().join(", ")
    };
    // What the shop pays by itself nobody is asked for.
    let to_ask = due - order.paid_unasked();
    failures.same(Invariant::Refunds, said.refund_sum, to_ask, |told, to_ask| {
        let (told, due, to_ask) = (pounds(told), pounds(due), pounds(to_ask));
        format!("order {number}: {} refund-requests ask for {told}, due is {due}, {to_ask} to be asked for ({})", said.refund_steps, rows())
    });
    let last = if to_ask == 0 { 0 } else { due };
    failures.same(Invariant::Refunds, said.refund_total, last, |told, due| {
        format!("order {number}: the total of its last refund-request is {}, due is {} ({})", pounds(told), pounds(due), rows())
    });
    failures.same(Invariant::Refunds, order.refunded() - order.too_much(), due, |paid, due| {
        format!("order {number}: paid back was {}, due is {} ({})", pounds(paid), pounds(due), rows())
    });
    if said.refund_sum > order.captured {
        let (asked, captured) = (pounds(said.refund_sum), pounds(order.captured));
        failures.add(
            Invariant::Refunds,
            format!("order {number}: refund-requests ask for {asked}, captured was {captured} (sales_order_payment {})", order.entity),
        );
    }
    for payout in order.payouts.iter().filter(|payout| !payout.settled) {
        failures.add(Invariant::Refunds, format!("order {number}: refund {} is still pending", payout.id));
    }
}

/// Expected revenue: what is wanted, and the charges (after a whole return the charges may have been taken off again).
fn revenue(order: &Order, said: &OrderHeard, failures: &mut Failures) {
    if !said.revenue_heard {
        if order.wants_any() && order.erp_document.is_some() {
            failures.add(Invariant::Books, format!("order {}: revenue-notices never spoke of it", order.number));
        }
        return;
    }
    let goods: i64 = order.lines.iter().map(|line| line.gross_of(line.wanted())).sum();
    let whole = goods + if order.wants_any() { order.shipping_gross() } else { 0 };
    if said.revenue != whole && (order.keeps_any() || said.revenue != goods) {
        let (told, really) = (pounds(said.revenue), pounds(whole));
        failures.add(Invariant::Books, format!("order {}: revenue-notices add up to {told}, expected revenue is {really}", order.number));
    }
}

fn entries(order: &Order, said: &OrderHeard, failures: &mut Failures) {
    let mut books = Balances::new();
    post_order(&mut books, order);
    for (account, told) in &said.balances {
        if !books.contains_key(account.as_str()) {
            failures.add(
                Invariant::Books,
                format!("order {}: journal-entries post {} to {account}, an account nobody expects", order.number, pounds(*told)),
            );
        }
    }
    for (account, really) in books {
        let told = said.balances.get(account).copied().unwrap_or(0);
        failures.same(Invariant::Books, told, really, |told, really| {
            let parcels: Vec<&str> = order.parcels.iter().map(|parcel| parcel.number.as_str()).collect();
            format!(
                "order {} ({}): journal-entries leave {account} at {}, it must be {} (payment {}, parcels {})",
                order.number,
                order.story.label(),
                pounds(told),
                pounds(really),
                order.entity,
                parcels.join(", ")
            )
        });
    }
}

/// Finance's ledger, account by account.
fn ledger(books: &Balances, ledger: &BTreeMap<String, (i64, i64)>, failures: &mut Failures) {
    for (account, really) in books {
        let told = ledger.get(*account).map_or(0, |(debit, credit)| debit - credit);
        failures.same(Invariant::Books, told, *really, |told, really| {
            format!("account {account}: finance's ledger says {}, it must be {}", pounds(told), pounds(really))
        });
    }
    let (debit, credit) = ledger.values().fold((0, 0), |sum, (debit, credit)| (sum.0 + debit, sum.1 + credit));
    failures.same(Invariant::Books, debit, credit, |debit, credit| {
        format!("the trial balance does not close: debit {}, credit {}", pounds(debit), pounds(credit))
    });
}

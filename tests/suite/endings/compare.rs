//! What Waybill has made of an ending, against what the shopkeeper says.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::Value;

use super::play::Made;
use super::shopkeeper::{self, Asked, Balances, Stand};
use super::truth::*;

/// All that is wrong; each begins with its kind.
pub fn differences(ending: &Ending, made: &Made) -> Vec<String> {
    let mut wrong = Vec::new();
    let stand = Stand::after(ending, &ending.acts);
    let due = stand.due(ending);
    let told_due = minor(&made.answer["money"]["due"], ending.digits);
    let pennies = told_due.map_or(0, |found| found - due);
    let pennies = if pennies.abs() <= stand.pennies_ahead() { pennies } else { 0 };
    // Two refunds of one sum of which finance tells one: that a person is told of them is all that can be right.
    let unclear = made.open.iter().any(|open| open == "mirror-only");
    let as_one = if unclear { stand.seen_as_one(ending) } else { 0 };
    let even = stand.even(ending);
    let back = even - if minor(&made.answer["money"]["refunded"], ending.digits) == Some(even) { 0 } else { as_one };
    let money = |path: &str| minor(&made.answer["money"][path], ending.digits);
    for (what, right, found) in
        [("paid", stand.paid(), money("captured")), ("due", due + pennies, money("due")), ("refunded", back, money("refunded"))]
    {
        if found != Some(right) {
            wrong.push(format!("{what}: {right} is right, {found:?} found"));
        }
    }
    let found = asked_of(ending, made);
    requests(ending, &stand, made, &found, &mut wrong);
    let right = match ending.arrival {
        Arrival::Daily => Some(shopkeeper::asked(ending, 1..=ending.last_day())),
        Arrival::AtOnce => Some(shopkeeper::asked(ending, [ending.last_day()])),
        Arrival::Late => None,
    };
    match &right {
        Some(right) if right.total != found.total => wrong.push(format!("asked: {} is right, {} found", right.total, found.total)),
        Some(right) if right.times > 0 && right.by_means != found.by_means => {
            wrong.push(format!("asked by means: {:?} is right, {:?} found", right.by_means, found.by_means));
        }
        Some(_) => {}
        None => late(ending, &stand, &found, &mut wrong),
    }
    told(ending, &stand, made, &right.unwrap_or(found), &mut wrong);
    another(&stand, ending, made, &mut wrong);
    let mut right = shopkeeper::balances(ending);
    right.money += even - back;
    right.payable -= even - back + pennies;
    right.income += pennies;
    books(ending, made, right, &mut wrong);
    wrong
}

/// Minor units of an amount.
fn minor(value: &Value, digits: u32) -> Option<Minor> {
    let amount: Decimal = value.as_str()?.parse().ok()?;
    let minor = amount.checked_mul(Decimal::from(10_i64.pow(digits)))?;
    minor.is_integer().then(|| minor.to_i64()).flatten()
}

fn means(name: &str) -> Option<Means> {
    [Means::Card, Means::Bank, Means::CashOnDelivery, Means::Cash, Means::StoreCredit, Means::GiftCard]
        .into_iter()
        .find(|means| means.name() == name)
}

fn asked_of(ending: &Ending, made: &Made) -> Asked {
    let mut asked = Asked { times: made.requests.len(), ..Asked::default() };
    if let Some(last) = made.requests.last() {
        asked.total = minor(&last["total"], ending.digits).unwrap_or(-1);
        for part in last["by_tender"].as_array().into_iter().flatten() {
            if let (Some(means), Some(total)) = (means(part["tender"].as_str().unwrap_or_default()), minor(&part["total"], ending.digits)) {
                asked.by_means.insert(means, total);
            }
        }
    }
    asked.by_means.retain(|_, total| *total != 0);
    asked
}

/// What no request may be, whenever it was made.
fn requests(ending: &Ending, stand: &Stand, made: &Made, last: &Asked, wrong: &mut Vec<String>) {
    let mut sum = 0;
    for request in &made.requests {
        let amount = minor(&request["amount"], ending.digits);
        let Some(amount) = amount.filter(|amount| *amount > 0) else {
            wrong.push(format!("amount: {} is no sum that can be paid", request["amount"]));
            continue;
        };
        sum += amount;
        let parts: Option<Minor> =
            request["by_tender"].as_array().into_iter().flatten().map(|part| minor(&part["amount"], ending.digits)).sum();
        if parts != Some(amount) {
            wrong.push(format!("parts: {parts:?} by tender, {amount} in all"));
        }
    }
    if sum > last.total {
        wrong.push(format!("twice: {sum} asked for in all, the last total is {}", last.total));
    }
    for (means, total) in &last.by_means {
        if *total > stand.paid_by(*means).max(stand.back_by(*means)) && *means != Means::StoreCredit {
            wrong.push(format!("too much: {total} asked back by {}, {} paid", means.name(), stand.paid_by(*means)));
        }
    }
    if last.total > stand.paid() {
        wrong.push(format!("too much: {} asked for, {} paid", last.total, stand.paid()));
    }
}

/// Rows came late: what was asked on half of them may differ on the way, and never at the end.
fn late(ending: &Ending, stand: &Stand, found: &Asked, wrong: &mut Vec<String>) {
    let due = stand.due(ending);
    if found.total.max(stand.even(ending)) < due && !stand.waits(ending) {
        wrong.push(format!("asked late: {due} are due, {} asked for and {} given", found.total, stand.back()));
    }
    let most = (1..=ending.last_day()).map(|day| {
        let stand = Stand::after(ending, ending.acts.iter().filter(|act| act.day <= day));
        stand.due(ending) + stand.fees(ending)
    });
    let most = most.max().unwrap_or_default().max(due + stand.fees(ending));
    if found.total > most {
        wrong.push(format!("asked late: never more than {most} was due, {} asked for", found.total));
    }
}

fn told(ending: &Ending, stand: &Stand, made: &Made, asked: &Asked, wrong: &mut Vec<String>) {
    let mut right = shopkeeper::told(ending, asked);
    if asked.total > stand.due(ending).max(stand.even(ending)) {
        right.must.insert("refund-overasked");
    }
    for kind in &right.must {
        if !made.open.iter().any(|open| open == kind) {
            wrong.push(format!("{kind} is not told"));
        }
    }
    for two in &right.one_of {
        if !made.open.iter().any(|open| two.contains(&open.as_str())) {
            wrong.push(format!("{} is not told", two.join(" or ")));
        }
    }
    for open in &made.open {
        if right.one_of.iter().flatten().any(|kind| kind == open) {
            continue;
        }
        if !right.must.contains(open.as_str()) && !right.may.contains(open.as_str()) {
            wrong.push(format!("{open} is told"));
        }
    }
}

/// The order that has the goods of an exchange: nothing of it is paid back, and what it takes over leaves this one.
fn another(stand: &Stand, ending: &Ending, made: &Made, wrong: &mut Vec<String>) {
    if made.of_another.iter().any(|body| body.get("by_tender").is_some()) {
        wrong.push("another: money is asked for of the order that has the goods of an exchange".into());
    }
    let entries = made.entries.iter().chain(&made.of_another);
    let clearing = entries.flat_map(|entry| entry["postings"].as_array().into_iter().flatten());
    let clearing = clearing.filter(|posting| posting["account"] == "exchange_clearing");
    let side = |posting: &Value, name: &str| posting.get(name).and_then(|value| minor(value, ending.digits)).unwrap_or_default();
    let left: Minor = clearing.map(|posting| side(posting, "debit") - side(posting, "credit")).sum();
    let open = if made.of_another.is_empty() { stand.exchanged(ending) } else { 0 };
    if left != -open {
        wrong.push(format!("another: {left} is left between the two orders, {} is right", -open));
    }
}

fn books(ending: &Ending, made: &Made, right: Balances, wrong: &mut Vec<String>) {
    let mut found = Balances::default();
    for entry in &made.entries {
        let mut sum = 0;
        for posting in entry["postings"].as_array().into_iter().flatten() {
            let side = |name: &str| posting.get(name).and_then(|value| minor(value, ending.digits)).unwrap_or_default();
            let amount = side("debit") - side("credit");
            sum += amount;
            match posting["account"].as_str().unwrap_or_default() {
                "payment_clearing" | "gift_card_liability" | "store_credit_liability" | "exchange_clearing" => found.money += amount,
                "refunds_payable" => found.payable += amount,
                "customer_account" => found.customer += amount,
                _ => found.income += amount,
            }
        }
        if sum != 0 {
            wrong.push(format!("an entry does not balance: {entry}"));
        }
    }
    // Without finance nobody takes the entries.
    if right != found && ending.house != House::ShopAlone {
        wrong.push(format!("books{}: {right:?} is right, {found:?} found", kind(ending)));
    }
}

/// What the books are about, to tell differences apart.
fn kind(ending: &Ending) -> &'static str {
    let stand = Stand::after(ending, &ending.acts);
    match (stand.fees(ending) != 0, stand.gifts() != 0) {
        (true, _) => " with a fee",
        (_, true) => " with a gift",
        _ if stand.shipping_given() != 0 => " with shipping",
        _ => "",
    }
}

//! Why something was requested, or not yet: for each request topic what is due, what was requested, and every condition, with the row that a
//! shut one waits for and who brings it. The conditions are the very lists that the events ask before they send.

use super::request::{Request, WhyTopic};
use crate::entities::held::{HeldRequests, HeldWhy};
use crate::entities::order::OrderView;
use crate::entities::order::gates::Gate;
use crate::entities::rules::Rules;
use crate::entities::topics::{Ledgers, Topic};
use crate::facts::Moment;

/// Every request topic of an order. `tick`: the moment to which conditions of time are measured.
pub fn why(view: &OrderView<'_>, ledgers: &Ledgers, rules: &Rules, tick: Moment) -> Vec<WhyTopic> {
    let mut topics = Vec::new();
    macro_rules! why {
        ($($ledger:ident: $request:ty,)+) => {
            $(topics.extend(<$request>::why(view, &ledgers.$ledger, rules, tick));)+
        };
    }
    requests!(why);
    topics
}

/// Adds what waits for a person: requests that are held, and topics that are not live yet.
pub fn with_held(topics: &mut [WhyTopic], view: &OrderView<'_>, held: &HeldRequests, live: &[Topic]) {
    for topic in topics.iter_mut() {
        let mut shut = |name: &'static str, waits_for: String, brings: &str| {
            topic.open = false;
            topic.conditions.push(Gate { name, holds: false, waits_for, brings: brings.into(), since: None });
        };
        if !live.contains(&topic.topic) {
            shut("live", "going live: what is due is entered, and not sent".into(), "waybill go-live");
        }
        for ((why, of, ledger_key), held) in held.iter().filter(|((_, of, _), _)| *of == topic.topic) {
            let part = ledger_key.strip_prefix(view.key.0.as_str()).unwrap_or_default().trim_start_matches('|');
            if *of != Topic::RefundRequests && part != topic.part.as_str() {
                continue;
            }
            let what = held.money.map_or_else(String::new, |(amount, currency)| format!("{} {currency} ", amount.display(currency)));
            match (why, held.discarded) {
                (_, true) => shut("accepted", "nothing: it was discarded, and counts as requested".into(), ""),
                (HeldWhy::Rules, _) => {
                    shut("accepted", format!("a person's word: a change of rules alone made {what}due"), "waybill rules accept")
                }
                (HeldWhy::BeforeLive, _) => {
                    shut("adopted", format!("a person's word: {what}was due before going live"), "waybill in-flight adopt")
                }
                (HeldWhy::Limit, _) => {
                    shut("within-limits", "a person's word: refunds have passed a limit".into(), "waybill refunds release")
                }
            }
        }
    }
}

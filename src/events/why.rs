//! Why something was requested, or not yet: for each request topic what is due, what was requested, and every condition, with the row that a
//! shut one waits for and who brings it. The conditions are the very lists that the events ask before they send.

use super::request::{Request, WhyTopic};
use crate::entities::order::OrderView;
use crate::entities::rules::Rules;
use crate::entities::topics::Ledgers;
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

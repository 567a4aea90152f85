//! How the exception stands that a decision is about.

use std::sync::Arc;

use super::service::{CaseStanding, OpenCase};
use crate::engine::Published;
use crate::entities::customer::Person;
use crate::entities::order::{OrderState, view};
use crate::events::exceptions::ExceptionNotice;
use crate::events::{customer_exceptions, sku_exceptions};
use crate::facts::{CustomerKey, OrderKey, Sku};
use crate::sources::decisions::DecisionRecord;

/// By the order, the alias, the SKU or the customer that the decision names.
pub(super) fn standing(published: &Published, decision: &DecisionRecord) -> CaseStanding {
    if let Some(order) = &decision.order {
        let found = published.find_orders(order);
        return match (&found[..], &decision.alias) {
            ([], _) => CaseStanding::Unknown("order"),
            ([_], Some(alias)) => {
                let notices = published.alias_exceptions();
                pick(decision, notices.iter().filter(|notice| notice.entity == alias.as_str()).map(of_notice))
            }
            ([(key, state)], None) => pick(decision, of_order(published, key, state).into_iter()),
            _ => CaseStanding::Several(found.iter().map(|(key, _)| key.0.to_string()).collect()),
        };
    }
    if let Some(key) = &decision.customer {
        let key = CustomerKey(key.as_str().into());
        let Some(state) = published.customer_by_key(&key) else { return CaseStanding::Unknown("customer") };
        let person = Person::of(&key, &state);
        let notices = customer_exceptions::standing(&key, &person, &state, &published.rules, published.tick());
        return pick(decision, notices.iter().map(of_notice));
    }
    let sku = decision.sku.as_deref().and_then(Sku::new);
    let Some((sku, state)) = sku.and_then(|sku| Some((sku.clone(), published.sku_by_key(&sku)?))) else {
        return CaseStanding::Unknown("SKU");
    };
    let notices = sku_exceptions::standing(&sku, &state, &published.rules, published.tick());
    pick(decision, notices.iter().map(of_notice))
}

/// An exception: kind, number, and what a decision is told of it.
type Found = (String, String, OpenCase);

fn of_notice(notice: &ExceptionNotice) -> Found {
    let case = OpenCase { sentence: notice.sentence.to_string(), at_risk: notice.at_risk, opens_at: None };
    (notice.kind.to_string(), notice.number.to_string(), case)
}

/// What no decision covers: also what is not open yet, since a person may settle it before.
fn of_order(published: &Published, key: &OrderKey, state: &Arc<OrderState>) -> Vec<Found> {
    let tick = published.tick();
    let view = view(key, &state.rows, &state.ledgers, state.since, &published.rules, tick);
    let undecided = view.findings.iter().filter(|finding| !finding.decided);
    undecided
        .map(|finding| {
            let case = OpenCase {
                sentence: finding.sentence.clone(),
                at_risk: finding.at_risk.map(|at_risk| at_risk + finding.acted),
                opens_at: finding.opens_at.filter(|opens_at| *opens_at > tick),
            };
            (finding.kind.to_owned(), finding.number.clone(), case)
        })
        .collect()
}

fn pick(decision: &DecisionRecord, all: impl Iterator<Item = Found>) -> CaseStanding {
    let mut numbers = Vec::new();
    for (_, number, case) in all.filter(|(kind, ..)| *kind == decision.kind) {
        if number == decision.number {
            return CaseStanding::Open(case);
        }
        numbers.push(number);
    }
    CaseStanding::NotOpen(numbers)
}

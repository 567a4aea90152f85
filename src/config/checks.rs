//! What only shows when the sections are seen together.

use std::collections::BTreeMap;

use super::document::Diagnostics;
use super::settings::Application;
use super::sources::Draft;
use crate::entities::rules::{Channel, Rules};
use crate::events::Topic;
use crate::facts::{Role, TopicId};
use crate::sources::{acts, decisions};

/// Waybill's topics beside the derived ones.
pub const INTERNAL_TOPICS: &[&str] = &["dead-letters", "audit", "changelog", "exchange", decisions::TOPIC, acts::TOPIC];

/// No topic is read twice, none of Waybill's own is read, and no two names have the same short id.
pub fn topics(diagnostics: &Diagnostics, application: &Application, sources: &[Draft<'_>]) {
    let prefix = &application.topic_prefix;
    let own = Topic::ALL.iter().map(|topic| topic.name()).chain(INTERNAL_TOPICS.iter().copied());
    let mut seen: BTreeMap<TopicId, (String, Option<&Draft<'_>>)> = BTreeMap::new();
    for name in own {
        let topic = format!("{prefix}{name}");
        seen.insert(TopicId::of(&topic), (topic, None));
    }
    for source in sources {
        let key = format!("sources.{}", source.name);
        if source.kind.is_some() && source.topics.is_empty() && diagnostics.is_clean() {
            diagnostics.problem(source.line, &key, "reads no topic: nothing would ever come from it");
        }
        for topic in &source.topics {
            match seen.get(&TopicId::of(topic)) {
                None => drop(seen.insert(TopicId::of(topic), (topic.clone(), Some(source)))),
                Some((other, by)) => diagnostics.problem(source.line, &key, clash(topic, other, *by, source)),
            }
        }
    }
}

fn clash(topic: &str, other: &str, by: Option<&Draft<'_>>, source: &Draft<'_>) -> String {
    match by {
        None if topic == other => format!("reads {topic}, which Waybill itself writes"),
        Some(by) if topic == other && by.name == source.name => format!("reads the topic {topic} twice: name it once"),
        Some(by) if topic == other => {
            format!("reads the topic {topic}, as {} (line {}) does: a topic belongs to one source", by.name, by.line)
        }
        _ => format!("the topics {topic} and {other} have the same short id: rename one, or route it to another topic"),
    }
}

/// Stores of one shop that sell from different places do not sell from one stock.
pub fn stocks(diagnostics: &Diagnostics, rules: &Rules) {
    for (at, one) in rules.channels.iter().enumerate() {
        let apart = |other: &&Channel| other.shop == one.shop && other.pool != one.pool && other.takes_orders && other.stock_id.is_empty();
        let unnamed = one.takes_orders && one.stock_id.is_empty();
        if let Some(other) = rules.channels[at + 1..].iter().find(apart).filter(|_| unnamed) {
            diagnostics.note(format!(
                "{}: the channels {} and {} sell from different pools, and name no stock_id: what the shop holds back is added in both",
                one.shop, one.name, other.name
            ));
        }
    }
}

/// What follows when nobody plays a role.
const UNPLAYED: &[(Role, &str, &str)] = &[
    (Role::Erp, "erp", "an order that is complete and secured counts as recorded and approved; sales-orders carries nothing"),
    (Role::Wms, "wms", "despatches, receipts and counts count from the ERP or else the shop; fulfilment-requests carries nothing"),
    (Role::Carrier, "carrier", "parcels are delivered by the shop's own mark, or by assumption after durations.assume_delivered"),
    (
        Role::Finance,
        "finance",
        "refunds count as the shop reports them; whoever reads refund-requests and journal-entries must pay and book",
    ),
    (Role::Crm, "crm", "accounts and consent come from shops alone; you decide who reads customer-history"),
    (Role::Marketing, "marketing", "consent comes from shops and the CRM alone"),
];

pub fn roles(diagnostics: &Diagnostics, sources: &[Draft<'_>], rules: &Rules) {
    if sources.is_empty() {
        return;
    }
    let played = |role: Role| sources.iter().any(|source| source.plays(role));
    if !played(Role::Shop) && !played(Role::Pos) {
        diagnostics.note("no source plays shop or pos: only orders of the ERP's own are followed");
    }
    for (role, name, consequence) in UNPLAYED {
        if !played(*role) {
            diagnostics.note(format!("no source plays {name}: {consequence}"));
        }
    }
    if rules.locations.is_empty() {
        diagnostics.note("no section [locations.CODE]: no stock is counted, stock-updates carries nothing");
    }
    for location in &rules.locations {
        let Some(counter) = sources.iter().find(|source| Some(source.id) == location.counted_by) else { continue };
        let by_another = location.wms.is_some_and(|wms| wms != counter.id);
        if !by_another || rules.stock.of(counter.id).posting_delay.is_some() {
            continue;
        }
        let wms = location.wms.map_or("", |wms| rules.name_of(wms));
        let books = [Role::Erp, Role::Shop, Role::Pos].into_iter().any(|role| counter.plays(role));
        let how = if books { "only once the counting system has a row of its own for it" } else { "a day after it happened" };
        diagnostics.note(format!(
            "{} counts {}, and {wms} reports the despatches there: a despatch counts as booked {how} (set posting_delay to change that)",
            counter.name, location.code
        ));
    }
    if rules.channels.is_empty() {
        diagnostics.note("no section [channels.NAME]: stock-updates and product-updates carry nothing");
    }
}

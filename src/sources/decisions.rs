//! Decisions: what people decided about exceptions, as records of a topic that Waybill owns (`waybill.decisions`). So they survive restarts and
//! replays like any other fact. `waybill decide` and `POST /decisions` write them; any other system may.
//!
//! The version is a stamp, the decision's own moment: of two decisions about one exception the later one counts.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::acts;
use super::adapter::{Adapter, Reading, Skip, SystemKind};
use super::facts_out::FactsOut;
use crate::envelope::{DecodeError, Record, body};
use crate::facts::customer::Erasure;
use crate::facts::ids::join_key;
use crate::facts::order::{Decision, LineRef};
use crate::facts::{
    Alias, Amount, CustomerKey, CustomerRow, Link, Moment, OrderKey, OrderRow, Place, Quantity, Sku, SkuRow, Subject, Text,
};

/// The topic's name, without the configured prefix.
pub const TOPIC: &str = "decisions";

/// Not in [`super::KINDS`]: it is there in every configuration, and nobody configures it.
pub static KIND: SystemKind =
    SystemKind { name: "decisions", label: "decisions of people", fixtures: "", roles: &[], build: |_, _| Err(Vec::new()) };

/// A decision as people and systems write it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecisionRecord {
    /// The exception's kind: `over-despatched`, `erp-record-gone` ...
    pub kind: String,
    /// The order it is about: its key (`magento|5021`), or the shop's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    /// The alias it is about, as the exception writes it (`wms.blind-return RET81`): it is to lead to `order`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// The SKU it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sku: Option<String>,
    /// The customer it is about, by key: `account|source|id`, or `guest|brand|digest of the email`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<String>,
    /// The exception's number, where one order or SKU can have several of the kind.
    #[serde(default)]
    pub number: String,
    /// One of the kind's choices; `withdraw` takes an earlier decision back.
    pub choice: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    /// Where the choice takes an amount.
    pub amount: Option<Amount>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    /// Where the choice is about some of the order's lines.
    pub lines: Vec<DecidedLine>,
    /// Who decided: a login.
    pub who: String,
    #[serde(default)]
    /// Why, for those who read it later.
    pub why: String,
    /// RFC 3339, in UTC.
    pub decided_at: Moment,
    /// The exception as it stood when it was decided: what the person saw. Not read for any figure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settles: Option<SettledCase>,
}

/// An exception as it stood when somebody decided about it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SettledCase {
    /// Its sentence.
    pub sentence: String,
    /// What was at risk.
    pub at_risk: Option<Amount>,
    /// When it would have opened, where its time had not come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opens_at: Option<Moment>,
}

/// A line that a decision is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecidedLine {
    /// The shop's line id.
    pub line: String,
    /// How many pieces of it.
    pub quantity: Quantity,
}

/// Decisions about what is held for the whole application: they name no order and no SKU, and their number is a request topic, or empty for all.
pub mod desk {
    /// What a change of rules or program alone would request: [`ACCEPT`] or [`DISCARD`].
    pub const SUSPENDED: &str = "requests-suspended";
    /// What was due before going live: [`ADOPT`] or [`SETTLE`].
    pub const IN_FLIGHT: &str = "in-flight";
    /// Refunds beyond a limit: [`RELEASE`].
    pub const LIMIT: &str = "refund-limit";
    /// A topic goes live: [`NOW`]. No exception asks for it.
    pub const GO_LIVE: &str = "go-live";
    /// What is held is requested.
    pub const ACCEPT: &str = "accept";
    /// What is held is never requested.
    pub const DISCARD: &str = "discard";
    /// What was due before going live is requested.
    pub const ADOPT: &str = "adopt";
    /// What was due before going live was paid otherwise, and is never requested.
    pub const SETTLE: &str = "settle";
    /// What waits for the limit is requested, and the count begins anew.
    pub const RELEASE: &str = "release";
    /// From the next epoch on.
    pub const NOW: &str = "now";

    /// Each kind with its choices.
    pub const CHOICES: [(&str, &[&str]); 4] =
        [(SUSPENDED, &[ACCEPT, DISCARD]), (IN_FLIGHT, &[ADOPT, SETTLE]), (LIMIT, &[RELEASE]), (GO_LIVE, &[NOW])];
}

/// What `waybill forget` writes: the person asks to be forgotten. No exception asks for it, and nothing takes it back.
pub const FORGET: &str = "forget";

/// The choice that takes a decision back.
pub const WITHDRAW: &str = "withdraw";

/// The choice that says which order an alias leads to.
pub const LINK: &str = "link";

/// The adapter of what people write: decisions, and acts, which the engine carries out itself.
pub struct DecisionsAdapter {
    topic: String,
    acts: String,
}

impl DecisionsAdapter {
    /// `topic_prefix` stands before the names of both topics.
    pub fn new(topic_prefix: &str) -> Arc<Self> {
        Arc::new(Self { topic: format!("{topic_prefix}{TOPIC}"), acts: format!("{topic_prefix}{}", acts::TOPIC) })
    }
}

/// Reads and checks a decision: it names one order, one SKU or one customer, a kind, a choice and who decided.
///
/// # Errors
/// Names the member that is missing, unknown or wrong.
pub fn read(value: Option<&[u8]>) -> Result<DecisionRecord, DecodeError> {
    let text = body::text(value)?;
    let decision: DecisionRecord =
        serde_json::from_str(text).map_err(|error| DecodeError::new("value", format!("a decision as JSON ({error})"), text))?;
    for (member, filled) in [("kind", &decision.kind), ("choice", &decision.choice), ("who", &decision.who)] {
        if filled.trim().is_empty() {
            return Err(DecodeError::new(member, "a word", ""));
        }
    }
    if let Some((_, choices)) = desk::CHOICES.iter().find(|(kind, _)| *kind == decision.kind) {
        if decision.order.is_some() || decision.sku.is_some() || decision.alias.is_some() || decision.customer.is_some() {
            return Err(DecodeError::new(
                "kind",
                "no order, SKU, alias or customer: this kind is about the whole application",
                &decision.kind,
            ));
        }
        if !choices.contains(&decision.choice.as_str()) {
            return Err(DecodeError::new("choice", choices.join(" or "), &decision.choice));
        }
        return Ok(decision);
    }
    if [&decision.order, &decision.sku, &decision.customer].into_iter().flatten().count() != 1 {
        return Err(DecodeError::new("order", "either an order, a SKU or a customer that the exception is about", text));
    }
    if let Some(key) = &decision.customer {
        customer(key).ok_or_else(|| DecodeError::new("customer", "a customer's key: account|source|id, or guest|brand|digest", key))?;
    }
    if (decision.kind == FORGET) != (decision.choice == FORGET) || (decision.kind == FORGET && decision.customer.is_none()) {
        return Err(DecodeError::new("choice", format!("`{FORGET}` of the kind `{FORGET}`, with a customer"), &decision.choice));
    }
    if let Some(alias) = &decision.alias {
        Alias::parse(alias).ok_or_else(|| DecodeError::new("alias", "an alias as its exception writes it: scope, blank, number", alias))?;
        if decision.choice != LINK && decision.choice != WITHDRAW {
            return Err(DecodeError::new("choice", format!("`{LINK}` or `{WITHDRAW}`, of an alias"), &decision.choice));
        }
    }
    if decision.choice == LINK && (decision.alias.is_none() || decision.order.is_none()) {
        return Err(DecodeError::new("choice", format!("with `{LINK}` the alias, and the order that it is to lead to"), text));
    }
    Ok(decision)
}

/// A customer's key, if it reads as one.
fn customer(text: &str) -> Option<CustomerKey> {
    let parts: Vec<&str> = text.split('|').collect();
    let whole = parts.len() == 3 && ["account", "guest"].contains(&parts[0]) && parts.iter().all(|part| !part.trim().is_empty());
    whole.then(|| CustomerKey(text.into()))
}

/// Where an order is looked for: its key is `source|id`; without a bar it is the shop's number.
fn order(text: &str) -> Link {
    match text.contains('|') {
        true => Link::Order(OrderKey(text.into())),
        false => Link::Alias(Alias::new(Alias::ORDER_NUMBER, text)),
    }
}

impl Adapter for DecisionsAdapter {
    fn revision(&self) -> u16 {
        1
    }

    fn topics(&self) -> Vec<String> {
        vec![self.topic.clone(), self.acts.clone()]
    }

    fn translate(&self, record: &Record<'_>, out: &mut FactsOut<'_>) -> Result<Reading, DecodeError> {
        if record.value.is_none() {
            return Ok(Reading::Skipped(Skip::Housekeeping));
        }
        if **record.topic == *self.acts {
            return acts::read(record.value).map(|_| Reading::Understood);
        }
        let decision = read(record.value)?;
        let at = decision.decided_at;
        let place = Place::Stamp { millis: at.0, rank: 0, tie: record.value.map_or(0, xxh3_64) };
        let id = join_key(&[&decision.kind, &decision.number]);
        let withdrawn = decision.choice == WITHDRAW;
        if desk::CHOICES.iter().any(|(kind, _)| *kind == decision.kind) {
            out.desk(id, place, at, OrderRow::Decision(Box::new(row(decision))));
            return Ok(Reading::Understood);
        }
        if let Some(text) = &decision.sku {
            let sku = Sku::new(text).ok_or_else(|| DecodeError::new("sku", "a SKU", text))?;
            match withdrawn {
                true => out.deleted(Subject::Sku(sku), SkuRow::DECISION, id, place, at),
                false => out.sku(sku, id, place, at, SkuRow::Decision(Box::new(row(decision)))),
            }
            return Ok(Reading::Understood);
        }
        if let Some(customer) = decision.customer.as_deref().and_then(customer) {
            of_customer(customer, id, decision, place, out);
            return Ok(Reading::Understood);
        }
        let order = order(decision.order.as_deref().unwrap_or_default());
        if let Some(alias) = decision.alias.as_deref().and_then(Alias::parse) {
            out.decided_alias(alias, Some(order).filter(|_| !withdrawn), place, at);
            return Ok(Reading::Understood);
        }
        let order_row = || OrderRow::Decision(Box::new(row(decision.clone())));
        match (withdrawn, order) {
            (true, Link::Order(key)) => out.deleted(Subject::Order(key), OrderRow::DECISION, id, place, at),
            (true, Link::Alias(alias)) => out.deleted(Subject::Alias(alias), OrderRow::DECISION, id, place, at),
            (false, Link::Order(key)) => out.order(key, id, place, at, order_row()),
            (false, Link::Alias(alias)) => out.order_by_alias(alias, id, place, at, order_row()),
        }
        Ok(Reading::Understood)
    }
}

fn of_customer(customer: CustomerKey, id: Text, decision: DecisionRecord, place: Place, out: &mut FactsOut<'_>) {
    let at = decision.decided_at;
    if decision.kind == FORGET {
        let erasure = Erasure { asked_at: at, by: decision.who.into(), email: None };
        return out.customer(customer, "", place, at, CustomerRow::Erasure(erasure));
    }
    match decision.choice == WITHDRAW {
        true => out.deleted(Subject::Customer(customer), CustomerRow::DECISION, id, place, at),
        false => out.customer(customer, id, place, at, CustomerRow::Decision(Box::new(row(decision)))),
    }
}

fn row(decision: DecisionRecord) -> Decision {
    Decision {
        kind: decision.kind.into(),
        number: decision.number.into(),
        choice: decision.choice.into(),
        amount: decision.amount,
        lines: decision.lines.into_iter().map(|line| (LineRef::Line(line.line.into()), line.quantity)).collect(),
        who: decision.who.into(),
        why: decision.why.into(),
        decided_at: decision.decided_at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Cause, Change, Fact, SourceId, TopicId};

    fn translated(text: &str) -> Result<Vec<Fact>, DecodeError> {
        let topic: Arc<str> = "waybill.decisions".into();
        let record = Record {
            topic: &topic,
            topic_index: 0,
            partition: 0,
            offset: 4,
            timestamp: Moment(9),
            key: None,
            value: Some(text.as_bytes()),
            headers: Default::default(),
        };
        let mut facts = Vec::new();
        let cause = Cause { topic: TopicId(1), partition: 0, offset: 4 };
        DecisionsAdapter::new("waybill.").translate(&record, &mut FactsOut::new(SourceId::WAYBILL, cause, 1, &mut facts))?;
        Ok(facts)
    }

    const BODY: &str =
        r#"{"kind":"over-despatched","order":"ORDER","choice":"accept","who":"kim","why":"a gift","decided_at":"2026-03-02T10:00:00Z"}"#;

    #[test]
    fn an_order_is_found_by_its_key_or_by_the_shops_number() {
        let by_key = translated(&BODY.replace("ORDER", "magento|5021")).expect("read");
        assert_eq!(by_key[0].subject, Subject::Order(OrderKey::new("magento", "5021")));
        let by_number = translated(&BODY.replace("ORDER", "000001020")).expect("read");
        assert_eq!(by_number[0].subject, Subject::Alias(Alias::new("order-number", "000001020")));
        assert_eq!((by_key[0].key.id.as_str(), by_key[0].key.kind), ("over-despatched|", OrderRow::DECISION));
    }

    #[test]
    fn a_name_is_linked_to_an_order_and_let_go() {
        let link =
            BODY.replace("accept", LINK).replace("ORDER", "000001020").replace(r#""kind""#, r#""alias":"wms.blind-return RET81","kind""#);
        let facts = translated(&link).expect("read");
        assert_eq!(facts[0].subject, Subject::Alias(Alias::blind_return("wms", "RET81")));
        let to = Link::Alias(Alias::new("order-number", "000001020"));
        assert_eq!(facts[0].change, Change::Upsert(crate::facts::Row::Link(to)));
        let let_go = translated(&link.replace(LINK, WITHDRAW)).expect("read");
        assert_eq!((&let_go[0].key, &let_go[0].change), (&facts[0].key, &Change::Delete));
        let by_key = translated(&link.replace("000001020", "magento|5021")).expect("read");
        assert_eq!(by_key[0].key, facts[0].key, "a later decision replaces it");
        let error = |text: &str| translated(text).expect_err("a decode error").to_string();
        assert!(error(&link.replace("wms.blind-return RET81", "RET81")).contains("scope, blank, number"));
        assert!(error(&link.replace(r#""choice":"link""#, r#""choice":"accept""#)).contains("`link` or `withdraw`"));
        assert!(error(&BODY.replace("accept", LINK)).contains("with `link` the alias"));
    }

    #[test]
    fn a_decision_can_be_taken_back() {
        let facts = translated(&BODY.replace("accept", WITHDRAW)).expect("read");
        assert_eq!(facts[0].change, Change::Delete);
    }

    #[test]
    fn a_decision_about_a_customer_and_a_request_to_be_forgotten_are_rows_of_the_customer() {
        let about = BODY.replace(r#""order":"ORDER""#, r#""customer":"account|shopify|821""#);
        let dismissed = translated(&about.replace("over-despatched", "identity-conflict").replace("accept", "dismiss")).expect("read");
        assert_eq!(dismissed[0].subject, Subject::Customer(CustomerKey::account("shopify", "821")));
        assert_eq!((dismissed[0].key.kind, dismissed[0].key.id.as_str()), (CustomerRow::DECISION, "identity-conflict|"));
        let forgotten = translated(&about.replace("over-despatched", FORGET).replace("accept", FORGET)).expect("read");
        assert_eq!((forgotten[0].key.kind, forgotten[0].key.id.as_str()), (CustomerRow::ERASURE, ""));
        let error = |text: &str| translated(text).expect_err("a decode error").to_string();
        assert!(error(&about.replace("account|shopify|821", "821")).contains("account|source|id"));
        assert!(error(&about.replace("over-despatched", FORGET)).contains("`forget` of the kind `forget`"));
    }

    #[test]
    fn what_is_missing_or_unknown_is_named() {
        let error = |text: &str| translated(text).expect_err("a decode error").to_string();
        assert!(error(&BODY.replace("\"order\"", "\"oder\"")).contains("unknown field `oder`"));
        assert!(error(&BODY.replace(r#""order":"ORDER","#, "")).contains("either an order, a SKU or a customer"));
        assert!(error(&BODY.replace("kim", " ")).starts_with("field \"who\""));
    }
}

//! For tests of adapters: one record in, facts out.

use std::sync::Arc;

use super::{Adapter, Common, FactsOut, Kind, Reading};
use crate::envelope::{Headers, Record, Refusal};
use crate::facts::ids::Digester;
use crate::facts::{Cause, Fact, Moment, Name, Row, SourceId, Subject, TopicId};

pub(crate) fn common(name: &str) -> Common {
    Common {
        counts: None,
        name: name.into(),
        id: SourceId::of(name),
        channel: "web".into(),
        brand: "north".into(),
        number_scope: Name::ORDER_NUMBER.into(),
        zone: jiff::tz::TimeZone::get("Europe/London").expect("a zone"),
        digester: Digester::new(b"secret"),
    }
}

/// The adapter that these settings (TOML) make, or what is wrong with them.
pub(crate) fn build(kind: &Kind, settings: &str) -> Result<Arc<dyn Adapter>, Vec<String>> {
    (kind.build)(&common(kind.name), &settings.parse().expect("TOML"))
}

/// What the adapter makes of one record, which arrived at `arrival`.
pub(crate) fn translate(
    adapter: &dyn Adapter,
    topic: &str,
    value: Option<&str>,
    arrival: &str,
    offset: i64,
) -> Result<(Reading, Vec<Fact>), Refusal> {
    let topic: Arc<str> = topic.into();
    let record = Record {
        topic: &topic,
        topic_index: 0,
        partition: 0,
        offset,
        timestamp: Moment::parse_rfc3339(arrival).expect("a moment"),
        key: None,
        value: value.map(str::as_bytes),
        headers: Headers::new(),
    };
    let cause = Cause { topic: TopicId::of(&topic), partition: 0, offset };
    let mut facts = Vec::new();
    let mut out = FactsOut::new(SourceId::of("test"), cause, adapter.revision(), &mut facts);
    adapter.translate(&record, &mut out).map(|reading| (reading, facts))
}

/// A fact on one line: subject, row id, place's first part left out.
pub(crate) fn say(fact: &Fact) -> String {
    let subject = match &fact.subject {
        Subject::Order(order) => format!("order {}", order.0),
        Subject::Name(name) => name.to_string(),
        Subject::Sku(sku) => format!("sku {sku}"),
        Subject::Customer(customer) => format!("customer {}", customer.0),
    };
    let content = match &fact.change {
        crate::facts::Change::Delete => format!("kind {} deleted", fact.key.kind),
        crate::facts::Change::Upsert(Row::Order(row)) => format!("{row:?}"),
        crate::facts::Change::Upsert(Row::Sku(row)) => format!("{row:?}"),
        crate::facts::Change::Upsert(Row::Customer(row)) => format!("{row:?}"),
        crate::facts::Change::Upsert(Row::Link(link)) => format!("{link:?}"),
    };
    format!("{subject} [{}] {content} at {}", fact.key.id, fact.at)
}

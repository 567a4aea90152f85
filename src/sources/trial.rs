//! For tests of adapters: one record in, facts out.

use std::sync::Arc;

use super::{Adapter, Common, FactsOut, Reading, SystemKind};
use crate::envelope::{DecodeError, Headers, Record};
use crate::facts::ids::Digester;
use crate::facts::{Alias, Cause, Change, Fact, Moment, OwnedRow, Row, SourceId, Subject, TopicId};

pub(crate) fn common(name: &str) -> Common {
    Common {
        counts: None,
        name: name.into(),
        id: SourceId::of(name),
        channel: "web".into(),
        brand: "north".into(),
        stores: Vec::new(),
        number_scope: Alias::ORDER_NUMBER.into(),
        zone: jiff::tz::TimeZone::get("Europe/London").expect("a zone"),
        digester: Digester::new(b"secret"),
    }
}

/// The adapter that these settings (TOML) make, or what is wrong with them.
pub(crate) fn build(kind: &SystemKind, settings: &str) -> Result<Arc<dyn Adapter>, Vec<String>> {
    (kind.build)(&common(kind.name), &settings.parse().expect("TOML"))
}

/// What the adapter makes of one record, which arrived at `arrival`.
pub(crate) fn translate(
    adapter: &dyn Adapter,
    topic: &str,
    value: Option<&str>,
    arrival: &str,
    offset: i64,
) -> Result<(Reading, Vec<Fact>), DecodeError> {
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

/// A fact on one line: subject, row id, place's first part left out. An owned row is shown as a row of its owner.
pub(crate) fn say(fact: &Fact) -> String {
    if let Change::Upsert(Row::Owned(owned)) = &fact.change {
        let OwnedRow { subject, row } = (**owned).clone();
        return say(&Fact { subject, change: Change::Upsert(row), ..fact.clone() });
    }
    let subject = match &fact.subject {
        Subject::Order(order) => format!("order {}", order.0),
        Subject::Alias(name) => name.to_string(),
        Subject::Sku(sku) => format!("sku {sku}"),
        Subject::Customer(customer) => format!("customer {}", customer.0),
        subject => format!("{subject:?}"),
    };
    let content = match &fact.change {
        Change::Delete => format!("kind {} deleted", fact.key.kind),
        Change::Withdraw => format!("kind {} is another's", fact.key.kind),
        Change::Upsert(Row::Order(row)) => format!("{row:?}"),
        Change::Upsert(Row::Sku(row)) => format!("{row:?}"),
        Change::Upsert(Row::Customer(row)) => format!("{row:?}"),
        Change::Upsert(Row::Link(link)) => format!("{link:?}"),
        Change::Upsert(row) => format!("{row:?}"),
    };
    format!("{subject} [{}] {content} at {}", fact.key.id, fact.at)
}

//! `exceptions`: what a person must look at. A statement, keyed by kind + entity + number: open while it holds, a tombstone when it is closed.
//!
//! The view of an order has the findings. Here a finding is opened once its time has come, kept with the moment since which it is open, and closed
//! again.
//!
//! Every kind, what a person does about it and which decisions settle it stand in [`crate::entities::exceptions`].

use serde::{Deserialize, Serialize};

use super::body::Statement;
use super::outlet::Outlet;
use crate::entities::exceptions::{About, to_do};
use crate::entities::last_emitted::LastEmitted;
use crate::entities::order::OrderView;
use crate::entities::order::findings::Finding;
use crate::entities::small_map::SmallMap;
use crate::entities::topics::Topic;
use crate::facts::ids::{join_key, split_key};
use crate::facts::{Amount, Currency, Moment, Text};

/// Statement: what a person must look at. Open while it holds; a tombstone when it is closed. Keyed by kind, entity and number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExceptionNotice {
    /// `topic|key|generation|revision`: no two events share one. The same as the header `id`.
    pub id: String,
    /// `order-incomplete`, `totals-differ`, `rows-contradict`, `orphan-rows`, `over-refunded`, `refund-overasked`, `unknown-word` ...
    /// `docs/exceptions.md` has them all.
    pub kind: Text,
    /// Key of the order, SKU or alias that it is about.
    pub entity: Text,
    /// Distinguishes several of one kind and entity; empty where there is one.
    pub number: Text,
    /// The order's public number; null where there is none.
    pub order_number: Option<Text>,
    /// Since when it holds, by the sources' clocks.
    pub since: Moment,
    /// What is wrong, in a sentence.
    pub sentence: Text,
    /// What a person does about it.
    pub to_do: Text,
    /// Amount at risk; null if none is known.
    pub at_risk: Option<Amount>,
    /// Of `at_risk`; null with it.
    pub currency: Option<Currency>,
    /// The records that cause it, as `topic[partition]@offset`; the topic by its number in hex.
    pub causes: Vec<Text>,
}

impl ExceptionNotice {
    /// The statement's key: kind, entity and number.
    pub fn key(&self) -> Text {
        join_key(&[&self.kind, &self.entity, &self.number])
    }
}

impl Statement for ExceptionNotice {
    const TOPIC: Topic = Topic::Exceptions;
}

/// Opens the findings that are due and not decided, and closes those that hold no more. `open`: kind | number, and since when; a part of the order's
/// state.
pub fn emit(view: &OrderView<'_>, open: &mut SmallMap<Text, Moment>, last_emitted: &mut LastEmitted, outlet: &mut Outlet<'_>) {
    let tick = outlet.context.tick;
    let found = due(view, tick);
    let over: Vec<Text> = open.keys().filter(|slot| !found.iter().any(|(there, _)| there == *slot)).cloned().collect();
    for slot in over {
        open.remove(&slot);
        let mut parts = split_key(&slot);
        if let (Some(kind), Some(number)) = (parts.next(), parts.next()) {
            outlet.emit_if_changed::<ExceptionNotice>(last_emitted, key(view, &kind, &number), None);
        }
    }
    for (slot, finding) in found {
        let since = *open.entry(slot).or_insert_with(|| finding.opens_at.unwrap_or(tick));
        outlet.emit_if_changed(last_emitted, key(view, finding.kind, &finding.number), Some(notice(view, finding, since)));
    }
}

/// The exceptions of the order that stand open, as they were emitted last. `open`: since when each is; a part of the order's state.
pub fn standing(view: &OrderView<'_>, open: &SmallMap<Text, Moment>, tick: Moment) -> Vec<ExceptionNotice> {
    let found = due(view, tick).into_iter();
    found.filter_map(|(slot, finding)| Some(notice(view, finding, *open.get(&slot)?))).collect()
}

/// What is for a person to look at, by kind | number; of several under one number the first.
fn due<'v>(view: &'v OrderView<'_>, tick: Moment) -> Vec<(Text, &'v Finding)> {
    let mut found: Vec<(Text, &Finding)> = Vec::new();
    for finding in view.findings.iter().filter(|finding| finding.is_open(tick)) {
        let slot = join_key(&[finding.kind, &finding.number]);
        if !found.iter().any(|(there, _)| *there == slot) {
            found.push((slot, finding));
        }
    }
    found
}

fn key(view: &OrderView<'_>, kind: &str, number: &str) -> Text {
    join_key(&[kind, &view.key.0, number])
}

fn notice(view: &OrderView<'_>, finding: &Finding, since: Moment) -> ExceptionNotice {
    let causes = finding.causes.iter().map(|cause| format!("{:08x}[{}]@{}", cause.topic.0, cause.partition, cause.offset).into());
    ExceptionNotice {
        id: String::new(),
        kind: finding.kind.into(),
        entity: view.key.0.clone(),
        number: finding.number.as_str().into(),
        order_number: view.placed.header.map(|header| header.number.clone()),
        since,
        sentence: finding.sentence.as_str().into(),
        to_do: to_do(About::Order, finding.kind).into(),
        at_risk: finding.at_risk,
        currency: finding.at_risk.map(|_| view.money.currency),
        causes: causes.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entities::order::testing::{Story, amount, placed_example, released_example, rules};
    use crate::events::{Emission, SealContext};
    use crate::facts::order::{ErpRecord, Word};
    use crate::facts::{OrderRow, time::Span};

    /// What a seal of the story as it stands says, `kind number: sentence`; a tombstone has no sentence.
    fn sealed(story: &Story, open: &mut SmallMap<Text, Moment>, last_emitted: &mut LastEmitted) -> Vec<String> {
        let (state, rules) = (story.state(), rules());
        let view = story.view(&state);
        let context = SealContext { rules: &rules, tick: story.now, generation: 1, live: &|_| true };
        let mut outlet = Outlet::new(context, 1, Vec::new());
        emit(&view, open, last_emitted, &mut outlet);
        let line = |emission: &Emission| match &emission.body {
            None => format!("{} closed", emission.key),
            Some(body) => {
                let notice: ExceptionNotice = serde_json::from_slice(body).expect("a notice");
                assert_eq!(emission.key, join_key(&[&notice.kind, &notice.entity, &notice.number]));
                format!("{}: {}", emission.key, notice.sentence)
            }
        };
        outlet.emissions.iter().map(line).collect()
    }

    #[test]
    fn an_exception_opens_when_its_time_has_come_is_said_once_and_closes() {
        let mut story = Story::new("GBP");
        story.header_with("30.00", |header| header.lines_expected = Some(2)).address().captured("30.00").line("A", "TEE", 1, "10.00", "0");
        let (mut open, mut last) = (SmallMap::new(), LastEmitted::default());
        assert_eq!(sealed(&story, &mut open, &mut last), [""; 0], "the line may still come");
        story.wait(Span::minutes(15));
        assert_eq!(
            sealed(&story, &mut open, &mut last),
            ["order-incomplete|magento%257C1001|: the order waits for 1 of 2 lines".replace("%257C", "%7C")]
        );
        assert_eq!(sealed(&story, &mut open, &mut last), [""; 0]);
        assert_eq!(open.len(), 1);
        story.line("B", "CAP", 1, "20.00", "0");
        assert_eq!(sealed(&story, &mut open, &mut last), ["order-incomplete|magento%7C1001| closed"]);
        assert!(open.is_empty() && last.is_empty());
    }

    #[test]
    fn a_word_of_any_spelling_closes_what_it_opened() {
        let mut story = placed_example();
        let record = |state| OrderRow::ErpRecord(ErpRecord { document: "SO-7".into(), state, created_at: None });
        story.put(crate::entities::order::testing::ERP, "1|SO-7", record(Word::Unknown("100% | odd".into())));
        let (mut open, mut last) = (SmallMap::new(), LastEmitted::default());
        assert_eq!(sealed(&story, &mut open, &mut last).len(), 1);
        story.recorded();
        let closed = sealed(&story, &mut open, &mut last);
        assert!(closed.len() == 1 && closed[0].ends_with("closed") && last.is_empty(), "{closed:?}");
    }

    #[test]
    fn a_decision_closes_an_exception_until_the_facts_get_worse() {
        let mut story = released_example();
        story.despatched("D1", "TEE", 4);
        let (mut open, mut last) = (SmallMap::new(), LastEmitted::default());
        let key = "over-despatched|magento%7C1001|A";
        assert_eq!(sealed(&story, &mut open, &mut last), [format!("{key}: 4 x TEE were despatched, but 3 ordered on line A")]);
        story.decided_for("over-despatched", "A", "accept", Some("21.15"), &[("TEE", 1)]);
        assert_eq!(sealed(&story, &mut open, &mut last), [format!("{key} closed")]);
        assert_eq!(sealed(&story, &mut open, &mut last), [""; 0]);
        story.despatched("D2", "TEE", 1);
        assert_eq!(sealed(&story, &mut open, &mut last), [format!("{key}: 5 x TEE were despatched, but 3 ordered on line A")]);
    }

    #[test]
    fn what_was_refunded_too_much_is_at_risk() {
        let mut story = placed_example();
        story.refunded("R1", "50.00");
        let state = story.state();
        let view = story.view(&state);
        let finding = view.findings.iter().find(|finding| finding.kind == "over-refunded").expect("found");
        let notice = notice(&view, finding, story.now);
        assert_eq!((notice.at_risk, notice.currency), (Some(amount("50.00")), Some(story.currency)));
        assert_eq!(notice.sentence, "50.00 GBP is refunded, 0.00 was due");
    }
}

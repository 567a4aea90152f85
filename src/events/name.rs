//! The seal of a name: `orphan-rows`, while rows have waited too long for what they belong to.

use super::exceptions::ExceptionNotice;
use super::{Outlet, Sealed};
use crate::entities::name::{NameState, Orphans};
use crate::entities::rules::Rules;
use crate::facts::Name;
use crate::facts::ids::join_key;

const KIND: &str = "orphan-rows";

/// Opens or closes the exception, and tells when it would open. Rows are passed on by [`NameState::forward`], before.
pub fn seal_name(name: &Name, state: &mut NameState, outlet: &mut Outlet<'_>) -> Sealed {
    let (orphans, next) = match state.orphans(outlet.context.rules, outlet.context.tick) {
        Ok(orphans) => (Some(orphans), None),
        Err(next) => (None, next),
    };
    let entity = name.to_string();
    let key = join_key(&[KIND, &entity, ""]);
    let notice = orphans.map(|orphans| notice(&entity, &orphans, outlet.context.rules));
    outlet.statement(&mut state.said, key, notice);
    Sealed { changed: outlet.changed, next }
}

fn notice(entity: &str, orphans: &Orphans, rules: &Rules) -> ExceptionNotice {
    let sources: Vec<&str> = orphans.sources.iter().map(|source| rules.name_of(*source)).collect();
    let (rows, wait) = if orphans.rows == 1 { ("row", "waits") } else { ("rows", "wait") };
    let sentence = format!("{} {rows} of {} {wait} under {entity}, which leads to no order", orphans.rows, sources.join(", "));
    ExceptionNotice {
        id: String::new(),
        kind: KIND.into(),
        entity: entity.into(),
        number: Default::default(),
        order_number: None,
        since: orphans.since,
        sentence: sentence.into(),
        to_do: "find the order that this name belongs to, and why its shop has not told of it".into(),
        at_risk: None,
        currency: None,
        causes: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::SealContext;
    use crate::facts::order::{ErpRecord, ErpState, Word};
    use crate::facts::time::Span;
    use crate::facts::{Cause, Change, Link, Moment, OrderKey, OrderRow, Place, Row, RowKey, SourceId, Subject, TopicId, Version};

    const CAUSE: Cause = Cause { topic: TopicId(1), partition: 0, offset: 0 };
    const NAV: SourceId = SourceId(3);

    fn version(n: u64, upsert: bool) -> Version {
        Version { incarnation: 0, place: Place::Position([n, 0, 0]), upsert, adapter: 0 }
    }

    fn key() -> RowKey {
        RowKey { kind: OrderRow::ERP_RECORD, source: NAV, id: "SO1".into() }
    }

    fn record() -> Change {
        let record = ErpRecord { document: "SO1".into(), state: Word::Known(ErpState::Approved), created_at: None };
        Change::Upsert(Row::Order(OrderRow::ErpRecord(record)))
    }

    fn link(state: &mut NameState, source: SourceId, n: u64, order: &str) {
        let to = Link::Order(OrderKey::new("magento", order));
        let key = RowKey { kind: Link::KIND, source, id: "".into() };
        state.put(key, Change::Upsert(Row::Link(to)), version(n, true), CAUSE, Moment(0));
    }

    fn seal(state: &mut NameState, tick: Moment) -> (Vec<bool>, Option<Moment>) {
        let rules = Rules::default();
        let mut outlet = Outlet::new(SealContext { rules: &rules, tick, generation: 1, live: &|_| true }, state.revision + 1, vec![]);
        let sealed = seal_name(&Name::new("order-number", "1001"), state, &mut outlet);
        (outlet.emissions.iter().map(|said| said.body.is_some()).collect(), sealed.next)
    }

    /// The ERP deletes a document when it is posted: the content must not be lost on the way.
    #[test]
    fn rows_wait_for_the_link_and_go_on_with_content_and_deletion() {
        let mut state = NameState::default();
        state.put(key(), record(), version(1, true), CAUSE, Moment(5));
        state.put(key(), Change::Delete, version(2, false), CAUSE, Moment(6));
        assert_eq!(state.forward(), None);
        link(&mut state, SourceId(9), 1, "1");
        let mut state: NameState = postcard::from_bytes(&postcard::to_stdvec(&state).expect("encodes")).expect("decodes");
        let (to, facts) = state.forward().expect("linked");
        assert_eq!(to, Link::Order(OrderKey::new("magento", "1")));
        let told: Vec<_> = facts.iter().map(|fact| (&fact.change, fact.version, fact.at)).collect();
        assert_eq!(told, [(&record(), version(1, true), Moment(5)), (&Change::Delete, version(2, false), Moment(6))]);
        assert!(facts.iter().all(|fact| fact.subject == Subject::Order(OrderKey::new("magento", "1")) && fact.key == key()));
        assert_eq!(state.forward(), None, "they went on");
        state.put(key(), record(), version(3, true), CAUSE, Moment(7));
        assert_eq!(state.forward().expect("linked").1.len(), 1, "a later row passes straight");
    }

    #[test]
    fn the_leading_link_does_not_depend_on_the_order_of_arrival() {
        for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2]] {
            let links = [(SourceId(8), 1, "old"), (SourceId(8), 2, "new"), (SourceId(9), 5, "other")];
            let mut state = NameState::default();
            for (source, n, to) in order.map(|index| links[index]) {
                link(&mut state, source, n, to);
            }
            assert_eq!(state.link(), Some(&Link::Order(OrderKey::new("magento", "new"))));
        }
    }

    #[test]
    fn rows_that_wait_for_a_day_are_orphans_until_the_link_comes() {
        let mut state = NameState::default();
        assert_eq!(seal(&mut state, Moment(0)), (vec![], None));
        state.put(key(), record(), version(1, true), CAUSE, Moment(5));
        let opens = Moment(5) + Span::days(1);
        assert_eq!(seal(&mut state, Moment(10)), (vec![], Some(opens)));
        assert_eq!(seal(&mut state, opens), (vec![true], None));
        assert_eq!(seal(&mut state, opens + Span::days(1)), (vec![], None), "said once");
        link(&mut state, NAV, 1, "1");
        state.forward();
        assert_eq!(seal(&mut state, opens + Span::days(2)), (vec![false], None));
    }
}

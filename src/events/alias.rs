//! The seal of an alias: `orphan-rows`, while rows under it have waited too long for their order; `alias-claimed-twice`, while two orders claim it.

use super::exceptions::ExceptionNotice;
use super::outlet::Outlet;
use super::sealed::Sealed;
use crate::entities::alias::{AliasState, Claimed, Orphans};
use crate::entities::exceptions::{self, About};
use crate::entities::rules::Rules;
use crate::facts::ids::join_key;
use crate::facts::{Alias, Moment};

const ORPHANS: &str = "orphan-rows";
const BLIND: &str = "return-without-order";
const CLAIMED: &str = "alias-claimed-twice";

/// Opens or closes the exceptions, and gives when one would open. Rows are passed on before, by [`AliasState::forward`].
pub fn seal_alias(alias: &Alias, state: &mut AliasState, outlet: &mut Outlet<'_>) -> Sealed {
    let (notices, next) = notices(alias, state, outlet.context.rules, outlet.context.tick);
    for (kind, notice) in notices {
        // Mostly nothing stands, and nothing did.
        if notice.is_none() && state.last_emitted.is_empty() {
            continue;
        }
        outlet.emit_if_changed(&mut state.last_emitted, join_key(&[kind, &alias.to_string(), ""]), notice);
    }
    Sealed { changed: outlet.changed, next }
}

/// The exceptions of the alias that stand open, as they were emitted last.
pub fn standing(alias: &Alias, state: &AliasState, rules: &Rules, tick: Moment) -> Vec<ExceptionNotice> {
    notices(alias, state, rules, tick).0.into_iter().filter_map(|(_, notice)| notice).collect()
}

type KindAndNotice = (&'static str, Option<ExceptionNotice>);

/// Each kind, with its exception if it is open, and when one would open.
fn notices(alias: &Alias, state: &AliasState, rules: &Rules, tick: Moment) -> ([KindAndNotice; 2], Option<Moment>) {
    let (orphans, next) = match state.orphans(alias, rules, tick) {
        Ok(orphans) => (Some(orphans), None),
        Err(next) => (None, next),
    };
    let claimed = state.claimed(alias).filter(|_| state.asks_whose(alias)).map(|claimed| claimed_twice(&alias.to_string(), &claimed));
    let kind = if alias.is_blind_return() { BLIND } else { ORPHANS };
    ([(CLAIMED, claimed), (kind, orphans.map(|orphans| notice(kind, &alias.to_string(), &orphans, rules)))], next)
}

fn claimed_twice(entity: &str, claimed: &Claimed) -> ExceptionNotice {
    let orders: Vec<&str> = claimed.orders.iter().map(|order| order.0.as_str()).collect();
    let sentence = format!("{entity} is claimed by the orders {}: it leads to none of them until one lets go", orders.join(" and "));
    let causes = claimed.causes.iter().map(|cause| format!("{:08x}[{}]@{}", cause.topic.0, cause.partition, cause.offset).into());
    ExceptionNotice {
        id: String::new(),
        kind: CLAIMED.into(),
        entity: entity.into(),
        number: Default::default(),
        order_number: None,
        since: claimed.since,
        sentence: sentence.into(),
        to_do: exceptions::to_do(About::Alias, CLAIMED).into(),
        at_risk: None,
        currency: None,
        causes: causes.collect(),
    }
}

fn notice(kind: &'static str, entity: &str, orphans: &Orphans, rules: &Rules) -> ExceptionNotice {
    let sources: Vec<&str> = orphans.sources.iter().map(|source| rules.name_of(*source)).collect();
    let (rows, wait) = if orphans.rows == 1 { ("row", "waits") } else { ("rows", "wait") };
    let sentence = format!("{} {rows} of {} {wait} under {entity}, which leads to no order", orphans.rows, sources.join(", "));
    ExceptionNotice {
        id: String::new(),
        kind: kind.into(),
        entity: entity.into(),
        number: Default::default(),
        order_number: None,
        since: orphans.since,
        sentence: sentence.into(),
        to_do: exceptions::to_do(About::Alias, kind).into(),
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
    use crate::facts::{Cause, Change, Link, OrderKey, OrderRow, Place, Row, RowKey, SourceId, Subject, TopicId, Version};

    const CAUSE: Cause = Cause { topic: TopicId(1), partition: 0, offset: 0 };
    const NAV: SourceId = SourceId(3);

    fn version(n: u64, upsert: bool) -> Version {
        Version { incarnation: 0, place: Place::Position([n, 0, 0]), upsert, adapter: 0 }
    }

    fn alias() -> Alias {
        Alias::new(Alias::ORDER_NUMBER, "1001")
    }

    fn key() -> RowKey {
        RowKey { kind: OrderRow::ERP_RECORD, source: NAV, id: "SO1".into() }
    }

    fn record() -> Change {
        let record = ErpRecord { document: "SO1".into(), state: Word::Known(ErpState::Approved), created_at: None };
        Change::Upsert(Row::Order(OrderRow::ErpRecord(record)))
    }

    fn link(state: &mut AliasState, source: SourceId, n: u64, order: &str) {
        let to = Link::Order(OrderKey::new("magento", order));
        let key = RowKey { kind: Link::KIND, source, id: format!("magento|{order}").into() };
        state.put(key, Change::Upsert(Row::Link(to)), version(n, true), CAUSE, Moment(0), Moment(0));
    }

    fn seal(state: &mut AliasState, tick: Moment) -> (Vec<bool>, Option<Moment>) {
        let rules = Rules::default();
        let mut outlet = Outlet::new(SealContext { rules: &rules, tick, generation: 1, live: &|_| true }, state.revision + 1, vec![]);
        let sealed = seal_alias(&alias(), state, &mut outlet);
        (outlet.emissions.iter().map(|emitted| emitted.body.is_some()).collect(), sealed.next)
    }

    /// The ERP deletes a document when it is posted: the content must not be lost on the way.
    #[test]
    fn rows_wait_for_the_link_and_go_on_with_content_and_deletion() {
        let mut state = AliasState::default();
        state.put(key(), record(), version(1, true), CAUSE, Moment(5), Moment(5));
        state.put(key(), Change::Delete, version(2, false), CAUSE, Moment(6), Moment(6));
        assert_eq!(state.forward(&alias()), []);
        link(&mut state, SourceId(9), 1, "1");
        let mut state: AliasState = postcard::from_bytes(&postcard::to_stdvec(&state).expect("encodes")).expect("decodes");
        let facts = state.forward(&alias());
        let passed_on: Vec<_> = facts.iter().map(|(fact, _)| (&fact.change, fact.version, fact.at)).collect();
        assert_eq!(passed_on, [(&record(), version(1, true), Moment(5)), (&Change::Delete, version(2, false), Moment(6))]);
        assert!(facts.iter().all(|(fact, _)| fact.subject == Subject::Order(OrderKey::new("magento", "1")) && fact.key == key()));
        assert_eq!(state.forward(&alias()), [], "they went on");
        state.put(key(), record(), version(3, true), CAUSE, Moment(7), Moment(7));
        assert_eq!(state.forward(&alias()).len(), 1, "a later row passes straight");
    }

    #[test]
    fn an_alias_of_two_orders_leads_nowhere_until_one_lets_go_in_any_order_of_arrival() {
        for order in [[0, 1], [1, 0]] {
            let mut state = AliasState::default();
            for (n, to) in order.map(|index| [(1, "1"), (2, "2")][index]) {
                link(&mut state, SourceId(7 + n as u16), n, to);
            }
            assert!(state.targets(&alias()).is_empty());
            assert_eq!(seal(&mut state, Moment(9)).0, [true], "a person is asked");
            let claim = RowKey { kind: Link::KIND, source: SourceId(8), id: "magento|1".into() };
            state.put(claim, Change::Delete, version(3, false), CAUSE, Moment(4), Moment(4));
            assert_eq!(state.targets(&alias()), [&Link::Order(OrderKey::new("magento", "2"))]);
            assert_eq!(seal(&mut state, Moment(9)).0, [false]);
        }
    }

    /// A system with stores gives a number once in each: that is no mistake. A row that names the number alone asks whose it is.
    #[test]
    fn one_systems_number_in_two_stores_asks_nobody_until_a_row_names_it_and_a_decision_says_whose_it_is() {
        let mut state = AliasState::default();
        link(&mut state, SourceId(8), 1, "1");
        link(&mut state, SourceId(8), 2, "2");
        assert_eq!((state.targets(&alias()).len(), state.meant(&alias()).len()), (0, 2));
        assert_eq!(seal(&mut state, Moment(9)).0, Vec::<bool>::new());
        state.put(key(), record(), version(3, true), CAUSE, Moment(10), Moment(10));
        assert_eq!((state.forward(&alias()), seal(&mut state, Moment(10)).0), (vec![], vec![true]));
        let to = Link::Order(OrderKey::new("magento", "2"));
        let decided = RowKey { kind: Link::KIND, source: SourceId::WAYBILL, id: "".into() };
        state.put(decided, Change::Upsert(Row::Link(to.clone())), version(4, true), CAUSE, Moment(11), Moment(11));
        assert_eq!(state.targets(&alias()), [&to]);
        assert_eq!(state.forward(&alias()).len(), 1);
        assert_eq!(seal(&mut state, Moment(11)).0, [false]);
    }

    #[test]
    fn rows_that_wait_for_a_day_are_orphans_until_the_link_comes() {
        let mut state = AliasState::default();
        assert_eq!(seal(&mut state, Moment(0)), (vec![], None));
        state.put(key(), record(), version(1, true), CAUSE, Moment(5), Moment(5));
        let opens = Moment(5) + Span::days(1);
        assert_eq!(seal(&mut state, Moment(10)), (vec![], Some(opens)));
        assert_eq!(seal(&mut state, opens), (vec![true], None));
        assert_eq!(seal(&mut state, opens + Span::days(1)), (vec![], None), "emitted once");
        link(&mut state, NAV, 1, "1");
        state.forward(&alias());
        assert_eq!(seal(&mut state, opens + Span::days(2)), (vec![false], None));
    }

    /// A first snapshot of old data: lines of a year ago may come a moment before the header that says whose they are.
    #[test]
    fn rows_wait_no_longer_than_waybill_has_had_them() {
        let now = Moment(5) + Span::days(365);
        let mut state = AliasState::default();
        state.put(key(), record(), version(1, true), CAUSE, Moment(5), now);
        let opens = now + Span::days(1);
        assert_eq!(seal(&mut state, now), (vec![], Some(opens)));
        // A newer version of the row puts nothing off; nor does a link to another alias that leads to no order.
        state.put(key(), record(), version(2, true), CAUSE, Moment(6), now + Span::hours(23));
        let key_of_link = RowKey { kind: Link::KIND, source: NAV, id: "".into() };
        let to = Link::Alias(Alias::new(Alias::ORDER_NUMBER, "1002"));
        state.put(key_of_link, Change::Upsert(Row::Link(to)), version(3, true), CAUSE, now, now);
        let (fact, since) = state.forward(&alias()).pop().expect("passed on");
        let mut next = AliasState::default();
        next.put(fact.key, fact.change, fact.version, fact.cause, fact.at, since);
        assert_eq!(seal(&mut next, now + Span::hours(23)), (vec![], Some(opens)));
        assert_eq!(seal(&mut next, opens), (vec![true], None));
    }

    #[test]
    fn every_kind_has_its_entry() {
        for kind in [CLAIMED, BLIND, ORPHANS] {
            assert!(exceptions::kind(About::Alias, kind).is_some(), "give {kind} an entry in src/entities/exceptions.rs");
        }
    }
}

//! The exceptions of a customer: merges that contradict each other, and sources that still send a person who asked to be forgotten.

use super::exceptions::ExceptionNotice;
use super::outlet::Outlet;
use crate::entities::KeptRow;
use crate::entities::customer::joins::{self, IDENTITY_CONFLICT};
use crate::entities::customer::{CustomerState, Person, consent};
use crate::entities::exceptions::{About, to_do};
use crate::entities::rules::Rules;
use crate::facts::{Cause, CustomerKey, CustomerRow, Moment, SourceId, Text};

const ERASURE_INCOMPLETE: &str = "erasure-incomplete";
const ACCEPT: &str = "accept";

/// Opens and closes what a person must look at. Gives when the clock alone would open one.
pub(super) fn emit(customer: &CustomerKey, person: &Person, state: &mut CustomerState, outlet: &mut Outlet<'_>) -> Option<Moment> {
    let (rules, tick) = (outlet.context.rules, outlet.context.tick);
    let opens_at = person.erased_at.map(|asked_at| asked_at + rules.durations.erasure_incomplete);
    let found = standing(customer, person, state, rules, tick);
    let found = found.into_iter().map(|notice| (notice.key(), notice)).collect();
    outlet.emit_all(&mut state.last_emitted, found);
    opens_at.filter(|opens_at| *opens_at > tick)
}

/// What stands open.
pub fn standing(customer: &CustomerKey, person: &Person, state: &CustomerState, rules: &Rules, tick: Moment) -> Vec<ExceptionNotice> {
    let mut found: Vec<ExceptionNotice> =
        person.joins.contradicting.iter().map(|kept| contradiction(customer, kept, state, rules)).collect();
    found.extend(still_sent(customer, person, state, rules, tick));
    found
}

fn contradiction(customer: &CustomerKey, kept: &CustomerKey, state: &CustomerState, rules: &Rules) -> ExceptionNotice {
    let rows =
        state.of_kind(CustomerRow::MERGE).filter(|(_, row)| matches!(row.live(), Some(CustomerRow::Merge(merge)) if merge.kept == *kept));
    let rows: Vec<_> = rows.collect();
    let by: Vec<&str> = rows.iter().map(|(key, _)| rules.name_of(key.source)).collect();
    let sentence = format!("{} merges {} into {}, which contradicts other merges: neither is joined", by.join(", "), customer.0, kept.0);
    let since = rows.iter().filter_map(|(_, row)| row.written_at()).max().unwrap_or_default();
    notice(IDENTITY_CONFLICT, customer, kept.0.clone(), since, sentence, rows.iter().filter_map(|(_, row)| row.cause()))
}

/// Sources that have written the person anew since the person asked to be forgotten.
fn still_sent(customer: &CustomerKey, person: &Person, state: &CustomerState, rules: &Rules, tick: Moment) -> Vec<ExceptionNotice> {
    let Some(asked_at) = person.erased_at.filter(|asked_at| *asked_at + rules.durations.erasure_incomplete <= tick) else {
        return Vec::new();
    };
    let rows = state.of_kind(CustomerRow::ACCOUNT).chain(state.of_kind(CustomerRow::CONSENT));
    let rows: Vec<_> = rows.filter(|(_, row)| still_tells(state, row, asked_at)).collect();
    let mut sources: Vec<SourceId> = rows.iter().map(|(key, _)| key.source).collect();
    sources.sort_unstable();
    sources.dedup();
    let undecided = sources.into_iter().filter(|source| !joins::decided(state, ERASURE_INCOMPLETE, rules.name_of(*source), ACCEPT));
    let notice = |source: SourceId| {
        let of_source = || rows.iter().filter(|(key, _)| key.source == source);
        let name = rules.name_of(source);
        let sentence = format!("{name} still sends a person who asked at {asked_at} to be forgotten");
        let since = of_source().filter_map(|(_, row)| row.written_at()).min().unwrap_or_default();
        notice(ERASURE_INCOMPLETE, customer, name.into(), since, sentence, of_source().filter_map(|(_, row)| row.cause()))
    };
    undecided.map(notice).collect()
}

/// A row that was written after the person asked to be forgotten, about what was before. An account under another address is another one's by now: it
/// was made anonymous.
fn still_tells(state: &CustomerState, row: &KeptRow<CustomerRow>, asked_at: Moment) -> bool {
    let written_since = row.written_at().is_some_and(|at| at > asked_at);
    written_since
        && match row.live() {
            Some(CustomerRow::Account(account)) => {
                let known: Vec<_> = state.of_kind(CustomerRow::ERASURE).filter_map(|(_, row)| email_of(row.content()?)).collect();
                let same = account.email.is_some_and(|email| known.is_empty() || known.contains(&email));
                same && account.created_at.is_none_or(|made| made <= asked_at)
            }
            Some(CustomerRow::Consent(given)) => !consent::is_given_after(given, Some(asked_at)),
            _ => false,
        }
}

fn email_of(row: &CustomerRow) -> Option<crate::facts::Digest> {
    match row {
        CustomerRow::Erasure(erasure) => erasure.email,
        _ => None,
    }
}

fn notice(
    kind: &'static str,
    customer: &CustomerKey,
    number: Text,
    since: Moment,
    sentence: String,
    causes: impl Iterator<Item = Cause>,
) -> ExceptionNotice {
    ExceptionNotice {
        id: String::new(),
        kind: kind.into(),
        entity: customer.0.clone(),
        number,
        order_number: None,
        since,
        sentence: sentence.into(),
        to_do: to_do(About::Customer, kind).into(),
        at_risk: None,
        currency: None,
        causes: causes.map(|cause| format!("{:08x}[{}]@{}", cause.topic.0, cause.partition, cause.offset).into()).collect(),
    }
}

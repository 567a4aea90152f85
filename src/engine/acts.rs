//! What people do at the desk, carried out in the epoch that reads it, and written to `audit` in the same transaction: who, what, when, how it stood before
//! and how it stands after. So an act takes effect once, and what `audit` says of it is what became of it.
//!
//! | act | on a dead letter, or an exception | that is |
//! | --- | --- | --- |
//! | retry, edit | outstanding | read like any record, in its own place: its rows are as old as the record. Then the letter is closed, or refused anew |
//! | discard | outstanding | closed |
//! | any of these | not outstanding | nothing: it was read or discarded before |
//! | note, own | open | kept with it until it closes |

use serde_json::{Value, json};

use super::cases::CaseNote;
use super::decode::SaidAct;
use super::incarnations::{Incarnations, Standing};
use super::letters::{CauseId, Letter};
use super::outbox::Outbox;
use super::put::{FactsPut, put_record};
use super::store::Store;
use crate::entities::exceptions::{About, EXCEPTIONS};
use crate::entities::last_emitted::LastEmitted;
use crate::envelope::{DecodeError, Record};
use crate::events::Topic;
use crate::facts::ids::{join_key, split_key};
use crate::facts::{Alias, Cause, CustomerKey, Fact, OrderKey, Sku, Subject, Text};
use crate::sources::acts::{Act, ActRecord};
use crate::sources::decisions::DecisionRecord;
use crate::sources::{Reading, SourcePosition};

/// The members of a record of `audit`, and what each says.
pub const AUDIT_MEMBERS: [(&str, &str); 10] = [
    ("act", "`decide`, `retry`, `edit`, `discard`, `discard-cause`, `note`, `own`."),
    ("about", "The place of a record, `topic[partition]@offset`; a cause's id; an exception's key: kind, entity, number."),
    ("who", "A login."),
    ("at", "When it was decided or done. RFC 3339, UTC, to the millisecond."),
    ("why", "Why, if that was said."),
    (
        "before",
        "How it stood: why a record was refused; what an exception said and what was at risk, as the person saw it; null if nothing stood.",
    ),
    (
        "after",
        "What became of it: `read` with the number of `rows` and of those that are `new`; `refused` with the sentence; `discarded` with how many; the \
         decision, and whether it `took_effect`; or `nothing`, with the reason.",
    ),
    ("changes", "Of an edit: the members that differ, with what was and is there."),
    ("tick", "The epoch's one moment."),
    ("record", "The record of `decisions` or `acts`."),
];

/// What became of the record that an act carries.
pub(super) struct ReadAgain {
    /// The place of its source in the engine's list.
    pub source: usize,
    pub position: Option<SourcePosition>,
    pub reading: Result<Reading, DecodeError>,
}

/// How something stood before an act, and how it stands after it.
struct Effect {
    before: Value,
    after: Value,
}

impl Effect {
    /// The act changes nothing, for this reason.
    fn none(why: impl Into<String>) -> Self {
        Self { before: Value::Null, after: json!({ "nothing": why.into() }) }
    }
}

/// Carries an act out. `record`: the act's own; `facts`: those of the record that it carries.
pub(super) fn carry_out(
    store: &mut Store,
    incarnations: &Incarnations,
    outbox: &mut Outbox,
    record: &Record<'_>,
    said: SaidAct,
    read: &ReadAgain,
    facts: impl Iterator<Item = Fact>,
) {
    let tick = store.tick;
    let mut changes = Value::Null;
    let effect = match (&said.act.act, said.place) {
        (Act::Retry { .. }, Some(place)) => read_again(store, incarnations, &said, place, read, facts),
        (Act::Edit { changes: edited, .. }, Some(place)) => {
            changes = json!(edited);
            read_again(store, incarnations, &said, place, read, facts)
        }
        (Act::Discard { .. }, Some(place)) => discard(store, &place),
        (Act::DiscardCause { cause }, _) => discard_cause(store, cause, &said.act),
        (Act::Note { exception, note }, _) => match is_open(store, exception) {
            true => {
                let note = CaseNote { who: said.act.who.clone(), at: said.act.at, text: note.clone() };
                let before = store.cases.state.note(exception, note.clone());
                Effect { before: json!({ "notes": before }), after: json!({ "note": note.text }) }
            }
            false => Effect::none("the exception is not open"),
        },
        (Act::Own { exception, owner }, _) => match is_open(store, exception) {
            true => {
                Effect { before: json!({ "owner": store.cases.state.own(exception, owner.clone()) }), after: json!({ "owner": owner }) }
            }
            false => Effect::none("the exception is not open"),
        },
        (Act::Retry { .. } | Act::Edit { .. } | Act::Discard { .. }, None) => Effect::none("it names no record"),
    };
    let ActRecord { who, at, why, act } = &said.act;
    let mut body = json!({
        "act": act.name(), "about": act.about(), "who": who, "at": at, "why": why, "before": effect.before, "after": effect.after,
        "tick": tick, "record": place_of(record),
    });
    if !changes.is_null() {
        body["changes"] = changes;
    }
    outbox.audit(&store.settings.names, act.about(), &body);
}

fn place_of(record: &Record<'_>) -> String {
    format!("{}[{}]@{}", record.topic, record.partition, record.offset)
}

const NOT_OUTSTANDING: &str = "no dead letter of this place is outstanding";

/// How a letter stands, for those who read it later.
fn shown(store: &Store, letter: &Letter) -> Value {
    let cause = store.letters.index.state.causes.get(&letter.cause);
    let refused = cause.map(|cause| format!("field \"{}\": expected {}", cause.member, cause.expected));
    json!({ "refused": refused, "tries": letter.tries, "since": letter.since })
}

/// The record of a letter is read as if it were read now, in its own place: what its source has written of the same rows since is newer.
fn read_again(
    store: &mut Store,
    incarnations: &Incarnations,
    said: &SaidAct,
    place: Cause,
    read: &ReadAgain,
    facts: impl Iterator<Item = Fact>,
) -> Effect {
    let Some(letter) = store.letters.get(&place).cloned() else { return Effect::none(NOT_OUTSTANDING) };
    let before = shown(store, &letter);
    let (digest, timestamp) = said.carried;
    if timestamp != letter.written_at || (matches!(said.act.act, Act::Retry { .. }) && digest != letter.digest) {
        let after = json!({ "nothing": "the act carries another record than the one that was refused: its topic was made anew" });
        return Effect { before, after };
    }
    match &read.reading {
        Err(error) => {
            store.letters.refused_again(place, error, store.tick);
            Effect { before, after: json!({ "refused": error.to_string() }) }
        }
        Ok(_) => {
            let source = store.settings.sources[read.source].common.id;
            let standing = read.position.map(|position| match letter.ordinal {
                Some(ordinal) => Standing { incarnation: letter.incarnation, ordinal },
                None => Standing { incarnation: incarnations.past(source, &position, letter.written_at, letter.incarnation), ordinal: 0 },
            });
            let FactsPut { facts, new } = put_record(store, read.source, standing.unwrap_or_default(), facts);
            store.letters.close(&place);
            Effect { before, after: json!({ "read": true, "rows": facts, "new": new }) }
        }
    }
}

fn discard(store: &mut Store, place: &Cause) -> Effect {
    let Some(letter) = store.letters.get(place).cloned() else { return Effect::none(NOT_OUTSTANDING) };
    let before = shown(store, &letter);
    store.letters.close(place);
    Effect { before, after: json!({ "discarded": 1 }) }
}

fn discard_cause(store: &mut Store, cause: &str, act: &ActRecord) -> Effect {
    let id = CauseId::from_str_radix(cause, 16).ok();
    let Some((id, known)) = id.and_then(|id| Some((id, store.letters.index.state.causes.get(&id).cloned()?))) else {
        return Effect::none("no dead letter of this cause is outstanding");
    };
    let before =
        json!({ "source": known.source, "topic": known.topic, "member": known.member, "expected": known.expected, "count": known.count() });
    let discarded = store.letters.close_cause(id, act.at);
    Effect { before, after: json!({ "discarded": discarded }) }
}

/// Is the exception of this key open, as the open epoch has it?
fn is_open(store: &mut Store, key: &Text) -> bool {
    let parts: Vec<Text> = split_key(key).collect();
    let [kind, entity, _] = parts.as_slice() else { return false };
    let has = |last: &LastEmitted| last.keys(Topic::Exceptions).any(|open| open == key);
    EXCEPTIONS.iter().filter(|known| known.kind == kind.as_str()).any(|known| match known.about {
        About::Order => {
            let order = OrderKey(entity.clone());
            store.shard_of(&Subject::Order(order.clone())).orders.get(&order).is_some_and(|state| has(&state.last_emitted))
        }
        About::Sku => Sku::new(entity).is_some_and(|sku| {
            let shard = store.shard_of(&Subject::Sku(sku.clone()));
            shard.skus.get(&sku).is_some_and(|state| has(&state.last_emitted))
        }),
        About::Alias => Alias::parse(entity).is_some_and(|alias| {
            let shard = store.shard_of(&Subject::Alias(alias.clone()));
            shard.aliases.get(&alias).is_some_and(|state| has(&state.last_emitted))
        }),
        About::Customer => {
            let customer = CustomerKey(entity.clone());
            store.shard_of(&Subject::Customer(customer.clone())).customers.get(&customer).is_some_and(|state| has(&state.last_emitted))
        }
        About::Application => has(&store.desk.state.last_emitted),
    })
}

/// Notes a decision that was read. `done`: what became of its facts.
pub(super) fn decided(store: &Store, outbox: &mut Outbox, record: &Record<'_>, decision: &DecisionRecord, done: FactsPut) {
    let DecisionRecord { kind, order, alias, sku, customer, number, choice, amount, lines, who, why, decided_at, settles } = decision;
    let entity = alias.as_ref().or(order.as_ref()).or(sku.as_ref()).or(customer.as_ref());
    // As the exception's key, where the order is named by its own.
    let about = join_key(&[kind, entity.map_or("waybill", String::as_str), number]).to_string();
    let body = json!({
        "act": "decide", "about": about, "who": who, "at": decided_at, "why": why, "before": settles,
        "after": {
            "kind": kind, "order": order, "alias": alias, "sku": sku, "customer": customer, "number": number, "choice": choice, "amount": amount, "lines": lines,
            "took_effect": done.new > 0,
        },
        "tick": store.tick, "record": place_of(record),
    });
    outbox.audit(&store.settings.names, about, &body);
}

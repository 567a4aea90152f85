//! What a customer passes on: to customers how it is joined with them, and its rows to whoever stands for it; to its orders that the person is forgotten.
//!
//! Rows that have not changed are passed on again only when who stands for the customer has changed. So an order costs the same, however many others the
//! customer has.

use xxhash_rust::xxh3::xxh3_64;

use super::joins::{self, Joins};
use super::{CustomerState, PassedOn};
use crate::entities::KeptRow;
use crate::entities::rules::{Role, Rules};
use crate::facts::customer::ConsentState;
use crate::facts::ids::{join_key, split_key};
use crate::facts::joins::{AddressHolder, Contact, ToldErasure};
use crate::facts::order::Forgotten;
use crate::facts::{CustomerKey, CustomerRow, Moment, OrderKey, OrderRow, Row, RowKey, SourceId, Subject, Text};

/// A fact for another entity; `None`: it is withdrawn. The moment is that of the row that is passed on.
#[derive(Clone, Debug, PartialEq)]
pub struct PassedFact {
    /// Who gets it.
    pub subject: Subject,
    /// The row's key there.
    pub key: RowKey,
    /// The row.
    pub row: Option<Row>,
    /// When it was written, if it was written elsewhere.
    pub at: Option<Moment>,
}

/// Passes on what has changed since the last time.
pub fn pass_on(customer: &CustomerKey, state: &mut CustomerState, rules: &Rules, out: &mut Vec<PassedFact>) {
    let fresh = state.take_fresh();
    let before = state.passed_on.clone();
    let mut now = before.clone();
    let is_of_joins = |key: &RowKey| ![CustomerRow::CONSENT, CustomerRow::ORDER].contains(&key.kind) && key.kind < CustomerRow::JOINED;
    // Without a row the rules may have changed.
    if fresh.is_empty() || fresh.iter().any(is_of_joins) {
        let joins = Joins::of(customer, state);
        let neighbours = joins::neighbours(customer, state, &joins);
        now.forgotten_until = joins::erased_by(state, &neighbours, None);
        tell(facts(customer, state, rules, &joins, &neighbours), &mut now, customer, out);
        (now.merged_into, now.written_to) = (joins.merged_into, joins.written_to);
        now.closed = joins::is_closed(customer, state);
    }
    let receivers = (&now.merged_into, &now.written_to);
    let moves = receivers != (&before.merged_into, &before.written_to);
    let forgets = now.forgotten_until != before.forgotten_until;
    let pass = |key: &RowKey, kept: Option<&KeptRow<CustomerRow>>, out: &mut Vec<PassedFact>| {
        let all = receivers_of(key.kind, &now);
        for (former, _) in receivers_of(key.kind, &before).into_iter().filter(|(former, _)| !all.iter().any(|(still, _)| still == former)) {
            out.push(joined(customer, former, key, None));
        }
        for (receiver, as_same_person) in all {
            out.push(joined(customer, receiver, key, kept.and_then(|kept| copy(kept, as_same_person))));
        }
        if key.kind == CustomerRow::ORDER {
            out.extend(forgotten(customer, key, kept, &before, &now));
        }
    };
    if moves || forgets {
        let kinds = [CustomerRow::ACCOUNT, CustomerRow::CONSENT, CustomerRow::ORDER];
        kinds.into_iter().flat_map(|kind| state.of_kind(kind)).for_each(|(key, kept)| pass(key, Some(kept), out));
    } else {
        fresh.iter().for_each(|key| pass(key, state.row(key), out));
    }
    if moves || now.closed != before.closed {
        state.unseal_all();
    }
    state.passed_on = now;
}

/// What others have to know of how the customer is joined: the receiver and the row, whose key is this customer.
fn facts(
    customer: &CustomerKey,
    state: &CustomerState,
    rules: &Rules,
    joins: &Joins,
    neighbours: &[CustomerKey],
) -> Vec<(CustomerKey, CustomerRow)> {
    let mut facts = Vec::new();
    // An account knows the guest of its address.
    if let Some((next, by_merge)) = &joins.next
        && (*by_merge || !customer.is_guest())
    {
        facts.push((next.clone(), CustomerRow::Member));
    }
    if let Some(leads) = &joins.leads {
        let told = joins::members(state).chain(joins::announced_to(customer, state));
        facts.extend(told.map(|member| (member, CustomerRow::Leads(leads.clone()))));
    }
    if let Some(guest) = joins::announced_to(customer, state) {
        let created_at = joins::own_account(customer, state).and_then(|account| account.created_at);
        let (merged, closed) = (joins.merged_into.is_some(), joins::is_closed(customer, state));
        let of_shop = rules.plays(joins::home(customer), Role::Shop);
        facts.push((guest, CustomerRow::Contact(Contact { created_at, merged, closed, of_shop })));
    }
    if customer.is_guest()
        && let Some(holder) = joins::address_holder(state)
    {
        let others = joins::contacts(state).map(|(account, _)| account).filter(|account| Some(account) != holder.as_ref());
        facts.extend(others.map(|account| (account, CustomerRow::AddressHolder(AddressHolder { account: holder.clone() }))));
    }
    for neighbour in neighbours {
        // Not what that one has told itself.
        let asked_at = joins::erased_by(state, neighbours, Some(neighbour));
        facts.extend(asked_at.map(|asked_at| (neighbour.clone(), CustomerRow::ToldErasure(ToldErasure { asked_at }))));
    }
    facts
}

/// Puts out those of the facts that differ from what was told last, and withdraws what does not hold any more.
fn tell(facts: Vec<(CustomerKey, CustomerRow)>, passed: &mut PassedOn, customer: &CustomerKey, out: &mut Vec<PassedFact>) {
    let fact = |to: CustomerKey, kind: u8, row: Option<CustomerRow>| PassedFact {
        subject: Subject::Customer(to),
        key: RowKey { kind, source: SourceId::WAYBILL, id: customer.0.clone() },
        row: row.map(Row::Customer),
        at: None,
    };
    let slots: Vec<Text> = facts.iter().map(|(to, row)| join_key(&[&row.kind().to_string(), &to.0])).collect();
    passed.facts.retain(|slot, _| {
        let still = slots.contains(slot);
        let mut parts = split_key(slot);
        if !still && let (Some(kind), Some(to)) = (parts.next().and_then(|kind| kind.parse().ok()), parts.next()) {
            out.push(fact(CustomerKey(to), kind, None));
        }
        still
    });
    for ((to, row), slot) in facts.into_iter().zip(slots) {
        // Rows of ours always have a binary form.
        let digest = xxh3_64(&postcard::to_stdvec(&row).unwrap_or_default());
        if passed.facts.insert(slot, digest) != Some(digest) {
            let kind = row.kind();
            out.push(fact(to, kind, Some(row)));
        }
    }
}

/// Who gets a row of this kind, and whether as the same person: the end of the merges, and who is written to.
fn receivers_of(kind: u8, passed: &PassedOn) -> Vec<(&CustomerKey, bool)> {
    let PassedOn { merged_into, written_to, .. } = passed;
    match kind {
        CustomerRow::ORDER => {
            let written_to = written_to.as_ref().filter(|written_to| merged_into.as_ref() != Some(written_to));
            merged_into.iter().map(|end| (end, true)).chain(written_to.map(|written_to| (written_to, false))).collect()
        }
        CustomerRow::ACCOUNT | CustomerRow::CONSENT => written_to.iter().map(|to| (to, false)).collect(),
        _ => Vec::new(),
    }
}

fn joined(customer: &CustomerKey, to: &CustomerKey, key: &RowKey, copy: Option<(CustomerRow, Moment)>) -> PassedFact {
    let id = match key.kind {
        // An order's rows are found by the order.
        CustomerRow::ORDER => join_key(&[&key.id, &customer.0]),
        _ => join_key(&[&customer.0, &key.source.0.to_string(), &key.id]),
    };
    let (row, at) = copy.map_or((None, None), |(row, at)| (Some(row), Some(at)));
    PassedFact {
        subject: Subject::Customer(to.clone()),
        key: RowKey { kind: CustomerRow::JOINED + key.kind, source: SourceId::WAYBILL, id },
        row: row.map(|row| Row::Customer(CustomerRow::Joined(Box::new(row)))),
        at,
    }
}

/// The row as another customer gets it. Of a deleted consent only a refusal is left; an order is shown to the same person alone.
fn copy(kept: &KeptRow<CustomerRow>, as_same_person: bool) -> Option<(CustomerRow, Moment)> {
    let at = kept.upserted.as_ref()?.at;
    let mut row = match kept.content()? {
        CustomerRow::Consent(consent) if consent.state == ConsentState::No => CustomerRow::Consent(consent.clone()),
        _ => kept.live()?.clone(),
    };
    if let CustomerRow::Order(order) = &mut row {
        order.proven &= as_same_person;
    }
    Some((row, at))
}

/// What an order is to know of its person being forgotten.
fn forgotten(
    customer: &CustomerKey,
    key: &RowKey,
    kept: Option<&KeptRow<CustomerRow>>,
    before: &PassedOn,
    now: &PassedOn,
) -> Option<PassedFact> {
    let placed_at = kept.and_then(|kept| match kept.live()? {
        CustomerRow::Order(order) => Some(order.placed_at),
        _ => None,
    });
    let asked_at = now.forgotten_until.filter(|until| placed_at.is_some_and(|placed_at| placed_at <= *until));
    if asked_at.is_none() && before.forgotten_until.is_none() && now.forgotten_until.is_none() {
        return None;
    }
    Some(PassedFact {
        subject: Subject::Order(OrderKey(key.id.clone())),
        key: RowKey { kind: OrderRow::FORGOTTEN, source: SourceId::WAYBILL, id: customer.0.clone() },
        row: asked_at.map(|asked_at| Row::Order(OrderRow::Forgotten(Forgotten { asked_at }))),
        at: None,
    })
}

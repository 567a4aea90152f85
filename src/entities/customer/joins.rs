//! Who is one person: merges, accounts and guests of one address, and where an erasure reaches (journey.md, "Customers").
//!
//! ```text
//! guest of an address --> its newest account --> merged into --> merged into --> stands for all of them
//! another account of the address --^
//! ```
//!
//! - Each customer leads to at most one other: by a merge, else by its address. It is told where that one leads itself ([`Leads`]), so it knows the end,
//!   and no customer reads another.
//! - A customer that is merged stands for itself nowhere any more: the end of its merges has its orders, and shows them to the person.
//! - By an address customers are joined for CRM and marketing alone: who is written to there has the rows, and the person's own account keeps what it shows.
//! - Merges in a circle, and a customer that is merged into two, join nobody until somebody decides that one of the merges does not count.
//! - An account of many people joins nobody, nor does a masked address, nor one that many accounts have.

use std::collections::BTreeSet;

use super::CustomerState;
use crate::facts::customer::CustomerAccount;
use crate::facts::ids::split_key;
use crate::facts::joins::{Contact, Leads};
use crate::facts::{CustomerKey, CustomerRow, Moment, RowKey, SourceId, Text};

/// An address that more accounts of a brand have is nobody's own.
const ACCOUNTS_OF_AN_ADDRESS_MAX: usize = 10;

/// The choice by which a merge does not count.
const DISMISS: &str = "dismiss";

/// The exception about merges that contradict each other.
pub const IDENTITY_CONFLICT: &str = "identity-conflict";

/// How a customer is joined with others.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Joins {
    /// The next customer, and whether by a merge. It may refuse: an account of many people.
    pub next: Option<(CustomerKey, bool)>,
    /// The end of its merges: who has its orders, as the same person.
    pub merged_into: Option<CustomerKey>,
    /// Who has its rows for CRM and marketing.
    pub written_to: Option<CustomerKey>,
    /// Merges into these contradict each other, or stand in a circle.
    pub contradicting: Vec<CustomerKey>,
    /// What those are told that lead here.
    pub leads: Option<Leads>,
}

impl Joins {
    /// Of this customer, by its rows.
    pub fn of(customer: &CustomerKey, state: &CustomerState) -> Self {
        if state.is_collective() {
            return Self { leads: Some(Leads { nobody: true, ..Leads::default() }), ..Self::default() };
        }
        let merges: Vec<CustomerKey> = merges(customer, state).into_iter().cloned().collect();
        match &merges[..] {
            [] => holder(customer, state).map_or_else(Self::default, |to| Self::by_address(customer, state, to)),
            [into] => Self::by_merge(customer, state, into.clone()),
            _ => Self { contradicting: merges, ..Self::default() },
        }
    }

    fn by_merge(customer: &CustomerKey, state: &CustomerState, into: CustomerKey) -> Self {
        let Some(way) = Way::over(customer, &into, leads_of(state, &into)) else {
            return Self { next: Some((into, true)), ..Self::default() };
        };
        let next = Some((into.clone(), true));
        if way.merged.contains(customer) {
            let leads = Some(Leads { merged: way.merged, ..Leads::default() });
            return Self { next, contradicting: vec![into], leads, ..Self::default() };
        }
        let end = way.end().clone();
        let leads = Some(Leads { merged: way.merged, onward: way.onward.clone(), nobody: false });
        Self { next, written_to: way.onward.or_else(|| Some(end.clone())), merged_into: Some(end), leads, ..Self::default() }
    }

    fn by_address(customer: &CustomerKey, state: &CustomerState, to: CustomerKey) -> Self {
        let Some(way) = Way::over(customer, &to, leads_of(state, &to)) else {
            return Self { next: Some((to, false)), ..Self::default() };
        };
        let written_to = way.onward.clone().unwrap_or_else(|| way.end().clone());
        if written_to == *customer {
            return Self { next: Some((to, false)), ..Self::default() };
        }
        let leads = Some(Leads { merged: Vec::new(), onward: Some(written_to.clone()), nobody: false });
        Self { next: Some((to, false)), written_to: Some(written_to), leads, ..Self::default() }
    }

    /// Does it lead to another customer, in effect?
    pub fn is_joined(&self) -> bool {
        self.written_to.is_some()
    }

    /// The customer before this one in a circle of merges: the two are not joined.
    fn before_in_circle(&self) -> Option<&CustomerKey> {
        let circle = &self.leads.as_ref().filter(|_| !self.contradicting.is_empty())?.merged;
        circle.len().checked_sub(2).and_then(|place| circle.get(place))
    }
}

/// The way over another customer.
struct Way {
    /// Customers by merges, the nearest first; cut where one comes again.
    merged: Vec<CustomerKey>,
    onward: Option<CustomerKey>,
}

impl Way {
    /// `None`: it joins nobody.
    fn over(customer: &CustomerKey, next: &CustomerKey, leads: Option<&Leads>) -> Option<Self> {
        let none = Leads::default();
        let leads = leads.unwrap_or(&none);
        if leads.nobody {
            return None;
        }
        let mut merged = vec![next.clone()];
        let mut turns = next == customer;
        for further in &leads.merged {
            if turns {
                break;
            }
            turns = further == customer || merged.contains(further);
            merged.push(further.clone());
        }
        let onward = leads.onward.clone().filter(|onward| !turns && onward != customer);
        Some(Self { merged, onward })
    }

    /// Where the merges end: before a circle, if they lead into one.
    fn end(&self) -> &CustomerKey {
        // There is always one: the next customer.
        &self.merged[self.merged.len() - 1]
    }
}

/// The customers that this one was merged into, but for merges that somebody has dismissed.
fn merges<'s>(customer: &CustomerKey, state: &'s CustomerState) -> BTreeSet<&'s CustomerKey> {
    let live = state.of_kind(CustomerRow::MERGE).filter_map(|(_, kept)| match kept.live()? {
        CustomerRow::Merge(merge) => Some(&merge.kept),
        _ => None,
    });
    live.filter(|kept| *kept != customer && !decided(state, IDENTITY_CONFLICT, &kept.0, DISMISS)).collect()
}

/// Has somebody decided so?
pub fn decided(state: &CustomerState, kind: &str, number: &str, choice: &str) -> bool {
    state.of_kind(CustomerRow::DECISION).filter_map(|(_, kept)| kept.live()).any(|row| match row {
        CustomerRow::Decision(decision) => decision.kind == kind && decision.number == number && decision.choice == choice,
        _ => false,
    })
}

/// Where the customer that this one leads to leads itself.
fn leads_of<'s>(state: &'s CustomerState, to: &CustomerKey) -> Option<&'s Leads> {
    match state.told_by(CustomerRow::LEADS, to)? {
        CustomerRow::Leads(leads) => Some(leads),
        _ => None,
    }
}

/// Who is written to at the address of a guest, or at that of an account, if that is another customer.
fn holder(customer: &CustomerKey, state: &CustomerState) -> Option<CustomerKey> {
    if customer.is_guest() {
        return address_holder(state)?.filter(|account| account != customer);
    }
    let held = state.of_kind(CustomerRow::ADDRESS_HOLDER).find_map(|(_, kept)| match kept.live()? {
        CustomerRow::AddressHolder(holder) => Some(holder.account.clone()),
        _ => None,
    });
    held.flatten().filter(|account| account != customer)
}

/// The accounts that have the address of a guest.
pub(super) fn contacts(state: &CustomerState) -> impl Iterator<Item = (CustomerKey, &Contact)> {
    state.of_kind(CustomerRow::CONTACT).filter_map(|(key, kept)| match kept.live()? {
        CustomerRow::Contact(contact) => Some((CustomerKey(key.id.clone()), contact)),
        _ => None,
    })
}

/// Which of the accounts of its address is written to; `Some(None)`: too many have it. Shops know their accounts best, and of these it is the newest.
pub(super) fn address_holder(state: &CustomerState) -> Option<Option<CustomerKey>> {
    let all: Vec<(CustomerKey, &Contact)> = contacts(state).collect();
    if all.len() > ACCOUNTS_OF_AN_ADDRESS_MAX {
        return Some(None);
    }
    let newest = all
        .into_iter()
        .max_by_key(|(key, contact)| (!contact.merged, !contact.closed, contact.of_shop, contact.created_at, key.clone()))?;
    Some(Some(newest.0))
}

/// The source whose account it is.
pub(super) fn home(customer: &CustomerKey) -> SourceId {
    SourceId::of(split_key(&customer.0).nth(1).unwrap_or_default().as_str())
}

/// The account as its own system tells it; else as another one does. With its last content, if it is deleted.
pub(super) fn own_account<'s>(customer: &CustomerKey, state: &'s CustomerState) -> Option<&'s CustomerAccount> {
    let home = home(customer);
    let all = state.of_kind(CustomerRow::ACCOUNT).filter_map(|(key, kept)| match kept.content()? {
        CustomerRow::Account(account) if account.email.is_some() => Some(((key.source != home, kept.is_deleted()), account)),
        _ => None,
    });
    all.min_by_key(|(rank, _)| *rank).map(|(_, account)| account)
}

/// Is the account deleted? Its own system says so; without a word of that, all others.
pub fn is_closed(customer: &CustomerKey, state: &CustomerState) -> bool {
    let home = home(customer);
    let rows = || state.of_kind(CustomerRow::ACCOUNT);
    if rows().any(|(key, _)| key.source == home) {
        return rows().filter(|(key, _)| key.source == home).all(|(_, kept)| kept.is_deleted());
    }
    rows().next().is_some() && rows().all(|(_, kept)| kept.is_deleted())
}

/// The guest of the account's own address; a masked address joins nobody.
pub(super) fn guest_of(account: &CustomerAccount) -> Option<CustomerKey> {
    account.email.filter(|email| !email.is_masked()).map(|email| CustomerKey::guest(&account.brand, &email))
}

/// The newest moment at which the person asked to be forgotten, in the customer's own rows. A row that was deleted since takes nothing back.
pub(super) fn own_erasure(state: &CustomerState) -> Option<Moment> {
    let asked = state.of_kind(CustomerRow::ERASURE).filter_map(|(_, kept)| match kept.content()? {
        CustomerRow::Erasure(erasure) => Some(erasure.asked_at),
        _ => None,
    });
    asked.max()
}

/// Whom an erasure reaches from here: the next customer, and those that lead here.
pub(super) fn neighbours(customer: &CustomerKey, state: &CustomerState, joins: &Joins) -> Vec<CustomerKey> {
    let mut all: Vec<CustomerKey> = members(state).filter(|member| Some(member) != joins.before_in_circle()).collect();
    if state.is_collective() {
        all.clear();
    }
    all.extend(joins.next.clone().filter(|_| joins.is_joined()).map(|(next, _)| next));
    all.extend(guest_that_leads_here(customer, state));
    all
}

/// The guest of the account's address, if it leads to the account: it has not said that another one is written to.
pub(super) fn guest_that_leads_here(customer: &CustomerKey, state: &CustomerState) -> Option<CustomerKey> {
    let guest = announced_to(customer, state)?;
    state.told_by(CustomerRow::ADDRESS_HOLDER, &guest).is_none().then_some(guest)
}

/// The guest that is told of the account: of its own address. A deleted account tells it only if it lives on in another one, or has to be forgotten.
pub(super) fn announced_to(customer: &CustomerKey, state: &CustomerState) -> Option<CustomerKey> {
    let is_over = || is_closed(customer, state) && own_erasure(state).is_none() && merges(customer, state).is_empty();
    if customer.is_guest() || state.is_collective() || is_over() {
        return None;
    }
    guest_of(own_account(customer, state)?)
}

/// Customers that lead here, but for guests of the account's own address.
pub(super) fn members(state: &CustomerState) -> impl Iterator<Item = CustomerKey> {
    state.of_kind(CustomerRow::MEMBER).filter(|(_, kept)| !kept.is_deleted()).map(|(key, _)| CustomerKey(key.id.clone()))
}

/// When the person asked to be forgotten, as these neighbours and the customer's own rows say.
pub(super) fn erased_by(state: &CustomerState, neighbours: &[CustomerKey], but: Option<&CustomerKey>) -> Option<Moment> {
    let told =
        neighbours.iter().filter(|from| Some(*from) != but).filter_map(|from| match state.told_by(CustomerRow::TOLD_ERASURE, from)? {
            CustomerRow::ToldErasure(told) => Some(told.asked_at),
            _ => None,
        });
    told.chain(own_erasure(state)).max()
}

/// Until when all of the person is forgotten.
pub fn erased_at(customer: &CustomerKey, state: &CustomerState, joins: &Joins) -> Option<Moment> {
    erased_by(state, &neighbours(customer, state, joins), None)
}

/// The brand and the digest of the address of a guest.
pub fn guest_address(customer: &CustomerKey) -> Option<(Text, Text)> {
    let mut parts = split_key(&customer.0);
    (parts.next()? == "guest").then(|| Some((parts.next()?, parts.next()?))).flatten()
}

impl CustomerState {
    /// What a customer has told of itself, by a row of this kind.
    pub(super) fn told_by(&self, kind: u8, customer: &CustomerKey) -> Option<&CustomerRow> {
        self.row(&RowKey { kind, source: SourceId::WAYBILL, id: customer.0.clone() })?.live()
    }
}

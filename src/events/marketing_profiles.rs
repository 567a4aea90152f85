//! `marketing-profiles`: what marketing may know of a person. A statement, keyed by person + brand. Orders and spend only with consent to profiling.
//!
//! For each brand that knows the person by an account, a consent or an order. A collective account is nobody: no profile. Who orders no more
//! lapses by the clock alone.
//!
//! A customer that is joined with another has none: the other's contains it. Nor has a deleted account, nor who asked to be forgotten, until something new
//! comes. For each address that was forgotten one entry stays: it is not to be written to.

use compact_str::format_compact;
use serde::{Deserialize, Serialize};

use super::body::Statement;
use super::outlet::Outlet;
use crate::entities::customer::{Bought, CustomerState, Person, consent, joins};
use crate::entities::topics::Topic;
use crate::facts::customer::{ConsentState, Purpose};
use crate::facts::ids::join_key;
use crate::facts::order::Personal;
use crate::facts::time::Span;
use crate::facts::{Amount, Currency, CustomerKey, Moment, Quantity, Text};

/// How a person buys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Segment {
    /// One order.
    First,
    /// From the second order.
    Returning,
    /// 180 days without an order.
    Lapsing,
    /// 365 days without an order.
    Lapsed,
}

/// A person lapses so long after the last order, and has lapsed so long after it (rows.md, "Fixed choices").
const LAPSING: Span = Span::days(180);
const LAPSED: Span = Span::days(365);

/// Statement: what marketing may know of a person at a brand. Newest wins. Keyed by person and brand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MarketingProfile {
    /// `topic|key|generation|revision`: no two events share one. The same as the header `id`.
    pub id: String,
    /// The customer's key: `account|source|id`, or `guest|brand|digest of the email`.
    pub person: Text,
    /// The brand that the customer bought from, as the configuration names it.
    pub brand: Text,
    /// Email address of the newest order, where the configuration lets this topic have it (`[personal_data]`); else null.
    pub email: Option<Personal>,
    /// The newest explicit answer of each address and channel.
    pub consent: Vec<ConsentPart>,
    /// Null without consent to profiling.
    pub purchases: Option<Purchases>,
    /// Not null in an entry of the list of those not to be written to, and in nothing else: when the person with this address asked to be forgotten. The
    /// entry's key is `forgotten|brand|digest of the email`; its one answer is `no`, given then, and a consent that was given later outweighs it.
    pub forgotten_at: Option<Moment>,
}

impl Statement for MarketingProfile {
    const TOPIC: Topic = Topic::MarketingProfiles;
}

/// The answer of one address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConsentPart {
    /// Digest of the email address, hexadecimal.
    pub address: Text,
    /// `email`, or another way to write to the person.
    pub channel: Text,
    /// The answer.
    pub state: ConsentState,
    /// When it was given; null where the system that knows it does not say.
    pub changed_at: Option<Moment>,
}

/// What the person bought.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Purchases {
    /// Number of orders.
    pub orders: u64,
    /// Pairs of currency and amount, net of refunds, in the order of the currencies.
    pub spend: Vec<(Currency, Amount)>,
    /// When the first order was placed; null if none.
    pub first_order_at: Option<Moment>,
    /// When the last order was placed; null if none.
    pub last_order_at: Option<Moment>,
    /// Pieces that came back.
    pub returned: Quantity,
    /// Null if the person has no order.
    pub segment: Option<Segment>,
}

/// Emits the person's profile at each brand. Gives when the clock alone would next change one.
pub(super) fn emit(customer: &CustomerKey, person: &Person, state: &mut CustomerState, outlet: &mut Outlet<'_>) -> Option<Moment> {
    let tick = outlet.context.tick;
    let brands: Vec<Text> = person.brands(state);
    let since = person.erased_at;
    let profile = |brand: Text| (format_compact!("{}|{}", customer.0, join_key(&[&brand])), body(customer, brand, state, since, tick));
    let mut profiles: Vec<_> = brands.into_iter().map(profile).collect();
    let last = profiles.iter().filter_map(|(_, profile)| profile.purchases.as_ref()?.last_order_at);
    let next = last.flat_map(|last| [last + LAPSING, last + LAPSED]).filter(|at| *at > tick).min();
    profiles.extend(not_to_be_written_to(customer, since));
    outlet.emit_all::<MarketingProfile>(&mut state.last_emitted, profiles);
    next
}

/// The entry of an address that was forgotten. The guest of the address has it.
fn not_to_be_written_to(customer: &CustomerKey, erased_at: Option<Moment>) -> Option<(Text, MarketingProfile)> {
    let asked_at = erased_at?;
    let (brand, address) = joins::guest_address(customer)?;
    let key = join_key(&["forgotten", &brand, &address]);
    let refusal = ConsentPart { address, channel: "email".into(), state: ConsentState::No, changed_at: Some(asked_at) };
    let entry = MarketingProfile {
        id: String::new(),
        person: key.clone(),
        brand,
        email: None,
        consent: vec![refusal],
        purchases: None,
        forgotten_at: Some(asked_at),
    };
    Some((key, entry))
}

fn body(customer: &CustomerKey, brand: Text, state: &CustomerState, since: Option<Moment>, tick: Moment) -> MarketingProfile {
    let answers = consent::consents(state, &brand, Purpose::Mail, since).into_iter();
    let part = |answer: consent::Answer| ConsentPart {
        address: answer.address.to_string().into(),
        channel: answer.channel,
        state: answer.state,
        changed_at: answer.changed_at,
    };
    let consent = answers.map(part).collect();
    let email = state.newest_address(&brand);
    let profiled = consent::profiled(state, &brand, since);
    let purchases = (!profiled.is_empty()).then(|| purchases(&state.bought(&brand, &profiled), tick));
    MarketingProfile { id: String::new(), person: customer.0.clone(), brand, email, consent, purchases, forgotten_at: None }
}

fn purchases(bought: &Bought, tick: Moment) -> Purchases {
    Purchases {
        orders: bought.orders,
        spend: bought.spend.iter().map(|(currency, (_, amount))| (*currency, *amount)).collect(),
        first_order_at: bought.first(),
        last_order_at: bought.last(),
        returned: bought.returned,
        segment: bought.last().map(|last| segment(bought.orders, last, tick)),
    }
}

fn segment(orders: u64, last: Moment, tick: Moment) -> Segment {
    match orders {
        _ if last + LAPSED <= tick => Segment::Lapsed,
        _ if last + LAPSING <= tick => Segment::Lapsing,
        0 | 1 => Segment::First,
        _ => Segment::Returning,
    }
}

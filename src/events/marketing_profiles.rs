//! `marketing-profiles`: what marketing may know of a person. A statement, keyed by person + brand. Orders and spend only with consent to profiling.
//!
//! For each brand that knows the person by an account, a consent or an order. A collective account is nobody: no profile.

use compact_str::format_compact;
use serde::{Deserialize, Serialize};

use super::Outlet;
use crate::entities::customer::{Bought, CustomerState, consent};
use crate::facts::customer::{ConsentState, Purpose};
use crate::facts::ids::join_key;
use crate::facts::{Amount, Currency, CustomerKey, Moment, Quantity, Text};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Segment {
    First,
    Returning,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MarketingProfile {
    pub id: String,
    /// The customer's key.
    pub person: Text,
    pub brand: Text,
    pub consent: Vec<ConsentPart>,
    /// `None` without consent to profiling.
    pub purchases: Option<Purchases>,
}
super::body!(MarketingProfile, MarketingProfiles);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConsentPart {
    /// Digest of the address, hex.
    pub address: Text,
    pub channel: Text,
    pub state: ConsentState,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Purchases {
    pub orders: u64,
    /// Net of refunds, by currency.
    pub spend: Vec<(Currency, Amount)>,
    pub first_order_at: Option<Moment>,
    pub last_order_at: Option<Moment>,
    pub returned: Quantity,
    pub segment: Option<Segment>,
}

/// Says the person's profile at each brand.
pub(super) fn say(customer: &CustomerKey, state: &mut CustomerState, outlet: &mut Outlet<'_>) {
    let brands: Vec<Text> = if state.is_collective() { Vec::new() } else { state.brands().cloned().collect() };
    let profiles =
        brands.into_iter().map(|brand| (format_compact!("{}|{}", customer.0, join_key(&[&brand])), body(customer, brand, state))).collect();
    outlet.statements::<MarketingProfile>(&mut state.said, profiles);
}

fn body(customer: &CustomerKey, brand: Text, state: &CustomerState) -> MarketingProfile {
    let answers = consent::consents(state, &brand, Purpose::Mail).into_iter();
    let consent = answers.map(|(address, channel, state)| ConsentPart { address: address.to_string().into(), channel, state }).collect();
    let profiled = consent::profiled(state, &brand);
    let purchases = (!profiled.is_empty()).then(|| purchases(&state.bought(&brand, &profiled)));
    MarketingProfile { id: String::new(), person: customer.0.clone(), brand, consent, purchases }
}

fn purchases(bought: &Bought) -> Purchases {
    Purchases {
        orders: bought.orders,
        spend: bought.spend.iter().map(|(currency, (_, amount))| (*currency, *amount)).collect(),
        first_order_at: bought.first(),
        last_order_at: bought.last(),
        returned: bought.returned,
        segment: match bought.orders {
            0 => None,
            1 => Some(Segment::First),
            _ => Some(Segment::Returning),
        },
    }
}

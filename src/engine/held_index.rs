//! Which orders have held requests, as they are committed.

use std::collections::BTreeMap;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use smallvec::SmallVec;

use crate::entities::held::{HeldRequests, HeldWhy, Holds};
use crate::events::Topic;
use crate::events::desk::HeldGroup;
use crate::facts::{Amount, Currency, Moment, OrderKey};

/// How many orders a group names.
const ORDERS_NAMED: usize = 20;

/// A held request, as the desk needs it.
#[derive(Clone, Debug, PartialEq)]
struct Item {
    why: HeldWhy,
    topic: Topic,
    since: Moment,
    corrects: bool,
    money: Option<(Amount, Currency)>,
}

/// Orders of a shard with held requests, as they are committed.
#[derive(Debug, Default)]
pub struct HeldIndex(HashMap<OrderKey, SmallVec<[Item; 1]>, RandomState>);

impl HeldIndex {
    /// The order as it is committed. Says whether that is news.
    pub fn set(&mut self, key: &OrderKey, held: &HeldRequests) -> bool {
        if held.is_empty() {
            return !self.0.is_empty() && self.0.remove(key).is_some();
        }
        let open = held.iter().filter(|(_, held)| !held.discarded);
        let items: SmallVec<[Item; 1]> = open
            .map(|((why, topic, _), held)| Item { why: *why, topic: *topic, since: held.since, corrects: held.corrects, money: held.money })
            .collect();
        if items.is_empty() {
            return self.0.remove(key).is_some();
        }
        self.0.insert(key.clone(), items.clone()) != Some(items)
    }

    /// The orders with requests that a person has said something of.
    pub fn settled<'i>(&'i self, holds: &'i Holds) -> impl Iterator<Item = &'i OrderKey> {
        let said = |item: &Item| holds.said_of(item.why, item.topic, item.since).is_some();
        self.0.iter().filter(move |(_, items)| items.iter().any(said)).map(|(key, _)| key)
    }
}

/// What is held, by why and topic, with the first orders by key.
pub fn groups<'s>(shards: impl Iterator<Item = &'s HeldIndex>) -> Vec<HeldGroup> {
    let mut groups: BTreeMap<(HeldWhy, Topic), HeldGroup> = BTreeMap::new();
    for (key, item) in shards.flat_map(|index| &index.0).flat_map(|(key, items)| items.iter().map(move |item| (key, item))) {
        let group = groups.entry((item.why, item.topic)).or_insert_with(|| HeldGroup::new(item.why, item.topic));
        group.requests += 1;
        group.corrections += u64::from(item.corrects);
        group.since = group.since.min(item.since);
        if let Some((amount, currency)) = item.money {
            *group.sums.entry(currency.as_str().into()).or_default() += amount;
        }
        let place = group.orders.binary_search(&key.0).unwrap_or_else(|place| place);
        if place < ORDERS_NAMED && group.orders.get(place) != Some(&key.0) {
            group.orders.insert(place, key.0.clone());
            group.orders.truncate(ORDERS_NAMED);
        }
    }
    groups.into_values().collect()
}

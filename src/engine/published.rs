//! What queries see: committed rows, published after each commit. Views are computed from them when somebody asks.
//!
//! The maps share each entity with its shard (an `Arc` both ways): publishing costs a pointer, and a query never holds up the engine.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use dashmap::DashMap;
use foldhash::fast::RandomState;
use smallvec::SmallVec;

use crate::entities::customer::CustomerState;
use crate::entities::name::NameState;
use crate::entities::order::OrderState;
use crate::entities::rules::Rules;
use crate::entities::sku::SkuState;
use crate::facts::{CustomerKey, Link, Moment, Name, OrderKey, Sku, Text};

/// A chain of names has five links at most.
pub const LINKS_MAX: usize = 5;

type Map<K, V> = DashMap<K, V, RandomState>;

/// Committed entities, for queries.
pub struct Published {
    pub rules: Arc<Rules>,
    orders: Map<OrderKey, Arc<OrderState>>,
    links: Map<Name, Link>,
    /// Names by their bare id and by their number, whatever their scope: people type numbers.
    by_id: Map<Text, SmallVec<[Name; 1]>>,
    skus: Map<Sku, Arc<SkuState>>,
    customers: Map<CustomerKey, Arc<CustomerState>>,
    tick: AtomicI64,
    epochs: AtomicU64,
}

impl Published {
    pub fn new(rules: Arc<Rules>) -> Self {
        Self {
            rules,
            orders: Map::default(),
            links: Map::default(),
            by_id: Map::default(),
            skus: Map::default(),
            customers: Map::default(),
            tick: AtomicI64::new(0),
            epochs: AtomicU64::new(0),
        }
    }

    pub(super) fn order(&self, key: &OrderKey, state: &Arc<OrderState>) {
        self.orders.insert(key.clone(), state.clone());
    }

    pub(super) fn name(&self, name: &Name, state: &Arc<NameState>) {
        let Some(link) = state.link() else { return };
        if self.links.insert(name.clone(), link.clone()).is_none() {
            self.by_id.entry(name.id.clone()).or_default().push(name.clone());
            if name.number() != name.id {
                self.by_id.entry(name.number().into()).or_default().push(name.clone());
            }
        }
    }

    pub(super) fn sku(&self, sku: &Sku, state: &Arc<SkuState>) {
        self.skus.insert(sku.clone(), state.clone());
    }

    pub(super) fn customer(&self, key: &CustomerKey, state: &Arc<CustomerState>) {
        self.customers.insert(key.clone(), state.clone());
    }

    pub(super) fn epoch(&self, tick: Moment) {
        self.tick.store(tick.0, Ordering::Release);
        self.epochs.fetch_add(1, Ordering::AcqRel);
    }

    /// The tick of the newest committed epoch: the moment that views stand for.
    pub fn tick(&self) -> Moment {
        Moment(self.tick.load(Ordering::Acquire))
    }

    /// Epochs committed by this process.
    pub fn epochs(&self) -> u64 {
        self.epochs.load(Ordering::Acquire)
    }

    /// The order by its key.
    pub fn order_by_key(&self, key: &OrderKey) -> Option<Arc<OrderState>> {
        self.orders.get(key).map(|state| state.clone())
    }

    /// The orders that `id` may mean: a key (`source|native id`), or any name that leads to an order: the shop's number, the ERP's document,
    /// the warehouse's order, a tracking number. Usually one; several where systems number alike.
    pub fn find_orders(&self, id: &str) -> Vec<(OrderKey, Arc<OrderState>)> {
        let key = OrderKey(id.into());
        if let Some(state) = self.order_by_key(&key) {
            return vec![(key, state)];
        }
        let mut found: Vec<(OrderKey, Arc<OrderState>)> = Vec::new();
        let names = self.by_id.get(id).map(|names| names.clone()).unwrap_or_default();
        for name in names {
            if let Some(key) = self.follow(name)
                && !found.iter().any(|(known, _)| *known == key)
                && let Some(state) = self.order_by_key(&key)
            {
                found.push((key, state));
            }
        }
        found
    }

    fn follow(&self, name: Name) -> Option<OrderKey> {
        let mut at = name;
        for _ in 0..LINKS_MAX {
            match self.links.get(&at).map(|link| link.clone())? {
                Link::Order(key) => return Some(key),
                Link::Name(next) => at = next,
            }
        }
        None
    }

    pub fn sku_by_key(&self, sku: &Sku) -> Option<Arc<SkuState>> {
        self.skus.get(sku).map(|state| state.clone())
    }

    pub fn customer_by_key(&self, key: &CustomerKey) -> Option<Arc<CustomerState>> {
        self.customers.get(key).map(|state| state.clone())
    }

    /// The scopes of the names that lead somewhere, sorted.
    pub fn scopes(&self) -> Vec<String> {
        let scopes: std::collections::BTreeSet<String> = self.links.iter().map(|link| link.key().scope.to_string()).collect();
        scopes.into_iter().collect()
    }

    /// How many orders, SKUs and customers are kept.
    pub fn counts(&self) -> (usize, usize, usize) {
        (self.orders.len(), self.skus.len(), self.customers.len())
    }

    /// Every order, in no order: for audits and the judge.
    pub fn orders(&self) -> Vec<(OrderKey, Arc<OrderState>)> {
        self.orders.iter().map(|entry| (entry.key().clone(), entry.value().clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entities::order::testing::rules;
    use crate::facts::{Cause, SourceId, Version};

    fn linked(to: Link) -> Arc<NameState> {
        let mut state = NameState::default();
        state.put_link(SourceId(1), to, Version::derived(1, 1), Cause::NONE, Moment(0));
        Arc::new(state)
    }

    #[test]
    fn an_order_is_found_under_every_name_as_people_write_it() {
        let published = Published::new(Arc::new(rules()));
        let (order, other) = (OrderKey::new("magento", "7"), OrderKey::new("magento", "8"));
        for key in [&order, &other] {
            published.order(key, &Arc::default());
        }
        let number = Name::new(Name::ORDER_NUMBER, "100000007");
        published.name(&number, &linked(Link::Order(order.clone())));
        published.name(&Name::new("nav.document", "1:SO-7"), &linked(Link::Name(number.clone())));
        published.name(&Name::new("nav.document", "shipment:SSH-3"), &linked(Link::Name(number.clone())));
        published.name(&Name::new(Name::TRACKING, "RM41GB"), &linked(Link::Name(number)));
        // A return and an order of the other one that number alike.
        published.name(&Name::new("nav.document", "5:SO-7"), &linked(Link::Order(other.clone())));
        let found = |id: &str| published.find_orders(id).into_iter().map(|(key, _)| key).collect::<Vec<_>>();
        for name in ["magento|7", "100000007", "1:SO-7", "SSH-3", "RM41GB"] {
            assert_eq!(found(name), [order.clone()], "{name}");
        }
        assert_eq!(found("SO-7"), [order, other], "two documents have this number");
        assert!(found("7").is_empty() && found("SO-").is_empty());
    }
}

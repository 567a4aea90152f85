//! A shard: the entities whose keys hash to it, and its count of epochs. Single-writer: no locks.

use super::published::Published;
use super::resting::Resting;
use super::state::EpochRecord;
use super::table::Table;
use super::wakes::Wakes;
use crate::entities::customer::CustomerState;
use crate::entities::floor::FloorState;
use crate::entities::home::HomeState;
use crate::entities::name::NameState;
use crate::entities::order::OrderState;
use crate::entities::sku::SkuState;
use crate::events::Topic;
use crate::facts::{CustomerKey, Moment, Name, OrderKey, RowKey, RowSet, Sku, Subject};

/// Its number in the shop, the ERP's documents, the warehouse's order, a parcel.
const NAMES_OF_AN_ORDER: usize = 5;

#[derive(Debug)]
pub struct Shard {
    pub orders: Table<OrderKey, OrderState>,
    pub names: Table<Name, NameState>,
    pub skus: Table<Sku, SkuState>,
    pub customers: Table<CustomerKey, CustomerState>,
    pub homes: Table<RowKey, HomeState>,
    pub sets: Table<RowSet, FloorState>,
    pub wakes: Wakes,
    /// The newest sealed epoch.
    pub epoch: EpochRecord,
    /// Request topics that are live, and since which epoch.
    pub live: Vec<(Topic, u64)>,
    /// Topics that the next committed epoch makes live.
    pub going_live: Vec<Topic>,
    /// The next committed epoch touches the shard whatever it reads: the first of a fresh application, and the first after lost offsets. So
    /// every shard has an epoch record and an offset, or none has.
    pub begins: bool,
    /// The open epoch writes state of the shard beside its entities'.
    pub noted: bool,
    /// The next offset of the shard's exchange partition.
    pub exchange_next: i64,
    /// How it was before the newest sealed epoch; `None` when that one is committed.
    before: Option<Before>,
}

/// A shard's own state before an epoch.
#[derive(Debug)]
struct Before {
    epoch: EpochRecord,
    /// How many topics were live.
    live: usize,
    begins: bool,
}

impl Shard {
    /// A shard of which so many orders stay whole in memory.
    pub fn new(orders_whole: usize) -> Self {
        Self {
            orders: Table::resting(orders_whole),
            names: Table::resting(orders_whole.saturating_mul(NAMES_OF_AN_ORDER)),
            skus: Table::new(),
            customers: Table::new(),
            homes: Table::new(),
            sets: Table::new(),
            wakes: Wakes::default(),
            epoch: EpochRecord { generation: 1, ..EpochRecord::default() },
            live: Vec::new(),
            going_live: Vec::new(),
            begins: false,
            noted: false,
            exchange_next: 0,
            before: None,
        }
    }

    /// Does the open epoch touch the shard?
    pub fn touched(&self) -> bool {
        self.staged_len() > 0 || self.begins || self.noted || !self.going_live.is_empty()
    }

    /// Entities that the open epoch has touched.
    pub fn staged_len(&self) -> usize {
        let of_facts = self.orders.staged_len() + self.names.staged_len() + self.skus.staged_len() + self.customers.staged_len();
        of_facts + self.homes.staged_len() + self.sets.staged_len()
    }

    pub fn is_live(&self, topic: Topic) -> bool {
        self.going_live.contains(&topic) || self.live.iter().any(|(t, _)| *t == topic)
    }

    /// Drops what the open epoch has read. What the next committed one has to do is still to be done by the epoch after it.
    pub fn drop_stage(&mut self) {
        self.orders.drop_stage();
        self.names.drop_stage();
        self.skus.drop_stage();
        self.customers.drop_stage();
        self.homes.drop_stage();
        self.sets.drop_stage();
        self.noted = false;
    }

    /// The open epoch is sealed: the next one builds on it.
    pub fn promote(&mut self, tick: Moment, fingerprint: u64) {
        if !self.touched() {
            return;
        }
        self.before = Some(Before { epoch: self.epoch, live: self.live.len(), begins: self.begins });
        (self.begins, self.noted) = (false, false);
        let Self { wakes, .. } = self;
        self.orders.promote(|key, next| wakes.set(Subject::Order(key.clone()), next));
        self.names.promote(|name, next| wakes.set(Subject::Name(name.clone()), next));
        self.skus.promote(|sku, next| wakes.set(Subject::Sku(sku.clone()), next));
        self.customers.promote(|key, next| wakes.set(Subject::Customer(key.clone()), next));
        self.homes.promote(|_, _| None);
        self.sets.promote(|_, _| None);
        self.epoch = EpochRecord { number: self.epoch.number + 1, tick, fingerprint, ..self.epoch };
        let number = self.epoch.number;
        self.live.extend(self.going_live.drain(..).map(|topic| (topic, number)));
    }

    /// The sealed epoch is committed: queries see it.
    pub fn publish(&mut self, published: &Published) {
        if self.before.take().is_none() {
            return;
        }
        self.orders.publish(|key, before, state| {
            published.order(key, &Resting::Whole(state.clone()));
            published.exceptions(before.map(|before| &before.said), &state.said);
        });
        self.names.publish(|name, before, state| published.name(name, before, state));
        self.skus.publish(|sku, _, state| published.sku(sku, state));
        self.customers.publish(|key, _, state| published.customer(key, state));
        self.homes.publish(|_, _, _| {});
        self.sets.publish(|_, _, _| {});
        self.orders.rest(|key, packed| published.order(key, packed));
        // Queries see where a name leads, and not its state.
        self.names.rest(|_, _| {});
    }

    /// The sealed epoch is not committed: as if it had never been.
    pub fn demote(&mut self) {
        let Some(Before { epoch, live, begins }) = self.before.take() else { return };
        let Self { wakes, .. } = self;
        self.orders.demote(|key, next| _ = wakes.set(Subject::Order(key.clone()), next));
        self.names.demote(|name, next| _ = wakes.set(Subject::Name(name.clone()), next));
        self.skus.demote(|sku, next| _ = wakes.set(Subject::Sku(sku.clone()), next));
        self.customers.demote(|key, next| _ = wakes.set(Subject::Customer(key.clone()), next));
        self.homes.demote(|_, _| {});
        self.sets.demote(|_, _| {});
        self.epoch = epoch;
        self.begins = begins;
        self.going_live.extend(self.live.drain(live..).map(|(topic, _)| topic));
    }
}

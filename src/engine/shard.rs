//! A shard: the entities whose keys hash to it, their timers, and its count of epochs. Single-writer: no locks.

use super::held_index::HeldIndex;
use super::packed::MaybePacked;
use super::published::Published;
use super::state::EpochRecord;
use super::state_out::InPieces;
use super::table::EntityTable;
use super::timers::Timers;
use crate::entities::alias::AliasState;
use crate::entities::customer::CustomerState;
use crate::entities::held::Holds;
use crate::entities::order::OrderState;
use crate::entities::row_owner::RowOwnerState;
use crate::entities::sku::SkuState;
use crate::entities::watermark::WatermarkState;
use crate::events::Topic;
use crate::facts::{Alias, CustomerKey, Moment, OrderKey, RowKey, RowSet, Sku, Subject};

/// About: its number in the shop, two documents of the ERP, the warehouse's order, a parcel.
const ALIASES_OF_AN_ORDER: usize = 5;

/// Entities of one hash, and what the shard itself keeps.
#[derive(Debug)]
pub struct Shard {
    pub orders: EntityTable<OrderKey, OrderState>,
    pub aliases: EntityTable<Alias, AliasState>,
    pub skus: EntityTable<Sku, SkuState>,
    pub customers: EntityTable<CustomerKey, CustomerState>,
    pub row_owners: EntityTable<RowKey, RowOwnerState>,
    pub watermarks: EntityTable<RowSet, WatermarkState>,
    pub timers: Timers,
    /// Orders with held requests, as they are committed.
    pub held: HeldIndex,
    /// The newest sealed epoch.
    pub epoch: EpochRecord,
    /// Request topics that are live, and since which epoch.
    pub live: Vec<(Topic, u64)>,
    /// Topics that the next committed epoch makes live.
    pub going_live: Vec<Topic>,
    /// The next committed epoch writes an epoch record and an offset for the shard, whatever it reads: the first of a fresh application, and the
    /// first after lost offsets. So either every shard has both, or none has.
    pub begins: bool,
    /// The open epoch writes state of the shard beside its entities'.
    pub noted: bool,
    /// Keys of the changelog whose values are written in pieces.
    pub in_pieces: InPieces,
    /// The next offset of the shard's exchange partition.
    pub exchange_next: i64,
    /// What it was before the newest sealed epoch; `None` when that one is committed.
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
    /// A shard that keeps this many orders whole in memory.
    pub fn new(orders_whole: usize) -> Self {
        Self {
            orders: EntityTable::packing(orders_whole),
            aliases: EntityTable::packing(orders_whole.saturating_mul(ALIASES_OF_AN_ORDER)),
            skus: EntityTable::new(),
            customers: EntityTable::new(),
            row_owners: EntityTable::new(),
            watermarks: EntityTable::new(),
            timers: Timers::default(),
            held: HeldIndex::default(),
            epoch: EpochRecord { generation: 1, ..EpochRecord::default() },
            live: Vec::new(),
            going_live: Vec::new(),
            begins: false,
            noted: false,
            in_pieces: InPieces::new(),
            exchange_next: 0,
            before: None,
        }
    }

    /// Every entity is computed at this moment, which is before the last tick, and the next epoch is of the shard whatever it holds.
    pub fn set_time_back(&mut self, to: Moment) {
        self.epoch.tick = self.epoch.tick.min(to);
        self.begins = true;
        let orders = self.orders.iter().map(|(key, _)| Subject::Order(key.clone()));
        let aliases = self.aliases.iter().map(|(alias, _)| Subject::Alias(alias.clone()));
        let skus = self.skus.iter().map(|(sku, _)| Subject::Sku(sku.clone()));
        let customers = self.customers.iter().map(|(key, _)| Subject::Customer(key.clone()));
        for subject in orders.chain(aliases).chain(skus).chain(customers) {
            self.timers.set(subject, Some(to));
        }
    }

    /// What was noted at a tick that has not come yet is noted at this moment: all entities are staged. `holds` as they were before.
    pub fn noted_at_most(&mut self, moment: Moment, holds: &Holds) {
        for place in 0..self.orders.staged_len() {
            if let Some((_, staged)) = self.orders.staged_at(place)
                && staged.state.set_time_back(moment, holds)
            {
                staged.dirty = true;
            }
        }
        for place in 0..self.skus.staged_len() {
            if let Some((_, staged)) = self.skus.staged_at(place)
                && staged.state.set_time_back(moment)
            {
                staged.dirty = true;
            }
        }
        for place in 0..self.aliases.staged_len() {
            if let Some((_, staged)) = self.aliases.staged_at(place)
                && staged.state.waits_since_at_most(moment)
            {
                staged.dirty = true;
            }
        }
    }

    /// Does the open epoch touch the shard?
    pub fn touched(&self) -> bool {
        self.staged_len() > 0 || self.begins || self.noted || !self.going_live.is_empty()
    }

    /// Entities that the open epoch has touched.
    pub fn staged_len(&self) -> usize {
        let of_facts = self.orders.staged_len() + self.aliases.staged_len() + self.skus.staged_len() + self.customers.staged_len();
        of_facts + self.row_owners.staged_len() + self.watermarks.staged_len()
    }

    pub fn is_live(&self, topic: Topic) -> bool {
        self.going_live.contains(&topic) || self.live.iter().any(|(t, _)| *t == topic)
    }

    /// Drops what the open epoch has read. What the next committed epoch has to do (`begins`, `going_live`) stays to be done.
    pub fn drop_stage(&mut self) {
        self.orders.drop_stage();
        self.aliases.drop_stage();
        self.skus.drop_stage();
        self.customers.drop_stage();
        self.row_owners.drop_stage();
        self.watermarks.drop_stage();
        self.noted = false;
    }

    /// The open epoch is sealed: the next one builds on it. Without a fingerprint the shard keeps its own.
    pub fn promote(&mut self, tick: Moment, fingerprint: Option<u64>) {
        if !self.touched() {
            return;
        }
        self.before = Some(Before { epoch: self.epoch, live: self.live.len(), begins: self.begins });
        (self.begins, self.noted) = (false, false);
        let Self { timers, .. } = self;
        self.orders.promote(|key, next| timers.set(Subject::Order(key.clone()), next));
        self.aliases.promote(|alias, next| timers.set(Subject::Alias(alias.clone()), next));
        self.skus.promote(|sku, next| timers.set(Subject::Sku(sku.clone()), next));
        self.customers.promote(|key, next| timers.set(Subject::Customer(key.clone()), next));
        self.row_owners.promote(|_, _| None);
        self.watermarks.promote(|_, _| None);
        let fingerprint = fingerprint.unwrap_or(self.epoch.fingerprint);
        self.epoch = EpochRecord { number: self.epoch.number + 1, tick, fingerprint, ..self.epoch };
        let number = self.epoch.number;
        self.live.extend(self.going_live.drain(..).map(|topic| (topic, number)));
    }

    /// The sealed epoch is committed: queries see it. Says whether other requests are held now.
    pub fn publish(&mut self, published: &Published) -> bool {
        if self.before.take().is_none() {
            return false;
        }
        let (mut news, held) = (false, &mut self.held);
        self.orders.publish(|key, before, state| {
            news |= held.set(key, &state.held);
            published.order(key, &MaybePacked::Whole(state.clone()));
            published.order_exceptions(key, before.map(|before| &before.last_emitted), &state.last_emitted);
        });
        self.aliases.publish(|alias, before, state| published.alias(alias, before, state));
        self.skus.publish(|sku, _, state| published.sku(sku, state));
        self.customers.publish(|key, _, state| published.customer(key, state));
        self.row_owners.publish(|_, _, _| {});
        self.watermarks.publish(|_, _, _| {});
        self.orders.pack_idle(|key, packed| published.order(key, packed));
        // Queries see where an alias leads, not its state.
        self.aliases.pack_idle(|_, _| {});
        news
    }

    /// The sealed epoch is not committed: as if it had never been.
    pub fn demote(&mut self) {
        let Some(Before { epoch, live, begins }) = self.before.take() else { return };
        let Self { timers, .. } = self;
        self.orders.demote(|key, next| _ = timers.set(Subject::Order(key.clone()), next));
        self.aliases.demote(|alias, next| _ = timers.set(Subject::Alias(alias.clone()), next));
        self.skus.demote(|sku, next| _ = timers.set(Subject::Sku(sku.clone()), next));
        self.customers.demote(|key, next| _ = timers.set(Subject::Customer(key.clone()), next));
        self.row_owners.demote(|_, _| {});
        self.watermarks.demote(|_, _| {});
        self.epoch = epoch;
        self.begins = begins;
        self.going_live.extend(self.live.drain(live..).map(|(topic, _)| topic));
    }
}

//! A shard: the entities whose keys hash to it, and its count of epochs. Single-writer: no locks.

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
use crate::facts::{CustomerKey, Name, OrderKey, RowKey, RowSet, Sku};

#[derive(Debug)]
pub struct Shard {
    pub orders: Table<OrderKey, OrderState>,
    pub names: Table<Name, NameState>,
    pub skus: Table<Sku, SkuState>,
    pub customers: Table<CustomerKey, CustomerState>,
    pub homes: Table<RowKey, HomeState>,
    pub sets: Table<RowSet, FloorState>,
    pub wakes: Wakes,
    /// The newest committed epoch.
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
}

impl Shard {
    pub fn new() -> Self {
        Self {
            orders: Table::new(),
            names: Table::new(),
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
        }
    }

    /// Does the open epoch touch the shard?
    pub fn touched(&self) -> bool {
        let entities = self.orders.staged_len() + self.names.staged_len() + self.skus.staged_len() + self.customers.staged_len();
        entities + self.homes.staged_len() + self.sets.staged_len() > 0 || self.begins || self.noted || !self.going_live.is_empty()
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
}

impl Default for Shard {
    fn default() -> Self {
        Self::new()
    }
}

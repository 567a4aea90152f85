//! A shard: the entities whose keys hash to it, and its count of epochs. Single-writer: no locks.

use super::state::EpochRecord;
use super::table::Table;
use super::wakes::Wakes;
use crate::entities::customer::CustomerState;
use crate::entities::name::NameState;
use crate::entities::order::OrderState;
use crate::entities::sku::SkuState;
use crate::events::Topic;
use crate::facts::{CustomerKey, Name, OrderKey, Sku};

#[derive(Debug)]
pub struct Shard {
    pub orders: Table<OrderKey, OrderState>,
    pub names: Table<Name, NameState>,
    pub skus: Table<Sku, SkuState>,
    pub customers: Table<CustomerKey, CustomerState>,
    pub wakes: Wakes,
    /// The newest committed epoch.
    pub epoch: EpochRecord,
    /// Request topics that are live, and since which epoch.
    pub live: Vec<(Topic, u64)>,
    /// Topics that the open epoch makes live.
    pub going_live: Vec<Topic>,
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
            wakes: Wakes::default(),
            epoch: EpochRecord { generation: 1, ..EpochRecord::default() },
            live: Vec::new(),
            going_live: Vec::new(),
            exchange_next: 0,
        }
    }

    /// Does the open epoch touch the shard?
    pub fn touched(&self) -> bool {
        self.orders.staged_len() + self.names.staged_len() + self.skus.staged_len() + self.customers.staged_len() > 0
            || !self.going_live.is_empty()
    }

    pub fn is_live(&self, topic: Topic) -> bool {
        self.going_live.contains(&topic) || self.live.iter().any(|(t, _)| *t == topic)
    }

    pub fn drop_stage(&mut self) {
        self.orders.drop_stage();
        self.names.drop_stage();
        self.skus.drop_stage();
        self.customers.drop_stage();
        self.going_live.clear();
    }
}

impl Default for Shard {
    fn default() -> Self {
        Self::new()
    }
}

//! What a customer keeps: rows, each a record of the changelog; what was emitted of each order; and a small head.

use std::sync::Arc;

use imbl::OrdMap;
use serde::{Deserialize, Serialize};

use super::purchases::{Bought, PurchaseSums};
use crate::entities::last_emitted::LastEmitted;
use crate::entities::rules::Rules;
use crate::entities::{KeptRow, KeyedRows, Put};
use crate::facts::customer::{CustomerAccount, HistoryKind, OrderSummary};
use crate::facts::{Cause, Change, CustomerRow, Digest, Moment, Row, RowKey, Text, Version};

/// Digests of the history lines last emitted of one order: kind, number, digest. Sorted by kind and number.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EmittedOfOrder(pub Vec<(HistoryKind, Text, u64)>);

/// A customer. Its clone shares the rows' structure: an epoch works on a copy.
#[derive(Clone, Debug, Default)]
pub struct CustomerState {
    rows: KeyedRows<CustomerRow, PurchaseSums>,
    /// By the key of the order's row.
    emitted_of: OrdMap<RowKey, Arc<EmittedOfOrder>>,
    /// Raised at each seal that emitted something.
    pub revision: u64,
    /// Digests of the person's profiles as last emitted: bounded by the number of brands.
    pub last_emitted: LastEmitted,
    /// Orders that changed since the last seal, by the key of their row.
    unsealed: Vec<RowKey>,
}

/// All that is not rows. Part of the state's format.
#[derive(Serialize, Deserialize)]
struct Head {
    revision: u64,
    last_emitted: LastEmitted,
}

impl CustomerState {
    /// The kind of the row that keeps what was emitted of an order. No source brings it.
    pub const EMITTED: u8 = 200;

    /// Puts a row when its version is newer than what is there. A row that is not of a customer changes nothing.
    pub fn put(&mut self, key: RowKey, change: Change, version: Version, cause: Cause, at: Moment) -> Put {
        let row = match change {
            Change::Upsert(Row::Customer(row)) if row.kind() == key.kind => Some(row),
            Change::Delete | Change::Withdraw if key.kind != Self::EMITTED => None,
            _ => return Put::Stale,
        };
        let put = self.rows.put(&key, row, version, cause, at);
        if !put.is_stale() && key.kind == CustomerRow::ORDER {
            self.unsealed.push(key);
        }
        put
    }

    /// Removes marks past the tombstone time.
    pub fn tidy(&mut self, rules: &Rules, tick: Moment) {
        self.rows.drop_marks(rules.durations.tombstone, tick);
    }

    /// Rows changed or removed since last asked: sorted, each once.
    pub fn take_touched(&mut self) -> Vec<RowKey> {
        self.rows.take_touched()
    }

    /// Keys of all that `row_bytes` gives.
    pub fn row_keys(&self) -> impl Iterator<Item = &RowKey> {
        self.rows.keys().chain(self.emitted_of.keys())
    }

    /// The row's record; `None`: it is gone, write a tombstone.
    pub fn row_bytes(&self, key: &RowKey) -> Option<Vec<u8>> {
        if key.kind == Self::EMITTED {
            return postcard::to_stdvec(self.emitted_of.get(key)?.as_ref()).ok();
        }
        self.rows.bytes(key)
    }

    /// The record of all that is not rows.
    pub fn head_bytes(&self) -> Vec<u8> {
        // Numbers and texts in memory: there is nothing that could fail to encode.
        postcard::to_stdvec(&Head { revision: self.revision, last_emitted: self.last_emitted.clone() }).unwrap_or_default()
    }

    /// Puts a row that a restore read; a later record of the same row replaces it.
    pub fn load_row(&mut self, key: RowKey, bytes: &[u8]) -> Result<(), postcard::Error> {
        if key.kind == Self::EMITTED {
            self.emitted_of.insert(key, Arc::new(postcard::from_bytes(bytes)?));
            return Ok(());
        }
        self.rows.load(key, bytes)
    }

    /// Puts the head that a restore read.
    pub fn load_head(&mut self, bytes: &[u8]) -> Result<(), postcard::Error> {
        let Head { revision, last_emitted } = postcard::from_bytes(bytes)?;
        self.revision = revision;
        self.last_emitted = last_emitted;
        Ok(())
    }

    /// Orders that changed since the last seal: keys of their rows, sorted, each once.
    pub fn take_unsealed(&mut self) -> Vec<RowKey> {
        let mut orders = std::mem::take(&mut self.unsealed);
        orders.sort_unstable();
        orders.dedup();
        orders
    }

    /// The order of this row, unless it was withdrawn.
    pub fn order(&self, row: &RowKey) -> Option<&OrderSummary> {
        match self.rows.get(row)?.live()? {
            CustomerRow::Order(order) => Some(order),
            _ => None,
        }
    }

    /// The person's orders, by their keys.
    pub fn orders(&self) -> impl Iterator<Item = &OrderSummary> {
        self.of_kind(CustomerRow::ORDER).filter_map(|(_, kept)| match kept.live() {
            Some(CustomerRow::Order(order)) => Some(&**order),
            _ => None,
        })
    }

    fn emitted_key(order: &RowKey) -> RowKey {
        RowKey { kind: Self::EMITTED, ..order.clone() }
    }

    /// What was last emitted of the order of this row.
    pub fn emitted_of(&self, order: &RowKey) -> EmittedOfOrder {
        self.emitted_of.get(&Self::emitted_key(order)).map(|emitted| EmittedOfOrder::clone(emitted)).unwrap_or_default()
    }

    /// Keeps what was emitted of the order of this row.
    pub fn set_emitted_of(&mut self, order: &RowKey, emitted: EmittedOfOrder) {
        let key = Self::emitted_key(order);
        if self.emitted_of(order) == emitted {
            return;
        }
        if emitted.0.is_empty() {
            self.emitted_of.remove(&key);
        } else {
            self.emitted_of.insert(key.clone(), Arc::new(emitted));
        }
        self.rows.touch(key);
    }

    /// Rows of one kind, in the order of source and id.
    pub fn of_kind(&self, kind: u8) -> impl Iterator<Item = (&RowKey, &KeptRow<CustomerRow>)> {
        self.rows.of_kind(kind)
    }

    fn accounts(&self) -> impl Iterator<Item = &CustomerAccount> {
        self.of_kind(CustomerRow::ACCOUNT).filter_map(|(_, kept)| match kept.live() {
            Some(CustomerRow::Account(account)) => Some(account),
            _ => None,
        })
    }

    /// One account for many people: it has no profile.
    pub fn is_collective(&self) -> bool {
        self.accounts().any(|account| account.collective)
    }

    /// Brands that know the person.
    pub fn brands(&self) -> impl Iterator<Item = &Text> {
        self.rows.sums().brands.keys()
    }

    /// What was bought of a brand with one of these addresses; an order without an address counts by the account's.
    pub fn bought(&self, brand: &Text, addresses: &std::collections::BTreeSet<Digest>) -> Bought {
        let own = self.accounts().filter_map(|account| account.email).any(|email| addresses.contains(&email));
        let unaddressed = own.then_some(None);
        let mut all = Bought::default();
        for address in addresses.iter().copied().map(Some).chain(unaddressed) {
            if let Some(bought) = self.rows.sums().bought.get(&(brand.clone(), address)) {
                all.join(bought);
            }
        }
        all
    }

    /// The running sums over its rows.
    pub fn sums(&self) -> &PurchaseSums {
        self.rows.sums()
    }

    /// How many rows it has, marks included.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Has it no rows?
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

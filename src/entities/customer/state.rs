//! What a customer keeps: rows, each a record of the changelog; what was emitted of each order; and a small head.

use std::sync::Arc;

use imbl::OrdMap;
use serde::{Deserialize, Serialize};

use super::purchases::{Bought, PurchaseSums};
use crate::entities::last_emitted::LastEmitted;
use crate::entities::rules::Rules;
use crate::entities::small_map::SmallMap;
use crate::entities::{KeptRow, KeyedRows, Put};
use crate::facts::customer::{CustomerAccount, HistoryKind, OrderSummary};
use crate::facts::ids::{join_key, split_key};
use crate::facts::order::Personal;
use crate::facts::{Cause, Change, CustomerKey, CustomerRow, Digest, Moment, Row, RowKey, SourceId, Text, Version};

/// Digests of the history lines last emitted of one order: kind, number, digest. Sorted by kind and number.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EmittedOfOrder(pub Vec<(HistoryKind, Text, u64)>);

/// What a customer has passed on to others, as of its last seal.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PassedOn {
    /// Digests of the facts that say how customers are joined, by kind and receiver: bounded by the customers that lead here.
    pub facts: SmallMap<Text, u64>,
    /// Who has its orders, being the same person by merges.
    pub merged_into: Option<CustomerKey>,
    /// Who has all its rows for CRM and marketing.
    pub written_to: Option<CustomerKey>,
    /// Its orders that were placed until then know that the person is forgotten.
    pub forgotten_until: Option<Moment>,
    /// The account is deleted: its orders are shown nowhere.
    pub closed: bool,
}

/// A customer. Its clone shares the rows' structure: an epoch works on a copy.
#[derive(Clone, Debug, Default)]
pub struct CustomerState {
    rows: KeyedRows<CustomerRow, PurchaseSums>,
    /// By the key of the order's row.
    emitted_of: OrdMap<RowKey, Arc<EmittedOfOrder>>,
    /// Raised at each seal that emitted something, and whenever something was passed on.
    pub revision: u64,
    /// Digests of the person's statements as last emitted, but for the history: bounded by the number of brands and sources.
    pub last_emitted: LastEmitted,
    /// What other customers and orders have been told.
    pub passed_on: PassedOn,
    /// Keys of orders that changed since the last seal.
    unsealed: Vec<Text>,
    /// Rows that changed since something was passed on last.
    fresh: Vec<RowKey>,
}

/// All that is not rows. Part of the state's format.
#[derive(Serialize, Deserialize)]
struct Head {
    revision: u64,
    last_emitted: LastEmitted,
    passed_on: PassedOn,
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
        if !put.is_stale() {
            self.unsealed.extend(Self::order_of(&key));
        }
        if put == Put::Changed {
            self.fresh.push(key);
        }
        put
    }

    /// The kind of a row that another customer has passed on.
    pub(super) const JOINED_ORDER: u8 = CustomerRow::JOINED + CustomerRow::ORDER;

    /// The order that a row of this key is about.
    fn order_of(key: &RowKey) -> Option<Text> {
        match key.kind {
            CustomerRow::ORDER => Some(key.id.clone()),
            Self::JOINED_ORDER => split_key(&key.id).next(),
            _ => None,
        }
    }

    /// Rows that changed since something was passed on last: sorted, each once.
    pub(super) fn take_fresh(&mut self) -> Vec<RowKey> {
        let mut fresh = std::mem::take(&mut self.fresh);
        fresh.sort_unstable();
        fresh.dedup();
        fresh
    }

    /// Did rows change since something was passed on last?
    pub fn is_fresh(&self) -> bool {
        !self.fresh.is_empty()
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
        let Self { revision, last_emitted, passed_on, .. } = self;
        let head = Head { revision: *revision, last_emitted: last_emitted.clone(), passed_on: passed_on.clone() };
        postcard::to_stdvec(&head).unwrap_or_default()
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
        Head { revision: self.revision, last_emitted: self.last_emitted, passed_on: self.passed_on } = postcard::from_bytes(bytes)?;
        Ok(())
    }

    /// Orders that changed since the last seal: their keys, sorted, each once.
    pub fn take_unsealed(&mut self) -> Vec<Text> {
        let mut orders = std::mem::take(&mut self.unsealed);
        orders.sort_unstable();
        orders.dedup();
        orders
    }

    /// What is said of every order has changed.
    pub(super) fn unseal_all(&mut self) {
        let own = self.of_kind(CustomerRow::ORDER).chain(self.of_kind(Self::JOINED_ORDER));
        let orders: Vec<Text> = own.filter_map(|(key, _)| Self::order_of(key)).collect();
        self.unsealed.extend(orders);
    }

    /// The order of this key: the customer's own, else that of one who leads here.
    pub fn order(&self, order: &Text) -> Option<&OrderSummary> {
        let own = RowKey { kind: CustomerRow::ORDER, source: SourceId::WAYBILL, id: order.clone() };
        if let Some(own) = self.rows.get(&own).and_then(summary) {
            return Some(own);
        }
        let id = join_key(&[order, ""]);
        let first = RowKey { kind: Self::JOINED_ORDER, source: SourceId::WAYBILL, id };
        let rows = self.rows.from(&first).take_while(|(key, _)| key.kind == first.kind && key.id.starts_with(first.id.as_str()));
        rows.filter_map(|(_, kept)| summary(kept)).next()
    }

    /// Orders of the person, by their keys; then those of whoever leads here.
    pub fn orders(&self) -> impl Iterator<Item = &OrderSummary> {
        let all = self.of_kind(CustomerRow::ORDER).chain(self.of_kind(Self::JOINED_ORDER));
        all.filter_map(|(_, kept)| summary(kept))
    }

    fn emitted_key(order: &Text) -> RowKey {
        RowKey { kind: Self::EMITTED, source: SourceId::WAYBILL, id: order.clone() }
    }

    /// What was last emitted of the order of this key.
    pub fn emitted_of(&self, order: &Text) -> EmittedOfOrder {
        self.emitted_of.get(&Self::emitted_key(order)).map(|emitted| EmittedOfOrder::clone(emitted)).unwrap_or_default()
    }

    /// Keeps what was emitted of the order of this key.
    pub fn set_emitted_of(&mut self, order: &Text, emitted: EmittedOfOrder) {
        let key = Self::emitted_key(order);
        let same = self.emitted_of.get(&key).map_or(emitted.0.is_empty(), |before| **before == emitted);
        if same {
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

    /// The row of this key.
    pub(super) fn row(&self, key: &RowKey) -> Option<&KeptRow<CustomerRow>> {
        self.rows.get(key)
    }

    /// Rows of one kind, the customer's own and then those of whoever leads here.
    pub fn with_joined(&self, kind: u8) -> impl Iterator<Item = (&RowKey, &KeptRow<CustomerRow>)> {
        self.of_kind(kind).chain(self.of_kind(CustomerRow::JOINED + kind))
    }

    fn accounts(&self) -> impl Iterator<Item = &CustomerAccount> {
        self.with_joined(CustomerRow::ACCOUNT).filter_map(|(_, kept)| match kept.live()?.told() {
            CustomerRow::Account(account) => Some(account),
            _ => None,
        })
    }

    /// One account for many people: it has no profile.
    pub fn is_collective(&self) -> bool {
        let live = self.of_kind(CustomerRow::ACCOUNT).filter_map(|(_, kept)| kept.live());
        live.into_iter().any(|row| matches!(row, CustomerRow::Account(account) if account.collective))
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

    /// The address of the newest order of a brand, where the configuration lets profiles have it.
    pub fn newest_address(&self, brand: &Text) -> Option<Personal> {
        summary(self.rows.get(self.rows.sums().addressed(brand)?)?)?.address.clone()
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

/// The order that a row tells of, unless it was withdrawn.
fn summary(kept: &KeptRow<CustomerRow>) -> Option<&OrderSummary> {
    match kept.live()?.told() {
        CustomerRow::Order(order) => Some(order),
        _ => None,
    }
}

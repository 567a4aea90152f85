//! What a SKU keeps: its rows, each a record of the changelog, and a small head.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::keys::Cut;
use super::sums::StockSums;
use crate::entities::last_emitted::LastEmitted;
use crate::entities::{KeptRow, KeyedRows, Put};
use crate::facts::sku::Demand;
use crate::facts::{Cause, Change, Moment, Quantity, Row, RowKey, SkuRow, Text, Version};

/// A SKU. Its clone shares the rows' structure: an epoch works on a copy.
#[derive(Clone, Debug, Default)]
pub struct SkuState {
    pub(super) rows: KeyedRows<SkuRow, StockSums>,
    /// Raised at each seal that emitted or derived something.
    pub revision: u64,
    /// Digests of the statements last emitted: bounded by the number of channels.
    pub last_emitted: LastEmitted,
    /// What other SKUs and orders have: bounded by the number of channels.
    pub last_derived: LastDerived,
    /// What a person may have to look at, by kind and number: since when, and whether it is open.
    pub watched: BTreeMap<Text, Watched>,
    /// What the next seal must look at.
    pub(super) unsealed: Unsealed,
    /// When the offers next change by the clock, as the last seal found.
    next_offer: Option<Moment>,
}

/// What other SKUs and orders have by the last derived facts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LastDerived {
    /// Free pieces by channel: the kits that this part is used in have them.
    pub free: BTreeMap<Text, Quantity>,
    /// The SKU that this one is a variation of.
    pub parent: Option<Text>,
    /// From where on the lines of orders are not covered, by channel.
    pub uncovered: BTreeMap<Text, Cut>,
    /// Of a shop's id of a product: the SKU that has its rows.
    pub catalogue: Option<Text>,
}

/// Something that holds, and that a person looks at once it has held for its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watched {
    /// Since when it holds, by the rows' own times.
    pub since: Moment,
    /// What it is about: when that changes, its time begins anew.
    pub of: u64,
    /// Is its exception open?
    pub open: bool,
}

/// What happened since the last seal.
#[derive(Clone, Debug, Default)]
pub(super) struct Unsealed {
    /// Restored: anything may have changed meanwhile, the rules too.
    pub restored: bool,
    /// Counts, or figures of shops.
    pub counts: bool,
    /// The product, prices, offers, or parts.
    pub offers: bool,
    /// What is in this kit, or what kits this part is used in.
    pub kits: bool,
    /// What else is a variation of this product.
    pub variations: bool,
    /// Demand lines and despatches that changed.
    pub rows: Vec<RowKey>,
    /// Whether warehouses know it.
    pub items: bool,
    /// Returned goods that wait for their count.
    pub returned: bool,
    /// Values of a shop's catalogue.
    pub catalogue: bool,
    /// Prices and offers that changed.
    pub prices: Vec<RowKey>,
}

/// All that is not rows. Part of the state's format.
#[derive(Serialize, Deserialize)]
struct Head {
    revision: u64,
    last_emitted: LastEmitted,
    last_derived: LastDerived,
    watched: BTreeMap<Text, Watched>,
}

impl SkuState {
    /// Puts a row when its version is newer than what is there. A row that is not of a SKU changes nothing.
    pub fn put(&mut self, key: RowKey, change: Change, version: Version, cause: Cause, at: Moment) -> Put {
        let row = match change {
            Change::Upsert(Row::Sku(row)) if row.kind() == key.kind => Some(row),
            Change::Upsert(_) => return Put::Stale,
            Change::Delete | Change::Withdraw => None,
        };
        let put = self.rows.put(&key, row, version, cause, at);
        // The same once more, in a newer record, is kept: nothing has to be looked at.
        if put == Put::Changed {
            self.unsealed.note(&key);
        }
        put
    }

    /// Rows changed, settled or removed since last asked: sorted, each once.
    pub fn take_touched(&mut self) -> Vec<RowKey> {
        self.rows.take_touched()
    }

    /// Keys of all that `row_bytes` gives.
    pub fn row_keys(&self) -> impl Iterator<Item = &RowKey> {
        self.rows.keys()
    }

    /// The row's record; `None`: it is gone, write a tombstone.
    pub fn row_bytes(&self, key: &RowKey) -> Option<Vec<u8>> {
        self.rows.bytes(key)
    }

    /// The record of all that is not rows.
    pub fn head_bytes(&self) -> Vec<u8> {
        let head = Head {
            revision: self.revision,
            last_emitted: self.last_emitted.clone(),
            last_derived: self.last_derived.clone(),
            watched: self.watched.clone(),
        };
        // Numbers and texts in memory: there is nothing that could fail to encode.
        postcard::to_stdvec(&head).unwrap_or_default()
    }

    /// Puts a row that a restore read; a later record of the same row replaces it.
    pub fn load_row(&mut self, key: RowKey, bytes: &[u8]) -> Result<(), postcard::Error> {
        self.unsealed.restored = true;
        self.rows.load(key, bytes)
    }

    /// Puts the head that a restore read.
    pub fn load_head(&mut self, bytes: &[u8]) -> Result<(), postcard::Error> {
        let Head { revision, last_emitted, last_derived, watched } = postcard::from_bytes(bytes)?;
        self.revision = revision;
        self.last_emitted = last_emitted;
        self.last_derived = last_derived;
        self.watched = watched;
        self.unsealed.restored = true;
        Ok(())
    }

    /// Must the offers be computed at this tick? If not, nothing of them can have changed.
    pub fn offers_due(&self, tick: Moment) -> bool {
        self.unsealed.restored || self.unsealed.offers || self.next_offer.is_some_and(|next| next <= tick)
    }

    /// Marks all as looked at by a seal; `next_offer` when the offers were computed anew. Returns when the offers next change by the clock.
    pub fn sealed(&mut self, next_offer: Option<Option<Moment>>) -> Option<Moment> {
        self.unsealed = Unsealed::default();
        if let Some(next) = next_offer {
            self.next_offer = next;
        }
        self.next_offer
    }

    /// The row of this key.
    pub fn row(&self, key: &RowKey) -> Option<&KeptRow<SkuRow>> {
        self.rows.get(key)
    }

    /// Rows of one kind, in the order of source and id.
    pub fn of_kind(&self, kind: u8) -> impl Iterator<Item = (&RowKey, &KeptRow<SkuRow>)> {
        self.rows.of_kind(kind)
    }

    /// A demand line that is not deleted.
    pub(super) fn demand(&self, key: &RowKey) -> Option<&Demand> {
        match self.row(key).filter(|_| key.kind == SkuRow::DEMAND)?.live()? {
            SkuRow::Demand(demand) => Some(demand),
            _ => None,
        }
    }

    /// The running sums over its rows.
    pub fn sums(&self) -> &StockSums {
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

impl Unsealed {
    fn note(&mut self, key: &RowKey) {
        match key.kind {
            SkuRow::COUNT | SkuRow::SHOP_FIGURE => self.counts = true,
            SkuRow::PRODUCT => self.offers = true,
            SkuRow::PRICE | SkuRow::OFFER => {
                self.offers = true;
                self.prices.push(key.clone());
            }
            SkuRow::KIT_PART | SkuRow::USED_IN => {
                self.kits = true;
                self.offers = true;
            }
            SkuRow::VARIATION => self.variations = true,
            SkuRow::DEMAND | SkuRow::DESPATCHED => self.rows.push(key.clone()),
            SkuRow::WAREHOUSE_ITEM => self.items = true,
            SkuRow::RETURNED => self.returned = true,
            SkuRow::CATALOGUE => self.catalogue = true,
            _ => {}
        }
    }
}

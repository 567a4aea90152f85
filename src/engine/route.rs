//! Which shard keeps an entity: a hash of its key that never changes. The number of shards is fixed for an application (the partitions of its
//! changelog).

use smallvec::SmallVec;
use xxhash_rust::xxh3::xxh3_64;

use crate::facts::{Alias, CustomerKey, OrderKey, RowKey, RowSet, Sku, Subject};

/// The shard of an order, of `shards` in all.
pub fn of_order(key: &OrderKey, shards: u16) -> usize {
    spread(xxh3_64(key.0.as_bytes()), shards)
}

/// The shard of an alias.
pub fn of_alias(alias: &Alias, shards: u16) -> usize {
    // In one piece: to hash it bit by bit takes five times as long.
    let mut name: SmallVec<[u8; 128]> = SmallVec::from_slice(alias.scope.as_bytes());
    name.push(b'|');
    name.extend_from_slice(alias.id.as_bytes());
    spread(xxh3_64(&name), shards)
}

/// The shard of a SKU.
pub fn of_sku(sku: &Sku, shards: u16) -> usize {
    spread(xxh3_64(sku.as_str().as_bytes()), shards)
}

/// The shard of a customer.
pub fn of_customer(key: &CustomerKey, shards: u16) -> usize {
    spread(xxh3_64(key.0.as_bytes()), shards)
}

/// The shard of a row's owner.
pub fn of_row(key: &RowKey, shards: u16) -> usize {
    spread(xxh3_64(key.id.as_bytes()) ^ u64::from(key.kind) ^ u64::from(key.source.0) << 8, shards)
}

/// The shard of a set's delete watermark.
pub fn of_set(set: &RowSet, shards: u16) -> usize {
    spread(xxh3_64(set.prefix.as_bytes()) ^ u64::from(set.kind) ^ u64::from(set.source.0) << 8, shards)
}

/// The shard of whatever a fact concerns.
pub fn of(subject: &Subject, shards: u16) -> usize {
    match subject {
        Subject::Order(key) => of_order(key, shards),
        Subject::Alias(alias) => of_alias(alias, shards),
        Subject::Sku(sku) => of_sku(sku, shards),
        Subject::Customer(key) => of_customer(key, shards),
        Subject::RowOwner(key) => of_row(key, shards),
        Subject::Set(set) => of_set(set, shards),
        Subject::Desk => 0,
    }
}

fn spread(hash: u64, shards: u16) -> usize {
    (hash % u64::from(shards.max(1))) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    /// State is kept where these say: a change would lose the state of every running application.
    #[test]
    fn the_shard_of_a_key_never_changes() {
        assert_eq!(of_order(&OrderKey::new("magento", "5021"), 16), 12);
        assert_eq!(of_alias(&Alias::new("order-number", "000005021"), 16), 9);
    }
}

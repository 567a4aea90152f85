//! Rows that came under an alias (what another system calls an order) go on to the order that the alias leads to, and come back when a link moves.

use super::published::LINKS_MAX;
use super::store::Store;
use crate::entities::alias::WaitingRow;
use crate::facts::{Alias, Link, RowKey, Subject};

/// Passes on the rows that came under aliases, link by link, until nothing moves; [`LINKS_MAX`] links at most.
pub(super) fn pass_on(store: &mut Store) {
    for _ in 0..LINKS_MAX {
        take_back(store);
        // Not one list of all: facts are large, and would be moved each time that it grows.
        let mut moved = Vec::new();
        for shard in &mut store.shards {
            for index in 0..shard.aliases.staged_len() {
                if let Some((alias, staged)) = shard.aliases.staged_at(index)
                    && staged.due
                {
                    let facts = staged.state.forward(alias);
                    store.report.rows_forwarded += facts.len() as u64;
                    if !facts.is_empty() {
                        moved.push(facts);
                    }
                }
            }
        }
        if moved.is_empty() {
            break;
        }
        for (fact, since) in moved.into_iter().flatten() {
            store.put_waiting(fact, since);
        }
    }
    for shard in &mut store.shards {
        shard.aliases.spare_unchanged();
    }
}

/// Takes the rows of aliases whose link has moved back from where they are.
fn take_back(store: &mut Store) {
    let mut back: Vec<(Alias, Link, Vec<RowKey>)> = Vec::new();
    for shard in &mut store.shards {
        for index in 0..shard.aliases.staged_len() {
            if let Some((alias, staged)) = shard.aliases.staged_at(index)
                && staged.due
            {
                back.extend(staged.state.moved(alias).into_iter().map(|(from, keys)| (alias.clone(), from, keys)));
            }
        }
    }
    for (alias, from, keys) in back {
        for key in keys {
            let Some(back) = take(store, &from, &key) else { continue };
            store.shard_of(&Subject::Alias(alias.clone())).aliases.stage(&alias).state.give_back(key, back);
        }
    }
}

/// Takes a row from the order that it went to (it begins to wait again), or from the alias on the way where it waits. The entity that had it is
/// computed again.
pub(super) fn take(store: &mut Store, from: &Link, key: &RowKey) -> Option<WaitingRow> {
    let mut from = from.clone();
    for _ in 0..LINKS_MAX {
        match from {
            Link::Order(order) => {
                let tick = store.tick;
                let staged = store.shard_of(&Subject::Order(order.clone())).orders.stage(&order);
                let kept = staged.state.rows.take(key)?;
                if let Some(cause) = kept.cause().or(kept.deletion.as_ref().map(|deletion| deletion.cause)) {
                    staged.touch(cause);
                }
                return Some(WaitingRow { kept, since: tick });
            }
            Link::Alias(alias) => {
                let staged = store.shard_of(&Subject::Alias(alias.clone())).aliases.stage(&alias);
                match staged.state.take(key) {
                    Ok(waiting) => {
                        staged.dirty = true;
                        staged.due = true;
                        return Some(waiting);
                    }
                    Err(next) => {
                        staged.dirty = true;
                        from = next?;
                    }
                }
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::engine::{Core, EngineSettings, TopicNames};
    use crate::facts::OrderRow;
    use crate::facts::order::{Scan, ScanMeaning, WarehouseOrder, WarehouseState, Word};
    use crate::facts::{Cause, Change, Fact, Moment, OrderKey, Place, Row, SourceId, Version};

    const WMS: SourceId = SourceId(7);

    struct Bench {
        core: Core,
        version: u64,
    }

    impl Bench {
        fn new() -> Self {
            let settings = EngineSettings {
                sources: [].into(),
                rules: Arc::default(),
                fingerprint: 0,
                names: TopicNames::new("t."),
                shards: 4,
                live_at_start: Vec::new(),
                record_bytes_max: 1 << 20,
                orders_whole: 1,
            };
            Self { core: Core::new(settings, Arc::from([])), version: 0 }
        }

        fn fact(&mut self, alias: &Alias, kind: u8, id: &str, row: Option<Row>) {
            self.version += 1;
            let version = Version { incarnation: 0, place: Place::Position([self.version, 0, 0]), upsert: row.is_some(), adapter: 0 };
            let change = row.map_or(Change::Delete, Change::Upsert);
            let key = RowKey { kind, source: WMS, id: id.into() };
            self.core.store.put(Fact { subject: Subject::Alias(alias.clone()), key, change, version, cause: Cause::NONE, at: Moment(0) });
        }

        fn link(&mut self, alias: &Alias, claim: &str, to: Option<Link>) {
            self.fact(alias, Link::KIND, claim, to.map(Row::Link));
        }

        /// Ends the epoch, and begins another.
        fn epoch(&mut self) {
            self.core.seal();
            self.core.promote();
            self.core.publish();
            self.core.begin(Moment(0));
        }

        fn rows(&self, order: &str) -> usize {
            let key = OrderKey::new("magento", order);
            self.core.published().order_by_key(&key).map_or(0, |state| state.rows.len())
        }
    }

    fn order(id: &str) -> Option<Link> {
        Some(Link::Order(OrderKey::new("magento", id)))
    }

    fn number(id: &str) -> Alias {
        Alias::new(Alias::ORDER_NUMBER, id)
    }

    fn warehouse_order() -> Option<Row> {
        let row = WarehouseOrder { location: "MAIN".into(), state: Word::Known(WarehouseState::New) };
        Some(Row::Order(OrderRow::WarehouseOrder(row)))
    }

    #[test]
    fn a_corrected_reference_takes_its_rows_from_the_wrong_order_to_the_right_one() {
        let mut bench = Bench::new();
        let document = Alias::new("nav.document", "1|SO-7");
        bench.link(&number("1001"), "magento|1", order("1"));
        bench.link(&number("1010"), "magento|2", order("2"));
        bench.link(&document, "", Some(Link::Alias(number("1001"))));
        bench.fact(&document, OrderRow::WAREHOUSE_ORDER, "W1", warehouse_order());
        bench.epoch();
        assert_eq!((bench.rows("1"), bench.rows("2")), (1, 0));
        bench.link(&document, "", Some(Link::Alias(number("1010"))));
        bench.epoch();
        assert_eq!((bench.rows("1"), bench.rows("2")), (0, 1), "the old order lets go");
        bench.fact(&document, OrderRow::WAREHOUSE_ORDER, "W2", warehouse_order());
        bench.epoch();
        assert_eq!((bench.rows("1"), bench.rows("2")), (0, 2));
    }

    #[test]
    fn what_two_orders_claim_comes_back_and_waits() {
        let mut bench = Bench::new();
        bench.link(&number("1001"), "magento|1", order("1"));
        bench.fact(&number("1001"), OrderRow::WAREHOUSE_ORDER, "W1", warehouse_order());
        bench.epoch();
        assert_eq!(bench.rows("1"), 1);
        bench.link(&number("1001"), "magento|2", order("2"));
        bench.epoch();
        assert_eq!((bench.rows("1"), bench.rows("2")), (0, 0));
        bench.link(&number("1001"), "magento|1", None);
        bench.epoch();
        assert_eq!((bench.rows("1"), bench.rows("2")), (0, 1));
    }

    #[test]
    fn each_order_in_a_parcel_hears_its_scans_whenever_it_claims_it() {
        let mut bench = Bench::new();
        let parcel = Alias::new(Alias::TRACKING, "T1");
        let scan = Scan { tracking: "T1".into(), meaning: Word::Known(ScanMeaning::Delivered), scanned_at: Moment(5) };
        bench.fact(&parcel, OrderRow::SCAN, "T1|5", Some(Row::Order(OrderRow::Scan(scan))));
        bench.link(&parcel, "magento|1", order("1"));
        bench.epoch();
        bench.link(&number("1002"), "magento|2", order("2"));
        bench.link(&parcel, "order-number|1002", Some(Link::Alias(number("1002"))));
        bench.epoch();
        assert_eq!((bench.rows("1"), bench.rows("2")), (1, 1));
        let aliases = bench.core.store.shards.iter().flat_map(|shard| shard.aliases.iter());
        assert!(aliases.map(|(alias, state)| state.view().waiting_len(alias)).sum::<usize>() == 0, "nothing is left on the way");
    }
}

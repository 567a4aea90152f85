//! Delete watermarks as [`Store::put`](super::store::Store::put) asks for them: is a row that arrives older than a bulk statement about its set?
//!
//! The states themselves are entities of their shards ([`super::bulk_deletes`] puts facts to them). This is their newest sealed content, over all
//! shards, indexed by source, kind of entity and kind of row.

use hashbrown::HashMap;

use crate::entities::watermark::WatermarkState;
use crate::facts::ids::join_key;
use crate::facts::order::LeftOut;
use crate::facts::{
    Change, EntityKind, Fact, Moment, OrderKey, OrderRow, Provenance, Row, RowKey, RowSet, SourceId, Subject, Text, Version,
};

/// By source, kind of entity and kind of row: prefixes of row ids, and the newest statement about the rows that have each.
type Sets = HashMap<(SourceId, EntityKind, u8), Vec<(Text, Provenance)>>;

/// The delete watermarks, and the newest snapshots that read a whole set, as sealed.
#[derive(Clone, Debug, Default)]
pub(super) struct Watermarks {
    deletes: Sets,
    snapshots: Sets,
}

impl Watermarks {
    pub(super) fn raise(&mut self, set: &RowSet, state: &WatermarkState) {
        for (sets, newest) in [(&mut self.deletes, state.raised()), (&mut self.snapshots, state.read())] {
            let Some(newest) = newest else { continue };
            let known = sets.entry((set.source, set.entity, set.kind)).or_default();
            match known.iter_mut().find(|(prefix, _)| *prefix == set.prefix) {
                Some((_, known)) => *known = newest,
                None => known.push((set.prefix.clone(), newest)),
            }
        }
    }

    /// What follows for a row that arrives late: its deletion, where it is below a delete watermark; or that a snapshot left it out.
    pub(super) fn above(&self, fact: &Fact, tick: Moment) -> Option<Fact> {
        if self.deletes.is_empty() && self.snapshots.is_empty() {
            return None;
        }
        if let Some(watermark) = newest_above(&self.deletes, fact) {
            return Some(deletion(fact.subject.clone(), fact.key.clone(), watermark));
        }
        let Subject::Order(order) = &fact.subject else { return None };
        newest_above(&self.snapshots, fact).map(|snapshot| left_out(order.clone(), &fact.key, snapshot, tick))
    }
}

/// The newest statement about a set that the row belongs to, if it is newer than the row.
fn newest_above(sets: &Sets, fact: &Fact) -> Option<Provenance> {
    let entity = match fact.subject {
        Subject::Order(_) | Subject::Alias(_) => EntityKind::Orders,
        Subject::Sku(_) => EntityKind::Skus,
        Subject::Customer(_) => EntityKind::Customers,
        Subject::RowOwner(_) | Subject::Set(_) | Subject::Desk => return None,
    };
    let of_kind = sets.get(&(fact.key.source, entity, fact.key.kind))?;
    let is_above = |(prefix, watermark): &&(Text, Provenance)| fact.key.id.starts_with(prefix.as_str()) && watermark.version > fact.version;
    of_kind.iter().filter(is_above).map(|(_, watermark)| *watermark).max_by_key(|watermark| watermark.version)
}

/// Tells an order that a snapshot left one of its rows out, and when Waybill learned of it.
pub(super) fn left_out(order: OrderKey, row: &RowKey, snapshot: Provenance, tick: Moment) -> Fact {
    let id = join_key(&[&row.kind.to_string(), &row.id]);
    let content = LeftOut { kind: row.kind, id: row.id.clone(), read: snapshot.version };
    Fact {
        subject: Subject::Order(order),
        key: RowKey { kind: OrderRow::LEFT_OUT, source: row.source, id },
        change: Change::Upsert(Row::Order(OrderRow::LeftOut(content))),
        version: Version { upsert: true, ..snapshot.version },
        cause: snapshot.cause,
        at: tick,
    }
}

/// The deletion of a row below a delete watermark.
pub(super) fn deletion(subject: Subject, key: RowKey, watermark: Provenance) -> Fact {
    let Provenance { version, cause, at } = watermark;
    Fact { subject, key, change: Change::Delete, version: Version { upsert: false, ..version }, cause, at }
}

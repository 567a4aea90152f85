//! Where an adapter puts its facts.

use crate::facts::ids::join_key;
use crate::facts::{
    Alias, Cause, Change, CustomerKey, CustomerRow, EntityKind, Fact, Link, LogMark, Moment, OrderKey, OrderRow, OwnedRow, Place, Row,
    RowKey, RowMark, RowSet, Sku, SkuRow, SourceId, Subject, Text, Version, Watermark,
};

/// Collects the facts of one record.
///
/// The adapter says of each fact: the subject (whose row it is), the row's id, its place in the source's order, the moment, and the row. Source,
/// cause and adapter revision are the same for all facts of a record and are filled in here. The incarnation is added by the engine, which finds it
/// from the record's position in its source's log.
pub struct FactsOut<'a> {
    pub(crate) source: SourceId,
    pub(crate) cause: Cause,
    pub(crate) adapter: u16,
    pub(crate) facts: &'a mut Vec<Fact>,
    pub(crate) position: Option<SourcePosition>,
}

/// Where a record stands in its source's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourcePosition {
    /// As in [`Place::Position`]: most significant part first.
    pub position: [u64; 3],
    /// When the change was written there, by the source's clock; [`Moment::MIN`]: it does not say.
    pub at: Moment,
    /// The record stands among its partition's records as it does in the log. A row that an incremental snapshot reads meanwhile does not.
    pub in_order: bool,
    /// Whose log it is.
    pub log: LogMark,
    /// Which row was changed, and how.
    pub row: RowMark,
}

impl SourcePosition {
    /// The position without what tells changes of one event apart: records that have this in common are of one transaction, and their order in the
    /// topic is that of the log.
    pub fn shared(&self) -> [u64; 3] {
        let [a, b, c] = self.position;
        [a, b, c & !Place::APART]
    }
}

/// Which links of one alias are apart, as the row's id: of an order's own alias each order has a link, of a parcel's number each order in the parcel;
/// a document has one link, which moves.
fn claim(alias: &Alias, to: &Link) -> Text {
    match to {
        Link::Order(order) => order.0.clone(),
        Link::Alias(target) if alias.scope == Alias::TRACKING => join_key(&[&target.scope, &target.id]),
        Link::Alias(_) => Text::default(),
    }
}

impl<'a> FactsOut<'a> {
    /// `adapter` is the adapter's revision. Facts are added to those in `facts`.
    pub fn new(source: SourceId, cause: Cause, adapter: u16, facts: &'a mut Vec<Fact>) -> Self {
        Self { source, cause, adapter, facts, position: None }
    }

    /// The place of a record that carries no version: the order of arrival is all there is.
    pub fn arrival(&self) -> Place {
        Place::Arrival { partition: self.cause.partition, offset: self.cause.offset }
    }

    /// Sets the record's position in its source's log and when it was written there, by the source's own clock. From these the engine sees that a
    /// source begins again. Without a position it cannot see that, and nothing is set; a record without a time belongs to what was read last.
    pub fn set_position(&mut self, place: Place, at: Option<Moment>, in_order: bool) {
        if let Place::Position(position) = place {
            let at = at.unwrap_or(Moment::MIN);
            self.position = Some(SourcePosition { position, at, in_order, log: LogMark::default(), row: RowMark::default() });
        }
    }

    /// Says whose log the position is of, and which row was changed there.
    pub fn set_marks(&mut self, log: LogMark, row: RowMark) {
        if let Some(position) = &mut self.position {
            (position.log, position.row) = (log, row);
        }
    }

    /// An update gave a row to another order. `put` deletes the row where it was; the deletion is marked as a withdrawal, since the row itself is
    /// not deleted.
    ///
    /// # Errors
    /// Those of `put`.
    pub fn moved_away<E>(&mut self, put: impl FnOnce(&mut Self) -> Result<(), E>) -> Result<(), E> {
        let before = self.facts.len();
        put(self)?;
        let of_order = |fact: &&mut Fact| matches!(fact.subject, Subject::Order(_) | Subject::Alias(_)) && fact.key.kind != Link::KIND;
        let added = self.facts[before..].iter_mut().filter(of_order);
        added.filter(|fact| fact.change == Change::Delete).for_each(|fact| fact.change = Change::Withdraw);
        Ok(())
    }

    /// Runs `put`; the facts that it put out before a decode error are taken back.
    ///
    /// # Errors
    /// Those of `put`.
    pub fn all_or_none<T, E>(&mut self, put: impl FnOnce(&mut Self) -> Result<T, E>) -> Result<T, E> {
        let before = self.facts.len();
        let put = put(self);
        if put.is_err() {
            self.facts.truncate(before);
        }
        put
    }

    fn push(&mut self, subject: Subject, kind: u8, id: Text, place: Place, at: Moment, row: Option<Row>) {
        let key = RowKey { kind, source: self.source, id };
        let version = Version { incarnation: 0, place, upsert: row.is_some(), adapter: self.adapter };
        let change = row.map_or(Change::Delete, Change::Upsert);
        self.facts.push(Fact { subject, key, change, version, cause: self.cause, at });
    }

    /// An order's row; the order is known by the shop's own key.
    pub fn order(&mut self, order: OrderKey, id: impl Into<Text>, place: Place, at: Moment, row: OrderRow) {
        self.push(Subject::Order(order), row.kind(), id.into(), place, at, Some(Row::Order(row)));
    }

    /// An order's row; the order is known by an alias. The row goes on to the order once the alias's link is there.
    pub fn order_by_alias(&mut self, alias: Alias, id: impl Into<Text>, place: Place, at: Moment, row: OrderRow) {
        self.push(Subject::Alias(alias), row.kind(), id.into(), place, at, Some(Row::Order(row)));
    }

    /// A SKU's row.
    pub fn sku(&mut self, sku: Sku, id: impl Into<Text>, place: Place, at: Moment, row: SkuRow) {
        self.push(Subject::Sku(sku), row.kind(), id.into(), place, at, Some(Row::Sku(row)));
    }

    /// What a person says of requests that are held for the whole application.
    pub fn desk(&mut self, id: impl Into<Text>, place: Place, at: Moment, row: OrderRow) {
        self.push(Subject::Desk, row.kind(), id.into(), place, at, Some(Row::Order(row)));
    }

    /// A customer's row.
    pub fn customer(&mut self, customer: CustomerKey, id: impl Into<Text>, place: Place, at: Moment, row: CustomerRow) {
        self.push(Subject::Customer(customer), row.kind(), id.into(), place, at, Some(Row::Customer(row)));
    }

    /// Where an alias leads: to an order, or to another alias.
    pub fn alias(&mut self, alias: Alias, to: Link, place: Place, at: Moment) {
        let claim = claim(&alias, &to);
        self.push(Subject::Alias(alias), Link::KIND, claim, place, at, Some(Row::Link(to)));
    }

    /// Where an alias leads by the decision of a person: the newest decision replaces the one before (`None`: it was withdrawn).
    pub fn decided_alias(&mut self, alias: Alias, to: Option<Link>, place: Place, at: Moment) {
        self.push(Subject::Alias(alias), Link::KIND, Text::default(), place, at, to.map(Row::Link));
    }

    /// An order's row that the source may move to another order later, without naming the one that had it. The id must be the row's own in all of
    /// the source.
    pub fn owned(&mut self, subject: Subject, id: impl Into<Text>, place: Place, at: Moment, row: OrderRow) {
        let (id, kind) = (id.into(), row.kind());
        let owner = Subject::RowOwner(RowKey { kind, source: self.source, id: id.clone() });
        self.push(owner, kind, id, place, at, Some(Row::Owned(Box::new(OwnedRow { subject, row: Row::Order(row) }))));
    }

    /// A record about many rows at once: rows of the set that are older than `place` are deleted. Rows that stand in the same list have later
    /// places.
    pub fn watermark(&mut self, entity: EntityKind, kind: u8, prefix: impl Into<Text>, place: Place, at: Moment, watermark: Watermark) {
        let set = RowSet { source: self.source, entity, kind, prefix: prefix.into() };
        let key = RowKey { kind: Watermark::KIND, source: self.source, id: Text::default() };
        // Not an upsert: at one position the rows that stand there live.
        let version = Version { incarnation: 0, place, upsert: false, adapter: self.adapter };
        self.facts.push(Fact {
            subject: Subject::Set(set),
            key,
            change: Change::Upsert(Row::Watermark(watermark)),
            version,
            cause: self.cause,
            at,
        });
    }

    /// The source deleted the row of this kind (`OrderRow::LINE` ...) and id. What that means is decided by the view.
    pub fn deleted(&mut self, subject: Subject, kind: u8, id: impl Into<Text>, place: Place, at: Moment) {
        self.push(subject, kind, id.into(), place, at, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::sku::Holding;
    use crate::facts::{Quantity, TopicId};

    fn put(out: &mut FactsOut<'_>) {
        let holding = Holding { shop: "shop".into(), stock: Text::default(), quantity: Quantity::from_int(1) };
        let place = Place::Position([1, 2, 3]);
        out.sku(Sku::new("TEE").expect("a SKU"), "1", place, Moment(0), SkuRow::Holding(holding));
    }

    #[test]
    fn of_a_record_that_can_only_be_read_in_part_nothing_is_out() {
        let mut facts = Vec::new();
        let cause = Cause { topic: TopicId(1), partition: 0, offset: 0 };
        let mut out = FactsOut::new(SourceId::of("shop"), cause, 1, &mut facts);
        put(&mut out);
        let refused = out.all_or_none(|out| {
            put(out);
            Err::<(), _>("the second line")
        });
        assert_eq!(refused, Err("the second line"));
        assert_eq!(out.facts.len(), 1, "what was out before stays");
    }

    /// One event: its number of the row (16 bits) and the ordinal above it are no part of what its records have in common.
    #[test]
    fn records_of_one_event_share_all_but_what_tells_them_apart() {
        let at = |position| {
            let (log, row) = (LogMark::default(), RowMark::default());
            SourcePosition { position, at: Moment(0), in_order: true, log, row }.shared()
        };
        assert_eq!(at([7, 4_100, 3]), [7, 4_100, 0]);
        assert_eq!(at([7, 4_100, 1 << 40 | 2 << 16 | 5]), [7, 4_100, 1 << 40]);
    }
}

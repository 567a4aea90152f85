//! Where an adapter puts its facts: fills in what is the same for all facts of one record.

use crate::facts::ids::join_key;
use crate::facts::{
    Alias, Cause, Change, CustomerKey, CustomerRow, EntityKind, Fact, Link, Moment, OrderKey, OrderRow, OwnedRow, Place, Row, RowKey,
    RowSet, Sku, SkuRow, SourceId, Subject, Text, Version, Watermark,
};

/// Collects the facts of one record. The adapter names subject, row id, place and moment; source, cause and revision are known; the
/// incarnation is the engine's to find, from where the record says it stands in its source's log.
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
    pub position: [u64; 3],
    /// By the source's clock.
    pub at: Moment,
    /// It stands among its partition's records as it does in the log; a row that an incremental snapshot reads aside does not.
    pub in_order: bool,
}

/// Which claim of a source a link is: an order's own, and each order's of a parcel's number; a document has one link, which moves.
fn claim(alias: &Alias, to: &Link) -> Text {
    match to {
        Link::Order(order) => order.0.clone(),
        Link::Alias(target) if alias.scope == Alias::TRACKING => join_key(&[&target.scope, &target.id]),
        Link::Alias(_) => Text::default(),
    }
}

/// `RowKey::kind` of an alias's link.
pub const LINK_KIND: u8 = Link::KIND;

impl<'a> FactsOut<'a> {
    pub fn new(source: SourceId, cause: Cause, adapter: u16, facts: &'a mut Vec<Fact>) -> Self {
        Self { source, cause, adapter, facts, position: None }
    }

    /// Number of facts so far.
    pub fn len(&self) -> usize {
        self.facts.len()
    }

    pub fn is_empty(&self) -> bool {
        self.facts.is_empty()
    }

    /// Takes back all facts but the first `len`: a record that cannot be decoded gives none.
    pub fn truncate(&mut self, len: usize) {
        self.facts.truncate(len);
    }

    /// The place of a record that carries no version: the order of arrival is all there is.
    pub fn arrival(&self) -> Place {
        Place::Arrival { partition: self.cause.partition, offset: self.cause.offset }
    }

    /// Says where the record stands in its source's log and when it was written there: a source that begins again shows by it. `at` is the time
    /// of the change by the source's own clock; without one nothing can be told.
    pub fn set_position(&mut self, place: Place, at: Option<Moment>, in_order: bool) {
        if let (Place::Position(position), Some(at)) = (place, at) {
            self.position = Some(SourcePosition { position, at, in_order });
        }
    }

    /// An update gave a row to another order: what `tell` says of the one that had it is no deletion there.
    pub fn moved_away<E>(&mut self, tell: impl FnOnce(&mut Self) -> Result<(), E>) -> Result<(), E> {
        let before = self.facts.len();
        tell(self)?;
        let of_order = |fact: &&mut Fact| matches!(fact.subject, Subject::Order(_) | Subject::Alias(_)) && fact.key.kind != LINK_KIND;
        let told = self.facts[before..].iter_mut().filter(of_order);
        told.filter(|fact| fact.change == Change::Delete).for_each(|fact| fact.change = Change::Withdraw);
        Ok(())
    }

    /// Runs `tell`; the facts that it put out before a decode error are taken back.
    pub fn all_or_none<T, E>(&mut self, tell: impl FnOnce(&mut Self) -> Result<T, E>) -> Result<T, E> {
        let before = self.facts.len();
        let told = tell(self);
        if told.is_err() {
            self.facts.truncate(before);
        }
        told
    }

    fn put(&mut self, subject: Subject, kind: u8, id: Text, place: Place, at: Moment, row: Option<Row>) {
        let key = RowKey { kind, source: self.source, id };
        let version = Version { incarnation: 0, place, upsert: row.is_some(), adapter: self.adapter };
        let change = row.map_or(Change::Delete, Change::Upsert);
        self.facts.push(Fact { subject, key, change, version, cause: self.cause, at });
    }

    /// An order's row, the order known by the shop's own key.
    pub fn order(&mut self, order: OrderKey, id: impl Into<Text>, place: Place, at: Moment, row: OrderRow) {
        self.put(Subject::Order(order), row.kind(), id.into(), place, at, Some(Row::Order(row)));
    }

    /// An order's row, the order known by an alias: it is passed on once the alias's link is there.
    pub fn named(&mut self, alias: Alias, id: impl Into<Text>, place: Place, at: Moment, row: OrderRow) {
        self.put(Subject::Alias(alias), row.kind(), id.into(), place, at, Some(Row::Order(row)));
    }

    pub fn sku(&mut self, sku: Sku, id: impl Into<Text>, place: Place, at: Moment, row: SkuRow) {
        self.put(Subject::Sku(sku), row.kind(), id.into(), place, at, Some(Row::Sku(row)));
    }

    pub fn customer(&mut self, customer: CustomerKey, id: impl Into<Text>, place: Place, at: Moment, row: CustomerRow) {
        self.put(Subject::Customer(customer), row.kind(), id.into(), place, at, Some(Row::Customer(row)));
    }

    /// Where an alias leads.
    pub fn link(&mut self, alias: Alias, to: Link, place: Place, at: Moment) {
        let claim = claim(&alias, &to);
        self.put(Subject::Alias(alias), LINK_KIND, claim, place, at, Some(Row::Link(to)));
    }

    /// Where an alias leads by the decision of a person: the newest decision replaces the one before (`None`: it was withdrawn).
    pub fn decided_link(&mut self, alias: Alias, to: Option<Link>, place: Place, at: Moment) {
        self.put(Subject::Alias(alias), LINK_KIND, Text::default(), place, at, to.map(Row::Link));
    }

    /// An order's row that the source may move to another order later, without naming the one that had it. The id must be the row's own in all of
    /// the source.
    pub fn owned(&mut self, subject: Subject, id: impl Into<Text>, place: Place, at: Moment, row: OrderRow) {
        let (id, kind) = (id.into(), row.kind());
        let owner = Subject::RowOwner(RowKey { kind, source: self.source, id: id.clone() });
        self.put(owner, kind, id, place, at, Some(Row::Owned(Box::new(OwnedRow { subject, row: Row::Order(row) }))));
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

    /// The source deleted the row of this kind (`OrderRow::LINE` ...) and id. What that means is the view's to say.
    pub fn deleted(&mut self, subject: Subject, kind: u8, id: impl Into<Text>, place: Place, at: Moment) {
        self.put(subject, kind, id.into(), place, at, None);
    }
}

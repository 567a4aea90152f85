//! Aliases: what other systems call an order.
//!
//! An alias's link leads to an order or to another alias. Rows that come under the alias wait in it until the link is there. Then they are passed
//! on with their own version, cause and moment, as if they had come for the target at once.
//!
//! - A link is a row like any other: the newest record of its claimant counts. When it moves, the alias takes the rows that were passed on back
//!   from where they are, and passes them on to the new target ([`AliasState::moved`]). So it never shows that an alias led to the wrong order
//!   for a while.
//! - An alias that two orders claim leads nowhere: its rows come back and wait, and an exception names both claimants. Numbers of one system may be
//!   unique within its stores alone: then a person is asked only once a row names the number, and a query is shown all claimants.
//! - A parcel may hold lines of several orders: a tracking number leads to each order that claims it. Its rows (scans) stay in the alias, and
//!   each claimant gets all of them, whenever it claims.
//! - Where two sources link one alias to other aliases, the link of the source with the smaller id counts, in any order of arrival.
//! - If the row that brought a link is deleted, the link stays: the order still has its alias. A claim ends when the claimant's own row names
//!   another alias (the adapter withdraws the old link).
//!
//! Aliases are small: an alias is one record of the changelog.

use serde::{Deserialize, Serialize};

use super::last_emitted::LastEmitted;
use super::rules::Rules;
use super::{KeptRow, Put};
use crate::facts::{Alias, Cause, Change, Fact, Link, Moment, OrderKey, OrderRow, Row, RowKey, SourceId, Subject, Text, Version};

/// A link, and the record that brought it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredLink {
    /// Whose link it is.
    pub source: SourceId,
    /// Which claim of the source: an order's own, or the one link that a document's number has.
    pub claim: Text,
    /// The record's version.
    pub version: Version,
    /// The record.
    pub cause: Cause,
    /// When it was written, by its source.
    pub at: Moment,
    /// `None`: withdrawn.
    pub to: Option<Link>,
}

/// A row that stands in an alias.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WaitingRow {
    /// What is known of it.
    pub kept: KeptRow<OrderRow>,
    /// The tick at which it was first kept without an order to go to: in this alias, or in one that led here.
    pub since: Moment,
}

/// Where rows went, and which: what is taken back when the link moves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Passed {
    to: Link,
    /// Sorted.
    keys: Vec<RowKey>,
}

/// An alias.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AliasState {
    /// Sorted by source and claim.
    links: Vec<StoredLink>,
    /// Rows that wait for the link, sorted by key; of an alias that leads to several orders, all its rows.
    rows: Vec<(RowKey, WaitingRow)>,
    passed: Vec<Passed>,
    /// Rows of the open epoch that were not passed on yet.
    #[serde(skip)]
    fresh: Vec<RowKey>,
    /// Digests of its exceptions as last emitted.
    pub last_emitted: LastEmitted,
    /// Raised at each seal that emitted something or passed rows on.
    pub revision: u64,
}

/// Rows that have waited for too long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Orphans {
    /// How many.
    pub rows: usize,
    /// The moment of the oldest, by its source's clock.
    pub since: Moment,
    /// Sources that brought them, sorted.
    pub sources: Vec<SourceId>,
}

/// Orders that claim one alias.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// Sorted.
    pub orders: Vec<OrderKey>,
    /// When the newest claim was written.
    pub since: Moment,
    /// The records that claim it.
    pub causes: Vec<Cause>,
}

/// May several orders have this alias at a time?
fn is_shared(alias: &Alias) -> bool {
    alias.scope == Alias::TRACKING
}

impl AliasState {
    /// Rows that wait since a later moment wait since this one. True: there were some.
    pub fn waits_since_at_most(&mut self, moment: Moment) -> bool {
        let mut changed = false;
        for (_, waiting) in self.rows.iter_mut().filter(|(_, waiting)| waiting.since > moment) {
            (waiting.since, changed) = (moment, true);
        }
        changed
    }

    /// Puts a row: the link, or a row of the order that it leads to, which waits since the tick `since`.
    pub fn put(&mut self, key: RowKey, change: Change, version: Version, cause: Cause, at: Moment, since: Moment) -> Put {
        match change {
            Change::Upsert(Row::Link(to)) => self.put_link(key, Some(to), version, cause, at),
            Change::Delete if key.kind == Link::KIND => self.put_link(key, None, version, cause, at),
            Change::Upsert(Row::Order(row)) if row.kind() == key.kind => self.kept(key, since).upsert(row, version, cause, at),
            Change::Delete => self.kept(key, since).delete(version, cause, at),
            Change::Withdraw if key.kind != Link::KIND => self.kept(key, since).withdraw(version, cause, at),
            Change::Upsert(_) | Change::Withdraw => Put::Stale,
        }
    }

    fn put_link(&mut self, key: RowKey, to: Option<Link>, version: Version, cause: Cause, at: Moment) -> Put {
        let RowKey { source, id: claim, .. } = key;
        let stored = StoredLink { source, claim, version, cause, at, to };
        match self.links.binary_search_by(|link| (link.source, &link.claim).cmp(&(stored.source, &stored.claim))) {
            Err(place) => {
                self.links.insert(place, stored);
                Put::Changed
            }
            Ok(place) if version <= self.links[place].version => Put::Stale,
            Ok(place) => {
                let same = self.links[place].to == stored.to;
                self.links[place] = stored;
                if same { Put::Same } else { Put::Changed }
            }
        }
    }

    /// The row of this key: it waits, and [`Self::forward`] passes it on at once where the link is there.
    fn kept(&mut self, key: RowKey, since: Moment) -> &mut KeptRow<OrderRow> {
        if !self.fresh.contains(&key) {
            self.fresh.push(key.clone());
        }
        let place = match self.rows.binary_search_by(|(other, _)| other.cmp(&key)) {
            Ok(place) => place,
            Err(place) => {
                // Mostly one row comes and goes on: room for four, as a vector begins, is more than a kilobyte.
                if self.rows.capacity() == 0 {
                    self.rows.reserve_exact(1);
                }
                self.rows.insert(place, (key, WaitingRow { kept: KeptRow::default(), since }));
                place
            }
        };
        let waiting = &mut self.rows[place].1;
        waiting.since = waiting.since.min(since);
        &mut waiting.kept
    }

    /// Lets a row wait again that was taken back from where it had gone.
    pub fn give_back(&mut self, key: RowKey, back: WaitingRow) {
        let WaitingRow { kept, since } = back;
        if let Some(upserted) = kept.upserted {
            self.kept(key.clone(), since).upsert(upserted.row, upserted.version, upserted.cause, upserted.at);
        }
        if let Some(deletion) = kept.deletion {
            let kept = self.kept(key, since);
            match deletion.settled {
                true => kept.withdraw(deletion.version, deletion.cause, deletion.at),
                false => kept.delete(deletion.version, deletion.cause, deletion.at),
            };
        }
    }

    /// Takes a row out that waits here; else gives where it has gone, and forgets that it went there.
    pub fn take(&mut self, key: &RowKey) -> Result<WaitingRow, Option<Link>> {
        if let Ok(place) = self.rows.binary_search_by(|(other, _)| other.cmp(key)) {
            return Ok(self.rows.remove(place).1);
        }
        let gone = self.passed.iter_mut().find_map(|passed| {
            let place = passed.keys.binary_search(key).ok()?;
            passed.keys.remove(place);
            Some(passed.to.clone())
        });
        Err(gone)
    }

    /// Where the alias leads now: to one target, or, if it is shared, to each order that claims it; nowhere while there is no link, or two orders
    /// claim it.
    pub fn targets(&self, alias: &Alias) -> Vec<&Link> {
        let live = || self.links.iter().filter_map(|link| link.to.as_ref());
        if is_shared(alias) {
            let mut targets: Vec<&Link> = Vec::new();
            live().for_each(|to| {
                if !targets.contains(&to) {
                    targets.push(to)
                }
            });
            return targets;
        }
        if let Some(decided) = self.decided(alias) {
            return vec![decided];
        }
        if self.claimed(alias).is_some() {
            return Vec::new();
        }
        live().next().into_iter().collect()
    }

    /// Where a person has said that the alias leads.
    fn decided(&self, alias: &Alias) -> Option<&Link> {
        let decided = self.links.iter().find(|link| link.source == SourceId::WAYBILL)?.to.as_ref();
        decided.filter(|to| !matches!(to, Link::Alias(other) if other == alias))
    }

    /// All orders and aliases that it may stand for: where it leads, or each order that claims it.
    pub fn meant(&self, alias: &Alias) -> Vec<&Link> {
        match self.claimed(alias) {
            None => self.targets(alias),
            Some(_) => {
                let mut meant: Vec<&Link> = Vec::new();
                self.links.iter().filter_map(|link| link.to.as_ref()).for_each(|to| {
                    if !meant.contains(&to) {
                        meant.push(to)
                    }
                });
                meant
            }
        }
    }

    /// Does a person have to say which of the claimants is meant? Two systems that give one number ask at once: they need scopes of their own. One
    /// system's numbers may be unique within its stores alone: then only a row that names the number asks.
    pub fn asks_whose(&self, alias: &Alias) -> bool {
        let mut claimants = self.links.iter().filter(|link| matches!(link.to, Some(Link::Order(_)))).map(|link| link.source);
        let first = claimants.next();
        let of_one = claimants.all(|source| Some(source) == first);
        self.decided(alias).is_none() && (!of_one || self.waiting_len(alias) > 0)
    }

    /// Two orders or more that claim the alias, though it can belong to only one.
    pub fn claimed(&self, alias: &Alias) -> Option<Claimed> {
        if is_shared(alias) {
            return None;
        }
        let claims = self.links.iter().filter(|link| link.source != SourceId::WAYBILL).filter_map(|link| match &link.to {
            Some(Link::Order(order)) => Some((order, link)),
            _ => None,
        });
        // Nearly always there is one, and nothing to sort.
        let (first, _) = claims.clone().next()?;
        if claims.clone().all(|(order, _)| order == first) {
            return None;
        }
        let mut orders: Vec<OrderKey> = claims.clone().map(|(order, _)| order.clone()).collect();
        orders.sort_unstable();
        orders.dedup();
        let since = claims.clone().map(|(_, link)| link.at).max().unwrap_or_default();
        Some(Claimed { orders, since, causes: claims.map(|(_, link)| link.cause).collect() })
    }

    /// Rows that were passed on to where the alias does not lead any more. They are to be taken from there and given back to the alias.
    pub fn moved(&mut self, alias: &Alias) -> Vec<(Link, Vec<RowKey>)> {
        if self.passed.is_empty() {
            return Vec::new();
        }
        let targets = self.targets(alias);
        if self.passed.iter().all(|passed| targets.contains(&&passed.to)) {
            return Vec::new();
        }
        let targets: Vec<Link> = targets.into_iter().cloned().collect();
        let (stays, moved) = std::mem::take(&mut self.passed).into_iter().partition(|passed| targets.contains(&passed.to));
        self.passed = stays;
        moved.into_iter().map(|passed| (passed.to, passed.keys)).collect()
    }

    /// The rows to pass on to where the alias leads, and since when each waits. They leave the alias, unless it is shared.
    /// A row that was deleted while it waited is passed on with its content first.
    pub fn forward(&mut self, alias: &Alias) -> Vec<(Fact, Moment)> {
        if self.rows.is_empty() {
            return Vec::new();
        }
        let targets: Vec<Link> = self.targets(alias).into_iter().cloned().collect();
        if targets.is_empty() {
            return Vec::new();
        }
        let fresh = std::mem::take(&mut self.fresh);
        let mut facts = Vec::with_capacity(self.rows.len());
        for to in targets {
            let rows = if is_shared(alias) {
                // A claimant that got its rows before gets the new ones; a new claimant gets all.
                let knows = self.passed.iter().any(|passed| passed.to == to);
                self.rows.iter().filter(|(key, _)| !knows || fresh.contains(key)).cloned().collect()
            } else {
                // There is one target.
                std::mem::take(&mut self.rows)
            };
            let subject = match &to {
                Link::Order(order) => Subject::Order(order.clone()),
                Link::Alias(alias) => Subject::Alias(alias.clone()),
            };
            self.note_passed(to, rows.iter().map(|(key, _)| key));
            for (key, WaitingRow { kept, since }) in rows {
                let fact = |change, version, cause, at| Fact { subject: subject.clone(), key: key.clone(), change, version, cause, at };
                if let Some(upserted) = kept.upserted {
                    let change = Change::Upsert(Row::Order(upserted.row));
                    facts.push((fact(change, upserted.version, upserted.cause, upserted.at), since));
                }
                if let Some(deletion) = kept.deletion {
                    let change = if deletion.settled { Change::Withdraw } else { Change::Delete };
                    facts.push((fact(change, deletion.version, deletion.cause, deletion.at), since));
                }
            }
        }
        facts
    }

    fn note_passed<'k>(&mut self, to: Link, keys: impl Iterator<Item = &'k RowKey>) {
        let place = self.passed.iter().position(|passed| passed.to == to).unwrap_or_else(|| {
            self.passed.push(Passed { to, keys: Vec::new() });
            self.passed.len() - 1
        });
        let passed = &mut self.passed[place].keys;
        for key in keys {
            if let Err(place) = passed.binary_search(key) {
                passed.insert(place, key.clone());
            }
        }
    }

    /// Rows that stand in the alias: those that wait, and those of a shared alias.
    pub fn waiting(&self) -> impl Iterator<Item = (&RowKey, &KeptRow<OrderRow>)> {
        self.rows.iter().map(|(key, waiting)| (key, &waiting.kept))
    }

    /// How many rows wait for a link.
    pub fn waiting_len(&self, alias: &Alias) -> usize {
        if is_shared(alias) && !self.targets(alias).is_empty() { 0 } else { self.rows.len() }
    }

    /// Rows that have waited longer than `orphan_rows`, or when they will have. A row waits since its newest record was written, or since it was
    /// first kept here, whichever is later: so old rows whose order arrives a moment after them are no orphans. A deletion whose row never came
    /// is none either.
    pub fn orphans(&self, alias: &Alias, rules: &Rules, tick: Moment) -> Result<Orphans, Option<Moment>> {
        let written_at = |kept: &KeptRow<OrderRow>| {
            let upserted = kept.upserted.as_ref()?.at;
            Some(kept.deletion.as_ref().map_or(upserted, |deletion| deletion.at))
        };
        let waiting = self.waiting_len(alias);
        let times = || self.rows.iter().filter_map(|(_, row)| Some((written_at(&row.kept)?, row.since)));
        let (Some(since), Some(waits)) = (times().map(|(at, _)| at).min(), times().map(|(at, since)| at.max(since)).min()) else {
            return Err(None);
        };
        // A return that names no order waits for a person from the beginning.
        let opens = if alias.is_blind_return() { waits } else { waits + rules.durations.orphan_rows };
        if waiting == 0 || opens > tick {
            return Err(Some(opens).filter(|_| waiting > 0));
        }
        let mut sources: Vec<SourceId> = self.rows.iter().map(|(key, _)| key.source).collect();
        sources.sort_unstable();
        sources.dedup();
        Ok(Orphans { rows: waiting, since, sources })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Place, TopicId};

    /// Two orders claim a number: since the second claim was written, whichever of the two arrives first.
    #[test]
    fn an_alias_is_claimed_twice_since_the_later_claim() {
        let claim = |state: &mut AliasState, order: &str, at: i64| {
            let key = RowKey { kind: Link::KIND, source: SourceId(3), id: order.into() };
            let to = Change::Upsert(Row::Link(Link::Order(OrderKey::new("magento", order))));
            let version = Version { incarnation: 0, place: Place::Position([1, 0, 0]), upsert: true, adapter: 0 };
            state.put(key, to, version, Cause { topic: TopicId(1), partition: 0, offset: at }, Moment(at), Moment(at));
        };
        for (first, second) in [(5, 9), (9, 5)] {
            let mut state = AliasState::default();
            claim(&mut state, "1", first);
            assert_eq!(state.claimed(&Alias::new(Alias::ORDER_NUMBER, "1001")), None);
            claim(&mut state, "2", second);
            let claimed = state.claimed(&Alias::new(Alias::ORDER_NUMBER, "1001")).expect("claimed twice");
            assert_eq!((claimed.orders.len(), claimed.since, claimed.causes.len()), (2, Moment(9), 2));
        }
    }
}

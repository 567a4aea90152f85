//! Names: what other systems call an order. A name's link leads to an order or to another name; rows that come under the name wait in it until
//! the link is there, then go on with their own version, cause and moment, as if they had been told to the target at once.
//!
//! A name belongs to the source that linked it; where two sources link one name, that of the smaller id leads, in any order of arrival. When
//! its owner moves the link, later rows follow the new one; rows that went on stay where they are (taking them back comes with relinking).
//! The deletion of a link's row means nothing: the order has not lost its name.
//!
//! Names are small: one record of the changelog, whole.

use serde::{Deserialize, Serialize};

use super::order::state::Said;
use super::rules::Rules;
use super::{Kept, Put};
use crate::facts::{Cause, Change, Fact, Link, Moment, OrderRow, Row, RowKey, SourceId, Subject, Version};

/// A link, and the record that said so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StoredLink {
    pub source: SourceId,
    pub version: Version,
    pub cause: Cause,
    pub at: Moment,
    pub to: Link,
}

/// A name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NameState {
    pub link: Option<StoredLink>,
    /// Rows that wait for the link, sorted by key.
    waiting: Vec<(RowKey, Kept<OrderRow>)>,
    pub said: Said,
    /// Raised at each seal that said something or passed rows on.
    pub revision: u64,
}

/// Rows that have waited for too long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Orphans {
    pub rows: usize,
    /// The moment of the oldest, by its source's clock.
    pub since: Moment,
    /// Sources that brought them, sorted.
    pub sources: Vec<SourceId>,
}

impl NameState {
    /// Puts a fact that was told of the name: its link, or a row of the order that it leads to.
    pub fn put(&mut self, key: RowKey, change: Change, version: Version, cause: Cause, at: Moment) -> Put {
        match change {
            Change::Upsert(Row::Link(to)) => self.put_link(key.source, to, version, cause, at),
            Change::Upsert(Row::Order(row)) if row.kind() == key.kind => self.put_row(key, Some(row), version, cause, at),
            Change::Delete if key.kind != Link::KIND => self.put_row(key, None, version, cause, at),
            Change::Upsert(_) | Change::Delete => Put::Stale,
        }
    }

    pub fn put_link(&mut self, source: SourceId, to: Link, version: Version, cause: Cause, at: Moment) -> Put {
        let mut same = false;
        if let Some(link) = &self.link {
            if link.source < source || (link.source == source && version <= link.version) {
                return Put::Stale;
            }
            same = link.to == to;
        }
        self.link = Some(StoredLink { source, version, cause, at, to });
        if same { Put::Same } else { Put::Changed }
    }

    /// Lets a row wait (`None`: its deletion); [`Self::forward`] passes it on at once where the link is there.
    pub fn put_row(&mut self, key: RowKey, row: Option<OrderRow>, version: Version, cause: Cause, at: Moment) -> Put {
        let place = match self.waiting.binary_search_by(|(other, _)| other.cmp(&key)) {
            Ok(place) => place,
            Err(place) => {
                self.waiting.insert(place, (key, Kept::default()));
                place
            }
        };
        let Some((_, kept)) = self.waiting.get_mut(place) else { return Put::Stale };
        match row {
            Some(row) => kept.upsert(row, version, cause, at),
            None => kept.delete(version, cause, at),
        }
    }

    /// Where the name leads, and all rows to pass on there: they leave the name. `None` while there is no link, or nothing waits.
    /// A row that was deleted while it waited is passed on with its content first.
    pub fn forward(&mut self) -> Option<(Link, Vec<Fact>)> {
        let link = self.link.as_ref().filter(|_| !self.waiting.is_empty())?.to.clone();
        let subject = match &link {
            Link::Order(order) => Subject::Order(order.clone()),
            Link::Name(name) => Subject::Name(name.clone()),
        };
        let mut facts = Vec::with_capacity(self.waiting.len());
        for (key, kept) in std::mem::take(&mut self.waiting) {
            let fact = |key, change, version, cause, at| Fact { subject: subject.clone(), key, change, version, cause, at };
            if let Some(told) = kept.told {
                facts.push(fact(key.clone(), Change::Upsert(Row::Order(told.row)), told.version, told.cause, told.at));
            }
            if let Some(gone) = kept.gone {
                facts.push(fact(key, Change::Delete, gone.version, gone.cause, gone.at));
            }
        }
        Some((link, facts))
    }

    pub fn link(&self) -> Option<&Link> {
        self.link.as_ref().map(|link| &link.to)
    }

    /// How many rows wait for the link.
    pub fn waiting_len(&self) -> usize {
        self.waiting.len()
    }

    /// Rows that wait longer than `orphan_rows`, measured by their sources' times; else when they will.
    pub fn orphans(&self, rules: &Rules, tick: Moment) -> Result<Orphans, Option<Moment>> {
        let told_at = |kept: &Kept<OrderRow>| kept.told.as_ref().map(|told| told.at).or(kept.gone.as_ref().map(|gone| gone.at));
        let Some(since) = self.waiting.iter().filter_map(|(_, kept)| told_at(kept)).min().filter(|_| self.link.is_none()) else {
            return Err(None);
        };
        let opens = since + rules.durations.orphan_rows;
        if opens > tick {
            return Err(Some(opens));
        }
        let mut sources: Vec<SourceId> = self.waiting.iter().map(|(key, _)| key.source).collect();
        sources.sort_unstable();
        sources.dedup();
        Ok(Orphans { rows: self.waiting.len(), since, sources })
    }
}

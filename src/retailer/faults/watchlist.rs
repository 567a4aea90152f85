//! Which exceptions must be open, by the truth: whoever injects a fault notes when each begins and when it is over.

use std::collections::BTreeMap;

use crate::facts::Moment;
use crate::facts::ids::join_key;

/// Something that a person must look at, or may be asked to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watch {
    /// Since when it may be asked for.
    pub from: Moment,
    /// It is over.
    pub until: Option<Moment>,
    /// It must open. Else it may: that depends on seconds, or on a clock that is off.
    pub must: bool,
    pub why: &'static str,
}

/// By the key of the exception.
#[derive(Clone, Debug, Default)]
pub struct Watchlist(BTreeMap<String, Vec<Watch>>);

/// The key of an exception: kind, what it is about, and what tells several apart.
pub fn key(kind: &str, entity: &str, number: &str) -> String {
    join_key(&[kind, entity, number]).to_string()
}

impl Watchlist {
    /// From `from` on a person must look.
    pub fn must(&mut self, key: String, from: Moment, why: &'static str) {
        self.0.entry(key).or_default().push(Watch { from, until: None, must: true, why });
    }

    /// Between these moments a person may be asked to look.
    pub fn may(&mut self, key: String, from: Moment, until: Moment, why: &'static str) {
        self.0.entry(key).or_default().push(Watch { from, until: Some(until), must: false, why });
    }

    /// Nobody needs to look any more. What was over before it came due is forgotten.
    pub fn over(&mut self, key: &str, at: Moment) {
        let Some(all) = self.0.get_mut(key) else { return };
        all.retain(|watch| watch.from < at);
        if let Some(open) = all.last_mut().filter(|last| last.until.is_none()) {
            open.until = Some(at);
        }
        if all.is_empty() {
            self.0.remove(key);
        }
    }

    /// All that was written down under this key.
    pub fn of(&self, key: &str) -> &[Watch] {
        self.0.get(key).map_or(&[], Vec::as_slice)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &Watch)> {
        self.0.iter().flat_map(|(key, all)| all.iter().map(move |watch| (key.as_str(), watch)))
    }

    /// Is there something of this key that is not over?
    pub fn is_open(&self, key: &str) -> bool {
        self.of(key).iter().any(|watch| watch.until.is_none())
    }
}

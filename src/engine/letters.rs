//! The index of outstanding dead letters: which records wait for a person, and what they have in common.
//!
//! ```text
//! a record is refused            -> a letter, under its place and its cause
//! it is read after all, or a     -> no letter any more. It is read again by an act (retry, edit), or because somebody has set
//! person discards it                the source's offsets back
//! it is refused again            -> the same letter, under its new cause
//! ```
//!
//! The index keeps no content: that stands in `dead-letters`, and in the source's own topic while that keeps it. A letter keeps what the record's
//! position means (its incarnation, its place among those of one position), so that rows from a record that is read days later are as old as it is.

use std::collections::BTreeMap;

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use imbl::OrdMap;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::incarnations::Standing;
use super::rewind::Rewindable;
use crate::envelope::DecodeError;
use crate::facts::{Cause, Moment, Text};

/// So many letters are kept one by one, each in some hundred bytes. Of what is refused beyond that only the number is kept, by cause: a mapping is wrong,
/// and its source is to be read again once it is mended.
pub const LETTERS_MAX: usize = 100_000;
/// So many causes: those that come later are lumped together by source and topic.
const CAUSES_MAX: usize = 1_000;
/// The longest text of what was expected.
const EXPECTED_CHARS_MAX: usize = 300;

/// What dead letters have in common: their source, topic, the member that could not be read, and what was expected there.
pub type CauseId = u32;

/// An outstanding dead letter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Letter {
    /// Why it was refused last.
    pub cause: CauseId,
    /// The tick at which it was refused first.
    pub since: Moment,
    /// ... and last.
    pub tried_at: Moment,
    /// How often it was read, in vain.
    pub tries: u32,
    /// The record's Kafka timestamp.
    pub written_at: Moment,
    /// A digest of its key and value.
    pub digest: u64,
    /// Their bytes: so whoever fetches records knows how much they are.
    pub bytes: u32,
    /// The incarnation of its source: that of its position, or of what was read last before it.
    pub incarnation: u16,
    /// Its place among the records of its key and position; `None`: its position could not be read.
    pub ordinal: Option<u16>,
}

/// What some letters have in common.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LetterCause {
    /// The configured name of their source.
    pub source: Text,
    /// Their topic.
    pub topic: Text,
    /// The member that could not be read; `*` stands for any place in a list.
    pub member: Text,
    /// What was expected there, of the first of them.
    pub expected: Text,
    /// When the first was refused.
    pub first: Moment,
    /// When the last was.
    pub last: Moment,
    /// How many are kept one by one. Not written: it is counted.
    #[serde(skip)]
    pub listed: u64,
    /// How many are not, beyond [`LETTERS_MAX`].
    pub unlisted: u64,
}

impl LetterCause {
    /// All of them.
    pub fn count(&self) -> u64 {
        self.listed + self.unlisted
    }
}

/// A cause's id, as people write it.
pub fn cause_name(cause: CauseId) -> String {
    format!("{cause:08x}")
}

/// All outstanding letters. Copies share what is equal.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LetterIndex {
    /// By place.
    pub letters: OrdMap<Cause, Letter>,
    /// By id.
    pub causes: OrdMap<CauseId, LetterCause>,
}

impl LetterIndex {
    /// How many are outstanding, by source.
    pub fn by_source(&self) -> BTreeMap<Text, u64> {
        let mut sources: BTreeMap<Text, u64> = BTreeMap::new();
        self.causes.values().for_each(|cause| *sources.entry(cause.source.clone()).or_default() += cause.count());
        sources
    }

    /// Adds a letter, or puts it under its new cause.
    fn put(&mut self, place: Cause, letter: Letter) {
        if let Some(cause) = self.causes.get_mut(&letter.cause) {
            cause.listed += 1;
        }
        if let Some(before) = self.letters.insert(place, letter) {
            self.one_less(before.cause);
        }
    }

    fn remove(&mut self, place: &Cause) -> Option<Letter> {
        let letter = self.letters.remove(place)?;
        self.one_less(letter.cause);
        Some(letter)
    }

    /// A cause without letters is none.
    fn one_less(&mut self, id: CauseId) {
        let Some(cause) = self.causes.get_mut(&id) else { return };
        cause.listed = cause.listed.saturating_sub(1);
        if cause.count() == 0 {
            self.causes.remove(&id);
        }
    }

    /// Takes what a restore read.
    pub(super) fn restore(letters: Vec<(Cause, Letter)>, causes: Vec<(CauseId, LetterCause)>) -> Self {
        let mut index = Self { letters: OrdMap::new(), causes: causes.into_iter().collect() };
        letters.into_iter().for_each(|(place, letter)| index.put(place, letter));
        index
    }
}

/// A record that was refused.
pub(super) struct RefusedRecord<'a> {
    /// The name of its source.
    pub source: &'a str,
    /// Its topic.
    pub topic: &'a str,
    pub place: Cause,
    pub written_at: Moment,
    pub digest: u64,
    pub bytes: usize,
    /// The incarnation of what its partition has read last.
    pub incarnation: u16,
    /// What its position means, if that could be read.
    pub standing: Option<Standing>,
    pub error: &'a DecodeError,
}

/// The letters, and how they stood before the epochs that are not committed.
#[derive(Debug, Default)]
pub(super) struct Letters {
    pub index: Rewindable<LetterIndex>,
    /// By topic and partition: no letter of it stands behind this offset. It only grows, so that most records need no look.
    highest: HashMap<Cause, i64, RandomState>,
    /// `None`: [`LETTERS_MAX`].
    pub listed_max: Option<usize>,
}

/// What letters of one partition have in common.
fn partition_of(place: &Cause) -> Cause {
    Cause { offset: -1, ..*place }
}

impl Letters {
    /// As a restore found them.
    pub fn restored(index: LetterIndex) -> Self {
        let mut letters = Self { index: Rewindable::restored(index), ..Self::default() };
        let places: Vec<Cause> = letters.index.state.letters.keys().copied().collect();
        places.iter().for_each(|place| letters.note(place));
        letters
    }

    fn note(&mut self, place: &Cause) {
        let highest = self.highest.entry(partition_of(place)).or_default();
        *highest = (*highest).max(place.offset);
    }

    /// The letter of this place.
    pub fn get(&self, place: &Cause) -> Option<&Letter> {
        self.index.state.letters.get(place)
    }

    /// A record was refused.
    pub fn refused(&mut self, record: &RefusedRecord<'_>, tick: Moment) {
        let cause = self.cause_of(record, tick);
        let before = self.get(&record.place);
        let (since, tries) = before.map_or((tick, 0), |before| (before.since, before.tries));
        if before.is_none() && self.index.state.letters.len() >= self.listed_max.unwrap_or(LETTERS_MAX) {
            if let Some(cause) = self.index.state.causes.get_mut(&cause) {
                cause.unlisted += 1;
            }
            return;
        }
        // What its place means was known best when it came first: a partition that is read again counts anew.
        let then = before.filter(|before| before.digest == record.digest).and_then(|before| Some((before.incarnation, before.ordinal?)));
        let now = record.standing.map(|standing| (standing.incarnation, standing.ordinal));
        let standing = then.or(now);
        let letter = Letter {
            cause,
            since,
            tried_at: tick,
            tries: tries + 1,
            written_at: record.written_at,
            digest: record.digest,
            bytes: u32::try_from(record.bytes).unwrap_or(u32::MAX),
            incarnation: standing.map_or(record.incarnation, |(incarnation, _)| incarnation),
            ordinal: standing.map(|(_, ordinal)| ordinal),
        };
        self.note(&record.place);
        self.index.state.put(record.place, letter);
    }

    /// A letter's record was refused again, as it came or edited: what its place means stays.
    pub fn refused_again(&mut self, place: Cause, error: &DecodeError, tick: Moment) {
        let Some(letter) = self.get(&place).cloned() else { return };
        let Some(LetterCause { source, topic, .. }) = self.index.state.causes.get(&letter.cause).cloned() else { return };
        let Letter { written_at, digest, bytes, incarnation, .. } = letter;
        let refused = RefusedRecord {
            source: &source,
            topic: &topic,
            place,
            written_at,
            digest,
            bytes: bytes as usize,
            incarnation,
            standing: None,
            error,
        };
        let cause = self.cause_of(&refused, tick);
        self.index.state.put(place, Letter { cause, tried_at: tick, tries: letter.tries + 1, ..letter });
    }

    /// The record of this place was read, or somebody has discarded it: nobody waits for it any more.
    pub fn close(&mut self, place: &Cause) -> Option<Letter> {
        if self.highest.is_empty() || self.highest.get(&partition_of(place)).is_none_or(|highest| place.offset > *highest) {
            return None;
        }
        self.index.state.remove(place)
    }

    /// Somebody has discarded all letters of a cause that were there at the moment. Gives how many.
    pub fn close_cause(&mut self, id: CauseId, at: Moment) -> u64 {
        let index = &mut self.index.state;
        let of_cause = index.letters.iter().filter(|(_, letter)| letter.cause == id && letter.tried_at <= at);
        let places: Vec<Cause> = of_cause.map(|(place, _)| *place).collect();
        let mut closed = places.len() as u64;
        if let Some(cause) = index.causes.get_mut(&id) {
            closed += std::mem::take(&mut cause.unlisted);
            // Held until the last of its letters is gone.
            cause.listed += 1;
        }
        places.iter().for_each(|place| _ = index.remove(place));
        index.one_less(id);
        closed
    }

    /// Notes that something was refused for this reason, and gives its cause.
    fn cause_of(&mut self, record: &RefusedRecord<'_>, tick: Moment) -> CauseId {
        let causes = &mut self.index.state.causes;
        let (mut member, mut expected) = (any_place(&record.error.field), shortened(&record.error.expected));
        let mut id = fingerprint(record.source, record.topic, &member, &expected);
        if !causes.contains_key(&id) && causes.len() >= CAUSES_MAX {
            (member, expected) = (Text::default(), "what was expected differs".into());
            id = fingerprint(record.source, record.topic, &member, &expected);
        }
        let new = || LetterCause {
            source: record.source.into(),
            topic: record.topic.into(),
            member,
            expected,
            first: tick,
            last: tick,
            listed: 0,
            unlisted: 0,
        };
        causes.entry(id).or_insert_with(new).last = tick;
        id
    }

    /// The state's time is set back: nothing was refused later than that.
    pub fn set_time_back(&mut self, to: Moment) {
        let index = &mut self.index.state;
        let late: Vec<(Cause, Letter)> =
            index.letters.iter().filter(|(_, letter)| letter.tried_at > to).map(|(place, letter)| (*place, letter.clone())).collect();
        for (place, letter) in late {
            let (since, tried_at) = (letter.since.min(to), to);
            index.letters.insert(place, Letter { since, tried_at, ..letter });
        }
        let ids: Vec<CauseId> = index.causes.iter().filter(|(_, cause)| cause.last > to).map(|(id, _)| *id).collect();
        for id in ids {
            if let Some(cause) = index.causes.get_mut(&id) {
                (cause.first, cause.last) = (cause.first.min(to), to);
            }
        }
    }
}

fn fingerprint(source: &str, topic: &str, member: &str, expected: &str) -> CauseId {
    // Numbers say where in a text something stands, or how long it is.
    let expected: String = expected.chars().filter(|sign| !sign.is_ascii_digit()).collect();
    let hash = xxh3_64([source, topic, member, &expected].join("\u{0}").as_bytes());
    (hash >> 32) as CauseId
}

/// `items[3].sku` as `items[*].sku`.
fn any_place(field: &str) -> Text {
    let mut text = Text::default();
    let mut parts = field.split('[');
    text.push_str(parts.next().unwrap_or_default());
    for part in parts {
        text.push('[');
        let rest = part.trim_start_matches(|sign: char| sign.is_ascii_digit());
        if rest.len() < part.len() {
            text.push('*');
        }
        text.push_str(rest);
    }
    text
}

fn shortened(expected: &str) -> Text {
    expected.chars().take(EXPECTED_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::TopicId;

    fn place(offset: i64) -> Cause {
        Cause { topic: TopicId::of("orders"), partition: 0, offset }
    }

    fn refuse(letters: &mut Letters, offset: i64, error: &DecodeError) {
        let record = RefusedRecord {
            source: "shop",
            topic: "orders",
            place: place(offset),
            written_at: Moment(1),
            digest: offset as u64,
            bytes: 7,
            incarnation: 0,
            standing: None,
            error,
        };
        letters.refused(&record, Moment(offset));
    }

    fn causes(letters: &Letters) -> Vec<(String, u64, u64)> {
        letters.index.state.causes.values().map(|cause| (cause.member.to_string(), cause.listed, cause.unlisted)).collect()
    }

    fn error(field: &str, expected: &str) -> DecodeError {
        DecodeError::new(field, expected, "nothing")
    }

    #[test]
    fn letters_of_one_cause_are_counted_together_wherever_in_a_list_the_member_stands() {
        let mut letters = Letters::default();
        refuse(&mut letters, 1, &error("items[3].sku", "a SKU"));
        refuse(&mut letters, 2, &error("items[12].sku", "a SKU"));
        refuse(&mut letters, 3, &error("value", "JSON (EOF while parsing a value at line 1 column 7)"));
        refuse(&mut letters, 4, &error("value", "JSON (EOF while parsing a value at line 1 column 12)"));
        refuse(&mut letters, 4, &error("value", "JSON (EOF while parsing a value at line 1 column 12)"));
        let mut found = causes(&letters);
        found.sort();
        assert_eq!(found, [("items[*].sku".to_owned(), 2, 0), ("value".to_owned(), 2, 0)]);
        assert_eq!(letters.get(&place(4)).map(|letter| letter.tries), Some(2));
        letters.close(&place(1));
        letters.close(&place(2));
        assert_eq!(causes(&letters), [("value".to_owned(), 2, 0)]);
        letters.refused_again(place(3), &error("total", "an amount"), Moment(9));
        let mut found = causes(&letters);
        found.sort();
        assert_eq!(found, [("total".to_owned(), 1, 0), ("value".to_owned(), 1, 0)]);
        assert_eq!(letters.get(&place(3)).map(|letter| (letter.since, letter.tried_at)), Some((Moment(3), Moment(9))));
    }

    #[test]
    fn beyond_the_bound_only_the_number_is_kept() {
        let mut letters = Letters { listed_max: Some(2), ..Letters::default() };
        (1..=5).for_each(|offset| refuse(&mut letters, offset, &error("sku", "a SKU")));
        assert_eq!(causes(&letters), [("sku".to_owned(), 2, 3)]);
        assert_eq!(letters.index.state.by_source()["shop"], 5);
        letters.close(&place(1));
        letters.close(&place(2));
        assert_eq!(causes(&letters), [("sku".to_owned(), 0, 3)], "they are not forgotten");
        let id = *letters.index.state.causes.keys().next().expect("a cause");
        assert_eq!((letters.close_cause(id, Moment(9)), causes(&letters).len()), (3, 0));
    }

    #[test]
    fn causes_without_number_are_lumped_together() {
        let mut letters = Letters::default();
        (0..1_200).for_each(|offset| refuse(&mut letters, offset, &error(&format!("field{offset}x"), "a SKU")));
        assert_eq!(letters.index.state.causes.len(), CAUSES_MAX + 1);
        assert_eq!(letters.index.state.by_source()["shop"], 1_200);
    }

    #[test]
    fn an_epoch_that_is_not_committed_leaves_nothing() {
        let mut letters = Letters::default();
        letters.index.begin();
        refuse(&mut letters, 1, &error("sku", "a SKU"));
        letters.index.promote();
        letters.index.begin();
        letters.close(&place(1));
        letters.index.drop_epoch();
        assert_eq!(letters.index.state.letters.len(), 1);
        letters.index.demote();
        assert!(letters.index.state.letters.is_empty() && letters.index.state.causes.is_empty());
    }
}

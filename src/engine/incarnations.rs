//! Sources that begin again: rebuilt, restored from a backup, failed over to another server. Their positions jump back, and records from then on are
//! newer than all before.
//!
//! | a record of a partition has | it is |
//! | --- | --- |
//! | a higher position than any before it | new |
//! | a lower position, and a later source time than any before it | the first of a new **incarnation** |
//! | a lower position, and a global transaction id (GTID) that follows those that were read, or is of a server that wrote none of them | the same |
//! | a lower position, of about the same day, and a server that wrote no record before | the same |
//! | a lower position, about the same time, in a binlog file below all that were read | the same: nothing of it was read before, so it is no repeat |
//! | any other lower position | a repeat |
//!
//! Each partition shows it by itself, because its records are in the order of the source's log. For the source as a whole we keep when and where it
//! began again: a record's incarnation follows from its own time and, around a beginning, from its position. So records from before that are
//! read again, or late from another topic, stay older than later ones; and facts from several topics about one row have one order.
//!
//! *About the same time*: as the latest one that was read, or as the record's arrival in Kafka. Clocks of two servers differ, and either may be the one
//! that is wrong. A record that is dated after it was written to Kafka (a program set its time, a clock was wrong) by more than any zone or clock that
//! people work with shows nothing by its time, and later records are not measured by it; nor does a record without a time. One that is less ahead
//! counts in full: a repeat of it comes later, is no longer ahead, and must not look later than all before.

use std::collections::BTreeMap;

use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::log::NOTHING_BESIDE;
use super::runs::Run;
use crate::facts::time::Span;
use crate::facts::{LogMark, Moment, SourceId};
use crate::sources::SourcePosition;

/// Clocks of two servers, and of a server and Kafka, differ by less.
const CLOCKS_DIFFER: Span = Span::hours(1);
/// How far before Kafka's timestamp the clock of a database may be, or behind that of the server before: zones differ by up to 14 hours, and somebody
/// takes one for the other.
const ZONES_DIFFER: Span = Span::hours(24);
/// So long after the last record of the old log there may be another one of it, read late from another topic.
const LATE: Span = Span::minutes(1);
/// So many servers and domains of GTIDs of one log are kept: the last ones.
const SERVERS_MAX: usize = 4;
const DOMAINS_MAX: usize = 8;

/// When and where a source began again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beginning {
    /// The earliest time that was seen of the new log.
    at: Moment,
    /// ... and its lowest position.
    from: [u64; 3],
    /// The latest time of the old log.
    until_at: Moment,
    /// ... and its highest position.
    until: [u64; 3],
}

/// How far a partition was read within its newest incarnation.
#[derive(Clone, Debug, PartialEq)]
struct Highest {
    source: SourceId,
    incarnation: u16,
    /// The highest position, without what tells records of one position apart.
    position: [u64; 3],
    /// The latest time; [`Moment::MIN`]: none that can be believed.
    at: Moment,
    /// The lowest binlog file.
    lowest: u64,
    servers: SmallVec<[u32; 2]>,
    /// Of each domain the highest number.
    gtids: SmallVec<[(u32, u64); 2]>,
    /// The records of the highest position.
    run: Run,
    /// Of a lower position that is read again: its records.
    again: Option<Box<([u64; 3], Run)>>,
}

/// (topic's place, partition).
type Partition = (u16, i32);

/// What is known of all sources. An epoch that is dropped goes back to a clone.
#[derive(Clone, Debug, Default)]
pub struct Incarnations {
    /// When and where each source began again, in order.
    begun: BTreeMap<SourceId, Vec<Beginning>>,
    highest: HashMap<Partition, Highest>,
    /// Sources of which the open epoch found that they have begun again.
    found: Vec<SourceId>,
}

/// What the positions of a record's facts begin and end with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The incarnation of its source.
    pub incarnation: u16,
    /// Its place among the records of its key and position.
    pub ordinal: u16,
}

impl Incarnations {
    /// Where a record stands; `arrived`: its Kafka timestamp.
    pub fn of(&mut self, source: SourceId, partition: Partition, stands: &SourcePosition, arrived: Moment) -> Standing {
        let begun = self.begun.get(&source).map_or(&[][..], Vec::as_slice);
        let position = stands.shared();
        // A broker or producer without a clock gives no timestamp.
        let arrived = Some(arrived).filter(|arrived| arrived.0 > 0);
        let is_timeless = is_timeless(stands.at, arrived);
        let highest = self.highest.get_mut(&partition);
        let own = match &highest {
            _ if !is_timeless => incarnation_at(begun, position, stands.at),
            Some(highest) => highest.incarnation,
            None => begun.len() as u16,
        };
        let Some(highest) = highest else {
            let mut run = Run::default();
            let ordinal = run.ordinal(&stands.row);
            if stands.in_order {
                self.highest.insert(partition, Highest::new(source, own, stands, is_timeless, run));
            }
            return Standing { incarnation: own, ordinal };
        };
        if !stands.in_order {
            let same = own == highest.incarnation && position == highest.position;
            return Standing { incarnation: own, ordinal: if same { highest.run.ordinal(&stands.row) } else { 0 } };
        }
        if own == highest.incarnation && !is_timeless && highest.is_overtaken_by(position, stands, arrived) {
            let place = usize::from(own);
            let mut run = Run::default();
            let ordinal = run.ordinal(&stands.row);
            let gtids = std::mem::take(&mut highest.gtids);
            let until = (highest.position, highest.at);
            *highest = Highest { gtids, ..Highest::new(source, own + 1, stands, is_timeless, run) };
            highest.note_marks(&stands.log);
            self.begin(source, place, (position, stands.at), until);
            return Standing { incarnation: own + 1, ordinal };
        }
        if own > highest.incarnation {
            let gtids = std::mem::take(&mut highest.gtids);
            *highest = Highest { gtids, ..Highest::new(source, own, stands, is_timeless, Run::default()) };
        }
        let ordinal = if own == highest.incarnation && position >= highest.position {
            if position > highest.position {
                (highest.position, highest.run, highest.again) = (position, Run::default(), None);
            }
            highest.run.ordinal(&stands.row)
        } else {
            let again = highest.again.get_or_insert_with(Box::default);
            if again.0 != position {
                **again = (position, Run::default());
            }
            again.1.ordinal(&stands.row)
        };
        if own == highest.incarnation {
            if !is_timeless {
                highest.at = highest.at.max(stands.at);
            }
            highest.note_marks(&stands.log);
        }
        Standing { incarnation: own, ordinal }
    }

    /// The incarnation of what the partition has read last.
    pub fn newest(&self, source: SourceId, partition: Partition) -> u16 {
        let begun = || self.begun.get(&source).map_or(0, |begun| begun.len() as u16);
        self.highest.get(&partition).map_or_else(begun, |highest| highest.incarnation)
    }

    /// The incarnation of a record that could not be read when it came, and is read later: what came after it shows nothing of it. `then`: that of what
    /// its partition had read last before it.
    pub fn past(&self, source: SourceId, stands: &SourcePosition, arrived: Moment, then: u16) -> u16 {
        let begun = self.begun.get(&source).map_or(&[][..], Vec::as_slice);
        if is_timeless(stands.at, Some(arrived).filter(|arrived| arrived.0 > 0)) {
            then
        } else {
            incarnation_at(begun, stands.shared(), stands.at)
        }
    }

    /// The source began again here, or before. If another partition has shown it already, by a later record, it is the same beginning.
    /// `until`: how far the partition that shows it had read the log before.
    fn begin(&mut self, source: SourceId, place: usize, (from, at): ([u64; 3], Moment), until: ([u64; 3], Moment)) {
        let old = self.highest.values().filter(|highest| highest.source == source && usize::from(highest.incarnation) == place);
        let (until, until_at) = old.fold(until, |(until, last), old| (until.max(old.position), last.max(old.at)));
        let begun = self.begun.entry(source).or_default();
        match begun.get_mut(place) {
            Some(known) => {
                (known.at, known.from) = (known.at.min(at), known.from.min(from));
                (known.until, known.until_at) = (known.until.max(until), known.until_at.max(until_at));
            }
            None => begun.push(Beginning { at, from, until, until_at }),
        }
        if !self.found.contains(&source) {
            self.found.push(source);
        }
    }

    /// Sources whose beginnings have changed, with all their beginnings: they must be written.
    pub fn take_found(&mut self) -> Vec<(SourceId, Vec<Beginning>)> {
        let found = std::mem::take(&mut self.found);
        found.into_iter().map(|source| (source, self.begun.get(&source).cloned().unwrap_or_default())).collect()
    }

    /// Takes beginnings that a restore read.
    pub fn restore_begun(&mut self, source: SourceId, begun: Vec<Beginning>) {
        self.begun.insert(source, begun);
    }

    /// The text beside the partition's offset; [`NOTHING_BESIDE`] where nothing is known. It is never empty: that is how other programs commit. Fields with blanks between them: incarnation, time, position and lowest
    /// file in hexadecimal, servers, GTIDs, the records of the position.
    pub fn note(&self, partition: Partition) -> String {
        let Some(highest) = self.highest.get(&partition) else { return NOTHING_BESIDE.to_owned() };
        let Highest { source, incarnation, position: [a, b, c], at, lowest, servers, gtids, run, .. } = highest;
        let servers: Vec<String> = servers.iter().map(|server| format!("{server:x}")).collect();
        let gtids: Vec<String> = gtids.iter().map(|(domain, number)| format!("{domain:x}:{number}")).collect();
        let list = |items: Vec<String>| if items.is_empty() { "-".to_owned() } else { items.join(",") };
        format!("{incarnation} {} {a:x}.{b:x}.{c:x} {lowest:x} {} {} {} {}", at.0, source.0, list(servers), list(gtids), run.note())
    }

    /// Reads what [`Self::note`] wrote. False: it is another text.
    pub fn restore_note(&mut self, partition: Partition, note: &str) -> bool {
        if note.is_empty() || note == NOTHING_BESIDE {
            return true;
        }
        match read_note(note) {
            Some(highest) => {
                self.highest.insert(partition, highest);
                true
            }
            None => false,
        }
    }
}

/// Does a record's time show nothing?
fn is_timeless(at: Moment, arrived: Option<Moment>) -> bool {
    at == Moment::MIN || arrived.is_some_and(|arrived| at > arrived + ZONES_DIFFER)
}

/// To which incarnation a record of this position and time belongs. Around a beginning two logs have the same times: there it is the one whose position
/// at that time is nearer.
fn incarnation_at(begun: &[Beginning], position: [u64; 3], at: Moment) -> u16 {
    let is_of = |begun: &&Beginning| {
        if at < begun.at {
            return false;
        }
        at > begun.until_at + LATE || distance(position, begun.from) < distance(position, begun.until)
    };
    begun.iter().rposition(|begun| is_of(&begun)).map_or(0, |place| place as u16 + 1)
}

/// How far two positions are apart, by their first two parts.
fn distance(one: [u64; 3], other: [u64; 3]) -> u128 {
    let number = |[a, b, _]: [u64; 3]| u128::from(a) << 64 | u128::from(b);
    number(one).abs_diff(number(other))
}

impl Highest {
    fn new(source: SourceId, incarnation: u16, stands: &SourcePosition, is_timeless: bool, run: Run) -> Self {
        let position = stands.shared();
        let mut new = Self {
            source,
            incarnation,
            position,
            at: if is_timeless { Moment::MIN } else { stands.at },
            lowest: position[0],
            servers: SmallVec::new(),
            gtids: SmallVec::new(),
            run,
            again: None,
        };
        new.note_marks(&stands.log);
        new
    }

    /// Does this record show that the source has begun again?
    fn is_overtaken_by(&self, position: [u64; 3], stands: &SourcePosition, arrived: Option<Moment>) -> bool {
        if position >= self.position {
            return false;
        }
        if stands.at > self.at && self.at > Moment::MIN {
            return true;
        }
        if let Some((domain, number)) = stands.log.gtid
            && let Some((_, last)) = self.gtids.iter().find(|(known, _)| *known == domain)
        {
            return number > *last;
        }
        if stands.log.server == 0 {
            return false;
        }
        let is_of_another_server = !self.servers.is_empty() && !self.servers.contains(&stands.log.server);
        let is_now = || stands.at + CLOCKS_DIFFER >= self.at || arrived.is_some_and(|arrived| stands.at + CLOCKS_DIFFER >= arrived);
        (is_of_another_server && stands.at + ZONES_DIFFER >= self.at) || (position[0] < self.lowest && is_now())
    }

    fn note_marks(&mut self, log: &LogMark) {
        if log.server != 0 && !self.servers.contains(&log.server) {
            if self.servers.len() == SERVERS_MAX {
                self.servers.remove(0);
            }
            self.servers.push(log.server);
        }
        let Some((domain, number)) = log.gtid else { return };
        match self.gtids.iter_mut().find(|(known, _)| *known == domain) {
            Some((_, last)) => *last = number.max(*last),
            None => {
                if self.gtids.len() == DOMAINS_MAX {
                    self.gtids.remove(0);
                }
                self.gtids.push((domain, number));
            }
        }
    }
}

fn read_note(note: &str) -> Option<Highest> {
    let mut parts = note.split(' ');
    let incarnation = parts.next()?.parse().ok()?;
    let at = Moment(parts.next()?.parse().ok()?);
    let hexadecimal = |text: &str| u64::from_str_radix(text, 16).ok();
    let mut numbers = parts.next()?.split('.').map(hexadecimal);
    let position = [numbers.next()??, numbers.next()??, numbers.next()??];
    let lowest = hexadecimal(parts.next()?)?;
    let source = SourceId(parts.next()?.parse().ok()?);
    let items = |text: &str| text.split(',').filter(|item| *item != "-").map(str::to_owned).collect::<Vec<_>>();
    let servers = items(parts.next()?).iter().map(|item| u32::from_str_radix(item, 16).ok()).collect::<Option<_>>()?;
    let gtid = |item: &String| {
        let (domain, number) = item.split_once(':')?;
        Some((u32::from_str_radix(domain, 16).ok()?, number.parse().ok()?))
    };
    let gtids = items(parts.next()?).iter().map(gtid).collect::<Option<_>>()?;
    let run = Run::restore(parts.next()?)?;
    let ends = parts.next().is_none() && numbers.next().is_none();
    ends.then_some(Highest { source, incarnation, position, at, lowest, servers, gtids, run, again: None })
}

#[cfg(test)]
#[path = "incarnations_tests.rs"]
mod tests;

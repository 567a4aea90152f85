//! How far each source partition was read, as the state remembers it: written with each epoch, beside the rows that it read.
//!
//! The group's committed offsets say the same while they are there. Kafka drops them when the group was away for a week, or with a topic that is
//! deleted; by then retention may have taken records that were never read. With this the restore can tell ([`check`]): reading from the earliest
//! record again is a harmless repeat only if the partition still holds the place up to which the state has read.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::log::LogError;
use super::outbox::Outbox;
use super::state::{StateKey, encode};
use super::state_out::StateOut;
use super::store::Store;
use crate::facts::TopicId;

/// By topic: the next offset of each partition, in their order; -1: nothing of it was read. An epoch that is dropped goes back to a clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Reads(BTreeMap<TopicId, Vec<i64>>);

impl Reads {
    /// Takes what a restore read.
    pub(super) fn restore(&mut self, topic: TopicId, read: Vec<i64>) {
        self.0.insert(topic, read);
    }

    /// How far the state has read this partition; `None`: nothing of it.
    pub(super) fn of(&self, topic: &str, partition: i32) -> Option<i64> {
        let read = self.0.get(&TopicId::of(topic))?;
        read.get(usize::try_from(partition).ok()?).copied().filter(|next| *next >= 0)
    }

    /// Notes what the open epoch has read, and writes it: one record for each topic.
    pub(super) fn write(&mut self, topics: &[Arc<str>], store: &mut Store, outbox: &mut Outbox) {
        let mut changed: Vec<TopicId> = Vec::new();
        for ((topic, partition), next) in outbox.read() {
            let (Some(name), Ok(partition)) = (topics.get(usize::from(topic)), usize::try_from(partition)) else { continue };
            let id = TopicId::of(name);
            let read = self.0.entry(id).or_default();
            if read.len() <= partition {
                read.resize(partition + 1, -1);
            }
            read[partition] = next;
            if changed.last() != Some(&id) {
                changed.push(id);
            }
        }
        for id in changed {
            let index = id.0 as usize % store.shards.len();
            store.shards[index].noted = true;
            let mut state = StateOut::new(&store.settings, index);
            state.with(&mut store.shards[index].in_pieces, |state| {
                state.put(&StateKey::Read(id), |bytes, scratch| Some(encode(bytes, &self.0[&id], scratch)));
            });
            outbox.state(state, &mut store.report);
        }
    }
}

/// An error if records of a partition without a committed offset were deleted before they were read: the state has read up to `read`, and the
/// partition now holds the offsets `holds`.
pub(super) fn check(topic: &str, partition: i32, read: i64, holds: std::ops::Range<i64>) -> Result<(), LogError> {
    let std::ops::Range { start, end } = holds;
    let what = if read < start {
        format!("{} offsets between were deleted before Waybill read them", start - read)
    } else if read > end {
        "the topic was deleted and made anew; what the old one still held was never read".to_owned()
    } else {
        return Ok(());
    };
    Err(LogError::Stop(format!(
        "{topic}[{partition}]: its committed offset is gone, the state has read it up to offset {read}, but it now holds offsets {start} to {end}: {what}. \
         Waybill skips no records by itself: find out which, then set the application's committed offset of that partition to where reading is to go \
         on (kafka-consumer-groups --reset-offsets --to-earliest), and start again"
    )))
}

/// An error if another program has set a partition's committed offset behind records that were never read: it is `next`, the state has read up to
/// `read`, and the partition holds the offsets `holds`.
pub(super) fn check_moved(topic: &str, partition: i32, read: i64, next: i64, holds: std::ops::Range<i64>) -> Result<(), LogError> {
    let unread = next.min(holds.end) - read.max(holds.start);
    if unread <= 0 {
        return Ok(());
    }
    Err(LogError::Stop(format!(
        "{topic}[{partition}]: a tool, or another program that uses this group, has set the committed offset to {next}, but the state has read it up to \
         offset {read}, and the partition holds {unread} offsets between: their records would never be read. Waybill skips no records by itself: set the \
         offset back (kafka-consumer-groups --reset-offsets --to-offset {read}), or delete the records that are not wanted first \
         (kafka-delete-records), and start again"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_that_was_set_behind_unread_records_is_refused_and_one_behind_deleted_ones_is_not() {
        assert!(check_moved("orders", 0, 5, 9, 9..20).is_ok(), "deleted on purpose");
        assert!(check_moved("orders", 0, 5, 9, 12..20).is_ok());
        let skipped = check_moved("orders", 2, 5, 9, 7..20).expect_err("two would never be read").to_string();
        assert!(skipped.contains("orders[2]") && skipped.contains("--to-offset 5") && skipped.contains("holds 2 offsets"), "{skipped}");
    }

    #[test]
    fn a_partition_that_still_holds_the_place_is_read_again_and_no_other() {
        assert!(check("orders", 0, 5, 0..9).is_ok());
        assert!(check("orders", 0, 5, 5..5).is_ok(), "emptied behind it");
        let trimmed = check("orders", 1, 5, 7..9).expect_err("two are gone").to_string();
        assert!(trimmed.contains("orders[1]") && trimmed.contains("offset 5") && trimmed.contains("2 offsets"), "{trimmed}");
        let anew = check("orders", 0, 5, 0..3).expect_err("made anew").to_string();
        assert!(anew.contains("made anew"), "{anew}");
    }
}

//! The mark of the process that holds the slot: proof that another process is there, or that none is.
//!
//! A broker's word "fenced" proves nothing. A member of the group is fenced by its own request to join, if that was given up in an outage and answered
//! late; a producer's epoch is raised by the broker when a transaction is open for too long, and by a late request of ours. The group's list of members
//! does not tell either: a static member that is replaced keeps the old one's `client.id`. So each process, once it has taken up the transactional id,
//! writes a name of its own beside the group's offset of the exchange's first partition, behind the epoch's number that stands there, and so does each
//! commit of that offset. Whoever is told that he is fenced reads it: his own name means that no other process has come.

use rdkafka::consumer::Consumer;
use rdkafka::error::KafkaError;
use rdkafka::producer::Producer;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use super::clients::TransactionalProducer;
use super::prober::Prober;
use super::shared::{Committed, Partition, Shared};
use super::watchdog::Watchdog;
use crate::engine::log::LogError;

const MARK: &str = " process:";

/// The text beside an offset, and the mark behind it.
pub(super) fn split(text: &str) -> (&str, Option<&str>) {
    text.split_once(MARK).map_or((text, None), |(text, process)| (text, Some(process)))
}

impl Shared {
    /// The exchange's first partition: the exchange stands last among the topics.
    fn marked(&self) -> Partition {
        Partition { topic: (self.topics.len() - 1) as u16, number: 0 }
    }

    /// What is written beside an offset: the text, and for the marked partition this process's name.
    pub(super) fn beside(&self, partition: Partition, text: &str) -> String {
        if partition == self.marked() { format!("{text}{MARK}{}", self.process) } else { text.to_owned() }
    }
}

impl Prober {
    /// Writes this process's mark. The producer has just taken up the transactional id, so nobody else commits: the offset stays what it is.
    pub(super) fn write_mark(&self, producer: &TransactionalProducer, known: &Committed) -> Result<(), KafkaError> {
        let partition = self.shared.marked();
        let (next, text) = known.get(&partition).cloned().unwrap_or_default();
        let mut offsets = TopicPartitionList::new();
        let mut element = offsets.add_partition(self.shared.topic(partition), partition.number);
        element.set_offset(Offset::Offset(next.unwrap_or(0)))?;
        element.set_metadata(self.shared.beside(partition, &text));
        // A client that is no member of the group, and needs not be.
        let Some(group) = self.consumer.group_metadata() else { return Ok(()) };
        let limit = self.shared.settings.timeouts.commit;
        producer.begin_transaction()?;
        producer.send_offsets_to_transaction(&offsets, &group, limit)?;
        producer.commit_transaction(limit)
    }

    /// Another process that has taken up this slot after this one; asks until the brokers answer. Without a mark there is no proof of another.
    pub(super) fn other_in_slot(&self, watchdog: &Watchdog) -> Result<Option<String>, LogError> {
        let partition = self.shared.marked();
        let answer = self.until_stable(&[(self.shared.topic(partition), partition.number)], watchdog)?;
        let elements = answer.elements();
        let found = elements.first().and_then(|element| split(element.metadata()).1);
        Ok(found.filter(|found| *found != self.shared.process).map(|found| format!("process {found} has taken it up after this one")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_stands_behind_the_epochs_number() {
        assert_eq!(split("17 process:ab12"), ("17", Some("ab12")));
        assert_eq!(split(" process:ab12"), ("", Some("ab12")), "before the first epoch");
        assert_eq!(split("17"), ("17", None));
    }
}

//! What only the client's statistics say.
//!
//! - How far a partition was fetched. Transactions' markers take offsets and are never handed out, so the offset of the last record says too little:
//!   after each transaction of a connector one record would seem to be left.
//! - Whether the consumer talks to its group's coordinator. After a broker's return it may wait for ever for the answer to who that is.

use std::collections::HashMap;

use serde::Deserialize;

use super::shared::{Partition, Shared};

#[derive(Deserialize)]
struct Statistics {
    #[serde(default)]
    topics: HashMap<String, Topic>,
    cgrp: Option<ClientGroup>,
}

#[derive(Deserialize)]
struct ClientGroup {
    /// `up`, or what it waits for on the way there.
    state: String,
}

impl ClientGroup {
    fn is_coordinated(&self) -> bool {
        self.state == "up"
    }
}

#[derive(Deserialize)]
struct Topic {
    #[serde(default)]
    partitions: HashMap<String, Fetched>,
}

#[derive(Deserialize)]
struct Fetched {
    partition: i32,
    /// Records that were fetched and not taken.
    fetchq_cnt: i64,
    /// Where the next fetch begins.
    next_offset: i64,
    /// Where the last fetch found nothing.
    eof_offset: i64,
}

impl Fetched {
    /// The end, if all before it was taken by the reader.
    fn end(&self) -> Option<i64> {
        (self.fetchq_cnt == 0 && self.eof_offset > 0 && self.next_offset == self.eof_offset).then_some(self.eof_offset)
    }
}

impl Shared {
    /// Notes the partitions' ends, for the reader's next look.
    pub(super) fn note_statistics(&self, json: &[u8]) {
        let Ok(statistics) = serde_json::from_slice::<Statistics>(json) else { return };
        let ends = statistics.topics.iter().filter_map(|(name, topic)| Some((self.topic_index(name)?, topic)));
        let ends = ends.flat_map(|(topic, found)| {
            let ends = found.partitions.values().filter_map(|fetched| Some((fetched.partition, fetched.end()?)));
            ends.map(move |(number, end)| (Partition { topic, number }, end))
        });
        self.set_ends(ends.collect());
        self.lock().coordinated = statistics.cgrp.is_none_or(|group| group.is_coordinated());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_coordinated_once_it_is_up() {
        let coordinated = |text: &str| {
            let statistics = serde_json::from_str::<Statistics>(text).expect("reads");
            statistics.cgrp.map(|group| group.is_coordinated())
        };
        assert_eq!(coordinated(r#"{"cgrp":{"state":"up","stateage":3,"join_state":"steady"},"topics":{}}"#), Some(true));
        assert_eq!(coordinated(r#"{"cgrp":{"state":"wait-coord","stateage":45018}}"#), Some(false));
        assert_eq!(coordinated(r#"{"topics":{}}"#), None, "not in a group yet");
    }

    #[test]
    fn an_end_counts_once_all_before_it_is_taken() {
        let fetched = |text: &str| serde_json::from_str::<Fetched>(text).expect("reads").end();
        assert_eq!(fetched(r#"{"partition":0,"fetchq_cnt":0,"next_offset":8,"eof_offset":8,"hi_offset":8}"#), Some(8));
        assert_eq!(fetched(r#"{"partition":0,"fetchq_cnt":1,"next_offset":8,"eof_offset":8}"#), None, "a record waits");
        assert_eq!(fetched(r#"{"partition":0,"fetchq_cnt":0,"next_offset":9,"eof_offset":8}"#), None, "an older end");
        assert_eq!(fetched(r#"{"partition":0,"fetchq_cnt":0,"next_offset":-1001,"eof_offset":-1001}"#), None, "never");
    }
}

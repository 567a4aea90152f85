//! The names of the topics that Waybill owns. If a name changes, the application loses its state.

use std::fmt::Write;
use std::sync::Arc;

use hashbrown::HashMap;

use crate::events::Topic;
use crate::facts::{Cause, TopicId};
use crate::sources::{acts, decisions};

/// Names of the derived topics, `dead-letters`, and the two internal topics, each with the configured prefix.
#[derive(Clone, Debug)]
pub struct TopicNames {
    derived: Vec<(Topic, Arc<str>)>,
    /// Records that could not be decoded, whole.
    pub dead_letters: Arc<str>,
    /// What people decided, which Waybill reads.
    pub decisions: Arc<str>,
    /// What people did beside deciding, which Waybill reads.
    pub acts: Arc<str>,
    /// What became of each decision and act.
    pub audit: Arc<str>,
    /// State: compacted, one partition a shard.
    pub changelog: Arc<str>,
    /// Facts between shards, none yet; its offsets carry the epochs' numbers. One partition a shard.
    pub exchange: Arc<str>,
    /// Records that the broker dates itself, to compare clocks. One partition.
    pub clock: Arc<str>,
}

impl TopicNames {
    /// `prefix` stands before each name: `waybill.` by default.
    pub fn new(prefix: &str) -> Self {
        Self {
            derived: Topic::ALL.into_iter().map(|topic| (topic, format!("{prefix}{}", topic.name()).into())).collect(),
            dead_letters: format!("{prefix}dead-letters").into(),
            decisions: format!("{prefix}{}", decisions::TOPIC).into(),
            acts: format!("{prefix}{}", acts::TOPIC).into(),
            audit: format!("{prefix}audit").into(),
            changelog: format!("{prefix}changelog").into(),
            exchange: format!("{prefix}exchange").into(),
            clock: format!("{prefix}clock").into(),
        }
    }

    /// Each derived topic with its name.
    pub fn derived(&self) -> impl Iterator<Item = (Topic, &Arc<str>)> {
        self.derived.iter().map(|(topic, name)| (*topic, name))
    }

    /// The name of a derived topic.
    pub fn of(&self, topic: Topic) -> &Arc<str> {
        // `derived` is made from `Topic::ALL`: every topic is there.
        self.derived.iter().find(|(t, _)| *t == topic).map_or(&self.dead_letters, |(_, name)| name)
    }
}

/// Names of the source topics by their ids, to show where a row came from.
#[derive(Clone, Debug, Default)]
pub struct SourceTopics(HashMap<TopicId, Arc<str>>);

impl SourceTopics {
    /// Of these topics.
    pub fn new(topics: &[Arc<str>]) -> Self {
        Self(topics.iter().map(|name| (TopicId::of(name), name.clone())).collect())
    }

    /// Appends `topic[partition]@offset`. A topic that is no longer configured is shown by its id.
    pub fn show(&self, cause: &Cause, to: &mut String) {
        match self.0.get(&cause.topic) {
            Some(name) => to.push_str(name),
            // Writing to a String can't fail.
            None => _ = write!(to, "topic#{:08x}", cause.topic.0),
        }
        let mut digits = itoa::Buffer::new();
        to.push('[');
        to.push_str(digits.format(cause.partition));
        to.push_str("]@");
        to.push_str(digits.format(cause.offset));
    }
}

//! What an entity emitted last: by topic and key of a statement, the digest of its content.

use serde::{Deserialize, Serialize};

use super::small_map::SmallMap;
use super::topics::Topic;
use crate::facts::Text;

/// Digests of the statements last emitted. A statement whose content has the same digest is not emitted again.
///
/// Digests, not contents: so a change of rules finds at restore what differs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LastEmitted(SmallMap<(u8, Text), u64>);

impl LastEmitted {
    /// The digest of what was emitted last for this key; `None`: nothing, or it was withdrawn.
    pub fn digest(&self, topic: Topic, key: &Text) -> Option<u64> {
        self.0.get_by(|(known, text)| (*known, text).cmp(&(topic as u8, key))).copied()
    }

    /// Notes what is emitted.
    pub fn note(&mut self, topic: Topic, key: Text, digest: u64) {
        self.0.insert((topic as u8, key), digest);
    }

    /// Notes that it is withdrawn. Says whether it stood.
    pub fn withdraw(&mut self, topic: Topic, key: &Text) -> bool {
        self.0.remove(&(topic as u8, key.clone())).is_some()
    }

    /// The keys of a topic that stand, sorted.
    pub fn keys(&self, topic: Topic) -> impl Iterator<Item = &Text> {
        let number = topic as u8;
        self.0.range((number, Text::default())..(number + 1, Text::default())).map(|((_, key), _)| key)
    }

    /// Nothing stands.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

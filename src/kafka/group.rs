//! The group's consumer of now. The reader owns it and makes a new one when it fails for good; the others find it here.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use rdkafka::consumer::{Consumer, ConsumerGroupMetadata};
use rdkafka::error::KafkaError;

use super::rebalance::GroupConsumer;
use super::shared::Shared;

/// Finds the group's consumer.
pub(super) struct Group {
    shared: Arc<Shared>,
    current: Mutex<Weak<GroupConsumer>>,
}

impl Group {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, current: Mutex::default() }
    }

    pub(super) fn set(&self, consumer: &Arc<GroupConsumer>) {
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(consumer);
    }

    fn get(&self) -> Option<Arc<GroupConsumer>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).upgrade()
    }

    /// The group's generation and this member's id, as they are now.
    pub(super) fn metadata(&self) -> Option<ConsumerGroupMetadata> {
        self.get()?.group_metadata()
    }

    /// Subscribes to the topics that are there.
    pub(super) fn subscribe(&self) -> Result<(), KafkaError> {
        self.shared.lock().subscribed = true;
        self.get().map_or(Ok(()), |consumer| consumer.subscribe(&self.shared.present()))
    }

    /// Leaves the group, although static members keep their places when they end.
    pub(super) fn unsubscribe(&self) {
        if let Some(consumer) = self.get() {
            consumer.unsubscribe();
        }
    }
}

//! What an error of librdkafka means for the log: one function for errors of reading, one for errors of transactions.
//!
//! `who` names this instance in a sentence: `slot "0" of application "waybill"`.

use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

use crate::engine::log::LogError;

/// An error that the log can't go on from. The engine's next call returns it.
#[derive(Clone, Debug)]
pub(super) enum Fault {
    Fenced(String),
    Stop(String),
}

impl Fault {
    /// What happened, where, and what to do.
    pub(super) fn sentence(&self) -> &str {
        match self {
            Self::Fenced(text) | Self::Stop(text) => text,
        }
    }
}

impl From<Fault> for LogError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Fenced(text) => Self::Fenced(text),
            Fault::Stop(text) => Self::Stop(text),
        }
    }
}

impl Fault {
    pub(super) fn fenced(who: &str, detail: &str) -> Self {
        Self::Fenced(format!(
            "fenced: another process uses {who}, or the broker has dropped this one ({detail}). This process ends; everything committed stays. \
             Give each instance a slot of its own; if only this one uses the slot, start it again"
        ))
    }

    pub(super) fn not_allowed(detail: &str) -> Self {
        Self::Stop(format!(
            "Kafka refuses access: {detail}. Grant this client's principal the missing permission, then start again. No record was skipped"
        ))
    }

    pub(super) fn position_gone(detail: &str) -> Self {
        Self::Stop(format!(
            "a partition does not hold the offset to read next: {detail}. Its records were deleted before Waybill read them, or the topic was \
             recreated. Waybill skips no records by itself: find out which, then set the application's committed offsets of that topic to where \
             reading is to go on (kafka-consumer-groups --reset-offsets), and start again"
        ))
    }
}

/// What an error of reading means.
pub(super) fn while_reading(code: Code, detail: &str, who: &str) -> Option<Fault> {
    match code {
        Code::FencedInstanceId | Code::Fenced => Some(Fault::fenced(who, detail)),
        Code::AutoOffsetReset | Code::OffsetOutOfRange | Code::NoOffset | Code::LogTruncation => Some(Fault::position_gone(detail)),
        Code::UnknownTopicOrPartition | Code::UnknownTopic | Code::UnknownPartition | Code::UnknownTopicId => {
            Some(Fault::Stop(format!("a topic or partition was deleted: {detail}. Create it again, or remove it from the configuration")))
        }
        code if is_refused(code) => Some(Fault::not_allowed(detail)),
        // The client can't go on after another fatal error; a new process can.
        Code::Fatal => Some(Fault::Stop(format!(
            "the Kafka client has failed for good: {detail}. Start again: a new process goes on from what was committed"
        ))),
        // The rest passes: brokers that do not answer, leaders that move, a group that rebalances.
        _ => None,
    }
}

/// The broker denies access.
pub(super) fn is_refused(code: Code) -> bool {
    matches!(
        code,
        Code::TopicAuthorizationFailed
            | Code::GroupAuthorizationFailed
            | Code::ClusterAuthorizationFailed
            | Code::TransactionalIdAuthorizationFailed
            | Code::SecurityDisabled
    )
}

/// What an error of one of its steps means for a transaction.
#[derive(Debug)]
pub(super) enum Failed {
    /// It must be aborted; then nothing of it is visible, for certain.
    Abort(String),
    /// Its result is not known: this producer must not be used again.
    Unknown(String),
    /// The log can't go on.
    Fault(Fault),
}

/// What an error of a transactional call means. In doubt the result is unknown: the writer finds it out and never guesses.
pub(super) fn in_transaction(step: &str, error: &KafkaError, who: &str) -> Failed {
    let detail = format!("{step}: {error}");
    let Some(code) = error.rdkafka_error_code() else { return Failed::Unknown(detail) };
    match code {
        Code::Fenced | Code::ProducerFenced | Code::InvalidProducerEpoch | Code::FencedInstanceId => {
            Failed::Fault(Fault::fenced(who, &detail))
        }
        code if is_refused(code) => Failed::Fault(Fault::not_allowed(&detail)),
        Code::InvalidTransactionTimeout => Failed::Fault(Fault::Stop(format!(
            "{detail}: the broker's transaction.max.timeout.ms is below Waybill's transaction timeout. Raise the first or lower the second"
        ))),
        code if is_unanswered(code) => Failed::Unknown(detail),
        _ => match error {
            KafkaError::Transaction(inner) if inner.txn_requires_abort() => Failed::Abort(detail),
            _ => Failed::Unknown(detail),
        },
    }
}

/// The request may or may not have reached its broker, or the broker has forgotten the producer.
pub(super) fn is_unanswered(code: Code) -> bool {
    matches!(
        code,
        Code::OperationTimedOut
            | Code::RequestTimedOut
            | Code::MessageTimedOut
            | Code::TimedOutQueue
            | Code::BrokerTransportFailure
            | Code::AllBrokersDown
            | Code::NetworkException
            | Code::InvalidProducerIdMapping
            | Code::UnknownProducerId
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_answer_is_never_taken_for_an_abort() {
        for code in [Code::OperationTimedOut, Code::MessageTimedOut, Code::BrokerTransportFailure, Code::State] {
            let failed = in_transaction("commit", &KafkaError::Flush(code), "app-0");
            assert!(matches!(failed, Failed::Unknown(_)), "{code:?}: {failed:?}");
        }
    }

    #[test]
    fn who_is_fenced_stops() {
        for code in [Code::Fenced, Code::ProducerFenced, Code::InvalidProducerEpoch] {
            let failed = in_transaction("commit", &KafkaError::Flush(code), "app-0");
            assert!(matches!(failed, Failed::Fault(Fault::Fenced(_))), "{code:?}: {failed:?}");
        }
    }

    #[test]
    fn a_position_that_is_gone_stops_and_brokers_away_do_not() {
        assert!(matches!(while_reading(Code::AutoOffsetReset, "t [0]", "app-0"), Some(Fault::Stop(_))));
        assert!(while_reading(Code::AllBrokersDown, "3/3 brokers are down", "app-0").is_none());
    }
}

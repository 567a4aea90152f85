//! What an error of librdkafka means for the log: one table for reading, one for transactions.

use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

use crate::engine::log::LogError;

/// An error that the log can't go on from, to be told by whichever call comes next.
#[derive(Clone, Debug)]
pub(super) enum Fault {
    Fenced(String),
    Stop(String),
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
    pub(super) fn fenced(instance: &str, detail: &str) -> Self {
        Self::Fenced(format!(
            "another process runs as \"{instance}\", or the broker gave this one up ({detail}): this one ends and does not try again. \
             Give each instance a slot of its own, or let the supervisor start it anew"
        ))
    }

    pub(super) fn not_allowed(detail: &str) -> Self {
        Self::Stop(format!("Kafka refuses access: {detail}. Grant the principal what is missing, then start again; nothing was skipped"))
    }

    pub(super) fn position_gone(detail: &str) -> Self {
        Self::Stop(format!(
            "a position is not in its partition any more: {detail}. Records were deleted before they were read, or the topic was made anew. \
             Nothing is skipped silently: find out which, then reset the application's committed offsets of that topic \
             (kafka-consumer-groups --reset-offsets) to where reading shall go on, and start again"
        ))
    }
}

/// What an error of reading means.
pub(super) fn while_reading(code: Code, detail: &str, instance: &str) -> Option<Fault> {
    match code {
        Code::FencedInstanceId | Code::Fenced => Some(Fault::fenced(instance, detail)),
        Code::AutoOffsetReset | Code::OffsetOutOfRange | Code::NoOffset | Code::LogTruncation => Some(Fault::position_gone(detail)),
        Code::UnknownTopicOrPartition | Code::UnknownTopic | Code::UnknownPartition | Code::UnknownTopicId => {
            Some(Fault::Stop(format!("a topic or partition is gone: {detail}. Create it again, or take it out of the configuration")))
        }
        code if is_refused(code) => Some(Fault::not_allowed(detail)),
        // Whatever else is fatal can't be gone on from within this process; a restart can.
        Code::Fatal => Some(Fault::Stop(format!("the Kafka client gave up: {detail}. Start again"))),
        // The rest passes: brokers away, leaders moving, a group that rebalances.
        _ => None,
    }
}

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

/// What became of a transaction by an error of one of its steps.
#[derive(Debug)]
pub(super) enum Failed {
    /// Certainly nothing of it is visible once it has been aborted.
    Abort(String),
    /// Its result is not known: this producer must not be used again.
    Unknown(String),
    Fault(Fault),
}

/// What an error of a transactional call means. In doubt the result is unknown: that is found out, never guessed.
pub(super) fn in_transaction(step: &str, error: &KafkaError, instance: &str) -> Failed {
    let detail = format!("{step}: {error}");
    let Some(code) = error.rdkafka_error_code() else { return Failed::Unknown(detail) };
    match code {
        Code::Fenced | Code::ProducerFenced | Code::InvalidProducerEpoch | Code::FencedInstanceId => {
            Failed::Fault(Fault::fenced(instance, &detail))
        }
        code if is_refused(code) => Failed::Fault(Fault::not_allowed(&detail)),
        Code::InvalidTransactionTimeout => Failed::Fault(Fault::Stop(format!(
            "{detail}: the broker's transaction.max.timeout.ms is below Waybill's transaction timeout: raise the one or lower the other"
        ))),
        code if is_unanswered(code) => Failed::Unknown(detail),
        _ => match error {
            KafkaError::Transaction(inner) if inner.txn_requires_abort() => Failed::Abort(detail),
            _ => Failed::Unknown(detail),
        },
    }
}

/// A request that may or may not have reached its broker, or a producer that the broker has forgotten.
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

//! What an error of librdkafka means for the log: one function for errors of reading, one for errors of transactions.

use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

use crate::engine::log::LogError;

/// An error that the log can't go on from. The engine's next call returns it.
#[derive(Clone, Debug)]
pub(super) enum Fault {
    Fenced(String),
    Stop(String),
    Restart(String),
}

impl Fault {
    /// What happened, where, and what to do.
    pub(super) fn sentence(&self) -> &str {
        match self {
            Self::Fenced(text) | Self::Stop(text) | Self::Restart(text) => text,
        }
    }
}

impl From<Fault> for LogError {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Fenced(text) => Self::Fenced(text),
            Fault::Stop(text) => Self::Stop(text),
            Fault::Restart(text) => Self::Restart(text),
        }
    }
}

impl Fault {
    /// There is proof of another process: it is a member of the group, or it has taken up the transactional id while nothing of ours could have.
    pub(super) fn fenced(who: &str, detail: &str) -> Self {
        Self::Fenced(format!(
            "fenced: another process uses {who} ({detail}). This process ends and must not be started again while the other runs; everything \
             committed stays. End the one that is not wanted"
        ))
    }

    pub(super) fn client_failed(detail: &str) -> Self {
        Self::Restart(format!("the Kafka client has failed for good: {detail}. A new process goes on from what was committed"))
    }

    pub(super) fn not_allowed(detail: &str) -> Self {
        Self::Stop(format!(
            "Kafka refuses access: {detail}. Grant this client's principal the missing permission, then start again. No record was skipped"
        ))
    }

    pub(super) fn own_topic_gone(topic: &str) -> Self {
        Self::Stop(format!(
            "topic \"{topic}\" was deleted while Waybill ran, and what it held is gone. Nothing was written to another topic of that name, and nothing \
             of the open epoch is visible. Find out who deleted it and what its readers have missed; the next start creates the topic as it was \
             (delete first what somebody else has created under its name)"
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
#[derive(Debug)]
pub(super) enum ReadError {
    /// It passes: brokers that do not answer, leaders that move, a group that rebalances.
    Passes,
    /// This consumer is of no use any more. A new one can go on, unless another process has taken the place in the group.
    Renew(String),
    /// The log can't go on.
    Fault(Fault),
}

/// What an error of reading means.
pub(super) fn while_reading(code: Code, detail: &str) -> ReadError {
    match code {
        // Not proof of another process: after an outage a member is fenced by an earlier request of its own to join, which the broker answered late.
        Code::FencedInstanceId | Code::Fenced | Code::Fatal => ReadError::Renew(detail.to_owned()),
        Code::AutoOffsetReset | Code::OffsetOutOfRange | Code::NoOffset | Code::LogTruncation => {
            ReadError::Fault(Fault::position_gone(detail))
        }
        Code::UnknownTopicOrPartition | Code::UnknownTopic | Code::UnknownPartition | Code::UnknownTopicId => ReadError::Fault(
            Fault::Stop(format!("a topic or partition was deleted: {detail}. Create it again, or remove it from the configuration")),
        ),
        // The same request will be refused the same way: no other process would be taken in either.
        Code::InvalidSessionTimeout => ReadError::Fault(Fault::Stop(format!(
            "the broker does not take Waybill into its group: {detail}. It allows sessions from group.min.session.timeout.ms to \
             group.max.session.timeout.ms, and Waybill's takes 45 s: set the broker to allow that"
        ))),
        Code::InconsistentGroupProtocol => ReadError::Fault(Fault::Stop(format!(
            "the broker does not take Waybill into its group: {detail}. Another program is a member of the group and shares partitions out by other rules: \
             end it, or give this application an id of its own"
        ))),
        Code::GroupMaxSizeReached => ReadError::Fault(Fault::Stop(format!(
            "the broker does not take Waybill into its group: {detail}. Other programs fill the group: end them, or give this application an id of its own"
        ))),
        code if is_refused(code) => ReadError::Fault(Fault::not_allowed(detail)),
        _ => ReadError::Passes,
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
    /// The broker has given the transactional id a newer epoch: by another process, or by an end that the broker or an earlier request of ours made.
    /// The result is not known.
    Superseded(String),
    /// The log can't go on.
    Fault(Fault),
}

/// What an error of a transactional call means. In doubt the result is unknown: the writer finds it out and never guesses.
pub(super) fn in_transaction(step: &str, error: &KafkaError) -> Failed {
    let detail = format!("{step}: {error}");
    let Some(code) = error.rdkafka_error_code() else { return Failed::Unknown(detail) };
    match code {
        Code::Fenced | Code::ProducerFenced | Code::InvalidProducerEpoch => Failed::Superseded(detail),
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
            let failed = in_transaction("commit", &KafkaError::Flush(code));
            assert!(matches!(failed, Failed::Unknown(_)), "{code:?}: {failed:?}");
        }
    }

    #[test]
    fn a_newer_epoch_alone_is_no_proof_of_another_process() {
        for code in [Code::Fenced, Code::ProducerFenced, Code::InvalidProducerEpoch] {
            let failed = in_transaction("commit", &KafkaError::Flush(code));
            assert!(matches!(failed, Failed::Superseded(_)), "{code:?}: {failed:?}");
        }
        for code in [Code::FencedInstanceId, Code::Fatal] {
            assert!(matches!(while_reading(code, "fenced by other consumer"), ReadError::Renew(_)), "{code:?}");
        }
    }

    #[test]
    fn what_a_group_will_refuse_again_stops_and_says_what_to_set() {
        let cases = [
            (Code::InvalidSessionTimeout, "group.max.session.timeout.ms"),
            (Code::InconsistentGroupProtocol, "Another program"),
            (Code::GroupMaxSizeReached, "fill the group"),
        ];
        for (code, text) in cases {
            let said = while_reading(code, "JoinGroup failed");
            assert!(matches!(&said, ReadError::Fault(Fault::Stop(sentence)) if sentence.contains(text)), "{said:?}");
        }
    }

    #[test]
    fn a_position_that_is_gone_stops_and_brokers_away_do_not() {
        assert!(matches!(while_reading(Code::AutoOffsetReset, "t [0]"), ReadError::Fault(Fault::Stop(_))));
        assert!(matches!(while_reading(Code::AllBrokersDown, "3/3 brokers are down"), ReadError::Passes));
    }
}

//! Why an epoch could not be committed, in words: for the log, `/readyz` and a metric's label. What a client's error says is only added.

use rdkafka::error::RDKafkaErrorCode as Code;

use super::fault::is_unanswered;

/// Why a transaction was not committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The value of the metric's label `cause`: one of a closed list.
    pub label: &'static str,
    /// What is wrong and what to do.
    pub sentence: String,
}

impl Refusal {
    pub(super) fn new(label: &'static str, sentence: impl Into<String>) -> Self {
        Self { label, sentence: sentence.into() }
    }

    /// A record that the broker did not take. `place` names its topic and partition.
    pub(super) fn of_record(code: Code, place: &str) -> Self {
        match code {
            Code::InvalidTimestamp => Self::new(
                "clock",
                format!(
                    "the broker refuses the time of records for {place}: the clock of this machine and that of the broker differ by more than the \
                     broker allows (message.timestamp.after.max.ms, message.timestamp.before.max.ms). Correct the clock that is wrong"
                ),
            ),
            Code::PolicyViolation => Self::new(
                "policy",
                format!("a policy of the broker refuses records for {place}. Change the policy, or what it asks of the topic"),
            ),
            Code::InvalidRecord => Self::new(
                "policy",
                format!("the broker refuses records for {place} as invalid. Look at the broker's log for the rule that they break"),
            ),
            Code::UnknownTopicOrPartition | Code::UnknownTopic | Code::UnknownPartition | Code::UnknownTopicId | Code::InvalidTopic => {
                Self::new("topic", format!("the topic of {place} is gone. Waybill looks whether it was deleted"))
            }
            Code::NotEnoughReplicas | Code::NotEnoughReplicasAfterAppend => Self::new(
                "replicas",
                format!("{place} has fewer replicas in sync than its min.insync.replicas. Bring the brokers back that are away"),
            ),
            Code::KafkaStorageError => {
                Self::new("broker", format!("the broker can't store records of {place}: look at its disks and its log"))
            }
            Code::ThrottlingQuotaExceeded => {
                Self::new("quota", format!("a quota of the broker holds back records for {place}. Raise the quota of this client"))
            }
            code if is_unanswered(code) => {
                Self::new("broker", format!("the broker of {place} did not answer in time. Waybill tries again"))
            }
            code => Self::new("other", format!("the broker did not take a record for {place}: {code}")),
        }
    }

    /// Another error of a transaction's step: `detail` names it.
    pub(super) fn of_step(code: Option<Code>, detail: &str) -> Self {
        match code {
            Some(Code::FencedInstanceId | Code::UnknownMemberId | Code::IllegalGeneration | Code::RebalanceInProgress) => {
                Self::new("rebalance", format!("the group was rebalanced while the epoch was committed ({detail}). Its records come again"))
            }
            Some(Code::Fenced | Code::ProducerFenced | Code::InvalidProducerEpoch) => {
                Self::new("transaction", format!("the broker ended the transaction, because it was open for too long ({detail})"))
            }
            Some(code) if is_unanswered(code) => {
                Self::new("broker", format!("the broker did not answer in time ({detail}). Waybill tries again"))
            }
            _ => Self::new("other", format!("Kafka did not commit the transaction ({detail})")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_says_what_is_wrong_and_not_what_a_client_calls_it() {
        let cause = Refusal::of_record(Code::InvalidTimestamp, "waybill.exceptions[3]");
        assert_eq!(cause.label, "clock");
        assert!(cause.sentence.contains("clock of this machine") && cause.sentence.contains("waybill.exceptions[3]"), "{}", cause.sentence);
        for (code, label) in [(Code::MessageTimedOut, "broker"), (Code::NotEnoughReplicas, "replicas")] {
            assert_eq!(Refusal::of_record(code, "t[0]").label, label);
        }
        assert_eq!(Refusal::of_step(Some(Code::FencedInstanceId), "offsets").label, "rebalance");
        assert_eq!(Refusal::of_step(None, "commit").label, "other");
    }
}

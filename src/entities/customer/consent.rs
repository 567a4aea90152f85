//! Consent: the newest explicit change wins by its own time, whichever source it comes from (journey.md, "Customers").
//!
//! - *Unset* is not an answer and overwrites nothing.
//! - At equal times the answer further from consent wins: no, pending, yes.
//! - An answer without a time of its own was given before its record told it, and nobody knows how long before. What was given later than the record
//!   outweighs it; against all else the answer further from consent wins.
//! - A deleted row keeps a refusal and nothing else: that a system forgot the person is no consent.

use std::collections::{BTreeMap, BTreeSet};

use super::CustomerState;
use crate::facts::customer::{Consent, ConsentState, Purpose};
use crate::facts::{CustomerRow, Digest, Moment, Text};

/// Ranks answers: the lowest is the furthest from consent. *Unset* is no answer.
fn rank(state: ConsentState) -> Option<u8> {
    match state {
        ConsentState::No => Some(0),
        ConsentState::Pending => Some(1),
        ConsentState::Yes => Some(2),
        ConsentState::Unset => None,
    }
}

/// The answers of one address on one channel.
#[derive(Default)]
struct Answers {
    newest: Option<(Moment, ConsentState)>,
    /// Answers without a time of their own, by rank: the last moment at which one was told.
    untimed: [Option<(Moment, ConsentState)>; 3],
}

impl Answers {
    /// `told_at`: when the record told it.
    fn add(&mut self, state: ConsentState, changed_at: Option<Moment>, told_at: Moment) {
        match (changed_at, rank(state)) {
            (Some(at), _) => {
                self.newest = Some(match self.newest {
                    Some((newest, held)) if newest > at => (newest, held),
                    Some((newest, held)) if newest == at => (newest, weaker(held, state)),
                    _ => (at, state),
                });
            }
            (None, Some(rank)) => {
                let slot = &mut self.untimed[usize::from(rank)];
                let told_at = slot.map_or(told_at, |(before, _)| told_at.max(before));
                *slot = Some((told_at, state));
            }
            (None, None) => {}
        }
    }

    /// The answer that counts, and when it was given.
    fn outcome(&self) -> Option<(ConsentState, Option<Moment>)> {
        let later = |(told_at, _): &(Moment, ConsentState)| self.newest.is_none_or(|(newest, _)| *told_at >= newest);
        let untimed = self.untimed.iter().flatten().filter(|answer| later(answer)).map(|(_, state)| (*state, None));
        let timed = self.newest.map(|(at, state)| (state, Some(at)));
        // Of equal answers the one with a time.
        timed.into_iter().chain(untimed).reduce(|a, b| if rank(a.0) <= rank(b.0) { a } else { b })
    }
}

fn weaker(a: ConsentState, b: ConsentState) -> ConsentState {
    if rank(a) <= rank(b) { a } else { b }
}

/// The answer of an address on a channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Digest of the address.
    pub address: Digest,
    /// `email`, or another way to write to the person.
    pub channel: Text,
    /// What was answered.
    pub state: ConsentState,
    /// When, where that is known.
    pub changed_at: Option<Moment>,
}

/// The person's answers for one brand and purpose, by address and channel; if the person was forgotten, those that were given since.
pub fn consents(state: &CustomerState, brand: &str, purpose: Purpose, since: Option<Moment>) -> Vec<Answer> {
    let mut answers: BTreeMap<(Digest, &Text), Answers> = BTreeMap::new();
    for (_, kept) in state.with_joined(CustomerRow::CONSENT) {
        let Some(CustomerRow::Consent(consent)) = kept.content().map(CustomerRow::told) else { continue };
        let Consent { address, channel, brand: of, purpose: asked, state, changed_at } = consent;
        let counts = rank(*state).is_some() && (!kept.is_deleted() || *state == ConsentState::No) && is_given_after(consent, since);
        if of == brand && *asked == purpose && counts {
            let told_at = kept.upserted.as_ref().map_or(Moment::MIN, |upserted| upserted.at);
            answers.entry((*address, channel)).or_default().add(*state, *changed_at, told_at);
        }
    }
    let answer = |((address, channel), answers): ((Digest, &Text), Answers)| {
        let (state, changed_at) = answers.outcome()?;
        Some(Answer { address, channel: channel.clone(), state, changed_at })
    };
    answers.into_iter().filter_map(answer).collect()
}

/// Was it given after the person was forgotten? An answer without a time may be from before.
pub fn is_given_after(consent: &Consent, erased_at: Option<Moment>) -> bool {
    erased_at.is_none_or(|erased_at| consent.changed_at.is_some_and(|changed_at| changed_at > erased_at))
}

/// Addresses whose orders marketing may know: there is consent to profiling on some channel, and it is refused or pending on none.
pub fn profiled(state: &CustomerState, brand: &str, since: Option<Moment>) -> BTreeSet<Digest> {
    let answers = consents(state, brand, Purpose::Profiling, since);
    let with =
        |wanted: bool| answers.iter().filter(move |answer| (answer.state == ConsentState::Yes) == wanted).map(|answer| answer.address);
    let without: BTreeSet<Digest> = with(false).collect();
    with(true).filter(|address| !without.contains(address)).collect()
}

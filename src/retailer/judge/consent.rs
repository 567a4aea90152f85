//! Consent: what marketing is told of each person, against what the person last said, in the shop or in Emarsys.

use std::collections::BTreeSet;

use super::heard::Heard;
use super::{Failures, Invariant, Truth};
use crate::facts::customer::ConsentState;

pub(super) fn check(heard: &Heard, truth: &Truth<'_>, failures: &mut Failures) {
    let Some(consents) = truth.consents else { return };
    let mut told = BTreeSet::new();
    for (key, answers) in &heard.consents {
        for (address, state) in answers {
            told.insert(address.as_str());
            let really = match consents.get(address) {
                None => given_by_nobody(failures, key, *state),
                Some(answer) if answer.agrees => ConsentState::Yes,
                Some(_) => ConsentState::No,
            };
            failures.same(Invariant::Consent, *state, really, |told, really| {
                format!("person {key}: marketing-profiles says {told:?} to mail, the last answer is {really:?}")
            });
        }
    }
    for address in consents.keys().filter(|address| !told.contains(address.as_str())) {
        failures.add(Invariant::Consent, format!("address {address}: its answer to mail is in no marketing profile"));
    }
}

/// An answer that nobody gave.
fn given_by_nobody(failures: &mut Failures, key: &str, state: ConsentState) -> ConsentState {
    failures.add(Invariant::Consent, format!("person {key}: marketing-profiles says {state:?} to mail, and nobody was asked"));
    state
}

//! Ticks that a clock has noted that was ahead, once an operator has set the state's time back.
//!
//! A tick in the future would go on working until it comes: an answer would be waited for until then, a mail would settle, what is held would have been
//! held after a person's word. So whatever is noted later than the new time is noted at it. What a person has said, and what it was said of, stays a
//! millisecond before: what is held from now on is held after the word.

use super::held::Holds;
use super::ledger::{DocumentLedger, Entered};
use super::order::OrderState;
use super::sku::SkuState;
use crate::facts::Moment;

/// Notes the new time in place of later ones. Says whether there was any.
struct SetBack {
    to: Moment,
    changed: bool,
}

impl SetBack {
    fn at(&mut self, at: &mut Moment) {
        if *at > self.to {
            (*at, self.changed) = (self.to, true);
        }
    }

    fn maybe(&mut self, at: &mut Option<Moment>) {
        at.iter_mut().for_each(|at| self.at(at));
    }

    fn document(&mut self, ledger: &mut DocumentLedger) {
        let DocumentLedger { asked_at, first_asked_at, differs_since, .. } = ledger;
        [asked_at, first_asked_at, differs_since].into_iter().for_each(|at| self.maybe(at));
    }
}

impl OrderState {
    /// Nothing of it is noted later than this moment. `holds`: as they were before. Says whether anything was.
    pub fn set_time_back(&mut self, to: Moment, holds: &Holds) -> bool {
        let mut back = SetBack { to, changed: false };
        back.at(&mut self.since);
        self.exceptions.values_mut().for_each(|since| back.at(since));
        self.held.retain(|(why, topic, _), held| {
            back.to = if holds.said(*why, *topic, held).is_some() { Holds::before(to) } else { to };
            back.at(&mut held.since);
            true
        });
        back.to = to;
        let ledgers = &mut self.ledgers;
        back.document(&mut ledgers.sales_order);
        back.maybe(&mut ledgers.refund.asked_at);
        ledgers.fulfilment.values_mut().for_each(|ledger| back.document(ledger));
        for notices in [&mut ledgers.despatch, &mut ledgers.completion, &mut ledgers.receipt, &mut ledgers.reversal] {
            notices.values_mut().for_each(|ledger| back.maybe(&mut ledger.corrected_at));
        }
        for entered in ledgers.notified.values_mut() {
            if let Entered::Settling { since, .. } = entered {
                back.at(since);
            }
        }
        back.changed
    }
}

impl SkuState {
    /// Nothing of it is watched since later than this moment. Says whether anything was.
    pub fn set_time_back(&mut self, to: Moment) -> bool {
        let mut back = SetBack { to, changed: false };
        self.watched.values_mut().for_each(|watched| back.at(&mut watched.since));
        back.changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entities::held::{Held, HeldWhy};
    use crate::entities::ledger::NoticeLedger;
    use crate::entities::topics::Topic;
    use crate::facts::Text;

    const TO: Moment = Moment(1_000);
    const WRONG: Moment = Moment(9_000);

    #[test]
    fn deadlines_run_from_the_new_time_and_what_is_older_stays() {
        let mut state = OrderState { since: Moment(5), ..OrderState::default() };
        assert!(!state.set_time_back(TO, &Holds::default()), "nothing of it is later");
        let wrong = DocumentLedger { asked_at: Some(WRONG), first_asked_at: Some(Moment(7)), ..DocumentLedger::default() };
        state.ledgers.sales_order = wrong.clone();
        state.ledgers.fulfilment.insert("LDN".into(), wrong);
        state.ledgers.refund.asked_at = Some(WRONG);
        state.ledgers.receipt.insert("erp|R1".into(), NoticeLedger { corrected_at: Some(WRONG), ..NoticeLedger::default() });
        state.ledgers.notified.insert("despatched|P1".into(), Entered::Settling { content: 3, since: WRONG });
        state.exceptions.insert("erp-missing".into(), WRONG);
        assert!(state.set_time_back(TO, &Holds::default()));
        let ledgers = &state.ledgers;
        for document in [&ledgers.sales_order, &ledgers.fulfilment.get("LDN").cloned().unwrap_or_default()] {
            assert_eq!((document.asked_at, document.first_asked_at), (Some(TO), Some(Moment(7))));
        }
        assert_eq!(ledgers.refund.asked_at, Some(TO));
        assert_eq!(ledgers.receipt.get("erp|R1").and_then(|ledger| ledger.corrected_at), Some(TO));
        assert_eq!(ledgers.notified.get("despatched|P1"), Some(&Entered::Settling { content: 3, since: TO }));
        assert_eq!((state.since, state.exceptions.get("erp-missing")), (Moment(5), Some(&TO)));
    }

    /// A word of the wrong time settles what it was said of, and not what is held after the time was set back: that would be sent without a person.
    #[test]
    fn a_word_that_was_said_under_the_wrong_clock_settles_nothing_later() {
        let key = |text: &str| (HeldWhy::Limit, Topic::RefundRequests, Text::from(text));
        let held = |since| Held { since, content: 1, whole: false, corrects: false, money: None, discarded: false };
        let mut holds = Holds::default();
        holds.settle(HeldWhy::Limit, Topic::RefundRequests, true, WRONG);
        let mut state = OrderState::default();
        state.held.insert(key("before the word"), held(Moment(WRONG.0 - 1)));
        state.held.insert(key("after the word"), held(Moment(WRONG.0 + 1)));
        state.set_time_back(TO, &holds);
        holds.set_time_back(TO);
        let said = |text: &str| state.held.get(&key(text)).and_then(|held| holds.said(HeldWhy::Limit, Topic::RefundRequests, held));
        assert_eq!((said("before the word"), said("after the word")), (Some(true), None));
        assert_eq!(holds.said(HeldWhy::Limit, Topic::RefundRequests, &held(TO)), None, "held now");
    }
}

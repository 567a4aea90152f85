//! What an order would request and what waits for a person instead: because a change of rules alone would request it, because it was due before
//! its topic went live, or because refunds have passed a limit.
//!
//! | why | what was due | a person | then |
//! | --- | --- | --- | --- |
//! | [`HeldWhy::Rules`] | by a change of the configuration or of the program alone, no row came | accepts | it is requested, as it is due then |
//! | | | discards | it counts as requested, and is never sent |
//! | [`HeldWhy::BeforeLive`] | money, before `refund-requests` went live | adopts, or settles | the same two |
//! | [`HeldWhy::Limit`] | a refund beyond a limit, or after one was passed | releases | it is requested |
//!
//! What is held is not entered in a ledger. A later row of the same order goes its own way: of refunds only the held amount waits; of the other
//! topics a first step waits whole, and a later one until its content is another than what was held.

use serde::{Deserialize, Serialize};

use super::small_map::SmallMap;
use super::topics::Topic;
use crate::facts::{Amount, Currency, Moment, Text};

/// Why a request waits for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HeldWhy {
    /// A change of rules or program alone would request it.
    Rules,
    /// It was due before its topic went live.
    BeforeLive,
    /// Refunds have passed a limit.
    Limit,
}

impl HeldWhy {
    /// As people and metrics read it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rules => "rules",
            Self::BeforeLive => "before-live",
            Self::Limit => "limit",
        }
    }
}

/// A request that waits for a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Held {
    /// The tick at which it was held.
    pub since: Moment,
    /// A digest of what would have been sent.
    pub content: u64,
    /// It waits whatever its content becomes: a first step, an entry of the books.
    pub whole: bool,
    /// It would take back what was requested before.
    pub corrects: bool,
    /// The money that it would move.
    pub money: Option<(Amount, Currency)>,
    /// A person has said that it is not to be sent: it is entered when it is due, and not sent.
    pub discarded: bool,
}

/// Which request is held: why, of which topic, and its ledger key.
pub type HeldKey = (HeldWhy, Topic, Text);

/// What is held of an order.
pub type HeldRequests = SmallMap<HeldKey, Held>;

/// What people have said about held requests, and what holds now: one for the application.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Holds {
    /// Held requests up to these ticks are sent: by why, and topic.
    accepted: SmallMap<(HeldWhy, Topic), Moment>,
    /// Held requests up to these ticks are never sent.
    discarded: SmallMap<(HeldWhy, Topic), Moment>,
    /// Since when all refund requests are held, and by which limit.
    pub refunds_held: Option<(Moment, Text)>,
}

impl Holds {
    /// A person says what becomes of what is held at this tick.
    pub fn settle(&mut self, why: HeldWhy, topic: Topic, accept: bool, tick: Moment) {
        let settled = if accept { &mut self.accepted } else { &mut self.discarded };
        settled.insert((why, topic), tick);
    }

    /// The moment of what was said before the state's time was set back to this one.
    pub(super) fn before(to: Moment) -> Moment {
        Moment(to.0 - 1)
    }

    /// The state's time is set back: what was said later was said just before, and settles nothing that is held from now on.
    pub fn set_time_back(&mut self, to: Moment) {
        for settled in [&mut self.accepted, &mut self.discarded] {
            settled.values_mut().for_each(|at| *at = (*at).min(Self::before(to)));
        }
        self.refunds_held.iter_mut().for_each(|(since, _)| *since = (*since).min(to));
    }

    /// What a person has said of a held request; `None`: nothing yet.
    pub fn said(&self, why: HeldWhy, topic: Topic, held: &Held) -> Option<bool> {
        self.said_of(why, topic, held.since)
    }

    /// ... of a request that was held at the tick `since`.
    pub fn said_of(&self, why: HeldWhy, topic: Topic, since: Moment) -> Option<bool> {
        let at = |settled: &SmallMap<(HeldWhy, Topic), Moment>| settled.get(&(why, topic)).copied().filter(|at| since <= *at);
        let (accepted, discarded) = (at(&self.accepted), at(&self.discarded));
        (accepted.is_some() || discarded.is_some()).then_some(accepted >= discarded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_settles_what_is_held_when_it_is_said_and_nothing_later() {
        let held = |since| Held { since: Moment(since), content: 1, whole: false, corrects: false, money: None, discarded: false };
        let mut holds = Holds::default();
        assert_eq!(holds.said(HeldWhy::Rules, Topic::RefundRequests, &held(5)), None);
        holds.settle(HeldWhy::Rules, Topic::RefundRequests, true, Moment(7));
        assert_eq!(holds.said(HeldWhy::Rules, Topic::RefundRequests, &held(7)), Some(true));
        assert_eq!(holds.said(HeldWhy::Rules, Topic::RefundRequests, &held(8)), None, "held after the word");
        assert_eq!(holds.said(HeldWhy::Rules, Topic::SalesOrders, &held(5)), None, "another topic");
        holds.settle(HeldWhy::Rules, Topic::RefundRequests, false, Moment(9));
        assert_eq!(holds.said(HeldWhy::Rules, Topic::RefundRequests, &held(5)), Some(false), "the later word counts");
        assert_eq!(holds.said(HeldWhy::Limit, Topic::RefundRequests, &held(5)), None);
    }
}

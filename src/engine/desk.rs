//! What waits for a person before it may be sent, of the whole application: which requests are held and why, what people have said of them, and the
//! limits on refunds.
//!
//! ```text
//! an order's seal   holds a request             -> its state
//! commit            the held index learns of it  -> the desk is due: the next epoch says so in `exceptions`
//! a decision        [`Holds`] keeps it          -> the next epochs compute the orders that it is about, until none is left
//! ```
//!
//! So what is held is never read before it is committed, and what a person says holds for what was held when he said it.

use serde::{Deserialize, Serialize};

use crate::entities::Put;
use crate::entities::held::{HeldWhy, Holds};
use crate::entities::last_emitted::LastEmitted;
use crate::entities::rules::RefundLimits;
use crate::entities::small_map::SmallMap;
use crate::events::{Flow, Topic};
use crate::facts::order::Decision;
use crate::facts::{Amount, Change, Currency, Fact, Moment, OrderRow, Quantity, Row, Text, Version};
use crate::sources::decisions::desk;

/// So many epochs without a held request that a decision is about, and it has done its work: the newest ones may not be committed yet.
const EPOCHS_SETTLING: u8 = 3;

const HOUR_MS: i64 = 3_600_000;
const DAY_HOURS: i64 = 24;

/// What is committed of the desk, in the first shard's changelog.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DeskState {
    /// The newest decision of each kind and number.
    decided: SmallMap<Text, Version>,
    /// What people have said.
    pub holds: Holds,
    /// Refunds and captures of the last day, by hour and currency.
    hours: Vec<HourFlow>,
    /// Exceptions of the whole application that are open.
    pub last_emitted: LastEmitted,
    /// Since when.
    pub open: SmallMap<Text, Moment>,
    /// Counts its changes.
    pub revision: u64,
}

/// Money that moved in one hour, in one currency.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct HourFlow {
    hour: i64,
    currency: Currency,
    refunds: u32,
    asked: Amount,
    captured: Amount,
}

/// The desk, and how it stood before the epochs that are not committed.
#[derive(Debug, Default)]
pub struct Desk {
    /// As the open epoch sees it.
    pub state: DeskState,
    /// As it was before the open epoch.
    before: DeskState,
    /// As it was before the epoch that is being committed.
    before_promoted: Option<DeskState>,
    /// Topics that a decision of the open epoch makes live.
    pub going_live: Vec<Topic>,
    /// What is held has changed, or a limit was passed: the exceptions are to be said anew.
    due: bool,
    /// The open epoch says them.
    spoke: bool,
    /// Epochs that still look for what a decision is about.
    settling: u8,
}

impl Desk {
    /// A restored desk. It looks once for what decisions are about: the process may have ended before all of it was sent.
    pub fn restored(state: DeskState) -> Self {
        Self { before: state.clone(), state, due: true, settling: EPOCHS_SETTLING, ..Self::default() }
    }

    /// Opens an epoch.
    pub fn begin(&mut self) {
        self.before.clone_from(&self.state);
        self.going_live.clear();
        self.spoke = false;
    }

    /// The open epoch is dropped.
    pub fn drop_epoch(&mut self) {
        self.state.clone_from(&self.before);
        self.going_live.clear();
        self.due |= std::mem::take(&mut self.spoke);
    }

    /// The open epoch is sealed.
    pub fn promote(&mut self) {
        self.before_promoted = Some(std::mem::take(&mut self.before));
        self.before.clone_from(&self.state);
    }

    /// The promoted epoch is committed. `news`: what is held has changed.
    pub fn publish(&mut self, news: bool) {
        self.before_promoted = None;
        self.due |= news;
    }

    /// The promoted epoch is not committed.
    pub fn demote(&mut self) {
        if let Some(before) = self.before_promoted.take() {
            self.before.clone_from(&before);
            self.state = before;
        }
        (self.due, self.settling) = (true, EPOCHS_SETTLING);
    }

    /// It differs from what is written.
    pub fn changed(&self) -> bool {
        self.state != self.before
    }

    /// An epoch is to be opened for it, though no record comes.
    pub fn is_due(&self) -> bool {
        self.due || self.settling > 0
    }

    /// The exceptions are to be said anew in this epoch.
    pub fn speaks(&self) -> bool {
        self.due
    }

    /// They are said anew in this epoch.
    pub fn speak(&mut self) {
        self.spoke = std::mem::take(&mut self.due);
    }

    /// Are there orders to compute since a person has said something of what is held there?
    pub fn settles(&self) -> bool {
        self.settling > 0
    }

    /// Whether any were found in this epoch.
    pub fn settled(&mut self, found: bool) {
        self.settling = if found { EPOCHS_SETTLING } else { self.settling.saturating_sub(1) };
    }

    /// Takes in a decision about what is held, if it is newer than the one before.
    pub fn put(&mut self, fact: &Fact, tick: Moment) -> Put {
        let Change::Upsert(Row::Order(OrderRow::Decision(decision))) = &fact.change else { return Put::Stale };
        if self.state.decided.get(&fact.key.id).is_some_and(|before| *before >= fact.version) {
            return Put::Stale;
        }
        self.state.decided.insert(fact.key.id.clone(), fact.version);
        self.decide(decision, tick);
        (self.due, self.settling) = (true, EPOCHS_SETTLING);
        Put::Changed
    }

    fn decide(&mut self, decision: &Decision, tick: Moment) {
        let topics = || {
            Topic::ALL.into_iter().filter(|topic| !topic.is_statement() && (decision.number.is_empty() || topic.name() == decision.number))
        };
        let accept = decision.choice == desk::ACCEPT || decision.choice == desk::ADOPT;
        match decision.kind.as_str() {
            desk::SUSPENDED => topics().for_each(|topic| self.state.holds.settle(HeldWhy::Rules, topic, accept, tick)),
            desk::IN_FLIGHT => topics().for_each(|topic| self.state.holds.settle(HeldWhy::BeforeLive, topic, accept, tick)),
            desk::LIMIT => {
                self.state.holds.refunds_held = None;
                self.state.holds.settle(HeldWhy::Limit, Topic::RefundRequests, true, tick);
                // What is let go was looked at: the count begins anew.
                self.state.hours.iter_mut().for_each(|hour| (hour.refunds, hour.asked) = (0, Amount::ZERO));
            }
            desk::GO_LIVE => self.going_live.extend(topics()),
            _ => {}
        }
    }

    /// The state's time is set back. Refunds of hours that have not come yet count as those of the hour before: for the day's limit, and not at once.
    pub fn set_time_back(&mut self, to: Moment) {
        self.state.holds.set_time_back(to);
        self.state.open.values_mut().for_each(|since| *since = (*since).min(to));
        let last = to.0.div_euclid(HOUR_MS) - 1;
        for flow in std::mem::take(&mut self.state.hours) {
            let kept = slot(&mut self.state.hours, if flow.hour > last + 1 { last } else { flow.hour }, flow.currency);
            kept.refunds += flow.refunds;
            kept.asked += flow.asked;
            kept.captured += flow.captured;
        }
        self.due = true;
    }

    /// Adds the money that moved in the open epoch. Gives `true` where its refunds pass a limit: then they are not counted, and the caller holds them.
    pub fn add(&mut self, limits: Option<RefundLimits>, flows: &[Flow], tick: Moment) -> bool {
        let Some(limits) = limits else { return false };
        if flows.is_empty() {
            return false;
        }
        let hour = tick.0.div_euclid(HOUR_MS);
        self.state.hours.retain(|flow| hour - flow.hour < DAY_HOURS);
        let mut with_refunds = self.state.hours.clone();
        for flow in flows {
            let Some(currency) = flow.currency else { continue };
            let without = slot(&mut self.state.hours, hour, currency);
            without.captured += flow.captured;
            let with = slot(&mut with_refunds, hour, currency);
            with.captured += flow.captured;
            with.refunds += flow.refunds;
            with.asked += flow.asked;
        }
        let refunds = flows.iter().any(|flow| flow.refunds > 0);
        let passed = if refunds && self.state.holds.refunds_held.is_none() { passed(&with_refunds, limits, hour) } else { None };
        match passed {
            Some(sentence) => {
                self.state.holds.refunds_held = Some((tick, sentence.as_str().into()));
                self.due = true;
                true
            }
            None => {
                self.state.hours = with_refunds;
                false
            }
        }
    }
}

fn slot(hours: &mut Vec<HourFlow>, hour: i64, currency: Currency) -> &mut HourFlow {
    let place = hours.iter().position(|flow| flow.hour == hour && flow.currency == currency).unwrap_or_else(|| {
        hours.push(HourFlow { hour, currency, refunds: 0, asked: Amount::ZERO, captured: Amount::ZERO });
        hours.len() - 1
    });
    &mut hours[place]
}

/// Which limit the refunds pass, in a sentence.
fn passed(hours: &[HourFlow], limits: RefundLimits, hour: i64) -> Option<String> {
    let of_hour = || hours.iter().filter(|flow| flow.hour == hour);
    let number: u32 = of_hour().map(|flow| flow.refunds).sum();
    if limits.per_hour > 0 && number > limits.per_hour {
        return Some(format!("{number} refunds in one hour; the limit is {} (refunds.limit_per_hour)", limits.per_hour));
    }
    let scaled = |units: u32, currency: Currency| Amount::from_int(i64::from(units) * if currency.minor_digits() == 0 { 100 } else { 1 });
    for flow in of_hour() {
        let limit = scaled(limits.sum_per_hour, flow.currency);
        if limits.sum_per_hour > 0 && flow.asked > limit {
            let (asked, limit) = (flow.asked.display(flow.currency), limit.display(flow.currency));
            return Some(format!("{asked} {} of refunds in one hour; the limit is {limit} (refunds.limit_sum_per_hour)", flow.currency));
        }
    }
    if limits.share_of_day == 0 {
        return None;
    }
    for currency in of_hour().filter(|flow| flow.refunds > 0).map(|flow| flow.currency) {
        let of_day = || hours.iter().filter(|flow| flow.currency == currency);
        let (asked, captured): (Amount, Amount) = (of_day().map(|flow| flow.asked).sum(), of_day().map(|flow| flow.captured).sum());
        let floor = scaled((limits.sum_per_hour / 20).max(1), currency);
        let hundredfold = asked.times(Quantity::from_int(100));
        if asked > floor && hundredfold > captured.times(Quantity::from_int(i64::from(limits.share_of_day))) {
            let (asked, captured) = (asked.display(currency), captured.display(currency));
            return Some(format!(
                "{asked} {currency} of refunds in a day in which {captured} were captured; the limit is {} % (refunds.limit_share_of_day)",
                limits.share_of_day
            ));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow(currency: &str, captured: i64, refunds: u32, asked: i64) -> Flow {
        let (captured, asked) = (Amount::from_int(captured), Amount::from_int(asked));
        Flow { captured, refunds, asked, currency: Currency::new(currency), before: None }
    }

    const HOUR: Moment = Moment(HOUR_MS);

    fn after(limits: RefundLimits, flows: &[(Moment, Flow)]) -> Option<String> {
        let mut desk = Desk::default();
        for (tick, flow) in flows {
            if desk.add(Some(limits), std::slice::from_ref(flow), *tick) {
                return desk.state.holds.refunds_held.clone().map(|(_, sentence)| sentence.to_string());
            }
        }
        None
    }

    const OFF: RefundLimits = RefundLimits { per_hour: 0, sum_per_hour: 0, share_of_day: 0 };

    #[test]
    fn a_limit_holds_the_refund_that_passes_it_and_a_later_hour_begins_anew() {
        let number = RefundLimits { per_hour: 2, ..OFF };
        let one = || flow("GBP", 0, 1, 5);
        assert_eq!(after(number, &[(HOUR, one()), (HOUR, one())]), None);
        let held = after(number, &[(HOUR, one()), (HOUR, one()), (HOUR, one())]).expect("held");
        assert!(held.starts_with("3 refunds in one hour; the limit is 2"), "{held}");
        assert_eq!(after(number, &[(HOUR, one()), (HOUR, one()), (HOUR + crate::facts::time::Span::hours(1), one())]), None);

        let sum = RefundLimits { sum_per_hour: 100, ..OFF };
        assert_eq!(after(sum, &[(HOUR, flow("GBP", 0, 1, 100)), (HOUR, flow("EUR", 0, 1, 100))]), None, "each currency for itself");
        assert!(after(sum, &[(HOUR, flow("GBP", 0, 1, 101))]).expect("held").starts_with("101.00 GBP"));
        assert_eq!(after(sum, &[(HOUR, flow("JPY", 0, 1, 10_000))]), None, "a hundred of them count as one");
        assert!(after(sum, &[(HOUR, flow("JPY", 0, 1, 10_001))]).is_some());
        assert!(after(sum, &[(HOUR, flow("KWD", 0, 1, 101))]).expect("held").starts_with("101.000 KWD"));
        assert_eq!(after(OFF, &[(HOUR, flow("GBP", 0, 10_000, 10_000_000))]), None);
    }

    #[test]
    fn a_days_refunds_are_measured_by_what_is_captured_in_it() {
        let share = RefundLimits { sum_per_hour: 200, share_of_day: 50, per_hour: 0 };
        let day_later = HOUR + crate::facts::time::Span::hours(24);
        assert_eq!(after(share, &[(HOUR, flow("GBP", 0, 1, 10))]), None, "the first of a quiet day");
        assert_eq!(after(share, &[(HOUR, flow("GBP", 200, 1, 100))]), None);
        assert!(after(share, &[(HOUR, flow("GBP", 200, 1, 101))]).expect("held").contains("50 %"));
        assert!(after(share, &[(HOUR, flow("EUR", 500, 0, 0)), (HOUR, flow("GBP", 0, 1, 20))]).is_some(), "of the same currency");
        assert!(after(share, &[(HOUR, flow("GBP", 500, 0, 0)), (day_later, flow("GBP", 0, 1, 20))]).is_some(), "of the same day");
    }

    #[test]
    fn what_passes_a_limit_is_not_counted_and_a_release_begins_anew() {
        let limits = RefundLimits { per_hour: 1, ..OFF };
        let mut desk = Desk::default();
        assert!(!desk.add(Some(limits), &[flow("GBP", 0, 1, 5)], HOUR) && desk.add(Some(limits), &[flow("GBP", 0, 1, 5)], HOUR));
        assert_eq!(desk.state.hours[0].refunds, 1);
        let release = Decision { kind: desk::LIMIT.into(), choice: "release".into(), ..Decision::default() };
        desk.decide(&release, HOUR);
        assert!(desk.state.holds.refunds_held.is_none() && desk.state.hours[0].refunds == 0);
        assert_eq!(desk.state.holds.said_of(HeldWhy::Limit, Topic::RefundRequests, HOUR), Some(true));
    }
}

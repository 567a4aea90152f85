//! What came in is out, waits for something that has a name, or is asked of a person: counts that must add up, by shop, currency and step.
//!
//! | step | in | out |
//! | --- | --- | --- |
//! | `complete` | ordered pieces, and their order's total | all rows of the order are there |
//! | `recorded` | the same | the ERP has, or has had, its record; or nothing is wanted of it any more |
//! | `sent` | the pieces, and their value | despatched, or cancelled and stopped |
//! | `refunded` | pieces that are back or stopped, and what is due | what is paid back, at most what is due |
//! | `posted` | totals of the pairs that Waybill keeps, without pieces | what is posted |
//!
//! The rest of an order is *off* where a request of the step is due, its gate is open, and it was not made: a fault of Waybill, so it must be 0. Else it
//! is with *exceptions* where the order has one open, else it *waits*: for a row that a shut condition names, or for the answer to what was requested.
//! Records that could not be read are in none of them: `waybill_records_total` counts them by source (`decode-error`). Test orders are not counted.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::order::make_requests;
use super::outlet::{Outlet, SealContext};
use super::refund_requests;
use crate::entities::order::books::{self, Book};
use crate::entities::order::figures::LineView;
use crate::entities::order::{OrderState, OrderView};
use crate::entities::rules::{Role, Rules};
use crate::entities::topics::Topic;
use crate::facts::order::Origin;
use crate::facts::{Amount, Moment, Quantity, Text};

/// Pieces and money.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PiecesAndMoney {
    /// Base units.
    pub pieces: Quantity,
    /// In the currency of its key.
    pub money: Amount,
}

impl PiecesAndMoney {
    fn add(&mut self, other: Self) {
        self.pieces += other.pieces;
        self.money += other.money;
    }

    fn less(self, other: Self) -> Self {
        Self { pieces: self.pieces - other.pieces, money: self.money - other.money }
    }

    fn is_zero(self) -> bool {
        self.pieces.is_zero() && self.money.is_zero()
    }
}

/// One step of a shop's orders in one currency: `came_in` = `out` + `waiting` + `exceptions` + `off`, and `off` is 0.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StepCount {
    /// Orders that take part.
    pub orders: u64,
    /// All of them.
    pub came_in: PiecesAndMoney,
    /// Through this step.
    pub out: PiecesAndMoney,
    /// Of orders that wait for a row, or for an answer.
    pub waiting: PiecesAndMoney,
    /// Of orders that a person is asked about.
    pub exceptions: PiecesAndMoney,
    /// Of orders of which something should have been requested: a fault of Waybill.
    pub off: PiecesAndMoney,
    /// When the oldest order was placed that waits. `None`: none does, or the step begins later than the order (`refunded`, `posted`).
    #[serde(skip)]
    pub waiting_since: Option<Moment>,
}

/// The counts of all orders, by shop, currency and step.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Each step.
    #[serde(serialize_with = "in_words")]
    pub steps: BTreeMap<(Text, Text, &'static str), StepCount>,
    /// Orders of which a request of this topic is due and was not made: 0, or a fault of Waybill.
    pub unsent: BTreeMap<Topic, Unsent>,
}

/// Orders of which a request is due and was not made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Unsent {
    /// How many.
    pub orders: u64,
    /// The first of them, by key.
    pub first: Vec<Text>,
}

/// So many orders are named.
const FIRST_MAX: usize = 20;

fn in_words<S: serde::Serializer>(steps: &BTreeMap<(Text, Text, &'static str), StepCount>, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Line<'a> {
        shop: &'a str,
        currency: &'a str,
        step: &'a str,
        #[serde(flatten)]
        count: &'a StepCount,
    }
    serializer.collect_seq(steps.iter().map(|((shop, currency, step), count)| Line { shop, currency, step, count }))
}

impl StepCount {
    /// What came in is out, waits, or is asked of a person; nothing is off.
    pub fn adds_up(&self) -> bool {
        let mut told = self.out;
        told.add(self.waiting);
        told.add(self.exceptions);
        told == self.came_in && self.off.is_zero()
    }
}

impl Counts {
    /// Adds an order. `live`: the request topics that are live.
    pub fn add(&mut self, view: &OrderView<'_>, state: &OrderState, rules: &Rules, tick: Moment, live: &[Topic]) {
        if view.placed.header.is_some_and(|header| header.test) {
            return;
        }
        let unsent = unsent(view, state, rules, tick, live);
        for topic in &unsent {
            let there = self.unsent.entry(*topic).or_default();
            there.orders += 1;
            if there.first.len() < FIRST_MAX {
                there.first.push(view.key.0.clone());
            }
        }
        let shop = view.placed.shop.map_or_else(|| view.key.0.split('|').next().unwrap_or_default(), |shop| rules.name_of(shop));
        let asked = !state.exceptions.is_empty();
        let placed_at = view.placed.header.map(|header| header.placed_at);
        let mut count = |currency: Text, step: &'static str, topic: Option<Topic>, came_in: PiecesAndMoney, out: PiecesAndMoney| {
            if came_in.is_zero() && out.is_zero() {
                return;
            }
            let counted = self.steps.entry((shop.into(), currency, step)).or_default();
            counted.orders += 1;
            counted.came_in.add(came_in);
            counted.out.add(out);
            let is_off = topic.is_some_and(|topic| unsent.contains(&topic));
            let place = match is_off {
                true => &mut counted.off,
                false if asked => &mut counted.exceptions,
                false => &mut counted.waiting,
            };
            let rest = came_in.less(out);
            place.add(rest);
            let waits = !rest.is_zero() && !is_off && !asked && !matches!(step, "refunded" | "posted");
            if let Some(placed_at) = placed_at.filter(|_| waits) {
                counted.waiting_since = Some(counted.waiting_since.map_or(placed_at, |oldest| oldest.min(placed_at)));
            }
        };
        let currency: Text = view.money.currency.as_str().into();
        let placed = placed(view);
        let through = |step: bool| if step { placed } else { PiecesAndMoney::default() };
        count(currency.clone(), "complete", None, placed, through(view.gates.complete.holds));
        let Some(header) = view.placed.header else { return };
        if rules.has(Role::Erp) && header.origin != Origin::Erp {
            let over = goods(view).all(|line| line.sent.wanted.is_zero());
            count(currency.clone(), "recorded", Some(Topic::SalesOrders), placed, through(view.gates.recorded.holds || over));
        }
        let (came_in, out) = sent(view);
        count(currency.clone(), "sent", Some(Topic::FulfilmentRequests), came_in, out);
        if refund_requests::has_receiver(view, rules) {
            let (came_in, out) = refunded(view);
            count(currency, "refunded", Some(Topic::RefundRequests), came_in, out);
        }
        if rules.has(Role::Finance) {
            for book in books::books(view, rules) {
                let (came_in, out) = posted(&book, state, rules);
                count(book.currency.as_str().into(), "posted", Some(Topic::JournalEntries), came_in, out);
            }
        }
    }
}

/// The topics of which a request is due that was not made. What is held is not due.
fn unsent(view: &OrderView<'_>, state: &OrderState, rules: &Rules, tick: Moment, live: &[Topic]) -> BTreeSet<Topic> {
    let is_live = |topic: Topic| live.contains(&topic);
    let mut outlet = Outlet::new(SealContext { rules, tick, generation: 0, live: &is_live }, 0, Vec::new());
    outlet.held = state.held.clone();
    make_requests(view, &mut state.ledgers.clone(), &mut outlet);
    let held = |topic: Topic| state.held.keys().any(|(_, of, _)| *of == topic);
    outlet.emissions.iter().map(|emission| emission.topic).filter(|topic| !held(*topic)).collect()
}

/// Lines that pieces are counted by: a bundle is its parts.
fn goods<'v, 'a>(view: &'v OrderView<'a>) -> impl Iterator<Item = &'v LineView<'a>> {
    view.lines.iter().filter(|line| !line.is_bundle)
}

fn placed(view: &OrderView<'_>) -> PiecesAndMoney {
    let money = view.placed.header.map_or(Amount::ZERO, |header| header.total);
    PiecesAndMoney { pieces: goods(view).map(|line| line.ordered).sum(), money }
}

fn sent(view: &OrderView<'_>) -> (PiecesAndMoney, PiecesAndMoney) {
    let (mut came_in, mut out) = (PiecesAndMoney::default(), PiecesAndMoney::default());
    for line in goods(view) {
        let through = (line.sent.despatched + line.kept.stopped).min(line.ordered);
        came_in.add(PiecesAndMoney { pieces: line.ordered, money: line.value_of(line.ordered) });
        out.add(PiecesAndMoney { pieces: through, money: line.value_of(through) });
    }
    (came_in, out)
}

fn refunded(view: &OrderView<'_>) -> (PiecesAndMoney, PiecesAndMoney) {
    let money = view.money.paid_back.min(view.money.due);
    let pieces: Quantity = goods(view).map(|line| line.back.returned + line.kept.stopped).sum();
    // Nobody had paid for pieces of which nothing is due.
    let through = if money == view.money.due { pieces } else { goods(view).map(|line| line.refunded).sum::<Quantity>().min(pieces) };
    (PiecesAndMoney { pieces, money: view.money.due }, PiecesAndMoney { pieces: through, money })
}

fn posted(book: &Book, state: &OrderState, rules: &Rules) -> (PiecesAndMoney, PiecesAndMoney) {
    let kept = |pair| rules.books_kept.contains(&pair);
    let due = book.totals.iter().filter(|(accounts, _)| kept(accounts.pair)).map(|(_, parts)| Book::total(parts)).sum();
    let ledger = state.ledgers.journal.get(book.currency.as_str());
    let totals = ledger.into_iter().flat_map(|ledger| ledger.totals.iter());
    let posted =
        totals.filter(|(accounts, _)| accounts.pair.is_cost() == book.of_cost && kept(accounts.pair)).map(|(_, total)| *total).sum();
    let money = |money| PiecesAndMoney { pieces: Quantity::ZERO, money };
    (money(due), money(posted))
}

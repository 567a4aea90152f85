//! The view of an order: every derived quantity of rows.md, computed from the rows, the rules and the tick.
//!
//! The view borrows from the rows. The seal computes it, makes all events of the order from it, and drops it; queries compute it again from the
//! published rows. Ledgers are read in two places only: [`super::kept`] asks whether a go-ahead was ever made for a piece, and
//! [`super::findings`] ask what was requested, and when, to find requests that nobody answered.

use std::ops::Deref;

use super::clock::Clock;
use super::decisions::Decisions;
use super::figures::{self, OrderFigures};
use super::findings::{self, Finding};
use super::input::Input;
use super::made::Made;
use super::standing::{self, OrderStanding};
use super::times::OrderTimes;
use super::touched::Touched;
use super::{back, cancelled, erp, forgotten, gates, kept, money, paid, placed, returning, sent, supplied};
use crate::entities::Rows;
use crate::entities::rules::Rules;
use crate::entities::topics::Ledgers;
use crate::facts::{Moment, OrderKey, OrderRow};

/// An order's view. It can be read and not changed.
pub type OrderView<'a> = Made<WholeOrder<'a>>;

/// An order's figures, findings and standing.
#[derive(Clone, Debug)]
pub struct WholeOrder<'a> {
    figures: OrderFigures<'a>,
    /// What a person has to look at. Events turn findings into exceptions.
    pub findings: Made<Vec<Finding>>,
    /// Stage, return stage, payment word and flags.
    pub standing: Made<OrderStanding>,
    /// When the view changes next although no row does, because time passes; `None`: never.
    pub next_change: Option<Moment>,
}

impl<'a> Deref for WholeOrder<'a> {
    type Target = OrderFigures<'a>;

    fn deref(&self) -> &OrderFigures<'a> {
        &self.figures
    }
}

/// Computes the view of an order at `tick`. A pure function: the same rows give the same view, in whatever order they came.
///
/// `since`: when the first row of the order was stored.
pub fn view<'a>(
    key: &'a OrderKey,
    rows: &'a Rows<OrderRow>,
    ledgers: &Ledgers,
    since: Moment,
    rules: &'a Rules,
    tick: Moment,
) -> OrderView<'a> {
    let input = Input { rows, rules, clock: Clock::new(tick) };
    let decisions = Decisions::read(rows);
    let placed = Made::new(placed::stage(&input, &decisions, since));
    let paid = Made::new(paid::stage(&input, &placed));
    let erp = Made::new(erp::stage(&input, &decisions, &placed));
    let cancelled = Made::new(cancelled::stage(&input, &placed));
    let supplied = Made::new(supplied::stage(&input, &placed, &paid, &erp, &cancelled));
    let returning = Made::new(returning::stage(&input, &decisions, &placed, &erp));
    let sent = Made::new(sent::stage(&input, &decisions, &placed, &paid, &erp, &cancelled, &supplied, &returning));
    let back = Made::new(back::stage(&input, &decisions, &placed, &returning, &sent));
    let kept = Made::new(kept::stage(&input, &decisions, ledgers, &placed, &paid, &erp, &sent, &back));
    let money = Made::new(money::stage(&input, &decisions, &placed, &paid, &cancelled, &returning, &sent, &back, &kept));
    let gates = Made::new(gates::stage(&input, &placed, &paid, &erp, &money));
    let forgotten = Made::new(forgotten::stage(&input, &placed, &erp, &sent));
    let lines = Made::new(figures::lines(&placed, &erp, &sent, &back, &kept, &money));
    let figures = OrderFigures {
        key,
        placed,
        paid,
        erp,
        returning,
        sent,
        back,
        money,
        gates,
        lines,
        forgotten,
        times: OrderTimes::of(rows),
        touched: Touched::new(rows),
    };
    let findings = Made::new(findings::stage(&input, ledgers, &decisions, &cancelled, &figures));
    let standing = Made::new(standing::stage(&input, &figures, &findings));
    Made::new(WholeOrder { figures, findings, standing, next_change: input.clock.next_change() })
}

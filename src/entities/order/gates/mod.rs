//! Stage *gates* (gates.md, rows.md): the conditions of requests, each with what it waits for while it does not hold. If no source plays the role
//! that could fulfil a condition, the condition holds.

mod gate;
mod replacement;

pub use gate::Gate;

use super::erp::Erp;
use super::input::Input;
use super::money::Money;
use super::paid::{self, Paid};
use super::placed::Placed;
use crate::entities::Rows;
use crate::entities::rules::Role;
use crate::facts::order::Hold;
use crate::facts::{Cause, OrderRow, SourceId};

/// The conditions of an order.
#[derive(Clone, Debug)]
pub struct OrderGates<'a> {
    /// Holds in force, of any source.
    pub holds: Vec<HoldView<'a>>,
    /// All lines, the address and the payment are there.
    pub complete: Gate,
    /// What is owed is captured or authorised, or is paid later.
    pub secured: Gate,
    /// The ERP has a record of the order.
    pub recorded: Gate,
    /// The ERP has approved it.
    pub approved: Gate,
    /// No hold is in force.
    pub not_held: Gate,
    /// The ship-to address is there, or none is needed.
    pub ship_to: Gate,
    /// No other order replaces this one.
    pub not_replaced: Gate,
    /// The order that this one replaces is cancelled.
    pub in_place: Gate,
    /// It is not a test order.
    pub not_test: Gate,
    /// On account, or cash on delivery: goods leave before they are paid.
    pub pays_later: bool,
}

/// A hold: a system stops the order.
#[derive(Clone, Debug)]
pub struct HoldView<'a> {
    /// The system that holds it.
    pub source: SourceId,
    /// The reason, as reported.
    pub reason: &'a str,
    /// The record of the hold.
    pub cause: Cause,
}

impl OrderGates<'_> {
    /// All conditions, in the order in which people read them.
    pub fn all(&self) -> [&Gate; 9] {
        let Self { complete, secured, recorded, approved, not_held, ship_to, not_replaced, in_place, not_test, holds: _, pays_later: _ } =
            self;
        [complete, secured, recorded, approved, not_held, ship_to, not_replaced, in_place, not_test]
    }
}

/// Decides of each condition whether it holds.
pub(super) fn stage<'a>(input: &Input<'a>, placed: &Placed<'a>, paid: &Paid<'a>, erp: &Erp<'a>, money: &Money<'a>) -> OrderGates<'a> {
    let Input { rows, rules, clock } = input;
    let header = placed.header;
    let since = header.map(|header| header.placed_at);
    let shop = || placed.shop.map_or_else(|| rules.bringer(Role::Shop), |shop| rules.name_of(shop).to_owned());
    let erp_name = || rules.bringer(Role::Erp);

    let address = placed.has_address();
    let ship_to = Gate::new("ship-to", address, since, || ("the ship-to address".to_owned(), shop()));
    let complete = Gate::new("complete", paid::complete(placed, paid), since, || {
        let mut waits: Vec<&str> = Vec::new();
        if !placed.whole.holds {
            waits.push(&placed.whole.waits_for);
        }
        if !address {
            waits.push("the ship-to address");
        }
        if !paid.known {
            waits.push("the payment");
        }
        (waits.join(", "), shop())
    });
    let covered = money.captured + money.authorised_open - money.refunded;
    let secured = Gate::new("secured", header.is_some() && (paid.pays_later || covered >= money.owed), since, || {
        let owed = (money.owed - covered).display(money.currency);
        (format!("payment of {owed} {} more", money.currency), shop())
    });
    let by_itself = !rules.has(Role::Erp) && complete.holds && secured.holds;
    let recorded = Gate::new("recorded", erp.recorded || by_itself, since, || ("the ERP's record of the order".to_owned(), erp_name()));
    let approved = Gate::new("approved", erp.approved || by_itself, since, || ("the ERP's approval of its record".to_owned(), erp_name()));
    let holds = holds(rows);
    let not_held = Gate::new("not-held", holds.is_empty(), since, || {
        let reasons: Vec<&str> = holds.iter().map(|hold| hold.reason).collect();
        let by = holds.first().map(|hold| rules.name_of(hold.source).to_owned());
        (format!("the end of the hold ({})", reasons.join(", ")), by.unwrap_or_default())
    });
    let replacement = replacement::read(rows, placed, rules, clock);
    let not_replaced =
        Gate::new("not-replaced", replacement.not_replaced, since, || ("nothing: another order replaces it".to_owned(), shop()));
    let in_place =
        Gate::new("in-place", replacement.in_place, since, || ("the cancellation of the order that it replaces".to_owned(), shop()));
    let test = header.is_some_and(|header| header.test);
    let not_test = Gate::new("not-a-test", !test, since, || ("nothing: a test order is never requested".to_owned(), shop()));
    let pays_later = paid.pays_later;
    OrderGates { holds, complete, secured, recorded, approved, not_held, ship_to, not_replaced, in_place, not_test, pays_later }
}

/// Holds in force, of any source. Deleting the row does not end a hold; only a row that is not active does.
fn holds(rows: &Rows<OrderRow>) -> Vec<HoldView<'_>> {
    let active = rows.all::<Hold>().filter(|each| each.row.active);
    active.map(|each| HoldView { source: each.key.source, reason: &each.row.reason, cause: each.stored.cause }).collect()
}

//! The conditions that gates ask for (gates.md, rows.md). Where no source plays the role that could fulfil one, it counts as fulfilled.

use super::authority::tells_of_payments;
use super::findings::Clock;
use super::lines::{Lines, Placed};
use super::money::Totals;
use super::view::{Conditions, ErpView, Gate, HoldView, LineView, Money};
use crate::entities::Rows;
use crate::entities::rules::{Role, Rules};
use crate::facts::order::{Header, LineKind, Needs, ShopState, Tender, Terms, Word};
use crate::facts::{Moment, OrderKey, OrderRow};

impl Gate {
    /// A condition that holds, or waits for what `waits_for` says. The words are made only while it is shut.
    pub fn new(name: &'static str, holds: bool, since: Option<Moment>, words: impl FnOnce() -> (String, String)) -> Self {
        if holds {
            return Self { name, holds, waits_for: String::new(), brings: String::new(), since: None };
        }
        let (waits_for, brings) = words();
        Self { name, holds, waits_for, brings, since }
    }
}

/// What the conditions are made from.
pub(super) struct Grounds<'a, 's> {
    pub rows: &'a Rows<OrderRow>,
    pub rules: &'a Rules,
    pub placed: &'s Placed<'a>,
    pub read: &'s Whole,
    pub money: &'s Money,
    pub erp: &'s ErpView<'a>,
    pub holds: &'s [HoldView<'a>],
    pub ship_to: bool,
    pub replacement: Replacement,
}

/// How the order stands to the one that it replaces, or that replaces it.
///
/// A shop that edits an order makes a new one, links the two, then cancels the old; some shops link a mere repetition alike and cancel nothing.
/// So both wait for the cancellation, and are orders of their own when it has not come after a while.
pub(super) struct Replacement {
    pub not_replaced: bool,
    pub in_place: bool,
}

impl Replacement {
    pub fn read(rows: &Rows<OrderRow>, placed: &Placed<'_>, rules: &Rules, clock: &mut Clock) -> Self {
        let Some(header) = placed.header else { return Self { not_replaced: true, in_place: true } };
        let wait = rules.durations.replacement;
        let cancelled = header.state == Word::Known(ShopState::Cancelled);
        let not_replaced = header.replaced_by.is_none() || (!cancelled && placed.at.is_some_and(|at| clock.passed(at, wait)));
        let gone = |old: &OrderKey| {
            rows.of_kind(OrderRow::PREDECESSOR).any(|(_, stored)| match &stored.row {
                Some(OrderRow::Predecessor(row)) => !stored.deleted && row.cancelled && row.order == *old,
                _ => false,
            })
        };
        let in_place = header.replaces.as_ref().is_none_or(gone) || clock.passed(header.placed_at, wait);
        Self { not_replaced, in_place }
    }
}

/// Are the lines all there? If not, what is missing.
pub(super) struct Whole {
    pub holds: bool,
    pub waits_for: String,
    /// By the header's number of lines or pieces, by one record or by quiet time the set is whole, whatever the sums say.
    pub proven: bool,
}

/// The lines are whole: header and lines in one record; or lines + charges = total; or the header's count agrees and the source is trusted
/// with that; or nothing came for the source's quiet time. A sale whose goods are missing, or a count that says more, keeps it shut: a free
/// line would not show in the sum.
pub(super) fn whole(placed: &Placed<'_>, read: &Lines<'_>, totals: &Totals, rules: &Rules, clock: &mut Clock) -> Whole {
    let Some(header) = placed.header else {
        return Whole { holds: false, waits_for: "the order's header".to_owned(), proven: false };
    };
    let source = placed.shop.and_then(|shop| rules.source(shop));
    let (there, pieces) = (read.sales, read.sale_pieces);
    let too_few = header.lines_expected.is_some_and(|expected| there < expected as usize)
        || header.quantity_expected.is_some_and(|expected| pieces < expected);
    let without_goods = read.lines.iter().filter(|line| !line.has_goods()).count() + read.missing_parts;
    let counted = !too_few && (header.lines_expected.is_some() || header.quantity_expected.is_some());
    let quiet = match (source.and_then(|source| source.quiet), read.newest) {
        (Some(span), Some(newest)) => there > 0 && clock.passed(newest, span),
        _ => false,
    };
    let proven = header.whole || counted || quiet;
    let trusted = source.is_some_and(|source| source.trust_header_count);
    let parts = without_goods == 0 && read.orphan_leaves == 0 && there > 0;
    let holds = parts && !too_few && (header.whole || totals.agree || (counted && trusted) || quiet);
    let waits_for = if holds { String::new() } else { missing(header, read, totals, too_few, without_goods) };
    Whole { holds, waits_for, proven: proven && parts }
}

fn missing(header: &Header, read: &Lines<'_>, totals: &Totals, too_few: bool, without_goods: usize) -> String {
    let there = read.sales;
    match header.lines_expected {
        Some(expected) if there < expected as usize => format!("{there} of {expected} lines"),
        _ if there == 0 => "its lines".to_owned(),
        _ if without_goods > 0 => format!("the goods of {without_goods} lines"),
        _ if read.orphan_leaves > 0 => format!("the sale of {} goods lines", read.orphan_leaves),
        _ if too_few => "further pieces".to_owned(),
        _ => format!(
            "lines and charges worth {} (there are {})",
            header.total.display(header.currency),
            totals.value.display(header.currency)
        ),
    }
}

pub(super) fn conditions(grounds: &Grounds<'_, '_>) -> Conditions {
    let placed = grounds.placed;
    let header = placed.header;
    let since = header.map(|header| header.placed_at);
    let shop = || placed.shop.map_or_else(|| role_name(grounds.rules, Role::Shop), |shop| grounds.rules.name_of(shop).to_owned());
    let erp = || role_name(grounds.rules, Role::Erp);

    let address = header.is_none_or(|header| !header.ships) || grounds.ship_to;
    let ship_to = Gate::new("ship-to", address, since, || ("the ship-to address".to_owned(), shop()));
    let paid_for = payment_known(grounds);
    let complete = Gate::new("complete", grounds.read.holds && address && paid_for, since, || {
        let mut waits: Vec<&str> = Vec::new();
        if !grounds.read.holds {
            waits.push(&grounds.read.waits_for);
        }
        if !address {
            waits.push("the ship-to address");
        }
        if !paid_for {
            waits.push("the payment");
        }
        (waits.join(", "), shop())
    });
    let money = grounds.money;
    let pays_later = header.is_some_and(|header| header.terms != Terms::Prepaid) || tender_pays_later(grounds);
    let covered = money.captured + money.authorised_open - money.refunded;
    let secured = Gate::new("secured", header.is_some() && (pays_later || covered >= money.owed), since, || {
        let owed = (money.owed - covered).display(money.currency);
        (format!("payment of {owed} {} more", money.currency), shop())
    });
    let has_erp = grounds.rules.has(Role::Erp);
    let by_itself = !has_erp && complete.holds && secured.holds;
    let recorded = Gate::new("recorded", grounds.erp.recorded || by_itself, since, || ("the ERP's record of the order".to_owned(), erp()));
    let approved =
        Gate::new("approved", grounds.erp.approved || by_itself, since, || ("the ERP's approval of its record".to_owned(), erp()));
    let not_held = Gate::new("not-held", grounds.holds.is_empty(), since, || {
        let reasons: Vec<&str> = grounds.holds.iter().map(|hold| hold.reason).collect();
        let by = grounds.holds.first().map(|hold| grounds.rules.name_of(hold.source).to_owned());
        (format!("the end of the hold ({})", reasons.join(", ")), by.unwrap_or_default())
    });
    let not_replaced =
        Gate::new("not-replaced", grounds.replacement.not_replaced, since, || ("nothing: another order took its place".to_owned(), shop()));
    let in_place = Gate::new("in-place", grounds.replacement.in_place, since, || {
        ("the cancellation of the order that it replaces".to_owned(), shop())
    });
    let test = header.is_some_and(|header| header.test);
    let not_test = Gate::new("not-a-test", !test, since, || ("nothing: a test order is never requested".to_owned(), shop()));
    Conditions { complete, secured, recorded, approved, not_held, ship_to, not_replaced, in_place, not_test, pays_later }
}

/// A shop that names no terms in its header tells by the payment's tender that the order is on account, or paid at the door.
fn tender_pays_later(grounds: &Grounds<'_, '_>) -> bool {
    grounds.rows.of_kind(OrderRow::PAYMENT).any(|(key, stored)| {
        let later = matches!(&stored.row, Some(OrderRow::Payment(payment))
            if !payment.failed && matches!(payment.tender, Tender::OnAccount | Tender::CashOnDelivery));
        later && !stored.deleted && tells_of_payments(grounds.rules, key.source, grounds.placed.shop)
    })
}

/// A payment row, or terms that need none, or nothing to pay.
fn payment_known(grounds: &Grounds<'_, '_>) -> bool {
    let Some(header) = grounds.placed.header else { return false };
    header.terms != Terms::Prepaid
        || header.total.is_zero()
        || grounds
            .rows
            .of_kind(OrderRow::PAYMENT)
            .any(|(key, stored)| !stored.deleted && tells_of_payments(grounds.rules, key.source, grounds.placed.shop))
}

/// The first source that plays the role.
pub(super) fn role_name(rules: &Rules, role: Role) -> String {
    rules.sources.iter().find(|source| source.roles.contains(&role)).map(|source| source.name.to_string()).unwrap_or_default()
}

/// What needs no warehouse (digital goods, services, tips) left when the shop says so, whatever is cancelled; what the supplier sends, when ERP
/// or shop say so.
pub(super) fn told_without_goods(lines: &mut [LineView<'_>]) {
    for line in lines.iter_mut().filter(|line| !line.ships && !line.set) {
        let told = match needs_nobody(line) {
            true => line.shop_shipped,
            false if line.by_supplier() => line.erp_shipped.max(line.shop_shipped),
            false => continue,
        };
        line.d = line.d.max(told.min(line.n));
        line.delivered = line.delivered.max(line.d);
    }
}

/// ... and what needs nobody at all is despatched and delivered when the order is secured and recorded.
pub(super) fn supply_without_goods(conditions: &Conditions, lines: &mut [LineView<'_>]) {
    if conditions.complete.holds && conditions.secured.holds && conditions.recorded.holds {
        for line in lines.iter_mut().filter(|line| !line.ships && !line.set && needs_nobody(line)) {
            line.d = line.d.max((line.n - line.c).floor_zero());
            line.delivered = line.delivered.max(line.d);
        }
    }
}

fn needs_nobody(line: &LineView<'_>) -> bool {
    line.goods.needs == Needs::Digital || (!line.by_supplier() && matches!(line.goods.kind, LineKind::Service | LineKind::Tip))
}

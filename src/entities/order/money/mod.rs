//! Stage *money*: what the customer owes, and what is due back (journey.md, "Money: what is refunded").
//!
//! ```text
//! owed     = sum of the value of kept pieces + charges that stay + fees - goodwill, at least 0
//! entitled = value of all lines as ordered + all charges - owed
//! due      = max(0, min(entitled, captured, captured + still to capture - owed))
//!
//! still to capture = max(0, open authorisations - value of what was cancelled before it was sent)
//! ```
//!
//! What a row credits for pieces of a line settles them once they are back: its amount takes the place of their value. `purpose` finds out what
//! refunds are for of which no row says it, `spread` gives a sum back by tender and by capture.

mod purpose;
mod settled;
mod spread;

pub use spread::{CaptureView, Spread, TenderView};

use super::back::{Back, ReturnedLine};
use super::cancelled::Cancelled;
use super::decisions::Decisions;
use super::input::Input;
use super::kept::Kept;
use super::paid::{Paid, RefundView};
use super::placed::{Placed, PlacedLine};
use super::returning::Returning;
use super::sent::Sent;
use crate::entities::rules::{ReportsRefunds, Role};
use crate::facts::order::{Charge, ChargeKind, Tender};
use crate::facts::{Amount, Currency, Moment, Quantity, SourceId};

/// The order's money, in its currency.
#[derive(Clone, Debug)]
pub struct Money<'a> {
    /// The order's currency; all amounts are in it.
    pub currency: Currency,
    /// The header's total.
    pub total: Amount,
    /// Sum of all lines and charges as ordered.
    pub value: Amount,
    /// Header's total - lines - charges, where that is only rounding.
    pub rounding: Amount,
    /// Header's total - lines - charges, where a person has accepted that they differ: a charge that nobody has named.
    pub accepted: Amount,
    /// The part of `accepted` that the customer owes: all, or nothing.
    pub accepted_owed: Amount,
    /// Captured from the customer in all.
    pub captured: Amount,
    /// Authorised and not yet captured, neither expired nor voided.
    pub authorised_open: Amount,
    /// What the customer owes for kept pieces and charges that stay, with fees, less goodwill.
    pub owed: Amount,
    /// What the customer need not pay any more: value of the order - owed.
    pub entitled: Amount,
    /// What the customer has to get back in all.
    pub due: Amount,
    /// What the customer has got back in all: paid, or under way.
    pub refunded: Amount,
    /// The part of `refunded` that is paid, and not only under way.
    pub paid_back: Amount,
    /// Given to the customer for nothing that he gave back, at most what he owes.
    pub goodwill: Amount,
    /// Rows that give `goodwill`, with their moments; they may give more than counts.
    pub goodwill_parts: Vec<(Moment, Amount)>,
    /// The part of `goodwill` that a person has called so (`over-refunded`, `accept`).
    pub goodwill_decided: Amount,
    /// Kept back of what he gave back.
    pub fees: Amount,
    /// Rows that keep `fees`, with their moments; they may keep more than counts.
    pub fee_parts: Vec<(Moment, Amount)>,
    /// What the customer owes less (below zero: more) since credits round the value of pieces otherwise.
    pub rounded: Amount,
    /// When the newest credit was made.
    pub credited_at: Option<Moment>,
    /// Paid above the value of the order.
    pub surplus: Amount,
    /// The part of `surplus` that goes back: a person has decided so, or it is back already.
    pub surplus_due: Amount,
    /// The part of `surplus` that a person has decided to give back.
    pub surplus_decided: Amount,
    /// Value of returned pieces for which the customer gets other goods by another order.
    pub exchanged: Amount,
    /// ... for which a person has decided to give the money instead (`exchange-open`, `refund`).
    pub exchange_decided: Amount,
    /// Refunded ahead of returns that are authorised and have not come.
    pub ahead: Amount,
    /// What holds a request of money back although money is due.
    pub held: Untold,
    /// The systems that report all refunds agree.
    pub refunds_agree: bool,
    /// A dispute is open.
    pub dispute_open: bool,
    /// Captured, refunded and due by tender.
    pub tenders: Vec<TenderView>,
    /// Captures, in the order in which a refund is spread over them.
    pub captures: Vec<CaptureView>,
    /// Of what is due, the part that is to be credit at the shop.
    pub store_credit: Amount,
    /// The charges, and which of them stay.
    pub charges: Vec<ChargeView<'a>>,
    /// All refund rows, also those that do not count.
    pub refunds: Vec<RefundView<'a>>,
    /// Of each line, the cancelled or returned pieces whose value the refunded money covers.
    pub refunded_pieces: Vec<Quantity>,
    /// Lines + charges agree with the total, and no payment or refund is in another currency. Otherwise no money is requested.
    pub sound: bool,
}

/// Money that others pay, or have paid, by what they tell: its row is still to come.
#[derive(Clone, Debug, Default)]
pub struct Untold {
    /// The shop shows pieces of this value as credited, and has not told of the refund. `None`: all is told.
    pub credited: Option<Waiting>,
    /// A counter has taken back pieces of this value, and has not told what it paid.
    pub at_counter: Option<Waiting>,
}

/// Money whose row is still to come.
#[derive(Clone, Copy, Debug)]
pub struct Waiting {
    /// How much.
    pub amount: Amount,
    /// Who has to tell.
    pub source: SourceId,
    /// Since when.
    pub since: Option<Moment>,
}

/// A charge, and whether the customer still owes it.
#[derive(Clone, Debug)]
pub struct ChargeView<'a> {
    /// kind + number.
    pub id: &'a str,
    /// The shop's row.
    pub charge: &'a Charge,
    /// The customer still owes it: it is not removed, and some piece is kept, or something left and charges are never refunded.
    pub stays: bool,
    /// The part of it that the customer does not owe: all, or what the shop has given back of it.
    pub given_back: Amount,
    /// What credits of the shop say that it gives back of it.
    pub credited: Amount,
}

/// Computes the order's money from its quantities and payments.
#[allow(clippy::too_many_arguments)] // A stage names each stage that it reads.
pub(super) fn stage<'a>(
    input: &Input<'a>,
    decisions: &Decisions<'a>,
    placed: &Placed<'a>,
    paid: &Paid<'a>,
    cancelled: &Cancelled,
    returning: &Returning<'a>,
    sent: &Sent<'a>,
    back: &Back<'a>,
    kept: &Kept,
) -> Money<'a> {
    let (currency, credits) = (placed.currency, &paid.credits);
    let anything_kept = placed.lines.is_empty() || kept.lines.iter().any(|line| line.pieces.is_positive());
    let anything_left = sent.lines.iter().any(|line| line.despatched.is_positive());
    let stays = anything_kept || (anything_left && !input.rules.refund_charges);
    let charges = charges(placed, paid, stays);
    let accepted = placed.totals.accepted;
    let of_lines: Amount = placed.lines.iter().zip(&kept.lines).map(|(line, kept)| line.value_of(kept.pieces)).sum();
    let of_charges: Amount =
        charges.iter().filter(|charge| !charge.charge.removed).map(|charge| charge.charge.gross - charge.given_back).sum();
    let gross_owed = (of_lines + of_charges + if stays { accepted } else { Amount::ZERO }).floor_zero();

    let whole = placed.totals.value + placed.totals.rounding + accepted;
    let surplus = (paid.captured - whole).floor_zero();
    let settled = settled::settle(placed, paid, cancelled, back, kept);
    let charges_back = charges.iter().filter(|charge| !charge.stays && !charge.charge.removed).map(|charge| charge.charge.gross).sum();
    let purpose = purpose::find(input.rules, decisions, placed, paid, cancelled, returning, sent, back, (surplus, charges_back));
    let exchanged = exchanged(decisions, placed, paid, kept, back, whole);
    let refunded = paid.refunded + exchanged.by_orders;

    let given = credits.goodwill + settled.above + purpose.goodwill;
    let goodwill = given.min(gross_owed);
    // Without an amount: what was captured above the value when it was decided.
    let surplus_decided = decisions.covered("overpaid", "", "refund", surplus, |at| {
        let by_then: Amount = paid.captures.iter().filter(|capture| capture.at <= at).map(|capture| capture.amount).sum();
        by_then - whole
    });
    let surplus_due = surplus_decided.max(purpose.surplus);
    // What was cancelled before it was sent was not captured as long as an authorisation is open: that one need not be captured any more.
    let stopped: Amount = placed.lines.iter().zip(&kept.lines).map(|(line, kept)| line.worth_of(kept.stopped)).sum();
    let still_to_capture = (paid.authorised_open - stopped).floor_zero();
    let due_if = |owed: Amount| {
        let entitled = whole - owed + surplus_due;
        let unpaid = paid.captured + still_to_capture - owed;
        (entitled, entitled.min(paid.captured).min(unpaid).floor_zero().rounded_down(currency))
    };
    let rounded_down = settled.rounding.floor_zero().min(gross_owed - goodwill);
    let owed = gross_owed - goodwill - rounded_down;
    let (_, due) = due_if(owed);
    // A fee is kept of money that went back: it never makes less due than is refunded.
    // What the payer's bank has taken back is not what the fee was kept of, nor is what was paid ahead for goods that are still to come.
    let of_here = refunded - paid.disputed;
    let lower = (due - (of_here - purpose.ahead.min(of_here.floor_zero()))).floor_zero();
    let by_rounding = (-settled.rounding).floor_zero().min(lower);
    let gone: Vec<Quantity> = kept.lines.iter().zip(&back.lines).map(|(kept, back)| kept.stopped + back.returned).collect();
    let kept_back = credits.fee - credits.fee_to_come(&gone) + settled.below;
    // Goodwill that nothing else is owed for pays for the fee.
    let pays_fee = (given - goodwill).min(kept_back);
    let goodwill = goodwill + pays_fee;
    let unpaid_fee = (kept_back - pays_fee).min(lower - by_rounding);
    let fees = unpaid_fee + pays_fee;
    let owed = owed + by_rounding + unpaid_fee;
    let (entitled, due) = due_if(owed);
    // What credits say of pieces above or below their worth is as old as the newest of them.
    let parts = |mut parts: Vec<(Moment, Amount)>, of_pieces: Amount| {
        parts.extend(credits.newest.filter(|_| of_pieces.is_positive()).map(|at| (at, of_pieces)));
        parts
    };
    let mut goodwill_parts = parts(credits.goodwill_parts.clone(), settled.above);
    goodwill_parts.extend_from_slice(&purpose.goodwill_parts);

    let store_credit: Amount = value_of_returned(placed, kept, back, |line| line.for_store_credit).min(due);
    let held = held(input, placed, paid, kept, back, settled.uncovered);
    Money {
        currency,
        total: placed.header.map_or(Amount::ZERO, |header| header.total),
        value: placed.totals.value,
        rounding: placed.totals.rounding,
        accepted,
        accepted_owed: if stays { accepted } else { Amount::ZERO },
        captured: paid.captured,
        authorised_open: paid.authorised_open,
        owed,
        entitled,
        due,
        refunded,
        paid_back: paid.paid_back + exchanged.by_orders,
        goodwill,
        goodwill_parts,
        goodwill_decided: purpose.decided,
        fees,
        fee_parts: parts(credits.fee_parts.clone(), settled.below),
        rounded: rounded_down - by_rounding,
        credited_at: credits.newest,
        surplus,
        surplus_due,
        surplus_decided,
        exchanged: exchanged.by_orders,
        exchange_decided: exchanged.decided,
        ahead: (refunded - due).floor_zero().min(purpose.ahead),
        held,
        refunds_agree: paid.refunds_agree,
        dispute_open: paid.dispute_open,
        tenders: spread::due_by_tender(due, paid, exchanged.by_orders),
        captures: spread::captures(paid),
        store_credit,
        charges,
        refunds: paid.refunds.clone(),
        refunded_pieces: refunded_pieces(refunded + fees - goodwill, &placed.lines, back, kept),
        sound: placed.header.is_some() && placed.totals.agree && foreign_settled(decisions, paid),
    }
}

impl Money<'_> {
    /// An amount of this order, as people read it: `5.00 GBP`.
    pub fn show(&self, amount: Amount) -> String {
        format!("{} {}", amount.display(self.currency), self.currency)
    }

    /// A sum by tender and by capture: first what each tender was refunded; then what is to be credit at the shop; then the rest over the tenders in their
    /// order (card and bank first), each up to what was captured in it.
    pub fn spread(&self, sum: Amount) -> Spread {
        spread::spread(&self.tenders, &self.captures, self.store_credit, sum)
    }

    /// Sums by tender, spread over their captures.
    pub fn by_capture(&self, tenders: Vec<(Tender, Amount)>) -> Spread {
        spread::by_capture(tenders, &self.captures)
    }
}

/// The number of the exception `mirror-only` about refunds that systems tell differently.
pub const REFUNDS: &str = "refunds";
/// ... about pieces that the shop has credited, and no refund.
pub const CREDITED: &str = "credited";
/// ... about pieces that a counter has taken back, and no refund.
pub const AT_COUNTER: &str = "counter";

/// A payment in another currency counts for nothing once a person has accepted that; a refund may have been paid, so nobody can decide that away.
fn foreign_settled(decisions: &Decisions<'_>, paid: &Paid<'_>) -> bool {
    paid.foreign.iter().all(|foreign| !foreign.refund && decisions.chose("currency-differs", &foreign.id, "accept"))
}

/// What the shop gives back of shipping, wrapping and the like is taken from the charges that stay, in their order; so are duties.
fn charges<'a>(placed: &Placed<'a>, paid: &Paid<'_>, stays: bool) -> Vec<ChargeView<'a>> {
    let (mut shipping, mut duty) = (paid.credits.shipping, paid.credits.duty);
    placed
        .charges
        .iter()
        .map(|placed| {
            let stays = stays && !placed.charge.removed;
            let credited = match placed.charge.kind {
                ChargeKind::Duty => &mut duty,
                _ => &mut shipping,
            };
            let part = placed.charge.gross.min(*credited).floor_zero();
            *credited -= part;
            ChargeView {
                id: placed.id,
                charge: placed.charge,
                stays,
                given_back: if stays { part } else { placed.charge.gross },
                credited: part,
            }
        })
        .collect()
}

/// The value of returned pieces: of each line those that `of` names.
fn value_of_returned(placed: &Placed<'_>, kept: &Kept, back: &Back<'_>, of: impl Fn(&ReturnedLine) -> Quantity) -> Amount {
    let value = |i: usize| {
        let (line, pieces) = (&placed.lines[i], of(&back.lines[i]));
        let kept = kept.lines[i].pieces;
        if line.is_bundle { Amount::ZERO } else { line.value_of(kept + pieces) - line.value_of(kept) }
    };
    (0..placed.lines.len()).map(value).sum()
}

/// The value that another order takes over. Pieces that are exchanged count as returned. Where the new goods are on the same order, they are owed, and nothing more is to be said: the order is
/// worth more than was paid. Else another order takes the value over, by the tender `exchange`.
fn exchanged(decisions: &Decisions<'_>, placed: &Placed<'_>, paid: &Paid<'_>, kept: &Kept, back: &Back<'_>, whole: Amount) -> Exchanged {
    let pieces: Quantity = back.lines.iter().map(|line| line.for_exchange).sum();
    let same_order = whole > paid.captured + paid.authorised_open;
    let none = Exchanged { by_orders: Amount::ZERO, decided: Amount::ZERO };
    if !pieces.is_positive() || same_order {
        return none;
    }
    let value = value_of_returned(placed, kept, back, |line| line.for_exchange);
    let told = paid.tenders.iter().filter(|tender| tender.tender == Tender::Exchange).map(|tender| tender.refunded).sum();
    let open = (value - told).floor_zero();
    let decided = decisions.covered("exchange-open", "", "refund", open, |at| {
        // Without an amount: all, unless goods came back since.
        let newest = back.returns.iter().flat_map(|returned| &returned.receipts).map(|receipt| receipt.received_at).max();
        if newest.is_none_or(|newest| newest <= at) { open } else { Amount::ZERO }
    });
    Exchanged { by_orders: (open - decided).min((paid.captured - paid.refunded).floor_zero()), decided }
}

/// The value of exchanged pieces.
struct Exchanged {
    /// Other orders take it over.
    by_orders: Amount,
    /// A person has decided to give the money instead.
    decided: Amount,
}

/// Who has paid by its own account, and has not told how much: the shop what it credited, a counter what it took back.
fn held(
    input: &Input<'_>,
    placed: &Placed<'_>,
    paid: &Paid<'_>,
    kept: &Kept,
    back: &Back<'_>,
    uncovered: Option<(Amount, Option<Moment>)>,
) -> Untold {
    let reports = |source: SourceId| input.rules.source(source).is_some_and(|source| source.reports_refunds != ReportsRefunds::None);
    let credited = match (placed.shop, uncovered) {
        (Some(shop), Some((amount, since))) if reports(shop) => Some(Waiting { amount, source: shop, since }),
        _ => None,
    };
    let counters: Vec<SourceId> =
        input.rules.sources.iter().filter(|source| source.roles.contains(&Role::Pos)).map(|source| source.id).collect();
    let taken = value_of_returned(placed, kept, back, |line| line.at_counter);
    let told: Amount = paid.refunds.iter().filter(|row| !row.failed && counters.contains(&row.source)).map(|row| row.amount).sum();
    let open = taken - told;
    let paying = counters.iter().copied().find(|source| back.returns.iter().any(|returned| returned.source == *source) && reports(*source));
    let at_counter = paying.filter(|_| open.is_positive()).map(|source| {
        let since = back.returns.iter().filter(|returned| returned.source == source);
        let since = since.flat_map(|returned| &returned.receipts).map(|receipt| receipt.received_at).max();
        Waiting { amount: open, source, since }
    });
    Untold { credited, at_counter }
}

/// Pieces whose value the refunded money covers: cancelled ones first, then returned ones, earlier lines first.
fn refunded_pieces(refunded: Amount, lines: &[PlacedLine<'_>], back: &Back<'_>, kept: &Kept) -> Vec<Quantity> {
    let mut left = refunded;
    let mut pieces: Vec<Quantity> = Vec::with_capacity(lines.len());
    for (line, kept) in lines.iter().zip(&kept.lines) {
        pieces.push(covered(&mut left, kept.stopped, line.worth_of(kept.stopped)));
    }
    for (i, line) in lines.iter().enumerate() {
        let (sent, returned) = (line.ordered - kept.lines[i].stopped, back.lines[i].returned);
        let value = line.value_of(sent) - line.value_of(sent - returned);
        pieces[i] += covered(&mut left, returned, value);
    }
    pieces
}

/// How many of `pieces`, together worth `value`, the remaining money covers: whole pieces only.
fn covered(left: &mut Amount, pieces: Quantity, value: Amount) -> Quantity {
    if !left.is_positive() || !pieces.is_positive() {
        return Quantity::ZERO;
    }
    if value <= *left {
        *left -= value;
        return pieces;
    }
    let part = (left.decimal() * pieces.decimal() / value.decimal()).floor();
    *left = Amount::ZERO;
    Quantity::new(part).unwrap_or_default()
}

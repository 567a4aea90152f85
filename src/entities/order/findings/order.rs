//! The order as a whole, and its money.

use super::evidence::Evidence;
use super::finding::Finding;
use crate::entities::RowOf;
use crate::entities::order::figures::{LineView, OrderFigures};
use crate::facts::order::{Header, KeyReused, ShopState, Terms, Word};
use crate::facts::time::Span;
use crate::facts::{Amount, Moment, Quantity};

/// A shop's credit and its order's lines are tables of their own: that the pieces are credited may be read of the one a while before the other.
const CREDIT_SHOWS: Span = Span::minutes(15);

pub(super) fn find(evidence: &Evidence<'_, '_>) -> Vec<Finding> {
    let figures = evidence.figures;
    let Some(header) = figures.placed.header else { return Vec::new() };
    let mut found: Vec<Finding> = incomplete(figures, header).into_iter().chain(totals_differ(figures, header)).collect();
    found.extend(key_reused(evidence, header));
    if figures.gates.complete.holds {
        found.extend(unpaid(evidence, header));
        found.extend(despatched_unpaid(evidence, header));
        found.extend(refunds(evidence));
    }
    found
}

fn incomplete(figures: &OrderFigures<'_>, header: &Header) -> Option<Finding> {
    let gate = &figures.gates.complete;
    if gate.holds || header.state == Word::Known(ShopState::Cancelled) {
        return None;
    }
    let finding = Finding::new("order-incomplete", "", format!("the order waits for {}", gate.waits_for)).at_risk(header.total);
    Some(finding.caused_by(figures.placed.cause).after(figures.placed.late))
}

/// Another order had this key. If anything was requested of that one, the ledgers are that one's: nothing is requested of this one.
fn key_reused<'s>(evidence: &'s Evidence<'_, '_>, header: &'s Header) -> impl Iterator<Item = Finding> + 's {
    evidence.rows.live::<KeyReused>().map(move |RowOf { stored, row, .. }| {
        let done = if row.requested { "something was requested of it: nothing is of this one" } else { "nothing was requested of it" };
        let sentence = format!("the shop has deleted order {} and given its key to {}; {done}", row.number, header.number);
        let finding = Finding::new("key-reused", row.number.as_str(), sentence).caused_by([stored.cause]);
        Finding { shuts: row.requested, ..finding }
    })
}

/// Lines and charges are all there, and do not add up to the total.
fn totals_differ(figures: &OrderFigures<'_>, header: &Header) -> Option<Finding> {
    let (placed, money) = (&figures.placed, &figures.money);
    if !placed.whole.proven || (placed.totals.agree && placed.totals.accepted.is_zero()) {
        return None;
    }
    let show = |amount: Amount| amount.display(money.currency);
    let of_charges = placed.charges.iter().map(|charge| charge.charge.gross).sum();
    let of_lines = show(money.value - of_charges);
    let sentence = format!(
        "lines of {of_lines} and charges of {} do not add up to the total of {} {}",
        show(of_charges),
        show(header.total),
        money.currency
    );
    Some(Finding::new("totals-differ", "", sentence).at_risk((header.total - money.value).abs()).caused_by(placed.cause))
}

/// What is captured or authorised does not cover what is owed, and something is still wanted.
fn unpaid(evidence: &Evidence<'_, '_>, header: &Header) -> Option<Finding> {
    let (money, secured) = (&evidence.figures.money, &evidence.figures.gates.secured);
    let paid = money.captured + money.authorised_open;
    let wanted = evidence.figures.lines.iter().any(|line| line.sent.wanted.is_positive());
    if secured.holds || !wanted || paid >= money.owed || header.terms != Terms::Prepaid {
        return None;
    }
    let missing = money.owed - paid;
    let show = |amount: Amount| amount.display(money.currency);
    let sentence = format!("{} of {} {} are not paid", show(missing), show(money.owed), money.currency);
    let finding = Finding::new("unpaid", "", sentence).at_risk(missing).caused_by(evidence.figures.placed.cause);
    Some(finding.after(header.placed_at + evidence.rules.durations.unpaid))
}

/// Despatched goods are worth more than is captured and not given back. What was given back beyond what is due is found by `over-refunded`. The time limit runs from the first despatch that is not covered.
fn despatched_unpaid(evidence: &Evidence<'_, '_>, header: &Header) -> Option<Finding> {
    let (money, gates) = (&evidence.figures.money, &evidence.figures.gates);
    if gates.pays_later {
        return None;
    }
    let lines = || evidence.figures.lines.iter().filter(|line| !line.is_bundle);
    let kept = |line: &LineView<'_>| (line.sent.despatched.min(line.ordered) - line.back.returned).floor_zero();
    let worth: Amount = lines().map(|line| line.value_of(kept(line))).sum();
    let charges: Amount = money.charges.iter().filter(|charge| charge.stays).map(|charge| charge.charge.gross - charge.given_back).sum();
    let supplied = if lines().any(|line| kept(line).is_positive()) { worth + charges } else { Amount::ZERO };
    let adjusted = money.fees - money.goodwill - money.rounded;
    let supplied = supplied + adjusted;
    let has = money.captured - money.refunded.min(money.due);
    if supplied <= has {
        return None;
    }
    // Goods that need no parcel count from the time of placing.
    let mut left: Vec<(Moment, Amount)> = Vec::new();
    for line in lines() {
        let mut before = Quantity::ZERO;
        let despatches = &line.sent.parts;
        let parts = despatches.iter().map(|part| (part.despatched_at, part.quantity));
        let whole = despatches.is_empty().then_some((header.placed_at, line.sent.despatched));
        let mut parts: Vec<(Moment, Quantity)> = parts.chain(whole).collect();
        parts.sort_unstable();
        for (at, quantity) in parts {
            let after = (before + quantity).min(kept(line));
            left.push((at, line.value_of(after) - line.value_of(before)));
            before = after;
        }
    }
    left.sort_unstable();
    let mut sum = charges;
    let (since, _) = left.iter().find(|(_, worth)| {
        sum += *worth;
        sum + adjusted > has
    })?;
    let show = |amount: Amount| amount.display(money.currency);
    let sentence = format!(
        "goods and charges worth {} {} are despatched, and only {} is captured and not given back",
        show(supplied),
        money.currency,
        show(has)
    );
    let cause = lines().filter_map(|line| line.sent.cause).max().or(evidence.figures.placed.cause);
    let finding = Finding::new("despatched-unpaid", "", sentence).at_risk(supplied - has).caused_by(cause);
    Some(finding.after(*since + evidence.rules.durations.despatched_unpaid))
}

/// What the shop's credits are worth of which the lines are not read yet, or which name pieces that its order does not show as credited yet.
fn credit_ahead_of_lines(evidence: &Evidence<'_, '_>) -> Amount {
    let credits = &evidence.figures.paid.credits;
    if credits.by_erp {
        return Amount::ZERO;
    }
    let lines = credits.lines.iter().zip(&evidence.cancelled.lines).filter(|(named, line)| named.pieces > line.credited);
    let more = lines.map(|(named, line)| named.gross.share(named.pieces - line.credited, named.pieces, evidence.figures.money.currency));
    let goods = credits.goods + more.sum();
    // With the last of the goods their charges come back too.
    if goods.is_positive() { goods + credits.shipping + credits.duty } else { goods }
}

fn refunds(evidence: &Evidence<'_, '_>) -> Vec<Finding> {
    let money = &evidence.figures.money;
    let show = |amount: Amount| amount.display(money.currency);
    let tolerance = evidence.figures.tolerance();
    let mut found = Vec::new();
    let over = money.refunded - money.due - money.ahead;
    if over > tolerance {
        let sentence = format!("{} {} is refunded, {} was due", show(money.refunded), money.currency, show(money.due));
        let rows = || money.refunds.iter().filter(|refund| refund.counts);
        let newest = rows().map(|refund| refund.at).max();
        let finding = Finding::new("over-refunded", "", sentence)
            .at_risk(over)
            .caused_by(rows().map(|refund| refund.cause))
            .moved(newest)
            .acted(money.goodwill_decided);
        // What is too much beside such a credit, or was so long before it, is so whatever its lines will say.
        let ahead = credit_ahead_of_lines(evidence);
        let came_with_it = |at: &Moment| evidence.figures.paid.credits.newest.is_some_and(|credited| *at + CREDIT_SHOWS >= credited);
        let of_credits = ahead.max(evidence.figures.paid.credits.money);
        found.push(match newest.filter(|at| ahead.is_positive() && over - of_credits <= tolerance && came_with_it(at)) {
            Some(newest) => finding.after(newest + CREDIT_SHOWS),
            None => finding,
        });
    }
    let asked = evidence.ledgers.refund.total;
    let over = asked - money.due.max(money.refunded);
    if over > tolerance {
        let sentence = format!(
            "a refund of {} {} was requested in all, {} is due and {} is refunded",
            show(asked),
            money.currency,
            show(money.due),
            show(money.refunded)
        );
        let finding = Finding::new("refund-overasked", "", sentence).at_risk(over).caused_by(evidence.figures.placed.cause);
        found.push(finding.moved(evidence.ledgers.refund.asked_at));
    }
    found
}

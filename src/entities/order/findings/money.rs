//! Money that is owed and does not move: refunds that nobody pays, that fail or hang, that systems tell differently; money that was paid twice; exchanges
//! without new goods; disputes; credit notes of the ERP; cash that nobody hands over.
//!
//! Whatever shuts the gate of a refund request opens one of these once it is older than its time.

use super::evidence::Evidence;
use super::finding::Finding;
use crate::entities::order::figures::LineView;
use crate::entities::order::money::{AT_COUNTER, CREDITED, REFUNDS, Waiting};
use crate::entities::order::paid::RefundView;
use crate::entities::order::pooling;
use crate::facts::order::{Dispute, DisputeState, ErpPosted, Header, LineRef, Payment, PaymentTransaction, PostedKind, Terms, Word};
use crate::facts::{Amount, Cause, Moment, Quantity};

pub(super) fn find(evidence: &Evidence<'_, '_>) -> Vec<Finding> {
    let Some(header) = evidence.figures.placed.header else { return Vec::new() };
    let mut found: Vec<Finding> = disputes(evidence);
    found.extend(credit_notes(evidence));
    if evidence.figures.gates.complete.holds {
        found.extend(unpaid(evidence));
        found.extend(failed(evidence));
        found.extend(unmatched(evidence));
        found.extend(differ(evidence));
        found.extend(overpaid(evidence));
        found.extend(unanswered_cancel(evidence));
        found.extend(exchange(evidence));
        found.extend(uncollected(evidence, header));
    }
    found
}

fn show(evidence: &Evidence<'_, '_>, amount: Amount) -> String {
    evidence.figures.money.show(amount)
}

/// Requested, or begun by somebody, and not paid. What is only under way is not paid.
fn unpaid(evidence: &Evidence<'_, '_>) -> Option<Finding> {
    let (money, ledger, durations) = (&evidence.figures.money, &evidence.ledgers.refund, &evidence.rules.durations);
    let asked = ledger.total.min(money.due) - money.paid_back;
    let under_way = money.refunded - money.paid_back;
    let pending = || money.refunds.iter().filter(|refund| refund.counts && refund.pending);
    let begun = pending().map(|refund| refund.at).min().filter(|_| under_way.is_positive());
    let since = ledger.asked_at.filter(|_| asked.is_positive()).into_iter().chain(begun).min()?;
    let missing = asked.max(under_way);
    let mut sentence = if asked.is_positive() {
        format!("{} of a refund of {} that was requested are not paid", show(evidence, missing), show(evidence, ledger.total))
    } else {
        format!("a refund of {} is under way and not paid", show(evidence, missing))
    };
    if evidence.clock.reached(since + durations.refund_unpaid_again) {
        sentence.push_str(", and the law gives 14 days");
    }
    let finding = Finding::new("refund-unpaid", "", sentence).at_risk(missing).caused_by(pending().map(|refund| refund.cause));
    Some(finding.caused_by(evidence.figures.placed.cause).after(since + durations.refund_unpaid))
}

/// A refund has failed, and what was due is not refunded in another way.
fn failed(evidence: &Evidence<'_, '_>) -> Option<Finding> {
    let money = &evidence.figures.money;
    let rows = || money.refunds.iter().filter(|refund| refund.failed && refund.amount.is_positive());
    let missing = money.due - money.refunded;
    if missing <= evidence.figures.tolerance() || rows().next().is_none() {
        return None;
    }
    let names: Vec<&str> = rows().map(|refund| refund.id).collect();
    let sentence = format!("refund {} has failed, and {} are due and not refunded", names.join(", "), show(evidence, missing));
    let newest = rows().map(|refund| refund.at).max();
    Some(Finding::new("refund-failed", "", sentence).at_risk(missing).caused_by(rows().map(|refund| refund.cause)).moved(newest))
}

/// Refunds that name a payment which no row of the order tells of, where payments have names at all.
fn unmatched(evidence: &Evidence<'_, '_>) -> Vec<Finding> {
    let rows = evidence.rows;
    let listed = || rows.live::<PaymentTransaction>();
    let payments = || rows.live::<Payment>();
    let names = listed().next().is_some() || payments().any(|each| !each.row.reference.is_empty());
    let known = |name: &str| {
        listed().any(|each| each.key.id == name || each.row.reference == name || each.row.parent == name)
            || payments().any(|each| each.key.id == name || each.row.reference == name)
    };
    let of_another = |refund: &&RefundView<'_>| !refund.failed && !refund.capture.is_empty() && names && !known(refund.capture);
    let refunds = evidence.figures.money.refunds.iter().filter(of_another);
    refunds
        .map(|refund| {
            let (id, capture) = (refund.id, refund.capture);
            let sentence = format!(
                "refund {id} of {} goes back to the payment {capture}, which the order does not have",
                show(evidence, refund.amount)
            );
            let finding = Finding::new("refund-unmatched", id, sentence).at_risk(refund.amount).caused_by([refund.cause]);
            finding.moved(refund.at).after(refund.at + evidence.rules.durations.refund_unmatched)
        })
        .collect()
}

/// More is due than is refunded, and nothing is requested since systems tell different refunds, or have not told theirs.
fn differ(evidence: &Evidence<'_, '_>) -> Vec<Finding> {
    let (money, rules) = (&evidence.figures.money, evidence.rules);
    let wait = rules.durations.mirror_only;
    // Pieces that are credited stand in another table than their refund. Rows of an old order that is read for the first time come in any order: it waits since Waybill first kept one of them.
    let first = evidence.figures.placed.late.map(|late| Moment(late.0 - rules.durations.order_incomplete.0));
    let since = |newest: Option<Moment>| newest.max(first);
    let open = money.due - money.refunded.max(evidence.ledgers.refund.total);
    if open <= evidence.figures.tolerance() {
        return Vec::new();
    }
    let mut found = Vec::new();
    if !evidence.figures.paid.refunds_agree {
        let rows = || money.refunds.iter().filter(|refund| refund.success || refund.pending);
        let mut told: Vec<(&str, Amount)> = Vec::new();
        for refund in rows() {
            let name = rules.name_of(refund.source);
            match told.iter_mut().find(|(there, _)| *there == name) {
                Some((_, sum)) => *sum += refund.amount,
                None => told.push((name, refund.amount)),
            }
        }
        let equal = told.windows(2).all(|two| two[0].1 == two[1].1);
        let told: Vec<String> = told.into_iter().map(|(name, sum)| format!("{name} tells of {}", show(evidence, sum))).collect();
        let differ =
            if equal { "whether these are one refund or several the rows do not show" } else { "systems differ in what is refunded" };
        let sentence = format!("{differ}: {}; {} more are due and wait", told.join(", "), show(evidence, open));
        let newest = rows().map(|refund| refund.at).max();
        let finding = Finding::new("mirror-only", REFUNDS, sentence).at_risk(open).caused_by(rows().map(|refund| refund.cause));
        // What a decision has let go was requested, and no row tells of it yet.
        let ledger = &evidence.ledgers.refund;
        let finding = finding.acted((ledger.total - money.refunded).floor_zero()).moved(newest.max(ledger.asked_at));
        found.push(finding.after(newest.map(|newest| newest + wait)));
    }
    let waits: [(&Option<Waiting>, &str, &str); 2] = [
        (&money.held.credited, CREDITED, "shows pieces as credited, and no refund of"),
        (&money.held.at_counter, AT_COUNTER, "took back pieces, and tells of no refund of"),
    ];
    for (waiting, number, what) in waits {
        let Some(waiting) = waiting else { continue };
        let sentence = format!(
            "{} {what} {}; {} are due and wait",
            rules.name_of(waiting.source),
            show(evidence, waiting.amount),
            show(evidence, open)
        );
        let finding = Finding::new("mirror-only", number, sentence).at_risk(waiting.amount).caused_by(evidence.figures.placed.cause);
        found.push(finding.moved(waiting.since).after(since(waiting.since).map(|since| since + rules.durations.refund_untold)));
    }
    found
}

/// Captured above the value of the order, and not given back.
fn overpaid(evidence: &Evidence<'_, '_>) -> Option<Finding> {
    let figures = evidence.figures;
    let money = &figures.money;
    let over = money.surplus - money.surplus_due;
    let rounding = money.currency.minor_unit().times(Quantity::from_int(1));
    if over <= rounding || !figures.placed.totals.agree {
        return None;
    }
    let sentence =
        format!("{} are captured, the order is worth {}", show(evidence, money.captured), show(evidence, money.captured - money.surplus));
    let finding = Finding::new("overpaid", "", sentence).at_risk(over).caused_by(figures.placed.cause);
    let since = figures.times.captured.max(figures.placed.at);
    let finding = finding.acted(money.surplus_decided);
    Some(finding.moved(figures.times.captured).after(since.map(|since| since + evidence.rules.durations.overpaid)))
}

/// Cancelled after the go-ahead, and the warehouse has not said whether it could stop the pieces: their money waits.
fn unanswered_cancel(evidence: &Evidence<'_, '_>) -> Option<Finding> {
    let figures = evidence.figures;
    let open = |line: &&LineView<'_>| !line.is_bundle && line.unstopped().is_positive();
    let lines = || figures.lines.iter().filter(open);
    let pieces: Quantity = lines().map(LineView::unstopped).sum();
    if !pieces.is_positive() || !figures.money.captured.is_positive() {
        return None;
    }
    let worth = unsent(lines());
    let goods: Vec<String> = lines().map(|line| format!("{} x {}", line.unstopped(), line.sku)).collect();
    let sentence = format!("{} are cancelled, and the warehouse has not said whether it has stopped them", goods.join(", "));
    let finding = Finding::new("cancel-unanswered", "", sentence).at_risk(Some(worth)).pieces(pieces).caused_by(figures.placed.cause);
    let cancelled_at = figures.sent.cancelled_at;
    Some(finding.moved(cancelled_at).after(cancelled_at.map(|at| at + evidence.rules.durations.cancel_unanswered)))
}

/// What the pieces of these lines are worth that were cancelled, did not leave, and may still leave.
fn unsent<'v, 'a: 'v>(lines: impl Iterator<Item = &'v LineView<'a>>) -> Amount {
    let worth = |line: &LineView<'_>| line.value_of(line.kept.pieces) - line.value_of((line.kept.pieces - line.unstopped()).floor_zero());
    lines.filter(|line| !line.is_bundle && line.unstopped().is_positive()).map(worth).sum()
}

/// Exchanged goods came back, and no other order takes their value over.
fn exchange(evidence: &Evidence<'_, '_>) -> Option<Finding> {
    let figures = evidence.figures;
    let header = figures.placed.header?;
    if !figures.money.exchanged.is_positive() || header.replaced_by.is_some() {
        return None;
    }
    let lines = || figures.lines.iter().enumerate().filter(|(_, line)| line.back.for_exchange.is_positive());
    let receipts = || figures.returning.received.iter().filter(|row| row.accepted() && lines().any(|(i, _)| row.targets.contains(&i)));
    let authorised = || figures.returning.authorised.iter().filter(|row| row.counts() && row.for_exchange());
    let came = receipts().map(|row| row.received_at).max();
    let since = came.or(authorised().map(|row| row.approved_at.unwrap_or(row.at)).max())?;
    let goods: Vec<String> = lines().map(|(_, line)| format!("{} x {}", line.back.for_exchange, line.sku)).collect();
    let worth = figures.money.exchanged;
    let sentence = format!("{} came back to be exchanged, and nothing was sent for its {}", goods.join(", "), show(evidence, worth));
    let pieces = lines().map(|(_, line)| line.back.for_exchange).sum();
    let finding = Finding::new("exchange-open", "", sentence).at_risk(worth).pieces(pieces);
    let causes = receipts().map(|row| row.cause).chain(authorised().map(|row| row.cause));
    let finding = finding.acted(figures.money.exchange_decided).moved(came);
    Some(finding.caused_by(causes).after(since + evidence.rules.durations.exchange_open))
}

/// The payer's bank has taken money back, and nothing is decided.
fn disputes(evidence: &Evidence<'_, '_>) -> Vec<Finding> {
    let open = evidence.rows.live::<Dispute>().filter(|each| matches!(each.row.state, Word::Known(DisputeState::Open) | Word::Unknown(_)));
    open.map(|each| {
        let sentence = format!("the payer's bank disputes {} {}", each.row.amount.display(each.row.currency), each.row.currency);
        Finding::new("dispute-open", each.key.id.as_str(), sentence).at_risk(each.row.amount).caused_by([each.stored.cause])
    })
    .collect()
}

/// The ERP credits more than its goods are worth. What it credits below that is a fee, and counts.
fn credit_notes(evidence: &Evidence<'_, '_>) -> Vec<Finding> {
    let lines = &evidence.figures.placed.lines;
    let mut notes: Vec<(&str, Amount, Amount, Quantity, Vec<Cause>)> = Vec::new();
    for each in evidence.rows.live::<ErpPosted>().filter(|each| each.row.kind == PostedKind::CreditNote) {
        let Some(gross) = each.row.gross else { continue };
        let targets = pooling::targets(lines, &LineRef::Sku(each.row.sku.clone()));
        let Some(line) = targets.first().map(|&i| &lines[i]) else { continue };
        let worth = line.value_of(each.row.quantity.floor_zero().min(line.ordered));
        match notes.iter_mut().find(|(document, ..)| *document == each.row.document) {
            Some((_, told, all, pieces, causes)) => {
                (*told, *all, *pieces) = (*told + gross, *all + worth, *pieces + each.row.quantity);
                causes.push(each.stored.cause);
            }
            None => notes.push((&each.row.document, gross, worth, each.row.quantity, vec![each.stored.cause])),
        }
    }
    let currency = evidence.figures.money.currency;
    let above = notes.into_iter().filter(|(_, told, worth, pieces, _)| *told - *worth > currency.minor_unit().times(*pieces));
    above
        .map(|(document, told, worth, pieces, causes)| {
            let sentence = format!("credit note {document} is of {}, its goods are worth {}", show(evidence, told), show(evidence, worth));
            Finding::new("credit-note-differs", document, sentence).at_risk(told - worth).pieces(pieces).caused_by(causes)
        })
        .collect()
}

/// Everything is delivered, and what the customer owes was never handed over.
fn uncollected(evidence: &Evidence<'_, '_>, header: &Header) -> Option<Finding> {
    let figures = evidence.figures;
    let money = &figures.money;
    // Cancelled pieces that never left are owed only until the warehouse answers: nobody asks for their money meanwhile.
    let owed = (money.owed - unsent(figures.lines.iter())).floor_zero();
    let open = owed - (money.captured - money.refunded).max(Amount::ZERO);
    let wanted = || figures.lines.iter().filter(|line| line.sent.wanted.is_positive());
    let over = wanted().next().is_some() && wanted().all(|line| line.sent.delivered >= line.sent.wanted);
    if !figures.gates.pays_later || !open.is_positive() || !over {
        return None;
    }
    let parcels = figures.sent.parcels.iter().filter_map(|parcel| parcel.delivered_at).max();
    let since: Moment = parcels.unwrap_or(header.placed_at);
    let durations = &evidence.rules.durations;
    let wait = if header.terms == Terms::OnAccount { durations.invoice_open } else { durations.customer_account_open };
    let sentence = format!("all is delivered, and {} of {} are not paid", show(evidence, open), show(evidence, owed));
    let cause = figures.lines.iter().filter_map(|line| line.sent.cause).max().or(figures.placed.cause);
    Some(Finding::new("customer-account-open", "", sentence).at_risk(open).caused_by(cause).after(since + wait))
}

//! Stage *back*: returns: authorisations and receipts assigned to lines, the pieces *returned* for money, and what became of the goods.
//!
//! Returned is the least of three quantities: despatched; authorised for money; accepted, or authorised without goods being expected. Rows that
//! name a line come first; those that name only a SKU are pooled over its lines.

mod parcels;
mod settled;
mod view;

pub use view::{ReceiptView, ReturnLineView, ReturnView, ReturnedLine};

use super::decisions::Decisions;
use super::erp::of_return;
use super::input::Input;
use super::placed::{Placed, PlacedLine, whole_bundles};
use super::pooling::{self, Parts};
use super::returning::{Authorised, Received, Returning};
use super::sent::Sent;
use crate::entities::Rows;
use crate::entities::rules::Role;
use crate::facts::order::Resolution;
use crate::facts::{OrderRow, Quantity};

/// Returns, by line and by authorisation.
#[derive(Clone, Debug)]
pub struct Back<'a> {
    /// In the order of the lines as placed.
    pub lines: Vec<ReturnedLine>,
    /// By authorisation.
    pub returns: Vec<ReturnView<'a>>,
    /// Parcels that are refunded without a return authorisation: Waybill itself authorises their return.
    pub refunded_parcels: Vec<Authorised<'a>>,
    /// Receipts of goods that the shop has credited without a return: its credit is the authorisation.
    pub under_credit: Vec<ReceiptView<'a>>,
    /// The part of each receipt that each line gets, in the order of [`Returning::received`].
    pub receipts: Vec<Parts>,
    /// Some receipt is not covered by an authorisation.
    pub unlogged: bool,
    /// Pieces that are authorised to come back.
    pub expected: Quantity,
    /// The part of `expected` that has come back, or need not come.
    pub arrived: Quantity,
}

/// Assigns authorisations and receipts to lines.
pub(super) fn stage<'a>(
    input: &Input<'a>,
    decisions: &Decisions<'a>,
    placed: &Placed<'a>,
    returning: &Returning<'a>,
    sent: &Sent<'a>,
) -> Back<'a> {
    let lines = &placed.lines[..];
    let refunded_parcels = parcels::refunded(input.rules, placed, returning, sent);
    let authorised = || returning.authorised.iter().chain(&refunded_parcels);
    let none = || vec![Quantity::ZERO; lines.len()];
    let ordered: Vec<Quantity> = lines.iter().map(|line| line.ordered).collect();
    // A bundle has no goods of its own: rows are about its parts.
    let despatched: Vec<Quantity> =
        lines.iter().zip(&sent.lines).map(|(line, sent)| if line.is_bundle { Quantity::ZERO } else { sent.despatched }).collect();
    // If receipts name lines and authorisations only the SKU, authorisations go to the lines that receipts name; and the other way round below.
    let mut named = none();
    for row in returning.received.iter().filter(|row| !row.pooled && row.accepted()) {
        pooling::spread(row.quantity, &row.targets, &[], &mut named);
    }
    let named: Vec<Quantity> = named.iter().zip(&despatched).map(|(named, left)| (*named).min(*left)).collect();

    let (mut for_money, mut any, mut not_expected) = (none(), none(), none());
    let (mut for_credit, mut for_exchange, mut at_counter) = (none(), none(), none());
    let mut need_not_come = none();
    let counter = |source| placed.till() == Some(source) || input.rules.plays(source, Role::Pos);
    let mut parts_of: Vec<Parts> = Vec::with_capacity(returning.authorised.len());
    for row in authorised() {
        if !row.counts() {
            parts_of.push(row.targets.first().map(|&line| (line, row.quantity)).into_iter().collect());
            continue;
        }
        let parts = pooling::spread(row.quantity, &row.targets, &[&named, &despatched, &ordered], &mut any);
        for &(line, quantity) in &parts {
            if row.for_money() {
                for_money[line] += quantity;
            }
            if row.not_expected() {
                not_expected[line] += quantity;
            }
            match row.resolution {
                Resolution::StoreCredit => for_credit[line] += quantity,
                Resolution::Exchange => for_exchange[line] += quantity,
                Resolution::Refund if row.not_expected() => need_not_come[line] += quantity,
                _ if counter(row.source) => at_counter[line] += quantity,
                _ => {}
            }
        }
        parts_of.push(parts);
    }
    // What the shop itself credits is returned where its word alone counts.
    for (i, line) in sent.lines.iter().enumerate().filter(|(_, line)| line.credited_back.is_positive()) {
        any[i] += line.credited_back;
        for_money[i] += line.credited_back;
        if line.credit_receives {
            not_expected[i] += line.credited_back;
        }
    }
    let covered: Vec<Quantity> = any.iter().zip(&despatched).map(|(any, left)| (*any).min(*left)).collect();

    let (mut received, mut unnamed) = (none(), none());
    let mut goods = settled::AcceptedGoods::of(lines.len());
    // Pieces for which money is promised by the number under which they came, or which need not come.
    let mut for_plain_money = need_not_come;
    let promises_money = |rma: &str| {
        let named = returning.authorised.iter().filter(|row| row.rma == rma && row.counts());
        named.clone().next().is_some() && named.clone().all(|row| row.resolution == Resolution::Refund)
    };
    let mut receipts = Vec::with_capacity(returning.received.len());
    for row in &returning.received {
        let parts = pooling::spread(row.quantity, &row.targets, &[&covered, &despatched, &ordered], &mut received);
        goods.add(row, &parts);
        if row.rma.is_none() && !row.posted {
            parts.iter().for_each(|(line, quantity)| unnamed[*line] += *quantity);
        }
        if row.accepted() && row.rma.is_some_and(promises_money) {
            parts.iter().for_each(|(line, quantity)| for_plain_money[*line] += *quantity);
        }
        receipts.push(parts);
    }
    let put_back = |i: usize| (received[i] - despatched[i]).floor_zero().min(unnamed[i]);
    let without_line = |(parts, row): (&Parts, &Received<'_>)| parts.is_empty() && row.quantity.is_positive();
    let unlogged = (0..lines.len()).any(|i| received[i] > put_back(i) && !any[i].is_positive())
        || receipts.iter().zip(&returning.received).any(without_line);
    let arrived = (0..lines.len()).map(|i| any[i].min(received[i] + not_expected[i])).sum();
    let expected = any.iter().copied().sum();

    let mut returned: Vec<ReturnedLine> = (0..lines.len())
        .map(|i| {
            let accepted = goods.accepted(i) + not_expected[i];
            let pieces = despatched[i].min(lines[i].ordered).min(for_money[i]).min(accepted).floor_zero();
            // Where some pieces come back for money and others not, and no number tells them apart, those count first for which no money leaves.
            let plain = for_plain_money[i].min(for_money[i] - for_exchange[i] - for_credit[i]).min(pieces);
            let exchanged = for_exchange[i].min(pieces - plain);
            let credited = for_credit[i].min(pieces - plain - exchanged);
            ReturnedLine {
                for_exchange: exchanged,
                for_store_credit: credited,
                at_counter: at_counter[i].min(pieces - exchanged - credited),
                authorised: for_money[i],
                authorised_in_all: any[i],
                received: received[i],
                put_back: put_back(i),
                accepted,
                returned: pieces,
                unlogged: (received[i] - put_back(i) - any[i]).floor_zero(),
                ..ReturnedLine::default()
            }
        })
        .collect();
    settled::settle(input.rows, decisions, lines, &goods, &not_expected, &mut returned);
    for bundle in (0..lines.len()).filter(|&i| lines[i].is_bundle) {
        let whole = |of: fn(&ReturnedLine) -> Quantity| whole_bundles(lines, bundle, |i| of(&returned[i]));
        let (authorised, received) = (whole(|part| part.authorised), whole(|part| part.received));
        let (accepted, pieces) = (whole(|part| part.accepted), whole(|part| part.returned));
        returned[bundle] = ReturnedLine { authorised, received, accepted, returned: pieces, ..returned[bundle] };
    }
    let (returns, others) = by_authorisation(input.rows, lines, authorised(), &parts_of, returning, &receipts);
    let credited = |receipt: &ReceiptView<'_>| receipt.lines.iter().any(|(line, _)| sent.lines[*line].credited_back.is_positive());
    let under_credit = others.into_iter().filter(credited).collect();
    Back { lines: returned, returns, under_credit, refunded_parcels, receipts, unlogged, expected, arrived }
}

/// Each authorisation with its lines and its receipts, and the receipts that belong to none. A receipt belongs to the authorisation that it names, else to one for its lines.
fn by_authorisation<'v, 'a: 'v>(
    rows: &'a Rows<OrderRow>,
    lines: &[PlacedLine<'a>],
    authorised: impl Iterator<Item = &'v Authorised<'a>>,
    parts_of: &[Parts],
    returning: &Returning<'a>,
    receipts: &[Parts],
) -> (Vec<ReturnView<'a>>, Vec<ReceiptView<'a>>) {
    let mut returns: Vec<ReturnView<'a>> = Vec::new();
    for (row, parts) in authorised.zip(parts_of) {
        let place = match returns.iter().position(|view| view.document() == row.document()) {
            Some(place) => place,
            None => {
                let reference = of_return(rows, row.source, row.rma);
                returns.push(ReturnView { rma: row.rma, source: row.source, reference, lines: Vec::new(), receipts: Vec::new() });
                returns.len() - 1
            }
        };
        returns[place].lines.push(ReturnLineView {
            id: row.id,
            line: parts.first().map(|(line, _)| *line),
            quantity: row.quantity,
            state: row.state,
            deleted: row.deleted,
            for_money: row.for_money(),
            goods_expected: !row.not_expected(),
            authorised: row.counts(),
            reason: row.reason,
            approved_at: row.approved_at,
        });
    }
    returns.sort_by_key(ReturnView::document);
    let mut others = Vec::new();
    for (row, parts) in returning.received.iter().zip(receipts) {
        let view = authorisation_of(row, parts, lines, &returns).and_then(|place| returns.get_mut(place));
        let into = view.map_or(&mut others, |view| &mut view.receipts);
        into.push(ReceiptView {
            receipt: row.receipt,
            source: row.source,
            lines: parts.to_vec(),
            condition: row.condition,
            location: row.location,
            bucket: row.bucket,
            received_at: row.received_at,
            uncounted: (row.sellable() && !row.counted).then_some(row.id),
        });
    }
    (returns, others)
}

/// The authorisation that a receipt belongs to: the one that it names; else the first that authorises goods of the same SKU.
fn authorisation_of(row: &Received<'_>, parts: &Parts, lines: &[PlacedLine<'_>], returns: &[ReturnView<'_>]) -> Option<usize> {
    let named = row.rma.and_then(|rma| returns.iter().position(|view| view.rma == rma));
    let of_line = |i: usize| parts.iter().any(|(part, _)| lines[*part].sku == lines[i].sku);
    named.or_else(|| returns.iter().position(|view| view.lines.iter().any(|line| line.authorised && line.line.is_some_and(of_line))))
}

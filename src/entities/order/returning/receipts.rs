//! Receipts of returned goods, from the source that counts for their location.

use crate::entities::order::authority::goods_count_from;
use crate::entities::order::decisions::Decisions;
use crate::entities::order::erp::{Erp, canonical};
use crate::entities::order::input::{Contradiction, Input};
use crate::entities::order::listed;
use crate::entities::order::placed::{Placed, PlacedLine};
use crate::entities::order::pooling::{self, Targets};
use crate::entities::rules::{Authority, Role, Rules};
use crate::entities::{RowOf, Rows};
use crate::facts::ids::join_key;
use crate::facts::order::{Condition, Counted, Decision, ErpPosted, LineRef, PostedKind, Receipt, Word};
use crate::facts::{Cause, Moment, OrderRow, Quantity, RowKey, SourceId};

/// A receipt from the source that counts for its location, or the part of it that a person has decided about.
#[derive(Clone, Debug)]
pub struct Received<'a> {
    /// The system that reported it.
    pub source: SourceId,
    /// Its number.
    pub receipt: &'a str,
    /// The authorisation that it names.
    pub rma: Option<&'a str>,
    /// It names only the SKU.
    pub pooled: bool,
    /// Pieces received.
    pub quantity: Quantity,
    /// The condition of the goods, as reported.
    pub condition: &'a Word<Condition>,
    /// The warehouse rejected the goods, and a person decided to refund them nevertheless.
    pub decided: bool,
    /// Where they were received.
    pub location: &'a str,
    /// The bucket that they were put in.
    pub bucket: &'a str,
    /// Pieces in this bucket can be sold.
    pub sellable_bucket: bool,
    /// When they were received.
    pub received_at: Moment,
    /// The row's id.
    pub id: &'a str,
    /// A count of the location contains them, or nobody counts them.
    pub counted: bool,
    /// The ERP has posted them into its own stock, where no warehouse system inspects what comes back.
    pub posted: bool,
    /// The record of the row.
    pub cause: Cause,
    pub(in super::super) targets: Targets,
}

impl Received<'_> {
    /// The condition is accepted. A condition word without a meaning is not.
    pub fn accepted(&self) -> bool {
        self.decided || matches!(self.condition, Word::Known(Condition::Sellable | Condition::Damaged | Condition::Unspoken))
    }

    /// The warehouse rejected the goods, and no person has decided to refund them.
    pub fn rejected(&self) -> bool {
        !self.decided && *self.condition == Word::Known(Condition::Rejected)
    }

    /// It can be sold again from where it is.
    pub fn sellable(&self) -> bool {
        self.sellable_bucket && *self.condition == Word::Known(Condition::Sellable)
    }

    /// The receipt itself settles the goods: damaged, or sellable and counted.
    pub fn settles(&self) -> bool {
        *self.condition == Word::Known(Condition::Damaged) || (self.sellable() && self.counted) || self.posted
    }
}

/// The condition of goods where none is reported.
const CONDITION_NOT_REPORTED: &Word<Condition> = &Word::Known(Condition::Unspoken);

/// Reads the receipts: rows that name a line before those that name only a SKU, then by time of receipt.
pub(super) fn read<'a>(
    input: &Input<'a>,
    decisions: &Decisions<'a>,
    placed: &Placed<'a>,
    erp: &Erp<'a>,
    at_till: impl Fn(SourceId) -> bool,
    contradictions: &mut Vec<Contradiction>,
) -> Vec<Received<'a>> {
    let mut received = reported(input, &placed.lines, at_till, contradictions);
    received.extend(corrected(posted(input, placed, erp), placed.late, contradictions));
    let order = |row: &Received<'a>| (row.pooled, row.received_at, row.receipt, row.id, row.source);
    received.sort_by(|a, b| order(a).cmp(&order(b)));
    accept_decided(decisions, &mut received);
    received
}

/// Receipts from the source that counts for their location.
fn reported<'a>(
    input: &Input<'a>,
    lines: &[PlacedLine<'a>],
    at_till: impl Fn(SourceId) -> bool,
    contradictions: &mut Vec<Contradiction>,
) -> Vec<Received<'a>> {
    let Input { rows, rules, .. } = input;
    let mut received = Vec::new();
    for RowOf { key, stored, row } in listed::newest(rows.live::<Receipt>()) {
        if !(goods_count_from(rules, Authority::Receipts, key.source, &row.location) || at_till(key.source)) {
            continue;
        }
        if row.quantity.is_negative() {
            let sentence = format!("receipt {} has a negative quantity ({})", row.receipt, row.quantity);
            contradictions.push(Contradiction::new(&key.id, sentence, stored.cause));
            continue;
        }
        let targets = pooling::targets(lines, &row.line);
        let buckets = rules.location(&row.location).map_or(&[][..], |known| &known.sellable_buckets);
        received.push(Received {
            source: key.source,
            receipt: &row.receipt,
            rma: row.rma.as_deref(),
            pooled: matches!(row.line, LineRef::Sku(_)),
            quantity: row.quantity,
            condition: &row.condition,
            decided: false,
            location: canonical(rules, &row.location),
            bucket: &row.bucket,
            sellable_bucket: buckets.is_empty() || buckets.contains(&row.bucket),
            received_at: row.received_at,
            id: &key.id,
            counted: counted(rows, rules, lines, &targets, &key.id, row),
            posted: false,
            cause: stored.cause,
            targets,
        });
    }
    received
}

/// Receipts posted by the ERP, at locations where the ERP counts. They have no condition. An ERP can credit goods without a return order: the credit
/// note then takes them back in by itself, so that what it credits beyond the posted receipts is received too.
fn posted<'a>(input: &Input<'a>, placed: &Placed<'a>, erp: &Erp<'a>) -> Vec<Received<'a>> {
    let Input { rows, rules, .. } = input;
    let of_erp = || rows.live::<ErpPosted>().filter(|each| rules.plays(each.key.source, Role::Erp));
    let mut received: Vec<Received<'a>> = Vec::new();
    let mut credited: Vec<Received<'a>> = Vec::new();
    for RowOf { key, stored, row } in of_erp() {
        let into = match row.kind {
            PostedKind::ReturnReceipt => &mut received,
            PostedKind::CreditNote => &mut credited,
            PostedKind::Shipment | PostedKind::Invoice => continue,
        };
        let targets = pooling::targets(&placed.lines, &LineRef::Sku(row.sku.clone()));
        let location = targets.first().and_then(|&line| erp.lines[line].location).unwrap_or_default();
        if !goods_count_from(rules, Authority::Receipts, key.source, location) {
            continue;
        }
        into.push(Received {
            source: key.source,
            receipt: &row.document,
            rma: Some(row.from.as_str()).filter(|from| !from.is_empty()),
            pooled: true,
            quantity: row.quantity,
            condition: CONDITION_NOT_REPORTED,
            decided: false,
            location,
            bucket: "",
            sellable_bucket: false,
            received_at: stored.at,
            id: &key.id,
            counted: false,
            posted: true,
            cause: stored.cause,
            targets,
        });
    }
    beyond(&mut received, credited);
    received
}

/// Adds what is credited beyond the receipts of the same goods, from the newest credit note on.
fn beyond<'a>(received: &mut Vec<Received<'a>>, mut credited: Vec<Received<'a>>) {
    credited.sort_by(|a, b| (b.received_at, b.receipt, b.id).cmp(&(a.received_at, a.receipt, a.id)));
    while let Some((targets, source)) = credited.first().map(|newest| (newest.targets.clone(), newest.source)) {
        let same = |row: &Received<'a>| row.targets == targets && row.source == source;
        let of = |rows: &[Received<'a>]| -> Quantity { rows.iter().filter(|row| same(row)).map(|row| row.quantity).sum() };
        let mut rest = (of(&credited) - of(received)).floor_zero();
        let (now, later): (Vec<_>, Vec<_>) = std::mem::take(&mut credited).into_iter().partition(|row| same(row));
        for row in now.into_iter().filter(|row| row.quantity.is_positive()) {
            let quantity = row.quantity.min(rest);
            rest -= quantity;
            if quantity.is_positive() {
                received.push(Received { quantity, ..row });
            }
        }
        credited = later;
    }
}

/// Applies corrections: a negative receipt is taken from earlier posted receipts of its SKU, the newest first.
fn corrected<'a>(mut posted: Vec<Received<'a>>, late: Option<Moment>, contradictions: &mut Vec<Contradiction>) -> Vec<Received<'a>> {
    posted.sort_by(|a, b| (a.received_at, a.receipt, a.id, a.source).cmp(&(b.received_at, b.receipt, b.id, b.source)));
    let mut corrected: Vec<Received<'a>> = Vec::with_capacity(posted.len());
    for row in posted {
        if !row.quantity.is_negative() {
            corrected.push(row);
            continue;
        }
        let mut less = Quantity::ZERO - row.quantity;
        for before in corrected.iter_mut().rev().filter(|before| before.targets == row.targets) {
            let part = before.quantity.min(less);
            before.quantity -= part;
            less -= part;
        }
        if less.is_positive() {
            let sentence = format!("posted receipt {} takes back {less} pieces more than were received", row.receipt);
            contradictions.push(Contradiction { after: late, ..Contradiction::new(row.id, sentence, row.cause) });
        }
    }
    corrected
}

/// Accepts rejected goods that a person decided to refund: as many as the decision names, or all if it names none.
fn accept_decided<'a>(decisions: &Decisions<'a>, received: &mut Vec<Received<'a>>) {
    let mut accepted: Vec<(&str, Quantity)> = Vec::new();
    for place in 0..received.len() {
        let row = &received[place];
        let decision = if row.rejected() { decisions.about("return-condition", row.receipt) } else { None };
        // Without pieces it is about those that were there.
        let about =
            |decision: &&Decision| decision.choice == "refund" && (!decision.lines.is_empty() || row.received_at <= decision.decided_at);
        let Some(decision) = decision.filter(about) else { continue };
        let before: Quantity = accepted.iter().filter(|(receipt, _)| *receipt == row.receipt).map(|(_, pieces)| *pieces).sum();
        let decided: Quantity = decision.lines.iter().map(|(_, quantity)| *quantity).sum();
        let part = if decision.lines.is_empty() { row.quantity } else { row.quantity.min((decided - before).floor_zero()) };
        if !part.is_positive() {
            continue;
        }
        accepted.push((row.receipt, part));
        let rest = row.quantity - part;
        if rest.is_positive() {
            let rest = Received { quantity: rest, targets: row.targets.clone(), ..*row };
            received.push(rest);
        }
        (received[place].quantity, received[place].decided) = (part, true);
    }
}

/// Does a count of the location contain the received goods? Their SKU derives a fact for the order when one does. Goods that nobody counts need none.
fn counted(rows: &Rows<OrderRow>, rules: &Rules, lines: &[PlacedLine<'_>], targets: &Targets, id: &str, row: &Receipt) -> bool {
    let Some(line) = targets.first().map(|&line| &lines[line]) else { return true };
    if !line.goods.tracked || rules.location(&row.location).is_none_or(|known| known.counted_by.is_none()) {
        return true;
    }
    let key = RowKey { kind: OrderRow::COUNTED, source: SourceId::WAYBILL, id: join_key(&[line.sku.as_str(), id]) };
    rows.get_live::<Counted>(&key).is_some_and(|counted| counted.received_at == row.received_at)
}

//! Receipts: what whoever tells of goods at a location tells of having received there.

use crate::entities::order::authority::goods_count_from;
use crate::entities::order::decisions::Decisions;
use crate::entities::order::erp::{Erp, canonical};
use crate::entities::order::input::{Contradiction, Input};
use crate::entities::order::placed::{Placed, PlacedLine};
use crate::entities::order::pooling::{self, Targets};
use crate::entities::rules::{Authority, Role, Rules};
use crate::entities::{RowOf, Rows};
use crate::facts::ids::join_key;
use crate::facts::order::{Condition, Counted, ErpPosted, LineRef, PostedKind, Receipt, Word};
use crate::facts::{Cause, Moment, OrderRow, Quantity, RowKey, SourceId};

/// A receipt, by the authority of its location; or the part of it that a person has decided about.
#[derive(Clone, Debug)]
pub struct Received<'a> {
    pub source: SourceId,
    pub receipt: &'a str,
    /// The authorisation that it names.
    pub rma: Option<&'a str>,
    /// It names only the SKU.
    pub pooled: bool,
    pub quantity: Quantity,
    pub condition: &'a Word<Condition>,
    /// Rejected, and a person has decided to refund it all the same.
    pub decided: bool,
    pub location: &'a str,
    pub bucket: &'a str,
    /// What is put there can be sold.
    pub sellable_bucket: bool,
    pub received_at: Moment,
    pub id: &'a str,
    /// A count of the location holds it, or nobody counts it.
    pub counted: bool,
    pub cause: Cause,
    pub(in super::super) targets: Targets,
}

impl Received<'_> {
    /// Accepted condition (a word without a meaning opens no gate).
    pub fn accepted(&self) -> bool {
        self.decided || matches!(self.condition, Word::Known(Condition::Sellable | Condition::Damaged | Condition::Unspoken))
    }

    pub fn rejected(&self) -> bool {
        !self.decided && *self.condition == Word::Known(Condition::Rejected)
    }

    /// It can be sold again from where it is.
    pub fn sellable(&self) -> bool {
        self.sellable_bucket && *self.condition == Word::Known(Condition::Sellable)
    }

    /// Its condition settles what becomes of it.
    pub fn settles(&self) -> bool {
        *self.condition == Word::Known(Condition::Damaged) || (self.sellable() && self.counted)
    }
}

/// Goods of which nobody has told in what condition they are.
const CONDITION_NOT_REPORTED: &Word<Condition> = &Word::Known(Condition::Unspoken);

/// All of them: those that name a line before those that name only a SKU, then as they were received.
pub(super) fn read<'a>(
    input: &Input<'a>,
    decisions: &Decisions<'a>,
    placed: &Placed<'a>,
    erp: &Erp<'a>,
    at_till: impl Fn(SourceId) -> bool,
    contradictions: &mut Vec<Contradiction>,
) -> Vec<Received<'a>> {
    let mut received = reported(input, &placed.lines, at_till, contradictions);
    received.extend(corrected(posted(input, placed, erp), contradictions));
    let order = |row: &Received<'a>| (row.pooled, row.received_at, row.receipt, row.cause, row.id);
    received.sort_by(|a, b| order(a).cmp(&order(b)));
    accept_decided(decisions, &mut received);
    received
}

/// Receipts that whoever tells of goods at their location tells of.
fn reported<'a>(
    input: &Input<'a>,
    lines: &[PlacedLine<'a>],
    at_till: impl Fn(SourceId) -> bool,
    contradictions: &mut Vec<Contradiction>,
) -> Vec<Received<'a>> {
    let Input { rows, rules, .. } = input;
    let mut received = Vec::new();
    for RowOf { key, stored, row } in rows.live::<Receipt>() {
        if !(goods_count_from(rules, Authority::Receipts, key.source, &row.location) || at_till(key.source)) {
            continue;
        }
        if row.quantity.is_negative() {
            let sentence = format!("receipt {} tells a negative quantity ({})", row.receipt, row.quantity);
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
            cause: stored.cause,
            targets,
        });
    }
    received
}

/// What the ERP has posted as received, where no warehouse system tells of it. It says nothing of the condition.
fn posted<'a>(input: &Input<'a>, placed: &Placed<'a>, erp: &Erp<'a>) -> Vec<Received<'a>> {
    let Input { rows, rules, .. } = input;
    let mut received = Vec::new();
    for RowOf { key, stored, row } in rows.live::<ErpPosted>() {
        if row.kind != PostedKind::ReturnReceipt || !rules.plays(key.source, Role::Erp) {
            continue;
        }
        let targets = pooling::targets(&placed.lines, &LineRef::Sku(row.sku.clone()));
        let location = targets.first().and_then(|&line| erp.lines[line].location).unwrap_or_default();
        if !goods_count_from(rules, Authority::Receipts, key.source, location) {
            continue;
        }
        received.push(Received {
            source: key.source,
            receipt: &row.document,
            rma: Some(&row.from),
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
            cause: stored.cause,
            targets,
        });
    }
    received
}

/// Corrections are negative: each lowers what was posted of its SKU before it.
fn corrected<'a>(mut posted: Vec<Received<'a>>, contradictions: &mut Vec<Contradiction>) -> Vec<Received<'a>> {
    posted.sort_by(|a, b| (a.received_at, a.receipt, a.cause, a.id).cmp(&(b.received_at, b.receipt, b.cause, b.id)));
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
            let sentence = format!("posted receipt {} takes back {less} more than was received", row.receipt);
            contradictions.push(Contradiction::new(row.id, sentence, row.cause));
        }
    }
    corrected
}

/// Rejected goods that a person has decided to refund are accepted, as many as he says (without a word: all).
fn accept_decided<'a>(decisions: &Decisions<'a>, received: &mut Vec<Received<'a>>) {
    let mut accepted: Vec<(&str, Quantity)> = Vec::new();
    for place in 0..received.len() {
        let row = &received[place];
        let decision = if row.rejected() { decisions.about("return-condition", row.receipt) } else { None };
        let Some(decision) = decision.filter(|decision| decision.choice == "refund") else { continue };
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

/// Does a count of the location hold what came back, as its SKU has told? What nobody counts there, or at all, needs none.
fn counted(rows: &Rows<OrderRow>, rules: &Rules, lines: &[PlacedLine<'_>], targets: &Targets, id: &str, row: &Receipt) -> bool {
    let Some(line) = targets.first().map(|&line| &lines[line]) else { return true };
    if !line.goods.tracked || rules.location(&row.location).is_none_or(|known| known.counted_by.is_none()) {
        return true;
    }
    let key = RowKey { kind: OrderRow::COUNTED, source: SourceId::WAYBILL, id: join_key(&[line.sku.as_str(), id]) };
    rows.get_live::<Counted>(&key).is_some_and(|counted| counted.received_at == row.received_at)
}

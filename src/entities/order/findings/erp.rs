//! The ERP's record of the order: missing, deleted, duplicate, or different from the request.
//!
//! Time limits run from the tick of the request, which is in its ledger. None of these findings changes what is due.

use super::evidence::Evidence;
use super::finding::Finding;
use crate::entities::RowOf;
use crate::entities::order::erp::{record_lines, records, targets};
use crate::entities::order::figures::LineView;
use crate::entities::rules::Role;
use crate::entities::small_map::SmallMap;
use crate::facts::order::{ErpPosted, ErpState, Origin, PostedKind, Word};
use crate::facts::{Amount, Cause, Quantity, SourceId, Text};

pub(super) fn find(evidence: &Evidence<'_, '_>) -> Vec<Finding> {
    let documents = documents(evidence);
    let mut found: Vec<Finding> = duplicate(&documents).into_iter().chain(gone(evidence, &documents)).collect();
    if evidence.figures.placed.header.is_some_and(|header| header.origin != Origin::Erp) {
        found.extend(missing(evidence));
        found.extend(differs(evidence, &documents));
    }
    found
}

/// A document of the order in the ERP.
struct Document<'a> {
    source: SourceId,
    number: &'a str,
    live: bool,
    posted: bool,
    cause: Cause,
}

/// The records that are not cancelled. An open document and what was posted from it are one record.
fn documents<'a>(evidence: &Evidence<'a, '_>) -> Vec<Document<'a>> {
    let mut documents: Vec<Document<'a>> = Vec::new();
    for RowOf { key, stored, row: record } in records(evidence.rows, evidence.rules) {
        let cancelled = record.state == Word::Known(ErpState::Cancelled);
        if cancelled || (stored.deleted && evidence.decisions.chose("erp-record-gone", &record.document, "cancelled")) {
            continue;
        }
        let number: &'a str = &record.document;
        match documents.iter_mut().find(|there| there.source == key.source && there.number == number) {
            Some(there) => there.live |= !stored.deleted,
            None => {
                let (live, cause) = (!stored.deleted, stored.cause);
                documents.push(Document { source: key.source, number, live, posted: false, cause });
            }
        }
    }
    for RowOf { key, stored, row: posted } in evidence.rows.live::<ErpPosted>() {
        let of_sale = matches!(posted.kind, PostedKind::Shipment | PostedKind::Invoice);
        if !of_sale || posted.from.is_empty() || !evidence.rules.plays(key.source, Role::Erp) {
            continue;
        }
        let number: &'a str = &posted.from;
        match documents.iter_mut().find(|there| there.source == key.source && there.number == number) {
            Some(there) => there.posted = true,
            None => documents.push(Document { source: key.source, number, live: false, posted: true, cause: stored.cause }),
        }
    }
    documents.sort_by(|a, b| (a.number, a.source).cmp(&(b.number, b.source)));
    documents
}

/// Several live or posted records with different numbers.
fn duplicate(documents: &[Document<'_>]) -> Option<Finding> {
    let real: Vec<&Document<'_>> = documents.iter().filter(|document| document.live || document.posted).collect();
    let [first, .., last] = &real[..] else { return None };
    let numbers: Vec<&str> = real.iter().map(|document| document.number).collect();
    let sentence = format!("the ERP has {} records of the order: {}", real.len(), numbers.join(", "));
    Some(Finding::new("erp-duplicate", "", sentence).caused_by([first.cause, last.cause]))
}

/// The record was deleted, nothing was posted from it, the order is not cancelled, and there is no other record. Of several deleted records the one
/// deleted last counts: the time limit runs from its deletion.
fn gone(evidence: &Evidence<'_, '_>, documents: &[Document<'_>]) -> Option<Finding> {
    let lines = &evidence.figures.lines;
    let cancelled = !lines.is_empty() && lines.iter().all(|line| line.sent.wanted.is_zero());
    if cancelled || documents.iter().any(|document| document.live || document.posted) {
        return None;
    }
    let deleted = records(evidence.rows, evidence.rules)
        .filter(|each| each.stored.deleted && each.row.state != Word::Known(ErpState::Cancelled))
        .max_by_key(|each| (each.stored.at, &each.row.document))?;
    let (source, document) = (evidence.rules.name_of(deleted.key.source), &deleted.row.document);
    let sentence = format!("{source} deleted {document}, its record of the order, and has posted nothing from it");
    let at_risk = evidence.figures.placed.header.map(|header| header.total);
    let finding = Finding::new("erp-record-gone", document.as_str(), sentence).at_risk(at_risk).caused_by([deleted.stored.cause]);
    Some(finding.after(deleted.stored.at + evidence.rules.durations.erp_record_gone))
}

/// The record was requested, is not there, and goods are still wanted.
fn missing(evidence: &Evidence<'_, '_>) -> Option<Finding> {
    let asked = &evidence.ledgers.sales_order;
    let asked_at = asked.first_asked_at.filter(|_| !asked.cancelled)?;
    let wanted = evidence.figures.lines.iter().any(|line| line.sent.wanted.is_positive());
    if !wanted || evidence.figures.erp.exists {
        return None;
    }
    let source = evidence.rules.bringer(Role::Erp);
    let sentence = format!("{source} was asked to record the order, and has no record of it");
    let finding = Finding::new("erp-record-missing", "", sentence).at_risk(evidence.figures.placed.header.map(|header| header.total));
    Some(finding.after(asked_at + evidence.rules.durations.erp_record_missing))
}

/// Compares the lines of the only live record with the last request.
///
/// Lines of a record arrive one by one, and so do their deletions when it is posted: only a difference that has lasted for a while is reported.
fn differs(evidence: &Evidence<'_, '_>, documents: &[Document<'_>]) -> Option<Finding> {
    let asked = &evidence.ledgers.sales_order;
    let asked_at = asked.asked_at?;
    let mut live = documents.iter().filter(|document| document.live);
    let (Some(document), None) = (live.next(), live.next()) else { return None };
    if asked.cancelled {
        return None;
    }
    let mut compared = Comparison::new(&evidence.figures.lines, &asked.totals);
    let mut cause = document.cause;
    for RowOf { key, stored, row } in record_lines(evidence.rows, evidence.rules) {
        if key.source != document.source || row.document != document.number || stored.deleted {
            continue;
        }
        cause = cause.max(stored.cause);
        // Of a closed line nothing more comes, whatever quantity still stands on it.
        let short = row.closed && row.shipped < row.quantity;
        let (quantity, gross) = if short { (row.shipped, None) } else { (row.quantity, row.gross) };
        match targets(&evidence.figures.placed.lines, row).first() {
            Some(&line) => compared.add(line, quantity, gross),
            None if quantity.is_positive() => compared.words.push(format!("{quantity} x {} more than the order has", row.sku)),
            None => {}
        }
    }
    if compared.rows == 0 {
        return None;
    }
    let words = compared.words();
    if words.is_empty() {
        return None;
    }
    let sentence = format!("{} differs from what was asked for: {}", document.number, words.join("; "));
    let finding = Finding::new("erp-differs", document.number, sentence).at_risk(compared.at_risk()).caused_by([cause]);
    Some(finding.after(asked_at.max(asked.differs_since.unwrap_or(evidence.clock.tick)) + evidence.rules.durations.erp_differs))
}

/// Compares the record with the request, SKU by SKU.
struct Comparison<'a, 's> {
    lines: &'s [LineView<'a>],
    asked: &'s SmallMap<Text, Quantity>,
    quantity: Vec<Quantity>,
    gross: Vec<Amount>,
    /// Some row of this line's SKU has no value.
    unpriced: Vec<bool>,
    rows: usize,
    words: Vec<String>,
    risk: Amount,
}

impl<'a, 's> Comparison<'a, 's> {
    fn new(lines: &'s [LineView<'a>], asked: &'s SmallMap<Text, Quantity>) -> Self {
        let count = lines.len();
        let (quantity, gross) = (vec![Quantity::ZERO; count], vec![Amount::ZERO; count]);
        Self { lines, asked, quantity, gross, unpriced: vec![false; count], rows: 0, words: Vec::new(), risk: Amount::ZERO }
    }

    /// A row counts for the first line of its SKU.
    fn add(&mut self, line: usize, quantity: Quantity, gross: Option<Amount>) {
        let first = self.first(line);
        self.rows += 1;
        self.quantity[first] += quantity;
        match gross {
            Some(gross) => self.gross[first] += gross,
            None => self.unpriced[first] = true,
        }
    }

    fn first(&self, line: usize) -> usize {
        self.lines.iter().position(|other| !other.is_bundle && other.sku == self.lines[line].sku).unwrap_or(line)
    }

    fn words(&mut self) -> Vec<String> {
        let mut words = std::mem::take(&mut self.words);
        for first in 0..self.lines.len() {
            if self.lines[first].is_bundle || self.first(first) != first {
                continue;
            }
            let group = || self.lines.iter().filter(|line| !line.is_bundle && line.sku == self.lines[first].sku);
            let asked = |line: &LineView<'_>| self.asked.get(line.id).copied().unwrap_or_default();
            let (wanted, value): (Quantity, Amount) =
                (group().map(asked).sum(), group().map(|line| line.value_of(asked(line).min(line.ordered))).sum());
            let (has, gross, sku) = (self.quantity[first], self.gross[first], self.lines[first].sku);
            let currency = self.lines[first].currency;
            // The ERP may record intangible goods on a line of an account instead of an item.
            let known = group().all(|line| self.asked.contains_key(line.id)) && (has.is_positive() || group().any(|line| line.erp.ships));
            if known && has != wanted {
                words.push(format!("{has} instead of {wanted} x {sku}"));
                let line = &self.lines[first];
                self.risk += (line.value_of(has.min(line.ordered)) - line.value_of(wanted.min(line.ordered))).abs();
            } else if known && has.is_positive() && !self.unpriced[first] && (gross - value).abs() > currency.minor_unit().times(has) {
                words.push(format!("{sku} at {} instead of {}", gross.display(currency), value.display(currency)));
                self.risk += (gross - value).abs();
            }
        }
        words
    }

    fn at_risk(&self) -> Option<Amount> {
        self.risk.is_positive().then_some(self.risk)
    }
}

//! What is odd about the ERP's record of the order: missing, gone, there twice, other than it was asked for.
//!
//! Deadlines of "asked, no answer" run from the tick of the request, which its ledger keeps; none of this changes what is due.

use super::decisions::Decisions;
use super::erp::{record_lines, records, targets};
use super::findings::Findings;
use super::view::{ErpView, LineView};
use crate::entities::Rows;
use crate::entities::ledger::DocumentLedger;
use crate::entities::rules::{Role, Rules};
use crate::entities::small_map::SmallMap;
use crate::facts::order::{ErpState, Header, Origin, PostedKind, Word};
use crate::facts::{Amount, Cause, Moment, OrderRow, Quantity, SourceId, Text};

/// What the findings are made from.
pub(super) struct Record<'a, 's> {
    pub rows: &'a Rows<OrderRow>,
    pub rules: &'a Rules,
    pub header: Option<&'a Header>,
    pub erp: &'s ErpView<'a>,
    pub lines: &'s [LineView<'a>],
    pub asked: &'s DocumentLedger,
    pub decisions: &'s Decisions<'a>,
}

/// A document that is of the order: its number, and whether a row of it stands.
struct Document<'a> {
    source: SourceId,
    number: &'a str,
    live: bool,
    posted: bool,
    cause: Cause,
}

impl<'a> Record<'a, '_> {
    pub fn find(&self, tick: Moment, findings: &mut Findings) {
        let documents = self.documents();
        self.duplicate(&documents, findings);
        self.gone(&documents, findings);
        if self.header.is_some_and(|header| header.origin != Origin::Erp) {
            self.missing(findings);
            self.differs(&documents, tick, findings);
        }
    }

    /// The records, an open document and what was posted from it as one; cancelled ones left out.
    fn documents(&self) -> Vec<Document<'a>> {
        let mut documents: Vec<Document<'a>> = Vec::new();
        for (key, stored, record) in records(self.rows, self.rules) {
            let cancelled = record.state == Word::Known(ErpState::Cancelled);
            if cancelled || (stored.deleted && self.decisions.chose("erp-record-gone", &record.document, "cancelled")) {
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
        for (key, stored) in self.rows.of_kind(OrderRow::ERP_POSTED) {
            let Some(OrderRow::ErpPosted(posted)) = &stored.row else { continue };
            let of_sale = matches!(posted.kind, PostedKind::Shipment | PostedKind::Invoice);
            if stored.deleted || !of_sale || posted.from.is_empty() || !self.rules.plays(key.source, Role::Erp) {
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

    /// Two that live, or were posted, under different numbers.
    fn duplicate(&self, documents: &[Document<'a>], findings: &mut Findings) {
        let real: Vec<&Document<'_>> = documents.iter().filter(|document| document.live || document.posted).collect();
        if let [first, .., last] = &real[..] {
            let numbers: Vec<&str> = real.iter().map(|document| document.number).collect();
            let sentence = format!("the ERP has {} records of the order: {}", real.len(), numbers.join(", "));
            findings.add("erp-duplicate", "", sentence, None, Some(first.cause));
            findings.also(last.cause);
        }
    }

    /// Deleted, nothing of it posted, cancelled by nobody, and no other record in its place. Of several the one that was deleted last: until then
    /// there was one, and the hour runs from there.
    fn gone(&self, documents: &[Document<'a>], findings: &mut Findings) {
        let cancelled = !self.lines.is_empty() && self.lines.iter().all(|line| line.w.is_zero());
        if cancelled || documents.iter().any(|document| document.live || document.posted) {
            return;
        }
        let deleted = records(self.rows, self.rules)
            .filter(|(_, stored, record)| stored.deleted && record.state != Word::Known(ErpState::Cancelled))
            .max_by_key(|(_, stored, record)| (stored.at, &record.document));
        if let Some((key, stored, record)) = deleted {
            let source = self.rules.name_of(key.source);
            let sentence = format!("{source} deleted {}, its record of the order, and nothing of it is posted", record.document);
            findings.add("erp-record-gone", &record.document, sentence, self.header.map(|header| header.total), Some(stored.cause));
            findings.after(stored.at + self.rules.durations.erp_record_gone);
        }
    }

    /// Asked for, not there, and still wanted.
    fn missing(&self, findings: &mut Findings) {
        let wanted = self.lines.iter().any(|line| line.w.is_positive());
        let Some(asked_at) = self.asked.first_asked_at.filter(|_| !self.asked.cancelled) else { return };
        if wanted && !self.erp.exists {
            let source = super::conditions::role_name(self.rules, Role::Erp);
            let sentence = format!("{source} was asked to record the order, and has no record of it");
            findings.add("erp-record-missing", "", sentence, self.header.map(|header| header.total), None);
            findings.after(asked_at + self.rules.durations.erp_record_missing);
        }
    }

    /// The lines of the one open record against what was asked last. A record that is posted, closed or gone is not compared.
    ///
    /// Its lines come one by one, as do the news that it was posted and has lost them: only what has differed for a while is told.
    fn differs(&self, documents: &[Document<'a>], tick: Moment, findings: &mut Findings) {
        let Some(asked_at) = self.asked.asked_at else { return };
        let mut live = documents.iter().filter(|document| document.live);
        let (Some(document), None) = (live.next(), live.next()) else { return };
        if self.asked.cancelled {
            return;
        }
        let mut compared = Comparison::new(self.lines, &self.asked.totals);
        let mut cause = document.cause;
        for (key, stored, row) in record_lines(self.rows, self.rules) {
            if key.source != document.source || row.document != document.number || stored.deleted {
                continue;
            }
            cause = cause.max(stored.cause);
            match targets(self.lines, row).first() {
                Some(&line) => compared.add(line, row.quantity, row.gross),
                None if row.quantity.is_positive() => {
                    compared.words.push(format!("{} of {} more than the order has", row.quantity, row.sku))
                }
                None => {}
            }
        }
        if compared.rows == 0 {
            return;
        }
        let words = compared.words();
        if !words.is_empty() {
            let sentence = format!("{} differs from what was asked for: {}", document.number, words.join("; "));
            findings.add("erp-differs", document.number, sentence, compared.at_risk(), Some(cause));
            findings.after(asked_at.max(self.asked.differs_since.unwrap_or(tick)) + self.rules.durations.erp_differs);
        }
    }
}

/// By SKU, what the record has against what it was asked for.
struct Comparison<'a, 's> {
    lines: &'s [LineView<'a>],
    asked: &'s SmallMap<Text, Quantity>,
    quantity: Vec<Quantity>,
    gross: Vec<Amount>,
    /// Some row of this line's SKU tells no value.
    unpriced: Vec<bool>,
    rows: usize,
    words: Vec<String>,
    risk: Amount,
}

impl<'a, 's> Comparison<'a, 's> {
    fn new(lines: &'s [LineView<'a>], asked: &'s SmallMap<Text, Quantity>) -> Self {
        let n = lines.len();
        let (quantity, gross) = (vec![Quantity::ZERO; n], vec![Amount::ZERO; n]);
        Self { lines, asked, quantity, gross, unpriced: vec![false; n], rows: 0, words: Vec::new(), risk: Amount::ZERO }
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
        self.lines.iter().position(|other| !other.set && other.sku == self.lines[line].sku).unwrap_or(line)
    }

    fn words(&mut self) -> Vec<String> {
        let mut words = std::mem::take(&mut self.words);
        for first in 0..self.lines.len() {
            if self.lines[first].set || self.first(first) != first {
                continue;
            }
            let group = || self.lines.iter().filter(|line| !line.set && line.sku == self.lines[first].sku);
            let asked = |line: &LineView<'_>| self.asked.get(line.id).copied().unwrap_or_default();
            let (wanted, value): (Quantity, Amount) = (group().map(asked).sum(), group().map(|line| line.g(asked(line).min(line.n))).sum());
            let (has, gross, sku) = (self.quantity[first], self.gross[first], self.lines[first].sku);
            let currency = self.lines[first].currency;
            // What needs no goods may stand on a line of an account, which is no item's.
            let known = group().all(|line| self.asked.contains_key(line.id)) && (has.is_positive() || group().any(|line| line.ships));
            if known && has != wanted {
                words.push(format!("{has} instead of {wanted} of {sku}"));
                self.risk +=
                    (self.lines[first].g(has.min(self.lines[first].n)) - self.lines[first].g(wanted.min(self.lines[first].n))).abs();
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

/// Rows that name a location which the configuration does not know: one finding for each code.
pub(super) fn unknown_locations(rows: &Rows<OrderRow>, rules: &Rules, findings: &mut Findings) {
    if rules.locations.is_empty() {
        return;
    }
    for (key, stored) in rows.iter().filter(|(_, stored)| !stored.deleted) {
        let code: &Text = match &stored.row {
            Some(OrderRow::ErpLine(row)) => match &row.location {
                Some(code) => code,
                None => continue,
            },
            Some(OrderRow::Line(row)) => match &row.location {
                Some(code) => code,
                None => continue,
            },
            Some(OrderRow::Despatch(row)) => &row.location,
            Some(OrderRow::WarehouseOrder(row)) => &row.location,
            Some(OrderRow::WarehouseLine(row)) => &row.location,
            Some(OrderRow::Receipt(row)) => &row.location,
            _ => continue,
        };
        if code.is_empty() || rules.location(code).is_some() {
            continue;
        }
        match findings.0.iter_mut().find(|finding| finding.kind == "unknown-location" && finding.number == code.as_str()) {
            Some(finding) => finding.causes.push(stored.cause),
            None => {
                let sentence = format!("{} names the location {code}, which the configuration does not know", rules.name_of(key.source));
                findings.add("unknown-location", code, sentence, None, Some(stored.cause));
            }
        }
    }
}

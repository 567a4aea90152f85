//! Parcels after they left: labels, carriers' scans, what they deliver, and what a person must look at.
//!
//! A scan counts for a parcel from a day before its despatch until `parcel_window` after it: numbers are used again after months. Scans of a
//! label that was replaced count until it was replaced. A scan that was withdrawn counts no more.

use super::decisions::Decisions;
use super::findings::{Clock, Findings};
use super::returns::Outcome;
use super::view::{Decided, LineView, ParcelView};
use crate::entities::Rows;
use crate::entities::rows::Stored;
use crate::entities::rules::{Authority, Role, Rules};
use crate::facts::order::{Header, ScanMeaning, Tracking};
use crate::facts::time::Span;
use crate::facts::{Amount, Moment, OrderRow, Quantity, Version};

/// The parcel's tracking number as its own row tells it, later than the despatch: it wins over the despatch's, which it replaces.
fn track<'a>(rows: &'a Rows<OrderRow>, parcel: &mut ParcelView<'a>) {
    let told = rows.of_kind(OrderRow::TRACKING).filter_map(|(key, stored)| match &stored.row {
        Some(OrderRow::Tracking(row)) if !stored.deleted && row.despatch == parcel.key => Some((stored.at, key, row)),
        _ => None,
    });
    let mut told: Vec<(Moment, _, &'a Tracking)> = told.collect();
    told.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
    let Some((at, _, newest)) = told.pop() else { return };
    let number: &'a str = &newest.number;
    let before = told.iter().map(|(_, _, row)| row.number.as_str()).chain(parcel.tracking).chain(newest.replaces.as_deref());
    let mut former: Vec<(&'a str, Moment)> = before.filter(|before| *before != number).map(|before| (before, at)).collect();
    former.sort_unstable();
    former.dedup();
    parcel.former = former;
    parcel.tracking = Some(number);
    parcel.tracking_at = Some(at);
    if !newest.carrier.is_empty() {
        parcel.carrier = &newest.carrier;
    }
}

/// The newest scan of the parcel: by its own time, then by rank, then by version.
fn newest_scan(rows: &Rows<OrderRow>, rules: &Rules, parcel: &ParcelView<'_>) -> Option<(ScanMeaning, Moment)> {
    let of_parcel = |number: &str, at: Moment| {
        parcel.tracking == Some(number) || parcel.former.iter().any(|(former, until)| *former == number && at < *until)
    };
    let window = parcel.despatched_at + Span(-Span::days(1).0)..=parcel.despatched_at + rules.durations.parcel_window;
    let order = |stored: &Stored<OrderRow>, meaning, at| -> (Moment, ScanMeaning, Version) { (at, meaning, stored.version) };
    rows.of_kind(OrderRow::SCAN)
        .filter_map(|(key, stored)| match &stored.row {
            Some(OrderRow::Scan(scan))
                if !stored.deleted
                    && window.contains(&scan.scanned_at)
                    && of_parcel(&scan.tracking, scan.scanned_at)
                    && rules.counts_from(Authority::Deliveries, key.source) =>
            {
                let meaning = scan.meaning.known().filter(|meaning| **meaning != ScanMeaning::Withdrawn);
                meaning.map(|meaning| order(stored, *meaning, scan.scanned_at))
            }
            _ => None,
        })
        .max()
        .map(|(at, meaning, _)| (meaning, at))
}

/// What became of a parcel that does not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Lost,
    /// On its way back to the house, or there.
    Undelivered,
}

impl Fate {
    /// The reason of the return that it is refunded by.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Undelivered => "undelivered",
        }
    }
}

/// Is the parcel refunded without an authorisation of its own, why, and since when? By a person's decision; where it is so configured, by the
/// carrier's own word (its silence alone refunds nothing: it may be the feed that is silent).
pub(super) fn refunded(parcel: &ParcelView<'_>, rules: &Rules) -> Option<(Fate, Moment)> {
    if matches!(parcel.newest_scan, Some((ScanMeaning::Delivered, _))) {
        return None;
    }
    let (fate, at) = carriers_word(parcel).unwrap_or((Fate::Lost, parcel.despatched_at));
    let by_decision = parcel.decided.is_some_and(|decided| decided.fate == fate && decided.choice == "refund");
    (!parcel.taken && (by_decision || by_the_carriers_word(parcel, rules))).then_some((fate, at))
}

/// What the carrier says that became of it, and when, if it says that it does not arrive.
fn carriers_word(parcel: &ParcelView<'_>) -> Option<(Fate, Moment)> {
    match parcel.newest_scan? {
        (ScanMeaning::Returning, at) => Some((Fate::Undelivered, at)),
        (ScanMeaning::Lost, at) => Some((Fate::Lost, at)),
        _ => None,
    }
}

/// Refunded by configuration: nobody is asked, and nobody has decided about what became of it.
fn by_the_carriers_word(parcel: &ParcelView<'_>, rules: &Rules) -> bool {
    let Some((fate, _)) = carriers_word(parcel) else { return false };
    let configured = match fate {
        Fate::Lost => rules.parcels_refunded.lost,
        Fate::Undelivered => rules.parcels_refunded.undelivered,
    };
    configured && parcel.decided.is_none_or(|decided| decided.fate != fate)
}

/// Scans, and what they deliver: a parcel without a final scan counts as delivered by time.
pub(super) fn follow<'a>(
    rows: &'a Rows<OrderRow>,
    rules: &'a Rules,
    decisions: &Decisions<'a>,
    parcels: &mut [ParcelView<'a>],
    lines: &mut [LineView<'a>],
    clock: &mut Clock,
) {
    for parcel in parcels {
        if parcel.taken {
            parcel.delivered_at = Some(parcel.despatched_at);
        } else {
            track(rows, parcel);
            parcel.newest_scan = newest_scan(rows, rules, parcel);
            parcel.decided = decided(parcel.key, decisions);
            let given_up = parcel.decided.is_some_and(|decided| decided.fate == Fate::Lost);
            parcel.delivered_at = match parcel.newest_scan {
                Some((ScanMeaning::Delivered, at)) => Some(at),
                Some((ScanMeaning::Returning | ScanMeaning::Lost, _)) => None,
                _ if given_up => None,
                _ => {
                    let assumed_at = parcel.despatched_at + rules.durations.assume_delivered;
                    parcel.assumed = clock.reached(assumed_at);
                    parcel.assumed.then_some(assumed_at)
                }
            };
        }
        if parcel.delivered_at.is_some() {
            for &(line, quantity) in &parcel.lines {
                lines[line].delivered += quantity;
            }
        }
    }
}

/// What a person has chosen for it: of one that was given up as lost and then came back the later choice is about its coming back.
fn decided<'a>(parcel: &str, decisions: &Decisions<'a>) -> Option<Decided<'a>> {
    let about = |kind, fate| {
        let decision = decisions.about(kind, parcel)?;
        Some(Decided { fate, choice: &decision.choice, at: decision.decided_at, lines: &decision.lines })
    };
    let both = [about("parcel-lost", Fate::Lost), about("returned-to-sender", Fate::Undelivered)];
    both.into_iter().flatten().max_by_key(|decided| decided.at)
}

/// What a person must look at.
pub(super) struct Look<'a, 's> {
    pub rules: &'a Rules,
    pub header: Option<&'a Header>,
    pub lines: &'s [LineView<'a>],
    pub outcome: &'s Outcome<'a>,
}

impl Look<'_, '_> {
    pub fn at(&self, parcels: &[ParcelView<'_>], clock: &mut Clock, findings: &mut Findings) {
        // One that its warehouse has emptied again (all its rows say none) is no parcel.
        for parcel in parcels.iter().filter(|parcel| !parcel.taken && (!parcel.lines.is_empty() || parcel.unresolved)) {
            self.late(parcel, clock, findings);
            self.lost(parcel, clock, findings);
            self.back(parcel, parcels, findings);
        }
        for line in self.lines {
            self.over(line, findings);
        }
    }

    /// Carriers tell of parcels at all, and this one can be found in what they tell.
    fn scanned(&self, parcel: &ParcelView<'_>) -> bool {
        parcel.tracking.is_some() && self.rules.deciding_roles(Authority::Deliveries).contains(&Role::Carrier)
    }

    fn worth(&self, parcel: &ParcelView<'_>) -> Option<Amount> {
        let of = |(i, quantity): &(usize, Quantity)| self.lines.get(*i).map(|line| line.g((*quantity).min(line.n)));
        Some(parcel.lines.iter().filter_map(of).sum())
    }

    fn add(&self, kind: &'static str, parcel: &ParcelView<'_>, sentence: String, findings: &mut Findings) {
        findings.add(kind, parcel.key, sentence, self.worth(parcel), Some(parcel.cause));
        findings.of_pieces(parcel.lines.iter().map(|(_, quantity)| *quantity).sum());
    }

    /// No scan at all, or the promised date is past.
    fn late(&self, parcel: &ParcelView<'_>, clock: &mut Clock, findings: &mut Findings) {
        let durations = &self.rules.durations;
        if parcel.delivered_at.is_some() || matches!(parcel.newest_scan, Some((ScanMeaning::Returning | ScanMeaning::Lost, _))) {
            return;
        }
        let name = parcel.tracking.unwrap_or(parcel.key);
        if parcel.newest_scan.is_none() && self.scanned(parcel) && clock.passed(parcel.despatched_at, durations.parcel_late) {
            let sentence = format!("no scan of parcel {name} since its despatch");
            self.add("parcel-late", parcel, sentence, findings);
        } else if let Some(promised) = self.header.and_then(|header| header.promised_at)
            && clock.passed(promised, durations.parcel_promised)
        {
            self.add("parcel-late", parcel, format!("parcel {name} was promised for {promised} and is not delivered"), findings);
        }
    }

    /// The carrier says so, or is silent for too long.
    fn lost(&self, parcel: &ParcelView<'_>, clock: &mut Clock, findings: &mut Findings) {
        let name = parcel.tracking.unwrap_or(parcel.key);
        if let Some((ScanMeaning::Lost, _)) = parcel.newest_scan {
            if by_the_carriers_word(parcel, self.rules) {
                return;
            }
            self.add("parcel-lost", parcel, format!("the carrier says that parcel {name} is lost"), findings);
            return;
        }
        let arrived = parcel.lines.iter().all(|(i, quantity)| self.lines.get(*i).is_some_and(|line| line.received >= *quantity));
        if parcel.delivered_at.is_some() || !self.scanned(parcel) || (arrived && !parcel.lines.is_empty()) {
            return;
        }
        let since = parcel.newest_scan.map_or(parcel.despatched_at, |(_, at)| at.max(parcel.despatched_at));
        if clock.passed(since, self.rules.durations.parcel_lost) {
            self.add("parcel-lost", parcel, format!("nobody has scanned parcel {name} since {since}"), findings);
        }
    }

    /// On its way back by the carrier's word, received by the warehouse, and nobody authorised it; until another parcel takes its place.
    fn back(&self, parcel: &ParcelView<'_>, parcels: &[ParcelView<'_>], findings: &mut Findings) {
        let Some((ScanMeaning::Returning, at)) = parcel.newest_scan else { return };
        let here = parcel.lines.iter().any(|(i, _)| self.outcome.unlogged_of(*i).is_positive());
        let again = parcels
            .iter()
            .any(|other| other.despatched_at > at && other.lines.iter().any(|(line, _)| parcel.lines.iter().any(|(here, _)| here == line)));
        if here && !again && !by_the_carriers_word(parcel, self.rules) {
            let name = parcel.tracking.unwrap_or(parcel.key);
            self.add("returned-to-sender", parcel, format!("parcel {name} came back without an authorisation"), findings);
        }
    }

    /// More left than was ordered, and has not come back.
    fn over(&self, line: &LineView<'_>, findings: &mut Findings) {
        let over = line.d - line.n - line.received;
        if over.is_positive() {
            let sentence = format!("{} of {} left the house, but {} were ordered on line {}", line.d, line.sku, line.n, line.id);
            let at_risk = line.gross.share(over, line.n, line.currency);
            findings.add("over-despatched", line.id, sentence, Some(at_risk), line.despatched_by);
            findings.of_pieces(over);
        }
    }
}

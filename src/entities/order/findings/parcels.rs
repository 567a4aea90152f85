//! Parcels that are late, lost, or on their way back.

use super::evidence::Evidence;
use super::finding::Finding;
use crate::entities::order::sent::{ParcelView, by_carriers_word};
use crate::entities::rules::{Authority, Role};
use crate::facts::order::ScanMeaning;
use crate::facts::{Amount, Moment, Quantity};

pub(super) fn find(evidence: &Evidence<'_, '_>) -> Vec<Finding> {
    // A parcel whose rows all have a quantity of 0 is not sent.
    let parcels =
        evidence.figures.sent.parcels.iter().filter(|parcel| !parcel.handed_over && (!parcel.lines.is_empty() || parcel.unresolved));
    parcels.flat_map(|parcel| [late(evidence, parcel), lost(evidence, parcel), back(evidence, parcel)]).flatten().collect()
}

/// A carrier's scans are expected: a carrier is configured, and the parcel has a tracking number.
fn scanned(evidence: &Evidence<'_, '_>, parcel: &ParcelView<'_>) -> bool {
    parcel.tracking.is_some() && evidence.rules.deciding_roles(Authority::Deliveries).contains(&Role::Carrier)
}

fn name<'a>(parcel: &ParcelView<'a>) -> &'a str {
    parcel.tracking.unwrap_or(parcel.key)
}

/// A finding about a parcel. Its content is at risk.
fn finding(evidence: &Evidence<'_, '_>, kind: &'static str, parcel: &ParcelView<'_>, sentence: String) -> Finding {
    let lines = &evidence.figures.lines;
    let worth = |(i, quantity): &(usize, Quantity)| lines.get(*i).map(|line| line.value_of((*quantity).min(line.ordered)));
    let at_risk: Amount = parcel.lines.iter().filter_map(worth).sum();
    let pieces = parcel.lines.iter().map(|(_, quantity)| *quantity).sum();
    Finding::new(kind, parcel.key, sentence).at_risk(at_risk).pieces(pieces).caused_by([parcel.cause])
}

/// It has no scan, or the promised date has passed.
fn late(evidence: &Evidence<'_, '_>, parcel: &ParcelView<'_>) -> Option<Finding> {
    let durations = &evidence.rules.durations;
    if parcel.delivered_at.is_some() || matches!(parcel.newest_scan, Some((ScanMeaning::Returning | ScanMeaning::Lost, _))) {
        return None;
    }
    if parcel.newest_scan.is_none() && scanned(evidence, parcel) && evidence.clock.passed(parcel.despatched_at, durations.parcel_late) {
        return Some(finding(evidence, "parcel-late", parcel, format!("parcel {} has not been scanned since its despatch", name(parcel))));
    }
    let promised = evidence.figures.placed.header.and_then(|header| header.promised_at)?;
    evidence.clock.passed(promised, durations.parcel_promised).then(|| {
        finding(evidence, "parcel-late", parcel, format!("parcel {} was promised for {promised}, and is not delivered", name(parcel)))
    })
}

/// The carrier reports it as lost, or has not scanned it for too long.
fn lost(evidence: &Evidence<'_, '_>, parcel: &ParcelView<'_>) -> Option<Finding> {
    if let Some((ScanMeaning::Lost, _)) = parcel.newest_scan {
        let sentence = format!("the carrier reports parcel {} as lost", name(parcel));
        return (!by_carriers_word(parcel, evidence.rules)).then(|| finding(evidence, "parcel-lost", parcel, sentence));
    }
    let lines = &evidence.figures.lines;
    let arrived = parcel.lines.iter().all(|(i, quantity)| lines.get(*i).is_some_and(|line| line.back.received >= *quantity));
    if parcel.delivered_at.is_some() || !scanned(evidence, parcel) || (arrived && !parcel.lines.is_empty()) {
        return None;
    }
    let since: Moment = parcel.newest_scan.map_or(parcel.despatched_at, |(_, at)| at.max(parcel.despatched_at));
    let silent = evidence.clock.passed(since, evidence.rules.durations.parcel_lost);
    silent.then(|| finding(evidence, "parcel-lost", parcel, format!("parcel {} has not been scanned since {since}", name(parcel))))
}

/// The carrier reports it as returning, the warehouse has received it, nobody authorised that, and no later parcel replaces it.
fn back(evidence: &Evidence<'_, '_>, parcel: &ParcelView<'_>) -> Option<Finding> {
    let Some((ScanMeaning::Returning, at)) = parcel.newest_scan else { return None };
    let here = parcel.lines.iter().any(|(i, _)| evidence.figures.back.lines[*i].unlogged.is_positive());
    let has = |other: &ParcelView<'_>, line: usize| other.lines.iter().any(|(there, _)| *there == line);
    let replaces = |other: &ParcelView<'_>| other.despatched_at > at && parcel.lines.iter().any(|(line, _)| has(other, *line));
    if !here || evidence.figures.sent.parcels.iter().any(replaces) || by_carriers_word(parcel, evidence.rules) {
        return None;
    }
    Some(finding(evidence, "returned-to-sender", parcel, format!("parcel {} came back without an authorisation", name(parcel))))
}

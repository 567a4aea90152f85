//! Parcels after their despatch: labels, carriers' scans, deliveries.
//!
//! A scan counts for a parcel from a day before its despatch until `parcel_window` after it, since carriers reuse numbers after months. Scans of a
//! replaced label count up to its replacement. A withdrawn scan does not count.

use super::despatch::PackedParcel;
use crate::entities::order::decisions::Decisions;
use crate::entities::order::input::Input;
use crate::entities::rules::{Authority, Rules};
use crate::entities::{RowOf, Rows};
use crate::facts::order::{LineRef, Scan, ScanMeaning, Tracking};
use crate::facts::time::Span;
use crate::facts::{Cause, Moment, OrderRow, Quantity, SourceId, Version};

/// A parcel: its content, its label, its scans.
#[derive(Clone, Debug)]
pub struct ParcelView<'a> {
    /// Despatch number.
    pub key: &'a str,
    /// The location that sent it.
    pub location: &'a str,
    /// The carrier's name, as reported.
    pub carrier: &'a str,
    /// The carrier's service, as reported.
    pub service: &'a str,
    /// The number on its label.
    pub tracking: Option<&'a str>,
    /// When the number was reported, if in a row of its own.
    pub tracking_at: Option<Moment>,
    /// Replaced numbers, and when they were replaced: later scans of them belong to other parcels.
    pub former: Vec<(&'a str, Moment)>,
    /// Numbers of further parcels of the same despatch: it is delivered when all of them are.
    pub beside: Vec<&'a str>,
    /// Handed over at a counter, so it has no label and no scans.
    pub handed_over: bool,
    /// The source that tells of it.
    pub source: SourceId,
    /// The newest decision about a parcel that is lost or came back.
    pub decided: Option<Decided<'a>>,
    /// The time of its oldest despatch row.
    pub despatched_at: Moment,
    /// The record of a despatch row.
    pub cause: Cause,
    /// (index into the order's lines, quantity) of what is in it.
    pub lines: Vec<(usize, Quantity)>,
    /// Some of its goods belong to no line of this order.
    pub unresolved: bool,
    /// The newest scan: its meaning and time.
    pub newest_scan: Option<(ScanMeaning, Moment)>,
    /// When it was delivered, or is assumed to have been.
    pub delivered_at: Option<Moment>,
    /// Assumed to be delivered because `assume_delivered` has passed without a final scan.
    pub assumed: bool,
}

/// A person's decision about a parcel that is lost or came back.
#[derive(Clone, Copy, Debug)]
pub struct Decided<'a> {
    /// Which of the two it is about.
    pub fate: Fate,
    /// `resend`, `refund`.
    pub choice: &'a str,
    /// When it was decided.
    pub at: Moment,
    /// The pieces that it covers; empty: everything in the parcel.
    pub lines: &'a [(LineRef, Quantity)],
}

/// The number on a parcel's label.
struct Label<'a> {
    number: Option<&'a str>,
    /// When it was reported in a row of its own.
    at: Option<Moment>,
    carrier: &'a str,
    /// Replaced numbers, and when they were replaced.
    former: Vec<(&'a str, Moment)>,
    /// Numbers of further parcels.
    beside: Vec<&'a str>,
}

/// The parcel's label. A number reported in a row of its own comes later than the despatch, and replaces the despatch's number.
fn label<'a>(rows: &'a Rows<OrderRow>, parcel: &PackedParcel<'a>) -> Label<'a> {
    let of_parcel = rows.live::<Tracking>().filter(|each| each.row.despatch == parcel.label);
    let mut labels: Vec<(Moment, _, &'a Tracking)> = of_parcel.map(|each| (each.stored.at, each.key, each.row)).collect();
    labels.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
    let mut beside: Vec<&'a str> = labels.iter().filter(|(_, _, row)| row.beside).map(|(_, _, row)| row.number.as_str()).collect();
    beside.sort_unstable();
    beside.dedup();
    if labels.iter().all(|(_, _, row)| row.beside)
        && let Some((at, _, first)) = labels.first()
    {
        beside.retain(|number| *number != first.number);
        return Label { number: Some(&first.number), at: Some(*at), carrier: &first.carrier, former: Vec::new(), beside };
    }
    labels.retain(|(_, _, row)| !row.beside);
    let Some((at, _, newest)) = labels.pop() else {
        return Label { number: parcel.tracking, at: None, carrier: parcel.carrier, former: Vec::new(), beside: Vec::new() };
    };
    let number: &'a str = &newest.number;
    let before = labels.iter().map(|(_, _, row)| row.number.as_str()).chain(parcel.tracking).chain(newest.replaces.as_deref());
    let mut former: Vec<(&'a str, Moment)> = before.filter(|before| *before != number).map(|before| (before, at)).collect();
    former.sort_unstable();
    former.dedup();
    let carrier = if newest.carrier.is_empty() { parcel.carrier } else { &newest.carrier };
    beside.retain(|other| *other != number && !former.iter().any(|(former, _)| former == other));
    Label { number: Some(number), at: Some(at), carrier, former, beside }
}

/// The newest scan of a despatch. Of several parcels: the last delivery, once all are delivered; else the newest scan of one that is not.
fn newest_scan(input: &Input<'_>, despatched_at: Moment, label: &Label<'_>) -> Option<(ScanMeaning, Moment)> {
    let first = newest_of(input, despatched_at, label);
    if label.beside.is_empty() {
        return first;
    }
    let others = label.beside.iter().map(|number| {
        let label = Label { number: Some(number), at: None, carrier: "", former: Vec::new(), beside: Vec::new() };
        newest_of(input, despatched_at, &label)
    });
    let all: Vec<Option<(ScanMeaning, Moment)>> = std::iter::once(first).chain(others).collect();
    let is_delivered = |scan: &&Option<(ScanMeaning, Moment)>| matches!(scan, Some((ScanMeaning::Delivered, _)));
    let of_those =
        |delivered: bool| all.iter().filter(move |scan| is_delivered(scan) == delivered).flatten().copied().max_by_key(|(_, at)| *at);
    if all.iter().all(|scan| is_delivered(&scan)) { of_those(true) } else { of_those(false) }
}

/// The newest scan of one number: by its own time, then by rank, then by version.
fn newest_of(input: &Input<'_>, despatched_at: Moment, label: &Label<'_>) -> Option<(ScanMeaning, Moment)> {
    let of_parcel = |number: &str, at: Moment| {
        label.number == Some(number) || label.former.iter().any(|(former, until)| *former == number && at < *until)
    };
    let window = despatched_at + Span(-Span::days(1).0)..=despatched_at + input.rules.durations.parcel_window;
    let scans = input.rows.live::<Scan>().filter(|RowOf { key, row: scan, .. }| {
        window.contains(&scan.scanned_at)
            && of_parcel(&scan.tracking, scan.scanned_at)
            && input.rules.counts_from(Authority::Deliveries, key.source)
    });
    let known = scans.filter_map(|RowOf { stored, row: scan, .. }| {
        let meaning = scan.meaning.known().filter(|meaning| **meaning != ScanMeaning::Withdrawn)?;
        Some::<(Moment, ScanMeaning, Version)>((scan.scanned_at, *meaning, stored.version))
    });
    known.max().map(|(at, meaning, _)| (meaning, at))
}

/// Why a parcel does not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is lost.
    Lost,
    /// It is on its way back to the sender, or has come back.
    Undelivered,
}

impl Fate {
    /// The reason given on the return by which it is refunded.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Undelivered => "undelivered",
        }
    }
}

/// Is the parcel refunded without a return authorisation? If so: why, and since when. It is by a person's decision or, if configured, by the
/// carrier's scan. Missing scans alone refund nothing: the feed may have stopped.
pub(in super::super) fn refunded(parcel: &ParcelView<'_>, rules: &Rules) -> Option<(Fate, Moment)> {
    if matches!(parcel.newest_scan, Some((ScanMeaning::Delivered, _))) {
        return None;
    }
    let (fate, at) = carriers_word(parcel).unwrap_or((Fate::Lost, parcel.despatched_at));
    let by_decision = parcel.decided.is_some_and(|decided| decided.fate == fate && decided.choice == "refund");
    (!parcel.handed_over && (by_decision || by_carriers_word(parcel, rules))).then_some((fate, at))
}

/// Why the parcel does not arrive, according to the carrier's newest scan, and the time of the scan.
fn carriers_word(parcel: &ParcelView<'_>) -> Option<(Fate, Moment)> {
    match parcel.newest_scan? {
        (ScanMeaning::Returning, at) => Some((Fate::Undelivered, at)),
        (ScanMeaning::Lost, at) => Some((Fate::Lost, at)),
        _ => None,
    }
}

/// The parcel is refunded by configuration because of the carrier's scan, and no person has decided otherwise.
pub(in super::super) fn by_carriers_word(parcel: &ParcelView<'_>, rules: &Rules) -> bool {
    let Some((fate, _)) = carriers_word(parcel) else { return false };
    let configured = match fate {
        Fate::Lost => rules.parcels_refunded.lost,
        Fate::Undelivered => rules.parcels_refunded.undelivered,
    };
    configured && parcel.decided.is_none_or(|decided| decided.fate != fate)
}

/// Reads label and scans of each parcel, and whether it is delivered. Without a final scan it is assumed to be delivered after a while.
pub(super) fn follow<'a>(input: &Input<'a>, decisions: &Decisions<'a>, packed: Vec<PackedParcel<'a>>) -> Vec<ParcelView<'a>> {
    packed.into_iter().map(|parcel| travel(input, decisions, parcel)).collect()
}

fn travel<'a>(input: &Input<'a>, decisions: &Decisions<'a>, parcel: PackedParcel<'a>) -> ParcelView<'a> {
    let mut view = ParcelView {
        key: parcel.key,
        location: parcel.location,
        carrier: parcel.carrier,
        service: parcel.service,
        tracking: parcel.tracking,
        tracking_at: None,
        former: Vec::new(),
        beside: Vec::new(),
        handed_over: parcel.handed_over,
        source: parcel.source,
        decided: None,
        despatched_at: parcel.despatched_at,
        cause: parcel.cause,
        lines: Vec::new(),
        unresolved: parcel.unresolved,
        newest_scan: None,
        delivered_at: None,
        assumed: false,
    };
    if parcel.handed_over {
        view.delivered_at = Some(parcel.despatched_at);
    } else {
        let label = label(input.rows, &parcel);
        view.newest_scan = newest_scan(input, parcel.despatched_at, &label);
        (view.tracking, view.tracking_at, view.carrier, view.former) = (label.number, label.at, label.carrier, label.former);
        view.beside = label.beside;
        view.decided = decided(parcel.key, decisions);
        let given_up = view.decided.is_some_and(|decided| decided.fate == Fate::Lost);
        view.delivered_at = match view.newest_scan {
            Some((ScanMeaning::Delivered, at)) => Some(at),
            Some((ScanMeaning::Returning | ScanMeaning::Lost, _)) => None,
            _ if given_up => None,
            _ => {
                let assumed_at = parcel.despatched_at + input.rules.durations.assume_delivered;
                view.assumed = input.clock.reached(assumed_at);
                view.assumed.then_some(assumed_at)
            }
        };
    }
    ParcelView { lines: parcel.lines, ..view }
}

/// The newest decision about the parcel, as lost or as returned to sender.
fn decided<'a>(parcel: &str, decisions: &Decisions<'a>) -> Option<Decided<'a>> {
    let about = |kind, fate| {
        let decision = decisions.about(kind, parcel)?;
        Some(Decided { fate, choice: &decision.choice, at: decision.decided_at, lines: &decision.lines })
    };
    let both = [about("parcel-lost", Fate::Lost), about("returned-to-sender", Fate::Undelivered)];
    both.into_iter().flatten().max_by_key(|decided| decided.at)
}

//! Parcels after they left: labels, carriers' scans, what they deliver.
//!
//! A scan counts for a parcel from a day before its despatch until `parcel_window` after it: numbers are used again after months. Scans of a
//! label that was replaced count until it was replaced. A scan that was withdrawn counts no more.

use super::despatch::PackedParcel;
use crate::entities::order::decisions::Decisions;
use crate::entities::order::input::Input;
use crate::entities::rules::{Authority, Rules};
use crate::entities::{RowOf, Rows};
use crate::facts::order::{LineRef, Scan, ScanMeaning, Tracking};
use crate::facts::time::Span;
use crate::facts::{Cause, Moment, OrderRow, Quantity, Version};

/// A parcel: what is in it, and how it travels.
#[derive(Clone, Debug)]
pub struct ParcelView<'a> {
    /// Despatch number.
    pub key: &'a str,
    pub location: &'a str,
    pub carrier: &'a str,
    pub service: &'a str,
    pub tracking: Option<&'a str>,
    /// When a row of its own told the number.
    pub tracking_at: Option<Moment>,
    /// Numbers of labels that were replaced, and when: later scans of them are not of this parcel.
    pub former: Vec<(&'a str, Moment)>,
    /// Handed over at a counter: nothing travels.
    pub handed_over: bool,
    pub decided: Option<Decided<'a>>,
    pub despatched_at: Moment,
    pub cause: Cause,
    /// (index into the order's lines, quantity) of what is in it.
    pub lines: Vec<(usize, Quantity)>,
    /// A despatch row of it could not be put to a line of this order.
    pub unresolved: bool,
    pub newest_scan: Option<(ScanMeaning, Moment)>,
    pub delivered_at: Option<Moment>,
    /// Delivered by time, without a scan.
    pub assumed: bool,
}

/// What a person has decided about a parcel that is lost or came back.
#[derive(Clone, Copy, Debug)]
pub struct Decided<'a> {
    pub fate: Fate,
    /// `resend`, `refund`.
    pub choice: &'a str,
    pub at: Moment,
    /// The pieces that it was made for; none: whatever is in the parcel.
    pub lines: &'a [(LineRef, Quantity)],
}

/// The number on a parcel's label.
struct Label<'a> {
    number: Option<&'a str>,
    /// When a row of its own told it.
    at: Option<Moment>,
    carrier: &'a str,
    /// Numbers of labels that were replaced, and when: later scans of them are not of this parcel.
    former: Vec<(&'a str, Moment)>,
}

/// The parcel's tracking number as its own row tells it, later than the despatch: it wins over the despatch's, which it replaces.
fn label<'a>(rows: &'a Rows<OrderRow>, parcel: &PackedParcel<'a>) -> Label<'a> {
    let of_parcel = rows.live::<Tracking>().filter(|each| each.row.despatch == parcel.key);
    let mut labels: Vec<(Moment, _, &'a Tracking)> = of_parcel.map(|each| (each.stored.at, each.key, each.row)).collect();
    labels.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
    let Some((at, _, newest)) = labels.pop() else {
        return Label { number: parcel.tracking, at: None, carrier: parcel.carrier, former: Vec::new() };
    };
    let number: &'a str = &newest.number;
    let before = labels.iter().map(|(_, _, row)| row.number.as_str()).chain(parcel.tracking).chain(newest.replaces.as_deref());
    let mut former: Vec<(&'a str, Moment)> = before.filter(|before| *before != number).map(|before| (before, at)).collect();
    former.sort_unstable();
    former.dedup();
    let carrier = if newest.carrier.is_empty() { parcel.carrier } else { &newest.carrier };
    Label { number: Some(number), at: Some(at), carrier, former }
}

/// The newest scan of the parcel: by its own time, then by rank, then by version.
fn newest_scan(input: &Input<'_>, despatched_at: Moment, label: &Label<'_>) -> Option<(ScanMeaning, Moment)> {
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

/// What became of a parcel that does not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It does not arrive anywhere.
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
pub(in super::super) fn refunded(parcel: &ParcelView<'_>, rules: &Rules) -> Option<(Fate, Moment)> {
    if matches!(parcel.newest_scan, Some((ScanMeaning::Delivered, _))) {
        return None;
    }
    let (fate, at) = carriers_word(parcel).unwrap_or((Fate::Lost, parcel.despatched_at));
    let by_decision = parcel.decided.is_some_and(|decided| decided.fate == fate && decided.choice == "refund");
    (!parcel.handed_over && (by_decision || by_carriers_word(parcel, rules))).then_some((fate, at))
}

/// What the carrier says that became of it, and when, if it says that it does not arrive.
fn carriers_word(parcel: &ParcelView<'_>) -> Option<(Fate, Moment)> {
    match parcel.newest_scan? {
        (ScanMeaning::Returning, at) => Some((Fate::Undelivered, at)),
        (ScanMeaning::Lost, at) => Some((Fate::Lost, at)),
        _ => None,
    }
}

/// Refunded by configuration, on the carrier's word: nobody is asked, and nobody has decided about what became of it.
pub(in super::super) fn by_carriers_word(parcel: &ParcelView<'_>, rules: &Rules) -> bool {
    let Some((fate, _)) = carriers_word(parcel) else { return false };
    let configured = match fate {
        Fate::Lost => rules.parcels_refunded.lost,
        Fate::Undelivered => rules.parcels_refunded.undelivered,
    };
    configured && parcel.decided.is_none_or(|decided| decided.fate != fate)
}

/// Follows each parcel: its label, its scans, and whether it is delivered. A parcel without a final scan counts as delivered by time.
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
        handed_over: parcel.handed_over,
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

/// What a person has chosen for it: of one that was given up as lost and then came back the later choice is about its coming back.
fn decided<'a>(parcel: &str, decisions: &Decisions<'a>) -> Option<Decided<'a>> {
    let about = |kind, fate| {
        let decision = decisions.about(kind, parcel)?;
        Some(Decided { fate, choice: &decision.choice, at: decision.decided_at, lines: &decision.lines })
    };
    let both = [about("parcel-lost", Fate::Lost), about("returned-to-sender", Fate::Undelivered)];
    both.into_iter().flatten().max_by_key(|decided| decided.at)
}

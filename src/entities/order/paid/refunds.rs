//! Refunds, as systems report them.
//!
//! Refunded is, for each tender, the larger of two amounts: the largest total of a source that reports all refunds; the sum over all sources that
//! report only their own, where rows with the same reference count once.

use super::tender::Foreign;
use crate::entities::order::input::Input;
use crate::entities::order::placed::Placed;
use crate::entities::rules::ReportsRefunds;
use crate::facts::order::{Refund, RefundState, Tender, Word};
use crate::facts::{Amount, Moment, SourceId};

/// A refund that a system reports.
#[derive(Clone, Debug)]
pub struct RefundView<'a> {
    /// The system.
    pub source: SourceId,
    /// Its id there.
    pub id: &'a str,
    /// The tender by which it is paid.
    pub tender: Tender,
    /// The amount paid back.
    pub amount: Amount,
    /// It is paid.
    pub success: bool,
    /// It is under way.
    pub pending: bool,
    /// The id of Waybill's request that it answers.
    pub request: Option<&'a str>,
    /// When it was made.
    pub at: Moment,
    /// It is part of what is refunded. A repetition of another source's refund is not.
    pub counts: bool,
}

/// All reported refunds, and the total by tender of those that count.
pub(super) struct Refunds<'a> {
    pub views: Vec<RefundView<'a>>,
    pub by_tender: Vec<(Tender, Amount)>,
    pub agree: bool,
}

/// A refund that its source reports as paid or under way.
struct ReportedRefund<'a> {
    place: usize,
    source: SourceId,
    reports: ReportsRefunds,
    tender: Tender,
    amount: Amount,
    reference: &'a str,
}

/// The refunds of one source that reports all of them, or of all sources that report only their own.
struct Side {
    by_tender: Vec<(Tender, Amount)>,
    total: Amount,
    places: Vec<usize>,
}

impl Side {
    fn of<'t, 'a: 't>(reported: impl Iterator<Item = &'t ReportedRefund<'a>>) -> Self {
        let mut side = Self { by_tender: Vec::new(), total: Amount::ZERO, places: Vec::new() };
        let mut references: Vec<&str> = Vec::new();
        for refund in reported {
            if !refund.reference.is_empty() {
                if references.contains(&refund.reference) {
                    continue;
                }
                references.push(refund.reference);
            }
            match side.by_tender.iter_mut().find(|(there, _)| *there == refund.tender) {
                Some((_, sum)) => *sum += refund.amount,
                None => side.by_tender.push((refund.tender, refund.amount)),
            }
            side.total += refund.amount;
            side.places.push(refund.place);
        }
        side
    }
}

pub(super) fn read<'a>(input: &Input<'a>, placed: &Placed<'_>, foreign: &mut Vec<Foreign>) -> Refunds<'a> {
    let mut views = Vec::new();
    let mut reported: Vec<ReportedRefund<'a>> = Vec::new();
    for each in input.rows.live::<Refund>() {
        let (id, source, row) = (&each.key.id, each.key.source, each.row);
        let success = row.state == Word::Known(RefundState::Success);
        let pending = row.state == Word::Known(RefundState::Pending);
        let reports = input.rules.source(source).map_or(ReportsRefunds::None, |source| source.reports_refunds);
        if row.currency != placed.currency {
            foreign.push(Foreign { id: id.clone(), sentence: format!("refund {id} is in {}", row.currency), cause: each.stored.cause });
        } else if (success || pending) && reports != ReportsRefunds::None {
            let (place, reference) = (views.len(), row.reference.as_str());
            reported.push(ReportedRefund { place, source, reports, tender: row.tender, amount: row.amount, reference });
        }
        views.push(RefundView {
            source,
            id,
            tender: row.tender,
            amount: row.amount,
            success,
            pending,
            request: row.request.as_deref(),
            at: row.refunded_at,
            counts: false,
        });
    }
    one_tender_each(&mut reported);
    let mut sides: Vec<Side> = Vec::new();
    let mut agree = true;
    let own = Side::of(reported.iter().filter(|refund| refund.reports == ReportsRefunds::Own));
    for source in input.rules.sources.iter().filter(|source| source.reports_refunds == ReportsRefunds::All) {
        let side = Side::of(reported.iter().filter(|refund| refund.source == source.id));
        agree &= side.total >= own.total && sides.first().is_none_or(|first| first.total == side.total);
        sides.push(side);
    }
    sides.push(own);
    let mut by_tender: Vec<(Tender, Amount)> = Vec::new();
    for (tender, amount) in sides.iter().flat_map(|side| &side.by_tender) {
        match by_tender.iter_mut().find(|(there, _)| there == tender) {
            Some((_, largest)) => *largest = (*largest).max(*amount),
            None => by_tender.push((*tender, *amount)),
        }
    }
    // The rows that are shown as the refunds: those of the side with the largest total, of equal ones the first.
    let most = sides.iter().rev().max_by_key(|side| side.total);
    for &place in most.map_or(&[][..], |side| &side.places) {
        views[place].counts = true;
    }
    Refunds { views, by_tender, agree }
}

/// Rows with the same reference are one refund. It gets the tender that a source reporting all refunds gives.
fn one_tender_each(reported: &mut [ReportedRefund<'_>]) {
    for i in 0..reported.len() {
        if reported[i].reports == ReportsRefunds::Own && !reported[i].reference.is_empty() {
            let same = |other: &&ReportedRefund<'_>| other.reports == ReportsRefunds::All && other.reference == reported[i].reference;
            if let Some(tender) = reported.iter().find(same).map(|other| other.tender) {
                reported[i].tender = tender;
            }
        }
    }
}

//! Refunds, as systems report them.
//!
//! Refunded is a figure of the *order*: the larger of the largest total of a source that reports all refunds, and the sum over the sources that report
//! only their own. Rows with the same reference in two sources are one fact; rows of one source never are. The system that tells most says by which
//! tenders. What the shop itself keeps for the customer (gift cards, store credit) is compared apart where the others know nothing of it.

use super::tender::{Foreign, is_stored};
use crate::entities::order::input::{Contradiction, Input};
use crate::entities::order::placed::Placed;
use crate::entities::rules::ReportsRefunds;
use crate::facts::order::{Dispute, DisputeState, Refund, RefundState, Tender, Word};
use crate::facts::time::Span;
use crate::facts::{Amount, Cause, Moment, SourceId};

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
    /// It has failed.
    pub failed: bool,
    /// The id of Waybill's request that it answers.
    pub request: Option<&'a str>,
    /// The payment provider's reference; empty: none.
    pub reference: &'a str,
    /// The capture that it goes back to; empty: not told.
    pub capture: &'a str,
    /// When it was made.
    pub at: Moment,
    /// The record of its row.
    pub cause: Cause,
    /// It is part of what is refunded. A repetition of another source's refund is not.
    pub counts: bool,
}

impl RefundView<'_> {
    /// Made before the other one, by the clock, and under another reference: an equal amount alone makes them no repetition of each other.
    fn is_before(&self, other: &Self) -> bool {
        let by_clock = self.at.0.rem_euclid(WHOLE.0) != 0;
        let apart = !self.reference.is_empty() && !other.reference.is_empty() && self.reference != other.reference;
        apart && by_clock && self.at + CLOCKS_APART < other.at
    }
}

/// All reported refunds, and the total by tender of those that count.
#[derive(Default)]
pub(super) struct Refunds<'a> {
    pub views: Vec<RefundView<'a>>,
    pub by_tender: Vec<(Tender, Amount)>,
    /// The part that is paid, and not only under way.
    pub paid: Amount,
    pub agree: bool,
    /// Disputed by the payer's bank, open or lost.
    pub disputed: Amount,
    pub dispute_open: bool,
}

/// The refunds of one source that reports all of them, or of all sources that report only their own.
struct Side {
    /// Places of the rows that count in it.
    places: Vec<usize>,
    money: Amount,
    stored: Amount,
    /// Of a source that reports all of them: places of refunds that others have made and that none of its rows can be.
    untold: Vec<usize>,
}

impl Side {
    fn of(views: &[RefundView<'_>], places: Vec<usize>) -> Self {
        let sum = |stored: bool| {
            let of_kind = places.iter().map(|&i| &views[i]).filter(|view| is_stored(view.tender) == stored);
            of_kind.map(|view| view.amount).sum()
        };
        Self { money: sum(false), stored: sum(true), places, untold: Vec::new() }
    }

    fn total(&self) -> Amount {
        self.money + self.stored
    }
}

pub(super) fn read<'a>(
    input: &Input<'a>,
    placed: &Placed<'_>,
    captured_by: &[Tender],
    foreign: &mut Vec<Foreign>,
    contradictions: &mut Vec<Contradiction>,
) -> Refunds<'a> {
    let mut all = Refunds { agree: true, ..Refunds::default() };
    let mut reported: Vec<(usize, ReportsRefunds)> = Vec::new();
    for each in input.rows.live::<Refund>() {
        let (id, source, row) = (&each.key.id, each.key.source, each.row);
        let reports = input.rules.source(source).map_or(ReportsRefunds::None, |source| source.reports_refunds);
        let is = |state| row.state == Word::Known(state);
        let (success, pending) = (is(RefundState::Success), is(RefundState::Pending));
        if row.currency != placed.currency {
            let sentence = format!("refund {id} is in {}", row.currency);
            foreign.push(Foreign { id: id.clone(), sentence, refund: true, cause: each.stored.cause });
        } else if row.amount.is_negative() {
            let sentence = format!("refund {id} is below zero ({})", row.amount);
            contradictions.push(Contradiction::new(&format!("refund {id}"), sentence, each.stored.cause));
        } else if (success || pending) && reports != ReportsRefunds::None {
            reported.push((all.views.len(), reports));
        }
        // A shop that does not say by which means it pays (a memo has none) pays by the means that it took the money by.
        let only = || captured_by.iter().copied().filter(|tender| !is_stored(*tender)).reduce(|_, _| Tender::Card);
        let unsaid = row.tender == Tender::Card && Some(source) == placed.shop && !captured_by.contains(&Tender::Card);
        all.views.push(RefundView {
            source,
            id,
            tender: if unsaid { only().unwrap_or(row.tender) } else { row.tender },
            amount: row.amount,
            success,
            pending,
            failed: is(RefundState::Failed),
            request: row.request.as_deref(),
            reference: &row.reference,
            capture: &row.capture,
            at: row.refunded_at,
            cause: each.stored.cause,
            counts: false,
        });
    }
    if !reported.is_empty() {
        compare(input, &reported, &mut all);
    }
    disputes(input, placed, foreign, &mut all);
    all
}

/// Compares the sides, and takes those that tell most.
fn compare(input: &Input<'_>, reported: &[(usize, ReportsRefunds)], all: &mut Refunds<'_>) {
    one_tender_each(reported, &mut all.views);
    let views = &all.views[..];
    let of = |reports| reported.iter().filter(move |(_, its)| *its == reports).map(|(place, _)| *place);
    let own = Side::of(views, once_each(views, of(ReportsRefunds::Own).collect()));
    let mut sides: Vec<Side> = Vec::new();
    for source in input.rules.sources.iter().filter(|source| source.reports_refunds == ReportsRefunds::All) {
        sides.push(Side::of(views, of(ReportsRefunds::All).filter(|&place| views[place].source == source.id).collect()));
    }
    let know_stored = own.stored.is_zero() || sides.iter().any(|side| side.stored.is_positive());
    let matters = |place: &usize| know_stored || !is_stored(views[*place].tender);
    for side in &mut sides {
        side.add_untold(views, own.places.iter().copied().filter(matters));
    }
    // Of equal ones the first, and the sum of those that report only their own last: a shop's memo often does not know the tender.
    let most = |of: fn(&Side) -> Amount| {
        let larger = |most: &'_ Side, side: &'_ Side| of(side) + of_places(views, &side.untold) > of(most) + of_places(views, &most.untold);
        sides.iter().chain([&own]).reduce(|most, side| if larger(most, side) { side } else { most }).unwrap_or(&own)
    };
    let with_untold = |side: &Side| side.places.iter().chain(&side.untold).copied().collect::<Vec<usize>>();
    let mut counting: Vec<usize> = if know_stored {
        with_untold(most(Side::total))
    } else {
        let is_money = |place: &usize| !is_stored(views[*place].tender);
        let money = with_untold(most(|side| side.money)).into_iter().filter(is_money);
        money.chain(own.places.iter().copied().filter(|place| !is_money(place))).collect()
    };
    counting.sort_unstable();
    let told = |side: &Side| if know_stored { side.total() } else { side.money };
    let counted = |side: &Side| -> Vec<usize> {
        side.places.iter().copied().filter(|&place| know_stored || !is_stored(views[place].tender)).collect()
    };
    let alike = |side: &Side| told(side) >= told(&own) && told(side) == told(&sides[0]);
    all.agree = sides.iter().all(|side| side.untold.is_empty() && alike(side) && tells_of(views, counted(side), counted(&own)));
    for place in counting {
        let view = &mut all.views[place];
        view.counts = true;
        all.paid += if view.success { view.amount } else { Amount::ZERO };
        match all.by_tender.iter_mut().find(|(there, _)| *there == view.tender) {
            Some((_, sum)) => *sum += view.amount,
            None => all.by_tender.push((view.tender, view.amount)),
        }
    }
}

/// Does a system that tells all refunds tell of those that others have made themselves? By their reference, by their amount, or by what all that is left
/// comes to. Until it does, its sum lacks them, however large it is: what was paid by request hides what a shop has paid by hand.
fn tells_of(views: &[RefundView<'_>], mut all: Vec<usize>, mut own: Vec<usize>) -> bool {
    let pair = |all: &mut Vec<usize>, place: usize, same: &dyn Fn(&RefundView<'_>, &RefundView<'_>) -> bool| {
        let other = all.iter().position(|&other| same(&views[place], &views[other]));
        other.map(|other| all.remove(other)).is_some()
    };
    own.retain(|&place| !pair(&mut all, place, &|one, other| !one.reference.is_empty() && one.reference == other.reference));
    own.retain(|&place| !pair(&mut all, place, &|one, other| one.amount == other.amount && !other.is_before(one)));
    let before = || all.iter().any(|&told| own.iter().any(|&place| views[told].is_before(&views[place])));
    own.is_empty() || (of_places(views, &all) == of_places(views, &own) && !before())
}

fn of_places(views: &[RefundView<'_>], places: &[usize]) -> Amount {
    places.iter().map(|&place| views[place].amount).sum()
}

/// A date that stands for a moment is a whole number of these since 1970, in each zone.
const WHOLE: Span = Span::minutes(15);

/// Clocks of two systems are not further apart.
const CLOCKS_APART: Span = Span::hours(1);

/// How much earlier than a refund itself a row about it may be dated: some systems know only the date.
const DATED_BEFORE: Span = Span::days(1);

impl Side {
    /// Finds the refunds that others have made, `own`, and that no row of this source can be: none has its reference, none has its amount, and those
    /// that are left do not come to the same sum. A row that was dated earlier than a refund is not that refund, nor is one that answers our request
    /// when the other does not.
    fn add_untold(&mut self, views: &[RefundView<'_>], own: impl Iterator<Item = usize>) {
        let mut left: Vec<usize> = self.places.clone();
        let mut open: Vec<usize> = Vec::new();
        let may_be = |told: &RefundView<'_>, own: &RefundView<'_>| {
            told.at + DATED_BEFORE >= own.at && (told.request.is_none() || told.request == own.request)
        };
        let by_reference = |told: &RefundView<'_>, own: &RefundView<'_>| !own.reference.is_empty() && told.reference == own.reference;
        for place in own {
            let own = &views[place];
            if !left.iter().any(|&told| by_reference(&views[told], own)) {
                open.push(place);
                continue;
            }
            // Several rows of one reference are one payment in parts.
            let mut rest = own.amount;
            left.retain(|&told| {
                let takes = rest.is_positive() && by_reference(&views[told], own);
                rest -= if takes { views[told].amount } else { Amount::ZERO };
                !takes
            });
        }
        // What others have paid in parts may stand here as one.
        let made = of_places(views, &open);
        let whole =
            left.iter().position(|&told| views[told].amount == made && open.iter().all(|&place| may_be(&views[told], &views[place])));
        if let Some(at) = whole {
            left.remove(at);
            open.clear();
        }
        open.retain(|&place| {
            let alike = left.iter().position(|&told| views[told].amount == views[place].amount && may_be(&views[told], &views[place]));
            alike.map(|at| left.remove(at)).is_none()
        });
        // What is left may be the same money in other parts.
        left.retain(|&told| open.iter().any(|&place| may_be(&views[told], &views[place])));
        let (told, made) = (of_places(views, &left), of_places(views, &open));
        if told > made {
            // This source's own beside them.
            self.untold = open;
        } else if told < made {
            self.places.retain(|place| !left.contains(place));
            *self = Self { untold: open, ..Self::of(views, std::mem::take(&mut self.places)) };
        }
    }
}

/// Of rows with one reference in several sources only those of the source that tells most of it, of equal ones the first.
fn once_each(views: &[RefundView<'_>], places: Vec<usize>) -> Vec<usize> {
    let sum = |source: SourceId, reference: &str| -> Amount {
        let same = places.iter().map(|&i| &views[i]).filter(|view| view.source == source && view.reference == reference);
        same.map(|view| view.amount).sum()
    };
    let beaten = |view: &RefundView<'_>| {
        let mine = sum(view.source, view.reference);
        places.iter().map(|&i| &views[i]).filter(|other| other.reference == view.reference && other.source != view.source).any(|other| {
            let theirs = sum(other.source, other.reference);
            theirs > mine || (theirs == mine && other.source < view.source)
        })
    };
    places.iter().copied().filter(|&i| views[i].reference.is_empty() || !beaten(&views[i])).collect()
}

/// A refund that a source reporting all of them tells too gets the tender that is told there.
fn one_tender_each(reported: &[(usize, ReportsRefunds)], views: &mut [RefundView<'_>]) {
    for &(own, _) in reported.iter().filter(|(_, reports)| *reports == ReportsRefunds::Own) {
        let all = reported.iter().filter(|(_, reports)| *reports == ReportsRefunds::All).map(|(place, _)| *place);
        let mut same = all.filter(|&place| views[place].reference == views[own].reference && views[place].amount == views[own].amount);
        if !views[own].reference.is_empty()
            && let Some(place) = same.next()
        {
            views[own].tender = views[place].tender;
        }
    }
}

/// What the payer's bank has taken back counts as refunded, until the shop has won.
fn disputes(input: &Input<'_>, placed: &Placed<'_>, foreign: &mut Vec<Foreign>, all: &mut Refunds<'_>) {
    for each in input.rows.live::<Dispute>() {
        let row = each.row;
        let open = matches!(row.state, Word::Known(DisputeState::Open) | Word::Unknown(_));
        all.dispute_open |= open;
        if row.currency != placed.currency {
            let sentence = format!("dispute {} is in {}", each.key.id, row.currency);
            foreign.push(Foreign { id: each.key.id.clone(), sentence, refund: true, cause: each.stored.cause });
        } else if row.state != Word::Known(DisputeState::Won) {
            all.disputed += row.amount.floor_zero();
        }
    }
    if all.disputed.is_positive() {
        match all.by_tender.iter_mut().find(|(tender, _)| *tender == Tender::Card) {
            Some((_, sum)) => *sum += all.disputed,
            None => all.by_tender.push((Tender::Card, all.disputed)),
        }
        all.paid += all.disputed;
    }
}

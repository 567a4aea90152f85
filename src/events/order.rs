//! The events of an order at its seal: each request topic's rule in a fixed order, over one view; then its statements.

use super::outlet::Outlet;
use super::request::Request;
use super::{exceptions, fulfilment_requests, order_status, sales_orders};
use crate::entities::last_emitted::LastEmitted;
use crate::entities::order::OrderView;
use crate::entities::rules::Rules;
use crate::entities::small_map::SmallMap;
use crate::entities::topics::Ledgers;
use crate::facts::{Moment, Text};

/// Makes the requests that are due, and emits the statements that have changed. `open`: the exceptions that stand open, and since when.
///
/// Returns when the clock alone would next change one of them.
pub fn seal_order(
    view: &OrderView<'_>,
    ledgers: &mut Ledgers,
    last_emitted: &mut LastEmitted,
    open: &mut SmallMap<Text, Moment>,
    outlet: &mut Outlet<'_>,
) -> Option<Moment> {
    let by_clock = make_requests(view, ledgers, outlet);
    order_status::emit(view, last_emitted, outlet);
    exceptions::emit(view, open, last_emitted, outlet);
    Moment::earlier(view.next_change, by_clock)
}

/// The order's person is forgotten: `before` has the person, `after` has not. That alone is no reason to ask for anything anew.
pub fn forget_person(before: &OrderView<'_>, after: &OrderView<'_>, ledgers: &mut Ledgers, rules: &Rules) {
    sales_orders::forget_person(before, after, &mut ledgers.sales_order, rules);
    fulfilment_requests::forget_person(before, after, &mut ledgers.fulfilment);
}

/// Makes every request that is due and whose gate is open, and enters it in its ledger. A second call with the same view and tick makes none.
///
/// Returns the earliest moment at which the clock alone would open a gate or let a mail lapse.
pub(super) fn make_requests(view: &OrderView<'_>, ledgers: &mut Ledgers, outlet: &mut Outlet<'_>) -> Option<Moment> {
    let before = progress(ledgers);
    macro_rules! emit {
        ($($ledger:ident: $request:ty,)+) => {
            $(<$request>::emit(view, &mut ledgers.$ledger, outlet);)+
        };
    }
    requests!(emit);
    outlet.settle_held();
    // What is found of the requests before is looked at again at once; what one location was asked for decides what another may be; and which of the
    // cancelled pieces can't be sent any more, once the first go-ahead says for how many it was made.
    let found = || view.findings.iter().any(|finding| OF_REQUESTS.contains(&finding.kind));
    let unstopped = || view.lines.iter().any(|line| line.unstopped().is_positive());
    outlet.again |= progress(ledgers) != before && (ledgers.fulfilment.len() > 1 || found() || unstopped());
    Moment::earlier(outlet.timer, answers(ledgers, outlet))
}

/// Findings about requests that were answered otherwise, too late, or not at all.
const OF_REQUESTS: [&str; 5] = ["erp-record-missing", "erp-differs", "release-unanswered", "held-after-release", "despatch-corrected"];

/// How far the ledgers are that these findings are about.
fn progress(ledgers: &Ledgers) -> (u32, u32, Option<Moment>) {
    let releases = ledgers.fulfilment.values().map(|asked| asked.step).sum();
    (ledgers.sales_order.step, releases, ledgers.despatch.values().filter_map(|notices| notices.corrected_at).max())
}

/// When what was asked for in this seal must have an answer: the view was made before it was asked. Later views know these moments themselves.
fn answers(ledgers: &Ledgers, outlet: &Outlet<'_>) -> Option<Moment> {
    let (durations, tick) = (&outlet.context.rules.durations, outlet.context.tick);
    let now = |asked_at: Option<Moment>| asked_at == Some(tick);
    let record = now(ledgers.sales_order.asked_at).then(|| durations.erp_record_missing.min(durations.erp_differs));
    let release = ledgers.fulfilment.values().any(|asked| now(asked.asked_at)).then_some(durations.release_unanswered);
    let correction = ledgers.despatch.values().any(|notices| now(notices.corrected_at)).then_some(durations.despatch_corrected);
    let refund = now(ledgers.refund.asked_at).then_some(durations.refund_unpaid);
    [record, release, correction, refund].into_iter().flatten().min().map(|wait| tick + wait)
}

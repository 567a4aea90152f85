//! Whether the lines of an order are all there.

use super::charges::PlacedTotals;
use super::header::HeaderRow;
use super::line::PlacedLine;
use super::lines::LineCounts;
use crate::entities::order::clock::Clock;
use crate::entities::rules::Rules;
use crate::facts::order::Header;

/// Whether the lines are all there; if not, what is missing.
#[derive(Clone, Debug)]
pub struct Whole {
    /// They are all there.
    pub holds: bool,
    /// What is missing, for people: `2 of 3 lines`.
    pub waits_for: String,
    /// The set of lines is complete even if the sums differ: they came in one record, the header's count agrees, or the quiet time has passed.
    pub proven: bool,
}

/// The lines are all there if one of these holds:
///
/// - header and lines came in one record;
/// - lines + charges = total;
/// - the header's count agrees, and the source's counts are trusted;
/// - nothing came for the source's quiet time.
///
/// They are not while the goods of a sale are missing or the header counts more lines or pieces: a missing line that is free would not show in the
/// sum.
pub(super) fn whole(
    top: &HeaderRow<'_>,
    lines: &[PlacedLine<'_>],
    counts: &LineCounts,
    totals: &PlacedTotals,
    rules: &Rules,
    clock: &Clock,
) -> Whole {
    let Some(header) = top.header else {
        return Whole { holds: false, waits_for: "the order's header".to_owned(), proven: false };
    };
    let source = top.shop.and_then(|shop| rules.source(shop));
    let (there, pieces) = (counts.sales, counts.sale_pieces);
    let too_few = header.lines_expected.is_some_and(|expected| there < expected as usize)
        || header.quantity_expected.is_some_and(|expected| pieces < expected);
    let without_goods = lines.iter().filter(|line| !line.has_goods()).count() + counts.missing_parts;
    let counted = !too_few && (header.lines_expected.is_some() || header.quantity_expected.is_some());
    let quiet = match (source.and_then(|source| source.quiet), counts.newest) {
        (Some(span), Some(newest)) => there > 0 && clock.passed(newest, span),
        _ => false,
    };
    let proven = header.whole || counted || quiet;
    let trusted = source.is_some_and(|source| source.trust_header_count);
    let parts = without_goods == 0 && counts.orphan_leaves == 0 && there > 0;
    let holds = parts && !too_few && (header.whole || totals.agree || (counted && trusted) || quiet);
    let waits_for = if holds { String::new() } else { missing(header, counts, totals, too_few, without_goods) };
    Whole { holds, waits_for, proven: proven && parts }
}

fn missing(header: &Header, counts: &LineCounts, totals: &PlacedTotals, too_few: bool, without_goods: usize) -> String {
    let there = counts.sales;
    match header.lines_expected {
        Some(expected) if there < expected as usize => format!("{there} of {expected} lines"),
        _ if there == 0 => "its lines".to_owned(),
        _ if without_goods > 0 => format!("the goods of {without_goods} lines"),
        _ if counts.orphan_leaves > 0 => format!("the sale of {} goods lines", counts.orphan_leaves),
        _ if too_few => "further pieces".to_owned(),
        _ => format!(
            "lines and charges worth {} (those received are worth {})",
            header.total.display(header.currency),
            totals.value.display(header.currency)
        ),
    }
}

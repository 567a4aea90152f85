//! What a person must look at, found while a SKU is computed. `events/sku_exceptions.rs` opens and closes what these name.

use std::collections::BTreeMap;

use super::cover::uncovered;
use super::state::SkuState;
use super::stock::{ChannelStock, counts_itself, pool};
use super::{counts, kit, offer};
use crate::entities::Kept;
use crate::entities::rules::Rules;
use crate::facts::ids::join_key;
use crate::facts::sku::{Basis, Demand};
use crate::facts::time::Span;
use crate::facts::{Cause, Moment, Quantity, RowKey, Sku, SkuRow, SourceId, Text};

/// Something that holds now.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// As in the table of kinds.
    pub kind: &'static str,
    /// Tells several of one kind apart.
    pub number: Text,
    /// What is wrong, in a sentence.
    pub sentence: String,
    pub causes: Vec<Cause>,
    /// Since when, as far as rows tell.
    pub since: Moment,
    /// What it holds of: when that changes, its time begins anew.
    pub of: u64,
    /// It opens when it has held so long.
    pub after: Span,
}

/// So many lines of one SKU are looked at for their price; more of them add no knowledge.
const PRICES_MAX: usize = 100;

/// A shop learns of a new price a while after it began.
const PRICE_SPAN: Span = Span::minutes(15);

/// All that holds now.
pub fn found(sku: &Sku, state: &SkuState, rules: &Rules, tick: Moment, figures: &[ChannelStock]) -> Vec<Found> {
    let mut all = Vec::new();
    oversold(state, rules, tick, figures, &mut all);
    of_counts(state, rules, tick, figures, &mut all);
    counted_nowhere(state, rules, &mut all);
    shop_differs(rules, tick, figures, &mut all);
    all.extend(unknown(state, rules, tick));
    all.extend(cycle(sku, state, rules, tick));
    prices(state, rules, &mut all);
    all
}

fn oversold(state: &SkuState, rules: &Rules, tick: Moment, figures: &[ChannelStock], all: &mut Vec<Found>) {
    let never = |product: &crate::facts::sku::Product| product.backorder_allowed || product.untracked;
    if offer::product(state, rules).is_some_and(|(product, _)| never(product)) {
        return;
    }
    for figure in figures.iter().filter(|figure| figure.free.is_negative() && !figure.kit) {
        let Some(channel) = rules.channel(&figure.channel) else { continue };
        let uncovered = uncovered(channel, figure, state, rules);
        let orders: Vec<&str> = uncovered.named.iter().map(|(_, number)| number.as_str()).collect();
        let sentence = match orders.len() {
            0 => format!("{} pieces are missing in {}, of what has left already", -figure.free, figure.channel),
            _ => format!(
                "{} pieces are missing in {}: {} {} not covered, of the orders {}",
                -figure.free,
                figure.channel,
                uncovered.lines,
                if uncovered.lines == 1 { "line is" } else { "lines are" },
                orders.join(", ")
            ),
        };
        let causes = figure.counts.iter().filter_map(|count| count.cause).collect();
        all.push(Found { kind: "oversold", number: figure.channel.clone(), sentence, causes, since: tick, of: 0, after: Span(0) });
    }
}

/// Counts below zero, counts that are old, counts of two systems that differ.
fn of_counts(state: &SkuState, rules: &Rules, tick: Moment, figures: &[ChannelStock], all: &mut Vec<Found>) {
    // By location and source: what it counts there of one basis, and since when.
    let mut totals: BTreeMap<(Text, Basis, bool, SourceId), (Quantity, Moment, Vec<Cause>)> = BTreeMap::new();
    for told in counts::told(state, rules) {
        let authority = told.location.counted_by == Some(told.source);
        let number = join_key(&[&told.location.code, &told.bucket]);
        if told.quantity.is_negative() {
            let sentence =
                format!("{} counts {} at {}", rules.name_of(told.source), told.quantity, place(&told.location.code, &told.bucket));
            let number = join_key(&[rules.name_of(told.source), &number]);
            all.push(Found { kind: "negative-count", number, sentence, causes: vec![told.cause], since: told.at, of: 0, after: Span(0) });
        }
        if let Some(after) = rules.stock.of(told.source).stale_after.filter(|_| authority) {
            let sentence =
                format!("{} last counted {} at {}", rules.name_of(told.source), place(&told.location.code, &told.bucket), told.t0);
            let of = told.t0.0 as u64;
            all.push(Found { kind: "count-stale", number, sentence, causes: vec![told.cause], since: told.t0, of, after });
        }
        if authority && !counts::is_sellable(rules, told.location, &told.bucket) {
            continue;
        }
        let total =
            totals.entry((told.location.code.clone(), told.basis, authority, told.source)).or_insert((Quantity::ZERO, told.at, Vec::new()));
        total.0 += told.quantity;
        total.1 = total.1.max(told.at);
        total.2.push(told.cause);
    }
    let moved = |code: &Text| {
        figures.iter().flat_map(|figure| &figure.counts).find(|count| count.location == *code).map_or(Quantity::ZERO, |count| count.moved)
    };
    for ((code, basis, _, mirror), (quantity, at, causes)) in totals.iter().filter(|((_, _, authority, _), _)| !authority) {
        let own = totals.iter().find(|((of, of_basis, authority, _), _)| of == code && of_basis == basis && *authority);
        let Some(((_, _, _, counter), (counted, counted_at, own_causes))) = own else { continue };
        let counted = *counted + moved(code);
        if (counted - *quantity).abs() <= rules.stock.count_tolerance {
            continue;
        }
        let sentence = format!("{} counts {counted} at {code}, {} has {quantity}", rules.name_of(*counter), rules.name_of(*mirror));
        let number = join_key(&[code, rules.name_of(*mirror)]);
        let causes = own_causes.iter().chain(causes).copied().collect();
        let since = (*at).max(*counted_at).min(tick);
        all.push(Found { kind: "counts-differ", number, sentence, causes, since, of: 0, after: rules.durations.counts_differ });
    }
}

/// Pieces counted at a location that the configuration does not know: they are in no figure, and would lie there unsold.
fn counted_nowhere(state: &SkuState, rules: &Rules, all: &mut Vec<Found>) {
    if rules.locations.is_empty() {
        return;
    }
    for (key, kept) in state.of_kind(SkuRow::COUNT) {
        let Some((SkuRow::Count(count), told)) = kept.live().zip(kept.upserted.as_ref()) else { continue };
        if count.location.is_empty() || count.quantity.is_zero() || rules.location(&count.location).is_some() {
            continue;
        }
        let source = rules.name_of(key.source);
        let sentence = format!("{source} counts {} at {}, which the configuration does not know", count.quantity, count.location);
        let number = join_key(&[source, &count.location, &count.bucket]);
        all.push(Found { kind: "unknown-location", number, sentence, causes: vec![told.cause], since: told.at, of: 0, after: Span(0) });
    }
}

fn place(code: &str, bucket: &str) -> String {
    if bucket.is_empty() { code.to_owned() } else { format!("{code}, {bucket}") }
}

/// A shop has another figure than the one that was said, and neither has moved since.
fn shop_differs(rules: &Rules, tick: Moment, figures: &[ChannelStock], all: &mut Vec<Found>) {
    for figure in figures {
        let (Some(has), Some(channel)) = (figure.shop_figure, rules.channel(&figure.channel)) else { continue };
        if has == figure.to_write || counts_itself(channel, &pool(channel, rules), rules) {
            continue;
        }
        let sentence = format!("{} has {has}, it was told to have {}", channel.shop, figure.to_write);
        let of = xxhash_rust::xxh3::xxh3_64(sentence.as_bytes());
        let after = rules.durations.shop_stock_differs;
        all.push(Found {
            kind: "shop-stock-differs",
            number: figure.channel.clone(),
            sentence,
            causes: Vec::new(),
            since: tick,
            of,
            after,
        });
    }
}

/// An order's line names a SKU that no source of products knows.
fn unknown(state: &SkuState, rules: &Rules, tick: Moment) -> Option<Found> {
    if !rules.stock.products_reported || state.sums().open.is_empty() || offer::product(state, rules).is_some() {
        return None;
    }
    let (waiting, _) = state.sums().waiting.get_min()?;
    let demand = state.demand(&waiting.row)?;
    let sentence = format!("no source of products knows this SKU; order {} wants it", demand.number);
    let causes = state.row(&waiting.row).and_then(Kept::cause).into_iter().collect();
    let since = demand.placed_at.min(tick);
    Some(Found { kind: "unknown-sku", number: Text::default(), sentence, causes, since, of: 0, after: rules.durations.unknown_sku })
}

fn cycle(sku: &Sku, state: &SkuState, rules: &Rules, tick: Moment) -> Option<Found> {
    if !kit::is_kit(state, rules) || !kit::is_cycle(sku, state, rules) {
        return None;
    }
    let sentence = "the kit contains itself: it has no figure, and its lines claim nothing".to_owned();
    Some(Found { kind: "rows-contradict", number: "kit".into(), sentence, causes: Vec::new(), since: tick, of: 0, after: Span(0) })
}

/// Lines priced otherwise than their channel showed when they were placed, as far as the rows prove it: a price row that was written after the
/// order does not say what was shown before it, so then nothing is found, in whatever order the rows came.
fn prices(state: &SkuState, rules: &Rules, all: &mut Vec<Found>) {
    let open = state.watched.keys().filter_map(|slot| slot.strip_prefix("price-differs|")).map(|id| RowKey {
        kind: SkuRow::DEMAND,
        source: SourceId::WAYBILL,
        id: id.replace("%7C", "|").replace("%25", "%").into(),
    });
    let mut lines: Vec<RowKey> = open.collect();
    let news = if state.unsealed.offers || state.unsealed.restored {
        let written = offer::price_rows(state, rules).filter_map(|(_, kept)| kept.written_at()).max();
        // Of lines placed before a price was written nothing can be told.
        let placed_since = |kept: &Kept<SkuRow>| match kept.live() {
            Some(SkuRow::Demand(demand)) => demand.price.is_some() && written.is_some_and(|written| written <= shown_by(demand)),
            _ => false,
        };
        state.of_kind(SkuRow::DEMAND).filter(|(_, kept)| placed_since(kept)).map(|(key, _)| key.clone()).collect()
    } else {
        state.unsealed.rows.clone()
    };
    lines.extend(news);
    let mut seen = std::collections::BTreeSet::new();
    lines.retain(|key| seen.insert(key.clone()));
    let mut found = 0;
    for key in lines {
        let Some(demand) = state.demand(&key) else { continue };
        let Some(sentence) = differs(demand, state, rules) else { continue };
        let causes = state.row(&key).and_then(Kept::cause).into_iter().collect();
        let since = demand.placed_at;
        all.push(Found { kind: "price-differs", number: key.id.clone(), sentence, causes, since, of: 0, after: Span(0) });
        found += 1;
        if found == PRICES_MAX {
            break;
        }
    }
}

/// What was written until then the shop showed when the line was placed. It takes a while to show what is written: until then both prices are right.
fn shown_by(demand: &Demand) -> Moment {
    demand.placed_at + Span(-PRICE_SPAN.0)
}

/// In a sentence, that a line's price is another than was shown; `None`: it is as it was shown, or that can't be told.
fn differs(demand: &Demand, state: &SkuState, rules: &Rules) -> Option<String> {
    let price = demand.price.as_ref()?;
    let channel = rules.channel(&demand.channel)?;
    let mut rows = offer::price_rows(state, rules);
    if price.currency != channel.currency || rows.any(|(_, kept)| kept.written_at().is_some_and(|written| written > shown_by(demand))) {
        return None;
    }
    let asked = |at: Moment| {
        let shown = offer::shown(channel, state, rules, at);
        shown.regular.filter(|regular| regular.tax_inside == price.tax_inside)?;
        shown.asked()
    };
    let now = asked(demand.placed_at)?;
    if price.amount == now || asked(shown_by(demand)) == Some(price.amount) {
        return None;
    }
    let currency = price.currency;
    let (has, was) = (price.amount.display(currency), now.display(currency));
    Some(format!("order {} has it at {has} {currency}, {} showed {was} when it was placed", demand.number, channel.name))
}

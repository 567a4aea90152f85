//! What a person must look at, computed from a SKU's rows and figures. `events/sku_exceptions.rs` opens and closes the exceptions.

use std::collections::{BTreeMap, BTreeSet};

use super::cover::uncovered;
use super::state::SkuState;
use super::stock::{ChannelStock, counts_itself, pool};
use super::{counts, kit, offer};
use crate::entities::KeptRow;
use crate::entities::rules::Rules;
use crate::facts::ids::join_key;
use crate::facts::sku::{Basis, Demand, Product};
use crate::facts::time::Span;
use crate::facts::{Cause, Moment, Quantity, RowKey, Sku, SkuRow, SourceId, Text};

/// Something that holds now, and that a person must look at.
#[derive(Clone, Debug, PartialEq)]
pub struct SkuFinding {
    /// As in the table of kinds.
    pub kind: &'static str,
    /// Tells several of one kind apart.
    pub number: Text,
    /// What is wrong, in a sentence.
    pub sentence: String,
    /// The records that it follows from.
    pub causes: Vec<Cause>,
    /// Since when, as far as rows show.
    pub since: Moment,
    /// What it is about: when that changes, its time begins anew.
    pub of: u64,
    /// Its exception opens when it has held so long.
    pub after: Span,
}

impl SkuFinding {
    /// A finding whose exception opens at once.
    fn now(kind: &'static str, number: Text, sentence: String, causes: Vec<Cause>, since: Moment) -> Self {
        Self { kind, number, sentence, causes, since, of: 0, after: Span(0) }
    }
}

/// So many lines of one SKU are looked at for their price; more of them add no knowledge.
const PRICES_MAX: usize = 100;

/// A shop shows a new price a while after it began, and the clocks of the shop and of who writes prices differ.
const PRICE_SPAN: Span = Span::minutes(30);

/// All that holds now.
pub fn findings(sku: &Sku, state: &SkuState, rules: &Rules, tick: Moment, figures: &[ChannelStock]) -> Vec<SkuFinding> {
    let mut all = oversold(state, rules, tick, figures);
    all.extend(of_counts(state, rules, tick, figures));
    all.extend(counted_nowhere(state, rules));
    all.extend(shop_differs(rules, tick, figures));
    all.extend(shop_oversells(rules, tick, figures));
    all.extend(unknown(state, rules, tick));
    all.extend(cycle(sku, state, rules, tick));
    all.extend(prices(state, rules));
    all
}

fn oversold(state: &SkuState, rules: &Rules, tick: Moment, figures: &[ChannelStock]) -> Vec<SkuFinding> {
    let never = |product: &Product| product.backorder_allowed || product.untracked;
    if offer::product(state, rules).is_some_and(|(product, _)| never(product)) {
        return Vec::new();
    }
    let short = figures.iter().filter(|figure| figure.free.is_negative() && !figure.kit);
    let finding = |figure: &ChannelStock| {
        let uncovered = uncovered(rules.channel(&figure.channel)?, figure, state, rules);
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
        Some(SkuFinding::now("oversold", figure.channel.clone(), sentence, causes, tick))
    };
    short.filter_map(finding).collect()
}

/// A shop that holds back less than nothing sells its figure and what it believes to be given free: where more than there is.
fn shop_oversells<'f>(rules: &'f Rules, tick: Moment, figures: &'f [ChannelStock]) -> impl Iterator<Item = SkuFinding> + 'f {
    let below = figures.iter().filter(|figure| figure.to_write.is_negative());
    below.map(move |figure| {
        let shop = rules.channel(&figure.channel).map_or("the shop", |channel| channel.shop.as_str());
        let sentence = format!(
            "{shop} adds {} to its figure by itself, and {} can be sold in {}: it is right only with a figure of {}",
            -figure.held_by_shop, figure.shown, figure.channel, figure.to_write
        );
        let of = figure.to_write.decimal().mantissa() as u64;
        SkuFinding {
            of,
            after: rules.durations.shop_oversells,
            ..SkuFinding::now("shop-oversells", figure.channel.clone(), sentence, Vec::new(), tick)
        }
    })
}

/// What a source counts at a location, of one basis: pieces, since when, and by which records.
type Totals = BTreeMap<(Text, Basis, bool, SourceId), (Quantity, Moment, Vec<Cause>)>;

/// Counts below zero, counts that are old, counts of two systems that differ.
fn of_counts(state: &SkuState, rules: &Rules, tick: Moment, figures: &[ChannelStock]) -> Vec<SkuFinding> {
    let (mut all, mut totals) = (Vec::new(), Totals::new());
    for count in counts::reported(state, rules) {
        let authority = count.location.counted_by == Some(count.source);
        let number = join_key(&[&count.location.code, &count.bucket]);
        if count.quantity.is_negative() {
            let sentence =
                format!("{} counts {} at {}", rules.name_of(count.source), count.quantity, place(&count.location.code, &count.bucket));
            let number = join_key(&[rules.name_of(count.source), &number]);
            all.push(SkuFinding::now("negative-count", number, sentence, vec![count.cause], count.at));
        }
        if let Some(after) = rules.stock.of(count.source).stale_after.filter(|_| authority) {
            let sentence = format!(
                "{} last counted {} at {}",
                rules.name_of(count.source),
                place(&count.location.code, &count.bucket),
                count.counted_at
            );
            let of = count.counted_at.0 as u64;
            all.push(SkuFinding { kind: "count-stale", number, sentence, causes: vec![count.cause], since: count.counted_at, of, after });
        }
        if authority && !counts::is_sellable(rules, count.location, &count.bucket) {
            continue;
        }
        let total = totals.entry((count.location.code.clone(), count.basis, authority, count.source)).or_insert((
            Quantity::ZERO,
            count.at,
            Vec::new(),
        ));
        total.0 += count.quantity;
        total.1 = total.1.max(count.at);
        total.2.push(count.cause);
    }
    all.extend(counts_differ(&totals, rules, tick, figures));
    all
}

fn counts_differ(totals: &Totals, rules: &Rules, tick: Moment, figures: &[ChannelStock]) -> Vec<SkuFinding> {
    let moved = |code: &Text| {
        figures.iter().flat_map(|figure| &figure.counts).find(|count| count.location == *code).map_or(Quantity::ZERO, |count| count.moved)
    };
    let mut all = Vec::new();
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
        all.push(SkuFinding { after: rules.durations.counts_differ, ..SkuFinding::now("counts-differ", number, sentence, causes, since) });
    }
    all
}

/// Pieces counted at a location that the configuration does not know: they are in no figure, and would lie there unsold.
fn counted_nowhere(state: &SkuState, rules: &Rules) -> Vec<SkuFinding> {
    if rules.locations.is_empty() {
        return Vec::new();
    }
    let finding = |(key, kept): (&RowKey, &KeptRow<SkuRow>)| {
        let (SkuRow::Count(count), upserted) = kept.live().zip(kept.upserted.as_ref())? else { return None };
        if count.location.is_empty() || count.quantity.is_zero() || rules.location(&count.location).is_some() {
            return None;
        }
        let source = rules.name_of(key.source);
        let sentence = format!("{source} counts {} at {}, which the configuration does not know", count.quantity, count.location);
        let number = join_key(&[source, &count.location, &count.bucket]);
        Some(SkuFinding::now("unknown-location", number, sentence, vec![upserted.cause], upserted.at))
    };
    state.of_kind(SkuRow::COUNT).filter_map(finding).collect()
}

fn place(code: &str, bucket: &str) -> String {
    if bucket.is_empty() { code.to_owned() } else { format!("{code}, {bucket}") }
}

/// A shop has another figure than the one that was emitted for it, and neither has moved since.
fn shop_differs(rules: &Rules, tick: Moment, figures: &[ChannelStock]) -> Vec<SkuFinding> {
    let finding = |figure: &ChannelStock| {
        let (has, channel) = (figure.shop_figure?, rules.channel(&figure.channel)?);
        if has == figure.to_write || counts_itself(channel, &pool(channel, rules), rules) {
            return None;
        }
        let sentence = format!("{} has {has}, it was told to have {}", channel.shop, figure.to_write);
        let of = xxhash_rust::xxh3::xxh3_64(sentence.as_bytes());
        let after = rules.durations.shop_stock_differs;
        Some(SkuFinding { of, after, ..SkuFinding::now("shop-stock-differs", figure.channel.clone(), sentence, Vec::new(), tick) })
    };
    figures.iter().filter_map(finding).collect()
}

/// An order's line names a SKU that no source of products knows.
fn unknown(state: &SkuState, rules: &Rules, tick: Moment) -> Option<SkuFinding> {
    if !rules.stock.products_reported || state.sums().open.is_empty() || offer::product(state, rules).is_some() {
        return None;
    }
    let (waiting, _) = state.sums().waiting.get_min()?;
    let demand = state.demand(&waiting.row)?;
    let sentence = format!("no source of products knows this SKU; order {} wants it", demand.number);
    let causes = state.row(&waiting.row).and_then(KeptRow::cause).into_iter().collect();
    let since = demand.placed_at.min(tick);
    Some(SkuFinding { after: rules.durations.unknown_sku, ..SkuFinding::now("unknown-sku", Text::default(), sentence, causes, since) })
}

fn cycle(sku: &Sku, state: &SkuState, rules: &Rules, tick: Moment) -> Option<SkuFinding> {
    if !kit::is_kit(state, rules) || !kit::is_cycle(sku, state, rules) {
        return None;
    }
    let sentence = "the kit contains itself: it has no figure, and its lines claim nothing".to_owned();
    Some(SkuFinding::now("rows-contradict", "kit".into(), sentence, Vec::new(), tick))
}

/// Lines priced otherwise than their channel showed when they were placed, as far as the rows prove it: a price row that was written after the
/// order does not say what was shown before it, so then nothing is found, in whatever order the rows came.
fn prices(state: &SkuState, rules: &Rules) -> Vec<SkuFinding> {
    let open = state.watched.keys().filter_map(|slot| slot.strip_prefix("price-differs|")).map(|id| RowKey {
        kind: SkuRow::DEMAND,
        source: SourceId::WAYBILL,
        id: id.replace("%7C", "|").replace("%25", "%").into(),
    });
    let mut lines: Vec<RowKey> = open.collect();
    if state.unsealed.offers || state.unsealed.restored {
        let written = offer::price_rows(state, rules).filter_map(|(_, kept)| kept.written_at()).max();
        // Of lines placed before a price was written nothing can be said.
        let placed_since = |kept: &KeptRow<SkuRow>| match kept.live() {
            Some(SkuRow::Demand(demand)) => demand.price.is_some() && written.is_some_and(|written| written <= shown_by(demand)),
            _ => false,
        };
        lines.extend(state.of_kind(SkuRow::DEMAND).filter(|(_, kept)| placed_since(kept)).map(|(key, _)| key.clone()));
    } else {
        lines.extend(state.unsealed.rows.iter().cloned());
    }
    let mut seen = BTreeSet::new();
    lines.retain(|key| seen.insert(key.clone()));
    let finding = |key: RowKey| {
        let demand = state.demand(&key)?;
        let sentence = differs(demand, state, rules)?;
        let causes = state.row(&key).and_then(KeptRow::cause).into_iter().collect();
        Some(SkuFinding::now("price-differs", key.id, sentence, causes, demand.placed_at))
    };
    lines.into_iter().filter_map(finding).take(PRICES_MAX).collect()
}

/// What was written until then the shop showed when the line was placed. It takes a while to show what is written: until then both prices are right.
fn shown_by(demand: &Demand) -> Moment {
    demand.placed_at + Span(-PRICE_SPAN.0)
}

/// In a sentence, that a line's price is another than was shown; `None`: it is as it was shown, or that can't be known.
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

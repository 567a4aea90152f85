//! Every term of a SKU's figures, as data: for `GET /stock/{sku}?why` and whoever asks why a shop shows what it shows.

use serde::Serialize;

use super::counts::{AsOf, How, Regime, SellableCount, StockCounts};
use super::keys::{Departure, MovementKey, rest};
use super::kit;
use super::reserved::{self, ReservedIn};
use super::state::SkuState;
use super::stock::{self, ChannelStock, pool};
use crate::entities::KeptRow;
use crate::entities::rules::{Channel, Rules};
use crate::facts::sku::{Allocation, Demand};
use crate::facts::{Cause, Moment, Quantity, Sku, SkuRow, Text};

/// So many claims are listed in full; the rest is a number of lines and pieces.
const CLAIMS_MAX: usize = 100;

/// A SKU's figures with all that they are made of.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explained {
    /// The SKU.
    pub sku: Text,
    /// The formula, in words.
    pub formula: &'static str,
    /// By channel.
    pub channels: Vec<ChannelTerms>,
    /// What each shop subtracts itself.
    pub held_by_shops: Vec<(Text, Quantity)>,
}

/// What the figure of a channel is made of.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChannelTerms {
    /// The figure.
    #[serde(flatten)]
    pub figure: ChannelStock,
    /// The counts.
    pub counts_from: Vec<CountTerm>,
    /// The counting systems' own movements after their counts.
    pub movements: Vec<MoveTerm>,
    /// Open lines, the latest first.
    pub claims: Vec<ClaimTerm>,
    /// Claims that are not listed: lines, and their pieces.
    pub more_claims: (u64, Quantity),
    /// Despatches that no order names yet.
    pub unresolved_despatches: Vec<DespatchTerm>,
    /// Of a kit: what each part has free, how many of it are in one kit, and how many kits that makes.
    pub parts: Vec<PartTerm>,
}

/// A count.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CountTerm {
    /// The location's code.
    pub location: Text,
    /// The configured name of the system that counts there.
    pub counted_by: Text,
    /// As that system names it.
    pub bucket: Text,
    /// What was counted.
    pub quantity: Quantity,
    /// What it excludes.
    pub basis: crate::facts::sku::Basis,
    /// The moment that it holds for.
    pub counted_at: Moment,
    /// Which despatches it excludes, in words.
    pub excludes: String,
    /// The record that it came in.
    pub cause: Option<Cause>,
}

/// A movement.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MoveTerm {
    /// As the source spells it.
    pub location: Text,
    /// As the source names it.
    pub bucket: Text,
    /// Pieces that came; below zero: that went.
    pub quantity: Quantity,
    /// When.
    pub moved_at: Moment,
    /// As the source calls it: `receipt`, `adjustment` ...
    pub what: Text,
    /// The record that it came in.
    pub cause: Option<Cause>,
}

/// A line, as far as counts do not exclude it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClaimTerm {
    /// The order's key.
    pub order: Text,
    /// The order's public number.
    pub number: Text,
    /// When it was placed.
    pub placed_at: Moment,
    /// Where the line is to be sent from, once known.
    pub location: Option<Text>,
    /// Its claim.
    pub claim: Quantity,
    /// Of it, what is still to be sent.
    pub to_send: Quantity,
    /// What counting systems have allocated to it.
    pub allocated: Vec<Allocation>,
    /// What counting systems have posted for it.
    pub posted: Vec<Allocation>,
    /// The kits that it came through.
    pub via: Vec<Text>,
    /// The record that it follows from.
    pub cause: Option<Cause>,
}

/// A despatch of the warehouse's own.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DespatchTerm {
    /// Its row.
    pub despatch: Text,
    /// Where from, as the warehouse spells it.
    pub location: Text,
    /// Pieces that no order names.
    pub quantity: Quantity,
    /// When.
    pub despatched_at: Moment,
    /// The record that it came in.
    pub cause: Option<Cause>,
}

/// A part of a kit.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PartTerm {
    /// The part's SKU.
    pub part: Text,
    /// How many are in one kit.
    pub pieces: Quantity,
    /// How many are free.
    pub free: Option<Quantity>,
    /// How many kits they make.
    pub makes: Option<Quantity>,
}

/// Every term of the figures of all channels.
pub fn explain(sku: &Sku, state: &SkuState, rules: &Rules) -> Explained {
    let counts = StockCounts::of(state, rules);
    let channels = stock::figures(sku, state, rules, &counts).into_iter().filter_map(|figure| {
        let channel = rules.channel(&figure.channel)?;
        Some(terms(channel, figure, state, rules, &counts))
    });
    Explained {
        sku: sku.as_str().into(),
        formula: "free = counts + own movements after them - claims not taken - unresolved despatches; shown = max(0, free - safety stock); \
                  to write = shown + held by the shop",
        channels: channels.collect(),
        held_by_shops: held_by_shops(state),
    }
}

/// What each shop holds back, and of several stocks each by itself: `magento`, `magento, stock 2`.
fn held_by_shops(state: &SkuState) -> Vec<(Text, Quantity)> {
    let name = |shop: &Text, stock: &Text| if stock.is_empty() { shop.clone() } else { format!("{shop}, stock {stock}").into() };
    state.sums().held.iter().map(|((shop, stock), quantity)| (name(shop, stock), *quantity)).collect()
}

fn terms(channel: &Channel, figure: ChannelStock, state: &SkuState, rules: &Rules, counts: &StockCounts<'_>) -> ChannelTerms {
    let pool = pool(channel, rules);
    let counts_from: Vec<CountTerm> = figure.counts.iter().map(|counted| count(counted, rules, counts)).collect();
    let (claims, more_claims) = if figure.kit { (Vec::new(), (0, Quantity::ZERO)) } else { claims(channel, state, rules, counts) };
    let parts = if figure.kit { parts(channel, state, rules) } else { Vec::new() };
    let here = |location: &str| rules.location(location).is_some_and(|location| pool.contains(location.code.as_str()));
    ChannelTerms {
        counts_from,
        movements: movements(&figure, state, rules),
        claims,
        more_claims,
        unresolved_despatches: if figure.kit { Vec::new() } else { unresolved(state, rules, counts, here) },
        parts,
        figure,
    }
}

fn count(counted: &SellableCount, rules: &Rules, counts: &StockCounts<'_>) -> CountTerm {
    let counter = counts.as_of(&counted.location).map(|as_of| as_of.source);
    let excludes = match counts.as_of(&counted.location) {
        None => "nothing".to_owned(),
        Some(as_of) => {
            let posted = match as_of.how {
                How::ByTime(delay) if delay.0 == 0 => format!("what left before {}", as_of.clock_limit()),
                How::ByTime(delay) => format!("what left {} min before it", delay.0 / 60_000),
                How::Posted => "what its system had posted by rows of its own".to_owned(),
            };
            if as_of.is_free() { format!("{posted}; and what its system had allocated") } else { posted }
        }
    };
    CountTerm {
        location: counted.location.clone(),
        counted_by: counter.map_or_else(Text::default, |source| rules.name_of(source).into()),
        bucket: counted.bucket.clone(),
        quantity: counted.quantity,
        basis: counted.basis,
        counted_at: counted.counted_at,
        excludes,
        cause: counted.cause,
    }
}

fn movements(figure: &ChannelStock, state: &SkuState, rules: &Rules) -> Vec<MoveTerm> {
    let counted = |moved: &MovementKey| {
        let code = rules.location(&moved.location).map(|location| &location.code);
        figure.counts.iter().any(|count| code == Some(&count.location) && count.bucket == moved.bucket && moved.at > count.counted_at)
    };
    let rows = state.sums().moves.iter().filter(|(moved, _)| {
        let counter = rules.location(&moved.location).and_then(|location| location.counted_by);
        counter == Some(moved.row.source) && rules.stock.of(moved.row.source).movements && counted(moved)
    });
    let term = |(moved, quantity): (&MovementKey, &Quantity)| {
        let kept = state.row(&moved.row);
        let what = match kept.and_then(KeptRow::content) {
            Some(SkuRow::Movement(movement)) => movement.cause.clone(),
            _ => Text::default(),
        };
        let MovementKey { location, bucket, at, .. } = moved.clone();
        MoveTerm { location, bucket, quantity: *quantity, moved_at: at, what, cause: kept.and_then(KeptRow::cause) }
    };
    rows.map(term).collect()
}

/// Lines that the counts do not exclude, the latest first.
fn claims(channel: &Channel, state: &SkuState, rules: &Rules, counts: &StockCounts<'_>) -> (Vec<ClaimTerm>, (u64, Quantity)) {
    let pool = pool(channel, rules);
    let waiting =
        state.sums().waiting.iter().rev().filter(|(waiting, _)| ReservedIn::place(rules, &waiting.place).is(channel, &pool, rules));
    let mut rows: Vec<&crate::facts::RowKey> = waiting.map(|(waiting, _)| &waiting.row).collect();
    let here = |location: &str| rules.location(location).is_some_and(|location| pool.contains(location.code.as_str()));
    for location in state.sums().departed_from().into_iter().filter(|location| here(location)) {
        let Some(as_of) = as_of(rules, counts, &location) else { continue };
        let since = as_of.map_or(Moment::MIN, |as_of| if as_of.how == How::Posted { Moment::MIN } else { as_of.walk_from() });
        let open = |(departure, quantity): &(&Departure, Quantity)| {
            let taken = as_of.map_or(Quantity::ZERO, |as_of| reserved::taken(state, departure, *quantity, &as_of));
            departure.row.kind == SkuRow::DEMAND && taken < *quantity
        };
        rows.extend(state.sums().departed_since(&location, since).filter(open).map(|(departure, _)| &departure.row));
    }
    let mut seen = std::collections::BTreeSet::new();
    rows.retain(|row| seen.insert(*row));
    let (mut listed, mut more) = (Vec::new(), (0, Quantity::ZERO));
    for row in rows {
        let (Some(demand), Some(kept)) = (state.demand(row), state.row(row)) else { continue };
        if listed.len() < CLAIMS_MAX {
            listed.push(claim(demand, kept));
        } else {
            more = (more.0 + 1, more.1 + demand.claim);
        }
    }
    (listed, more)
}

/// The count of a location; outer `None`: nothing that left it is reserved.
fn as_of(rules: &Rules, counts: &StockCounts<'_>, location: &str) -> Option<Option<AsOf>> {
    match counts.regime(rules, location) {
        Regime::Uncounted => None,
        Regime::Never => Some(None),
        Regime::AsOf(as_of) => Some(Some(as_of)),
    }
}

fn claim(demand: &Demand, kept: &KeptRow<SkuRow>) -> ClaimTerm {
    ClaimTerm {
        order: demand.order.0.clone(),
        number: demand.number.clone(),
        placed_at: demand.placed_at,
        location: demand.location.clone(),
        claim: demand.claim,
        to_send: rest(demand),
        allocated: demand.allocated.clone(),
        posted: demand.posted.clone(),
        via: demand.via.iter().map(|kit| kit.as_str().into()).collect(),
        cause: kept.cause(),
    }
}

fn unresolved(state: &SkuState, rules: &Rules, counts: &StockCounts<'_>, here: impl Fn(&str) -> bool) -> Vec<DespatchTerm> {
    let mut found = Vec::new();
    for location in state.sums().departed_from().into_iter().filter(|location| here(location)) {
        let Some(as_of) = as_of(rules, counts, &location) else { continue };
        for (departure, quantity) in state.sums().departed_since(&location, as_of.map_or(Moment::MIN, |as_of| as_of.walk_from())) {
            let open = departure.row.kind == SkuRow::DESPATCHED
                && as_of.is_none_or(|as_of| reserved::taken(state, departure, quantity, &as_of).is_zero());
            let unnamed = (quantity - reserved::named(state, &location, &departure.row)).floor_zero();
            if open && unnamed.is_positive() && found.len() < CLAIMS_MAX {
                let cause = state.row(&departure.row).and_then(KeptRow::cause);
                let Departure { location, at, row, .. } = departure.clone();
                found.push(DespatchTerm { despatch: row.id, location, quantity: unnamed, despatched_at: at, cause });
            }
        }
    }
    found
}

fn parts(channel: &Channel, state: &SkuState, rules: &Rules) -> Vec<PartTerm> {
    let term = |part: &crate::facts::sku::KitPart| {
        let free = kit::figure_of(state, &part.part, &channel.name);
        let makes = free.map(|free| free.whole_times(part.pieces));
        PartTerm { part: part.part.as_str().into(), pieces: part.pieces, free, makes }
    };
    kit::parts(state, rules).map(term).collect()
}

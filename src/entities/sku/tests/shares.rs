//! What counting systems allocate and post, against an answer that lays out the pieces one by one.

use super::*;
use crate::entities::rules::{ReportsRefunds, Role, SourceRules};
use crate::facts::sku::Allocation;

const ERP: SourceId = SourceId(9);

/// LDN is counted by its warehouse, of free pieces or of those on hand; BER by the ERP, which posts by rows of its own.
fn rules() -> Rules {
    let erp = SourceRules {
        id: ERP,
        name: "erp".into(),
        roles: vec![Role::Erp],
        reports_refunds: ReportsRefunds::None,
        trust_header_count: false,
        quiet: None,
    };
    let berlin = Location { counted_by: Some(ERP), ..location("BER", &[], Some(WMS)) };
    let channels = vec![channel("uk", &["LDN"]), channel("de", &["BER"]), channel("eu", &["LDN", "BER"])];
    Rules { sources: vec![erp], channels, locations: vec![location("LDN", &[], Some(WMS)), berlin], ..Rules::default() }
}

fn allocations() -> impl Strategy<Value = Vec<Allocation>> {
    let one = (0..2_usize, -2..4_i64, 0..9_i64).prop_map(|(source, pieces, at)| Allocation {
        source: [WMS, ERP][source],
        location: Text::default(),
        quantity: quantity(pieces),
        at: minute(at * 100),
        version: None,
    });
    proptest::collection::vec(one, 0..4)
}

fn a_line() -> impl Strategy<Value = Demand> {
    let parts = proptest::collection::vec((0..2_usize, 1..3_i64, 0..9_i64), 0..3);
    let place = prop_oneof![Just(None), Just(Some("LDN")), Just(Some("BER"))];
    (0..6_i64, parts, place, 0..3_usize, allocations(), allocations()).prop_map(|(wanted, parts, place, channel, allocated, posted)| {
        let left: Vec<DemandDespatch> = (0..)
            .zip(parts)
            .map(|(i, (location, pieces, at)): (i32, _)| part(&i.to_string(), ["LDN", "BER"][location], pieces, minute(at * 100)))
            .collect();
        let sum: i64 = left.iter().map(|part| part.quantity.decimal().try_into().unwrap_or(0_i64)).sum();
        match demand(place, wanted.max(sum), left) {
            SkuRow::Demand(line) => Demand { channel: ["uk", "de", "eu"][channel].into(), allocated, posted, ..*line },
            _ => unreachable!("a demand"),
        }
    })
}

/// How many pieces, from the first on, a source has allocated or posted by `counted_at`.
fn stated(rows: &[Allocation], source: SourceId, counted_at: Moment) -> i64 {
    let mut rows: Vec<&Allocation> = rows.iter().filter(|row| row.source == source).collect();
    rows.sort_by_key(|row| row.at);
    // Piece by piece, so that what is taken back is the last that was stated.
    let mut pieces: Vec<Moment> = Vec::new();
    for row in rows {
        let n: i64 = row.quantity.decimal().try_into().unwrap_or(0);
        if n > 0 {
            pieces.extend(std::iter::repeat_n(row.at, n as usize));
        } else {
            pieces.truncate(pieces.len().saturating_sub(-n as usize));
        }
    }
    pieces.into_iter().filter(|at| *at <= counted_at).count() as i64
}

/// (location or pool where it is reserved, pieces) of one line: each piece by itself.
fn slow(line: &Demand, free: bool, counted_at: Moment) -> Vec<(Option<&str>, i64)> {
    let mut pieces: Vec<Option<(&str, Moment)>> = Vec::new();
    let mut left: Vec<&DemandDespatch> = line.despatched.iter().collect();
    left.sort_by_key(|part| part.despatched_at);
    for part in left {
        let n: i64 = part.quantity.decimal().try_into().unwrap_or(0);
        pieces.extend(std::iter::repeat_n(Some((part.location.as_str(), part.despatched_at)), n as usize));
    }
    let claim: i64 = line.claim.decimal().try_into().unwrap_or(0);
    pieces.resize(claim as usize, None);
    let allocated = if free { stated(&line.allocated, WMS, counted_at) } else { 0 };
    let posted = stated(&line.posted, ERP, counted_at);
    let mut reserved = Vec::new();
    for (i, piece) in (0..).zip(pieces) {
        let taken = match piece {
            Some(("LDN", at)) => at + Span::minutes(1) <= counted_at || i < allocated,
            Some(_) => i < posted,
            // WaitingLine at BER: its count is of what is on hand.
            None => i < allocated && line.location.as_deref() != Some("BER") && !(line.location.is_none() && line.channel == "de"),
        };
        if !taken {
            reserved.push((piece.map(|(location, _)| location).or(line.location.as_deref()), 1));
        }
    }
    reserved
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    /// Nothing is taken back once a count is newer: what was stated at first and withdrawn later is judged by what stands now.
    #[test]
    fn what_is_left_out_is_that_of_each_piece_by_itself(
        lines in proptest::collection::vec(a_line(), 1..6),
        free in any::<bool>(),
        counted_at in 0..9_i64,
    ) {
        // Of what takes back something stated before the count and is itself stated after it, either answer is as good.
        let back = |rows: &[Allocation]| rows.iter().any(|row| row.quantity.is_negative() && row.at > minute(counted_at * 100));
        prop_assume!(!lines.iter().any(|line| back(&line.allocated) || back(&line.posted)));
        let (counted_at, rules) = (minute(counted_at * 100), rules());
        let basis = if free { Basis::Free } else { Basis::OnHand };
        let mut bench = Bench::with(rules.clone());
        for (location, source, basis) in [("LDN", WMS, basis), ("BER", ERP, Basis::OnHand)] {
            let count = Count { location: location.into(), bucket: "main".into(), quantity: quantity(100), basis, counted_at };
            bench.put(source, location, SkuRow::Count(count));
        }
        for (i, line) in lines.iter().enumerate() {
            bench.put(SourceId::WAYBILL, &i.to_string(), SkuRow::Demand(Box::new(line.clone())));
        }
        for figure in stock(&sku(), &bench.state, &rules) {
            let pool = &rules.channel(&figure.channel).expect("a channel").pool;
            let here = |line: &Demand, location: Option<&str>| match location {
                Some(location) => pool.iter().any(|code| code == location),
                None => line.channel == figure.channel,
            };
            let claims: i64 = lines
                .iter()
                .flat_map(|line| slow(line, free, counted_at).into_iter().filter(|(location, _)| here(line, *location)))
                .map(|(_, pieces)| pieces)
                .sum();
            prop_assert_eq!(figure.claims_open, quantity(claims), "claims of {}", &figure.channel);
        }
        // Emptied again, nothing is left of them.
        for i in 0..lines.len() {
            let key = RowKey { kind: SkuRow::DEMAND, source: SourceId::WAYBILL, id: i.to_string().into() };
            bench.state.put(key, Change::Delete, version(1_000, false), CAUSE, minute(0));
        }
        let sums = bench.state.sums();
        prop_assert!(sums.open.is_empty() && sums.shares.is_empty() && sums.left.is_empty() && sums.placed.is_empty());
        prop_assert!(sums.waiting.is_empty() && sums.departed.is_empty() && sums.departures.is_empty() && sums.named.is_empty());
    }
}

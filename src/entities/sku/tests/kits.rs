//! Kits and their parts, each with rows of its own: what one derives for the others is put to them until nothing more is derived.

use std::collections::BTreeMap;

use super::*;
use crate::entities::rules::Authority;
use crate::entities::sku::{findings, kit};
use crate::facts::Subject;
use crate::facts::sku::KitPart;

const ERP: SourceId = SourceId(4);

/// SKUs that derive rows for each other.
struct Shelf {
    rules: Rules,
    skus: BTreeMap<Sku, SkuState>,
    version: u64,
}

impl Shelf {
    fn new() -> Self {
        let mut rules = rules();
        rules.authorities.insert(Authority::Products, ERP);
        Self { rules, skus: BTreeMap::new(), version: 0 }
    }

    fn put(&mut self, of: &str, source: SourceId, id: &str, row: SkuRow) {
        self.change(&named(of), RowKey { kind: row.kind(), source, id: id.into() }, Some(row));
    }

    fn change(&mut self, of: &Sku, key: RowKey, row: Option<SkuRow>) {
        self.version += 1;
        let version = Version { upsert: row.is_some(), ..position(self.version) };
        let change = row.map_or(Change::Delete, |row| Change::Upsert(Row::Sku(row)));
        self.skus.entry(of.clone()).or_default().put(key, change, version, CAUSE, minute(0));
    }

    fn parts(&mut self, kit: &str, parts: &[(&str, i64)]) {
        for (part, pieces) in parts {
            self.put(kit, ERP, part, SkuRow::KitPart(KitPart { part: named(part), pieces: quantity(*pieces) }));
        }
    }

    fn count(&mut self, of: &str, pieces: i64) {
        self.put(of, WMS, "LDN|main", super::count("LDN", "main", pieces, minute(0)));
    }

    /// Seals all until nothing is derived any more.
    fn seal(&mut self) -> u32 {
        for round in 0..9 {
            let mut rows = Vec::new();
            let rules = self.rules.clone();
            for (sku, state) in &mut self.skus {
                state.settle(&rules, minute(0));
                let derived = SkuView::of(sku, state, &rules, minute(0)).derived;
                for DerivedRow { to, key, row } in derived.facts {
                    match (to, row) {
                        (Subject::Sku(to), Some(Row::Sku(row))) => rows.push((to, key, Some(row))),
                        (Subject::Sku(to), _) => rows.push((to, key, None)),
                        _ => {}
                    }
                }
                state.last_derived = derived.last;
                state.sealed(None);
            }
            if rows.is_empty() {
                return round;
            }
            for (to, key, row) in rows {
                self.change(&to, key, row);
            }
        }
        panic!("they never stop");
    }

    fn free(&self, of: &str) -> Option<Quantity> {
        let sku = named(of);
        stock(&sku, self.skus.get(&sku)?, &self.rules).into_iter().find(|figure| figure.channel == "uk").map(|figure| figure.free)
    }
}

fn named(text: &str) -> Sku {
    Sku::new(text).expect("a SKU")
}

/// A set of one camera and two batteries.
fn set() -> Shelf {
    let mut shelf = Shelf::new();
    shelf.parts("SET", &[("CAMERA", 1), ("BATTERY", 2)]);
    shelf.count("CAMERA", 9);
    shelf.count("BATTERY", 11);
    shelf.seal();
    shelf
}

#[test]
fn a_kit_can_be_sold_as_often_as_its_scarcest_part_allows() {
    let mut shelf = set();
    assert_eq!(shelf.free("SET"), Some(quantity(5)), "eleven batteries make five sets");
    shelf.count("CAMERA", 3);
    shelf.seal();
    assert_eq!(shelf.free("SET"), Some(quantity(3)));
}

#[test]
fn a_kit_has_no_figure_while_a_part_was_never_counted_and_its_own_count_is_no_count() {
    let mut shelf = Shelf::new();
    shelf.parts("SET", &[("CAMERA", 1), ("BATTERY", 2)]);
    shelf.count("CAMERA", 9);
    shelf.count("SET", 50);
    shelf.seal();
    assert_eq!(shelf.free("SET"), None);
}

#[test]
fn an_order_of_a_kit_claims_its_parts_until_they_have_left() {
    let mut shelf = set();
    shelf.put("SET", SourceId::WAYBILL, "1|a", demand(Some("LDN"), 2, vec![]));
    shelf.seal();
    assert_eq!((shelf.free("CAMERA"), shelf.free("BATTERY"), shelf.free("SET")), (Some(quantity(7)), Some(quantity(7)), Some(quantity(3))));
    // The warehouse ships one set, and counts its parts anew.
    let left = vec![part("D1|SET", "LDN", 1, minute(10))];
    shelf.put("SET", SourceId::WAYBILL, "1|a", demand(Some("LDN"), 2, left));
    shelf.put("BATTERY", WMS, "LDN|main", super::count("LDN", "main", 9, minute(60)));
    shelf.seal();
    assert_eq!(shelf.free("BATTERY"), Some(quantity(7)), "two have left the count, two are still claimed");
    shelf.change(&named("SET"), RowKey { kind: SkuRow::DEMAND, source: SourceId::WAYBILL, id: "1|a".into() }, None);
    shelf.seal();
    assert_eq!((shelf.free("CAMERA"), shelf.free("BATTERY")), (Some(quantity(9)), Some(quantity(9))));
}

#[test]
fn a_despatch_of_a_kit_whose_order_is_not_known_is_reserved_of_its_parts() {
    let mut shelf = set();
    shelf.put("SET", WMS, "D1|SET", despatched("LDN", 1, minute(10)));
    shelf.seal();
    assert_eq!(shelf.free("BATTERY"), Some(quantity(9)));
    shelf.put("SET", SourceId::WAYBILL, "1|a", demand(Some("LDN"), 1, vec![part("D1|SET", "LDN", 1, minute(10))]));
    shelf.seal();
    assert_eq!(shelf.free("BATTERY"), Some(quantity(9)), "the line names it: it is reserved once");
}

#[test]
fn a_part_that_leaves_the_kit_is_claimed_no_more_and_a_new_one_is() {
    let mut shelf = set();
    shelf.put("SET", SourceId::WAYBILL, "1|a", demand(Some("LDN"), 2, vec![]));
    shelf.count("CHARGER", 5);
    shelf.seal();
    shelf.change(&named("SET"), RowKey { kind: SkuRow::KIT_PART, source: ERP, id: "BATTERY".into() }, None);
    shelf.parts("SET", &[("CHARGER", 1)]);
    shelf.seal();
    assert_eq!(
        (shelf.free("BATTERY"), shelf.free("CHARGER"), shelf.free("SET")),
        (Some(quantity(11)), Some(quantity(3)), Some(quantity(3)))
    );
}

#[test]
fn a_kit_of_kits_is_as_scarce_as_what_is_at_the_bottom() {
    let mut shelf = set();
    shelf.parts("GIFT", &[("SET", 2), ("BOX", 1)]);
    shelf.count("BOX", 10);
    let rounds = shelf.seal();
    assert_eq!(shelf.free("GIFT"), Some(quantity(2)));
    assert!(rounds <= 5, "{rounds} rounds");
    shelf.put("GIFT", SourceId::WAYBILL, "1|a", demand(Some("LDN"), 1, vec![]));
    shelf.seal();
    assert_eq!((shelf.free("BATTERY"), shelf.free("CAMERA"), shelf.free("BOX")), (Some(quantity(7)), Some(quantity(7)), Some(quantity(9))));
}

#[test]
fn a_kit_that_contains_itself_has_no_figure_and_a_person_is_told() {
    let mut shelf = set();
    shelf.parts("BATTERY", &[("SET", 1)]);
    shelf.seal();
    shelf.put("SET", SourceId::WAYBILL, "1|a", demand(Some("LDN"), 2, vec![]));
    shelf.seal();
    let set = named("SET");
    let state = &shelf.skus[&set];
    assert!(kit::is_cycle(&set, state, &shelf.rules));
    let found = findings::findings(&set, state, &shelf.rules, minute(0), &[]);
    assert_eq!(found.iter().map(|found| found.kind).collect::<Vec<_>>(), ["rows-contradict"]);
    assert_eq!(shelf.free("SET"), None);
    // It is mended.
    shelf.change(&named("BATTERY"), RowKey { kind: SkuRow::KIT_PART, source: ERP, id: "SET".into() }, None);
    shelf.seal();
    assert_eq!((shelf.free("SET"), shelf.free("BATTERY")), (Some(quantity(3)), Some(quantity(7))));
}

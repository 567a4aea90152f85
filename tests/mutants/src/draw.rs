//! Which faults, by a seed: each has a place in the draw by the digest of seed, file, function and what is changed. So a change elsewhere in the
//! code, or a new test, leaves the draw as it was.

use std::collections::{BTreeMap, BTreeSet};

use xxhash_rust::xxh3::xxh3_64;

use crate::scope::Site;

/// The faults in the order in which they are drawn; of each place of the code only the first.
pub fn order(seed: u64, sites: &[Site]) -> Vec<Site> {
    let mut repeats: BTreeMap<String, u64> = BTreeMap::new();
    let mut keyed: Vec<(u64, &Site)> = sites
        .iter()
        .map(|site| {
            let name = format!("{}\n{}\n{}", site.file, site.function, site.what);
            let nth = repeats.entry(name.clone()).and_modify(|nth| *nth += 1).or_insert(0);
            (xxh3_64(format!("{seed}\n{nth}\n{name}").as_bytes()), site)
        })
        .collect();
    keyed.sort_by_key(|(key, _)| *key);
    let mut taken = BTreeSet::new();
    let first = |site: &&Site| taken.insert((site.file.clone(), site.range.start, site.range.end));
    keyed.into_iter().map(|(_, site)| site).filter(first).cloned().collect()
}

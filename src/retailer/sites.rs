//! The warehouses.

use super::clock::System;
use super::ids::{DC, SITE};
use super::systems::Systems;

/// A warehouse, or the house of a retailer without a warehouse's system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Site {
    /// Its code in the configuration.
    pub code: &'static str,
    /// What NAV calls it, and its id in NetSuite.
    pub nav: &'static str,
    pub netsuite: &'static str,
    /// Whose system works there.
    pub system: Option<System>,
}

/// All of them.
pub fn of(systems: Systems) -> Vec<Site> {
    let peoplevox = Site { code: SITE, nav: "MAIN", netsuite: "6", system: Some(System::Peoplevox) };
    let seko = Site { code: DC, nav: "SOM", netsuite: "9", system: Some(System::Seko) };
    let all = [peoplevox, seko].into_iter().filter(|site| site.system.is_some_and(|system| systems.has(system)));
    let mut all: Vec<Site> = all.collect();
    if all.is_empty() {
        all.push(Site { system: None, ..peoplevox });
    }
    all
}

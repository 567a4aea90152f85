//! What is mutated: the code of orders, goods, stages and stock, or the code that reads records; without its tests, and without what only shows or
//! encodes.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::operators;

/// Which part of the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// What orders, goods, stages and stock are computed by.
    Orders,
    /// From a record's bytes to facts: every adapter and every wire format.
    Records,
}

impl Scope {
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "orders" => Some(Self::Orders),
            "records" => Some(Self::Records),
            _ => None,
        }
    }

    fn places(self) -> &'static [&'static str] {
        match self {
            Self::Orders => &ORDERS,
            Self::Records => &RECORDS,
        }
    }
}

const RECORDS: [&str; 2] = ["src/envelope", "src/sources"];

/// Files and folders of the pure rooms that orders, goods, stages and stock are computed in.
const ORDERS: [&str; 35] = [
    "src/entities/order",
    "src/entities/sku",
    "src/entities/alias.rs",
    "src/entities/exceptions.rs",
    "src/entities/kept.rs",
    "src/entities/keyed_rows.rs",
    "src/entities/ledger.rs",
    "src/entities/newest.rs",
    "src/entities/put.rs",
    "src/entities/row_owner.rs",
    "src/entities/rows.rs",
    "src/entities/rules.rs",
    "src/entities/small_map.rs",
    "src/entities/stock_rules.rs",
    "src/entities/watermark.rs",
    "src/events/alias.rs",
    "src/events/despatch_notices.rs",
    "src/events/exceptions.rs",
    "src/events/fulfilment_requests.rs",
    "src/events/gate.rs",
    "src/events/order.rs",
    "src/events/order_completions.rs",
    "src/events/order_reversals.rs",
    "src/events/order_status.rs",
    "src/events/outlet.rs",
    "src/events/product_updates.rs",
    "src/events/receipt_notices.rs",
    "src/events/request.rs",
    "src/events/sales_orders.rs",
    "src/events/sealed.rs",
    "src/events/sku.rs",
    "src/events/sku_exceptions.rs",
    "src/events/stock_updates.rs",
    "src/events/totals.rs",
    "src/events/why.rs",
];

/// What tests are made of.
const TESTS: [&str; 8] =
    ["tests", "tests.rs", "testing.rs", "fixtures.rs", "mutants.rs", "schema_tests.rs", "debezium_tests.rs", "trial.rs"];

/// Stands in [`Site::open`] for the question whether the mutant is on.
pub const ON: &str = "\u{1}";

/// One place in the code and one fault that can be put there.
#[derive(Clone, Debug)]
pub struct Site {
    pub file: String,
    /// `stages::flags`, `Gate::serialize`: where it stands, for people.
    pub function: String,
    pub line: usize,
    /// The source line, for people.
    pub source: String,
    /// Bytes of the file that the switch goes around; empty where something is put in.
    pub range: Range<usize>,
    /// What goes before and after them; [`ON`] stands for the question whether this mutant is on.
    pub open: String,
    pub close: String,
    /// `a < b -> a <= b`.
    pub what: String,
}

/// Every fault at every place, file by file in the order of their names.
pub fn sites(root: &Path, scope: Scope) -> Result<Vec<Site>, String> {
    let mut files = Vec::new();
    for place in scope.places() {
        let found = files.len();
        collect(&root.join(place), &mut files);
        if files.len() == found {
            return Err(format!("{place} is gone: name what took its place in tests/mutants/src/scope.rs"));
        }
    }
    let mut sites = Vec::new();
    for path in files {
        let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).map_err(|error| format!("{name}: {error}"))?;
        sites.extend(operators::sites(&name, &text)?);
    }
    Ok(sites)
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if TESTS.contains(&name.as_str()) {
        return;
    }
    if let Ok(entries) = fs::read_dir(path) {
        let mut inside: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        inside.sort();
        inside.iter().for_each(|path| collect(path, files));
    } else if path.is_file() && name.ends_with(".rs") {
        files.push(path.to_path_buf());
    }
}

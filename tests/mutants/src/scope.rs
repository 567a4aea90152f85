//! What is mutated: the code of orders, goods, stages and stock, that of money, or that which reads records; without its tests, and without what only shows or encodes.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::operators;

/// Files and folders of the pure rooms that orders, goods, stages and stock are computed in.
const PLACES: [&str; 35] = [
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

/// Where money is computed, booked and asked for, and where adapters read it.
const MONEY: [&str; 23] = [
    "src/entities/account.rs",
    "src/entities/order/books",
    "src/entities/order/findings/books.rs",
    "src/entities/order/findings/mirrors.rs",
    "src/entities/order/findings/money.rs",
    "src/entities/order/money",
    "src/entities/order/paid",
    "src/entities/order/supplied.rs",
    "src/entities/order/worth.rs",
    "src/entities/pair.rs",
    "src/entities/tax_code.rs",
    "src/events/journal_entries.rs",
    "src/events/refund_requests.rs",
    "src/facts/money.rs",
    "src/facts/order/money.rs",
    "src/sources/magento/payments.rs",
    "src/sources/magento/refunds.rs",
    "src/sources/mapped/rows",
    "src/sources/nav/ledger.rs",
    "src/sources/nav/posted.rs",
    "src/sources/netsuite/money.rs",
    "src/sources/shopify/money.rs",
    "src/sources/shopify/refunds.rs",
];

/// From a record's bytes to facts: every wire format, every adapter.
const RECORDS: [&str; 2] = ["src/envelope", "src/sources"];

/// Which part of the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Orders, goods, stages, stock.
    Orders,
    /// Money, books, refunds, payments.
    Money,
    /// What reads records: envelopes and adapters.
    Records,
}

impl Part {
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "orders" => Some(Self::Orders),
            "money" => Some(Self::Money),
            "records" => Some(Self::Records),
            _ => None,
        }
    }

    fn places(self) -> &'static [&'static str] {
        match self {
            Self::Orders => &PLACES,
            Self::Money => &MONEY,
            Self::Records => &RECORDS,
        }
    }
}

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
pub fn sites(root: &Path, part: Part) -> Result<Vec<Site>, String> {
    let mut files = Vec::new();
    for place in part.places() {
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

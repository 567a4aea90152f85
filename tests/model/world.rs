//! The systems of the histories, and how their rows get into the real engine: a kind of source whose records *are* facts.
//!
//! Every source has one topic and one partition. A record holds rows of one moment of its source, under one place in its order of versions.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};
use waybill::config::{Config, Outside};
use waybill::envelope::{DecodeError, Record};
use waybill::facts::{Link, Moment, Place, Role, Row, Subject};
use waybill::sources::{Adapter, Common, FactsOut, Reading, SystemKind};

/// What every test run begins at: Sunday, 1 March 2026, 00:00 UTC.
pub const BEGIN: Moment = Moment(1_772_323_200_000);

/// The sources by their configured names; a history names them by place.
pub const SOURCES: [&str; 6] = ["web", "pos", "erp", "wms", "seko", "carrier"];
pub const WEB: usize = 0;
pub const POS: usize = 1;
pub const ERP: usize = 2;
/// Works in NORTH, and counts there.
pub const WMS: usize = 3;
/// Works in SOUTH, and counts there now and then.
pub const SEKO: usize = 4;
pub const CARRIER: usize = 5;

pub const CONFIG: &str = r#"
[application]
id = "model"
topic_prefix = "model."
shards = 3

[kafka]
bootstrap = "127.0.0.1:9092"

[identity]
email_secret = { env = "SECRET" }

[sources.web]
kind = "told"
roles = ["shop"]
channel = "web"

[sources.pos]
kind = "told"
roles = ["pos"]

[sources.erp]
kind = "told"
roles = ["erp"]

[sources.wms]
kind = "told"
roles = ["wms"]

[sources.seko]
kind = "told"
roles = ["wms"]
between_counts = "movements"

[sources.carrier]
kind = "told"
roles = ["carrier"]

[channels.web]
shop = "web"
pool = ["NORTH", "SOUTH"]
currency = "GBP"
safety_stock = 1
price_list = "RETAIL"
zone = "Europe/London"

[channels.outlet]
shop = "web"
pool = ["NORTH"]
currency = "GBP"
price_list = "OUTLET"
zone = "Europe/London"
safety_by_sku = { "TEE" = 2 }

[channels.till]
shop = "pos"
pool = ["SOUTH"]
currency = "GBP"
price_list = "RETAIL"
zone = "Europe/London"

[locations.NORTH]
wms = "wms"
counted_by = "wms"
sellable_buckets = ["MAIN", "PICK"]

[locations.SOUTH]
wms = "seko"
counted_by = "seko"
sellable_buckets = ["MAIN", "PICK"]
"#;

pub fn topic(source: usize) -> String {
    format!("told.{}", SOURCES[source])
}

/// Where a record stands in its source's order.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Order {
    /// A log's position.
    Position(u64),
    /// A modified time, and a rule for ties.
    Stamp(i64, u64),
    /// Nothing but the order of arrival.
    Arrival,
}

/// One row of a source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SourceRow {
    pub subject: Subject,
    pub kind: u8,
    pub id: String,
    pub at: Moment,
    /// `None`: deleted.
    pub row: Option<Row>,
}

/// A record of a source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rows {
    pub order: Order,
    pub rows: Vec<SourceRow>,
}

/// A record and whose it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub source: usize,
    pub record: Rows,
}

struct Reader {
    topic: String,
}

impl Adapter for Reader {
    fn revision(&self) -> u16 {
        1
    }

    fn topics(&self) -> Vec<String> {
        vec![self.topic.clone()]
    }

    fn translate(&self, record: &Record<'_>, out: &mut FactsOut<'_>) -> Result<Reading, DecodeError> {
        let told: Rows = postcard::from_bytes(record.value.expect("a record has a value")).expect("a record holds rows");
        let place = match told.order {
            Order::Position(at) => Place::Position([1, at, 0]),
            Order::Stamp(millis, tie) => Place::Stamp { millis, rank: 0, tie },
            Order::Arrival => out.arrival(),
        };
        for row in told.rows {
            let SourceRow { subject, kind, id, at, row } = row;
            match (subject, row) {
                (subject, None) => out.deleted(subject, kind, id, place, at),
                (Subject::Order(order), Some(Row::Order(row))) => out.order(order, id, place, at, row),
                (Subject::Alias(name), Some(Row::Order(row))) => out.order_by_alias(name, id, place, at, row),
                (Subject::Alias(name), Some(Row::Link(to))) => out.alias(name, to, place, at),
                (Subject::Sku(sku), Some(Row::Sku(row))) => out.sku(sku, id, place, at, row),
                (Subject::Customer(customer), Some(Row::Customer(row))) => out.customer(customer, id, place, at, row),
                (subject, row) => panic!("{subject:?} keeps no such row: {row:?}"),
            }
        }
        Ok(Reading::Understood)
    }
}

fn build(common: &Common, _: &toml::Table) -> Result<Arc<dyn Adapter>, Vec<String>> {
    Ok(Arc::new(Reader { topic: format!("told.{}", common.name) }))
}

static KINDS: &[SystemKind] = &[SystemKind { name: "told", label: "Facts as they are", fixtures: "", roles: &[Role::Shop], build }];

/// The configuration, read once.
pub fn config() -> &'static Config {
    static CONFIG_READ: OnceLock<Config> = OnceLock::new();
    CONFIG_READ.get_or_init(|| {
        let outside = Outside { directory: Path::new("."), variable: &|_| Some("a secret of sixteen or more".to_owned()) };
        Config::read("model.toml", CONFIG, outside, KINDS).unwrap_or_else(|problems| panic!("{problems}"))
    })
}

/// A row in one line, for people.
pub fn say(entry: &Entry) -> String {
    let order = match entry.record.order {
        Order::Position(at) => format!("@{at}"),
        Order::Stamp(millis, tie) => format!("@{}/{tie}", Moment(millis)),
        Order::Arrival => "@arrival".to_owned(),
    };
    let rows: Vec<String> = entry.record.rows.iter().map(row_shown).collect();
    format!("{:7} {order:6} {}", SOURCES[entry.source], rows.join("\n               + "))
}

fn row_shown(told: &SourceRow) -> String {
    let subject = match &told.subject {
        Subject::Order(order) => format!("order {}", order.0),
        Subject::Alias(name) => format!("name {name}"),
        Subject::Sku(sku) => format!("sku {sku}"),
        Subject::Customer(customer) => format!("customer {}", customer.0),
        subject => format!("{subject:?}"),
    };
    let content = match &told.row {
        None => format!("kind {} deleted", told.kind),
        Some(Row::Order(row)) => format!("{row:?}"),
        Some(Row::Sku(row)) => format!("{row:?}"),
        Some(Row::Customer(row)) => format!("{row:?}"),
        Some(Row::Link(Link::Order(order))) => format!("leads to order {}", order.0),
        Some(Row::Link(Link::Alias(name))) => format!("leads to {name}"),
        Some(row) => format!("{row:?}"),
    };
    format!("{subject} [{}] {} at {}", told.id, plain(content), told.at)
}

/// Without what all rows of these histories have alike.
fn plain(mut content: String) -> String {
    const ALIKE: &[&str] = &[
        ", prices_include_tax: true",
        ", lines_expected: None",
        ", quantity_expected: None",
        ", payment_method: \"card\"",
        ", customer: None",
        ", email: Some((personal))",
        ", email_digest: None",
        ", shipping_method: \"standard\"",
        ", advice: Partial",
        ", promised_at: None",
        ", replaces: None",
        ", replaced_by: None",
        ", state: Known(Open)",
        ", raw_state: \"processing\"",
        ", test: false",
        ", currency: GBP",
        ", parent: None",
        ", role: Both",
        ", description: \"goods\"",
        ", kind: Goods",
        ", unit_cost: None",
        ", per_parent: 1",
        ", list_price: None",
        ", unit_price: None",
        ", reference: \"ref\"",
        ", failed: false",
        ", drop_ship: false",
        ", shipped: 0, invoiced: 0, gross: None",
        ", carrier: \"fast\", service: \"day\"",
        "name: (personal), company: (personal), street: (personal), city: (personal), region: \"\", postcode: (personal), ",
        ", phone: (personal), email: (personal)",
        ", received: None",
    ];
    for alike in ALIKE {
        content = content.replace(alike, "");
    }
    content
}

//! The configuration that fits this retailer: what `waybill run` needs to know of it, word for word as a user would write it.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;

use crate::config::{Config, Outside};
use crate::error::Error;
pub use crate::retailer::ids::SECRET;
use crate::retailer::systems::Systems;
use crate::retailer::{System, topics};

/// The environment variable that holds the secret of email digests.
pub const SECRET_VARIABLE: &str = "WAYBILL_EMAIL_SECRET";

/// What differs from run to run. The rest of the configuration is this retailer's.
#[derive(Clone, Debug)]
pub struct Setup {
    pub bootstrap: String,
    /// Stands before every topic's name, the systems' and Waybill's, and before the application's id.
    pub prefix: String,
    /// Where `run` answers; `None`: nowhere.
    pub http: Option<SocketAddr>,
    /// Who takes part.
    pub systems: Systems,
    /// Is the retailer in a hurry ([`super::hurry`])? Then a minute of the clock on the wall is days of its own.
    pub in_hurry: bool,
    /// Shipping stays with the shop once something was sent (`[refunds] charges_back = false`).
    pub charges_stay: bool,
}

impl Setup {
    /// Everything on the default names, without HTTP.
    pub fn new(bootstrap: &str) -> Self {
        let (bootstrap, prefix) = (bootstrap.to_owned(), String::new());
        Self { bootstrap, prefix, http: None, systems: Systems::ONE_SHOP, in_hurry: false, charges_stay: false }
    }

    /// The shop whose accounts the CRM knows.
    fn first_shop(&self) -> &'static str {
        if self.systems.has(System::Magento) { "magento" } else { "shopify" }
    }

    /// The prefix of the topics that Waybill owns.
    pub fn own_prefix(&self) -> String {
        format!("{}waybill.", self.prefix)
    }

    /// The configuration as Waybill reads it, with [`SECRET`].
    pub fn config(&self) -> Result<Config, Error> {
        let variable = |name: &str| (name == SECRET_VARIABLE).then(|| SECRET.to_owned());
        let outside = Outside { directory: Path::new("."), variable: &variable };
        Ok(Config::read("the retailer's configuration", &self.config_toml(), outside, crate::sources::KINDS)?)
    }

    /// The systems' topics: those that they write to, and those that Waybill reads (a table that never changes is read too).
    pub fn source_topics(&self) -> Result<BTreeSet<String>, Error> {
        let config = self.config()?;
        let read = config.source_topics().map(|(topic, _)| topic.to_owned());
        Ok(read.chain(topics().into_iter().map(|topic| format!("{}{topic}", self.prefix))).collect())
    }

    /// The waybill.toml of this retailer. Its ERP does not post to the general ledger, so Waybill keeps every pair of accounts.
    pub fn config_toml(&self) -> String {
        let prefix = &self.prefix;
        let http = match self.http {
            Some(address) => format!("listen = \"{address}\""),
            None => "enabled = false".to_owned(),
        };
        let has = |system| self.systems.has(system);
        let mut systems = String::new();
        if has(System::Magento) {
            systems.push_str(MAGENTO);
            systems.push_str(if has(System::Finance) { PAPER } else { "" });
            systems.push_str(if self.systems.two_stores { TWO_STORES } else { ONE_STORE });
        }
        let blocks = [
            (System::Nav, NAV),
            (System::NetSuite, NETSUITE),
            (System::Peoplevox, PEOPLEVOX),
            (System::Seko, SEKO),
            (System::Carrier, CARRIER),
            (System::Finance, FINANCE),
        ];
        blocks.iter().filter(|(system, _)| has(*system)).for_each(|(_, block)| systems.push_str(block));
        if has(System::Crm) {
            systems.push_str(&CRM.replace("\"magento\"", &format!("\"{}\"", self.first_shop())));
        }
        if has(System::Emarsys) {
            let accounts = if has(System::Magento) { "account_source = \"magento\"\n" } else { "" };
            systems.push_str(&EMARSYS.replace("{accounts}\n", accounts));
        }
        if has(System::Shopify) {
            systems.push_str(&if self.systems.shop_counts() { SHOPIFY.replace(ORDERS, ORDERS_AND_LEVELS) } else { SHOPIFY.to_owned() });
        }
        // What an announced return is called is its authorisation's number in the ERP.
        let announced = match self.systems.erp() {
            Some(System::Nav) => "announced_returns = \"nav.document 5:\"\n",
            Some(System::NetSuite) => "announced_returns = \"netsuite.number\"\n",
            _ => "",
        };
        let systems = systems.replace("{announced}\n", announced);
        let locations = match (has(System::Peoplevox), has(System::Seko), has(System::Magento)) {
            (true, true, _) => format!("{WAREHOUSE}{SEKO_WAREHOUSE}"),
            (true, false, _) => WAREHOUSE.to_owned(),
            // Alone it has what the shop's only source has.
            (false, true, _) => SEKO_WAREHOUSE.replace("[\"SOM\", \"9\"]", "[\"SOM\", \"9\", \"default\"]"),
            (false, false, true) => MAGENTO_COUNTS.to_owned(),
            (false, false, false) => SHOPIFY_COUNTS.to_owned(),
        };
        // Days that pass in minutes ask for a day's refunds in one hour of the clock.
        let limits = if self.in_hurry { "limit_per_hour = 0\nlimit_sum_per_hour = 0\n" } else { "" };
        let charges = if self.charges_stay { "charges_back = false\n" } else { "" };
        let rest = REST.replace("{refunds}\n", &format!("{limits}{charges}"));
        let mut durations = String::new();
        if self.in_hurry || has(System::Seko) {
            durations.push_str("\n[durations]\n");
        }
        durations.push_str(if self.in_hurry { "parcel_settles = \"0s\"\n" } else { "" });
        durations.push_str(if has(System::Seko) { UNTIL_DISPATCH } else { "" });
        format!(
            "[application]
id = \"{prefix}waybill\"
topic_prefix = \"{}\"

[kafka]
bootstrap = \"{}\"

[http]
{http}

[identity]
email_secret = {{ env = \"{SECRET_VARIABLE}\" }}
{}{locations}{rest}{durations}",
            self.own_prefix(),
            self.bootstrap,
            systems.replace("{P}", prefix)
        )
    }
}

/// The first shop; `{P}` is the prefix, here and below.
const MAGENTO: &str = r#"
[sources.magento]
kind = "magento"
topic_prefix = "{P}magento"
database = "shop"
decimals = "text"
currency = "GBP"
zone = "Europe/London"
"#;

const PAPER: &str = r#"# Finance pays what Waybill asks for; the shop's offline credit memos are paper.
offline_credit_memos = "unpaid"
"#;

const ONE_STORE: &str = r#"
[channels.web-uk]
shop = "magento"
brand = "example"
currency = "GBP"
zone = "Europe/London"
"#;

const TWO_STORES: &str = r#"
[channels.web-uk]
shop = "magento"
brand = "example"
currency = "GBP"
zone = "Europe/London"
stores = [1]

[channels.web-ie]
shop = "magento"
brand = "example"
currency = "EUR"
zone = "Europe/London"
stores = [2]
"#;

const NAV: &str = r#"
[sources.nav]
kind = "nav"
topic_prefix = "{P}nav"
database = "NAV"
company = "Example Retail Ltd_"
local_currency = "GBP"
"#;

const NETSUITE: &str = r#"
[sources.netsuite]
kind = "netsuite"
zone = "Europe/Berlin"
topics = [
    "{P}netsuite.salesorder",
    "{P}netsuite.itemfulfillment",
    "{P}netsuite.invoice",
    "{P}netsuite.returnauthorization",
    "{P}netsuite.itemreceipt",
    "{P}netsuite.creditmemo",
    "{P}netsuite.customerrefund",
    "{P}netsuite.inventoryitem",
]
date_format = "D/M/YYYY"
currencies = { "1" = "GBP" }
local_currency = "GBP"
order_number = ["otherrefnum"]
"#;

const PEOPLEVOX: &str = r#"
[sources.peoplevox]
kind = "peoplevox"
zone = "Europe/London"
site = "PrimarySite"

[sources.peoplevox.topics]
despatch_summary = "{P}peoplevox.despatch-summary"
item_inventory_summary = "{P}peoplevox.item-inventory-summary"
return_summary = "{P}peoplevox.return-summary"
sales_order_summary = "{P}peoplevox.sales-order-summary"
sales_order_status = "{P}peoplevox.sales-order-status"
tracking = "{P}peoplevox.tracking"
"#;

const SEKO: &str = r#"
[sources.seko]
kind = "seko"
zone = "Europe/London"
topics = ["{P}seko.pushes"]
{announced}
"#;

/// Nothing is told of an order before its dispatch.
const UNTIL_DISPATCH: &str = "release_unanswered = \"2d\"\n";

const CARRIER: &str = r#"
[sources.carrier]
kind = "mapped"
roles = ["carrier"]

[[sources.carrier.rows]]
topic = "{P}carrier.scans"
row = "scan"

[sources.carrier.rows.fields]
tracking = ".tracking_code"
meaning = ".status"
code = ".status_detail"
scanned_at = ".datetime"

[sources.carrier.rows.words.meaning]
pre_transit = "label"
in_transit = "transit"
out_for_delivery = "out-for-delivery"
attempted = "attempted"
delivered = "delivered"
lost = "lost"
"#;

const FINANCE: &str = r#"
[sources.finance]
kind = "mapped"
roles = ["finance"]
reports_refunds = "all"

[[sources.finance.rows]]
topic = "{P}finance.refunds"
row = "refund"
version = ".updated_at"

[sources.finance.rows.fields]
id = ".refund_id"
order_number = ".order_number"
amount = ".amount"
currency = ".currency"
tender = ".tender"
state = ".state"
reference = ".reference"
request = ".request_id"
refunded_at = ".updated_at"
"#;

const CRM: &str = r#"
[sources.crm]
kind = "mapped"
roles = ["crm"]

[[sources.crm.rows]]
topic = "{P}crm.contacts"
row = "account"
version = ".updated_at"

[sources.crm.rows.fields]
account = ".shop_customer_id"
email = ".email"
brand = ".brand"
created_at = ".created_at"

[sources.crm.rows.constants]
account_source = "magento"

[[sources.crm.rows]]
topic = "{P}crm.consents"
row = "consent"
version = ".changed_at"

[sources.crm.rows.fields]
email = ".email"
account = ".shop_customer_id"
brand = ".brand"
channel = ".channel"
purpose = ".purpose"
state = ".state"
changed_at = ".changed_at"

[sources.crm.rows.constants]
account_source = "magento"
"#;

const EMARSYS: &str = r#"
[sources.emarsys]
kind = "emarsys"
zone = "Europe/Vienna"
brand = "example"
topics = ["{P}emarsys.contacts", "{P}emarsys.unsubscribes"]
{accounts}

[personal_data]
email_on = ["marketing-profiles"]
"#;

/// The stock of a second shop is the warehouse's: its own figures are not read.
const SHOPIFY: &str = r#"
[sources.shopify]
kind = "shopify"
topics = ["{P}shopify.orders"]
zone = "Europe/London"

[channels.market]
shop = "shopify"
brand = "example"
currency = "GBP"
zone = "Europe/London"
"#;

const ORDERS: &str = r#"["{P}shopify.orders"]"#;
const ORDERS_AND_LEVELS: &str = r#"["{P}shopify.orders", "{P}shopify.inventory-levels"]"#;

const WAREHOUSE: &str = r#"
[locations.PrimarySite]
aliases = ["MAIN", "default", "6"]
wms = "peoplevox"
counted_by = "peoplevox"
"#;

const SEKO_WAREHOUSE: &str = r#"
[locations.DCSOM01]
aliases = ["SOM", "9"]
wms = "seko"
counted_by = "seko"
fixed_orders = true
"#;

const MAGENTO_COUNTS: &str = r#"
[locations.PrimarySite]
aliases = ["MAIN", "default", "6"]
counted_by = "magento"
"#;

const SHOPIFY_COUNTS: &str = r#"
[locations.PrimarySite]
aliases = ["MAIN", "70", "6"]
counted_by = "shopify"
"#;

const REST: &str = r#"
# A made-up shop ends: in its last days goods come back, and nothing is sold.
[refunds]
limit_share_of_day = 0
{refunds}
[notifications]
kinds = ["confirmed", "part-cancelled", "cancelled", "despatched", "delivered", "return-received", "refund-made"]

[books]
erp_posts_ledger = false
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_topic_stands_under_the_prefix() {
        let setup = Setup { prefix: "try-7.".to_owned(), http: Some(([127, 0, 0, 1], 8_081).into()), ..Setup::new("localhost:9092") };
        let config = setup.config().expect("accepted");
        assert_eq!((&*config.application.id, &*config.application.topic_prefix), ("try-7.waybill", "try-7.waybill."));
        assert_eq!(config.http.listen, setup.http);
        let topics = setup.source_topics().expect("topics");
        assert!(topics.iter().all(|topic| topic.starts_with("try-7.")), "{topics:?}");
        assert!(config.source_topics().all(|(topic, _)| topics.contains(topic)), "what is read is created");
        for system in System::ALL {
            let topics = config.source_topics().filter(|(topic, _)| topic.starts_with(&format!("try-7.{}.", system.name())));
            assert!(topics.count() > 0, "nothing of {system:?} is read");
        }
    }

    #[test]
    fn every_retailers_configuration_is_accepted() {
        for shop in [System::Magento, System::Shopify] {
            for erp in [System::Nav, System::NetSuite] {
                for wms in [&[System::Peoplevox][..], &[System::Seko], &[System::Peoplevox, System::Seko]] {
                    let all: Vec<System> = [shop, erp, System::Emarsys].into_iter().chain(wms.iter().copied()).collect();
                    for in_hurry in [false, true] {
                        let setup =
                            Setup { systems: Systems::of(&all), in_hurry, prefix: "try-8.".to_owned(), ..Setup::new("localhost:9092") };
                        let config = setup.config().unwrap_or_else(|error| panic!("{all:?}: {error}"));
                        let fixed = |code: &str| config.rules.location(code).map(|location| location.fixed_orders);
                        assert_eq!(fixed("DCSOM01"), wms.contains(&System::Seko).then_some(true), "{all:?}");
                        assert!(setup.source_topics().expect("topics").contains("try-8.emarsys.contacts"), "{all:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_left_out_is_not_read() {
        let config = Setup { systems: Systems::ONE_SHOP.without(System::Crm), ..Setup::new("localhost:9092") }.config().expect("accepted");
        assert!(config.sources.iter().all(|source| &*source.common.name != "crm"));
        assert_eq!(config.http.listen, None);
    }
}

//! The configuration that fits this retailer: what `waybill run` needs to know of it, word for word as a user would write it.

/// The environment variable that holds the secret of email digests.
pub const SECRET_VARIABLE: &str = "WAYBILL_EMAIL_SECRET";

/// The waybill.toml of this retailer. Its ERP does not post to the general ledger, so Waybill keeps every pair of accounts.
pub fn config_toml(bootstrap: &str) -> String {
    format!(
        "[application]
id = \"waybill-demo\"

[kafka]
bootstrap = \"{bootstrap}\"

[identity]
email_secret = {{ env = \"{SECRET_VARIABLE}\" }}
{SYSTEMS}"
    )
}

const SYSTEMS: &str = r#"
[sources.magento]
kind = "magento"
topic_prefix = "magento"
database = "shop"
decimals = "text"
currency = "GBP"
zone = "Europe/London"
# Finance pays what Waybill asks for; the shop's offline credit memos are paper.
offline_credit_memos = "unpaid"

[channels.web-uk]
shop = "magento"
brand = "example"
currency = "GBP"
zone = "Europe/London"

[sources.nav]
kind = "nav"
topic_prefix = "nav"
database = "NAV"
company = "Example Retail Ltd_"
local_currency = "GBP"

[sources.peoplevox]
kind = "peoplevox"
zone = "Europe/London"
site = "PrimarySite"

[sources.carrier]
kind = "mapped"
roles = ["carrier"]

[[sources.carrier.rows]]
topic = "carrier.scans"
row = "scan"

[sources.carrier.rows.fields]
tracking = "tracking_code"
meaning = "status"
code = "status_detail"
scanned_at = "datetime"

[sources.carrier.rows.words.meaning]
pre_transit = "label"
in_transit = "transit"
out_for_delivery = "out-for-delivery"
attempted = "attempted"
delivered = "delivered"

[sources.finance]
kind = "mapped"
roles = ["finance"]
reports_refunds = "all"

[[sources.finance.rows]]
topic = "finance.refunds"
row = "refund"
version = "updated_at"

[sources.finance.rows.fields]
id = "refund_id"
order_number = "order_number"
amount = "amount"
currency = "currency"
tender = "tender"
state = "state"
reference = "reference"
request = "request_id"
refunded_at = "updated_at"

[sources.crm]
kind = "mapped"
roles = ["crm"]

[[sources.crm.rows]]
topic = "crm.contacts"
row = "account"
version = "updated_at"

[sources.crm.rows.fields]
account = "shop_customer_id"
email = "email"
brand = "brand"
created_at = "created_at"

[sources.crm.rows.constants]
account_source = "magento"

[[sources.crm.rows]]
topic = "crm.consents"
row = "consent"
version = "changed_at"

[sources.crm.rows.fields]
email = "email"
account = "shop_customer_id"
brand = "brand"
channel = "channel"
purpose = "purpose"
state = "state"
changed_at = "changed_at"

[sources.crm.rows.constants]
account_source = "magento"

[locations.PrimarySite]
aliases = ["MAIN", "default"]
wms = "peoplevox"
counted_by = "peoplevox"

[notifications]
kinds = ["confirmed", "part-cancelled", "cancelled", "despatched", "delivered", "return-received", "refund-made"]

[books]
erp_posts_ledger = false
keep = ["P", "S", "C", "R", "B", "D", "F", "K", "V", "W"]
"#;

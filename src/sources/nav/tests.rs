use super::*;
use crate::facts::Fact;
use crate::sources::trial::{self, say};

const HEADER: &str = r#"{"Document Type":1,"No_":"S-1","External Document No_":"101","Status":1}"#;

fn event(table: &str, op: &str, before: &str, after: &str, lsn: &str) -> String {
    format!(
        r#"{{"before":{before},"after":{after},"op":"{op}","source":{{"connector":"sqlserver","ts_ms":1772446500000,"db":"NAV","schema":"dbo",
            "table":"Example Ltd_${table}","commit_lsn":"{lsn}","change_lsn":"00000001:00000001:0001","event_serial_no":1}}}}"#
    )
}

fn adapter(more: &str) -> Arc<dyn Adapter> {
    trial::build(&KIND, &format!("company = \"Example Ltd.\"\n{more}")).expect("settings")
}

fn told(more: &str, event: &str) -> Result<Vec<Fact>, DecodeError> {
    trial::translate(&*adapter(more), "any", Some(event), "2026-03-02T10:15:09Z", 1).map(|(_, facts)| facts)
}

fn lines(more: &str, event: &str) -> Vec<String> {
    told(more, event).unwrap_or_else(|error| panic!("{error}")).iter().map(say).collect()
}

#[test]
fn topics_are_named_as_debezium_names_them() {
    let nav = adapter("").topics();
    assert_eq!(nav[0], "nav.NAV.dbo.Example_Ltd__Sales_Header");
    assert!(
        nav.contains(&"nav.NAV.dbo.Example_Ltd__Sales_Cr_Memo_Line".to_owned())
            && nav.contains(&"nav.NAV.dbo.Example_Ltd__Sales_Price".to_owned())
    );
    assert_eq!(nav.len(), 13);
    let central =
        adapter("application = \"437dbf0e-84ff-417a-965d-ed2bb9650972\"\ndatabase = \"BC 1\"\ntables = [\"Price List Line\"]").topics();
    assert_eq!(central, ["nav.BC_1.dbo.Example_Ltd__Price_List_Line_437dbf0e-84ff-417a-965d-ed2bb9650972"]);
    assert_eq!(adapter("topics = [\"erp.all\"]").topics(), ["erp.all"]);
}

#[test]
fn a_later_commit_is_newer_and_a_deleted_order_stays_deleted() {
    let version =
        |op, before, after, lsn| told("", &event("Sales Header", op, before, after, lsn)).expect("facts").pop().expect("a fact").version;
    let created = version("c", "null", HEADER, "0000002a:00001f38:0011");
    let deleted = version("d", HEADER, "null", "0000002a:00001f38:0012");
    let next_file = version("u", "null", HEADER, "0000002b:00000001:0001");
    assert!(deleted > created && next_file > deleted);
}

#[test]
fn decimals_of_twenty_places_come_in_every_form() {
    let line = |quantity: &str| {
        event(
            "Sales Shipment Line",
            "c",
            "null",
            &format!(r#"{{"Document No_":"D","Line No_":1,"Type":2,"No_":"X","Quantity":{quantity},"Order No_":"S-1"}}"#),
            "00000001:00000001:0001",
        )
    };
    let quantity = |more: &str, text: &str| {
        let line = lines(more, &line(text)).remove(0);
        line.split("quantity: ").nth(1).and_then(|rest| rest.split([' ', ',']).next()).unwrap_or_default().to_owned()
    };
    assert_eq!(quantity("", "\"2.00000000000000000000\""), "2");
    assert_eq!(quantity("", "-2.5"), "-2.5");
    assert_eq!(quantity("decimals = \"base64\"", "\"CteOvFrGIAAA\""), "2");
    assert_eq!(quantity("decimals = \"base64\"", "\"AA==\""), "0");
    assert_eq!(
        told("", &line("\"CteOvFrGIAAA\"")).expect_err("a decode error").to_string(),
        r#"field "after.Quantity": expected a decimal as text or number, found "CteOvFrGIAAA""#
    );
}

#[test]
fn rows_of_a_posted_order_find_it_though_its_header_was_never_read() {
    let shipped = event(
        "Sales Shipment Header",
        "c",
        "null",
        r#"{"No_":"D","Order No_":"S-1","External Document No_":"101"}"#,
        "00000001:00000001:0001",
    );
    let leads = lines("", &event("Sales Header", "c", "null", HEADER, "00000001:00000001:0001"));
    assert_eq!(lines("", &shipped)[0], leads[0]);
    assert!(leads[0].starts_with("nav.document 1:S-1 [] Alias(Alias { scope: \"order-number\", id: \"101\" })"), "{}", leads[0]);
}

#[test]
fn a_price_in_no_currency_needs_the_companys_own() {
    let price = event(
        "Sales Price",
        "c",
        "null",
        r#"{"Item No_":"X","Sales Type":2,"Starting Date":-6847804800000,"Currency Code":"","Minimum Quantity":"0","Unit Price":"5"}"#,
        "00000001:00000001:0001",
    );
    assert_eq!(
        told("", &price).expect_err("a decode error").to_string(),
        r#"field "after.Currency Code": expected a currency (local_currency is not set), found """#
    );
    assert_eq!(lines("local_currency = \"SEK\"", &price).len(), 1);
}

#[test]
fn wrong_settings_are_named() {
    let wrong = |settings: &str| trial::build(&KIND, settings).err().expect("wrong settings");
    assert_eq!(wrong(""), ["company: missing; this kind of source needs it"]);
    assert_eq!(wrong("company = \"A\"\ncompnay = \"B\""), ["unknown key \"compnay\"; did you mean \"company\"?"]);
    assert_eq!(
        wrong("company = \" \"\ntables = [\"Sales Heder\"]\ntopics = []"),
        [
            "tables: unknown table \"Sales Heder\"; did you mean \"Sales Header\"?",
            "company: blank; name the company whose tables are read",
            "topics: empty; leave the key away to have them named by prefix, database, schema and company",
        ]
    );
}

/// Whichever part of it is raised: what is read again counts as newer than what was read before.
#[test]
fn a_part_that_is_raised_raises_the_whole() {
    let parts = [documents::REVISION, posted::REVISION, items::REVISION, ledger::REVISION];
    assert_eq!(adapter("").revision(), parts.iter().sum::<u16>());
}

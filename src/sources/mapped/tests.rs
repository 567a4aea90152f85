use super::*;
use crate::facts::{CustomerRow, Fact, OrderRow, SkuRow, Subject};
use crate::sources::trial::{self, say};

/// The example of the module's documentation, and its tables by source.
fn example(source: &str) -> Arc<dyn Adapter> {
    let docs = include_str!("mod.rs").lines().map_while(|line| line.strip_prefix("//!"));
    let toml: Vec<&str> = docs.skip_while(|line| *line != " ```toml").skip(1).take_while(|line| *line != " ```").collect();
    let table: toml::Table = toml.join("\n").parse().expect("TOML");
    let mut settings = table["sources"][source].as_table().expect("a source").clone();
    assert_eq!(settings.remove("kind").and_then(|kind| kind.as_str().map(str::to_owned)).as_deref(), Some(KIND.name));
    settings.remove("roles");
    (KIND.build)(&trial::common(source), &settings).expect("the example's settings")
}

fn facts(adapter: &dyn Adapter, topic: &str, value: &str) -> Vec<Fact> {
    match trial::translate(adapter, topic, Some(value), "2025-03-15T13:05:00Z", 3) {
        Ok((Reading::Understood, facts)) => facts,
        other => panic!("{other:?}"),
    }
}

fn lines(adapter: &dyn Adapter, topic: &str, value: &str) -> Vec<String> {
    facts(adapter, topic, value).iter().map(say).collect()
}

fn error(adapter: &dyn Adapter, topic: &str, value: &str) -> String {
    trial::translate(adapter, topic, Some(value), "2025-03-15T13:05:00Z", 3).expect_err("a decode error").to_string()
}

const TRACKER: &str = r#"{"id":"evt_5","description":"tracker.updated","result":{"tracking_code":"JD1","status":"delivered","tracking_details":[
    {"message":"Label created","status":"pre_transit","status_detail":"label_created","datetime":"2025-03-14T09:50:00Z"},
    {"message":"Hm","status":"teleported","status_detail":"","datetime":"2025-03-14T10:00:00Z"},
    {"message":"Delivered","status":"delivered","status_detail":"arrived_at_destination","datetime":"2025-03-15T13:01:44Z"}]}}"#;

#[test]
fn a_carriers_list_gives_a_scan_for_each_of_its_elements() {
    let scan = |code: &str, meaning: &str, at: &str| {
        format!("tracking JD1 [JD1|{at}|{code}] Scan(Scan {{ tracking: \"JD1\", meaning: {meaning}, scanned_at: {at} }}) at {at}")
    };
    assert_eq!(
        lines(&*example("carrier"), "carrier.trackers", TRACKER),
        [
            scan("label_created", "Known(Label)", "2025-03-14T09:50:00Z"),
            scan("teleported", "Unknown(\"teleported\")", "2025-03-14T10:00:00Z"),
            scan("arrived_at_destination", "Known(Delivered)", "2025-03-15T13:01:44Z"),
        ]
    );
}

#[test]
fn what_when_does_not_name_says_nothing() {
    let other = TRACKER.replace("tracker.updated", "batch.created");
    let read = trial::translate(&*example("carrier"), "carrier.trackers", Some(&other), "2025-03-15T13:05:00Z", 3);
    assert_eq!(read, Ok((Reading::Skipped(Skip::UnknownTable("carrier.trackers".into())), Vec::new())));
    let tombstone = trial::translate(&*example("carrier"), "carrier.trackers", None, "2025-03-15T13:05:00Z", 3);
    assert_eq!(tombstone, Ok((Reading::Skipped(Skip::Housekeeping), Vec::new())));
}

const REFUND: &str = r#"{"refund_id":"rf-7","order_number":"SO-1001","amount":"64.95","currency":"gbp","method":"Visa","status":"paid",
    "psp_reference":"psp-1","request_id":"req-9","paid_at":"2025-03-15T13:00:00Z","updated_at":"2025-03-15T13:00:01Z"}"#;

#[test]
fn a_refund_comes_to_the_cent_and_answers_its_request() {
    assert_eq!(
        lines(&*example("finance"), "finance.refunds", REFUND),
        [
            "order-number SO-1001 [rf-7] Refund(Refund { tender: Card, currency: GBP, amount: 64.95, state: Known(Success), reference: \"psp-1\", request: Some(\"req-9\"), refunded_at: 2025-03-15T13:00:00Z, capture: \"\" }) at 2025-03-15T13:00:00Z"
        ]
    );
}

#[test]
fn of_two_states_of_a_refund_the_later_counts_and_at_one_moment_the_further() {
    let version = |at: &str, status: &str| {
        let body = REFUND.replace("13:00:01Z", at).replace("\"paid\"", status);
        facts(&*example("finance"), "finance.refunds", &body)[0].version
    };
    assert!(version("13:00:02Z", "\"queued\"") > version("13:00:01Z", "\"paid\""));
    assert!(version("13:00:01Z", "\"paid\"") > version("13:00:01Z", "\"queued\""));
}

#[test]
fn minor_units_become_units_of_the_currency() {
    let adapter = |extra: &str| {
        let settings = format!(
            "[[rows]]\ntopic = \"t\"\nrow = \"refund\"\nminor_units = true\nconstants = {{ tender = \"card\", state = \"success\" }}\n\
             fields = {{ id = \".id\", order_number = \".o\", amount = \".amount\", currency = \".c\" }}\n{extra}"
        );
        trial::build(&KIND, &settings).expect("settings")
    };
    let amount = |amount: &str, currency: &str| {
        let body = format!(r#"{{"id":1,"o":"SO-1","amount":{amount},"c":"{currency}"}}"#);
        let line = lines(&*adapter(""), "t", &body).remove(0);
        line.split("amount: ").nth(1).and_then(|rest| rest.split(',').next()).unwrap_or_default().to_owned()
    };
    assert_eq!(
        (amount("1299", "GBP").as_str(), amount("1299", "JPY").as_str(), amount("\"1299\"", "KWD").as_str()),
        ("12.99", "1299", "1.299")
    );
    assert_eq!(
        error(&*adapter(""), "t", r#"{"id":1,"o":"SO-1","amount":12.99,"c":"GBP"}"#),
        r#"field "amount": expected an amount in whole minor units (refund.amount = .amount), found "12.99""#
    );
}

#[test]
fn an_account_and_its_consent_come_from_one_contact_and_the_address_stays_a_digest() {
    let contact = r#"{"shop_customer_id":501,"email":" Anne@Example.com","created":1700000000,"modified":"1742043730",
        "permissions":{"profiling":1,"changed":1742043700}}"#;
    let told = lines(&*example("crm"), "crm.contacts", contact);
    let digest = trial::common("crm").digester.email("anne@example.com").expect("a digest");
    assert_eq!(
        told,
        [
            format!(
                "customer account|magento|501 [501] Account(CustomerAccount {{ brand: \"north\", email: Some({digest}), created_at: Some(2023-11-14T22:13:20Z), collective: false }}) at 2025-03-15T13:02:10Z"
            ),
            format!(
                "customer account|magento|501 [{digest}|email|north|profiling] Consent(Consent {{ address: {digest}, channel: \"email\", brand: \"north\", purpose: Profiling, state: Yes, changed_at: Some(2025-03-15T13:01:40Z) }}) at 2025-03-15T13:01:40Z"
            ),
        ]
    );
    assert!(!told.concat().contains("xample.com"));
}

#[test]
fn a_guests_consent_finds_him_by_his_address() {
    let settings = "[[rows]]\ntopic = \"t\"\nrow = \"consent\"\nconstants = { purpose = \"mail\" }\nfields = { email = \".e\", state = \".s\", account = \".a\" }";
    let adapter = trial::build(&KIND, settings).expect("settings");
    let told = facts(&*adapter, "t", r#"{"e":"anne@example.com","s":"NO","a":null}"#);
    let digest = trial::common("mapped").digester.email("anne@example.com").expect("a digest");
    assert_eq!(told[0].subject, Subject::Customer(crate::facts::CustomerKey::guest("north", &digest)));
}

#[test]
fn a_mapped_warehouse_tells_a_despatch_to_order_sku_and_parcel() {
    let settings = "[[rows]]\ntopic = \"t\"\nrow = \"despatch\"\ntime_format = \"%d.%m.%Y %H:%M\"\nconstants = { location = \"north\", carrier = \"DHL\" }\n\
        fields = { order_number = \".ref\", despatch = \"no\", sku = \".item.code\", quantity = \".item.qty\", despatched_at = \".left\", tracking = \".parcels[0]\" }";
    let adapter = trial::build(&KIND, settings).expect("settings");
    let body = r#"{"ref":"SO-1","no":"D1","item":{"code":"tee","qty":2},"left":"14.07.2025 09:55","parcels":["JD1","JD2"]}"#;
    let told = lines(&*adapter, "t", body);
    assert_eq!(told.len(), 3);
    assert!(told[0].starts_with("sku TEE [D1|TEE] Despatched("), "{}", told[0]);
    assert!(told[1].starts_with("tracking JD1 [order-number|SO-1] Alias("), "{}", told[1]);
    assert!(told[2].starts_with("order-number SO-1 [D1|TEE] Despatch("), "{}", told[2]);
    assert!(told[2].ends_with("tracking: Some(\"JD1\") }) at 2025-07-14T08:55:00Z"), "{}", told[2]);
}

/// A record that has all the row's fields, in an entry that maps them all.
fn whole(row: &row_type::RowType, extra: &str) -> (Arc<dyn Adapter>, String) {
    use fields::Form;
    let fields: Vec<String> = row.fields.iter().map(|field| format!("{0} = \".{0}\"", field.name)).collect();
    let settings = format!("[[rows]]\ntopic = \"t\"\nrow = \"{}\"\n{extra}\nfields = {{ {} }}", row.name, fields.join(", "));
    let adapter = trial::build(&KIND, &settings).unwrap_or_else(|errors| panic!("{}: {errors:?}", row.name));
    let value = |form: Form| match form {
        Form::Text | Form::Sku => "\"x\"".to_owned(),
        Form::Texts => "[\"x\",\"y\"]".to_owned(),
        Form::Pieces | Form::Number | Form::Amount => "2".to_owned(),
        Form::Balance => "-2.50".to_owned(),
        Form::Currency => "\"GBP\"".to_owned(),
        Form::Moment => "\"2025-03-14T09:55:02\"".to_owned(),
        Form::Email => "\"a@b\"".to_owned(),
        Form::Flag => "true".to_owned(),
        Form::Open(names) | Form::Closed(names) => format!("\"{}\"", names[0]),
    };
    let body: Vec<String> = row.fields.iter().map(|field| format!("\"{}\":{}", field.name, value(field.form))).collect();
    (adapter, format!("{{{}}}", body.join(",")))
}

#[test]
fn every_row_type_can_be_made_and_deleted_by_a_record_that_has_all_its_fields() {
    for row in rows::all() {
        let (adapter, body) = whole(row, "");
        let made = facts(&*adapter, "t", &body);
        assert!(!made.is_empty(), "{}", row.name);
        let (adapter, body) = whole(row, "delete = \"true\"");
        let deleted = facts(&*adapter, "t", &body);
        assert!(!deleted.is_empty() && deleted.iter().all(|fact| fact.change == crate::facts::Change::Delete), "{}", row.name);
        for fact in &deleted {
            assert!(!fact.version.upsert, "{}", row.name);
            assert!(made.iter().any(|made| made.key == fact.key && made.subject == fact.subject), "{}: {}", row.name, say(fact));
        }
    }
}

/// Rows that no source tells: Waybill derives them, or a person decides.
const NOT_TOLD: &[&str] = &["not stocked", "counted", "left out", "backordered", "key reused", "decision", "forgotten"];
/// The same of SKUs and customers, by number.
const NOT_TOLD_SKU: &[u8] = &[SkuRow::DEMAND, SkuRow::USED_IN, SkuRow::PART_FIGURE, SkuRow::DECISION, SkuRow::VARIATION, SkuRow::RETURNED];

#[test]
fn every_canonical_row_can_be_mapped() {
    use crate::facts::{Change, Row};
    let mut told: Vec<(&str, u8)> = Vec::new();
    for row in rows::all() {
        let (adapter, body) = whole(row, "");
        for fact in facts(&*adapter, "t", &body) {
            let Change::Upsert(content) = &fact.change else { continue };
            let of = match content {
                Row::Order(_) | Row::Owned(_) => "order",
                Row::Sku(_) => "sku",
                Row::Customer(_) => "customer",
                _ => continue,
            };
            told.push((of, fact.key.kind));
        }
    }
    for kind in 1..=u8::MAX {
        let name = OrderRow::kind_name(kind);
        if name != "row" && !NOT_TOLD.contains(&name) {
            assert!(told.contains(&("order", kind)), "no row type makes the order's row \"{name}\"");
        }
    }
    for kind in (1..=SkuRow::LAST).filter(|kind| !NOT_TOLD_SKU.contains(kind)) {
        assert!(told.contains(&("sku", kind)), "no row type makes the SKU's row {kind}");
    }
    for kind in [CustomerRow::ACCOUNT, CustomerRow::CONSENT, CustomerRow::MERGE, CustomerRow::ERASURE] {
        assert!(told.contains(&("customer", kind)), "no row type makes the customer's row {kind}");
    }
}

#[test]
fn a_deletion_needs_to_say_which_row_and_no_more() {
    let settings = "[[rows]]\ntopic = \"t\"\nrow = \"refund\"\ndelete = '.op == \"d\"'\nversion = \".at\"\n\
        fields = { id = \".id\", order_number = \".o\", amount = \".amount\", currency = \".c\" }\nconstants = { tender = \"card\", state = \"success\" }";
    let adapter = trial::build(&KIND, settings).expect("settings");
    let paid = facts(&*adapter, "t", r#"{"id":"r1","o":"SO-1","amount":"5","c":"GBP","at":"2025-03-14T09:00:00Z"}"#);
    let gone = facts(&*adapter, "t", r#"{"op":"d","id":"r1","at":"2025-03-14T10:00:00Z"}"#);
    assert_eq!((gone[0].key.clone(), gone[0].subject.clone()), (paid[0].key.clone(), paid[0].subject.clone()));
    assert!(gone[0].change == crate::facts::Change::Delete && gone[0].version > paid[0].version);
    assert_eq!(
        error(&*adapter, "t", r#"{"op":"d","at":"2025-03-14T10:00:00Z"}"#),
        r#"field "id": expected a value, the refund's id (refund.id = .id), found "nothing""#
    );
}

#[test]
fn a_tombstone_deletes_where_the_entry_says_so() {
    let settings =
        "[[rows]]\ntopic = \"t\"\nrow = \"account\"\ndelete = \"$record == null\"\nfields = { account = \"$key\", email = \".email\" }";
    let adapter = trial::build(&KIND, settings).expect("settings");
    let topic: Arc<str> = "t".into();
    let record = Record {
        topic: &topic,
        topic_index: 0,
        partition: 0,
        offset: 4,
        timestamp: crate::facts::Moment::parse_rfc3339("2025-03-15T13:05:00Z").expect("a moment"),
        key: Some(b"501"),
        value: None,
        headers: crate::envelope::Headers::new(),
    };
    let cause = crate::facts::Cause { topic: crate::facts::TopicId::of("t"), partition: 0, offset: 4 };
    let mut told = Vec::new();
    let mut out = FactsOut::new(crate::facts::SourceId::of("crm"), cause, 1, &mut told);
    assert_eq!(adapter.translate(&record, &mut out), Ok(Reading::Understood));
    assert_eq!(told.iter().map(say).collect::<Vec<_>>(), ["customer account|mapped|501 [501] kind 1 deleted at 2025-03-15T13:05:00Z"]);
}

#[test]
fn two_rows_with_one_id_in_one_record_are_refused_and_not_lost() {
    let settings = "[[rows]]\ntopic = \"t\"\nrow = \"return-line\"\neach = \".items[]\"\nconstants = { state = \"approved\" }\n\
        fields = { rma = \"$record.rma\", order_number = \"$record.o\", id = \".line\", line = \".line\", quantity = \".qty\" }";
    let adapter = trial::build(&KIND, settings).expect("settings");
    let body = |first: u32, second: u32, id: &str| {
        format!(r#"{{"rma":"R1","o":"SO-1","items":[{{"line":"7","qty":{first}}},{{"line":"{id}","qty":{second}}}]}}"#)
    };
    assert!(error(&*adapter, "t", &body(1, 2, "7")).starts_with("field \"value\": expected rows that are told apart"));
    assert_eq!(lines(&*adapter, "t", &body(1, 2, "8")).len(), 2);
    // The same twice says nothing new.
    assert_eq!(lines(&*adapter, "t", &body(1, 1, "7")).len(), 2);
}

#[test]
fn lines_of_a_file_become_rows_by_the_names_of_their_columns() {
    let rows = "[[rows]]\ntopic = \"bank\"\nrow = \"refund\"\nwhen = '.Amount | startswith(\"-\")'\ntime_format = \"%d/%m/%Y\"\n\
        fields = { id = \".Ref\", order_number = '.Text | capture(\"(?<o>SO-[0-9]+)\").o', amount = \".Amount | ltrimstr(\\\"-\\\")\", refunded_at = \".Date\" }\n\
        constants = { tender = \"bank\", state = \"success\", currency = \"GBP\" }\n";
    let whole = trial::build(&KIND, &format!("csv.bank = {{}}\n{rows}")).expect("settings");
    let file = "Date,Ref,Text,Amount\n14/03/2025,b-1,\"Refund SO-1001, J\",-64.95\n14/03/2025,b-2,Salary,100.00\n";
    let told = lines(&*whole, "bank", file);
    assert_eq!(told.len(), 1);
    assert!(told[0].starts_with("order-number SO-1001 [b-1] Refund(Refund { tender: Bank, currency: GBP, amount: 64.95,"), "{}", told[0]);
    assert!(told[0].ends_with("at 2025-03-14T00:00:00Z"), "{}", told[0]);
    let single = format!("csv.bank = {{ separator = \";\", columns = [\"Date\", \"Ref\", \"Text\", \"Amount\"] }}\n{rows}");
    let single = trial::build(&KIND, &single).expect("settings");
    assert_eq!(lines(&*single, "bank", "14/03/2025;b-1;Refund SO-1001;-64.95"), told);
    assert_eq!(
        error(&*single, "bank", "14/03/2025;b-1;Refund;-64.95"),
        "field \"[0]\": expected the order (refund.order_number = .Text | capture(\"(?<o>SO-[0-9]+)\").o), found \"nothing\""
    );
}

#[test]
fn what_cannot_be_read_is_named_by_field_expression_and_member() {
    let finance = example("finance");
    let told = |from: &str, to: &str| error(&*finance, "finance.refunds", &REFUND.replace(from, to));
    assert_eq!(
        told("\"64.95\"", "\"64,95\""),
        r#"field "amount": expected a decimal as text or number (refund.amount = .amount), found "64,95""#
    );
    assert_eq!(told("\"64.95\"", "-64.95"), r#"field "amount": expected a number from 0 (refund.amount = .amount), found "-64.95""#);
    assert_eq!(told("\"64.95\"", "[1]"), r#"field "amount": expected a decimal as text or number (refund.amount = .amount), found "[1]""#);
    assert_eq!(
        told("\"SO-1001\"", "\" \""),
        r#"field "order_number": expected the order (refund.order_number = .order_number), found "nothing""#
    );
    assert_eq!(
        told("\"rf-7\"", "null"),
        r#"field "refund_id": expected a value, the refund's id (refund.id = .refund_id), found "nothing""#
    );
    assert_eq!(
        told("Visa", "barter"),
        r#"field "method": expected a word for one of card, bank, cash, cash-on-delivery, on-account, store-credit, gift-card, exchange (see words.tender) (refund.tender = .method), found "barter""#
    );
    assert_eq!(
        told("2025-03-15T13:00:01Z", "yesterday"),
        r#"field "updated_at": expected the moment of the last change (refund.version = .updated_at), found "yesterday""#
    );
    let carrier = example("carrier");
    assert_eq!(
        error(&*carrier, "carrier.trackers", &TRACKER.replace("2025-03-14T10:00:00Z", "soon")),
        r#"field "result.tracking_details[1].datetime": expected a moment (scan.scanned_at = .datetime), found "soon""#
    );
    assert_eq!(
        error(&*carrier, "carrier.trackers", r#"{"description":"tracker.updated","result":{"tracking_details":7}}"#),
        r#"field "value": expected an expression that gives a value here (scan.each = select(.description | startswith("tracker.")) | .result.tracking_details[]), found "cannot use 7 as list or object""#
    );
    assert_eq!(
        error(
            &*carrier,
            "carrier.trackers",
            r#"{"description":"tracker.updated","result":{"tracking_code":"JD1","tracking_details":[7]}}"#
        ),
        r#"field "result.tracking_details[0]": expected an expression that gives a value here (scan.meaning = .status), found "cannot index 7 with "status"""#
    );
    assert_eq!(
        error(&*carrier, "carrier.trackers", "<html>").split(", found").next(),
        Some("field \"value\": expected JSON (value expected at byte 1)")
    );
}

#[test]
fn an_expression_without_an_end_refuses_its_record_alone() {
    let settings = "[[rows]]\ntopic = \"t\"\nrow = \"hold\"\nfields = { order_number = \".o\", reason = \"if .o == \\\"SO-2\\\" then (def f: f; f) else .o end\" }";
    let adapter = trial::build(&KIND, settings).expect("settings");
    assert_eq!(lines(&*adapter, "t", r#"{"o":"SO-1"}"#).len(), 1);
    assert_eq!(
        error(&*adapter, "t", r#"{"o":"SO-2"}"#),
        "field \"value\": expected expressions that come to an end (hold.reason = if .o == \"SO-2\" then (def f: f; f) else .o end), found \"it does not come to an end (it took more steps than a record of this size has)\""
    );
    assert_eq!(lines(&*adapter, "t", r#"{"o":"SO-3"}"#).len(), 1);
}

#[test]
fn wrong_settings_are_named_all_at_once_with_their_nearest_neighbours() {
    let wrong = |settings: &str| trial::build(&KIND, settings).err().expect("wrong settings");
    assert_eq!(wrong(""), ["rows: missing; describe at least one row as [[sources.NAME.rows]]"]);
    assert_eq!(wrong("[[rows]]\ntopic = \"t\"\nrow = \"scann\""), ["rows[0]: unknown row \"scann\"; did you mean \"scan\"?"]);
    assert_eq!(wrong("[[rows]]\ntopik = \"t\"\nrow = \"scan\""), ["rows[0]: unknown key \"topik\"; did you mean \"topic\"?"]);
    assert_eq!(
        wrong(
            "[[rows]]\ntopic = \"t\"\nrow = \"refund\"\ntime_format = \"q\"\neach = \".a[\"\nwhen = \"nosuch(1)\"\n\
             fields = { id = \"id\", amuont = \".a\", currency = \"res.c\", state = \".s\" }\nconstants = { tender = \"crad\", state = \"success\" }\n\
             words = { state = { paid = \"sucess\" }, reference = { a = \"b\" } }"
        ),
        [
            "rows[0]: fields.amuont: a refund has no such field; did you mean \"amount\"?",
            "rows[0]: state: is both a field and a constant; keep one",
            "rows[0]: words.reference: a refund has no such field of words; known are \"tender\", \"state\"",
            "rows[0]: fields.amount: missing; a refund needs it (an expression under fields, or a value under constants)",
            "rows[0]: fields: a refund needs one of \"order\", \"order_number\", \"document\", \"tracking\"",
            "rows[0]: time_format: \"q\" is no format of times: it has no part like %Y or %H",
            "rows[0]: words.state.\"paid\": unknown meaning \"sucess\"; did you mean \"success\"?",
            "rows[0]: fields.currency: at character 1: there is no function \"res\" of 0 arguments; the member of that name is \".res\"",
            "rows[0]: constants.tender: expected a word for one of card, bank, cash, cash-on-delivery, on-account, store-credit, gift-card, exchange (see words.tender), found \"crad\"",
            "rows[0]: each: is no jq: expected closing bracket at character 4, found the end",
            "rows[0]: when: at character 1: there is no function \"nosuch\" of 1 arguments",
        ]
    );
}

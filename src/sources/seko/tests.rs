use super::*;
use crate::facts::Fact;
use crate::facts::sku::Basis;
use crate::sources::trial::{self, say};

const DISPATCH: &str = r#"{"Dispatch":{"SequenceNumber":7,"SalesOrderNumber":"SO-1","DispatchNumber":"D1","DCCode":"DC1",
    "DispatchDate":"2025-07-14T09:55:02.001Z","Courier":"DPD","TrackingNumber":{}},
    "List":{"DispatchLineItem":[{"LineNumber":1,"ProductCode":"TEE","Quantity":2}]}}"#;

fn told_with(settings: &str, topic: &str, value: &str, offset: i64) -> Result<(Reading, Vec<Fact>), DecodeError> {
    let adapter = trial::build(&KIND, settings).expect("settings");
    trial::translate(&*adapter, topic, Some(value), "2025-07-15T02:00:30Z", offset)
}

fn facts(value: &str) -> Vec<Fact> {
    told_with("", "seko.pushes", value, 7).unwrap_or_else(|error| panic!("{error}")).1
}

fn lines(value: &str) -> Vec<String> {
    facts(value).iter().map(say).collect()
}

fn has(lines: &[String], parts: &[&str]) -> bool {
    lines.iter().any(|line| parts.iter().all(|part| line.contains(part)))
}

#[test]
fn the_later_message_is_the_newer_and_a_repeat_is_the_same() {
    let version = |value: &str, offset: i64| told_with("", "seko.pushes", value, offset).expect("a dispatch").1[0].version;
    assert!(version(&DISPATCH.replace(":7,", ":8,"), 1) > version(DISPATCH, 90), "by its number, wherever it stands");
    assert_eq!(version(DISPATCH, 1), version(DISPATCH, 90), "a push that comes again changes nothing");
    assert_eq!(version(&DISPATCH.replace(":7,", ":\"7\","), 1), version(DISPATCH, 1));
}

#[test]
fn an_order_is_closed_by_its_dispatch_and_what_was_asked_for_is_not_repeated() {
    let told = lines(DISPATCH);
    assert!(has(&told, &["order-number SO-1 [SO-1] WarehouseOrder(", "location: \"DC1\"", "Known(Closed)"]), "{told:#?}");
    assert!(has(&told, &["WarehouseLine(", "quantity: None", "despatched: Some(2)", "closed: true"]), "{told:#?}");
    let polled = facts(r#"{"SalesOrderNumber":"SO-1","Status":"To Dispatch","DCCode":"DC1"}"#)[0].version;
    let closed = facts(DISPATCH).iter().find(|fact| say(fact).contains("WarehouseOrder(")).expect("the order").version;
    assert!(closed > polled, "a status that is polled late does not open it again");
}

#[test]
fn lots_of_one_line_add_up_in_a_message_and_are_apart_in_rows_by_themselves() {
    let lots = DISPATCH.replace(
        r#"{"LineNumber":1,"ProductCode":"TEE","Quantity":2}"#,
        r#"{"LineNumber":1,"ProductCode":"tee","Quantity":1,"LotNo":"L1"},{"LineNumber":1,"ProductCode":"TEE","Quantity":1,"LotNo":"L2"}"#,
    );
    assert_eq!(lines(&lots), lines(DISPATCH));
    let row = |lot: &str, quantity: &str| {
        lines(&format!(
            r#"{{"SalesOrderNumber":"SO-1","DispatchNumber":"D1","DispatchDate":"2025-07-14","LineNumber":"1","ProductCode":"TEE","Quantity":"{quantity}","LotNo":"{lot}"}}"#
        ))
    };
    let (first, second) = (row("L1", "1"), row("L2", "1"));
    assert!(first[0].starts_with("sku TEE [D1|TEE|1%7CL1] ") && second[0].starts_with("sku TEE [D1|TEE|1%7CL2] "), "{first:?} {second:?}");
    assert!(!has(&first, &["WarehouseLine("]), "whether another lot follows is not known");
    assert!(has(&row("", "0"), &["WarehouseLine(", "despatched: Some(0)"]));
}

#[test]
fn a_day_is_that_of_the_distribution_centre() {
    let dated = |settings: &str| {
        let value = DISPATCH.replace("2025-07-14T09:55:02.001Z", "2025-07-14");
        say(&told_with(settings, "seko.pushes", &value, 7).expect("a dispatch").1[0])
    };
    assert!(dated("").contains("despatched_at: 2025-07-13T23:00:00Z"), "{}", dated(""));
    assert!(dated("zones = { dc1 = \"America/New_York\" }").contains("despatched_at: 2025-07-14T04:00:00Z"));
}

#[test]
fn a_summary_holds_for_the_end_of_its_day_and_ends_with_its_last_part() {
    let summary = |part: &str, header: &str| {
        format!(
            r#"{{"StockOvernightSummary":{{{part}"SequenceNumber":4,"SummaryStockHeaderId":"{header}","AtEndOfDate":"2025-07-14","DCCode":"DC1"}},
            "List":{{"StockOvernightSummaryLineItem":{{"ProductCode":"TEE","QuantityOnHand":41,"QuantityInQuarantine":1,"QuantityInAllocated":2,"QuantityInPick":3,"QuantityToDispatch":4}}}}}}"#
        )
    };
    let first = facts(&summary(r#""MessagePart":1,"MessageTotal":2,"#, "10"));
    let told: Vec<String> = first.iter().map(say).collect();
    assert!(
        has(&told, &["sku TEE [DC1|Available Stock] Count(", "quantity: 50, basis: OnHand", "counted_at: 2025-07-14T23:00:00Z"]),
        "{told:#?}"
    );
    assert!(has(&told, &["Listed { row: 1, rows: 2 }"]), "{told:#?}");
    assert!(first[0].version > first[1].version, "a row stands above its own list's end");
    let again = facts(&summary(r#""MessagePart":1,"MessageTotal":2,"#, "11"));
    assert!(again[1].version > first[0].version, "a second summary of the day empties what it leaves out of the first");
    assert_eq!(facts(&summary("", "10")).len(), 1, "without parts nothing says that it is the whole");
    assert!(has(&lines(&summary(r#""MessagePart":0,"MessageTotal":0,"#, "10")), &["Listed { row: 1, rows: 1 }"]));
}

#[test]
fn a_source_that_counts_what_is_free_reads_on_hand_alone() {
    let value = r#"{"StockOvernightSummary":{"AtEndOfDate":"2025-07-14","DCCode":"DC1"},
        "List":{"StockOvernightSummaryLineItem":{"ProductCode":"TEE","QuantityOnHand":41,"QuantityInQuarantine":1,"QuantityInAllocated":2}}}"#;
    let counted = |counts, settings: &str| {
        let common = Common { counts, ..trial::common("seko") };
        let adapter = (KIND.build)(&common, &settings.parse().expect("TOML")).expect("settings");
        let told = trial::translate(&*adapter, "seko.pushes", Some(value), "2025-07-15T02:00:30Z", 7).expect("a summary").1;
        told.iter().map(say).collect::<Vec<_>>().join("\n")
    };
    assert!(counted(None, "").contains("quantity: 43, basis: OnHand"));
    assert!(counted(Some(Basis::Free), "").contains("quantity: 41, basis: Free"));
    assert!(counted(None, "on_hand_includes_allocated = true").contains("quantity: 41, basis: OnHand"));
    let both = counted(None, "buckets = [\"Available Stock\", \"Quarantine\"]");
    assert!(both.contains("[DC1|Quarantine] Count(") && both.contains("quantity: 1, basis: OnHand"), "{both}");
}

#[test]
fn a_movement_counts_only_in_location_types_that_are_counted() {
    let moved = |from: &str, to: &str| {
        lines(&format!(
            r#"{{"StockStatusMovement":{{"SequenceNumber":88,"DcCode":"DC1","UtcDate":"2025-07-14T16:02:10.001Z","ProductCode":"TEE","FromLocationType":"{from}","ToLocationType":"{to}","Quantity":3}}}}"#
        ))
    };
    assert!(has(&moved("Quarantine", "Available Stock"), &["[status|DC1|88|to] Movement(", "quantity: 3,"]));
    assert!(has(&moved("available stock", "Query"), &["[status|DC1|88|from] Movement(", "quantity: -3,", "bucket: \"Available Stock\""]));
    assert_eq!(moved("Quarantine", "QC"), [""; 0]);
    let adapter = trial::build(&KIND, "").expect("settings");
    assert!(adapter.counts_now_and_then(), "its movements are added to its counts without a word in the configuration");
}

#[test]
fn whose_a_return_is() {
    let note = |settings: &str, delivery: &str, hb: &str, rma: &str, kind: &str| {
        let value = format!(
            r#"{{"GRN":{{"SequenceNumber":3,"DCCode":"DC1","DeliveryNumber":"{delivery}","HBRef":"{hb}","RMA":"{rma}","GRNType":"{kind}","ConfirmedTimestamp":"2025-07-14T15:45:54Z"}},
            "List":{{"GRNLineItem":{{"LineNumber":1,"ProductCode":"TEE","Quantity":1}}}}}}"#
        );
        told_with(settings, "seko.pushes", &value, 7).expect("a note").1.iter().map(say).collect::<Vec<_>>().join("\n")
    };
    let raised = note("", "000219", "SO-1", "SO-1.000219", "Return");
    assert!(raised.starts_with("order-number SO-1 [DC1|000219|TEE|] Receipt(") && raised.contains("rma: None"), "{raised}");
    let by_rma = note("", "000219", "", "SO-1.000219", "");
    assert!(by_rma.starts_with("order-number SO-1 "), "{by_rma}");
    let announced = note("", "RMA301", "RMA301", "", "");
    assert!(announced.starts_with("seko.blind-return RMA301 ") && announced.contains("rma: Some(\"RMA301\")"), "{announced}");
    let by_document = note("announced_returns = \"nav.document 5:\"", "RMA301", "RMA301", "", "");
    assert!(by_document.starts_with("nav.document 5:RMA301 "), "{by_document}");
    assert!(note("", "RMA301", "SO-1", "", "Return").starts_with("order-number SO-1 "));
    assert_eq!(note("", "ASN-778", "ASN-778", "", ""), "", "a supplier's delivery");
}

#[test]
fn an_order_may_go_by_its_reference() {
    let value = DISPATCH.replace(r#""SalesOrderNumber":"SO-1""#, r#""SalesOrderNumber":"W-9","SalesOrderReference":"SO-1""#);
    let (_, facts) = told_with("order = \"reference\"", "seko.pushes", &value, 7).expect("a dispatch");
    let told: Vec<String> = facts.iter().map(say).collect();
    assert!(has(&told, &["seko.order W-9 [] Alias(Alias { scope: \"order-number\", id: \"SO-1\" })"]), "{told:#?}");
    assert!(has(&told, &["seko.order W-9 [D1|TEE] Despatch("]), "{told:#?}");
}

#[test]
fn what_is_refused_gives_no_fact_of_the_messages_beside_it() {
    let push = format!(r#"{{"Responses":[{{"Response":{DISPATCH}}},{{"Response":{}}}]}}"#, DISPATCH.replace(":2}", ":\"two\"}"));
    let error = told_with("", "seko.pushes", &push, 7).expect_err("refused").to_string();
    assert_eq!(
        error,
        r#"field "Responses[1].Response.List.DispatchLineItem[0].Quantity": expected a number of pieces from 0, found "two""#
    );
}

#[test]
fn every_code_of_the_carriers_is_known_once() {
    let codes = scans::codes();
    for (i, (code, _)) in codes.iter().enumerate() {
        assert!(!codes[..i].iter().any(|(other, _)| other == code), "{code} stands twice");
    }
}

#[test]
fn wrong_settings_are_named_all_at_once() {
    let wrong = |settings: &str| trial::build(&KIND, settings).err().expect("wrong settings");
    assert_eq!(wrong("topcs = []"), ["unknown key \"topcs\"; did you mean \"topics\"?"]);
    assert_eq!(wrong("topics = []\ncodes = { X = \"gone\" }\nzones = { DC1 = \"Europe/Londn\" }\nstatuses = { Y = \"odd\" }").len(), 4);
    assert_eq!(trial::build(&KIND, "topics = [\"a\"]\ncolumns = { \"b\" = \"ProductCode\" }").expect("settings").topics(), ["a", "b"]);
}

/// Whichever part of it is raised: what is read again counts as newer than what was read before.
#[test]
fn a_part_that_is_raised_raises_the_whole() {
    let parts = [goods::REVISION, returned::REVISION, stock::REVISION, scans::REVISION];
    assert_eq!(trial::build(&KIND, "").expect("settings").revision(), parts.iter().sum::<u16>());
}

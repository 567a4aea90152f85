use super::*;
use crate::facts::sku::Basis;
use crate::facts::{Fact, Version};
use crate::sources::trial::{self, say};

const DESPATCHED: &str = r#"{"Salesorder number":"SO-1001","Despatch number":"DES1937757","Carrier":"DPD","Service":"UK Standard",
    "Despatch date":"'14/07/2025 09:55'","Tracking number":"JD0002231234567890","Item name":"Tee black M","No of items":"2",
    "Site reference":"PrimarySite","Parent":"","Item code":" tee-blk-m ","Email":"anne@example.com"}"#;

fn told(topic: &str, value: &str) -> Result<Vec<Fact>, DecodeError> {
    let adapter = trial::build(&KIND, "").expect("default settings");
    trial::translate(&*adapter, topic, Some(value), "2025-07-14T09:00:30Z", 7).map(|(_, facts)| facts)
}

fn lines(topic: &str, value: &str) -> Vec<String> {
    told(topic, value).unwrap_or_else(|error| panic!("{error}")).iter().map(say).collect()
}

fn version(topic: &str, value: &str) -> Version {
    told(topic, value).unwrap_or_else(|error| panic!("{error}"))[0].version
}

#[test]
fn a_despatch_is_told_to_order_sku_and_parcel_under_one_id() {
    let despatch = "DES1937757|TEE-BLK-M";
    assert_eq!(
        lines("peoplevox.despatch-summary", DESPATCHED),
        [
            format!("sku TEE-BLK-M [{despatch}] Despatched(Despatched {{ location: \"PrimarySite\", quantity: 2, despatched_at: 2025-07-14T08:55:00Z }}) at 2025-07-14T08:55:00Z"),
            "tracking JD0002231234567890 [order-number|SO-1001] Alias(Alias { scope: \"order-number\", id: \"SO-1001\" }) at 2025-07-14T08:55:00Z".to_owned(),
            "order-number SO-1001 [DES1937757] Tracking(Tracking { despatch: \"DES1937757\", carrier: \"DPD\", number: \"JD0002231234567890\", replaces: None, beside: false }) at 2025-07-14T08:55:00Z".to_owned(),
            format!("order-number SO-1001 [{despatch}] Despatch(Despatch {{ despatch: \"DES1937757\", line: Sku(Sku(\"TEE-BLK-M\")), quantity: 2, location: \"PrimarySite\", despatched_at: 2025-07-14T08:55:00Z, carrier: \"DPD\", service: \"UK Standard\", tracking: Some(\"JD0002231234567890\") }}) at 2025-07-14T08:55:00Z"),
        ]
    );
    let underscored = DESPATCHED.replace("Salesorder number", "Salesorder_number").replace("No of items", "No_of_items");
    assert_eq!(lines("peoplevox.despatch-summary", &underscored), lines("peoplevox.despatch-summary", DESPATCHED));
}

#[test]
fn a_source_that_counts_what_is_free_is_read_from_the_available_column() {
    let row = r#"{"Item code":"TEE-BLK-M","Site reference":"PrimarySite","On hand":"43","Allocated":"2","Available":"41"}"#;
    let counted = |counts| {
        let common = Common { counts, ..trial::common("peoplevox") };
        let adapter = (KIND.build)(&common, &toml::Table::new()).expect("default settings");
        let told = trial::translate(&*adapter, "peoplevox.item-inventory-summary", Some(row), "2025-07-14T09:00:30Z", 7);
        say(&told.expect("a count").1[0])
    };
    assert!(counted(None).contains("quantity: 43, basis: OnHand"), "{}", counted(None));
    assert!(counted(Some(Basis::Free)).contains("quantity: 41, basis: Free"));
}

#[test]
fn a_component_of_a_kit_is_not_despatched_twice() {
    assert_eq!(lines("peoplevox.despatch-summary", &DESPATCHED.replace(r#""Parent":"""#, r#""Parent":"KIT-1""#)), [""; 0]);
}

#[test]
fn a_despatch_without_a_tracking_number_yet_lays_no_link() {
    let without = DESPATCHED.replace("JD0002231234567890", "  ");
    let told = lines("peoplevox.despatch-summary", &without);
    assert_eq!(told.len(), 2);
    assert!(told[1].contains("tracking: None"), "{}", told[1]);
}

#[test]
fn a_count_holds_for_the_moment_it_was_landed() {
    let row = r#"{"Item code":"TEE-BLK-M","Item name":"Tee","Site reference":"North","On hand":"-3","Allocated":"2","Available":"41"}"#;
    assert_eq!(
        lines("peoplevox.item-inventory-summary", row),
        [
            "sku TEE-BLK-M [North|] Count(Count { location: \"North\", bucket: \"\", quantity: -3, basis: OnHand, counted_at: 2025-07-14T09:00:30Z }) at 2025-07-14T09:00:30Z"
        ]
    );
}

#[test]
fn what_is_not_reusable_is_never_sellable() {
    let condition = |word: &str, reusable: &str| {
        let row = format!(
            r#"{{"Return code":"RET81","Return date":"'13/07/2025 16:55:07'","Quantity":"1","Item code":"TEE","Sales order number":"SO-1001",
                "Return condition":"{word}","Is Reusable":"{reusable}","Site reference":"North","RMA number":"SRO-9"}}"#
        );
        let line = lines("peoplevox.return-summary", &row).remove(0);
        line.split("condition: ").nth(1).and_then(|rest| rest.split(", location").next()).unwrap_or_default().to_owned()
    };
    assert_eq!(condition("NEW", "True"), "Known(Sellable)");
    assert_eq!(condition("NEW", "False"), "Known(Damaged)");
    assert_eq!(condition("", "True"), "Known(Sellable)");
    assert_eq!(condition("", ""), "Known(Unspoken)");
    assert_eq!(condition("Damaged", "True"), "Known(Damaged)");
    assert_eq!(condition("Smells", "True"), "Unknown(\"Smells\")");
}

#[test]
fn a_return_names_its_authorisation_and_tells_its_conditions_apart() {
    let row = |condition: &str| {
        let row = format!(
            r#"{{"Return code":"RET81","Return date":"'13/07/2025 16:55:07'","Quantity":"1","Item code":"TEE","Sales order number":"SO-1001",
                "Return condition":"{condition}","RMA number":"SRO-9"}}"#
        );
        lines("peoplevox.return-summary", &row).remove(0)
    };
    assert_eq!(
        row("New"),
        "order-number SO-1001 [RET81||TEE|NEW] Receipt(Receipt { receipt: \"RET81\", rma: Some(\"SRO-9\"), line: Sku(Sku(\"TEE\")), quantity: 1, condition: Known(Sellable), location: \"PrimarySite\", bucket: \"\", received_at: 2025-07-13T15:55:07Z }) at 2025-07-13T15:55:07Z"
    );
    assert!(row("Damaged").contains("[RET81||TEE|DAMAGED]"));
}

#[test]
fn a_return_that_names_no_order_waits_under_its_own_number() {
    let row = |order: &str| {
        let row = format!(
            r#"{{"Return code":"RET82","Return date":"'13/07/2025 16:55:07'","Quantity":"1","Item code":"TEE","Sales order number":"{order}"}}"#
        );
        lines("peoplevox.return-summary", &row).remove(0)
    };
    assert!(row("").starts_with("peoplevox.blind-return RET82 [RET82||TEE|] Receipt("), "{}", row(""));
    assert!(row("SO-1001").starts_with("order-number SO-1001 [RET82||TEE|] Receipt("), "it is given to the order once that is known");
}

#[test]
fn an_orders_pieces_and_status_come_by_its_number() {
    assert_eq!(
        lines("peoplevox.sales-order-summary", r#"{"Sales order no.":"SO-1001","Status":"Picked","Number of items":"3","Channel":"Web"}"#),
        ["order-number SO-1001 [SO-1001] WarehouseTotal(WarehouseTotal { location: \"PrimarySite\", pieces: 3 }) at 2025-07-14T09:00:30Z"]
    );
    assert_eq!(
        lines("peoplevox.sales-order-status", r#"{"time":"14/07/2025 09:55:02","order_no":"SO-1001,SO-1002","status":"Awaiting van"}"#),
        ["SO-1001", "SO-1002"].map(|number| format!("order-number {number} [{number}] WarehouseOrder(WarehouseOrder {{ location: \"PrimarySite\", state: Unknown(\"Awaiting van\") }}) at 2025-07-14T08:55:02Z"))
    );
}

#[test]
fn the_later_status_is_the_newer_and_of_one_second_the_further() {
    let told = |time: &str, status: &str| {
        version(
            "peoplevox.sales-order-status",
            &format!(r#"{{"LastModificationTime":"{time}","SalesOrderNumber":"SO-1","SalesOrderStatu.Name":"{status}"}}"#),
        )
    };
    assert!(told("14/07/2025 09:55:03", "New") > told("14/07/2025 09:55:02", "Despatched"));
    assert!(told("14/07/2025 09:55:02", "Packed") > told("14/07/2025 09:55:02", "Picked"));
    assert!(told("14/07/2025 09:55:02", "New") > told("14/07/2025 09:55:02", "who knows"));
}

#[test]
fn a_parcel_of_two_orders_tracks_both_and_leads_to_both() {
    let event = r#"{"dispatch_number":"DES1","tracking_number":"JD1","carrier":"DPD","order_number":"SO-1, SO-2,SO-1"}"#;
    let told = lines("peoplevox.tracking", event);
    assert_eq!(told.len(), 4);
    for (link, order) in [(&told[0], "SO-1"), (&told[2], "SO-2")] {
        assert!(link.starts_with(&format!("tracking JD1 [order-number|{order}] Alias(")), "{link}");
    }
    assert!(told[3].starts_with("order-number SO-2 [DES1] Tracking("), "{}", told[3]);
    assert_eq!(lines("peoplevox.tracking", &event.replace("JD1", "")), [""; 0]);
}

#[test]
fn what_cannot_be_read_is_named() {
    let error = |topic: &str, value: &str| told(topic, value).expect_err("a decode error").to_string();
    let despatch = |from: &str, to: &str| error("peoplevox.despatch-summary", &DESPATCHED.replace(from, to));
    assert_eq!(despatch("SO-1001", " "), r#"field "Salesorder number": expected an order number, found " ""#);
    assert_eq!(
        despatch(r#""No of items":"2""#, r#""No of items":"two""#),
        r#"field "No of items": expected a number of pieces from 0, found "two""#
    );
    assert_eq!(
        despatch(r#""No of items":"2""#, r#""No of items":"-2""#),
        r#"field "No of items": expected a number of pieces from 0, found "-2""#
    );
    assert_eq!(
        despatch("'14/07/2025 09:55'", "'31/02/2025 09:55'"),
        r#"field "Despatch date": expected a local time as in '14/03/2025 09:55', found "'31/02/2025 09:55'""#
    );
    assert_eq!(despatch("'14/07/2025 09:55'", ""), r#"field "Despatch date": expected a local time as in '14/03/2025 09:55', found """#);
    assert_eq!(
        error("peoplevox.item-inventory-summary", r#"{"Item code":"TEE","Available":"1"}"#),
        r#"field "On hand": expected a number of pieces, found "nothing""#
    );
    assert_eq!(error("peoplevox.return-summary", "[]"), r#"field "value": expected a JSON object, found "[]""#);
    assert_eq!(
        error(
            "peoplevox.return-summary",
            r#"{"Return code":"R","Quantity":"1","Item code":"T","Sales order number":"1","Is Reusable":"maybe"}"#
        ),
        r#"field "Is Reusable": expected True or False, found "maybe""#
    );
}

#[test]
fn tombstones_and_unknown_topics_are_skipped() {
    let adapter = trial::build(&KIND, "[topics]\ntracking = \"\"").expect("settings");
    assert_eq!(adapter.topics().len(), 5);
    let read = |topic: &str, value| trial::translate(&*adapter, topic, value, "2025-07-14T09:00:30Z", 7).expect("a reading");
    assert_eq!(read("peoplevox.return-summary", None), (Reading::Skipped(Skip::Housekeeping), Vec::new()));
    assert_eq!(read("peoplevox.tracking", Some("{}")), (Reading::Skipped(Skip::UnknownTable("peoplevox.tracking".into())), Vec::new()));
}

#[test]
fn fields_of_callbacks_can_be_named() {
    let adapter =
        trial::build(&KIND, "site = \"North\"\nstatuses = { Ready = \"packed\" }\nstatus_fields = { order = \"ref\", status = \"word\" }")
            .expect("settings");
    let event = Some(r#"{"ref":"SO-1","word":"ready","status":"ignored"}"#);
    let (_, facts) = trial::translate(&*adapter, "peoplevox.sales-order-status", event, "2025-07-14T09:00:30Z", 7).expect("a reading");
    assert_eq!(
        facts.iter().map(say).collect::<Vec<_>>(),
        ["order-number SO-1 [SO-1] WarehouseOrder(WarehouseOrder { location: \"North\", state: Known(Packed) }) at 2025-07-14T09:00:30Z"]
    );
}

#[test]
fn wrong_settings_are_named_all_at_once() {
    let wrong = |settings: &str| trial::build(&KIND, settings).err().expect("wrong settings");
    assert_eq!(wrong("topcs = {}"), ["unknown key \"topcs\"; did you mean \"topics\"?"]);
    assert_eq!(
        wrong(
            "statuses = { Ready = \"packd\" }\nconditions = { Odd = \"strange\" }\n[topics]\ntracking = \"a\"\nsales_order_status = \"a\""
        ),
        [
            "statuses.\"Ready\": unknown meaning \"packd\"; did you mean \"packed\"?",
            "conditions.\"Odd\": unknown meaning \"strange\"; known are \"sellable\", \"damaged\", \"unspoken\", \"rejected\", \"other-item\"",
            "topics: \"a\" is named twice; each report and event has a topic of its own",
        ]
    );
}

/// Whichever part of it is raised: what is read again counts as newer than what was read before.
#[test]
fn a_part_that_is_raised_raises_the_whole() {
    let parts = [events::REVISION, reports::REVISION];
    assert_eq!(trial::build(&KIND, "").expect("settings").revision(), parts.iter().sum::<u16>());
}

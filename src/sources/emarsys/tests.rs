use super::*;
use crate::facts::Fact;
use crate::sources::trial::{self, say};

const CONTACT: &str = r#"{"account":"215424441","contact_id":"281474977","external_id":"501","email":" Anne@Example.com","opt_in":"2",
    "opt_in_changed_at":"2025-03-16T09:15:03Z","exported_at":"2025-03-16T10:00:00Z"}"#;

fn told_with(settings: &str, topic: &str, value: &str) -> Result<(Reading, Vec<Fact>), DecodeError> {
    let adapter = trial::build(&KIND, settings).expect("settings");
    trial::translate(&*adapter, topic, Some(value), "2025-03-16T10:30:00Z", 7)
}

fn lines(settings: &str, topic: &str, value: &str) -> Vec<String> {
    told_with(settings, topic, value).unwrap_or_else(|error| panic!("{error}")).1.iter().map(say).collect()
}

#[test]
fn a_contact_is_the_shops_account_where_that_is_said_and_else_a_guest() {
    let account = lines("account_source = \"magento\"", "emarsys.contacts", CONTACT);
    assert_eq!(account.len(), 2);
    assert!(account[0].starts_with("customer account|magento|501 ["), "{}", account[0]);
    assert!(account[0].contains("state: No, changed_at: Some(2025-03-16T09:15:03Z)"), "{}", account[0]);
    assert!(account[1].starts_with("customer account|magento|501 [281474977] Account("), "{}", account[1]);
    let guest = lines("", "emarsys.contacts", CONTACT);
    assert_eq!(guest.len(), 1);
    assert!(guest[0].starts_with("customer guest|north|"), "{}", guest[0]);
    assert_eq!(guest, lines("", "emarsys.contacts", &CONTACT.replace(" Anne@Example.com", "anne@example.com")));
}

#[test]
fn the_later_statement_is_the_newer_and_one_that_comes_twice_is_the_same() {
    let version = |value: &str| told_with("", "emarsys.contacts", value).expect("a contact").1[0].version;
    assert!(version(&CONTACT.replace("10:00:00Z", "10:00:01Z")) > version(CONTACT));
    assert_eq!(version(CONTACT), version(CONTACT));
    let without = CONTACT.replace("2025-03-16T09:15:03Z", "");
    assert!(version(CONTACT) > version(&without), "of one moment the one that knows when");
    let in_list =
        |value: &str| told_with("", "emarsys.contacts", &format!("[{value}]")).expect("contacts").1.iter().map(say).collect::<Vec<_>>();
    assert_eq!(in_list(CONTACT), lines("", "emarsys.contacts", CONTACT));
}

#[test]
fn an_opt_in_is_read_in_numbers_words_and_truth_values() {
    let state = |written: &str| {
        let told = lines(
            "opt_in = { \"Wartet\" = \"pending\" }",
            "emarsys.contacts",
            &CONTACT.replace(r#""opt_in":"2""#, &format!(r#""opt_in":{written}"#)),
        );
        told[0].split("state: ").nth(1).and_then(|rest| rest.split(',').next()).unwrap_or_default().to_owned()
    };
    for (written, expected) in [
        ("\"1\"", "Yes"),
        ("1", "Yes"),
        ("true", "Yes"),
        ("\"True\"", "Yes"),
        ("\"Ja\"", "Yes"),
        ("\"2\"", "No"),
        ("false", "No"),
        ("\"Nein\"", "No"),
        ("\"\"", "Unset"),
        ("null", "Unset"),
        ("\"wartet\"", "Pending"),
    ] {
        assert_eq!(state(written), expected, "{written}");
    }
}

#[test]
fn times_are_those_of_the_account_or_have_an_offset_of_hours() {
    let at = |written: &str| {
        let told = lines("", "emarsys.contacts", &CONTACT.replace("2025-03-16T09:15:03Z", written));
        told[0].split("changed_at: Some(").nth(1).and_then(|rest| rest.split(')').next()).unwrap_or_default().to_owned()
    };
    assert_eq!(at("2025-07-16 10:15:03"), "2025-07-16T09:15:03Z", "local: London, here");
    assert_eq!(at("2025-03-16 10:15:03.343+01"), "2025-03-16T09:15:03.343Z");
    assert_eq!(at("2025-03-16 09:15:03 UTC"), "2025-03-16T09:15:03Z");
    assert_eq!(at("2025-03-16"), "2025-03-16T00:00:00Z");
    assert_eq!(at("0000-00-00 00:00:00"), "");
}

#[test]
fn engagement_and_test_mails_are_passed_over_each_with_its_reason() {
    let reason = |topic: &str, value: &str| match told_with("", topic, value).expect("a reading") {
        (Reading::Skipped(Skip::UnknownTable(reason)), facts) if facts.is_empty() => reason.to_string(),
        other => panic!("{other:?}"),
    };
    let event = r#"{"contact_id":1,"launch_id":2,"campaign_type":"batch","campaign_id":3,"event_time":"2025-03-16T09:14:40Z"}"#;
    assert_eq!(reason("emarsys.email_opens_1", event), "engagement");
    assert_eq!(reason("emarsys.email_sends_1", &event.replace("\"contact_id\":1", "\"contact_id\":null")), "event of no contact");
    assert_eq!(reason("emarsys.email_sends_1", &event.replace("batch", "test")), "event of no contact");
    assert_eq!(reason("emarsys.email_unsubscribes_1", event), "unsubscription without an address");
    assert_eq!(reason("emarsys.contacts", r#"{"contact_id":1,"opt_in":"1"}"#), "contact without an address");
    assert_eq!(reason("emarsys.contacts", r#"{"key_id":"3","contacts":[]}"#), "request");
    assert_eq!(reason("emarsys.contacts", r#"{"replyCode":0,"data":{"ids":["1"]}}"#), "reply");
    assert_eq!(
        reason("emarsys.contacts", r#"{"before":null,"after":{"event_data":"x"},"source":{"table":"emarsys_events_data"},"op":"c"}"#),
        "change of a table"
    );
}

#[test]
fn an_error_names_the_contact_and_nobodys_address() {
    let reply = r#"{"replyCode":0,"data":{"result":{"anne@example.com":{"current_value":"perhaps","time":"2025-03-16 10:15:03"}}}}"#;
    let error = told_with("", "emarsys.contacts", reply).expect_err("refused");
    assert!(!error.summary().contains("anne"), "{}", error.summary());
    assert_eq!(error.field, "data.result[...].current_value");
    let list = r#"{"replyCode":0,"data":{"result":[{"3":"a@b","31":"1"},{"3":"c@d","31":"7"}]}}"#;
    assert_eq!(told_with("", "emarsys.contacts", list).expect_err("refused").field, "data.result[1].opt_in");
}

#[test]
fn wrong_settings_are_named_all_at_once() {
    let wrong = |settings: &str| trial::build(&KIND, settings).err().expect("wrong settings");
    assert_eq!(wrong("topcs = []"), ["unknown key \"topcs\"; did you mean \"topics\"?"]);
    assert_eq!(
        wrong("fields = { emial = \"3\" }\nopt_in = { Odd = \"strange\" }"),
        [
            "opt_in.\"Odd\": unknown meaning \"strange\"; known are \"yes\", \"no\", \"pending\", \"unset\"",
            "fields.\"emial\": unknown field \"emial\"; did you mean \"email\"?",
        ]
    );
}

#[test]
fn a_topic_that_is_named_twice_is_read_once() {
    let adapter = trial::build(&KIND, "topics = [\"contacts\", \"mails\", \"contacts\"]").expect("settings");
    assert_eq!(adapter.topics(), ["contacts", "mails"]);
}

//! `docs/write-back.md` against the bodies: every field that a call is made from stands in its event.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::events::Topic;
use crate::events::samples::samples;

/// A row of the page's tables: the event, the call, and the paths of its fields.
pub(super) struct Row<'p> {
    pub topic: &'p str,
    /// What stands behind the topic: a receiver, actions.
    pub of: Vec<&'p str>,
    pub call: &'p str,
    /// The file that the call's words lead to, without its ending.
    pub filter: &'p str,
    pub paths: Vec<&'p str>,
}

pub(super) fn page() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/write-back.md");
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What stands between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

pub(super) fn rows(page: &str) -> Vec<Row<'_>> {
    let cells = page.lines().filter(|line| line.starts_with("| `")).map(|line| line.trim_matches('|').split(" | ").collect::<Vec<_>>());
    cells
        .map(|cells| {
            let [event, call, fields] = cells[..] else { panic!("three columns: {cells:?}") };
            let (topic, of) = event.split_once("`, ").unwrap_or((event, ""));
            let of = of.split(", ").flat_map(|words| words.split(" or ")).map(str::trim).filter(|word| !word.is_empty()).collect();
            let link = call.split_once("](write-back/").and_then(|(_, link)| link.split_once(".jq)"));
            let (filter, _) = link.unwrap_or_else(|| panic!("{call} leads to no filter in docs/write-back/"));
            Row { topic: topic.trim_matches([' ', '`']), of, call, filter, paths: quoted(fields).collect() }
        })
        .collect()
}

/// The member of a body, or of each entry of a list (`lines[].sku`).
fn member<'b>(body: &'b Json, path: &str) -> Option<&'b Json> {
    path.split('.').try_fold(body, |value, name| match name.strip_suffix("[]") {
        Some(list) => value.get(list)?.get(0),
        None => value.get(name),
    })
}

#[test]
fn every_field_of_a_call_stands_in_its_event() {
    let (page, samples) = (page(), samples());
    let mut missing = Vec::new();
    for row in rows(&page) {
        let topic = Topic::named(row.topic).unwrap_or_else(|| panic!("{} is no topic", row.topic));
        let sample = samples.iter().find(|sample| sample.topic == topic).expect("a sample");
        assert!(!row.paths.is_empty(), "{}, {}: no fields", row.topic, row.call);
        let absent = row.paths.iter().filter(|path| member(&sample.json, path).is_none_or(Json::is_null));
        missing.extend(absent.map(|path| format!("{}, {}: `{path}`", row.topic, row.call)));
    }
    assert!(missing.is_empty(), "docs/write-back.md names fields that these events do not have:\n{}", missing.join("\n"));
}

#[test]
fn every_request_and_every_system_has_a_call() {
    let page = page();
    let called: BTreeSet<&str> = rows(&page).iter().map(|row| row.topic).collect();
    let silent: Vec<&str> =
        Topic::ALL.into_iter().filter(|topic| !topic.is_statement()).map(Topic::name).filter(|name| !called.contains(name)).collect();
    assert!(silent.is_empty(), "docs/write-back.md has no call for {silent:?}");
    for system in ["NetSuite", "Dynamics NAV", "Magento", "Shopify", "Peoplevox", "SEKO", "Emarsys"] {
        assert!(page.lines().any(|line| line.starts_with(&format!("## {system}"))), "docs/write-back.md has no chapter of {system}");
    }
}

/// A path that a body does not have is found.
#[test]
fn a_field_that_is_not_there_is_missed() {
    let sample = samples().into_iter().find(|sample| sample.topic == Topic::DespatchNotices).expect("a sample");
    assert!(member(&sample.json, "lines[].erp_line").is_some());
    assert!(member(&sample.json, "lines[].weight").is_none() && member(&sample.json, "line.erp_line").is_none());
}

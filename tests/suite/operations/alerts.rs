//! The alerts of `docker/prometheus`: each is tested, and leads to a section of the runbook; each kind of exception has its urgency.

use std::collections::BTreeSet;

use waybill::entities::exceptions::EXCEPTIONS;

use super::{anchor, blessed, read};

const RUNBOOK: &str = "docs/operations/runbook.md";

struct Alert {
    name: String,
    text: String,
}

fn alerts() -> Vec<Alert> {
    let text = read("docker/prometheus/alerts.yml");
    let parts = text.split("- alert: ").skip(1);
    let alerts: Vec<Alert> =
        parts.map(|part| Alert { name: part.lines().next().unwrap_or_default().trim().to_owned(), text: part.to_owned() }).collect();
    assert!(alerts.len() > 20, "alerts.yml is not where it was");
    alerts
}

#[test]
fn every_alert_says_what_is_wrong_and_where_to_read_on() {
    let mut wrong = Vec::new();
    for Alert { name, text } in alerts() {
        let runbook = format!("runbook_url: {RUNBOOK}#{}", anchor(&name));
        for part in ["summary: \"", "description: \"", &runbook] {
            if !text.contains(part) {
                wrong.push(format!("{name} has no {part}"));
            }
        }
        if !["critical", "warning", "info"].iter().any(|severity| text.contains(&format!("labels: {{severity: {severity}}}"))) {
            wrong.push(format!("{name}: the severity is critical, warning or info"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_alert_has_its_section_of_the_runbook_and_no_section_is_left_over() {
    let page = read(RUNBOOK);
    let sections: BTreeSet<&str> =
        page.lines().filter_map(|line| line.strip_prefix("### ")).filter(|title| title.starts_with("Waybill")).collect();
    let alerts = alerts();
    let names: BTreeSet<&str> = alerts.iter().map(|alert| alert.name.as_str()).collect();
    assert_eq!(sections, names, "{RUNBOOK} has a section of level 3 for each alert");
}

#[test]
fn every_alert_is_tested() {
    let tests = ["docker/prometheus/tests.yml", "docker/prometheus/tests_of_days.yml"].map(read).concat();
    let untested: Vec<String> =
        alerts().into_iter().map(|alert| alert.name).filter(|name| !tests.contains(&format!("alertname=\"{name}\""))).collect();
    assert!(untested.is_empty(), "no test of docker/prometheus makes these fire: {untested:?}");
}

/// A new kind must be put into one of the three lists: else nobody is told of it.
#[test]
fn every_kind_of_exception_has_one_urgency() {
    let rules = read("docker/prometheus/recording.yml");
    let lists: Vec<&str> = rules.split("waybill_exceptions_open{kind=~\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let listed: Vec<&str> = lists.iter().flat_map(|list| list.split('|')).collect();
    let kinds: BTreeSet<&str> = EXCEPTIONS.iter().map(|kind| kind.kind).collect();
    assert_eq!(listed.iter().copied().collect::<BTreeSet<_>>(), kinds, "docker/prometheus/recording.yml: each kind stands in one list");
    assert_eq!(listed.len(), kinds.len(), "a kind stands in two lists");
}

/// The same rules for Prometheus's operator.
#[test]
fn kubernetes_has_the_same_rules() {
    let groups = ["recording.yml", "alerts.yml"].map(|file| read(&format!("docker/prometheus/{file}")));
    let groups = groups.iter().filter_map(|text| text.split_once("\ngroups:\n")).flat_map(|(_, groups)| groups.lines());
    let lines: Vec<String> = groups.map(|line| if line.is_empty() { String::new() } else { format!("  {line}") }).collect();
    let head = "# The rules of docker/prometheus for the Prometheus operator: a test of the suite writes this file (tests/suite/operations/alerts.rs).\n\
                apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata:\n  name: waybill\n  labels:\n    app.kubernetes.io/name: waybill\nspec:\n  groups:\n";
    blessed("docker/kubernetes/prometheusrule.yaml", &format!("{head}{}\n", lines.join("\n")));
}

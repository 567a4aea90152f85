//! Every metric is on its page, and whatever names a metric names one that exists.

use std::collections::BTreeSet;

use waybill::telemetry::{MetricDescription, Metrics};

use super::{blessed_part, files, pages, read};

fn described() -> Vec<MetricDescription> {
    Metrics::new().expect("names differ").described()
}

/// Names of series: of a histogram the three that it has.
fn series() -> BTreeSet<String> {
    let of = |metric: MetricDescription| match metric.kind {
        "histogram" => ["_bucket", "_sum", "_count", ""].map(|end| format!("{}{end}", metric.name)).to_vec(),
        _ => vec![metric.name],
    };
    described().into_iter().flat_map(of).collect()
}

/// Words that begin so and go on in letters, digits, `_` and `:`.
fn words<'t>(text: &'t str, begin: &str) -> BTreeSet<&'t str> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | ':');
    text.split(|letter: char| !is_part(letter))
        .filter(|word| word.starts_with(begin) && *word != begin)
        .map(|word| word.trim_end_matches(':'))
        .collect()
}

/// What the recording rules make.
pub fn recorded() -> BTreeSet<String> {
    let rules = read("docker/prometheus/recording.yml");
    rules.lines().filter_map(|line| line.trim().strip_prefix("- record: ")).map(str::to_owned).collect()
}

#[test]
fn the_page_lists_every_metric() {
    let mut text = String::from("| metric | kind | labels | meaning |\n| --- | --- | --- | --- |\n");
    for metric in described() {
        let labels: Vec<String> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
        text.push_str(&format!("| `{}` | {} | {} | {} |\n", metric.name, metric.kind, labels.join(", "), metric.help));
    }
    text.push_str("\nRecording rules make these of them:\n\n");
    recorded().iter().for_each(|name| text.push_str(&format!("- `{name}`\n")));
    blessed_part("docs/reference/metrics.md", &text);
}

#[test]
fn whatever_names_a_metric_names_one_that_exists() {
    let (series, recorded) = (series(), recorded());
    let mut places: Vec<String> = files("docker", "");
    places.extend(pages());
    places.extend(files("tests/live", ".py"));
    let mut unknown = Vec::new();
    for place in places {
        let text = read(&place);
        let named = words(&text, "waybill_").into_iter().chain(words(&text, "process_"));
        unknown.extend(named.filter(|name| !series.contains(*name)).map(|name| format!("{place}: {name}")));
        // An address or an image's version goes on in digits: `waybill:8080`.
        let is_made = |name: &&str| name["waybill:".len()..].starts_with(|letter: char| letter.is_ascii_alphabetic());
        let made = words(&text, "waybill:").into_iter().filter(is_made);
        unknown.extend(made.filter(|name| !recorded.contains(*name)).map(|name| format!("{place}: {name}")));
    }
    assert!(unknown.is_empty(), "no metric of src/telemetry, and none that docker/prometheus/recording.yml makes:\n{}", unknown.join("\n"));
}

/// A figure that nobody looks at helps nobody.
#[test]
fn every_metric_of_waybill_is_on_the_board_or_in_a_rule() {
    let used = ["docker/grafana/waybill.json", "docker/prometheus/alerts.yml", "docker/prometheus/recording.yml"].map(read).concat();
    let named = words(&used, "waybill_");
    let is_named = |name: &str| named.iter().any(|used| used.trim_end_matches("_bucket").trim_end_matches("_sum") == name);
    let unused: Vec<String> =
        described().into_iter().map(|metric| metric.name).filter(|name| name.starts_with("waybill_") && !is_named(name)).collect();
    assert!(unused.is_empty(), "put these on the board (tests/suite/operations/board.rs): {unused:?}");
}

//! The page of mapped sources (`docs/mapped.md`): its rows come from the code, and its examples are run.

use std::path::{Path, PathBuf};

use super::try_source::outcomes;
use crate::config::{Config, Outside};
use crate::sources::{KINDS, mapped};

const HEAD: &str = "application.id = \"try\"\nkafka.bootstrap = \"localhost:9092\"\nidentity.email_secret = { env = \"SECRET\" }\n";

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What `waybill try` says of an example's records.
fn tried(toml: &str, records: &str) -> String {
    let variable = |name: &str| (name == "SECRET").then(|| "correct horse battery staple".to_owned());
    let outside = Outside { directory: Path::new("."), variable: &variable };
    let config = Config::read("waybill.toml", &format!("{HEAD}{toml}"), outside, KINDS).unwrap_or_else(|problems| panic!("{problems}"));
    let source = config.sources.iter().find(|source| source.kind.name == "mapped").expect("a mapped source");
    outcomes(source, records.lines(), None)
        .expect("records of its topic")
        .map(|(number, topic, outcome)| outcome.as_text(number, &topic))
        .collect()
}

/// The examples, in the order in which the page has them.
const EXAMPLES: [&str; 8] = ["easypost", "aftership", "shippo", "xero", "quickbooks", "loop", "bank", "crm"];

fn examples() -> String {
    let mut text = String::new();
    for name in EXAMPLES {
        let toml = read(&docs().join(format!("mapped/{name}.toml")));
        let records = read(&docs().join(format!("mapped/{name}.jsonl")));
        let (title, settings) = toml.split_once('\n').expect("a first line");
        text.push_str(&format!("### `{name}`\n\n{}\n\n", title.trim_start_matches("# ")));
        text.push_str(&format!("```toml\n{}```\n\n", settings.trim_start()));
        text.push_str(&format!("`waybill try --source {name} < {name}.jsonl` says:\n\n```text\n{}```\n\n", tried(&toml, &records)));
    }
    text
}

/// The page with what comes from the code put between its marks.
fn written(page: &str) -> String {
    let mut page = page.to_owned();
    for (mark, text) in [("examples", examples()), ("rows", mapped::page())] {
        let (begin, end) = (format!("<!-- {mark} -->\n"), format!("<!-- end of {mark} -->"));
        let (head, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("docs/mapped.md has no {begin}"));
        let (_, tail) = rest.split_once(&end).unwrap_or_else(|| panic!("docs/mapped.md has no {end}"));
        page = format!("{head}{begin}\n{text}{end}{tail}");
    }
    page
}

#[test]
fn the_page_says_what_the_code_does() {
    let path = docs().join("mapped.md");
    let page = read(&path);
    let right = written(&page);
    if std::env::var_os("WAYBILL_BLESS").is_some() {
        std::fs::write(&path, right).expect("written");
    } else {
        assert!(page == right, "docs/mapped.md is not as the code has it: WAYBILL_BLESS=1 cargo test --lib mapped_page writes it anew");
    }
}

#[test]
fn every_example_is_on_the_page_and_makes_rows() {
    let files = std::fs::read_dir(docs().join("mapped")).expect("the folder");
    let mut names: Vec<String> =
        files.map(|file| file.expect("a file").path().file_stem().expect("a name").to_string_lossy().into_owned()).collect();
    names.sort();
    names.dedup();
    let mut shown = EXAMPLES.map(str::to_owned);
    shown.sort();
    assert_eq!(names, shown);
}

/// Of each example one line that a person of the trade expects.
#[test]
fn the_examples_say_what_a_person_would() {
    let said = |name: &str| tried(&read(&docs().join(format!("mapped/{name}.toml"))), &read(&docs().join(format!("mapped/{name}.jsonl"))));
    let holds = |name: &str, parts: &[&str]| {
        let said = said(name);
        parts.iter().for_each(|part| assert!(said.contains(part), "{name}: {part}\nis not in\n{said}"));
    };
    holds(
        "easypost",
        &["scan \"JD0002231234567890|2026-03-02T10:01:44Z|delivered\"", "\"Known\":\"label\"", "record 2 of easypost.events: no row"],
    );
    // The zone is London's: winter time, so the carrier's 09:15 is 09:15 UTC.
    holds("aftership", &["RM412345678GB|2026-03-02T09:15:00Z|Exception_011", "\"Known\":\"returning\"", "\"Known\":\"transit\""]);
    holds("shippo", &["2 rows", "|package_accepted", "\"Known\":\"delivered\""]);
    holds(
        "xero",
        &[
            "\"amount\":\"64.95\"",
            "order-number SO-1001",
            "record 2 of xero.payments: no row",
            "refused: field \"value\": expected the order (refund.order_number",
            "at 2026-03-02T00:00:00Z",
        ],
    );
    // A date of New York: midnight there is five in the morning in UTC.
    holds("quickbooks", &["\"amount\":\"387.5\"", "order-number SO-1002", "\"tender\":\"card\"", "at 2026-03-02T05:00:00Z"]);
    // One line of the order comes back twice, once for money and once for other goods: two rows.
    holds(
        "loop",
        &[
            "2 rows",
            "\"90001\"",
            "\"90002\"",
            "9007199254740993",
            "\"resolution\":\"refund\"",
            "\"resolution\":\"exchange\"",
            "order-number 1001",
        ],
    );
    holds(
        "bank",
        &["\"amount\":\"1064.95\"", "order-number SO-1003", "at 2026-03-01T23:00:00Z", "record 2 of bank.statement-lines: no row"],
    );
    holds(
        "crm",
        &[
            "customer account|magento|501",
            "\"purpose\":\"mail\",\"state\":\"yes\"",
            "\"purpose\":\"profiling\",\"state\":\"no\"",
            "\"deleted\"",
        ],
    );
    assert!(!said("crm").contains("example.com"), "the address is kept");
}

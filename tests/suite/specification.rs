//! `docs/specification` against the code: what no code holds yet is marked *planned*, and nothing else is.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use waybill::entities::exceptions::EXCEPTIONS;
use waybill::entities::pair::Pair;
use waybill::entities::topics::Topic;
use waybill::events::notifications::MailKind;

const MARK: &str = "*planned*";

fn page(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/specification").join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The part of a page below a heading, up to the next of its level.
fn section<'p>(page: &'p str, heading: &str) -> &'p str {
    let (_, below) = page.split_once(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("no heading {heading}"));
    below.split("\n## ").next().unwrap_or_default()
}

/// The cells of a table's rows.
fn rows(section: &str) -> impl Iterator<Item = Vec<&str>> {
    let rows = section.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---"));
    rows.skip(1).map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
}

/// Names in backticks, each with what follows it.
fn names(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut parts = text.split('`');
    parts.next();
    std::iter::from_fn(move || Some((parts.next()?, parts.next().unwrap_or_default())))
}

fn is_marked(after: &str) -> bool {
    after.starts_with(&format!(" ({MARK})"))
}

fn built_kinds() -> BTreeSet<&'static str> {
    EXCEPTIONS.iter().map(|kind| kind.kind).collect()
}

/// The kinds of exceptions that the specification names and no code opens.
pub fn planned_kinds() -> BTreeSet<String> {
    let page = page("exceptions.md");
    rows(section(&page, "## Planned")).flat_map(|row| names(row[0]).map(|(name, _)| name.to_owned()).collect::<Vec<_>>()).collect()
}

#[test]
fn kinds_that_are_built_are_not_planned_any_more() {
    let built = built_kinds();
    let planned = planned_kinds();
    let both: Vec<&String> = planned.iter().filter(|kind| built.contains(kind.as_str())).collect();
    assert!(!planned.is_empty() && both.is_empty(), "exceptions.md: take these out of the table of planned kinds: {both:?}");
    let mut wrong = Vec::new();
    for file in ["journey.md", "gates.md", "postings.md", "rows.md"] {
        let page = page(file);
        for (name, after) in page.lines().flat_map(names) {
            if planned.contains(name) != is_marked(after) && (planned.contains(name) || built.contains(name)) {
                wrong.push(format!(
                    "{file}: `{name}` {}",
                    if planned.contains(name) { "is planned: mark it" } else { "is built: take the mark away" }
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_pair_has_its_row_and_its_letter() {
    let page = page("postings.md");
    let (mut letters, mut found) = (BTreeSet::new(), BTreeSet::new());
    for row in rows(section(&page, "## Pairs")) {
        let (name, after) = names(row[1]).next().expect("a pair's name");
        assert!(row[0].len() == 1 && letters.insert(row[0].to_owned()), "{name}: one letter of its own, found \"{}\"", row[0]);
        let built = Pair::named(name).is_some();
        assert!(built, "{name} is no pair of src/entities/pair.rs");
        assert!(built != is_marked(after), "{name}: the mark {MARK} and the code differ");
        found.insert(name.to_owned());
    }
    let known = Pair::ALL.iter().map(|pair| pair.name().to_owned()).collect();
    assert_eq!(found, known);
}

#[test]
fn every_topic_and_mail_has_its_row_and_no_other_is_without_a_mark() {
    let page = page("gates.md");
    let requests: Vec<Vec<&str>> = rows(section(&page, "## Requests")).collect();
    let statements: Vec<Vec<&str>> = rows(section(&page, "## Statements")).collect();
    let first = |rows: &[Vec<&str>]| -> BTreeSet<String> {
        let unmarked = rows.iter().flat_map(|row| names(row[0]).collect::<Vec<_>>()).filter(|(_, after)| !is_marked(after));
        unmarked.map(|(name, _)| name.to_owned()).collect()
    };
    let topics = |statement: bool| {
        Topic::ALL.into_iter().filter(move |topic| topic.is_statement() == statement).map(|topic| topic.name().to_owned())
    };
    let mails = MailKind::ALL.iter().map(|mail| mail.name().to_owned());
    assert_eq!(first(&requests), topics(false).chain(mails).collect());
    assert_eq!(first(&statements), topics(true).collect());
}

#[test]
fn systems_without_an_adapter_are_planned() {
    let page = page("journey.md");
    let mut systems = 0;
    for row in rows(section(&page, "## Systems and roles")).take_while(|row| row[0] != "fact") {
        for system in row[1].split(", ").filter(|system| !system.starts_with("any ")) {
            let (name, mark) = system.split_once(" (").unwrap_or((system, ""));
            let built = waybill::sources::KINDS.iter().any(|kind| kind.label.contains(name));
            assert!(built != mark.starts_with(MARK), "{name}: the mark {MARK} and sources::KINDS differ");
            systems += 1;
        }
    }
    assert!(systems >= 4, "the table of systems is not where it was");
}

/// Every page for people that names files.
fn pages() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let in_folder = |folder: &str| {
        let files = fs::read_dir(root.join(folder)).into_iter().flatten().flatten().map(|file| file.path());
        files.filter(|path| path.extension().is_some_and(|ending| ending == "md")).collect::<Vec<_>>()
    };
    let paths = [".", "docs", "docs/specification", "schemas"].into_iter().flat_map(in_folder);
    paths.map(|path| (path.display().to_string(), fs::read_to_string(&path).expect("a text"))).collect()
}

#[test]
fn pages_name_files_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut missing = Vec::new();
    for (page, text) in pages() {
        let named = text.lines().flat_map(names).map(|(name, _)| name);
        let is_path = |name: &&str| ["src/", "tests/", "docs/", "schemas/", "benches/", ".ci/"].iter().any(|start| name.starts_with(start));
        for name in named.filter(is_path).filter(|name| !name.contains(['<', '*', ' '])) {
            if !root.join(name).exists() {
                missing.push(format!("{page}: {name}"));
            }
        }
    }
    assert!(missing.is_empty(), "these files are not there any more:\n{}", missing.join("\n"));
}

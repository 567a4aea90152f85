//! What whoever runs Waybill reads and uses, against the code: metrics, alerts, the board, the book's pages, its commands and links.

mod alerts;
mod board;
mod book;
// A build without Kafka lacks some of the commands.
#[cfg(feature = "kafka")]
mod commands;
mod exit_codes;
// The process tells its own metrics on Linux alone.
#[cfg(target_os = "linux")]
mod metrics;
mod reference;

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// All files below a folder that end so, by their paths from the root.
fn files(folder: &str, ending: &str) -> Vec<String> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            match path.is_dir() {
                true => walk(&path, found),
                false => found.push(path),
            }
        }
    }
    let mut found = Vec::new();
    walk(&root().join(folder), &mut found);
    let mut names: Vec<String> =
        found.iter().filter_map(|path| path.strip_prefix(root()).ok()).map(|path| path.display().to_string()).collect();
    names.retain(|name| name.ends_with(ending));
    names.sort();
    assert!(!names.is_empty(), "no {ending} under {folder}");
    names
}

/// Every page for people: of the project's folder, `docs` and `schemas`.
fn pages() -> Vec<String> {
    let mut pages = ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "schemas/README.md"].map(str::to_owned).to_vec();
    pages.extend(files("docs", ".md"));
    pages
}

/// The file must be as the code has it; `WAYBILL_BLESS=1` writes it anew.
fn blessed(file: &str, right: &str) {
    if std::env::var_os("WAYBILL_BLESS").is_some() {
        let path = root().join(file);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        return fs::write(path, right).expect("written");
    }
    let there = fs::read_to_string(root().join(file)).unwrap_or_default();
    assert!(there == right, "{file} is not as the code has it: WAYBILL_BLESS=1 cargo test --test suite operations writes it anew");
}

/// The page's text with what comes from the code put between `<!-- generated -->` and `<!-- end of generated -->`.
fn blessed_part(file: &str, generated: &str) {
    let page = read(file);
    let (begin, end) = ("<!-- generated -->\n", "<!-- end of generated -->");
    let (head, rest) = page.split_once(begin).unwrap_or_else(|| panic!("{file} has no {begin}"));
    let (_, tail) = rest.split_once(end).unwrap_or_else(|| panic!("{file} has no {end}"));
    blessed(file, &format!("{head}{begin}\n{}\n\n{end}{tail}", generated.trim()));
}

/// A heading's anchor, as GitHub and mdBook make it.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'));
    kept.collect::<String>().trim().to_lowercase().replace(' ', "-")
}

/// Lines outside of fenced blocks.
fn prose(page: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut fenced = false;
    page.lines().enumerate().filter_map(move |(number, line)| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        (!fenced && !fence).then_some((number + 1, line))
    })
}

/// Fenced blocks of a language: the number of its first line, and its text. A block in a list is indented.
fn blocks(page: &str, language: &str) -> Vec<(usize, String)> {
    let (mut found, mut open) = (Vec::new(), None);
    for (number, line) in page.lines().enumerate() {
        match (line.trim_start().strip_prefix("```"), &mut open) {
            (Some(named), None) => open = Some((number + 2, String::new(), named == language)),
            (Some(_), Some(_)) => found.extend(open.take().filter(|(_, _, is_asked)| *is_asked).map(|(first, text, _)| (first, text))),
            (None, Some((_, text, _))) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, None) => {}
        }
    }
    found
}

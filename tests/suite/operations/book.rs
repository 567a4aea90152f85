//! The book: every page is in its table of contents, every link leads somewhere, every piece of configuration can be read.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use waybill::config::{Config, Outside, systems, template};
use waybill::sources::KINDS;

use super::{anchor, blocks, files, pages, prose, read, root};

const CONTENTS: &str = "docs/SUMMARY.md";

/// Targets of links in a line.
fn targets(line: &str) -> Vec<&str> {
    let without_code: Vec<&str> = line.split('`').collect();
    let mut found = Vec::new();
    // A link's text may be code, its target is not; so a target stands in the parts between.
    for part in without_code.iter().step_by(2) {
        for rest in part.split("](").skip(1) {
            found.extend(rest.split(')').next());
        }
    }
    found
}

/// `..` taken away, without looking at the disk.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(normal.pop()),
            Component::CurDir => {}
            other => normal.push(other),
        }
    }
    normal
}

/// Anchors of a page's headings; of several that are equal the later ones are numbered.
fn anchors(page: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (_, line) in prose(page).filter(|(_, line)| line.starts_with('#')) {
        let base = anchor(line.trim_start_matches('#'));
        let name = (0..).map(|number| if number == 0 { base.clone() } else { format!("{base}-{number}") });
        let free = name.into_iter().find(|name| !found.contains(name)).expect("numbers do not end");
        found.insert(free);
    }
    found
}

#[test]
fn every_link_leads_somewhere() {
    let mut broken = Vec::new();
    let mut links = 0;
    for page in pages() {
        let text = read(&page);
        let folder = Path::new(&page).parent().expect("a folder");
        for (number, line) in prose(&text) {
            for target in targets(line).into_iter().filter(|target| !target.contains("://") && !target.starts_with("mailto:")) {
                links += 1;
                let (file, place) = target.split_once('#').unwrap_or((target, ""));
                let path = if file.is_empty() { PathBuf::from(&page) } else { normal(&folder.join(file)) };
                if !root().join(&path).exists() {
                    broken.push(format!("{page}:{number}: {target}: no such file"));
                } else if !place.is_empty() && path.extension().is_some_and(|ending| ending == "md") {
                    let there = anchors(&read(&path.display().to_string()));
                    if !there.contains(place) {
                        broken.push(format!("{page}:{number}: {target}: no such heading"));
                    }
                }
            }
        }
    }
    assert!(broken.is_empty() && links > 50, "{links} links; broken:\n{}", broken.join("\n"));
}

#[test]
fn every_page_is_in_the_contents_once() {
    let contents = read(CONTENTS);
    let named: Vec<String> =
        contents.lines().flat_map(targets).map(|target| normal(&Path::new("docs").join(target)).display().to_string()).collect();
    let once: BTreeSet<&String> = named.iter().collect();
    assert_eq!(named.len(), once.len(), "{CONTENTS} names a page twice");
    let there: BTreeSet<String> = files("docs", ".md").into_iter().filter(|page| page != CONTENTS).collect();
    let missing: Vec<&String> = there.iter().filter(|page| !once.contains(page)).collect();
    assert!(missing.is_empty(), "{CONTENTS} leaves these out: {missing:?}");
}

/// Lays `over` upon `base`: tables member by member, all else whole.
fn lay(base: &mut toml::Table, over: toml::Table) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(toml::Value::Table(below)), toml::Value::Table(above)) => lay(below, above),
            (_, value) => drop(base.insert(key, value)),
        }
    }
}

/// What a page shows of a configuration is laid upon one with every system, and read as the program does.
#[test]
fn every_piece_of_configuration_on_a_page_can_be_read() {
    let systems: Vec<&str> = systems().filter(|system| *system != "netsuite" && *system != "emarsys").collect();
    let whole = whole(&systems);
    let (mut wrong, mut pieces) = (Vec::new(), 0);
    let generated = ["docs/reference/configuration.md", "docs/mapped.md"];
    for page in pages().into_iter().filter(|page| !generated.contains(&page.as_str())) {
        for (number, text) in blocks(&read(&page), "toml") {
            pieces += 1;
            let place = format!("{page}:{number}");
            let piece: toml::Table = match toml::from_str(&text) {
                Ok(piece) => piece,
                Err(error) => {
                    wrong.push(format!("{place}: {error}"));
                    continue;
                }
            };
            let mut table = whole.clone();
            lay(&mut table, piece);
            if let Err(problems) = config(&table) {
                wrong.push(format!("{place}: {problems}"));
            }
        }
    }
    assert!(wrong.is_empty() && pieces > 5, "{pieces} pieces; wrong:\n{}", wrong.join("\n"));
}

/// What init writes for these systems; its secret is in the environment, and there is a registry.
fn whole(systems: &[&str]) -> toml::Table {
    let mut table: toml::Table = toml::from_str(&template(systems)).expect("what init writes");
    table.remove("identity");
    let beside = "[identity]\nemail_secret = { env = \"SECRET\" }\n[schema_registry]\nurl = \"http://localhost:8081\"";
    lay(&mut table, toml::from_str(beside).expect("a table"));
    table
}

fn config(table: &toml::Table) -> Result<(), String> {
    let variable = |_: &str| Some("correct horse battery staple".to_owned());
    let outside = Outside { directory: Path::new("."), variable: &variable };
    let text = toml::to_string(table).map_err(|error| error.to_string())?;
    Config::read("waybill.toml", &text, outside, KINDS).map(drop).map_err(|problems| problems.to_string())
}

#[test]
fn a_piece_with_a_key_that_nobody_knows_is_refused() {
    let systems: Vec<&str> = systems().filter(|system| *system != "netsuite" && *system != "emarsys").collect();
    let mut table = whole(&systems);
    lay(&mut table, toml::from_str("[refunds]\nlimit_per_minute = 1").expect("a table"));
    assert!(config(&table).expect_err("refused").contains("limit_per_minute"));
}

#[test]
fn links_and_anchors_are_found() {
    assert_eq!(targets("see [`a`](b.md#c) and [d](e.md)"), ["b.md#c", "e.md"]);
    let page = "# One thing: `two`\n## Exit code 71\n## Exit code 71\n";
    assert_eq!(anchors(page).into_iter().collect::<Vec<_>>(), ["exit-code-71", "exit-code-71-1", "one-thing-two"]);
}

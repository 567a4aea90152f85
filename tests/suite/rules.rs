//! `tests/fixtures/rules.toml`: each rule of the domain in a sentence, and the tests that hold it. This walks the file.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rules {
    rule: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    /// `money.due`.
    id: String,
    /// The rule, in a sentence.
    says: String,
    /// Tests that hold it, by their function's name.
    held_by: Vec<String>,
}

fn all_source(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            all_source(&path, text);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            text.push_str(&fs::read_to_string(&path).unwrap_or_default());
        }
    }
}

#[test]
fn every_rule_is_held_by_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = root.join("tests/fixtures/rules.toml");
    let rules: Rules = toml::from_str(&fs::read_to_string(&file).expect("rules.toml is there")).expect("rules.toml is well formed");
    let mut source = String::new();
    all_source(&root.join("src"), &mut source);
    all_source(&root.join("tests"), &mut source);
    let mut ids = BTreeSet::new();
    let mut wrong = Vec::new();
    for rule in &rules.rule {
        if !ids.insert(&rule.id) {
            wrong.push(format!("{}: stands twice", rule.id));
        }
        if !rule.says.ends_with('.') || rule.held_by.is_empty() {
            wrong.push(format!("{}: needs a sentence, and a test that holds it", rule.id));
        }
        for test in &rule.held_by {
            if !source.contains(&format!("fn {test}(")) {
                wrong.push(format!("{}: no test is called {test}", rule.id));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

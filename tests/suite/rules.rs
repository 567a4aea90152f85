//! `tests/fixtures/rules.toml`: each rule of the domain in a sentence, with the tests and scenarios that hold it. This walks the file.

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
    #[serde(default)]
    held_by: Vec<String>,
    /// Scenarios that hold it: `<theme>/<name>`.
    #[serde(default)]
    scenarios: Vec<String>,
    /// What is not built yet, where nothing holds it.
    lacks: Option<String>,
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
    let scenarios = crate::scenarios::all();
    // A pending scenario holds nothing: it fails.
    let pending = crate::scenarios::pending();
    let named_by = |rule: &str, scenario: &str| {
        let scenario = scenarios.get(scenario).and_then(|scenario| scenario.as_ref().ok());
        scenario.map(|scenario| scenario.rules.iter().any(|id| id == rule))
    };
    let mut ids = BTreeSet::new();
    let mut wrong = Vec::new();
    for rule in &rules.rule {
        if !ids.insert(&rule.id) {
            wrong.push(format!("{}: stands twice", rule.id));
        }
        let held = !rule.held_by.is_empty() || rule.scenarios.iter().any(|name| !pending.contains_key(name));
        if !rule.says.ends_with('.') || held == rule.lacks.is_some() {
            wrong.push(format!("{}: needs a sentence, and tests or scenarios that hold it, or what it lacks", rule.id));
        }
        for scenario in &rule.scenarios {
            match named_by(&rule.id, scenario) {
                None => wrong.push(format!("{}: no scenario is called {scenario}", rule.id)),
                Some(false) => wrong.push(format!("{}: the scenario {scenario} does not name it", rule.id)),
                Some(true) => {}
            }
        }
        for test in &rule.held_by {
            if !source.contains(&format!("fn {test}(")) {
                wrong.push(format!("{}: no test is called {test}", rule.id));
            }
        }
    }
    for (name, scenario) in scenarios.iter().filter_map(|(name, scenario)| Some((name, scenario.as_ref().ok()?))) {
        if scenario.rules.is_empty() {
            wrong.push(format!("the scenario {name} names no rule"));
        }
        for id in &scenario.rules {
            if !rules.rule.iter().any(|rule| rule.id == *id && rule.scenarios.contains(name)) {
                wrong.push(format!("{id}: the scenario {name} names it, and is not in its list"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

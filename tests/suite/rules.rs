//! `tests/fixtures/rules.toml`: each rule of the domain in a sentence, with the tests, scenarios and cases that hold it. This walks the file.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde::Deserialize;
use waybill::entities::exceptions::EXCEPTIONS;
use waybill::entities::pair::Pair;
use waybill::events::notifications::MailKind;

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
    /// Cases that hold it: folders of `tests/fixtures/cases`.
    #[serde(default)]
    cases: Vec<String>,
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

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rules() -> Rules {
    let text = fs::read_to_string(root().join("tests/fixtures/rules.toml")).expect("rules.toml is there");
    toml::from_str(&text).expect("rules.toml is well formed")
}

#[test]
fn every_rule_is_held_by_tests_that_exist() {
    let (root, rules) = (root(), rules());
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
    let (cases, pending_cases) = (crate::cases::names(), crate::cases::pending());
    let mut ids = BTreeSet::new();
    let mut wrong = Vec::new();
    for rule in &rules.rule {
        if !ids.insert(&rule.id) {
            wrong.push(format!("{}: stands twice", rule.id));
        }
        let held = !rule.held_by.is_empty()
            || rule.scenarios.iter().any(|name| !pending.contains_key(name))
            || rule.cases.iter().any(|name| !pending_cases.contains_key(name));
        for case in rule.cases.iter().filter(|case| !cases.contains(case)) {
            wrong.push(format!("{}: no case is called {case}", rule.id));
        }
        if !rule.says.ends_with('.') || held == rule.lacks.is_some() {
            wrong.push(format!("{}: needs a sentence, and tests, scenarios or cases that hold it, or what it lacks", rule.id));
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

/// The names of gates in the source: `Gate::new("secured", ..)`, `.when("sound", ..)`.
fn gates() -> BTreeSet<String> {
    let mut source = String::new();
    all_source(&root().join("src/entities"), &mut source);
    all_source(&root().join("src/events"), &mut source);
    let after = |marker: &str| {
        source
            .split(marker)
            .skip(1)
            .filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next())
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    ["Gate::new(", ".when("].into_iter().flat_map(after).collect()
}

/// Each kind of exception, pair of accounts, kind of mail and gate has one rule of its name; those that are planned say what they lack.
#[test]
fn every_kind_pair_mail_and_gate_has_its_rule() {
    let kinds = EXCEPTIONS.iter().map(|kind| format!("exceptions.{}", kind.kind));
    let pairs = Pair::ALL.iter().map(|pair| format!("books.{}", pair.name()));
    let mails = MailKind::ALL.iter().map(|mail| format!("mails.{}", mail.name()));
    let built: BTreeSet<String> = kinds.chain(pairs).chain(mails).chain(gates().iter().map(|gate| format!("gates.{gate}"))).collect();
    let planned_kinds = crate::specification::planned_kinds().into_iter().map(|kind| format!("exceptions.{kind}"));
    let planned: BTreeSet<String> = planned_kinds.collect();
    let rules = rules();
    let lacks = |id: &String| rules.rule.iter().find(|rule| rule.id == *id).map(|rule| rule.lacks.is_some());
    let mut wrong = Vec::new();
    for (ids, is_planned) in [(&built, false), (&planned, true)] {
        for id in ids.iter().filter(|id| lacks(id) != Some(is_planned)) {
            wrong.push(format!(
                "{id}: rules.toml needs a rule of this name, {}",
                if is_planned { "with what it lacks" } else { "held by a test or a scenario" }
            ));
        }
    }
    let gone = |rule: &&Rule| rule.id.starts_with("gates.") && !built.contains(&rule.id);
    wrong.extend(rules.rule.iter().filter(gone).map(|rule| format!("{}: no gate has this name", rule.id)));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

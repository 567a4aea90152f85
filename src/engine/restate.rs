//! A change of rules or program: what has changed, and how everything is computed by the new ones.
//!
//! A start under another fingerprint reads no record at first. In epochs of their own every entity is computed once, at the tick at which the process
//! ended (and a millisecond): no row has come and no time has passed, so whatever would be requested there comes from the change alone. It is held
//! (`entities::held`). Statements are said anew where they differ. The last of these epochs writes the new fingerprint to every shard: a process that
//! ends before begins again.

use serde_json::Value;

use crate::entities::rules::Rules;
use crate::facts::SourceId;

/// So many entities are computed in one of these epochs.
pub(super) const ENTITIES_MAX: usize = 20_000;
/// A round computes what was put off to the next epoch; more than so many are never needed.
pub(super) const ROUNDS_MAX: u32 = 100_000;

/// Where an epoch stands among those that compute everything anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Restating {
    /// Epochs so far.
    Round(u32),
    /// Everything is computed: the open epoch writes the new fingerprint.
    Ends,
}

/// The rules as lines, `refund_charges = true`, sorted by path.
pub(super) fn lines(rules: &Rules) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    // The rules are plain data.
    flatten(String::new(), &serde_json::to_value(rules).unwrap_or_default(), &mut lines);
    // People know a source by its name, not by the number that stands for it.
    for (path, value) in &mut lines {
        let source = value.parse().ok().map(SourceId).filter(|_| path.starts_with("authorities."));
        if let Some(source) = source {
            rules.name_of(source).clone_into(value);
        }
    }
    lines.sort();
    lines
}

fn flatten(path: String, value: &Value, lines: &mut Vec<(String, String)>) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| flatten(below(name), value, lines)),
        // An entry of a list is told by its name, so that one that is added changes no other.
        Value::Array(entries) if entries.iter().any(Value::is_object) => {
            for (place, entry) in entries.iter().enumerate() {
                let name = ["name", "code", "id"]
                    .iter()
                    .find_map(|key| entry.get(key))
                    .map(|name| name.as_str().map_or_else(|| name.to_string(), str::to_owned));
                flatten(below(&name.unwrap_or_else(|| place.to_string())), entry, lines);
            }
        }
        value => lines.push((path, value.to_string())),
    }
}

/// What has changed, a line each: `refund_charges: false -> true`. None: the rules are the same, so it is the program.
pub(super) fn differences(before: &[(String, String)], after: &[(String, String)]) -> Vec<String> {
    let of = |lines: &'_ [(String, String)], path: &str| lines.iter().find(|(other, _)| other == path).map(|(_, value)| value.clone());
    let mut paths: Vec<&String> = before.iter().chain(after).map(|(path, _)| path).collect();
    paths.sort();
    paths.dedup();
    let shown = |value: Option<String>| value.unwrap_or_else(|| "nothing".into());
    let changed = paths.into_iter().map(|path| (path, of(before, path), of(after, path))).filter(|(_, before, after)| before != after);
    changed.map(|(path, before, after)| format!("{path}: {} -> {}", shown(before), shown(after))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entities::order::testing::{ERP, rules};
    use crate::entities::rules::Authority;

    #[test]
    fn what_has_changed_is_named_by_its_path() {
        let before = rules();
        let mut after = before.clone();
        assert_eq!(differences(&lines(&before), &lines(&after)), [""; 0]);
        after.refund_charges = !after.refund_charges;
        after.channels.clear();
        after.authorities.insert(Authority::Receipts, ERP);
        let found = differences(&lines(&before), &lines(&after));
        assert!(found.contains(&format!("refund_charges: {} -> {}", before.refund_charges, after.refund_charges)), "{found:?}");
        let authority = format!("authorities.receipts: nothing -> {}", after.name_of(ERP));
        assert!(found.contains(&authority), "a source is called by its name: {found:?}");
        assert!(found.iter().any(|line| line.starts_with("channels.") && line.ends_with("-> nothing")), "{found:?}");
    }
}

//! What an edit changes: the members of two JSON texts that differ.

use serde_json::Value;

use crate::sources::acts::Edited;

/// So many differences are told; of a body that is another one altogether nobody wants them all.
const EDITED_MAX: usize = 50;
/// So much of a text that is no JSON is told.
const TEXT_CHARS_MAX: usize = 500;

/// The members that differ, by path. Of texts that are no JSON there is one, the whole.
pub(super) fn edited(before: Option<&[u8]>, after: Option<&[u8]>) -> Vec<Edited> {
    let json = |bytes: Option<&[u8]>| serde_json::from_slice::<Value>(bytes.unwrap_or_default());
    let mut found = Vec::new();
    match (json(before), json(after)) {
        (Ok(before), Ok(after)) => compare("$", Some(&before), Some(&after), &mut found),
        _ if before != after => {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).chars().take(TEXT_CHARS_MAX).collect::<String>();
            let text = |bytes: Option<&[u8]>| bytes.map_or(Value::Null, |bytes| text(bytes).into());
            found.push(Edited { path: "$".to_owned(), before: text(before), after: text(after) });
        }
        _ => {}
    }
    found
}

fn compare(path: &str, before: Option<&Value>, after: Option<&Value>, found: &mut Vec<Edited>) {
    if before == after || found.len() >= EDITED_MAX {
        return;
    }
    match (before, after) {
        (Some(Value::Object(before)), Some(Value::Object(after))) => {
            let added = after.keys().filter(|name| !before.contains_key(*name));
            for name in before.keys().chain(added) {
                compare(&format!("{path}.{name}"), before.get(name), after.get(name), found);
            }
        }
        (Some(Value::Array(before)), Some(Value::Array(after))) => {
            for place in 0..before.len().max(after.len()) {
                compare(&format!("{path}[{place}]"), before.get(place), after.get(place), found);
            }
        }
        _ => {
            let value = |value: Option<&Value>| value.cloned().unwrap_or_default();
            found.push(Edited { path: path.to_owned(), before: value(before), after: value(after) });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_members_that_differ_are_named_with_what_was_and_is_there() {
        let told = |before: &str, after: &str| {
            let found = edited(Some(before.as_bytes()), Some(after.as_bytes()));
            found.iter().map(|edited| format!("{} {} -> {}", edited.path, edited.before, edited.after)).collect::<Vec<_>>()
        };
        assert_eq!(
            told(r#"{"a":1,"items":[{"price":"12,50"},2],"gone":true}"#, r#"{"a":1,"items":[{"price":"12.50"}],"new":"x"}"#),
            ["$.gone true -> null", r#"$.items[0].price "12,50" -> "12.50""#, "$.items[1] 2 -> null", r#"$.new null -> "x""#]
        );
        assert_eq!(told("{", "{}"), [r#"$ "{" -> "{}""#]);
        assert_eq!((told("{}", " {} "), told("<", "<")), (vec![], vec![]));
    }
}

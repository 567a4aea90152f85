//! A source's own settings: reading them, and the sentences that say what is wrong with them.

use serde::de::DeserializeOwned;

/// Reads the settings into `T` (a struct that denies unknown fields).
///
/// # Errors
/// A sentence that names the key; for an unknown key with the nearest known one.
pub fn read<T: DeserializeOwned>(table: &toml::Table) -> Result<T, Vec<String>> {
    T::deserialize(toml::Value::Table(table.clone())).map_err(|error| vec![sentence(&error)])
}

/// serde's sentence as one of ours, which begins with the key.
///
/// | serde's | ours |
/// |---|---|
/// | unknown field \`topcs\`, expected one of \`topics\`, \`site\` | unknown key "topcs"; did you mean "topics"? |
/// | missing field \`company\` | company: missing; this kind of source needs it |
/// | invalid type: integer \`1\`, expected a string | site: expected a string, found integer \`1\` |
fn sentence(error: &toml::de::Error) -> String {
    // The table or key that it is about stands in the text alone, behind the message: "in `site`".
    let whole = error.to_string();
    let place = whole.trim_end().rsplit_once("\nin `").map_or("", |(_, place)| place.trim_end_matches('`'));
    let below = |key: &str| if place.is_empty() { key.to_owned() } else { format!("{place}.{key}") };
    let at = |text: String| if place.is_empty() { text } else { format!("{place}: {text}") };
    let message = error.message().trim();
    let mut quoted = message.split('`').skip(1).step_by(2);
    let invalid = message.strip_prefix("invalid type: ").or_else(|| message.strip_prefix("invalid value: "));
    if message.starts_with("unknown field")
        && let Some(unknown) = quoted.next()
    {
        let known: Vec<&str> = quoted.collect();
        return at(format!("unknown key \"{unknown}\"{}", suggestion(unknown, &known)));
    }
    if message.starts_with("missing field")
        && let Some(missing) = quoted.next()
    {
        return format!("{}: missing; this kind of source needs it", below(missing));
    }
    match invalid.and_then(|invalid| invalid.rsplit_once(", expected ")) {
        Some((found, expected)) => at(format!("expected {expected}, found {found}")),
        None => at(message.to_owned()),
    }
}

/// `; did you mean "x"?` where one of the known names is near, else `; known are "a", "b"`.
pub fn suggestion(unknown: &str, known: &[&str]) -> String {
    const NEAR: f64 = 0.75;
    let scored = known.iter().map(|name| (strsim::jaro_winkler(unknown, name), *name));
    let best = scored.max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)));
    match best {
        Some((score, name)) if score >= NEAR => format!("; did you mean \"{name}\"?"),
        Some(_) => format!("; known are {}", quoted(known)),
        None => String::new(),
    }
}

/// `"a", "b", "c"`.
pub fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Some2 {
        #[allow(dead_code)]
        topics: Vec<String>,
        #[allow(dead_code)]
        site: Option<String>,
    }

    #[test]
    fn what_is_wrong_is_named_with_its_key() {
        let read = |text: &str| read::<Some2>(&text.parse().expect("TOML")).expect_err("a wrong key");
        assert_eq!(read("topcs = []"), ["unknown key \"topcs\"; did you mean \"topics\"?"]);
        assert_eq!(read("zzz = []"), ["unknown key \"zzz\"; known are \"topics\", \"site\""]);
        assert_eq!(read("site = 1\ntopics = []"), ["site: expected a string, found integer `1`"]);
        assert_eq!(read("topics = [1]"), ["topics: expected a string, found integer `1`"]);
        assert_eq!(read("site = \"North\""), ["topics: missing; this kind of source needs it"]);
    }
}

//! A source's own settings: reading them, and the sentences that say what is wrong with them.

use serde::de::DeserializeOwned;

/// Reads the settings into `T` (a struct that denies unknown fields). The error is a sentence that names the key; for an unknown key the
/// nearest known one.
pub fn read<T: DeserializeOwned>(table: &toml::Table) -> Result<T, Vec<String>> {
    T::deserialize(toml::Value::Table(table.clone())).map_err(|error| vec![sentence(error.message())])
}

/// serde's "unknown field `topcs`, expected one of `topics`, `site`" as a sentence of ours; other messages as they are.
fn sentence(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    match quoted.next() {
        Some(unknown) if message.starts_with("unknown field") => {
            let known: Vec<&str> = quoted.collect();
            format!("unknown key \"{unknown}\"{}", suggestion(unknown, &known))
        }
        _ => message.trim().to_owned(),
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
    fn an_unknown_key_is_named_with_its_nearest_neighbour() {
        let read = |text: &str| read::<Some2>(&text.parse().expect("TOML")).expect_err("a wrong key");
        assert_eq!(read("topcs = []"), ["unknown key \"topcs\"; did you mean \"topics\"?"]);
        assert_eq!(read("zzz = []"), ["unknown key \"zzz\"; known are \"topics\", \"site\""]);
        assert_eq!(read("site = 1\ntopics = []"), ["invalid type: integer `1`, expected a string"]);
    }
}

//! The commented configuration that `waybill init` writes.
//!
//! `init.toml` is its text. A block between `#: SYSTEM` and `#: end` belongs to a system. Blocks of the systems that were asked for stay as they
//! are; the others are commented out, so that they can be put to use later. `#: insert WHAT` stands where a list comes from the code.

use super::places::role_name;
use crate::entities::durations::DURATIONS;
use crate::entities::rules::{Authority, Pair};
use crate::events::notifications::MailKind;
use crate::facts::Role;

const TEXT: &str = include_str!("init.toml");
/// Where a line of the file ends.
const COLUMNS: usize = 140;

/// The systems that the template has blocks for, by the names of their sources.
pub fn systems() -> impl Iterator<Item = &'static str> {
    markers().filter(|marker| *marker != "end" && !marker.starts_with("insert "))
}

fn markers() -> impl Iterator<Item = &'static str> {
    TEXT.lines().filter_map(|line| line.strip_prefix("#: "))
}

/// The template with the blocks of these systems in use.
pub fn template(systems: &[impl AsRef<str>]) -> String {
    let mut text = String::new();
    let mut in_use = true;
    for line in TEXT.lines() {
        match line.strip_prefix("#: ") {
            Some("end") => in_use = true,
            Some("insert durations") => durations(&mut text),
            Some("insert mails") => mails(&mut text),
            Some("insert pairs") => pairs(&mut text),
            Some("insert authorities") => authorities(&mut text),
            Some(name) => in_use = systems.iter().any(|system| system.as_ref() == name),
            None => {
                let comment = !in_use && !line.is_empty() && !line.starts_with('#');
                text.push_str(if comment { "# " } else { "" });
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    text
}

/// Every duration with its default, under its theme.
fn durations(text: &mut String) {
    let mut theme = "";
    for duration in DURATIONS {
        if duration.theme != theme {
            text.push_str(if theme.is_empty() { "" } else { "\n" });
            theme = duration.theme;
            wrap(text, "# ", "# ", theme.split(' '));
            text.push_str("#\n");
        }
        wrap(text, "# ", "# ", duration.sentence.split_whitespace());
        text.push_str(&format!("# {} = \"{}\"\n", duration.key, duration.default()));
    }
}

/// Every kind of mail: all are on by default.
fn mails(text: &mut String) {
    let kinds: Vec<String> = MailKind::ALL.iter().map(|mail| format!("\"{}\",", mail.name())).collect();
    let list = kinds.join(" ");
    let first = "# kinds = [";
    wrap(text, first, &format!("#{:width$}", "", width = first.len() - 1), format!("{}]", list.trim_end_matches(',')).split(' '));
}

/// Every pair of accounts.
fn pairs(text: &mut String) {
    let names: Vec<&str> = Pair::ALL.iter().map(|pair| pair.name()).collect();
    wrap(text, "#  ", "#  ", names.join(", ").split(' '));
}

/// Every fact that has an authority, with the roles that decide it by default.
fn authorities(text: &mut String) {
    for fact in Authority::ALL {
        let group = |group: &&[Role]| group.iter().map(|role| role_name(*role)).collect::<Vec<_>>().join(", ");
        let groups: Vec<String> = fact.default_roles().iter().map(group).collect();
        text.push_str(&format!("#   {:<12}{}\n", fact.name(), groups.join("; else ")));
    }
}

/// Writes words in lines, the first after `first`, the others after `next`.
fn wrap<'w>(text: &mut String, first: &str, next: &str, words: impl Iterator<Item = &'w str>) {
    let mut line = first.to_owned();
    let mut is_empty = true;
    for word in words {
        if !is_empty && line.len() + 1 + word.len() > COLUMNS {
            text.push_str(&line);
            text.push('\n');
            line = next.to_owned();
            is_empty = true;
        }
        line.push_str(if is_empty { "" } else { " " });
        line.push_str(word);
        is_empty = false;
    }
    text.push_str(&line);
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Outside};
    use crate::sources::KINDS;

    fn read(text: &str) -> Result<Config, String> {
        let directory = tempfile::tempdir().expect("a directory");
        std::fs::write(directory.path().join("waybill-email.secret"), "0123456789abcdef").expect("writes");
        let outside = Outside { directory: directory.path(), variable: &|_| Some("secret".to_owned()) };
        Config::read("waybill.toml", text, outside, KINDS).map_err(|problems| problems.to_string())
    }

    fn whole() -> String {
        template(&systems().collect::<Vec<_>>())
    }

    /// Every block but one ERP's: of two, somebody has to say which decides.
    fn of_one_erp() -> [String; 2] {
        ["netsuite", "nav"].map(|other| {
            let text = template(&systems().filter(|system| *system != other).collect::<Vec<_>>());
            let block = text.find(&format!("# [sources.{other}]")).expect("its block");
            let after = block + text[block..].find("\n\n").expect("a line after it");
            [&text[..block], &text[after..]].concat().replace(&format!("# returns = \"{other}\""), "# returns = \"netsuite\"")
        })
    }

    /// All that a configuration comes to, to compare.
    fn comes_to(config: &Config) -> String {
        let Config { application, kafka, http, epochs, rules, live_at_start, sources, .. } = config;
        let sources: Vec<String> = sources.iter().map(|source| format!("{source:?}")).collect();
        format!("{application:?} {kafka:?} {http:?} {epochs:?} {rules:?} {live_at_start:?} {sources:#?} {}", config.fingerprint())
    }

    /// The commented keys: where each stands in the text, and the text with it in use.
    fn commented(text: &str) -> Vec<(&str, String)> {
        let lines: Vec<&str> = text.lines().collect();
        let is_key = |line: &str| {
            let key = line.strip_prefix("# ").and_then(|line| line.split_once(" = ")).map_or("", |(key, _)| key);
            !key.is_empty() && key.trim_matches('"').chars().all(|c| c.is_ascii_lowercase() || matches!(c, '_' | '.'))
        };
        let mut found = Vec::new();
        for (i, line) in lines.iter().enumerate().filter(|(_, line)| is_key(line)) {
            let mut used: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
            let end = i + lines[i..].iter().position(|line| !line.ends_with(',')).unwrap_or_default();
            // A key of a section that is commented out too needs its head.
            let head = lines[..i].iter().rposition(|line| line.trim_start_matches("# ").starts_with('['));
            used[i..=end].iter_mut().for_each(|line| *line = line.trim_start_matches('#').to_owned());
            if let Some(head) = head {
                used[head] = lines[head].trim_start_matches("# ").to_owned();
            }
            found.push((line.trim_start_matches("# ").split(" = ").next().unwrap_or_default(), used.join("\n")));
        }
        found
    }

    /// Keys whose value is an example: they have no default.
    const EXAMPLES: &[&str] = &[
        "replication",
        "decimal_scales",
        "\"security.protocol\"",
        "\"sasl.mechanism\"",
        "\"sasl.username\"",
        "\"sasl.password\"",
        "tenders",
        "record_types",
        "currencies",
        "items",
        "pool",
        "safety_by_sku",
        "price_list",
        "zone",
        "prices_include_tax",
        "stores",
        "attributes",
        "stock_id",
        "wms",
        "counted_by",
        "erp_keeps",
        "cost_currency",
        "closed_until",
        "sales_revenue",
        "\"payment_clearing.cash\"",
        "returns",
        "columns",
        "account_source",
        "accounts",
        "fields",
    ];

    #[test]
    fn every_key_that_is_commented_out_exists_and_shows_its_default() {
        for text in of_one_erp() {
            let plain = comes_to(&read(&text).unwrap_or_else(|problems| panic!("{problems}")));
            for (key, used) in commented(&text) {
                let config = read(&used).unwrap_or_else(|problems| panic!("{key}: {problems}"));
                assert!(EXAMPLES.contains(&key) || comes_to(&config) == plain, "{key} has another default than the template shows");
            }
        }
    }

    #[test]
    fn every_key_of_a_section_stands_in_the_template() {
        let text = whole();
        for head in text.lines().filter(|line| line.starts_with('[') && !line.starts_with("[[")) {
            let with_unknown = text.replacen(head, &format!("{head}\nqqqqq = 1"), 1);
            let problems = read(&with_unknown).err().unwrap_or_default();
            let shows = |key: &str| {
                let own_section = format!(".{key}]");
                text.lines()
                    .map(|line| line.trim_start_matches("# "))
                    .any(|line| line.starts_with(&format!("{key} =")) || line.ends_with(&own_section))
                    || text.contains(&format!("#   {key}"))
            };
            let Some((_, known)) = problems.lines().find_map(|line| line.split_once("; it has ")) else { continue };
            for key in known.split(", ") {
                assert!(shows(key), "{head} has the key {key}, and the template does not show it");
            }
        }
    }

    #[test]
    fn every_kind_of_source_has_a_block() {
        for kind in KINDS {
            assert!(TEXT.contains(&format!("kind = \"{}\"", kind.name)), "init.toml has no block with kind = \"{}\"", kind.name);
        }
    }

    #[test]
    fn no_line_is_longer_than_an_editor_is_wide() {
        let text = whole();
        assert!(text.lines().all(|line| line.len() <= COLUMNS), "{text}");
        assert!(text.contains("# order_incomplete = \"15m\"") && text.contains("charge-earned, returned"), "{text}");
    }
}

//! `waybill config show`: every value that holds, and where it comes from.
//!
//! A value stands in the file, or in what the file names (a secret's file, a variable of the environment), or it is the default. Defaults are not
//! listed a second time here: the template of `waybill init` names every key with a value, and that value is the default if a configuration that has it
//! written out is the same configuration.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use toml::de::{DeTable, DeValue};

use super::listing::{Column, ListFormat, shown};
use crate::config::{self, Config, Outside};
use crate::error::Error;
use crate::sources::KINDS;

/// `waybill config show`
#[derive(Debug, clap::Args)]
pub struct ConfigurationArgs {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Debug, clap::Subcommand)]
enum ConfigCommand {
    /// Show every value that holds, and where it comes from: a line of the file, the environment, or the default
    Show(ShowArgs),
}

#[derive(Debug, clap::Args)]
struct ShowArgs {
    /// The configuration
    #[arg(long, env = "WAYBILL_CONFIG", default_value = "waybill.toml")]
    config: PathBuf,
    /// This instance among those of its application; stands above `application.slot`
    #[arg(long, env = "WAYBILL_SLOT")]
    slot: Option<String>,
    /// As a table, a list, or one object a line
    #[arg(long, short, value_enum, default_value_t)]
    output: ListFormat,
}

/// A value, and where it comes from.
#[derive(Debug, PartialEq, Eq)]
struct Setting {
    key: String,
    value: String,
    from: String,
}

const COLUMNS: &[Column] = &[("key", "key", false), ("value", "value", false), ("from", "from", false)];
/// A table's line ends here where the value is long; other forms have it whole.
const VALUE_MAX: usize = 22;

/// Prints the settings of a configuration that has nothing wrong with it.
pub fn run(args: &ConfigurationArgs) -> Result<(), Error> {
    let ConfigCommand::Show(args) = &args.command;
    Config::load(&args.config)?;
    let text = std::fs::read_to_string(&args.config).map_err(Error::system(format!("reading {}", args.config.display())))?;
    let mut settings = written(&args.config.display().to_string(), &text);
    settings.extend(defaults(&args.config, &text, &settings));
    if let Some(slot) = &args.slot {
        settings.retain(|setting| setting.key != "application.slot");
        settings.push(Setting { key: "application.slot".into(), value: format!("\"{slot}\""), from: "--slot or WAYBILL_SLOT".into() });
    }
    settings.sort_by(|one, other| one.key.cmp(&other.key));
    let is_table = args.output == ListFormat::Table;
    let list: Vec<Value> = settings.iter().map(|setting| setting.json(is_table)).collect();
    print!("{}", shown(args.output, COLUMNS, &list));
    Ok(())
}

impl Setting {
    fn json(&self, shorten: bool) -> Value {
        let one_line = self.value.split_whitespace().collect::<Vec<_>>().join(" ");
        let value = match shorten && one_line.chars().count() > VALUE_MAX {
            true => one_line.chars().take(VALUE_MAX - 3).chain("...".chars()).collect(),
            false => one_line,
        };
        json!({"key": self.key, "value": value, "from": self.from})
    }
}

/// What the file says, as it is written there. Secrets do not stand in it.
fn written(file: &str, text: &str) -> Vec<Setting> {
    let (document, _) = DeTable::parse_recoverable(text);
    let mut settings = Vec::new();
    let name = Path::new(file).file_name().map_or(file.to_owned(), |name| name.to_string_lossy().into_owned());
    of_table("", document.get_ref(), &|at| format!("{name}:{}", text[..at].matches('\n').count() + 1), text, &mut settings);
    settings
}

fn of_table(path: &str, table: &DeTable<'_>, place: &dyn Fn(usize) -> String, text: &str, settings: &mut Vec<Setting>) {
    for (key, value) in table {
        let name = key.get_ref();
        let is_plain = name.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-'));
        let name = if is_plain { name.to_string() } else { format!("\"{name}\"") };
        let path = if path.is_empty() { name } else { format!("{path}.{name}") };
        let from = place(key.span().start);
        match value.get_ref() {
            DeValue::Table(below) if secret(below).is_some() => {
                let (kind, name) = secret(below).unwrap_or_default();
                settings.push(Setting { key: path, value: format!("*** of {kind}{name}"), from });
            }
            DeValue::Table(below) => of_table(&path, below, place, text, settings),
            DeValue::Array(list) if list.iter().any(|item| item.get_ref().is_table()) => {
                for (number, item) in list.iter().enumerate() {
                    if let DeValue::Table(below) = item.get_ref() {
                        of_table(&format!("{path}[{number}]"), below, place, text, settings);
                    }
                }
            }
            _ => settings.push(Setting { key: path, value: text[value.span()].to_owned(), from }),
        }
    }
}

/// `{ file = "path" }` or `{ env = "NAME" }`.
fn secret<'t>(table: &'t DeTable<'_>) -> Option<(&'static str, &'t str)> {
    let mut members = table.iter();
    let ((key, value), None) = (members.next()?, members.next()) else { return None };
    let kind = [("file", ""), ("env", "$")].into_iter().find(|(word, _)| key.get_ref() == word)?.1;
    Some((kind, value.get_ref().as_str()?))
}

/// Keys that the file does not have, with the values that hold without them.
fn defaults(file: &Path, text: &str, written: &[Setting]) -> Vec<Setting> {
    let Ok(base) = toml::from_str::<toml::Table>(text) else { return Vec::new() };
    let read = |table: &toml::Table| {
        let variable = |name: &str| std::env::var(name).ok();
        let outside = Outside { directory: file.parent().unwrap_or(Path::new(".")), variable: &variable };
        let text = toml::to_string(table).ok()?;
        Config::read("", &text, outside, KINDS).ok().map(|config| fingerprint(&config))
    };
    let Some(now) = read(&base) else { return Vec::new() };
    let mut found = Vec::new();
    for (section, key, value) in proposed() {
        let path = format!("{section}.{key}");
        let is_there = |setting: &Setting| setting.key == path || setting.key.starts_with(&format!("{path}."));
        if written.iter().any(is_there) || found.iter().any(is_there) {
            continue;
        }
        let Ok(toml) = toml::from_str::<toml::Table>(&format!("[{section}]\n{key} = {value}")) else { continue };
        let mut with = base.clone();
        lay(&mut with, toml);
        if read(&with).is_some_and(|then| then == now) {
            found.push(Setting { key: path, value, from: "default".into() });
        }
    }
    found
}

/// All that two configurations can differ by, of the sections that the template has keys of.
fn fingerprint(config: &Config) -> String {
    let Config { application, kafka, schema_registry, output, http, epochs, rules, live_at_start, .. } = config;
    format!("{application:?}{kafka:?}{schema_registry:?}{output:?}{http:?}{epochs:?}{rules:?}{live_at_start:?}")
}

/// Section, key and value of each line `# key = value` of the template that stands under a section of its own, not of a source.
fn proposed() -> Vec<(String, String, String)> {
    let (mut section, mut found) = (String::new(), Vec::new());
    let none: [&str; 0] = [];
    for line in config::template(&none).lines() {
        let line = line.trim_start_matches("# ");
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name.to_owned();
        }
        let is_own = !["", "kafka.properties"].contains(&section.as_str())
            && !["sources.", "channels.", "locations.", "["].iter().any(|begin| section.starts_with(begin));
        let Some((key, value)) = line.split_once(" = ").filter(|_| is_own) else { continue };
        if key.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_') {
            found.push((section.clone(), key.to_owned(), value.to_owned()));
        }
    }
    found
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

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "[application]\nid = \"mine\"\n\n[kafka]\nbootstrap = \"localhost:9092\"\n\n[identity]\nemail_secret = { env = \"PATH\" }\n\n\
                        [refunds]\nlimit_per_hour = 7\n\n[sources.magento]\nkind = \"magento\"\ntopic_prefix = \"m\"\ndatabase = \"m\"\ncurrency = \"GBP\"\n\n\
                        [channels.web]\nshop = \"magento\"\ncurrency = \"GBP\"\n\n[locations.default]\n";

    fn value<'s>(settings: &'s [Setting], key: &str) -> Option<(&'s str, &'s str)> {
        settings.iter().find(|setting| setting.key == key).map(|setting| (setting.value.as_str(), setting.from.as_str()))
    }

    #[test]
    fn what_the_file_says_has_its_line_and_secrets_are_not_shown() {
        let settings = written("/etc/waybill/waybill.toml", FILE);
        assert_eq!(value(&settings, "application.id"), Some(("\"mine\"", "waybill.toml:2")));
        assert_eq!(value(&settings, "refunds.limit_per_hour"), Some(("7", "waybill.toml:11")));
        assert_eq!(value(&settings, "identity.email_secret"), Some(("*** of $PATH", "waybill.toml:8")));
    }

    #[test]
    fn what_the_file_leaves_out_is_the_default_and_what_has_none_is_not_there() {
        let written = written("waybill.toml", FILE);
        let settings = defaults(Path::new("waybill.toml"), FILE, &written);
        assert_eq!(value(&settings, "application.shards"), Some(("16", "default")));
        assert_eq!(value(&settings, "epochs.linger"), Some(("\"100ms\"", "default")));
        assert_eq!(value(&settings, "refunds.limit_share_of_day"), Some(("50", "default")));
        assert_eq!(value(&settings, "durations.unpaid"), Some(("\"3d\"", "default")));
        // Written in the file; an example, not a default.
        assert_eq!(value(&settings, "refunds.limit_per_hour"), None);
        assert_eq!(value(&settings, "books.closed_until"), None);
        assert_eq!(value(&settings, "kafka.replication"), None);
    }
}

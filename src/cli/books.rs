//! `waybill books ORDER`: an order's books, from a running Waybill. `waybill books --day D`: the trial balance of a day, from the entries that were
//! written to `journal-entries`; with `--csv` its postings, for the accountant.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;

use super::ask::{ServerArgs, get_path, percent};
use super::broker;
use crate::config::Config;
use crate::envelope::avro::{Members, Part, Schemas};
use crate::envelope::{Headers, Record};
use crate::error::Error;
use crate::events::Topic;
use crate::events::day_book::{csv, text, trial_balance};
use crate::events::journal_entries::JournalEntry;
use crate::facts::Moment;
use crate::kafka::{KafkaSettings, changelog};

/// `waybill books`
#[derive(Debug, clap::Args)]
pub struct BooksArgs {
    /// The order under any of its names
    #[arg(required_unless_present = "day", conflicts_with = "day")]
    order: Option<String>,
    /// The day of the entries, as in 2026-03-31
    #[arg(long, value_parser = day)]
    day: Option<String>,
    /// Every posting of the day, as CSV
    #[arg(long, requires = "day")]
    csv: bool,
    /// The configuration, for `--day`: where the entries are
    #[arg(long, env = "WAYBILL_CONFIG", default_value = "waybill.toml")]
    config: PathBuf,
    #[command(flatten)]
    server: ServerArgs,
}

fn day(text: &str) -> Result<String, String> {
    text.parse::<jiff::civil::Date>().map(|date| date.to_string()).map_err(|_| "a date, as in 2026-03-31".to_owned())
}

/// Prints the books.
pub fn run(args: &BooksArgs) -> Result<(), Error> {
    if let Some(day) = &args.day {
        let config = Config::load(&args.config)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::system("starting the runtime"))?;
        print!("{}", runtime.block_on(of_day(&config, day, args.csv))?);
        return Ok(());
    }
    let answer = get_path(&args.server, &format!("books/{}", percent(args.order.as_deref().unwrap_or_default())))?;
    if args.server.json {
        println!("{answer:#}");
        return Ok(());
    }
    let several = answer["several"].as_array().cloned();
    for order in several.unwrap_or_else(|| vec![answer]) {
        print!("{}", of_order(&order));
    }
    Ok(())
}

/// The entries of a day: their trial balance, or their postings as CSV.
pub async fn of_day(config: &Config, day: &str, as_csv: bool) -> Result<String, Error> {
    // The topic is read as the changelog is: whole, committed records only.
    let changelog_topic: Arc<str> = config.own_topic(Topic::JournalEntries.name()).into();
    let settings = KafkaSettings { changelog_topic, ..broker::settings(config) };
    let partitions = changelog::read(settings, config.kafka.partitions).await?;
    let values = partitions.into_iter().flatten().filter_map(|(_, value)| value);
    let mut entries: Vec<JournalEntry> = Vec::new();
    let schemas = config.schema_registry.as_ref().map(|registry| Arc::new(Schemas::new(registry.ids, Members::All)));
    for value in values {
        entries.extend(entry(config, schemas.as_ref(), &value)?);
    }
    entries.retain(|entry| entry.date == day);
    entries.sort_by(|one, other| (&one.order.order, one.head.step).cmp(&(&other.order.order, other.head.step)));
    Ok(if as_csv { csv(entries.iter()) } else { text(day, &trial_balance(entries.iter())) })
}

/// An entry, in the form that its topic had when it was written; `None`: it is none.
fn entry(config: &Config, schemas: Option<&Arc<Schemas>>, value: &[u8]) -> Result<Option<JournalEntry>, Error> {
    let Some(schemas) = schemas.filter(|_| value.first() == Some(&0)) else { return Ok(serde_json::from_slice(value).ok()) };
    let topic: Arc<str> = config.own_topic(Topic::JournalEntries.name()).into();
    let (timestamp, headers) = (Moment::default(), Headers::new());
    let record = Record { topic: &topic, topic_index: 0, partition: 0, offset: 0, timestamp, key: None, value: Some(value), headers };
    broker::fetch(config, Some(schemas), &record).map_err(Error::Unavailable)?;
    let mut memory = Vec::new();
    let text = schemas.json(Part::Value, &record, &mut memory).map_err(|error| Error::Found(format!("{topic}: {}", error.summary())))?;
    Ok(text.and_then(|text| serde_json::from_slice(&text).ok()))
}

fn of_order(order: &Value) -> String {
    let mut text = format!("{}\n", order["order"].as_str().unwrap_or_default());
    let amounts = |value: &Value| {
        let members = value.as_object().into_iter().flatten();
        members.map(|(name, amount)| format!("    {name}: {}\n", amount.as_str().unwrap_or_default())).collect::<String>()
    };
    for book in order["books"].as_array().into_iter().flatten() {
        text.push_str(&format!("  {}, {} entries\n", book["currency"].as_str().unwrap_or_default(), book["entries"]));
        text.push_str(&amounts(&book["balances"]));
        for (member, title) in [("kept_elsewhere", "kept by another system, by the rows"), ("posted_elsewhere", "posted by that system")] {
            if book[member].as_object().is_some_and(|there| !there.is_empty()) {
                text.push_str(&format!("  {title}\n{}", amounts(&book[member])));
            }
        }
        if book["waits"].as_object().is_some_and(|waits| !waits.is_empty()) {
            text.push_str(&format!("  not posted yet\n{}", amounts(&book["waits"])));
        }
    }
    let off = order["invariants"].as_object().into_iter().flatten().filter(|(_, off)| off.as_str() != Some("0"));
    off.for_each(|(invariant, off)| text.push_str(&format!("  INVARIANT {invariant} IS OFF by {}\n", off.as_str().unwrap_or_default())));
    text
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Outside;
    use crate::events::samples::samples;
    use crate::registry::stand_in::StandIn;

    /// The topic was JSON once, and is Avro now: it holds both.
    #[test]
    fn entries_are_read_in_the_form_that_they_were_written_in() {
        let registry = StandIn::start();
        let text = format!(
            "application.id = \"t\"\nkafka.bootstrap = \"localhost:9092\"\nidentity.email_secret = {{ env = \"SECRET\" }}\noutput.format = \"avro\"\n\
             [sources.shop]\nkind = \"magento\"\ncurrency = \"GBP\"\n[schema_registry]\nurl = \"{}\"\n",
            registry.url
        );
        let variable = |_: &str| Some("correct horse battery staple".to_owned());
        let outside = Outside { directory: Path::new("."), variable: &variable };
        let config = Config::read("t.toml", &text, outside, crate::sources::KINDS).unwrap_or_else(|problems| panic!("{problems}"));
        let encoder = broker::encoder(&config).expect("a client").expect("topics in Avro");
        encoder.prepare().expect("registered");
        let sample = samples().into_iter().find(|sample| sample.topic == Topic::JournalEntries).expect("a sample");
        let json = sample.json.to_string().into_bytes();
        let avro = encoder.encode("waybill.journal-entries", &json).expect("in Avro").expect("fits");
        let registry = config.schema_registry.as_ref().expect("a registry");
        let schemas = Arc::new(Schemas::new(registry.ids, Members::All));
        let read = |value: &[u8]| entry(&config, Some(&schemas), value).expect("read");
        assert!(read(&json).is_some());
        assert_eq!(read(&avro), read(&json));
        assert_eq!(read(b"<html>"), None);
    }
}

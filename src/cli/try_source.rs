//! `waybill try --source NAME < records.jsonl`: what becomes of records, without a Kafka.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Read as _;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use crate::config::{Config, Source};
use crate::envelope::Record;
use crate::error::Error;
use crate::facts::{Cause, Fact, Moment, ShownFact, TopicId, shown};
use crate::sources::{FactsOut, Reading, Skip, mapped};

/// `waybill try`
#[derive(Debug, clap::Args)]
#[command(after_long_help = HELP)]
pub struct TryArgs {
    /// The configuration
    #[arg(long, env = "WAYBILL_CONFIG", default_value = "waybill.toml")]
    pub config: PathBuf,
    /// The source whose records they are, as [sources.NAME] names it
    #[arg(long, required_unless_present = "rows")]
    pub source: Option<String>,
    /// The topic of records that do not name theirs; needless where the source reads one topic
    #[arg(long)]
    pub topic: Option<String>,
    /// Standard input is one record, however many lines it has
    #[arg(long)]
    pub whole: bool,
    /// The answer as JSON, a line for each record
    #[arg(long)]
    pub json: bool,
    /// Only show which rows a mapped source can make; with a row's name its fields
    #[arg(long, value_name = "ROW", num_args = 0..=1, default_missing_value = "")]
    pub rows: Option<String>,
}

const HELP: &str = "\
Each line of standard input is one record: its value as the topic has it (JSON, or a line of CSV). A line may also be an envelope, a JSON object with \
\"value\" and, where they matter, \"key\", \"headers\", \"topic\", \"timestamp\" and no other members: {\"topic\": \"shop.orders\", \"key\": \"7\", \"value\": {...}, \"headers\": \
{\"X-Shopify-Topic\": \"orders/create\"}}. A value or key that is a text stands for its characters; null is a tombstone.

It works for every kind of source, reads nothing but standard input, and keeps nothing. It ends with an error when a record is refused.

  waybill try --source carrier < scans.jsonl
  kafka-console-consumer --topic carrier.scans --max-messages 20 ... | waybill try --source carrier
  waybill try --rows return-line";

/// Prints what becomes of each record.
pub fn run(args: &TryArgs) -> Result<(), Error> {
    if let Some(row) = &args.rows {
        print!("{}", mapped::help(row));
        return Ok(());
    }
    let config = Config::load(&args.config)?;
    let name = args.source.as_deref().unwrap_or_default();
    let source = config.sources.iter().find(|source| source.common.name == name).ok_or_else(|| {
        let names: Vec<&str> = config.sources.iter().map(|source| source.common.name.as_str()).collect();
        Error::Usage(format!("there is no source \"{name}\" in {}; there are {}", config.file, names.join(", ")))
    })?;
    let mut input = String::new();
    std::io::stdin().read_to_string(&mut input).map_err(Error::system("reading standard input"))?;
    let records: Box<dyn Iterator<Item = &str>> = if args.whole { Box::new(std::iter::once(&*input)) } else { Box::new(input.lines()) };
    let mut counts = Counts::default();
    for (number, topic, outcome) in outcomes(source, records, args.topic.as_deref()).map_err(Error::Usage)? {
        counts.add(&outcome);
        print!("{}", if args.json { outcome.as_json(number, &topic) } else { outcome.as_text(number, &topic) });
    }
    if args.json {
        return Ok(());
    }
    println!("{}", counts.summary());
    if counts.refused > 0 { Err(Error::Found(format!("{} of the records are refused", counts.refused))) } else { Ok(()) }
}

/// What becomes of each record that is not blank: its number from 1, its topic, the outcome.
pub(super) fn outcomes<'r>(
    source: &'r Source,
    records: impl Iterator<Item = &'r str>,
    topic: Option<&str>,
) -> Result<impl Iterator<Item = (usize, Arc<str>, TriedRecord)>, String> {
    let topic = topic.or(if let [only] = source.topics.as_slice() { Some(only) } else { None });
    let read = |(i, line)| Line::read(line, topic, &source.topics).map_err(|error| format!("line {}: {error}", i + 1));
    let lines = records.filter(|line| !line.trim().is_empty()).enumerate().map(read).collect::<Result<Vec<_>, _>>()?;
    Ok(lines.into_iter().enumerate().map(|(i, line)| {
        let outcome = line.outcome(source, i as i64);
        (i + 1, line.topic, outcome)
    }))
}

/// The members of an envelope.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope<'a> {
    topic: Option<String>,
    #[serde(borrow)]
    key: Option<&'a RawValue>,
    #[serde(borrow)]
    value: &'a RawValue,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    timestamp: Option<Moment>,
}

/// One record, as it was given.
struct Line {
    topic: Arc<str>,
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
    headers: BTreeMap<String, String>,
    timestamp: Moment,
}

/// The bytes that a JSON value stands for: a text for its characters, `null` for none.
fn bytes(raw: &RawValue) -> Option<Vec<u8>> {
    if raw.get() == "null" {
        return None;
    }
    Some(serde_json::from_str::<String>(raw.get()).map_or_else(|_| raw.get().as_bytes().to_vec(), String::into_bytes))
}

impl Line {
    fn read(text: &str, topic: Option<&str>, topics: &[String]) -> Result<Self, String> {
        let now = || Moment(jiff::Timestamp::now().as_millisecond());
        let (named, key, value, headers, timestamp) = match serde_json::from_str::<Envelope<'_>>(text) {
            Ok(envelope) => {
                let (key, value) = (envelope.key.and_then(bytes), bytes(envelope.value));
                (envelope.topic, key, value, envelope.headers, envelope.timestamp.unwrap_or_else(now))
            }
            Err(_) => (None, None, Some(text.as_bytes().to_vec()), BTreeMap::new(), now()),
        };
        let topic = named
            .as_deref()
            .or(topic)
            .ok_or_else(|| format!("of which topic? name it with --topic; the source reads {}", topics.join(", ")))?;
        if !topics.iter().any(|known| known == topic) {
            return Err(format!("the source does not read the topic {topic}; it reads {}", topics.join(", ")));
        }
        Ok(Self { topic: topic.into(), key, value, headers, timestamp })
    }

    fn outcome(&self, source: &Source, offset: i64) -> TriedRecord {
        let record = Record {
            topic: &self.topic,
            topic_index: 0,
            partition: 0,
            offset,
            timestamp: self.timestamp,
            key: self.key.as_deref(),
            value: self.value.as_deref(),
            headers: self.headers.iter().map(|(name, value)| (name.as_bytes(), Some(value.as_bytes()))).collect(),
        };
        let cause = Cause { topic: TopicId::of(&self.topic), partition: 0, offset };
        let mut facts = Vec::new();
        let mut out = FactsOut::new(source.common.id, cause, source.adapter.revision(), &mut facts);
        match source.adapter.translate(&record, &mut out) {
            Err(error) => TriedRecord::Refused(error.to_string()),
            Ok(Reading::Skipped(Skip::Housekeeping)) => TriedRecord::Skipped("a tombstone, heartbeat or the like".to_owned()),
            Ok(Reading::Skipped(Skip::UnknownTable(name))) => TriedRecord::Skipped(format!("nothing is made of {name}")),
            Ok(Reading::Understood) if facts.is_empty() => TriedRecord::Skipped("understood, and says nothing new".to_owned()),
            Ok(Reading::Understood) => TriedRecord::Rows(facts),
        }
    }
}

/// What became of a record.
pub(super) enum TriedRecord {
    Rows(Vec<Fact>),
    Skipped(String),
    Refused(String),
}

#[derive(Default)]
struct Counts {
    made: usize,
    skipped: usize,
    refused: usize,
}

impl Counts {
    fn add(&mut self, outcome: &TriedRecord) {
        match outcome {
            TriedRecord::Rows(_) => self.made += 1,
            TriedRecord::Skipped(_) => self.skipped += 1,
            TriedRecord::Refused(_) => self.refused += 1,
        }
    }

    fn summary(&self) -> String {
        let all = self.made + self.skipped + self.refused;
        format!("{all} records: {} make rows, {} say nothing here, {} are refused", self.made, self.skipped, self.refused)
    }
}

impl TriedRecord {
    pub(super) fn as_text(&self, number: usize, topic: &str) -> String {
        let mut text = format!("record {number} of {topic}: ");
        match self {
            Self::Refused(error) => text.push_str(&format!("refused: {error}\n")),
            Self::Skipped(why) => text.push_str(&format!("no row: {why}\n")),
            Self::Rows(facts) => {
                text.push_str(&format!("{} row{}\n", facts.len(), if facts.len() == 1 { "" } else { "s" }));
                for fact in facts {
                    let ShownFact { of, row, id, at, content } = shown(fact);
                    let _ = writeln!(text, "  {row} \"{id}\" of {of}, at {at}\n    {content}");
                }
            }
        }
        text
    }

    fn as_json(&self, number: usize, topic: &str) -> String {
        let mut answer = json!({ "record": number, "topic": topic });
        match self {
            Self::Refused(error) => answer["refused"] = json!(error),
            Self::Skipped(why) => answer["skipped"] = json!(why),
            Self::Rows(facts) => {
                answer["rows"] = facts.iter().map(|fact| json!(shown(fact))).collect();
            }
        }
        format!("{answer}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Outside;
    use crate::sources::KINDS;

    const CONFIG: &str = r#"
application.id = "try"
kafka.bootstrap = "localhost:9092"
identity.email_secret = { env = "SECRET" }
[sources.carrier]
kind = "mapped"
roles = ["carrier"]
[[sources.carrier.rows]]
topic = "carrier.scans"
row = "scan"
each = ".scans[]"
fields = { tracking = "$record.parcel", meaning = ".status", scanned_at = ".at", code = "$headers.code" }
"#;

    fn tried(line: &str) -> (Line, TriedRecord) {
        let variable = |name: &str| (name == "SECRET").then(|| "correct horse battery staple".to_owned());
        let outside = Outside { directory: std::path::Path::new("."), variable: &variable };
        let config = Config::read("waybill.toml", CONFIG, outside, KINDS).unwrap_or_else(|problems| panic!("{problems}"));
        let source = config.sources.iter().find(|source| source.common.name == "carrier").expect("the source");
        let line = Line::read(line, Some("carrier.scans"), &source.topics).expect("a line");
        let outcome = line.outcome(source, 0);
        (line, outcome)
    }

    #[test]
    fn a_line_is_a_body_or_an_envelope() {
        let body = r#"{"parcel":"JD1","scans":[{"status":"delivered","at":"2026-03-02T10:00:00Z"}]}"#;
        let rows = "  scan \"JD1|2026-03-02T10:00:00Z|delivered\" of order by tracking JD1, at 2026-03-02T10:00:00Z\n    \
            {\"meaning\":{\"Known\":\"delivered\"},\"scanned_at\":\"2026-03-02T10:00:00Z\",\"tracking\":\"JD1\"}\n";
        let (line, outcome) = tried(body);
        assert_eq!(outcome.as_text(1, &line.topic), format!("record 1 of carrier.scans: 1 row\n{rows}"));
        let (line, outcome) = tried(&format!(r#"{{"key":"7","value":{body},"headers":{{"code":"D9"}}}}"#));
        assert_eq!(line.key.as_deref(), Some(b"7".as_slice()));
        assert_eq!(outcome.as_text(2, &line.topic), format!("record 2 of carrier.scans: 1 row\n{}", rows.replace("Z|delivered", "Z|D9")));
        let (line, outcome) = tried(r#"{"value":null}"#);
        assert!(line.value.is_none() && matches!(outcome, TriedRecord::Skipped(_)));
    }

    #[test]
    fn a_refusal_names_the_member() {
        let (line, outcome) = tried(r#"{"parcel":"JD1","scans":[{"status":"delivered","at":"soon"}]}"#);
        let refused = r#"field "scans[0].at": expected a moment (scan.scanned_at = .at), found "soon""#;
        assert_eq!(outcome.as_text(3, &line.topic), format!("record 3 of carrier.scans: refused: {refused}\n"));
        assert_eq!(outcome.as_json(3, &line.topic), format!("{}\n", json!({ "record": 3, "topic": "carrier.scans", "refused": refused })));
    }

    #[test]
    fn of_several_topics_one_has_to_be_named() {
        let topics = ["a".to_owned(), "b".to_owned()];
        let error = |line: &str, topic| Line::read(line, topic, &topics).err();
        assert_eq!(error("{}", None).as_deref(), Some("of which topic? name it with --topic; the source reads a, b"));
        assert_eq!(error(r#"{"topic":"c","value":1}"#, None).as_deref(), Some("the source does not read the topic c; it reads a, b"));
        assert!(error(r#"{"topic":"b","value":1}"#, None).is_none());
    }
}

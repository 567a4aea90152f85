//! Configuration: a TOML file -> a checked [`Config`].
//!
//! Reading goes through the file once, section by section, and collects every problem with its line. Only a file without a problem becomes a
//! `Config`. Unknown keys are refused with the nearest name that exists. Secrets stand in files or in the
//! environment; the file only says where. What is not wrong but worth knowing (a role that nobody plays) becomes a note.
//!
//! | file | what it reads |
//! | --- | --- |
//! | `document.rs` | lines, keys, problems: nothing of Waybill |
//! | `values.rs` | single values: durations, zones, secrets |
//! | `settings.rs` | `[application]`, `[kafka]`, `[http]`, `[epochs]`, `[identity]`, `[going_live]` |
//! | `sources.rs` | `[sources.NAME]`: what all sources share; the rest goes to the adapter |
//! | `places.rs` | `[channels.NAME]`, `[locations.CODE]` |
//! | `policy.rs` | `[orders]`, `[refunds]`, `[notifications]`, `[books]`, `[durations]`, `[authorities]` |
//! | `template.rs`, `init.toml` | the commented file that `waybill init` writes |
//! | `checks.rs` | what only shows across sections: collisions, topics read twice, roles that nobody plays |

mod checks;
mod document;
mod places;
mod policy;
mod settings;
mod sources;
mod template;
#[cfg(test)]
mod tests;
mod values;

use std::path::Path;
use std::sync::Arc;
use std::sync::OnceLock;

use toml::de::DeTable;

pub use document::{Problem, Problems, nearest};
pub use settings::{Application, Epochs, Http, Kafka, OWN_PROPERTIES, Output, Property, SchemaRegistry};
pub use sources::Source;
pub use template::{systems, template};
pub use values::{Outside, Secret, name_is_legal};

use crate::engine::{EngineSettings, Limits, SourceRuntime, TopicNames};
use crate::entities::rules::{Rules, StockRules};
use crate::events::Topic;
use crate::sources::{KINDS, SystemKind};
use document::{Diagnostics, Section};

/// A configuration with nothing wrong in it.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file, as it was named.
    pub file: String,
    /// `[application]`
    pub application: Application,
    /// `[kafka]`
    pub kafka: Kafka,
    /// `[schema_registry]`; `None`: there is none.
    pub schema_registry: Option<SchemaRegistry>,
    /// `[output]`
    pub output: Output,
    /// `[http]`
    pub http: Http,
    /// `[epochs]`
    pub epochs: Epochs,
    /// By name; at last Waybill's own, decisions.
    pub sources: Vec<Source>,
    /// What views and events are computed by.
    pub rules: Rules,
    /// Request topics that go live with the first epoch; the others only keep their ledgers.
    pub live_at_start: Vec<Topic>,
    /// Worth knowing, not wrong.
    pub notes: Vec<String>,
}

impl Config {
    /// Reads and checks a file, and the secrets that it refers to.
    pub fn load(path: &Path) -> Result<Self, Problems> {
        let file = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| {
            let sentence = format!("cannot be read: {error}; `waybill init` writes one");
            Problems { file: file.clone(), list: vec![Problem { line: 0, key: String::new(), sentence }] }
        })?;
        let directory = path.parent().unwrap_or(Path::new("."));
        Self::read(&file, &text, Outside { directory, variable: &|name| std::env::var(name).ok() }, KINDS)
    }

    /// Checks the text of a file. `kinds` are the kinds of source there are.
    pub fn read(file: &str, text: &str, outside: Outside<'_>, kinds: &'static [SystemKind]) -> Result<Self, Problems> {
        let diagnostics = Diagnostics::new(text);
        let (document, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            let line = error.span().map_or(0, |span| diagnostics.line(&span));
            diagnostics.problem(line, "", format!("not TOML: {}", error.message().replace('\n', ", ")));
        }
        // The keys of a file that cannot be parsed are guesses: only its syntax is reported then.
        let config = if errors.is_empty() { read_sections(&diagnostics, document.get_ref(), text, outside, kinds) } else { None };
        let (list, notes) = diagnostics.into_parts();
        match config {
            Some(config) if list.is_empty() => Ok(Self { file: file.to_owned(), notes, ..config }),
            _ => Err(Problems { file: file.to_owned(), list }),
        }
    }

    /// The topics to read, each with the place of its source in `sources`.
    pub fn source_topics(&self) -> impl Iterator<Item = (&str, usize)> {
        self.sources.iter().enumerate().flat_map(|(i, source)| source.topics.iter().map(move |topic| (topic.as_str(), i)))
    }

    /// What the engine is set up with.
    pub fn engine(&self) -> EngineSettings {
        let source = |source: &Source| SourceRuntime { common: source.common.clone(), adapter: Arc::clone(&source.adapter) };
        EngineSettings {
            sources: self.sources.iter().map(source).collect(),
            rules: Arc::new(self.rules.clone()),
            fingerprint: self.fingerprint(),
            names: TopicNames::new(&self.application.topic_prefix),
            shards: self.application.shards,
            live_at_start: self.live_at_start.clone(),
            record_bytes_max: self.kafka.record_bytes_max,
            orders_whole: self.application.orders_whole,
        }
    }

    /// How much one epoch may read.
    pub fn limits(&self) -> Limits {
        let Epochs { records_max, bytes_max, linger } = self.epochs;
        Limits { records_max, bytes_max, linger, timer_at: None, tick: crate::facts::Moment::MIN }
    }

    /// The full name of one of Waybill's own topics: a derived one, `dead-letters`, `changelog`, `exchange`.
    pub fn own_topic(&self, name: &str) -> String {
        format!("{}{name}", self.application.topic_prefix)
    }

    /// All that views are computed from beside rows, in one number: the rules, and the meaning that each adapter gives its records. It does
    /// not depend on the order of sections or on comments, and is kept with each shard.
    pub fn fingerprint(&self) -> u64 {
        let adapters: Vec<_> = self.sources.iter().map(|s| (&s.common.name, s.kind.name, s.adapter.revision())).collect();
        crate::events::digest(&(&self.rules, adapters, program()))
    }
}

/// A digest of the program itself: another build may compute other views by the same rules, and what it alone would request is held.
fn program() -> u64 {
    static PROGRAM: OnceLock<u64> = OnceLock::new();
    *PROGRAM.get_or_init(|| {
        let version = || xxhash_rust::xxh3::xxh3_64(env!("CARGO_PKG_VERSION").as_bytes());
        let bytes = std::env::current_exe().and_then(std::fs::read);
        bytes.map_or_else(|_| version(), |bytes| xxhash_rust::xxh3::xxh3_64(&bytes))
    })
}

fn read_sections<'d>(
    diagnostics: &'d Diagnostics,
    document: &'d DeTable<'d>,
    text: &str,
    outside: Outside<'_>,
    kinds: &'static [SystemKind],
) -> Option<Config> {
    let mut root = Section::new(diagnostics, String::new(), 1, document);
    let application = settings::application(root.section("application"));
    let kafka = settings::kafka(root.section("kafka"), outside);
    let schema_registry = settings::schema_registry(root.section("schema_registry"), outside);
    let output = settings::output(root.section("output"), schema_registry.is_some());
    let http = settings::http(root.section("http"));
    let epochs = settings::epochs(root.section("epochs"));
    let digester = settings::identity(root.section("identity"), outside);
    let live_at_start = settings::going_live(root.section("going_live"));
    let sources = sources::read(root.section("sources"), kinds);
    let mut stock = StockRules::default();
    let locations = places::locations(root.section("locations"), &sources, &mut stock);
    let mut channels = places::channels(root.section("channels"), &sources, &locations, &mut stock);
    let sources = sources::build(sources, &channels, &stock, digester, text, schema_registry.as_ref());
    channels.iter_mut().for_each(|channel| channel.takes_orders |= sources.iter().any(|source| source.has_orders_of(&channel.name)));
    let rules = policy::rules(&mut root, &sources, channels, locations, stock);
    root.finish();
    let application = application?;
    checks::topics(diagnostics, &application, &sources);
    checks::roles(diagnostics, &sources, &rules);
    checks::stocks(diagnostics, &rules);
    if !diagnostics.is_clean() {
        return None;
    }
    let mut sources = sources.into_iter().map(sources::Draft::finish).collect::<Option<Vec<_>>>()?;
    sources.push(sources::decisions(&application.topic_prefix));
    let (kafka, http) = (kafka?, http?);
    Some(Config {
        file: String::new(),
        application,
        kafka,
        schema_registry,
        output,
        http,
        epochs,
        sources,
        rules,
        live_at_start,
        notes: Vec::new(),
    })
}

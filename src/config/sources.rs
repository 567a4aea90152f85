//! `[sources.NAME]`: what all sources share is read here, the rest goes to the kind's own adapter.
//!
//! Two steps, because channels and locations name sources, and a source's adapter wants to know its channel: [`read`] gives drafts with
//! names and roles, [`build`] makes the adapters.

use std::sync::Arc;

use super::document::{Diagnostics, Section, nearest, suggestion};
use super::settings::SchemaRegistry;
use super::values;
use crate::entities::rules::{Channel, CountingRules, ReportsRefunds, StockRules};
use crate::envelope::avro::Schemas;
use crate::facts::ids::Digester;
use crate::facts::sku::Basis;
use crate::facts::time::Span;
use crate::facts::{Alias, Role, SourceId, Text};
use crate::sources::forms::{AnyForm, members_read};
use crate::sources::{Adapter, Common, StoreView, SystemKind, decisions};

/// A configured source, its adapter built.
#[derive(Clone)]
pub struct Source {
    /// What every source has.
    pub common: Common,
    /// Which system it is.
    pub kind: &'static SystemKind,
    /// Translates its records to facts.
    pub adapter: Arc<dyn Adapter>,
    /// The topics that it is read from, sorted.
    pub topics: Vec<String>,
    /// Nothing is read before all its topics are there.
    pub required: bool,
    /// The schemas that its records need, where they are in Avro.
    pub schemas: Option<Arc<Schemas>>,
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source").field("common", &self.common).field("kind", &self.kind.name).field("topics", &self.topics).finish()
    }
}

/// A source half read. Where a part is `None`, its problem is reported already.
pub struct Draft<'d> {
    pub name: String,
    pub id: SourceId,
    pub line: usize,
    pub kind: Option<&'static SystemKind>,
    pub roles: Vec<Role>,
    pub reports_refunds: ReportsRefunds,
    pub trust_header_count: bool,
    pub quiet: Option<Span>,
    pub counting: Counting,
    pub zone: (String, jiff::tz::TimeZone),
    pub topics: Vec<String>,
    required: bool,
    in_avro: bool,
    schemas: Option<Arc<Schemas>>,
    channel: Option<String>,
    brand: Option<String>,
    number_scope: Option<String>,
    section: Section<'d>,
    common: Option<Common>,
    adapter: Option<Arc<dyn Adapter>>,
}

impl Draft<'_> {
    pub fn plays(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Do customers order here?
    pub fn sells(&self) -> bool {
        self.plays(Role::Shop) || self.plays(Role::Pos)
    }

    /// Are orders of this channel placed here, if of no store that is a channel's own?
    pub fn has_orders_of(&self, channel: &str) -> bool {
        self.common.as_ref().is_some_and(|common| common.channel == channel)
    }

    /// Does it report products?
    pub fn tells_products(&self) -> bool {
        self.adapter.as_ref().is_some_and(|adapter| adapter.tells_products())
    }

    pub fn finish(self) -> Option<Source> {
        Some(Source {
            common: self.common?,
            kind: self.kind?,
            adapter: self.adapter?,
            topics: self.topics,
            required: self.required,
            schemas: self.schemas,
        })
    }
}

/// What people decide and do: a source of every configuration, whose topics are Waybill's own.
pub fn decisions(topic_prefix: &str) -> Source {
    let adapter = decisions::DecisionsAdapter::new(topic_prefix);
    let common = Common {
        name: "waybill".into(),
        id: SourceId::WAYBILL,
        channel: Text::default(),
        brand: Text::default(),
        stores: Vec::new(),
        number_scope: Alias::ORDER_NUMBER.into(),
        counts: None,
        zone: jiff::tz::TimeZone::UTC,
        digester: Digester::new(b""),
    };
    Source { common, kind: &decisions::KIND, topics: adapter.topics(), adapter, required: false, schemas: None }
}

/// The words of `roles`.
pub const ROLES: &[(&str, Role)] = &[
    ("shop", Role::Shop),
    ("pos", Role::Pos),
    ("erp", Role::Erp),
    ("wms", Role::Wms),
    ("marketing", Role::Marketing),
    ("crm", Role::Crm),
    ("finance", Role::Finance),
    ("carrier", Role::Carrier),
    ("mailer", Role::Mailer),
];

const REPORTS: &[(&str, ReportsRefunds)] = &[("none", ReportsRefunds::None), ("all", ReportsRefunds::All), ("own", ReportsRefunds::Own)];

pub fn read<'d>(mut section: Section<'d>, kinds: &'static [SystemKind]) -> Vec<Draft<'d>> {
    if !section.is_there() {
        section.diagnostics().problem(0, "sources", "no source is configured: write a section [sources.NAME] for each system to read");
    }
    let mut drafts: Vec<Draft<'d>> = section.sections().into_iter().map(|(name, section)| draft(name, section, kinds)).collect();
    for i in 0..drafts.len() {
        let (before, rest) = drafts.split_at_mut(i);
        let Some(this) = rest.first_mut() else { continue };
        if let Some(other) = before.iter().find(|other| other.id == this.id) {
            let sentence = format!("has the same short id as the source {} (line {}): choose another name", other.name, other.line);
            this.section.diagnostics().problem(this.line, format!("sources.{}", this.name), sentence);
        }
    }
    drafts
}

fn draft<'d>(name: String, mut section: Section<'d>, kinds: &'static [SystemKind]) -> Draft<'d> {
    if let Err(sentence) = values::name_is_legal(&name) {
        section.diagnostics().problem(section.line(), format!("sources.{name}"), sentence);
    }
    if name == "waybill" {
        section.diagnostics().problem(section.line(), "sources.waybill", "is Waybill's own name: choose another");
    }
    let words: Vec<(&'static str, &'static SystemKind)> = kinds.iter().map(|kind| (kind.name, kind)).collect();
    let kind = section.required("kind", &format!("one of {}", kinds_named(kinds)), |value| values::word(value, &words));
    let roles = section.read("roles", |value| {
        let words = values::texts(value)?;
        let roles = words.iter().map(|word| values::one_of(word, ROLES)).collect::<Result<Vec<_>, _>>()?;
        if roles.is_empty() { Err("is empty: name a role".to_owned()) } else { Ok(roles) }
    });
    if let Some(kind) = kind.filter(|kind| kind.roles.is_empty() && !section.has("roles")) {
        let words: Vec<&str> = ROLES.iter().map(|(word, _)| *word).collect();
        let sentence = format!("is missing: {} can be any system; say which parts it plays, of {}", kind.name, words.join(", "));
        section.problem("roles", sentence);
    }
    let mut roles = roles.or_else(|| kind.map(|kind| kind.roles.to_vec())).unwrap_or_default();
    roles.sort();
    roles.dedup();
    let reports_refunds = section.read("reports_refunds", |value| values::word(value, REPORTS));
    Draft {
        id: SourceId::of(&name),
        line: section.line(),
        kind,
        reports_refunds: reports_refunds.unwrap_or_else(|| refunds_by_default(&roles)),
        trust_header_count: section.read("trust_header_count", values::flag).unwrap_or(false),
        quiet: section.read("quiet", values::span),
        counting: counting(&mut section),
        zone: section.read("zone", values::zone).unwrap_or_else(|| ("UTC".to_owned(), jiff::tz::TimeZone::UTC)),
        channel: section.read("channel", values::text),
        brand: section.read("brand", values::text),
        number_scope: section.read("number_scope", values::name),
        required: section.read("required", values::flag).unwrap_or(false),
        in_avro: section.read("format", |value| values::word(value, &[("json", false), ("avro", true)])).unwrap_or(false),
        schemas: None,
        topics: Vec::new(),
        common: None,
        adapter: None,
        name,
        roles,
        section,
    }
}

/// How a source counts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counting {
    /// What its counts leave out.
    pub counts: Option<Basis>,
    /// `between_counts` is not set: its adapter says whether its movements count.
    movements_unset: bool,
    pub rules: CountingRules,
}

const BASES: &[(&str, Basis)] = &[("on-hand", Basis::OnHand), ("free", Basis::Free)];

fn counting(section: &mut Section<'_>) -> Counting {
    let counts = section.read("counts", |value| values::word(value, BASES));
    let movements = section.read("between_counts", |value| values::word(value, &[("none", false), ("movements", true)]));
    let posting_delay = section.read("posting_delay", values::span);
    let stale_after = section.read("counts_every", values::span_from(Span::minutes(1)));
    let rules = CountingRules { movements: movements.unwrap_or(false), posting_delay, stale_after };
    Counting { counts, movements_unset: movements.is_none(), rules }
}

fn kinds_named(kinds: &[SystemKind]) -> String {
    kinds.iter().map(|kind| kind.name).collect::<Vec<_>>().join(", ")
}

/// Finance hears of every refund, a shop of those that were made in it.
fn refunds_by_default(roles: &[Role]) -> ReportsRefunds {
    if roles.contains(&Role::Finance) {
        ReportsRefunds::All
    } else if roles.contains(&Role::Shop) || roles.contains(&Role::Pos) {
        ReportsRefunds::Own
    } else {
        ReportsRefunds::None
    }
}

/// Builds the adapters. `text` is the whole file: a source's own settings are handed over as plain TOML.
pub fn build<'d>(
    mut drafts: Vec<Draft<'d>>,
    channels: &[Channel],
    stock: &StockRules,
    digester: Option<Digester>,
    text: &str,
    registry: Option<&SchemaRegistry>,
) -> Vec<Draft<'d>> {
    let whole: toml::Table = text.parse().unwrap_or_default();
    for draft in &mut drafts {
        let common = common(draft, channels, stock, digester.clone());
        if let Some(kind) = draft.kind {
            build_one(draft, kind, &common, &whole);
        }
        if draft.in_avro {
            match (registry, &draft.adapter) {
                (None, _) => {
                    let sentence = "needs schema_registry.url: the records' schemas are there";
                    draft.section.problem("format", sentence);
                }
                (Some(registry), Some(adapter)) => draft.schemas = Some(Arc::new(Schemas::new(registry.ids, members_read(adapter)))),
                (Some(_), None) => {}
            }
        }
        draft.adapter = draft.adapter.take().map(|adapter| Arc::new(AnyForm::new(adapter, draft.schemas.clone())) as Arc<dyn Adapter>);
        draft.common = Some(common);
    }
    drafts
}

fn common(draft: &Draft<'_>, channels: &[Channel], stock: &StockRules, digester: Option<Digester>) -> Common {
    let name = channel_of(draft, channels);
    let channel = channels.iter().find(|channel| channel.name == name);
    let of_channel = |channel: &Channel| {
        let inside = stock.prices_include_tax.get(&channel.name).copied();
        let store = |store: &Text| StoreView {
            id: store.clone(),
            channel: channel.name.clone(),
            brand: channel.brand.clone(),
            currency: channel.currency,
            prices_include_tax: inside,
        };
        // The channel of all other stores has one without a name: it sells in its currency too.
        let unnamed = (channel.stores.is_empty() && channel.name == name).then(Text::default);
        channel.stores.iter().chain(&unnamed).map(store).collect::<Vec<_>>()
    };
    let stores = channels.iter().filter(|channel| draft.sells() && channel.shop == draft.name).flat_map(of_channel).collect();
    let brand = draft.brand.as_deref().map(Text::from).or_else(|| channel.map(|channel| channel.brand.clone()));
    Common {
        counts: draft.counting.counts,
        name: draft.name.as_str().into(),
        id: draft.id,
        channel: name,
        brand: brand.unwrap_or_default(),
        stores,
        number_scope: draft.number_scope.as_deref().unwrap_or(Alias::ORDER_NUMBER).into(),
        zone: draft.zone.1.clone(),
        // A missing secret is reported already. Adapters are built all the same, to find what else is wrong.
        digester: digester.unwrap_or_else(|| Digester::new(b"")),
    }
}

/// The channel that was named, else the only one whose shop this source is; of several the one that names no stores, else the first: orders of stores
/// that no channel names are its.
fn channel_of(draft: &Draft<'_>, channels: &[Channel]) -> Text {
    let section = &draft.section;
    if let Some(name) = &draft.channel {
        if !channels.iter().any(|channel| channel.name == *name) {
            let near = suggestion(name, channels.iter().map(|channel| channel.name.as_str()));
            section.problem("channel", format!("there is no section [channels.{name}]{near}"));
        }
        return name.as_str().into();
    }
    let own: Vec<&Channel> = channels.iter().filter(|channel| draft.sells() && channel.shop == draft.name).collect();
    match own.as_slice() {
        [] => Text::default(),
        [one] => one.name.clone(),
        [first, ..] if own.iter().filter(|channel| channel.stores.is_empty()).count() < 2 => {
            let rest = own.iter().find(|channel| channel.stores.is_empty()).unwrap_or(first);
            section
                .diagnostics()
                .note(format!("{}: orders of stores that no channel names are taken to be of the channel {}", draft.name, rest.name));
            rest.name.clone()
        }
        [first, second, ..] => {
            let sentence = format!(
                "is missing: the source is the shop of the channels {} and {}; say which is its own, or give the channels their stores",
                first.name, second.name
            );
            section.problem("channel", sentence);
            Text::default()
        }
    }
}

/// What adapters of databases want to know of records that do not say it themselves.
const DECIMAL_KEYS: [&str; 3] = ["decimals", "decimal_scale", "decimal_scales"];

fn build_one(draft: &mut Draft<'_>, kind: &'static SystemKind, common: &Common, whole: &toml::Table) {
    let given = whole.get("sources").and_then(|sources| sources.get(&draft.name)).and_then(toml::Value::as_table);
    let rest: Vec<String> = draft.section.rest().map(str::to_owned).collect();
    let mut settings = toml::Table::new();
    for key in &rest {
        if draft.in_avro && DECIMAL_KEYS.contains(&key.as_str()) {
            let note = format!("{}: {key} has no effect: records in Avro say themselves how each column writes decimals", draft.name);
            draft.section.diagnostics().note(note);
        } else if let Some(value) = given.and_then(|given| given.get(key)) {
            settings.insert(key.clone(), value.clone());
        }
    }
    match (kind.build)(common, &settings) {
        Ok(adapter) => {
            draft.topics = adapter.topics();
            draft.topics.sort();
            draft.counting.rules.movements |= draft.counting.movements_unset && adapter.counts_now_and_then();
            draft.adapter = Some(adapter);
        }
        Err(sentences) => sentences.into_iter().for_each(|sentence| place(draft, &settings, sentence)),
    }
}

/// Reports an adapter's sentence on the line of the key that it names, else on the line of the source.
fn place(draft: &Draft<'_>, settings: &toml::Table, sentence: String) {
    let diagnostics: &Diagnostics = draft.section.diagnostics();
    let path = format!("sources.{}", draft.name);
    let mut paths = Vec::new();
    key_paths(settings, "", &mut paths);
    let Some(key) = paths.iter().filter(|key| mentions(&sentence, key)).max_by_key(|key| key.len()) else {
        return diagnostics.problem(draft.line, path, sentence);
    };
    let sentence = with_shared_keys(sentence, key, draft.section.known());
    diagnostics.problem(draft.section.line_below(key), format!("{path}.{key}"), sentence);
}

/// An adapter does not know the keys that all sources share: a slip in one of those is seen here.
fn with_shared_keys(sentence: String, key: &str, shared: &[&str]) -> String {
    let Some(at) = sentence.find("; did you mean").or_else(|| sentence.find("; known are")).filter(|_| sentence.contains("unknown key"))
    else {
        return sentence;
    };
    let (problem, suggested) = sentence.split_at(at);
    let own = suggested.strip_prefix("; did you mean").and_then(|rest| rest.split('"').nth(1));
    match nearest(key, shared.iter().copied().chain(own)) {
        Some(near) => format!("{problem}; did you mean \"{near}\"?"),
        None => format!("{sentence}, and of every source {}", shared.join(", ")),
    }
}

/// The paths of all keys: `topics`, `columns.number`, `rows[0].fields.id`.
fn key_paths(table: &toml::Table, prefix: &str, paths: &mut Vec<String>) {
    for (key, value) in table {
        let path = format!("{prefix}{key}");
        if let Some(below) = value.as_table() {
            key_paths(below, &format!("{path}."), paths);
        }
        for (i, item) in value.as_array().into_iter().flatten().enumerate() {
            if let Some(below) = item.as_table() {
                paths.push(format!("{path}[{i}]"));
                key_paths(below, &format!("{path}[{i}]."), paths);
            }
        }
        paths.push(path);
    }
}

/// Does the sentence name this path: in one word (`rows[0].fields.id`), in two (`rows[0]: fields.id`), or its key in quotes?
fn mentions(sentence: &str, path: &str) -> bool {
    let joined = sentence.replacen("]: ", "].", 1);
    if names(&joined, path) {
        return true;
    }
    let Some((parent, key)) = path.rsplit_once('.') else { return false };
    joined.starts_with(parent) && joined.contains(&format!("\"{key}\""))
}

/// Does the sentence hold the key as a word of its own?
fn names(sentence: &str, key: &str) -> bool {
    let inside = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    sentence.match_indices(key).any(|(at, _)| {
        let before = sentence.get(..at).and_then(|text| text.chars().next_back());
        let after = sentence.get(at + key.len()..).and_then(|text| text.chars().next());
        !before.is_some_and(inside) && !after.is_some_and(inside)
    })
}

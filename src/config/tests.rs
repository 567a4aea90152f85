//! What a person gets to read when the file is wrong: whole messages, with their lines.

use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::entities::rules::{Authority, Pair, ReportsRefunds};
use crate::envelope::{DecodeError, Record};
use crate::facts::time::Span;
use crate::facts::{Role, SourceId};
use crate::sources::{Adapter, Common, FactsOut, Reading};

/// A system that knows one setting.
struct Dummy(Vec<String>);

impl Adapter for Dummy {
    fn revision(&self) -> u16 {
        3
    }
    fn topics(&self) -> Vec<String> {
        self.0.clone()
    }
    fn translate(&self, _: &Record<'_>, _: &mut FactsOut<'_>) -> Result<Reading, DecodeError> {
        Ok(Reading::Understood)
    }
}

fn build(common: &Common, settings: &toml::Table) -> Result<Arc<dyn Adapter>, Vec<String>> {
    let mut topics = vec![format!("{}.rows", common.name)];
    let mut errors = Vec::new();
    for (key, value) in settings {
        match (key.as_str(), value.as_array()) {
            ("topics", Some(list)) => topics = list.iter().filter_map(|topic| topic.as_str().map(str::to_owned)).collect(),
            ("topics", None) => errors.push("topics: expected a list".to_owned()),
            ("columns", _) => errors.push("columns.number: there is no such column".to_owned()),
            ("currency", _) => {}
            (unknown, _) => errors.push(format!("unknown key \"{unknown}\"; known are \"topics\", \"columns\"")),
        }
    }
    if errors.is_empty() { Ok(Arc::new(Dummy(topics))) } else { Err(errors) }
}

const fn kind(name: &'static str, roles: &'static [Role]) -> SystemKind {
    SystemKind { name, label: "a dummy", fixtures: name, roles, build }
}

static DUMMIES: &[SystemKind] =
    &[kind("magento", &[Role::Shop]), kind("nav", &[Role::Erp]), kind("peoplevox", &[Role::Wms]), kind("mapped", &[])];

fn read(text: &str) -> Result<Config, Problems> {
    let variable = |name: &str| (name == "EMAIL_SECRET").then(|| "correct horse battery staple".to_owned());
    Config::read("waybill.toml", text, Outside { directory: Path::new("."), variable: &variable }, DUMMIES)
}

const HEAD: &str = r#"application.id = "waybill"
kafka.bootstrap = "localhost:9092"
identity.email_secret = { env = "EMAIL_SECRET" }
"#;

/// The problems of a file that begins with three good lines: `line: key: sentence`.
fn problems(rest: &str) -> Vec<String> {
    let problems = read(&format!("{HEAD}{rest}")).expect_err("something is wrong with it");
    problems.to_string().lines().map(|line| line.trim_start_matches("waybill.toml:").to_owned()).collect()
}

fn good(rest: &str) -> Config {
    read(&format!("{HEAD}{rest}")).unwrap_or_else(|problems| panic!("{problems}"))
}

const SHOP: &str = "[sources.magento]\nkind = \"magento\"\n";
const CHAIN: &str = r#"[sources.magento]
kind = "magento"
[sources.nav]
kind = "nav"
[sources.peoplevox]
kind = "peoplevox"
[locations.MAIN]
aliases = ["PrimarySite"]
[channels.web]
currency = "GBP"
pool = ["PrimarySite"]
"#;

#[test]
fn all_problems_are_told_at_once_each_with_its_line() {
    let text = r#"
[application]
idd = "waybill"
shards = "many"

[sources.magento]
kind = "magentoo"
zone = "Europe/Londn"
quiet = "5"

[durations]
mail_age = "0m"
"#;
    let problems = read(text).expect_err("wrong").to_string();
    let expected = [
        "waybill.toml: identity.email_secret: is missing",
        "waybill.toml: kafka.bootstrap: is missing",
        "waybill.toml:2: application.id: is missing: the name of this application, as in id = \"waybill\"",
        "waybill.toml:3: application.idd: is not a key of this section; did you mean \"id\"?",
        "waybill.toml:4: application.shards: expected a whole number from 1 to 1024, found a text",
        "waybill.toml:7: sources.magento.kind: \"magentoo\" is none of magento, nav, peoplevox, mapped; did you mean \"magento\"?",
        "waybill.toml:8: sources.magento.zone: \"Europe/Londn\" is not a zone of the IANA database",
        "waybill.toml:9: sources.magento.quiet: expected a duration, as in \"30s\", \"15m\", \"24h\" or \"3d\", found \"5\"",
        "waybill.toml:12: durations.mail_age: is too short: at least \"1m\"",
    ];
    for line in expected {
        assert!(problems.lines().any(|found| found.starts_with(line)), "{line}\nis not in\n{problems}");
    }
    let lines: Vec<usize> = read(text).expect_err("wrong").list.iter().map(|problem| problem.line).collect();
    assert!(lines.is_sorted(), "{lines:?}");
}

#[test]
fn the_parts_of_a_system_that_can_be_any_have_to_be_said() {
    let platform = "[sources.platform]\nkind = \"mapped\"\ntopics = [\"returns\"]\n";
    assert_eq!(
        problems(&format!("{SHOP}{platform}")),
        [
            "6: sources.platform.roles: is missing: mapped can be any system; say which parts it plays, of shop, pos, erp, wms, marketing, crm, finance, carrier, mailer"
        ]
    );
    let config = good(&format!("{SHOP}{platform}roles = [\"crm\"]\n"));
    let platform = config.sources.iter().find(|source| source.common.name == "platform").expect("the source");
    assert_eq!(config.rules.source(platform.common.id).map(|rules| rules.roles.clone()), Some(vec![Role::Crm]));
}

#[test]
fn an_unknown_key_is_refused_wherever_it_stands() {
    let found = problems(&format!("{SHOP}chanel = \"web\"\n[sorces.nav]\nkind = \"nav\"\n[durations]\nmail_agee = \"1h\"\n"));
    assert_eq!(found[0], "6: sources.magento.chanel: unknown key \"chanel\"; did you mean \"channel\"?");
    assert_eq!(found[1], "7: sorces: is not a key of this section; did you mean \"sources\"?");
    assert_eq!(found[2], "10: durations.mail_agee: is not a key of this section; did you mean \"mail_age\"?");
}

#[test]
fn an_adapters_own_sentences_get_the_line_of_the_key_that_they_name() {
    let found = problems(&format!("{SHOP}topics = 5\n[sources.magento.columns]\nother = 1\nnumber = \"x\"\n"));
    assert_eq!(
        found,
        [
            "6: sources.magento.topics: topics: expected a list",
            "9: sources.magento.columns.number: columns.number: there is no such column"
        ]
    );
}

#[test]
fn a_file_that_is_not_toml_is_told_by_its_lines_alone() {
    let found = problems("[sources.magento\nkind = \"magento\"\n[kafka]\nbootstrap = \n");
    assert!(found.len() >= 2 && found.iter().all(|problem| problem.contains("not TOML")), "{found:?}");
    assert!(found[0].starts_with("4:"), "{found:?}");
}

#[test]
fn secrets_are_never_shown_and_never_stand_in_the_file() {
    let config = good(&format!("{SHOP}[kafka.properties]\n\"sasl.password\" = {{ env = \"EMAIL_SECRET\" }}\n"));
    let shown = format!("{config:?}");
    assert!(!shown.contains("horse") && shown.contains("***"), "{shown}");
    assert_eq!(config.kafka.properties["sasl.password"].expose(), "correct horse battery staple");

    let found = problems(&format!("{SHOP}[kafka.properties]\n\"sasl.password\" = \"hunter2hunter2\"\n"));
    assert!(found[0].starts_with("7: kafka.properties.sasl.password: a secret does not stand in this file"), "{found:?}");
    assert!(!found[0].contains("hunter2"));

    let text = "application.id = \"w\"\nkafka.bootstrap = \"k:1\"\nidentity.email_secret = { env = \"NOT_SET\" }\n[sources.m]\nkind = \"magento\"\n";
    let found = read(text).expect_err("wrong").to_string();
    assert_eq!(found, "waybill.toml:3: identity.email_secret: the environment has no variable NOT_SET; set it");
}

#[test]
fn a_secret_file_lies_beside_the_configuration() {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("email"), "0123456789abcdef\n").expect("writes");
    let text = HEAD.replace("env = \"EMAIL_SECRET\"", "file = \"email\"") + SHOP;
    let outside = Outside { directory: directory.path(), variable: &|_| None };
    let config = Config::read("f", &text, outside, DUMMIES).unwrap_or_else(|problems| panic!("{problems}"));
    let digest = |secret: &[u8]| crate::facts::ids::Digester::new(secret).email("anne@example.com");
    assert_eq!(config.sources[0].common.digester.email("anne@example.com"), digest(b"0123456789abcdef"));
}

#[test]
fn properties_that_exactly_once_stands_on_are_not_the_users() {
    let found = problems(&format!("{SHOP}[kafka.properties]\n\"isolation.level\" = \"read_uncommitted\"\nssl.ca.location = \"/ca\"\n"));
    assert!(found[0].starts_with("7: kafka.properties.isolation.level: is set by Waybill itself"), "{found:?}");
    assert!(found[1].starts_with("8: kafka.properties.ssl: put the whole name in quotes"), "{found:?}");
}

#[test]
fn a_topic_belongs_to_one_source_and_none_is_waybills_own() {
    let found = problems(
        "[sources.a]\nkind = \"magento\"\ntopics = [\"orders\", \"waybill.exceptions\"]\n[sources.b]\nkind = \"nav\"\ntopics = [\"orders\"]\n",
    );
    assert_eq!(found[0], "4: sources.a: reads waybill.exceptions, which Waybill itself writes");
    assert_eq!(found[1], "7: sources.b: reads the topic orders, as a (line 4) does: a topic belongs to one source");
}

#[test]
fn names_with_one_short_id_are_refused() {
    // Found by trying: fnv-1a of both gives one number.
    let mut seen = std::collections::HashMap::new();
    let clash = (0..100_000u32).find_map(|n| {
        let name = format!("shop{n}");
        seen.insert(SourceId::of(&name), name.clone()).map(|other| (other, name))
    });
    let (first, second) = clash.expect("16 bits are few");
    let found = problems(&format!("[sources.{first}]\nkind = \"magento\"\n[sources.{second}]\nkind = \"nav\"\n"));
    assert!(found.iter().any(|problem| problem.contains("has the same short id as the source")), "{found:?}");
    // "costarring" and "liquid" are the known pair of 32-bit FNV-1a.
    let found = problems(&format!("{SHOP}topics = [\"costarring\", \"liquid\"]\n"));
    assert!(found[0].contains("the topics liquid and costarring have the same short id"), "{found:?}");
}

#[test]
fn places_name_things_that_exist_and_a_name_leads_to_one_place() {
    let found = problems(&format!(
        "{SHOP}[locations.MAIN]\naliases = [\"Hub\"]\nwms = \"peoplvox\"\ncounted_by = [\"magento\", \"nav\"]\n[locations.HUB2]\naliases = [\"Hub\"]\nwms = \"magento\"\n\
         [channels.web]\nshop = \"magneto\"\npool = [\"MAIN\", \"MIAN\"]\ncurrency = \"pounds\"\n"
    ));
    let expected = [
        "7: locations.MAIN.aliases: \"Hub\" already names the location HUB2 (line 10): a name leads to one place",
        "8: locations.MAIN.wms: there is no source \"peoplvox\"",
        "9: locations.MAIN.counted_by: one system counts a location: name one source",
        "12: locations.HUB2.wms: the source \"magento\" (line 4) does not play wms",
        "14: channels.web.shop: there is no source \"magneto\"; did you mean \"magento\"?",
        "15: channels.web.pool: there is no section [locations.MIAN]; did you mean \"MAIN\"?",
        "16: channels.web.currency: expected a currency of three letters, as in \"GBP\", found \"pounds\"",
    ];
    assert_eq!(found, expected);
}

#[test]
fn one_fact_has_one_authority() {
    let two = "[sources.magento]\nkind = \"magento\"\n[sources.nav]\nkind = \"nav\"\n[sources.nav2]\nkind = \"nav\"\n";
    let found = problems(two);
    let returns = "8: authorities.returns: nav (line 6) and nav2 (line 8) play erp and would decide this fact together: \
                   name the one that does, as in returns = \"nav\"";
    assert!(found.contains(&returns.to_owned()), "{found:#?}");
    let config = good(&format!("{two}[authorities]\nreturns = \"nav2\"\nproducts = \"nav\"\nprices = \"nav\"\n"));
    assert_eq!(config.rules.authorities[&Authority::Returns], SourceId::of("nav2"));
    let found = problems(&format!("{CHAIN}[authorities]\npayments = [\"magento\", \"nav\"]\ndeliveries = \"dhl\"\n"));
    assert_eq!(found[0], "16: authorities.payments: one source decides, found a list: magento, nav");
    assert!(found[1].starts_with("17: authorities.deliveries: there is no source \"dhl\""));
}

#[test]
fn every_pair_of_the_books_has_one_keeper() {
    assert_eq!(good(SHOP).rules.books_kept, Pair::ALL);
    let config = good(CHAIN);
    assert!(config.rules.books_kept.is_empty());
    assert!(config.notes.iter().any(|note| note.starts_with("nav keeps the books")), "{:?}", config.notes);
    let config = good(&format!("{CHAIN}[books]\nerp_posts_ledger = false\n"));
    assert_eq!(config.rules.books_kept, Pair::ALL);
    let config = good(&format!("{CHAIN}[books]\nkeep = [\"written-off\", \"captured\"]\n"));
    assert_eq!(config.rules.books_kept, [Pair::Captured, Pair::WrittenOff]);
    let found = problems(&format!("{CHAIN}[books]\nkeep = [\"due\"]\nerp_keeps = [\"due\", \"captured\"]\n"));
    assert_eq!(found, ["17: books.erp_keeps: the pair \"due\" is kept by the ERP and by Waybill (line 16): every pair has one keeper"]);
    let keep = |pair: &str| problems(&format!("{CHAIN}[books]\nkeep = [\"{pair}\"]\n")).concat();
    let unknown = keep("refund");
    assert!(
        unknown.contains("unknown pair \"refund\"; known are captured, supplied") && unknown.ends_with("did you mean \"refunded\"?"),
        "{unknown}"
    );
}

#[test]
fn defaults_follow_from_what_there_is() {
    let config = good(CHAIN);
    let [channel] = config.rules.channels.as_slice() else { panic!("one channel") };
    assert_eq!((channel.shop.as_str(), channel.brand.as_str(), channel.pool.as_slice()), ("magento", "web", &["MAIN".into()][..]));
    let [location] = config.rules.locations.as_slice() else { panic!("one location") };
    assert_eq!((location.wms, location.counted_by), (Some(SourceId::of("peoplevox")), Some(SourceId::of("peoplevox"))));
    let magento = config.sources.iter().find(|source| source.common.name == "magento").expect("magento");
    assert_eq!((magento.common.channel.as_str(), magento.common.brand.as_str()), ("web", "web"));
    assert_eq!(config.rules.sources[0].reports_refunds, ReportsRefunds::Own);
    assert_eq!(config.rules.durations.order_incomplete, Span::minutes(15));
    assert_eq!((config.application.shards, config.application.topic_prefix.as_str()), (16, "waybill."));
    assert_eq!(config.http.listen, Some("127.0.0.1:8080".parse().expect("an address")));
    assert_eq!(config.live_at_start.len(), 12);
}

#[test]
fn how_a_source_counts_is_told_and_what_follows_is_noted() {
    let counts = "kind = \"magento\"\ncounts = \"free\"\nbetween_counts = \"movements\"\nposting_delay = \"2h\"\ncounts_every = \"36h\"\n";
    let rest = format!(
        "{}[channels.web]\ncurrency = \"GBP\"\nprices_include_tax = true\n[locations.TRUCK]\nin_transit = true\ncounted_by = \"magento\"\n[stock]\ncount_tolerance = 2\n",
        SHOP.replace("kind = \"magento\"\n", counts)
    );
    let config = good(&rest);
    let (stock, id) = (&config.rules.stock, SourceId::of("magento"));
    let counting = stock.of(id);
    assert_eq!((counting.movements, counting.posting_delay, counting.stale_after), (true, Some(Span::hours(2)), Some(Span::hours(36))));
    assert_eq!(config.sources[0].common.counts, Some(crate::facts::sku::Basis::Free));
    assert_eq!((stock.in_transit.as_slice(), stock.count_tolerance.to_string()), (&["TRUCK".into()][..], "2".to_owned()));
    assert_eq!(stock.prices_include_tax.get("web"), Some(&true));
    let late = |text: &str| good(text).notes.iter().any(|note| note.contains("set posting_delay to change that"));
    let by_erp = CHAIN.replace("[locations.MAIN]", "[locations.MAIN]\ncounted_by = \"nav\"");
    assert!(late(&by_erp) && !late(CHAIN), "{:?}", good(&by_erp).notes);
}

#[test]
fn roles_that_nobody_plays_are_told_with_what_follows() {
    let notes = good(SHOP).notes;
    let erp = "no source plays erp: an order that is complete and secured counts as recorded and approved; sales-orders carries nothing";
    assert!(notes.iter().any(|note| note == erp), "{notes:#?}");
    assert!(!good(CHAIN).notes.iter().any(|note| note.contains("plays erp")));
    let open = good(&format!("{SHOP}[http]\nlisten = \"0.0.0.0:8080\"\n")).notes;
    assert!(open.iter().any(|note| note.contains("can be reached from other machines")), "{open:?}");
}

#[test]
fn stores_that_sell_from_different_places_should_name_their_stocks() {
    let channel = |name: &str, rest: &str| format!("[channels.{name}]\nshop = \"magento\"\ncurrency = \"GBP\"\n{rest}\n");
    let places = "[locations.north]\n[locations.south]\n";
    let of = |uk: &str, eu: &str| good(&format!("{SHOP}{}{}{places}", channel("uk", uk), channel("eu", eu)));
    let told = |config: &Config| config.notes.iter().any(|note| note.contains("and name no stock_id"));
    let (north, south) = ("stores = [1]\npool = [\"north\"]", "stores = [3]\npool = [\"south\"]");
    assert!(told(&of(north, south)));
    assert!(!told(&of(north, &format!("{south}\nstock_id = 3"))), "the other has what is left");
    assert!(!told(&of(north, "stores = [3]\npool = [\"north\"]")));
    // Orders of the shop are of the channel that names stores, or that all other stores are.
    let orders = |config: Config| config.rules.channels.iter().map(|channel| channel.takes_orders).collect::<Vec<_>>();
    assert_eq!(orders(of(north, "pool = [\"south\"]")), [true, true]);
    let explicit = SHOP.replace("kind", "channel = \"uk\"\nkind");
    let config = good(&format!("{explicit}{}{}{places}", channel("uk", "pool = [\"north\"]"), channel("eu", "pool = [\"south\"]")));
    assert_eq!(
        config.rules.channels.iter().map(|channel| (channel.name.as_str(), channel.takes_orders)).collect::<Vec<_>>(),
        [("eu", false), ("uk", true)]
    );
    assert!(!told(&config));
}

#[test]
fn the_fingerprint_changes_with_the_rules_and_with_nothing_else() {
    let fingerprint = good(CHAIN).fingerprint();
    let mut sections: Vec<String> = CHAIN.split("\n[").map(|section| format!("[{}", section.trim_start_matches('['))).collect();
    sections.reverse();
    assert_eq!(good(&format!("# in another order\n{}\n", sections.join("\n"))).fingerprint(), fingerprint);
    assert_eq!(good(&format!("{CHAIN}[http]\nlisten = \"127.0.0.1:9999\"\n")).fingerprint(), fingerprint);
    assert_ne!(good(&format!("{CHAIN}[durations]\nmail_age = \"23h\"\n")).fingerprint(), fingerprint);
    assert_ne!(good(&CHAIN.replace("[locations.MAIN]", "[locations.MAIN]\nwms = \"none\"")).fingerprint(), fingerprint);
}

#[test]
fn the_container_s_configuration_is_accepted() {
    let text = include_str!("../../docker/waybill.toml");
    let variable = |name: &str| (name == "WAYBILL_EMAIL_SECRET").then(|| "0123456789abcdef".to_owned());
    let outside = Outside { directory: Path::new("."), variable: &variable };
    let config = Config::read("docker/waybill.toml", text, outside, crate::sources::KINDS).unwrap_or_else(|problems| panic!("{problems}"));
    let made: Vec<&str> = include_str!("../../docker/topics.sh").split_whitespace().map(|word| word.trim_end_matches(';')).collect();
    // The topics of decisions and acts are Waybill's own: it makes them itself.
    let own = ["decisions", "acts"].map(|name| config.own_topic(name));
    for (topic, _) in config.source_topics().filter(|(topic, _)| own.iter().all(|own| own != topic)) {
        let table = topic.strip_prefix("magento.magento.").expect("the connector's prefix and database");
        assert!(made.contains(&table), "docker/topics.sh does not make {topic}");
    }
}

#[test]
fn records_in_avro_need_a_registry() {
    let avro = "[sources.shop]\nkind = \"magento\"\nformat = \"avro\"\ndecimals = \"base64\"\n";
    let problems = read(&format!("{HEAD}{avro}")).expect_err("no registry").to_string();
    assert!(problems.contains("sources.shop.format: needs schema_registry.url"), "{problems}");
    let registry = |more: &str| format!("{HEAD}{avro}[schema_registry]\nurl = \"http://localhost:8081/\"\n{more}");
    let config = read(&registry("login = { user = \"waybill\", password = { env = \"EMAIL_SECRET\" } }\nids = \"apicurio-global-8\""));
    let config = config.unwrap_or_else(|problems| panic!("{problems}"));
    let settings = config.schema_registry.as_ref().expect("a registry");
    assert_eq!((settings.url.as_str(), settings.ids), ("http://localhost:8081", crate::envelope::avro::IdForm::Global8));
    assert!(config.sources.iter().any(|source| source.schemas.is_some()) && !format!("{config:?}").contains("correct horse"));
    assert!(config.notes.iter().any(|note| note.contains("decimals has no effect")), "{:?}", config.notes);
    for (wrong, why) in [
        ("login = { user = \"waybill\" }", "schema_registry.login: expected { user"),
        ("login = \"waybill:secret\"", "found a text"),
        ("ids = \"8\"", "schema_registry.ids"),
        ("user = \"waybill\"", "schema_registry.user: is not a key of this section"),
    ] {
        let problems = read(&registry(wrong)).expect_err("wrong").to_string();
        assert!(problems.contains(why), "{wrong}: {problems}");
    }
    let problems = read(&registry("").replace("http://", "http://user:secret@")).expect_err("a login in the address").to_string();
    assert!(problems.contains("write it under login") && !problems.contains("user:secret"), "{problems}");
}

#[test]
fn events_may_be_written_in_avro_all_or_by_topic() {
    let registry = "[schema_registry]\nurl = \"http://localhost:8081\"\n";
    let avro = |more: &str| {
        let text = format!("{HEAD}[sources.shop]\nkind = \"magento\"\n{registry}{more}");
        read(&text).map(|config| config.output.avro.len()).map_err(|problems| problems.to_string())
    };
    let all = Topic::ALL.len();
    assert_eq!(avro(""), Ok(0));
    assert_eq!(avro("[output]\nformat = \"avro\""), Ok(all));
    assert_eq!(avro("[output]\nformat = \"avro\"\ntopics = { \"journal-entries\" = \"json\" }"), Ok(all - 1));
    assert_eq!(avro("[output.topics]\n\"refund-requests\" = \"avro\""), Ok(1));
    assert!(avro("[output.topics]\n\"refund-request\" = \"avro\"").expect_err("unknown").contains("refund-requests"));
    assert!(avro("[output]\nformat = \"csv\"").expect_err("unknown").contains("output.format"));
    let without = format!("{HEAD}[sources.shop]\nkind = \"magento\"\n[output]\nformat = \"avro\"");
    let problems = read(&without).expect_err("no registry").to_string();
    assert!(problems.contains("output.format: needs schema_registry.url"), "{problems}");
}

//! Holds the bodies, their Avro schemas and the page about them together: `schemas/` is written from the types, each field has a doc, and a sample
//! of each body is valid. `WAYBILL_BLESS=1 cargo test --lib events::tests::schemas` writes the folder anew.

use std::collections::BTreeSet;
use std::fmt::Write;

use apache_avro::Schema;
use apache_avro::types::Value;
use apache_avro::writer::datum::GenericDatumWriter;
use serde_json::Value as Json;

use super::schema_of::Types;
use super::*;
use crate::engine::{AUDIT_MEMBERS, DEAD_LETTER_HEADERS, EVENT_HEADERS};
use crate::envelope::avro::{Members, Program};
use crate::events::samples::samples;

/// A file of `schemas/` is as it must be.
fn check(name: &str, wanted: &str) {
    let path = format!("{}/schemas/{name}", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("WAYBILL_BLESS").is_some() {
        std::fs::write(&path, wanted).expect("written");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == wanted, "schemas/{name} is not what the types say: run this test with WAYBILL_BLESS=1, and read what has changed");
}

/// Every record and every field has a doc.
fn documented(schema: &Json, place: &str) {
    match schema {
        Json::Array(branches) => branches.iter().for_each(|branch| documented(branch, place)),
        Json::Object(map) if map.get("type") == Some(&"record".into()) => {
            let doc = |of: &Json| of["doc"].as_str().is_some_and(|doc| doc.ends_with(['.', ')']) && doc.len() > 3);
            assert!(doc(schema), "{place}: the record has no doc");
            for field in schema["fields"].as_array().expect("fields") {
                let place = format!("{place}.{}", field["name"].as_str().expect("a name"));
                assert!(doc(field), "{place} has no doc");
                documented(&field["type"], &place);
            }
        }
        Json::Object(map) => map.get("items").into_iter().for_each(|items| documented(items, place)),
        _ => {}
    }
}

/// The fields of a sample are those of the schema, in the same order and on every level.
fn same_fields(schema: &Json, sample: &Json, place: &str, root: &Json) {
    match (schema, sample) {
        (Json::Array(branches), _) => {
            let branch = branches.iter().find(|branch| **branch != "null").expect("a branch that is not null");
            assert!(!sample.is_null(), "{place}: the sample leaves out an optional field");
            same_fields(branch, sample, place, root);
        }
        (Json::Object(map), Json::Object(fields)) if map.get("type") == Some(&"record".into()) => {
            let of_schema: BTreeSet<&str> =
                schema["fields"].as_array().expect("fields").iter().map(|field| field["name"].as_str().expect("a name")).collect();
            let of_type: BTreeSet<&str> = fields.keys().map(String::as_str).collect();
            assert_eq!(of_schema, of_type, "{place}: schema and type");
            for field in schema["fields"].as_array().expect("fields") {
                let name = field["name"].as_str().expect("a name");
                same_fields(&field["type"], &fields[name], &format!("{place}.{name}"), root);
            }
        }
        (Json::Object(map), Json::Array(members)) if map.get("type") == Some(&"array".into()) => {
            assert!(!members.is_empty(), "{place}: the sample's list is empty");
            members.iter().for_each(|member| same_fields(&schema["items"], member, place, root));
        }
        (Json::String(name), Json::Object(_)) => {
            let record = named(root, name).unwrap_or_else(|| panic!("{place}: no record {name}"));
            same_fields(record, sample, place, root);
        }
        (Json::String(kind), _) => {
            let fits = match kind.as_str() {
                "string" => sample.is_string(),
                "long" | "int" => sample.is_i64() || sample.is_u64(),
                "boolean" => sample.is_boolean(),
                _ => false,
            };
            assert!(fits, "{place}: {kind}, the sample has {sample}");
        }
        _ => panic!("{place}: {schema} does not fit {sample}"),
    }
}

/// The sample as an Avro value of the schema that it fits.
fn avro(schema: &Json, sample: &Json, root: &Json) -> Value {
    match (schema, sample) {
        (Json::Array(_), Json::Null) => Value::Union(0, Box::new(Value::Null)),
        (Json::Array(branches), _) => Value::Union(1, Box::new(avro(&branches[1], sample, root))),
        (Json::String(name), Json::Object(_)) => avro(named(root, name).expect("a record"), sample, root),
        (_, Json::Object(fields)) => {
            let names = schema["fields"].as_array().expect("fields").iter();
            let field = |of: &Json| {
                let name = of["name"].as_str().expect("a name");
                (name.to_owned(), avro(&of["type"], &fields[name], root))
            };
            Value::Record(names.map(field).collect())
        }
        (_, Json::Array(members)) => Value::Array(members.iter().map(|member| avro(&schema["items"], member, root)).collect()),
        (_, Json::String(text)) => Value::String(text.clone()),
        (_, Json::Bool(flag)) => Value::Boolean(*flag),
        (_, Json::Number(number)) => Value::Long(number.as_i64().expect("a whole number")),
        (_, Json::Null) => Value::Null,
    }
}

/// The record of this name, wherever it is written.
fn named<'j>(schema: &'j Json, name: &str) -> Option<&'j Json> {
    match schema {
        Json::Object(map) if map.get("type") == Some(&"record".into()) && map.get("name") == Some(&name.into()) => Some(schema),
        Json::Object(map) => map.values().find_map(|part| named(part, name)),
        Json::Array(parts) => parts.iter().find_map(|part| named(part, name)),
        _ => None,
    }
}

#[test]
fn every_topic_has_a_schema_that_its_body_fits() {
    let (samples, types) = (samples(), Types::read());
    for topic in Topic::ALL {
        let sample = samples.iter().find(|of| of.topic == topic).unwrap_or_else(|| panic!("no sample of {}", topic.name()));
        let text = serde_json::to_string_pretty(&types.schema(sample.body)).expect("a schema is JSON") + "\n";
        check(&format!("{}.avsc", topic.name()), &text);
        let json: Json = serde_json::from_str(&text).expect("JSON");
        documented(&json, topic.name());
        same_fields(&json, &sample.json, topic.name(), &json);
        let schema = Schema::parse_str(&text).unwrap_or_else(|error| panic!("{}: {error}", topic.name()));
        let writer = GenericDatumWriter::builder(&schema).build().expect("a writer");
        let value = avro(&json, &sample.json, &json);
        let bytes = writer.write_value_to_vec(value).unwrap_or_else(|error| panic!("{}: {error}", topic.name()));
        // Our own writer's bytes are the library's, and our reader gives the body back.
        let program = Program::read(&text, &[], &Members::All).unwrap_or_else(|error| panic!("{}: {error}", topic.name()));
        let (mut ours, mut read) = (Vec::new(), Vec::new());
        program.bytes(&sample.json, &mut ours).unwrap_or_else(|error| panic!("{}: {error}", topic.name()));
        assert_eq!(ours, bytes, "{}", topic.name());
        program.json("value", &ours, &mut read).unwrap_or_else(|error| panic!("{}: {error}", topic.name()));
        assert_eq!(serde_json::from_slice::<Json>(&read).expect("JSON"), sample.json, "{}", topic.name());
    }
}

#[test]
fn a_page_tells_of_all_topics_and_headers() {
    let (samples, types) = (samples(), Types::read());
    let mut page = String::from(
        "# What Waybill writes\n\nThis folder is written by a test from the types of `src/events` and their doc comments:\n\
         `WAYBILL_BLESS=1 cargo test --lib events::tests::schemas` writes it anew.\n\n\
         Bodies are JSON, or Avro where `[output]` of the configuration says so. Each schema beside this page says which members a body has, in which\n\
         order, and what they mean. In Avro it is registered as TOPIC-value, and its id stands before the value: a zero byte and 4 bytes.\n\n\
         | topic | kind | schema | what it says |\n| --- | --- | --- | --- |\n",
    );
    for topic in Topic::ALL {
        let sample = samples.iter().find(|of| of.topic == topic).expect("a sample");
        let (name, kind) = (topic.name(), if topic.is_statement() { "statement" } else { "request" });
        let _ = writeln!(page, "| `{name}` | {kind} | [{0}]({name}.avsc) | {1} |", sample.body, types.schema(sample.body).doc);
    }
    page.push_str(
        "\nA statement's Kafka key is the whole key of what it speaks of; its topic is compacted, and a tombstone withdraws it. A request's Kafka key\n\
         is the order's key; its topic keeps every record. Every event has these headers:\n\n| header | value |\n| --- | --- |\n",
    );
    for (name, about) in EVENT_HEADERS {
        let _ = writeln!(page, "| `{name}` | {about} |");
    }
    page.push_str(
        "\n## `dead-letters`\n\nA record that could not be decoded, as it came: key and value are the source record's own, byte for byte, and null where\n\
         it had none. So there is no schema. Headers say where it came from and what is wrong with it:\n\n\
         | header | value |\n| --- | --- |\n",
    );
    for (name, about) in DEAD_LETTER_HEADERS {
        let _ = writeln!(page, "| `{name}` | {about} |");
    }
    page.push_str(
        "\nIt is outstanding until its record is read, or somebody discards it (`waybill dead-letters`). A record that is refused once more, as it came \
         or edited, is not written here again.\n\n\
         ## `audit`\n\nWhat people decided (the topic `decisions`) and did (`acts`), and what became of it: one record for each, in the transaction in \
         which it took effect. JSON, keyed by what it is about. May hold a person's data.\n\n\
         | member | value |\n| --- | --- |\n",
    );
    for (name, about) in AUDIT_MEMBERS {
        let _ = writeln!(page, "| `{name}` | {about} |");
    }
    page.push_str(
        "\n## `acts`\n\nWhat people do beside deciding: Waybill reads it, HTTP and the commands write it, and so may another program. JSON: `act`, `who`, `at` \
         (RFC 3339), `why`, and what the act needs:\n\n\
         | act | members |\n| --- | --- |\n\
         | `retry` | `place` (`topic[partition]@offset`); `record`, the record as it came: `key`, `value`, `headers` as in `waybill-headers`, `timestamp` |\n\
         | `edit` | `place`; `record` as it is to be read, with its own `timestamp`; `changes`, for the audit |\n\
         | `discard` | `place` |\n\
         | `discard-cause` | `cause`, as `GET /dead-letters` has it: all of its letters that were last refused by then |\n\
         | `note` | `exception`, its key; `note` |\n\
         | `own` | `exception`; `owner`, empty: nobody |\n",
    );
    check("README.md", &page);
}

#[test]
fn the_readme_lists_every_topic() {
    let list = |about: &str, statements: bool| {
        let names: Vec<String> =
            Topic::ALL.iter().filter(|topic| topic.is_statement() == statements).map(|topic| format!("`{}`", topic.name())).collect();
        format!("{about}: {}.", names.join(", "))
    };
    let wanted = [
        list("- Statements (the newest state of a key, compacted)", true),
        list("- Requests (gated, entered in a ledger, never made twice)", false),
    ];
    let (from, to) = ("<!-- topics -->\n", "<!-- end -->");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let page = std::fs::read_to_string(path).expect("README.md");
    let (before, rest) = page.split_once(from).expect("where the topics begin");
    let (_, after) = rest.split_once(to).expect("where they end");
    let wanted = format!("{before}{from}{}\n{to}{after}", wanted.join("\n"));
    if std::env::var_os("WAYBILL_BLESS").is_some() {
        std::fs::write(path, &wanted).expect("written");
    }
    assert!(
        page == wanted || std::env::var_os("WAYBILL_BLESS").is_some(),
        "README.md lists other topics: run this test with WAYBILL_BLESS=1"
    );
}

#[test]
fn no_schema_is_without_a_topic() {
    let folder = format!("{}/schemas", env!("CARGO_MANIFEST_DIR"));
    for file in std::fs::read_dir(folder).expect("schemas") {
        let name = file.expect("a file").file_name().into_string().expect("a name");
        assert!(name == "README.md" || name.strip_suffix(".avsc").and_then(Topic::named).is_some(), "{name} describes no topic: remove it");
    }
}

#[test]
fn a_body_begins_with_its_id() {
    for sample in samples() {
        assert!(sample.json["id"].as_str().is_some_and(|id| id.starts_with(sample.topic.name())), "{}", sample.topic.name());
    }
}

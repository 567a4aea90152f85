//! Holds the bodies and their Avro schemas together: the same fields, each with a doc, and a sample of each body is valid.

use std::collections::BTreeSet;

use apache_avro::Schema;
use apache_avro::types::Value;
use apache_avro::writer::datum::GenericDatumWriter;
use serde_json::Value as Json;

use super::*;
use crate::events::samples::samples;

fn schema_text(name: &str) -> String {
    let path = format!("{}/schemas/{name}.avsc", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("schemas/{name}.avsc: {error}"))
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
    let samples = samples();
    for topic in Topic::ALL {
        let (_, sample) = samples.iter().find(|(of, _)| *of == topic).unwrap_or_else(|| panic!("no sample of {}", topic.name()));
        let text = schema_text(topic.name());
        let json: Json = serde_json::from_str(&text).expect("a schema is JSON");
        documented(&json, topic.name());
        same_fields(&json, sample, topic.name(), &json);
        let schema = Schema::parse_str(&text).unwrap_or_else(|error| panic!("{}: {error}", topic.name()));
        let writer = GenericDatumWriter::builder(&schema).build().expect("a writer");
        let value = avro(&json, sample, &json);
        let bytes = writer.write_value_to_vec(value).unwrap_or_else(|error| panic!("{}: {error}", topic.name()));
        assert!(!bytes.is_empty());
    }
}

#[test]
fn dead_letters_have_a_schema() {
    let text = schema_text("dead-letter");
    documented(&serde_json::from_str(&text).expect("a schema is JSON"), "dead-letter");
    Schema::parse_str(&text).expect("a schema");
}

#[test]
fn no_schema_is_without_a_topic() {
    let folder = format!("{}/schemas", env!("CARGO_MANIFEST_DIR"));
    for file in std::fs::read_dir(folder).expect("schemas") {
        let name = file.expect("a file").file_name().into_string().expect("a name");
        let stem = name.strip_suffix(".avsc").unwrap_or_else(|| panic!("{name} is no schema"));
        assert!(stem == "dead-letter" || Topic::named(stem).is_some(), "{name}");
    }
}

#[test]
fn a_body_begins_with_its_id() {
    for (topic, sample) in samples() {
        assert!(sample["id"].as_str().is_some_and(|id| id.starts_with(topic.name())), "{}", topic.name());
    }
}

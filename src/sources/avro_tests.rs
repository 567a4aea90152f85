//! The fixtures of all sources once more, in Avro: the same facts.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::avro_writer::{Numbers, Writer, framed};
use super::fixtures::{self, Case, cases, read};
use super::forms::{AnyForm, members_read};
use super::{Adapter, KINDS};
use crate::envelope::Record;
use crate::envelope::avro::{IdForm, SchemaId, Schemas};
use crate::facts::Moment;

/// What the adapter makes of the record as JSON, and as Avro; `None`: it has no form in Avro.
fn both(adapter: &Arc<dyn Adapter>, name: &str, case: &Case<'_>, mut writer: Writer) -> Option<(String, String)> {
    let json: Value = serde_json::from_str(case.value?.get()).ok().filter(Value::is_object)?;
    let (schema, avro) = framed(7, &json, &mut writer)?;
    let schemas = Arc::new(Schemas::new(IdForm::Confluent, members_read(adapter)));
    schemas.learn(SchemaId::Id(7), &schema, &[]);
    let of_avro: Arc<dyn Adapter> = Arc::new(AnyForm::new(Arc::clone(adapter), Some(schemas)));
    let topic: Arc<str> = case.topic.as_str().into();
    let told = |adapter: &Arc<dyn Adapter>, value: &[u8]| {
        let record = Record {
            topic: &topic,
            topic_index: 0,
            partition: 0,
            offset: 7,
            timestamp: Moment::parse_rfc3339(fixtures::TAKEN_AT).expect("a moment"),
            key: None,
            value: Some(value),
            headers: case.headers.iter().map(|(name, value)| (name.as_bytes(), Some(value.as_bytes()))).collect(),
        };
        let (reading, facts) = fixtures::translate(&**adapter, name, &record);
        match reading {
            // Among bodies of one moment their bytes decide: other ones in each form.
            Ok(reading) => format!("{reading:?} {facts:#?}")
                .lines()
                .filter(|line| !line.trim_start().starts_with("tie: "))
                .collect::<Vec<_>>()
                .join("\n"),
            // What was found is written as it came: another text in each form.
            Err(error) => error.split(", found ").next().unwrap_or_default().to_owned(),
        }
    };
    Some((told(adapter, json.to_string().as_bytes()), told(&of_avro, &avro)))
}

#[test]
fn every_fixture_in_avro_gives_the_same_facts() {
    let mut compared: BTreeMap<&str, usize> = BTreeMap::new();
    let mut differing = Vec::new();
    for kind in KINDS {
        let (name, adapter) = fixtures::configured(kind);
        for path in cases(&fixtures::folder(kind)) {
            let text = read(&path);
            let case: Case<'_> = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            for (numbers, null_last) in [(Numbers::AsTheyAre, false), (Numbers::Unscaled, true), (Numbers::WithScale, false)] {
                let of_tables = matches!(kind.name, "magento" | "nav");
                let Some((json, avro)) = both(&adapter, &name, &case, Writer::new(numbers, null_last, of_tables)) else { continue };
                *compared.entry(kind.name).or_default() += 1;
                // A text in which digits happen to stand is no decimal: its column wants a text.
                let is_text = numbers != Numbers::AsTheyAre && avro.contains("expected text");
                if json != avro && !is_text {
                    differing.push(format!("{} ({numbers:?})\nJSON: {json}\nAvro: {avro}", path.display()));
                }
            }
        }
    }
    assert!(differing.is_empty(), "{} differ:\n{}", differing.len(), differing.join("\n\n"));
    assert!(compared["magento"] > 250 && compared["nav"] > 60 && compared["mapped"] > 20, "{compared:?}");
}

//! The retailer that stories are about: a configuration as a user would write it, with one kind of source of our own, whose records hold
//! the canonical rows that a story's line means. So route, names, seal, ledgers and statements run as in production.

use std::path::Path;
use std::sync::Arc;

use super::rows::StoryFact;
use waybill::config::{Config, Outside};
use waybill::envelope::{DecodeError, Record};
use waybill::facts::{OwnedRow, Role, Row, Subject};
use waybill::sources::{Adapter, Common, FactsOut, Reading, SystemKind};

static KINDS: [SystemKind; 1] = [SystemKind {
    name: "story",
    label: "a system of a story",
    fixtures: "scenarios",
    roles: &[Role::Shop],
    build: |common, settings| Ok(story(common, settings)),
}];

/// Tells what a story's lines mean.
struct Story {
    topic: String,
    tells_products: bool,
}

/// `tells_products = true`: a SKU without a product row of it is unknown.
fn story(common: &Common, settings: &toml::Table) -> Arc<dyn Adapter> {
    let tells_products = settings.get("tells_products").and_then(toml::Value::as_bool).unwrap_or(false);
    Arc::new(Story { topic: topic_of(&common.name), tells_products })
}

/// The one topic of a system.
pub fn topic_of(system: &str) -> String {
    format!("story.{system}")
}

impl Adapter for Story {
    fn revision(&self) -> u16 {
        1
    }

    fn topics(&self) -> Vec<String> {
        vec![self.topic.clone()]
    }

    fn tells_products(&self) -> bool {
        self.tells_products
    }

    fn translate(&self, record: &Record<'_>, out: &mut FactsOut<'_>) -> Result<Reading, DecodeError> {
        let facts: Vec<StoryFact> = postcard::from_bytes(record.value.unwrap_or_default()).expect("a line's facts");
        for StoryFact { subject, kind, id, place, at, row } in facts {
            match (subject, row) {
                (subject, None) => out.deleted(subject, kind, id, place, at),
                (Subject::Alias(name), Some(Row::Link(to))) => out.alias(name, to, place, at),
                (Subject::Order(order), Some(Row::Order(row))) => out.order(order, id, place, at, row),
                (Subject::Alias(name), Some(Row::Order(row))) => out.order_by_alias(name, id, place, at, row),
                (Subject::Sku(sku), Some(Row::Sku(row))) => out.sku(sku, id, place, at, row),
                (Subject::Customer(customer), Some(Row::Customer(row))) => out.customer(customer, id, place, at, row),
                (Subject::RowOwner(_), Some(Row::Owned(owned))) => match *owned {
                    OwnedRow { subject, row: Row::Order(row) } => out.owned(subject, id, place, at, row),
                    owned => panic!("{owned:?} is no row of an order"),
                },
                (Subject::Set(set), Some(Row::Watermark(watermark))) => {
                    out.watermark(set.entity, set.kind, set.prefix, place, at, watermark)
                }
                (subject, Some(row)) => panic!("a story tells no {row:?} of {subject:?}"),
            }
        }
        Ok(Reading::Understood)
    }
}

/// The configuration of `retailer.toml`, with the scenario's own settings put over it. `"none"` takes a section away.
pub fn config(usual: &str, otherwise: &toml::Table) -> Result<Config, String> {
    let mut table: toml::Table = usual.parse().map_err(|error| format!("retailer.toml: {error}"))?;
    put_over(&mut table, otherwise);
    let text = toml::to_string(&table).map_err(|error| error.to_string())?;
    let secret = |name: &str| (name == "SECRET").then(|| "people of stories are made up".to_owned());
    let outside = Outside { directory: Path::new("."), variable: &secret };
    Config::read("the retailer", &text, outside, &KINDS).map_err(|problems| format!("the retailer of this scenario: {problems}"))
}

fn put_over(table: &mut toml::Table, otherwise: &toml::Table) {
    for (key, value) in otherwise {
        match (table.get_mut(key), value) {
            (_, toml::Value::String(word)) if word == "none" => {
                table.remove(key);
            }
            (Some(toml::Value::Table(inner)), toml::Value::Table(over)) => put_over(inner, over),
            _ => {
                table.insert(key.clone(), value.clone());
            }
        }
    }
}

//! Plays a case to the real engine on the log in memory.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::expected::Expected;
use super::records::Step;
use crate::scenarios::run::{Heard, Play, block_on};
use waybill::config::Config;
use waybill::facts::Moment;
use waybill::http::Views;

/// What stands there at the end.
pub struct Outcome {
    /// By the name that was asked for.
    pub orders: BTreeMap<String, Value>,
    /// By the order's name.
    pub books: BTreeMap<String, Value>,
    pub stock: BTreeMap<String, Value>,
    pub customers: BTreeMap<String, Value>,
    pub heard: Vec<Heard>,
    pub dead_letters: usize,
}

impl Outcome {
    /// All of it, for a person who looks for what is wrong.
    pub fn shown(&self) -> String {
        let events: Vec<Value> = self.heard.iter().map(|event| json!([event.topic.name(), event.key, event.body])).collect();
        let all = json!({ "orders": self.orders, "stock": self.stock, "customers": self.customers });
        let events: Vec<String> = events.iter().map(Value::to_string).collect();
        format!("{all:#}\n{}", events.join("\n"))
    }
}

/// So long after its last step a case is looked at.
const SETTLES_MS: i64 = 4_000;

pub fn play(config: &Config, epochs: &[Step], expected: &Expected) -> Result<Outcome, String> {
    block_on(async {
        let highest = epochs.iter().flat_map(|epoch| &epoch.records).filter_map(|record| record.partition).max();
        let mut play = Play::open(config, 1 + highest.unwrap_or(0)).await?;
        for epoch in epochs {
            play.wait_until(epoch.at).await?;
            epoch.records.iter().for_each(|record| play.write(record.clone()));
            play.read_all().await?;
        }
        let last = epochs.last().map_or(0, |epoch| epoch.at.0);
        play.wait_until(Moment(last + expected.settles.map_or(SETTLES_MS, |settles| settles * 1_000))).await?;
        play.read_all().await?;
        play.audit()?;
        let views = play.views();
        let asked = |names: &mut dyn Iterator<Item = &String>, answer: &dyn Fn(&str) -> Option<Value>| -> BTreeMap<String, Value> {
            names.map(|name| (name.clone(), answer(name).unwrap_or(Value::Null))).collect()
        };
        Ok(Outcome {
            orders: asked(&mut expected.orders.keys().chain(expected.found.keys()), &|id| match id.split_once("?store=") {
                Some((id, store)) => views.order(id, Some(store)),
                None => views.order(id, None),
            }),
            books: asked(&mut expected.orders.keys(), &|id| views.books(id)),
            stock: asked(&mut expected.stock.keys(), &|sku| views.stock(sku)),
            customers: asked(&mut expected.customers.keys(), &|key| views.customer(key)),
            heard: play.heard().to_vec(),
            dead_letters: play.dead_letters(),
        })
    })
}

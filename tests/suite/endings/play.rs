//! Plays thousands of endings at once: each is an order of its own in one engine on the log in memory, and each day is an epoch.

use std::collections::BTreeMap;

use serde_json::Value;

use super::chance::Chance;
use super::story::{self, Told};
use super::truth::{Arrival, Ending, House};
use crate::scenarios::language::{DAY_ONE, Line, Marks};
use crate::scenarios::retailer;
use crate::scenarios::rows::Teller;
use crate::scenarios::run::{Epoch, Play, StoryRecord, block_on};
use waybill::config::Config;
use waybill::events::Topic;
use waybill::facts::Moment;
use waybill::facts::time::Span;
use waybill::http::Views;

/// Days that go by after the last thing has happened, and the looks on the way.
const AFTERWARDS: [i64; 4] = [2, 8, 20, 70];

/// What Waybill has made of an order.
#[derive(Clone, Debug, Default)]
pub struct Made {
    pub requests: Vec<Value>,
    pub entries: Vec<Value>,
    /// ... and of the order that has the goods of an exchange.
    pub of_another: Vec<Value>,
    /// Kinds that are open.
    pub open: Vec<String>,
    pub answer: Value,
}

/// The retailer's configuration.
pub fn config(house: House) -> Config {
    let otherwise = match house {
        House::Whole => {
            "sources = { till = { kind = \"story\", roles = [\"pos\"] } }\n\
             channels = { store = { shop = \"till\", brand = \"acme\", currency = \"GBP\", pool = [\"MAIN\"] } }\n"
        }
        House::ShopAlone => {
            "channels = { web = { pool = \"none\" } }\nbooks = \"none\"\n\
             sources = { erp = \"none\", wms = \"none\", carrier = \"none\", finance = \"none\" }\nlocations = { MAIN = \"none\" }\n"
        }
        House::ShopAndFinance => {
            "channels = { web = { pool = \"none\" } }\nbooks = \"none\"\n\
             sources = { erp = \"none\", wms = \"none\", carrier = \"none\" }\nlocations = { MAIN = \"none\" }\n"
        }
    };
    let text = format!(
        "{otherwise}notifications = {{ kinds = [] }}\nrefunds = {{ limit_per_hour = 0, limit_sum_per_hour = 0, limit_share_of_day = 0 }}\n"
    );
    let usual = include_str!("../../fixtures/scenarios/retailer.toml");
    let otherwise: toml::Table = text.parse().expect("a table");
    retailer::config(usual, &otherwise).expect("a configuration")
}

/// The records of an ending, each with the day on which it arrives.
fn records(ending: &Ending, number: u64) -> Vec<(i64, StoryRecord)> {
    let told: Vec<Told> = story::story(ending, number);
    let lines: Vec<Line> = told.iter().enumerate().map(|(place, told)| line(place + 1, told, number)).collect();
    let mut teller = Teller::new(&lines);
    let mut chance = Chance::new(ending.shuffle);
    let last = ending.last_day();
    let mut records = Vec::new();
    for (line, told) in lines.iter().zip(&told) {
        let facts = teller.tell(line).unwrap_or_else(|wrong| panic!("seed {}: {wrong}: {}", ending.seed, told.says));
        let day = match ending.arrival {
            Arrival::Daily => told.day,
            Arrival::AtOnce => last,
            Arrival::Late => told.day + chance.below(4) as i64,
        };
        let record = StoryRecord { line: line.number, who: line.who.clone(), at: line.at, facts, ends_epoch: false };
        if chance.percent(8) {
            // It comes once more, on that day or long after.
            records.push((day + chance.below(6) as i64, record.clone()));
        }
        records.push((day, record));
    }
    chance.shuffle(&mut records);
    records
}

fn line(number: usize, told: &Told, order: u64) -> Line {
    let (who, says) = told.says.split_once(' ').expect("who, and what he says");
    let at = DAY_ONE + Span::days(told.day - 1) + Span::minutes(told.minute);
    let marks = Marks { order: told.of_another.then(|| another(order)), ..Marks::default() };
    Line { number, at, who: who.to_owned(), says: says.to_owned(), marks, ends_epoch: false }
}

/// The number of the order that has the goods of an exchange.
fn another(number: u64) -> String {
    format!("{number}-X")
}

/// Plays endings of one house; the answers are in the same order.
pub fn play(house: House, endings: &[Ending]) -> Vec<Made> {
    let config = config(house);
    let number = |place: usize| 1_001 + place as u64;
    let mut by_day: BTreeMap<i64, Vec<StoryRecord>> = BTreeMap::new();
    for (place, ending) in endings.iter().enumerate() {
        for (day, record) in records(ending, number(place)) {
            by_day.entry(day).or_default().push(record);
        }
    }
    let played = block_on(async {
        let mut play = Play::open(&config, 1).await?;
        let last = by_day.keys().last().copied().unwrap_or(1);
        for (day, records) in by_day {
            play.day(&Epoch { clock: evening(day), records }).await?;
        }
        for later in AFTERWARDS {
            play.day(&Epoch { clock: evening(last + later), records: Vec::new() }).await?;
        }
        let views = play.views();
        let mut made: BTreeMap<String, Made> = BTreeMap::new();
        for place in 0..endings.len() {
            let number = number(place).to_string();
            let answer = views.order(&number, None).unwrap_or_default();
            made.insert(format!("shop|{number}"), Made { answer, ..Made::default() });
        }
        let mut open: BTreeMap<&str, &Value> = BTreeMap::new();
        for heard in play.heard() {
            match (heard.topic, &heard.body) {
                (Topic::Exceptions, Some(body)) => drop(open.insert(&heard.key, body)),
                (Topic::Exceptions, None) => drop(open.remove(heard.key.as_str())),
                (Topic::JournalEntries | Topic::RefundRequests, Some(body)) if heard.key.ends_with("-X") => {
                    let of = heard.key.trim_end_matches("-X");
                    made.get_mut(of).ok_or("an event of no order")?.of_another.push(body.clone());
                }
                (Topic::RefundRequests, Some(body)) => {
                    made.get_mut(&heard.key).ok_or("a request of no order")?.requests.push(body.clone());
                }
                (Topic::JournalEntries, Some(body)) => {
                    made.get_mut(&heard.key).ok_or("an entry of no order")?.entries.push(body.clone());
                }
                _ => {}
            }
        }
        for body in open.values() {
            if let Some(made) = body["entity"].as_str().and_then(|key| made.get_mut(key)) {
                made.open.push(body["kind"].as_str().unwrap_or_default().to_owned());
            }
        }
        if play.dead_letters() > 0 {
            return Err(format!("{} dead letters", play.dead_letters()));
        }
        Ok((0..endings.len()).map(|place| made[&format!("shop|{}", number(place))].clone()).collect())
    });
    played.expect("the engine plays")
}

fn evening(day: i64) -> Moment {
    DAY_ONE + Span::days(day - 1) + Span::hours(23)
}

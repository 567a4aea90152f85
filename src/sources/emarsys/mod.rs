//! SAP Emarsys: what it says of contacts and their opt-in. Nothing is pushed by it: rows are exported, answers of its API are landed as they came.
//!
//! | Record | Facts |
//! |---|---|
//! | a contact's row (`email`, `opt_in`, `opt_in_changed_at`, `external_id`); a row of `contact/getchanges` | `Consent`; `Account`, where the external id is a shop's account |
//! | the answer to `contact/getdata`: a list of contacts by the numbers of fields (3 address, 31 opt-in) | the same for each |
//! | the answer to `contact/last_change` of field 31, asked with addresses | `Consent` with the moment of the change |
//! | Open Data `email_unsubscribes`, `email_complaints`, `rtm/mail_events/unsubscribe`, with an address | `Consent`: a refusal, at its moment |
//! | all other engagement: sends, opens, clicks, bounces, responses | skipped: it stays in Emarsys (journey.md, "Customers") |
//! | test mails (no contact), other replies and requests, the shop plug-in's queue (`emarsys_events_data`) | skipped, and not looked into |
//!
//! - **Opt-in**: 1 yes, 2 no, empty never asked; a choice's text in the account's language where a file has texts (`opt_in`).
//! - **Times** of Open Data are UTC; those of the API and of files are in the account's zone (`zone`, mostly Central European Time), or have an
//!   offset, of hours alone perhaps.
//! - **Versions**: a statement is as new as Emarsys made it (`exported_at`, `loaded_at`), else as its record. All statements about one address are one
//!   row. A record that comes twice changes nothing.
//! - **Whose**: the external id is a shop's account where `account_source` names the shop; else the person is the guest with this address. A record
//!   that names only Emarsys's own id of the contact leads to nobody: export `email` beside it. An answer of `last_change` names no external id, so it is
//!   the guest's: for shops with accounts land the moment in the contact's row (`opt_in_changed_at`).
//!
//! Columns of files and of Open Data's events are taken from memory: they stand in `columns.rs`, and the texts of choices in `CHOICES`.

mod cells;
mod columns;
mod contacts;
mod context;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::value::RawValue;

use self::cells::text;
use self::columns::{CHANGE, DATA, EVENT, OUTER, contact, data, event, outer};
use self::context::{CHOICES, Emarsys, EmarsysSettings};
use super::adapter::{Adapter, Common, Reading, Skip, SystemKind};
use super::facts_out::FactsOut;
use super::settings;
use super::words::Words;
use crate::envelope::{DecodeError, Record, SpelledRow, body, csv};
use crate::facts::Role;

pub const KIND: SystemKind = SystemKind {
    name: "emarsys",
    label: "SAP Emarsys (contacts and their opt-in: exported rows, answers of the API, Open Data, CSV)",
    fixtures: "emarsys",
    roles: &[Role::Marketing],
    build,
};

fn build(common: &Common, table: &toml::Table) -> Result<Arc<dyn Adapter>, Vec<String>> {
    let settings: EmarsysSettings = settings::read(table)?;
    let mut errors = Vec::new();
    let choices = Words::new("opt_in", CHOICES, &settings.opt_in).map_err(|wrong| errors.extend(wrong));
    let contacts = columns::contacts(&settings.fields).map_err(|wrong| errors.extend(wrong));
    if settings.topics.is_empty() && settings.columns.is_empty() {
        errors.push("topics: is empty; name at least one".into());
    }
    match (choices, contacts) {
        (Ok(choices), Ok(contacts)) if errors.is_empty() => Ok(Arc::new(Emarsys { common: common.clone(), settings, choices, contacts })),
        _ => Err(errors),
    }
}

impl Adapter for Emarsys {
    fn revision(&self) -> u16 {
        contacts::REVISION
    }

    fn topics(&self) -> Vec<String> {
        let mut topics: Vec<String> = self.settings.topics.iter().chain(self.settings.columns.keys()).cloned().collect();
        topics.sort();
        topics.dedup();
        topics
    }

    fn assumes(&self) -> Vec<String> {
        let mut all = vec!["an answer of contact/last_change is about the opt-in (field 31), asked with addresses".to_owned()];
        if self.settings.account_source.is_none() {
            all.push(
                "a contact is the guest with its address: no shop's account numbers are named as its external ids (account_source)"
                    .to_owned(),
            );
        }
        all
    }

    fn translate(&self, record: &Record<'_>, out: &mut FactsOut<'_>) -> Result<Reading, DecodeError> {
        if record.value.is_none() {
            return Ok(Reading::Skipped(Skip::Housekeeping));
        }
        let text = body::text(record.value)?;
        let read = out.all_or_none(|out| match text.as_bytes().first() {
            Some(b'{') => self.object(record, text, out),
            Some(b'[') => self.list(record, "value", text, out),
            _ => self.file(record, text, out),
        })?;
        Ok(match read {
            Told::Something => Reading::Understood,
            Told::Nothing => Reading::Skipped(Skip::Housekeeping),
            Told::NoneOfOurs(reason) => Reading::Skipped(Skip::UnknownTable(reason.into())),
        })
    }
}

/// What came of a record or of one of its rows.
#[derive(Clone, Debug, PartialEq)]
enum Told {
    Something,
    Nothing,
    NoneOfOurs(String),
}

impl Told {
    fn of(skipped: Option<&'static str>) -> Self {
        skipped.map_or(Self::Something, |reason| Self::NoneOfOurs(reason.to_owned()))
    }

    /// Of several rows: what the first says that says anything to us.
    fn and(self, other: Self) -> Self {
        match (&self, &other) {
            (Self::Something, _) | (Self::NoneOfOurs(_), Self::Nothing | Self::NoneOfOurs(_)) => self,
            _ => other,
        }
    }
}

impl Emarsys {
    fn object(&self, record: &Record<'_>, json: &str, out: &mut FactsOut<'_>) -> Result<Told, DecodeError> {
        let outer = OUTER.read("value", json)?;
        let has = |place: usize| !outer.cell(place).json().is_empty();
        if has(outer::REPLY) {
            return self.reply(record, &outer, out);
        }
        if has(outer::OPERATION) && has(outer::SOURCE) {
            // A change of a shop's database: the plug-in's queue of blobs.
            return Ok(Told::NoneOfOurs("change of a table".to_owned()));
        }
        if has(outer::KEY) {
            return Ok(Told::NoneOfOurs("request".to_owned()));
        }
        self.row(record, json, out)
    }

    /// An answer of the API.
    fn reply(&self, record: &Record<'_>, outer: &SpelledRow<'_>, out: &mut FactsOut<'_>) -> Result<Told, DecodeError> {
        let cell = outer.cell(outer::DATA);
        if !cell.json().starts_with('{') {
            return Ok(Told::Nothing);
        }
        let result = DATA.read("data", cell.json())?.cell(data::RESULT);
        match result.json().as_bytes().first() {
            Some(b'[') => self.list(record, "data.result", result.json(), out),
            Some(b'{') => {
                let all: Result<BTreeMap<String, &RawValue>, _> = serde_json::from_str(result.json());
                let all = all.map_err(|error| DecodeError::new("data.result", format!("JSON ({error})"), result.json()))?;
                let mut told = Told::Nothing;
                for (key, row) in all {
                    // Of a person's address nothing may stand in an error's path.
                    let within = |error: DecodeError| error.within("data.result[...]");
                    let row = CHANGE.read("", row.get()).map_err(within)?;
                    told = told.and(Told::of(self.last_change(record, &key, &row, out).map_err(within)?));
                }
                Ok(told)
            }
            // None of the keys could be read; or the reply says what became of contacts that were written.
            Some(b'f' | b'n') => Ok(Told::Nothing),
            _ => Ok(Told::NoneOfOurs("reply".to_owned())),
        }
    }

    fn list(&self, record: &Record<'_>, field: &str, json: &str, out: &mut FactsOut<'_>) -> Result<Told, DecodeError> {
        let rows: Vec<&RawValue> = serde_json::from_str(json).map_err(|error| DecodeError::new(field, format!("JSON ({error})"), json))?;
        let mut told = Told::Nothing;
        for (i, row) in rows.into_iter().enumerate() {
            let one = self.row(record, row.get(), out).map_err(|error| error.within(&format!("{field}[{i}]")))?;
            told = told.and(one);
        }
        Ok(told)
    }

    /// A contact, or what happened to a mail.
    fn row(&self, record: &Record<'_>, json: &str, out: &mut FactsOut<'_>) -> Result<Told, DecodeError> {
        let outer = OUTER.read("value", json)?;
        let has = |place: usize| !outer.cell(place).json().is_empty();
        if has(outer::CAMPAIGN) || has(outer::STREAM) || has(outer::EVENT_TIME) {
            return self.event(record, json, out);
        }
        let row = self.contacts.read("value", json)?;
        let known = [contact::EMAIL, contact::OPT_IN, contact::ID].iter().any(|place| !row.cell(*place).json().is_empty());
        if !known {
            return Err(DecodeError::new(
                "value",
                "a contact (email, opt_in, contact_id), an event of a mail, or an answer of the API",
                json,
            ));
        }
        self.contact(record, &row, out).map(Told::of)
    }

    /// Refusals are read; the rest is engagement, which stays in Emarsys.
    fn event(&self, record: &Record<'_>, json: &str, out: &mut FactsOut<'_>) -> Result<Told, DecodeError> {
        let row = EVENT.read("value", json)?;
        let topic = record.topic.to_ascii_lowercase();
        let refuses = !text(row.cell(event::UNSUBSCRIBED))?.is_empty() || topic.contains("unsubscribe") || topic.contains("complaint");
        let is_test = text(row.cell(event::KIND))?.eq_ignore_ascii_case("test")
            || !row.cell(event::CONTACT).json().is_empty()
                && text(row.cell(event::CONTACT))?.is_empty()
                && text(row.cell(event::EMAIL))?.is_empty();
        match (refuses, is_test) {
            (_, true) => Ok(Told::NoneOfOurs("event of no contact".to_owned())),
            (true, false) => self.unsubscribed(record, &row, out).map(Told::of),
            (false, false) => Ok(Told::NoneOfOurs("engagement".to_owned())),
        }
    }

    /// CSV: a whole file with its columns in the first line, or one line of it.
    fn file(&self, record: &Record<'_>, text: &str, out: &mut FactsOut<'_>) -> Result<Told, DecodeError> {
        let set = self.settings.columns.get(&**record.topic);
        let first_line = set.map_or(text, String::as_str).lines().next().unwrap_or_default();
        let separator = if first_line.contains(';') { ';' } else { ',' };
        let not_csv = || DecodeError::new("value", "JSON, or CSV whose quotes are closed", text);
        let rows = csv::rows(text, separator).ok_or_else(not_csv)?;
        let Some(first) = rows.first() else { return Ok(Told::Nothing) };
        let is_header = first.iter().any(|name| is_key_column(name));
        let set: Vec<Cow<'_, str>> = set.map(|columns| columns.split(separator).map(Cow::Borrowed).collect()).unwrap_or_default();
        let (columns, lines) = if is_header { (&first[..], &rows[1..]) } else { (&set[..], &rows[..]) };
        if columns.is_empty() {
            let expected = "JSON, or CSV with its columns in the first line or set for the topic (columns)";
            return Err(DecodeError::new("value", expected, text));
        }
        let mut told = Told::Nothing;
        for (i, line) in lines.iter().enumerate() {
            let name = format!("row {}", i + 1);
            let object =
                csv::object(columns, line).ok_or_else(|| DecodeError::new(&*name, format!("{} fields", columns.len()), line.len()))?;
            told = told.and(self.row(record, &object, out).map_err(|error| error.within(&name))?);
        }
        Ok(told)
    }
}

/// Columns that a file's first line is known by.
fn is_key_column(name: &str) -> bool {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    ["userid", "email", "contactid", "mailstreamid"].contains(&plain.as_str())
}

#[cfg(test)]
mod tests;

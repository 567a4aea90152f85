//! From a record to its rows: expressions are asked, what they give is read, and an error says where it stands.

use std::cell::Cell;

use xxhash_rust::xxh3::xxh3_64;

use super::body;
use super::fields::{ValueReader, unreadable};
use super::jq::{Expression, Scope, Value, joined};
use super::origins::ValueOrigin;
use super::plan::{MappedTopic, Plan};
use super::record::{MappedRecord, Values};
use crate::envelope::{DecodeError, Record};
use crate::facts::{Change, Moment, Place};
use crate::sources::adapter::Common;
use crate::sources::facts_out::FactsOut;

/// One record, while its rows are made.
pub(super) struct RecordReader<'p, 'rec, 'out> {
    common: &'p Common,
    record: &'rec Record<'out>,
    scope: Scope<'rec>,
    /// What is asked at the moment, for who gives an expression up.
    asking: &'rec Cell<Option<Asked<'p>>>,
}

/// What an expression is asked for: row, key of the configuration, expression.
#[derive(Clone, Copy)]
pub(super) struct Asked<'p> {
    pub(super) row: &'static str,
    pub(super) key: &'static str,
    pub(super) expression: &'p Expression,
}

impl Asked<'_> {
    /// As errors name it: `scan.scanned_at = .datetime`.
    pub(super) fn says(&self) -> String {
        format!("{}.{} = {}", self.row, self.key, self.expression.text())
    }
}

impl<'p, 'rec, 'out> RecordReader<'p, 'rec, 'out> {
    pub(super) fn new(
        common: &'p Common,
        topic: &MappedTopic,
        record: &'rec Record<'out>,
        others: &'rec dyn Fn() -> [Value; 4],
        asking: &'rec Cell<Option<Asked<'p>>>,
    ) -> Result<Self, DecodeError> {
        let root = body::value(topic.csv.as_ref(), record)?;
        Ok(Self { common, record, scope: Scope::new(root, others), asking })
    }

    /// Makes the rows of one plan; `false` where there is nothing that they are made of.
    pub(super) fn rows(&self, plan: &'p Plan, out: &mut FactsOut<'_>) -> Result<bool, DecodeError> {
        let Some(each) = &plan.each else {
            return Element { reader: self, plan, value: self.scope.record(), nth: 0 }.row(out);
        };
        let asked = Asked { row: plan.row.name, key: "each", expression: each };
        self.asking.set(Some(asked));
        let mut elements = Vec::new();
        let given = each.each(self.scope.record(), &self.scope, |element| {
            elements.push(element);
            true
        });
        given.map_err(|error| failed("", asked, &error))?;
        let mut made = false;
        for (nth, value) in elements.iter().enumerate() {
            made |= Element { reader: self, plan, value, nth }.row(out)?;
        }
        Ok(made)
    }
}

/// An expression that fails.
fn failed(place: &str, asked: Asked<'_>, error: &str) -> DecodeError {
    let place = if place.is_empty() { "value" } else { place };
    DecodeError::new(place, format!("an expression that gives a value here ({})", asked.says()), error)
}

/// What one row is made of.
struct Element<'e, 'p, 'rec, 'out> {
    reader: &'e RecordReader<'p, 'rec, 'out>,
    plan: &'p Plan,
    value: &'e Value,
    /// As how many'th it was given.
    nth: usize,
}

impl<'p> Element<'_, 'p, '_, '_> {
    fn row(&self, out: &mut FactsOut<'_>) -> Result<bool, DecodeError> {
        let (reader, plan) = (self.reader, self.plan);
        if plan.delete.is_none() && reader.record.value.is_none() {
            return Ok(false);
        }
        if let Some(when) = &plan.when
            && !self.ask("when", when)?.is_true()
        {
            return Ok(false);
        }
        let deleted = match &plan.delete {
            Some(delete) => self.ask("delete", delete)?.is_true(),
            None => false,
        };
        if reader.record.value.is_none() && !deleted {
            return Ok(false);
        }
        let values = self.values(deleted)?;
        let stamp = self.stamp()?;
        let timestamp = reader.record.timestamp;
        let mut mapped =
            MappedRecord { common: reader.common, origins: &plan.origins, values, place: out.arrival(), at: timestamp, deleted };
        if let Some(stamp) = stamp {
            let rank = plan.row.rank.and_then(|name| mapped.place_of(name)).map_or(0, |place| place as u32 + 1);
            let rank = if deleted { u32::MAX } else { rank };
            mapped.place = Place::Stamp { millis: stamp.0, rank, tie: xxh3_64(reader.record.value.unwrap_or_default()) };
        }
        mapped.at = plan.row.at.and_then(|name| mapped.moment(name)).or(stamp).unwrap_or(timestamp);
        let before = out.facts.len();
        (plan.row.make)(&mapped, out).map_err(|error| self.located(error))?;
        if deleted {
            for fact in out.facts.iter_mut().skip(before) {
                fact.change = Change::Delete;
                fact.version.upsert = false;
            }
        }
        Ok(true)
    }

    /// What the expression gives for the element.
    fn ask(&self, key: &'static str, expression: &'p Expression) -> Result<Value, DecodeError> {
        let asked = Asked { row: self.plan.row.name, key, expression };
        self.reader.asking.set(Some(asked));
        expression.one(self.value, &self.reader.scope).map_err(|error| failed(&self.place(), asked, &error))
    }

    fn values(&self, deleted: bool) -> Result<Values, DecodeError> {
        let (plan, reader) = (self.plan, self.values_reader());
        let mut values = Values::new();
        for ((field, origin), words) in plan.row.fields.iter().zip(&plan.origins.origins).zip(&plan.words) {
            values.push(match origin {
                ValueOrigin::Nowhere => None,
                ValueOrigin::Constant(value) => Some(value.clone()),
                ValueOrigin::Expression(expression) => {
                    let needed = field.must && (!deleted || plan.row.key.contains(&field.name));
                    let given = match self.ask(field.name, expression) {
                        // Of a row that is gone, little is told.
                        Err(_) if deleted && !needed => Value::Null,
                        given => given?,
                    };
                    let named = |error| self.of_value(error, field.name, expression);
                    let value = reader.read(field, words, &given).map_err(named)?;
                    if value.is_none() && needed {
                        return Err(named(unreadable(format!("a value, the {}'s {}", plan.row.name, field.name), &given)));
                    }
                    value
                }
            });
        }
        Ok(values)
    }

    fn stamp(&self) -> Result<Option<Moment>, DecodeError> {
        let Some(version) = &self.plan.version else { return Ok(None) };
        let given = self.ask("version", version)?;
        let stamp = self.values_reader().moment(&given);
        let error = || self.of_value(unreadable("the moment of the last change", &given), "version", version);
        // A tombstone has no content to tell a time.
        if matches!(given, Value::Null) && self.reader.record.value.is_none() {
            return Ok(Some(self.reader.record.timestamp));
        }
        stamp.map(Some).ok_or_else(error)
    }

    fn values_reader(&self) -> ValueReader<'_> {
        let common = self.reader.common;
        ValueReader { zone: &common.zone, digester: &common.digester, times: &self.plan.times, arrival: self.reader.record.timestamp }
    }

    /// Where the element stands in the record; empty: it is the record, or something that was calculated.
    fn place(&self) -> String {
        let each = self.plan.each.as_ref().and_then(|each| each.place(self.nth, self.reader.scope.record(), &self.reader.scope));
        each.map(|(_, path)| path).unwrap_or_default()
    }

    /// The error of a value that an expression gave: where it stands in the record, and what asked for it.
    fn of_value(&self, error: DecodeError, key: &'static str, expression: &Expression) -> DecodeError {
        let place = match expression.place(0, self.value, &self.reader.scope) {
            Some((true, path)) => path,
            Some((false, path)) => joined(&self.place(), &path),
            None => self.place(),
        };
        let asked = Asked { row: self.plan.row.name, key, expression };
        let field = if place.is_empty() { "value".to_owned() } else { place };
        DecodeError { field, expected: format!("{} ({})", error.expected, asked.says()), found: error.found }
    }

    /// The error of a row, which names the field.
    fn located(&self, error: DecodeError) -> DecodeError {
        let field = self.plan.row.fields.iter().find(|field| field.name == error.field);
        match field.and_then(|field| Some((field.name, self.plan.origins.expression(field.name)?))) {
            Some((name, expression)) => self.of_value(error, name, expression),
            None => {
                let place = self.place();
                let expected = format!("{} ({}.{}, which is not mapped)", error.expected, self.plan.row.name, error.field);
                DecodeError { field: if place.is_empty() { "value".to_owned() } else { place }, expected, found: error.found }
            }
        }
    }
}

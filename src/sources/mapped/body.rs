//! A record's value, read whole: JSON, or the lines of CSV.

use std::borrow::Cow;

use super::jq::{self, Value, ValueMembers};
use super::plan::CsvSettings;
use crate::envelope::{DecodeError, Record, body, csv};
use crate::facts::Text;

/// The value: of a tombstone `null`, of CSV a list of objects.
pub(super) fn value(csv: Option<&CsvSettings>, record: &Record<'_>) -> Result<Value, DecodeError> {
    if record.value.is_none() {
        return Ok(Value::Null);
    }
    let text = body::text(record.value)?;
    match csv {
        Some(csv) => lines(csv, text),
        None => jq::json(text).map_err(|error| DecodeError::new("value", format!("JSON ({error})"), text)),
    }
}

fn lines(settings: &CsvSettings, text: &str) -> Result<Value, DecodeError> {
    let wrong = |expected: &str| DecodeError::new("value", expected, text);
    let rows = csv::rows(text, settings.separator).ok_or_else(|| wrong("CSV (a quote is not closed, or text follows it)"))?;
    let named = settings.columns.iter().map(|name| Cow::Borrowed(name.as_str())).collect::<Vec<_>>();
    let (columns, rows): (&[Cow<'_, str>], _) = match (named.as_slice(), rows.as_slice()) {
        ([], [_] | []) => return Err(wrong("CSV with a first line that names the columns, and lines below it (or set columns)")),
        ([], [first, rest @ ..]) => (first, rest),
        (columns, rows) => (columns, rows),
    };
    let object = |(at, fields): (usize, &Vec<Cow<'_, str>>)| {
        if fields.len() > columns.len() {
            let expected = format!("at most {} fields, one a column", columns.len());
            return Err(DecodeError::new(format!("[{at}]"), expected, fields.join(&settings.separator.to_string())));
        }
        let members = columns.iter().zip(fields).map(|(name, field)| (Text::from(name.trim()), Value::text(field.as_ref())));
        Ok(Value::object(members.collect::<ValueMembers>()))
    };
    Ok(Value::list(rows.iter().enumerate().map(object).collect::<Result<Vec<_>, _>>()?))
}

/// What expressions can name beside the value: the record's key as text, its headers as an object of texts, its topic and timestamp.
pub(super) fn others(record: &Record<'_>) -> [Value; 4] {
    let text = |bytes: &[u8]| Value::text(String::from_utf8_lossy(bytes).as_ref());
    let mut headers = ValueMembers::default();
    for (name, value) in &record.headers {
        headers.entry(String::from_utf8_lossy(name).as_ref().into()).or_insert_with(|| value.map_or(Value::Null, text));
    }
    let key = record.key.map_or(Value::Null, text);
    [key, Value::object(headers), Value::text(&**record.topic), Value::text(record.timestamp.to_string().as_str())]
}

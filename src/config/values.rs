//! How single values are read: durations, names of sources, zones, secrets. Each gives the value, or what is wrong with it.

use std::fmt;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use toml::de::DeValue;

use super::document::{found, suggestion};
use crate::facts::time::Span;
use crate::facts::{Currency, Quantity, Text};

/// A secret: shown as `***`, whoever prints it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<str>);

impl Secret {
    /// Keeps a secret.
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The secret itself: for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// What the file refers to: the directory that it lies in, and the environment.
#[derive(Clone, Copy)]
pub struct Outside<'o> {
    /// Paths in the file are relative to it.
    pub directory: &'o Path,
    /// Reads a variable of the environment.
    pub variable: &'o dyn Fn(&str) -> Option<String>,
}

pub fn text(value: &DeValue<'_>) -> Result<String, String> {
    match value {
        DeValue::String(text) if text.trim().is_empty() => Err("is empty: write a text, or leave the key out".to_owned()),
        DeValue::String(text) => Ok(text.to_string()),
        other => Err(format!("expected a text in quotes, found {}", found(other))),
    }
}

pub fn flag(value: &DeValue<'_>) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| format!("expected true or false, found {}", found(value)))
}

pub fn texts(value: &DeValue<'_>) -> Result<Vec<String>, String> {
    let DeValue::Array(list) = value else {
        return Err(format!("expected a list of texts, as in [\"one\", \"two\"], found {}", found(value)));
    };
    list.iter().map(|item| text(item.get_ref()).map_err(|sentence| format!("in the list: {sentence}"))).collect()
}

/// An id of a system: a text, or a whole number without quotes.
pub fn id(value: &DeValue<'_>) -> Result<Text, String> {
    match value {
        DeValue::Integer(integer) => Ok(integer.as_str().into()),
        DeValue::String(_) => text(value).map(|text| text.trim().into()),
        other => Err(format!("expected an id, as in 2 or \"2\", found {}", found(other))),
    }
}

/// A list of ids.
pub fn ids(value: &DeValue<'_>) -> Result<Vec<Text>, String> {
    let DeValue::Array(list) = value else {
        return Err(format!("expected a list of ids, as in [1, 2], found {}", found(value)));
    };
    list.iter().map(|item| id(item.get_ref()).map_err(|sentence| format!("in the list: {sentence}"))).collect()
}

/// A whole number from `min` to `max`.
pub fn number(value: &DeValue<'_>, min: i64, max: i64) -> Result<i64, String> {
    let expected = || format!("expected a whole number from {min} to {max}");
    let DeValue::Integer(integer) = value else { return Err(format!("{}, found {}", expected(), found(value))) };
    let read = i64::from_str_radix(integer.as_str(), integer.radix());
    read.ok().filter(|n| (min..=max).contains(n)).ok_or_else(|| format!("{}, found {}", expected(), integer.as_str()))
}

/// `"30s"`, `"15m"`, `"24h"`, `"3d"`, `"250ms"`.
pub fn span(value: &DeValue<'_>) -> Result<Span, String> {
    let wanted = "expected a duration, as in \"30s\", \"15m\", \"24h\" or \"3d\"";
    let DeValue::String(text) = value else { return Err(format!("{wanted}, found {}", found(value))) };
    parse_span(text).ok_or_else(|| format!("{wanted}, found \"{text}\""))
}

/// A duration that is at least this long.
pub fn span_from(least: Span) -> impl Fn(&DeValue<'_>) -> Result<Span, String> {
    move |value| match span(value)? {
        span if span < least => Err(format!("is too short: at least \"{least}\"")),
        span => Ok(span),
    }
}

fn parse_span(text: &str) -> Option<Span> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let unit_ms = match unit.trim() {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    // A hundred years: what is longer is a slip of the pen.
    let span = number.parse::<i64>().ok()?.checked_mul(unit_ms)?;
    (span <= 36_525 * 86_400_000).then_some(Span(span))
}

pub fn quantity(value: &DeValue<'_>) -> Result<Quantity, String> {
    let read = match value {
        DeValue::Integer(integer) => Quantity::parse(integer.as_str()),
        DeValue::String(text) => Quantity::parse(text),
        _ => None,
    };
    let wanted = "expected a quantity of 0 or more, as in 5 or \"2.5\"";
    read.filter(|quantity| !quantity.is_negative()).ok_or_else(|| format!("{wanted}, found {}", found(value)))
}

pub fn currency(value: &DeValue<'_>) -> Result<Currency, String> {
    let text = text(value)?;
    Currency::new(&text).ok_or_else(|| format!("expected a currency of three letters, as in \"GBP\", found \"{text}\""))
}

pub fn zone(value: &DeValue<'_>) -> Result<(String, jiff::tz::TimeZone), String> {
    let name = text(value)?;
    let zone = jiff::tz::TimeZone::get(&name)
        .map_err(|_| format!("\"{name}\" is not a zone of the IANA database; write one, as in \"Europe/London\" or \"UTC\""))?;
    Ok((name, zone))
}

pub fn address(value: &DeValue<'_>) -> Result<SocketAddr, String> {
    let text = text(value)?;
    text.parse().map_err(|_| format!("expected an address and a port, as in \"127.0.0.1:8080\", found \"{text}\""))
}

/// One word of a closed list.
pub fn word<T: Copy>(value: &DeValue<'_>, words: &[(&'static str, T)]) -> Result<T, String> {
    one_of(&text(value)?, words)
}

pub fn one_of<T: Copy>(text: &str, words: &[(&'static str, T)]) -> Result<T, String> {
    if let Some((_, meaning)) = words.iter().find(|(word, _)| *word == text) {
        return Ok(*meaning);
    }
    let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    let near = suggestion(text, names.iter().copied());
    Err(format!("\"{text}\" is none of {}{near}", names.join(", ")))
}

/// A name that goes into topic names and ids: letters, digits, `.`, `_`, `-`.
pub fn name(value: &DeValue<'_>) -> Result<String, String> {
    let text = text(value)?;
    name_is_legal(&text).map(|()| text)
}

/// Letters, digits, `.`, `_` and `-`, at most 100: legal in names of topics, groups and transactional ids.
pub fn name_is_legal(text: &str) -> Result<(), String> {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    match text.chars().find(|c| !legal(*c)) {
        _ if text.len() > 100 => Err("is longer than 100 characters".to_owned()),
        Some(c) => Err(format!("\"{text}\" holds {c:?}: use letters, digits, '.', '_' and '-'")),
        None => Ok(()),
    }
}

/// `{ file = "…" }` (relative to the configuration) or `{ env = "…" }`; never the secret itself, which is never repeated either.
pub fn secret(value: &DeValue<'_>, outside: Outside<'_>) -> Result<Secret, String> {
    let how = "write where it is: { file = \"path\" } or { env = \"NAME\" }";
    let DeValue::Table(table) = value else {
        return Err(format!("a secret does not stand in this file; {how}"));
    };
    let mut keys = table.iter().map(|(key, value)| (key.get_ref().as_ref(), value.get_ref().as_str()));
    let (Some((key, Some(place))), None) = (keys.next(), keys.next()) else { return Err(how.to_owned()) };
    let secret = match key {
        "file" => {
            let path = outside.directory.join(place);
            std::fs::read_to_string(&path).map_err(|error| format!("cannot read the file {}: {error}", path.display()))?
        }
        "env" => (outside.variable)(place).ok_or_else(|| format!("the environment has no variable {place}; set it"))?,
        _ => return Err(how.to_owned()),
    };
    let secret = secret.trim_end_matches(['\n', '\r']);
    if secret.is_empty() { Err(format!("the secret of {key} \"{place}\" is empty")) } else { Ok(Secret::new(secret)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit() {
        assert_eq!(parse_span("15m"), Some(Span::minutes(15)));
        assert_eq!(parse_span("24h"), Some(Span::days(1)));
        assert_eq!(parse_span("250ms"), Some(Span(250)));
        for written in ["250ms", "60s", "90s", "24h", "36h", "3d"] {
            let span = parse_span(written).expect("read");
            assert_eq!(parse_span(&span.to_string()), Some(span), "{written}");
        }
        for wrong in ["", "15", "m", "1.5h", "-3d", "99999999999999999d", "40000d"] {
            assert_eq!(parse_span(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_secret_is_never_shown() {
        assert_eq!(format!("{:?}", Some(Secret::new("hunter2"))), "Some(***)");
    }
}

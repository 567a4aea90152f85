//! How NetSuite writes values: the same field is a number or a text, a flag is `true` or `"T"`, a reference is an object, a list of one, or a bare id.

use std::borrow::Cow;
use std::sync::LazyLock;

use jiff::civil::Time;
use rust_decimal::Decimal;

use super::assumptions::CURRENCIES;
use super::context::RecordContext;
use super::dates::{self, Written};
use crate::envelope::{Cell, Decimals, DecodeError, SpelledColumns, spelled};
use crate::facts::{Amount, Currency, Moment, Quantity};
use crate::sources::local_time;

/// A reference to another record, or a word of a list.
#[derive(Clone, Debug, Default)]
pub(super) struct Reference<'a> {
    pub(super) id: Option<Cow<'a, str>>,
    pub(super) name: Option<Cow<'a, str>>,
}

spelled! {
    mod reference_to {
        ID = "id|internalid|value",
        NAME = "refName|text|name|reference",
        TYPE = "recordType|type",
    }
}

static REFERENCE: LazyLock<SpelledColumns> = LazyLock::new(|| SpelledColumns::new(reference_to::NAMES));

/// Text, or the characters of a number; blank and `null` are none.
pub(super) fn filled<'a>(cell: &Cell<'a>) -> Result<Option<Cow<'a, str>>, DecodeError> {
    match cell.json().as_bytes().first() {
        None | Some(b'n') => Ok(None),
        Some(b'"') => cell.filled(),
        Some(b'-' | b'0'..=b'9') => Ok(Some(Cow::Borrowed(cell.json()))),
        Some(_) => Err(cell.error("text or a number")),
    }
}

/// Nothing stands there: absent, `null`, blank, or a list of nothing.
pub(super) fn is_blank(cell: &Cell<'_>) -> bool {
    cell.is_null() || cell.json() == "\"\"" || cell.json().chars().all(|c| matches!(c, '[' | ']' | '"' | ' '))
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// `{"id", "refName"}`, `[{"value", "text"}]`, an id, or the text that people see.
pub(super) fn reference<'a>(cell: &Cell<'a>) -> Result<Reference<'a>, DecodeError> {
    let none = Reference::default();
    if is_blank(cell) {
        return Ok(none);
    }
    let object = |json: &'a str| {
        let row = REFERENCE.read(cell.name(), json)?;
        let read = |place| filled(&row.cell(place)).map_err(|error| error.within(cell.name()));
        Ok(Reference { id: read(reference_to::ID)?, name: read(reference_to::NAME)? })
    };
    match cell.json().as_bytes().first() {
        Some(b'{') => object(cell.json()),
        Some(b'[') => {
            let list: Vec<&'a serde_json::value::RawValue> = serde_json::from_str(cell.json())
                .map_err(|_| cell.error("a reference ({\"id\", \"refName\"}, or [{\"value\", \"text\"}])"))?;
            match list[..] {
                [] => Ok(none),
                [one] if one.get().starts_with('{') => object(one.get()),
                [one] => reference(&Cell::new(cell.name(), one.get())),
                _ => Err(cell.error("one reference")),
            }
        }
        Some(b'"' | b'-' | b'0'..=b'9') => Ok(match filled(cell)? {
            Some(text) if is_number(&text) => Reference { id: Some(text), name: None },
            name => Reference { id: None, name },
        }),
        _ => Err(cell.error("a reference ({\"id\", \"refName\"}, or an id)")),
    }
}

/// What the reference's record is, where it says so.
pub(super) fn type_of_reference<'a>(cell: &Cell<'a>) -> Result<Option<Cow<'a, str>>, DecodeError> {
    if !cell.json().starts_with('{') {
        return Ok(None);
    }
    let row = REFERENCE.read(cell.name(), cell.json())?;
    filled(&row.cell(reference_to::TYPE)).map_err(|error| error.within(cell.name()))
}

impl Reference<'_> {
    /// The number in `Sales Order #SO10456`; a text without `#` is the number.
    pub(super) fn number(&self) -> Option<&str> {
        let name = self.name.as_deref()?;
        Some(name.rsplit('#').next().unwrap_or(name).trim()).filter(|number| !number.is_empty())
    }

    /// The item's own name in `Parent : Child`.
    pub(super) fn item_name(&self) -> Option<&str> {
        self.name.as_deref().map(last_name)
    }

    /// What the source calls a place: its id, which all channels but CSV tell; else its name.
    pub(super) fn place(&self) -> Option<&str> {
        self.id.as_deref().or(self.name.as_deref())
    }
}

/// The item's own name in `Parent : Child`.
pub(super) fn last_name(name: &str) -> &str {
    name.rsplit(" : ").next().unwrap_or(name).trim()
}

/// `true`, `"T"`, `"true"`, `"Yes"`, 1, and their opposites; blank is none.
pub(super) fn flag(cell: &Cell<'_>) -> Result<Option<bool>, DecodeError> {
    if is_blank(cell) {
        return Ok(None);
    }
    let json = cell.json().trim_matches('"');
    match json {
        "true" | "T" | "1" => Ok(Some(true)),
        "false" | "F" | "0" => Ok(Some(false)),
        word if word.eq_ignore_ascii_case("yes") => Ok(Some(true)),
        word if word.eq_ignore_ascii_case("no") => Ok(Some(false)),
        _ => Err(cell.error("yes or no (true, false, T, F)")),
    }
}

/// An exact decimal, as number or text; blank is none.
pub(super) fn decimal(cell: &Cell<'_>) -> Result<Option<Decimal>, DecodeError> {
    if is_blank(cell) { Ok(None) } else { cell.decimal(Decimals::Text, 0).map(Some) }
}

pub(super) fn pieces(cell: &Cell<'_>) -> Result<Option<Quantity>, DecodeError> {
    if is_blank(cell) { Ok(None) } else { cell.quantity(Decimals::Text, 0).map(Some) }
}

/// An amount; its digits beyond the eighth are rounded.
pub(super) fn amount(cell: &Cell<'_>) -> Result<Option<Amount>, DecodeError> {
    let Some(read) = decimal(cell)? else { return Ok(None) };
    Amount::new(read.round_dp(Amount::SCALE_MAX)).map(Some).ok_or_else(|| cell.error("an amount below 10^12"))
}

impl RecordContext<'_> {
    /// A moment, or a local time in the account's format; blank is none.
    pub(super) fn time(&self, cell: &Cell<'_>) -> Result<Option<Moment>, DecodeError> {
        let Some(text) = filled(cell)? else { return Ok(None) };
        let netsuite = self.netsuite;
        let (read, expected) = match dates::read(&text, netsuite.day_order) {
            Written::Moment(moment) => (Some(moment), ""),
            Written::Local(local) => (local_time::moment(local, &netsuite.common.zone, self.arrival), "a time of the years 1 to 9999"),
            Written::Ambiguous => (None, "a date that is one day only: set date_format, as in \"D/M/YYYY\" or \"M/D/YYYY\""),
            Written::Unreadable => (None, self.expected_time()),
        };
        read.map(Some).ok_or_else(|| cell.error(expected))
    }

    fn expected_time(&self) -> &'static str {
        match self.netsuite.day_order {
            Some(_) => "a time as in 2025-03-14T09:12:00Z, or as date_format says",
            None => "a time as in 2025-03-14T09:12:00Z or 14.03.2025 11:03",
        }
    }

    /// The midnight after a day without a time.
    pub(super) fn end_of_day(&self, cell: &Cell<'_>) -> Result<Option<Moment>, DecodeError> {
        let Some(at) = self.time(cell)? else { return Ok(None) };
        let zone = &self.netsuite.common.zone;
        let day = jiff::Timestamp::from_millisecond(at.0).ok().map(|at| zone.to_datetime(at).date());
        let next = day.and_then(|day| day.tomorrow().ok()).map(|day| day.to_datetime(Time::midnight()));
        Ok(next.and_then(|next| local_time::moment(next, zone, Moment::MIN)))
    }

    /// The currency of a record: by its ISO code, by its id or name as `currencies` has them, by the name it has in a new account.
    pub(super) fn currency(&self, cell: &Cell<'_>, symbol: &Cell<'_>) -> Result<Currency, DecodeError> {
        if let Some(symbol) = filled(symbol)?
            && let Some(currency) = Currency::new(&symbol)
        {
            return Ok(currency);
        }
        let told = reference(cell)?;
        let settings = &self.netsuite.settings;
        let configured = |key: &str| {
            let same = |(name, _): &(&String, &Currency)| name.eq_ignore_ascii_case(key);
            settings.currencies.iter().find(same).map(|(_, currency)| *currency)
        };
        let keys = [told.id.as_deref(), told.name.as_deref()];
        if let Some(currency) = keys.into_iter().flatten().find_map(configured) {
            return Ok(currency);
        }
        let named = told.name.as_deref().and_then(|name| {
            let known = CURRENCIES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name.trim()));
            known.and_then(|(_, code)| Currency::new(code)).or_else(|| Currency::new(name.trim()))
        });
        let none = told.id.is_none() && told.name.is_none();
        let read = named.or_else(|| settings.local_currency.filter(|_| none));
        read.ok_or_else(|| cell.error("a currency (name it in currencies, by its id or its name: { \"4\" = \"EUR\" })"))
    }
}

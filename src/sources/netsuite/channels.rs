//! The ways in which a record comes: bare, or inside of what brought it.
//!
//! | Outside | Inside |
//! | --- | --- |
//! | `{"event", "record", "sentAt"}` of a user event's script; `action`, `eventTime` are read too | the record |
//! | `{"id", "type", "fields", "sublists"}`, as `JSON.stringify` makes it of a record | its fields, and its lists |
//! | `{"recordType", "id", "values"}` of a saved search | a row |
//! | `{"resource", "topic", "timeline"}` | nothing: somebody has to fetch the record |
//! | `payload` (Kafka Connect), `detail` (EventBridge), `message.data` (Pub/Sub, base64), `_airbyte_data`, `records[].value` (REST proxy) | any of these |
//! | `{"items": [...]}` of SuiteQL, a list | each element |
//! | text that is no JSON | lines of CSV |

use std::borrow::Cow;
use std::sync::LazyLock;

use base64::Engine as _;

use super::assumptions::{self, Kind, Named};
use super::bodies;
use super::cells::{filled, flag};
use super::context::{EventKind, RecordContext};
use super::document::{Document, LOAD_IT, ToldLines};
use super::{csv, customers, flat, gone, items, ledger, money, returns, sales};
use crate::envelope::{Cell, DecodeError, SpelledColumns, SpelledRow, body, spelled};
use crate::facts::{Moment, Text};
use crate::sources::adapter::{Reading, Skip};
use crate::sources::facts_out::FactsOut;

spelled! {
    mod outer {
        EVENT = "event|action|eventAction",
        EVENT_TYPE = "eventType|sourceEventType",
        RECORD = "record|newRecord",
        OLD = "oldRecord",
        SENT = "sentAt|eventTime|timeline|eventTimestamp",
        SENT_MILLIS = "eventTimeEpochMs",
        TOMBSTONE = "tombstone|deleted",
        PAYLOAD = "payload",
        DETAIL = "detail",
        MESSAGE = "message",
        AIRBYTE = "_airbyte_data",
        RECORD_TYPE = "recordType",
        TYPE = "type",
        ID = "id|internalid",
        VALUES = "values",
        FIELDS = "fields",
        SUBLISTS = "sublists",
        RESOURCE = "resource",
        ITEMS = "items",
        RECORDS = "records",
        LINKS = "links",
        VALUE = "value",
        DATA = "data",
    }
}

static OUTER: LazyLock<SpelledColumns> = LazyLock::new(|| SpelledColumns::new(outer::NAMES));

/// Bodies inside of bodies inside of bodies: a record has none deeper.
const DEPTH_MAX: u32 = 6;

/// A record's value.
pub(super) fn value(cx: &RecordContext<'_>, bytes: &[u8], out: &mut FactsOut<'_>) -> Result<Reading, DecodeError> {
    let text = body::text(Some(bytes))?.trim_start_matches('\u{feff}');
    match text.as_bytes().first() {
        Some(b'{' | b'[') => json(cx, text, DEPTH_MAX, out),
        Some(b'"') => {
            // A text that holds a body, as some producers write it.
            let inner: String = serde_json::from_str(text).map_err(|error| DecodeError::new("value", format!("JSON ({error})"), text))?;
            json(cx, inner.trim(), DEPTH_MAX - 1, out)
        }
        Some(_) if text.contains(',') => lines_of_csv(cx, text, out),
        _ => Err(DecodeError::new("value", "a record as JSON, or lines of CSV", text)),
    }
}

fn lines_of_csv(cx: &RecordContext<'_>, text: &str, out: &mut FactsOut<'_>) -> Result<Reading, DecodeError> {
    let rows = csv::objects(text, &cx.netsuite.settings.csv_columns)?;
    let mut reading = None;
    for (i, row) in rows.iter().enumerate() {
        let told = flat_line(cx, row, (None, None), out).map_err(|error| error.within(&format!("line {}", i + 1)))?;
        reading = Some(more(reading, told));
    }
    Ok(reading.unwrap_or(Reading::Understood))
}

/// Of several records one that was understood counts.
fn more(all: Option<Reading>, one: Reading) -> Reading {
    match (all, one) {
        (Some(Reading::Understood), _) | (_, Reading::Understood) => Reading::Understood,
        (_, skipped) => skipped,
    }
}

fn each<'j>(
    cx: &RecordContext<'_>,
    name: &str,
    list: impl Iterator<Item = &'j str>,
    depth: u32,
    out: &mut FactsOut<'_>,
) -> Result<Reading, DecodeError> {
    let mut reading = None;
    for (i, one) in list.enumerate() {
        let told = json(cx, one, depth, out).map_err(|error| error.within(&format!("{name}[{i}]")))?;
        reading = Some(more(reading, told));
    }
    Ok(reading.unwrap_or(Reading::Skipped(Skip::UnknownTable("a list of nothing".into()))))
}

fn list<'j>(cell: &Cell<'j>) -> Result<Vec<&'j str>, DecodeError> {
    let items: Vec<&'j serde_json::value::RawValue> = serde_json::from_str(cell.json()).map_err(|_| cell.error("a list"))?;
    Ok(items.into_iter().map(serde_json::value::RawValue::get).collect())
}

fn is_object(cell: &Cell<'_>) -> bool {
    cell.json().starts_with('{')
}

fn json(cx: &RecordContext<'_>, text: &str, depth: u32, out: &mut FactsOut<'_>) -> Result<Reading, DecodeError> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err(DecodeError::new("value", "a record that is not wrapped so often", text));
    };
    if text.starts_with('[') {
        let whole = Cell::new("value", text);
        return each(cx, "value", list(&whole)?.into_iter(), depth, out);
    }
    let row = OUTER.read("value", text)?;
    let cell = |place: usize| row.cell(place);
    for place in [outer::PAYLOAD, outer::DETAIL, outer::AIRBYTE] {
        let inside = cell(place);
        if is_object(&inside) {
            return json(cx, inside.json(), depth, out).map_err(|error| error.within(inside.name()));
        }
        // Kafka Connect writes an object as text where its converter knows no better.
        if place == outer::PAYLOAD && inside.json().starts_with("\"{") {
            let inner = inside.text()?;
            return json(cx, &inner, depth, out).map_err(|error| error.within(inside.name()));
        }
    }
    if is_object(&cell(outer::MESSAGE)) {
        let message = OUTER.read("message", cell(outer::MESSAGE).json())?;
        let data = message.cell(outer::DATA);
        if !data.is_null() {
            let decode =
                |text: &str| base64::engine::general_purpose::STANDARD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            let inner = decode(&data.text()?).ok_or_else(|| data.error("a record as base64").within("message"))?;
            return json(cx, inner.trim(), depth, out).map_err(|error| error.within("message"));
        }
    }
    if cell(outer::RECORDS).json().starts_with('[') {
        let records = cell(outer::RECORDS);
        let mut values = Vec::new();
        for one in list(&records)? {
            let inside = OUTER.read("records", one)?.cell(outer::VALUE);
            values.push(if is_object(&inside) { inside.json() } else { one });
        }
        return each(cx, "records", values.into_iter(), depth, out);
    }
    if !cell(outer::RESOURCE).is_null() && cell(outer::RECORD).is_null() {
        let resource = filled(&cell(outer::RESOURCE))?.unwrap_or_default();
        let kind = resource.split('&').find_map(|part| part.strip_prefix("recordtype=")).unwrap_or("record").to_owned();
        return Ok(Reading::Skipped(Skip::UnknownTable(Text::from_iter(["an event without the ", &*kind]))));
    }
    event(cx, text, &row, depth, out)
}

/// A record, perhaps inside of a script's event.
fn event(cx: &RecordContext<'_>, text: &str, row: &SpelledRow<'_>, depth: u32, out: &mut FactsOut<'_>) -> Result<Reading, DecodeError> {
    let cell = |place: usize| row.cell(place);
    let (inside, old) = (cell(outer::RECORD), cell(outer::OLD));
    if is_object(&inside) || is_object(&old) {
        let word = filled(&cell(outer::EVENT))?.map_or_else(String::new, |word| word.to_ascii_lowercase());
        let type_word = filled(&cell(outer::EVENT_TYPE))?.map_or_else(String::new, |word| word.to_ascii_lowercase());
        let kind = match word.as_str() {
            "delete" | "deleted" => EventKind::Deleted,
            _ if type_word == "delete" || flag(&cell(outer::TOMBSTONE))?.unwrap_or(false) => EventKind::Deleted,
            "xedit" => EventKind::Partial,
            // A script that says both has read the record anew.
            "" if type_word == "xedit" => EventKind::Partial,
            _ => EventKind::Whole,
        };
        let sent_at = sent_at(cx, row)?;
        let types = [filled(&cell(outer::RECORD_TYPE))?, filled(&cell(outer::TYPE))?];
        let named = types.iter().flatten().find_map(|word| assumptions::named(word));
        let inner = RecordContext { event: kind, sent_at, hint: named.as_ref().or(cx.hint), ..*cx };
        let inside = if is_object(&inside) { inside } else { old };
        return json(&inner, inside.json(), depth, out).map_err(|error| error.within(inside.name()));
    }
    if is_object(&cell(outer::VALUES)) {
        let named = named(cx, row, text)?;
        let id = filled(&cell(outer::ID))?.map(|id| Text::from(&*id));
        let values = cell(outer::VALUES);
        return flat_line(cx, values.json(), (named.as_ref(), id), out).map_err(|error| error.within("values"));
    }
    if is_object(&cell(outer::FIELDS)) {
        return scripted(cx, row, out);
    }
    if let Some(table) = flat::table(text) {
        return match table {
            flat::Table::Line => flat_line(cx, text, (None, None), out),
            flat::Table::Link => flat::link(cx, text, out),
            flat::Table::Deleted => flat::deleted(cx, text, out),
            flat::Table::Stock => flat::stock(cx, text, out),
            flat::Table::Ledger => ledger::accounting_line(cx, text, out),
        };
    }
    if cell(outer::ITEMS).json().starts_with('[') && cell(outer::ID).is_null() {
        return each(cx, "items", list(&cell(outer::ITEMS))?.into_iter(), depth, out);
    }
    match named(cx, row, text)? {
        Some(Named::Read(kind)) => record(cx, kind, text, text, out),
        Some(Named::PassedOver(name)) => Ok(Reading::Skipped(Skip::UnknownTable(name))),
        None => {
            let expected =
                "a record whose type is told (by its member type or recordType, its links, the name of its topic, or record_types)";
            Err(DecodeError::new("value", expected, text))
        }
    }
}

fn sent_at(cx: &RecordContext<'_>, row: &SpelledRow<'_>) -> Result<Option<Moment>, DecodeError> {
    let millis = row.cell(outer::SENT_MILLIS);
    if !millis.is_null() {
        return Moment::checked(millis.int()?).map(Some).ok_or_else(|| millis.error("milliseconds since 1970"));
    }
    cx.time(&row.cell(outer::SENT))
}

/// The record's type: what it says itself, its own link, its wrapper or topic, at last what only this type has.
fn named(cx: &RecordContext<'_>, row: &SpelledRow<'_>, text: &str) -> Result<Option<Named>, DecodeError> {
    for place in [outer::RECORD_TYPE, outer::TYPE] {
        let cell = row.cell(place);
        let word = if cell.json().starts_with('"') { filled(&cell)? } else { None };
        if let Some(named) = word.and_then(|word| assumptions::named(&word)) {
            return Ok(Some(named));
        }
    }
    if let Some(link) = own_link(&row.cell(outer::LINKS)) {
        return Ok(Some(link));
    }
    if let Some(hint) = cx.hint {
        return Ok(Some(hint.clone()));
    }
    let mut names: Vec<String> = Vec::new();
    let read = crate::envelope::members::members(text, |name, value| {
        if value != "null" {
            names.push(name.to_ascii_lowercase());
        }
        true
    });
    Ok(read.and_then(|()| assumptions::by_members(|name| names.iter().any(|there| there == name))).map(Named::Read))
}

/// `…/services/rest/record/v1/salesOrder/48213`.
fn own_link(links: &Cell<'_>) -> Option<Named> {
    let list: Vec<serde_json::Value> = serde_json::from_str(links.json()).ok()?;
    let own = list.iter().find(|link| link.get("rel").and_then(serde_json::Value::as_str) == Some("self"))?;
    let (_, path) = own.get("href")?.as_str()?.split_once("/record/v1/")?;
    assumptions::named(path.split(['/', '?']).next()?)
}

/// `{"id", "type", "fields", "sublists"}`.
fn scripted(cx: &RecordContext<'_>, row: &SpelledRow<'_>, out: &mut FactsOut<'_>) -> Result<Reading, DecodeError> {
    let (fields, lists, id) = (row.cell(outer::FIELDS), row.cell(outer::SUBLISTS), row.cell(outer::ID));
    let kind = match named(cx, row, "")? {
        Some(Named::Read(kind)) => kind,
        Some(Named::PassedOver(name)) => return Ok(Reading::Skipped(Skip::UnknownTable(name))),
        None => return Err(row.cell(outer::TYPE).error("the record's type, as in salesorder")),
    };
    let own = filled(&id)?.ok_or_else(|| id.error("the record's internal id"))?;
    if cx.event == EventKind::Deleted {
        return Ok(gone::deleted(cx, kind, &own, None, false, out));
    }
    // The id stands beside the fields: it is put among them, where a record of REST has it.
    let head: Cow<'_, str> = with_id(fields.json(), &own);
    let lists = if is_object(&lists) { lists.json() } else { "{}" };
    record(cx, kind, &head, lists, out).map_err(|error| error.within("fields"))
}

fn with_id<'f>(fields: &'f str, id: &str) -> Cow<'f, str> {
    let inner = fields.trim_start().strip_prefix('{').unwrap_or(fields).trim_start();
    let comma = if inner.starts_with('}') { "" } else { "," };
    Cow::Owned(format!("{{\"internalid\":{}{comma}{inner}", serde_json::Value::from(id)))
}

fn record(cx: &RecordContext<'_>, kind: Kind, head: &str, lists: &str, out: &mut FactsOut<'_>) -> Result<Reading, DecodeError> {
    if cx.event == EventKind::Deleted {
        let id = OUTER.read("value", head)?.cell(outer::ID);
        let own = filled(&id)?.ok_or_else(|| id.error("the deleted record's internal id"))?;
        return Ok(gone::deleted(cx, kind, &own, None, false, out));
    }
    match kind {
        Kind::Item => items::translate(cx, head, lists, out)?,
        Kind::Customer => customers::translate(cx, head, out)?,
        Kind::Journal => return ledger::journal(cx, head, lists, out),
        kind => {
            let doc = bodies::document(cx, kind, head, lists)?;
            transaction(cx, &doc, head, out)?;
        }
    }
    Ok(Reading::Understood)
}

fn flat_line(
    cx: &RecordContext<'_>,
    text: &str,
    outer: (Option<&Named>, Option<Text>),
    out: &mut FactsOut<'_>,
) -> Result<Reading, DecodeError> {
    if let Some(Named::Read(kind @ (Kind::Item | Kind::Customer))) = outer.0.or(cx.hint) {
        return record(cx, *kind, text, text, out);
    }
    match flat::line(cx, text, outer)? {
        Ok(doc) => {
            transaction(cx, &doc, text, out)?;
            Ok(Reading::Understood)
        }
        Err(reading) => Ok(reading),
    }
}

fn transaction(cx: &RecordContext<'_>, doc: &Document<'_>, text: &str, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    if doc.partial {
        no_lines(doc)?;
        if !matches!(doc.kind, Kind::SalesOrder | Kind::ReturnAuthorisation) {
            return inline_edit(doc);
        }
    }
    match doc.kind {
        Kind::SalesOrder => sales::order(cx, doc, out),
        Kind::Fulfilment => sales::fulfilment(cx, doc, text, out),
        Kind::Invoice | Kind::CashSale => sales::billed(cx, doc, out),
        Kind::ReturnAuthorisation => returns::authorisation(cx, doc, out),
        Kind::Receipt => returns::receipt(cx, doc, out),
        Kind::CreditMemo => returns::credit_memo(cx, doc, out),
        Kind::CashRefund => money::cash_refund(cx, doc, out),
        Kind::CustomerRefund => money::customer_refund(cx, doc, out),
        Kind::Deposit => money::deposit(cx, doc, out),
        Kind::Item | Kind::Customer | Kind::Journal => Ok(()),
    }
}

/// The lines of an inline edit are not all lines of the document.
fn no_lines(doc: &Document<'_>) -> Result<(), DecodeError> {
    match doc.lines {
        ToldLines::NotTold | ToldLines::Linked(_) => Ok(()),
        _ => Err(DecodeError::new("item", LOAD_IT, "lines")),
    }
}

/// An inline edit tells what was changed and nothing else. What it says of goods or money can't be read without the rest of the record.
fn inline_edit(doc: &Document<'_>) -> Result<(), DecodeError> {
    use bodies::body as column;
    let matters = [
        column::SHIP_STATUS,
        column::STATUS,
        column::CREATED_FROM,
        column::TOTAL,
        column::PAYMENT,
        column::SALES_ORDER,
        column::VOIDED,
        column::CURRENCY,
    ];
    let changed = matters.iter().map(|place| doc.head.cell(*place)).find(|cell| !cell.json().is_empty());
    changed.map_or(Ok(()), |cell| Err(cell.error(LOAD_IT)))
}

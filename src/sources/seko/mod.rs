//! SEKO Logistics (SupplyStream, iHub): pushes as a receiver lands them, whole or one by one; rows of its files; OmniParcel's and OmniRPS's events.
//!
//! What a record is shows in itself, so topics may be shared. A push holds up to 500 responses, `{"Responses": [{"Response": {...}}]}`:
//!
//! | Message | Facts |
//! |---|---|
//! | `Dispatch` | `Despatch` of the order, `Despatched` of the SKU, the parcel's link; the order's lines are closed (`WarehouseLine`), and so is it (`WarehouseOrder`) |
//! | `Dispatch` with `CartonLineItems` | `Tracking` and the link of each carton's number; its goods are those that `Dispatch` tells |
//! | `TrackingDetails` | `Tracking` and the link of its number |
//! | `GRN` of a return | `Receipt`; of a supplier's delivery, or of goods put back: skipped |
//! | `DeliveryArrive` | skipped: nothing is counted yet |
//! | `StockAdjustment`, `StockStatusMovement` | `Movement` in each location type that is counted |
//! | `StockOvernightSummary` | `Count`, and a watermark: once all parts are there, what they leave out is zero |
//! | `StockOvernightLocation` | skipped: the summary by shelf |
//! | a row with a status (polled) | `WarehouseOrder` |
//! | the answer to `stock/quantity` | `Count` of what is free |
//! | OmniParcel parcels, OmniRPS events | `Scan` |
//!
//! - **An order is dispatched once.** After that nothing more is sent for it, and a line of zero pieces, or of fewer than were asked for, is short for
//!   good. What was asked for is not repeated: it follows from the order (`WarehouseLine::quantity` is `None`).
//! - Several lots repeat a line's number: their pieces add up. A row of a file stands by itself, each lot under an id of its own; there a line is closed
//!   only where it says zero, since nobody knows whether another lot follows.
//! - **Versions**: a message is as new as its `SequenceNumber`, which SEKO counts by service. An order's state is the further one; a summary is as
//!   new as its day, then as its `SummaryStockHeaderId`. A row of a file is as new as its place in the topic.
//! - **Times** are UTC; a date without a time is the day of the distribution centre (`zone`, `zones`). OmniParcel's and OmniRPS's are local.
//! - **Stock**: a summary holds what was there at the end of its day. Of basis on-hand it is what has not left: on hand, allocated, in pick and to
//!   dispatch. Only location types listed in `buckets` are counted (`Available Stock`).
//!
//! Names of messages other than tracking and adjustment, columns of files, and which goods received notes are returns are taken by analogy or from
//! memory: each such assumption stands in one place (`NAMES` here, `came_in` in `returned.rs`, `HEADER` and `LINE` in `context.rs`).

mod cells;
mod context;
mod goods;
mod message;
mod returned;
mod scans;
mod stock;
mod times;

use std::borrow::Cow;
use std::sync::Arc;

use self::cells::text;
use self::context::{HEADER, LINE, Seko, SekoSettings, header, line};
use self::message::{Inside, SekoMessage};
use self::scans::{EVENT, event};
use super::adapter::{Adapter, Common, Reading, Skip, SystemKind};
use super::facts_out::FactsOut;
use super::settings;
use super::words::Words;
use crate::envelope::{DecodeError, Record, body, csv};
use crate::facts::{Role, Text};

pub const KIND: SystemKind = SystemKind {
    name: "seko",
    label: "SEKO Logistics (pushes and files of iHub, JSON and CSV; OmniParcel, OmniRPS)",
    fixtures: "seko",
    roles: &[Role::Wms],
    build,
};

/// Which message a header's name stands for, its letters compared without case. All but `TrackingDetails` and `StockAdjustment` by analogy.
const NAMES: &[(&str, Named)] = &[
    ("dispatch", Named::Dispatch),
    ("dispatchconfirmation", Named::Dispatch),
    ("dispatchcartons", Named::Cartons),
    ("dispatchcarton", Named::Cartons),
    ("trackingdetails", Named::Tracking),
    ("tracking", Named::Tracking),
    ("grn", Named::Received),
    ("goodsreceivednote", Named::Received),
    ("stockadjustment", Named::Adjustment),
    ("stockstatusmovement", Named::StatusMovement),
    ("stockovernightsummary", Named::Overnight),
    ("stockovernight", Named::Overnight),
    ("salesorderstatus", Named::Status),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Named {
    Dispatch,
    Cartons,
    Tracking,
    Received,
    Adjustment,
    StatusMovement,
    Overnight,
    Status,
}

fn build(common: &Common, table: &toml::Table) -> Result<Arc<dyn Adapter>, Vec<String>> {
    let settings: SekoSettings = settings::read(table)?;
    let mut errors = Vec::new();
    let statuses = Words::new("statuses", goods::STATUSES, &settings.statuses).map_err(|wrong| errors.extend(wrong));
    let codes = Words::new("codes", &scans::codes(), &settings.codes).map_err(|wrong| errors.extend(wrong));
    let mut zones = Vec::new();
    for (dc, zone) in &settings.zones {
        match jiff::tz::TimeZone::get(zone) {
            Ok(zone) => zones.push((dc.clone(), zone)),
            Err(_) => errors.push(format!("zones.\"{dc}\": \"{zone}\" is not a zone of the IANA database")),
        }
    }
    let announced = settings.announced_returns.as_deref().map(|text| text.split_once(' ').unwrap_or((text, "")));
    let announced = announced.map(|(scope, begin)| (Text::from(scope), Text::from(begin.trim_start())));
    if settings.topics.is_empty() && settings.columns.is_empty() {
        errors.push("topics: is empty; name at least one".into());
    }
    match (statuses, codes) {
        (Ok(statuses), Ok(codes)) if errors.is_empty() => {
            Ok(Arc::new(Seko { common: common.clone(), settings, zones, announced, statuses, codes }))
        }
        _ => Err(errors),
    }
}

impl Adapter for Seko {
    fn revision(&self) -> u16 {
        goods::REVISION + returned::REVISION + stock::REVISION + scans::REVISION
    }

    fn topics(&self) -> Vec<String> {
        let mut topics: Vec<String> = self.settings.topics.iter().chain(self.settings.columns.keys()).cloned().collect();
        topics.sort();
        topics.dedup();
        topics
    }

    fn assumes(&self) -> Vec<String> {
        let begin = self.settings.return_prefixes.join(", ");
        vec![
            format!("a goods received note without a type is of a return where it names an RMA or its number begins with {begin} (return_prefixes); else it is a supplier's delivery, and is not read"),
            "a second note under one delivery number corrects the first".to_owned(),
            "QuantityOnHand leaves out what is allocated (on_hand_includes_allocated); an overnight summary holds for the end of its day in `zone`".to_owned(),
        ]
    }

    fn counts_now_and_then(&self) -> bool {
        true
    }

    fn translate(&self, record: &Record<'_>, out: &mut FactsOut<'_>) -> Result<Reading, DecodeError> {
        if record.value.is_none() {
            return Ok(Reading::Skipped(Skip::Housekeeping));
        }
        let text = body::text(record.value)?;
        out.all_or_none(|out| match text.as_bytes().first() {
            Some(b'{' | b'[') => self.value(record, text, out),
            Some(b'<') => Err(DecodeError::new("value", "JSON: have SEKO push JSON instead of XML", text)),
            _ => self.file(record, text, out),
        })
    }
}

/// What is expected of a record of which nothing shows what it is.
const NO_MESSAGE: &str = "a message as in Responses[0].Response.Dispatch; or a row or event, known by DispatchNumber, DeliveryNumber, \
    StockAdjustmentType, FromLocationType, QuantityOnHand, ConsignmentNo, or SalesOrderNumber with Status";

impl Seko {
    /// A JSON value: a push, an answer, a row.
    fn value(&self, record: &Record<'_>, json: &str, out: &mut FactsOut<'_>) -> Result<Reading, DecodeError> {
        let mut skipped = None;
        let mut is_understood = false;
        for (path, inside) in message::unwrapped(json)? {
            let within = |error: DecodeError| if path.is_empty() { error } else { error.within(&path) };
            let skip = match inside {
                Inside::Message(message) => self.message(record, &message, out).map_err(within)?,
                Inside::Answer(name, lines) if name == "StockQuantityLineItem" => {
                    self.free(record, &lines, out).map_err(within)?;
                    None
                }
                Inside::Answer(name, _) => Some(name),
                Inside::Flat(row) => self.flat(record, vec![row], false, out).map_err(within)?,
                Inside::Nothing => continue,
            };
            match skip {
                Some(reason) => skipped = skipped.or(Some(reason)),
                None => is_understood = true,
            }
        }
        Ok(match skipped {
            Some(reason) if !is_understood => Reading::Skipped(Skip::UnknownTable(reason.into())),
            None if !is_understood => Reading::Skipped(Skip::Housekeeping),
            _ => Reading::Understood,
        })
    }

    /// `Some`: none of ours, and why.
    fn message(&self, record: &Record<'_>, message: &SekoMessage<'_>, out: &mut FactsOut<'_>) -> Result<Option<String>, DecodeError> {
        let plain: String = message.name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
        let Some((_, named)) = NAMES.iter().find(|(name, _)| *name == plain) else { return Ok(Some(message.name.to_owned())) };
        self.told(*named, record, message, out)
    }

    fn told(
        &self,
        named: Named,
        record: &Record<'_>,
        message: &SekoMessage<'_>,
        out: &mut FactsOut<'_>,
    ) -> Result<Option<String>, DecodeError> {
        match named {
            // Cartons are pushed under the same name.
            Named::Dispatch if !message.header(&HEADER)?.cell(header::CARTONS).json().is_empty() => self.cartons(record, message, out)?,
            Named::Dispatch => self.dispatch(record, message, out)?,
            Named::Cartons => self.cartons(record, message, out)?,
            Named::Tracking => self.tracking(record, message, out)?,
            Named::Received => return Ok(self.received(record, message, out)?.map(str::to_owned)),
            Named::Adjustment => self.adjustment(record, message, out)?,
            Named::StatusMovement => self.status_movement(record, message, out)?,
            Named::Overnight => self.overnight(record, message, out)?,
            Named::Status => self.status(record, message, out)?,
        }
        Ok(None)
    }

    /// Rows of one message in a file, or one row by itself. `Some`: none of ours, and why.
    fn flat(&self, record: &Record<'_>, rows: Vec<&str>, is_whole: bool, out: &mut FactsOut<'_>) -> Result<Option<String>, DecodeError> {
        let first = rows.first().copied().unwrap_or("{}");
        let event = EVENT.read("value", first)?;
        if !event.cell(event::CONSIGNMENT).json().is_empty() {
            self.scans(record, &event, out)?;
            return Ok(None);
        }
        let (head, line) = (HEADER.read("value", first)?, LINE.read("value", first)?);
        let has = |place: usize| !head.cell(place).json().is_empty();
        let has_line = |place: usize| !line.cell(place).json().is_empty();
        let named = if has_line(line::ON_HAND) {
            Named::Overnight
        } else if has(header::ADJUSTMENT) {
            Named::Adjustment
        } else if has(header::FROM) {
            Named::StatusMovement
        } else if has_line(line::CARTON_TRACKING) {
            Named::Cartons
        } else if has(header::DISPATCH) && has_line(line::QUANTITY) {
            Named::Dispatch
        } else if has(header::DISPATCH) && has(header::TRACKING) {
            Named::Tracking
        } else if has(header::DELIVERY) && has_line(line::QUANTITY) {
            Named::Received
        } else if has(header::DELIVERY) {
            return Ok(Some("DeliveryArrive".to_owned()));
        } else if has(header::ORDER) && has(header::STATUS) {
            Named::Status
        } else {
            return Err(DecodeError::new("value", NO_MESSAGE, first));
        };
        self.told(named, record, &SekoMessage::of_rows(rows, is_whole), out)
    }

    /// CSV: a whole file with its columns in the first line, or one line of it.
    fn file(&self, record: &Record<'_>, text: &str, out: &mut FactsOut<'_>) -> Result<Reading, DecodeError> {
        let not_csv = || DecodeError::new("value", "JSON, or CSV whose quotes are closed", text);
        let rows = csv::rows(text, ',').ok_or_else(not_csv)?;
        let Some(first) = rows.first() else { return Ok(Reading::Skipped(Skip::Housekeeping)) };
        let is_header = first.iter().any(|name| is_key_column(name));
        let set = self.settings.columns.get(&**record.topic);
        let set: Vec<Cow<'_, str>> = set.map(|columns| columns.split(',').map(Cow::Borrowed).collect()).unwrap_or_default();
        let (columns, lines) = if is_header { (&first[..], &rows[1..]) } else { (&set[..], &rows[..]) };
        if columns.is_empty() {
            let expected = "JSON, or CSV with its columns in the first line or set for the topic (columns)";
            return Err(DecodeError::new("value", expected, text));
        }
        let mut objects = Vec::with_capacity(lines.len());
        for (i, line) in lines.iter().enumerate() {
            let row = csv::object(columns, line);
            objects.push(row.ok_or_else(|| DecodeError::new(format!("row {}", i + 1), format!("{} fields", columns.len()), line.len()))?);
        }
        if objects.is_empty() {
            return Ok(Reading::Skipped(Skip::Housekeeping));
        }
        let mut skipped = None;
        let mut is_understood = false;
        for group in grouped(&objects, is_header)? {
            match self.flat(record, group, is_header, out)? {
                Some(reason) => skipped = Some(reason),
                None => is_understood = true,
            }
        }
        Ok(match skipped {
            Some(reason) if !is_understood => Reading::Skipped(Skip::UnknownTable(reason.into())),
            _ => Reading::Understood,
        })
    }
}

/// Columns that one of each file's rows is known by.
fn is_key_column(name: &str) -> bool {
    ["productcode", "salesordernumber", "consignmentno"].contains(&name.trim().replace('_', "").to_ascii_lowercase().as_str())
}

/// The rows of a whole file, those of one message together: of one dispatch, delivery, adjustment, or distribution centre.
fn grouped<'o>(objects: &'o [String], is_whole: bool) -> Result<Vec<Vec<&'o str>>, DecodeError> {
    let mut groups: Vec<(String, Vec<&'o str>)> = Vec::new();
    for (i, object) in objects.iter().enumerate() {
        let row = HEADER.read("value", object)?;
        let of = [header::DISPATCH, header::DELIVERY, header::INTERNAL, header::DC];
        let key: Vec<String> = of.iter().map(|place| text(row.cell(*place)).map(Cow::into_owned)).collect::<Result<_, _>>()?;
        // A movement has a row, and rows by themselves stay so.
        let apart = !is_whole || !row.cell(header::FROM).json().is_empty();
        let key = if apart { format!("#{i}") } else { key.join("|") };
        match groups.iter_mut().find(|(other, _)| *other == key) {
            Some((_, rows)) => rows.push(object),
            None => groups.push((key, vec![object])),
        }
    }
    Ok(groups.into_iter().map(|(_, rows)| rows).collect())
}

#[cfg(test)]
mod tests;

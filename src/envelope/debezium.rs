//! Changes of database rows as Debezium writes them in JSON, with or without the `schema`/`payload` wrapper.
//!
//! | Value | Decoded |
//! |---|---|
//! | null, `null`, `{"schema":null,"payload":null}` | housekeeping: the tombstone that follows a delete |
//! | `op` c, u, r, d with `before`, `after`, `source` | a change |
//! | `op` t | a change without rows: the table was emptied |
//! | `op` m | housekeeping: a logical message |
//! | a flattened row, a CloudEvent | a change, by what it still says of it (`debezium_forms.rs`) |
//! | no `op`; `ts_ms` alone, `status`, `ddl` or `tableChanges` | housekeeping: heartbeat, border of a transaction, change of schema |
//! | anything else | a decode error |
//!
//! A change of a primary key comes as a delete under the old key and a create under the new one, both at one position.
//! Delivery is at least once: the same change may come again, with another `ts_ms` but the same `source`.

use std::borrow::Cow;

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::body;
use super::debezium_forms::{self as forms, FlatCells, FlatSourceCells, SourceCells};
use super::decode_error::DecodeError;
use super::members::members_within;
use super::row_image::{MembersMet, RowImage, meet};
use super::values::{Cell, Columns as _, columns};
use crate::facts::{LogMark, Moment, Place, RowMark};

/// What a record of a Debezium topic is.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant)] // One at a time, on the stack; a box would be an allocation for each record.
pub enum Message<'a> {
    /// A row was changed, or a table was emptied.
    Change(ChangeEvent<'a>),
    /// Nothing about a row.
    Housekeeping,
}

/// What was done: the member `op`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// `c`: the row was inserted.
    Create,
    /// `u`: the row was updated.
    Update,
    /// `d`: the row was deleted.
    Delete,
    /// `r`: the row was read by a snapshot.
    Read,
    /// `t`: the whole table was emptied. There are no rows.
    Truncate,
}

/// A change of one row.
#[derive(Clone, Debug)]
pub struct ChangeEvent<'a> {
    /// What was done.
    pub op: Op,
    /// The row as it stood before; `None` where the database does not say, and for a row that was not there.
    pub before: Option<RowImage<'a>>,
    /// The row as it stands now; `None` of a delete.
    pub after: Option<RowImage<'a>>,
    /// Where and when it was done.
    pub source: SourceBlock<'a>,
    /// The change's place in its transaction, from 1, where the connector tells it (`provide.transaction.metadata`).
    pub order: Option<u64>,
    /// The schema that the record brings of its envelope and rows, as JSON text (`schemas.enable=true`).
    pub schema: Option<&'a str>,
}

/// Where and when a change was made: the member `source`.
#[derive(Clone, Debug)]
pub struct SourceBlock<'a> {
    /// `mariadb`, `mysql`, `sqlserver`, `postgresql`: it decides what the place is made of.
    pub connector: Cow<'a, str>,
    /// The database's name.
    pub db: Cow<'a, str>,
    /// SQL Server and PostgreSQL; else empty.
    pub schema: Cow<'a, str>,
    /// The table's name. Topics may be renamed, this is not.
    pub table: Cow<'a, str>,
    /// When the change was made, by the database's clock: the commit or the statement.
    pub committed_at: Option<Moment>,
    /// The row was read by a snapshot of any kind.
    pub snapshot: bool,
    /// The last row of its table that a snapshot reads: the snapshot of the table is complete, at this row's place in the log. An incremental snapshot
    /// does not mark its last row; nor is it marked for a table that is empty, or for the first table if it has a single row.
    pub ends_snapshot: bool,
    /// The change stands in its topic as it does in the log; a row that an incremental snapshot reads meanwhile does not.
    pub in_order: bool,
    cells: SourceCells<'a>,
}

columns! {
    /// The members of an envelope, with or without its wrapper, and those that tell housekeeping and other forms apart.
    struct Envelope {
        payload, before, after, source, op, ts_ms, schema, status, ddl, table_changes = "tableChanges", transaction,
        flat_op = "__op", flat_deleted = "__deleted", cloud_op = "iodebeziumop",
    }

    struct Transaction { total_order }
}

/// Whether a member of this name is read of an envelope or of one of its blocks.
pub fn reads(member: &str) -> bool {
    [Envelope::NAMES, SourceCells::NAMES, Transaction::NAMES, FlatCells::NAMES, FlatSourceCells::NAMES]
        .iter()
        .any(|names| names.contains(&member))
}

/// Reads a record's value.
///
/// # Errors
/// What is neither a change nor housekeeping, and a change without a source.
pub fn decode(value: Option<&[u8]>) -> Result<Message<'_>, DecodeError> {
    let Some(bytes) = value else { return Ok(Message::Housekeeping) };
    let text = body::text(Some(bytes))?;
    if text == "null" {
        return Ok(Message::Housekeeping);
    }
    let opened = Opened::read(text)?;
    let outer = &opened.envelope;
    let is_flat = !outer.flat_op.is_null() || !outer.flat_deleted.is_null();
    match present(outer.payload) {
        Some(payload) if outer.op.is_null() && !is_flat => message(Opened::read(payload)?, payload, present(outer.schema)),
        None if outer.op.is_null() && outer.source.is_null() && outer.schema.json() == "null" => Ok(Message::Housekeeping),
        _ => message(opened, text, None),
    }
}

/// An envelope with what was met on the one way through it: the rows and the source are not stepped through once more.
#[derive(Default)]
struct Opened<'a> {
    envelope: Envelope<'a>,
    source: SourceCells<'a>,
    before: MembersMet<'a>,
    after: MembersMet<'a>,
    /// All was met. Else the texts alone are known.
    whole: bool,
}

impl<'a> Opened<'a> {
    fn read(text: &'a str) -> Result<Self, DecodeError> {
        let mut opened = Self::default();
        let is_opened = |name: &str| matches!(name, "before" | "after" | "source");
        let read = members_within(text, is_opened, |of, name, json| match of {
            None => opened.envelope.met(name, json),
            Some("source") => opened.source.met(name, json),
            Some("before") => meet(&mut opened.before, name, json),
            Some(_) => meet(&mut opened.after, name, json),
        });
        if read.is_none() {
            return Ok(Self { envelope: Envelope::read("value", text)?, ..Self::default() });
        }
        Ok(Self { envelope: opened.envelope.named(), source: opened.source.named(), whole: true, ..opened })
    }

    fn source(&self) -> Result<SourceBlock<'a>, DecodeError> {
        let text = present(self.envelope.source).ok_or_else(|| DecodeError::new("source", "where the change was made", "nothing"))?;
        let read = if self.whole && text.starts_with('{') { SourceBlock::of(self.source) } else { SourceBlock::read(text) };
        read.map_err(|error| error.within("source"))
    }

    fn images(self) -> [Option<RowImage<'a>>; 2] {
        let image = |cell, met| {
            let text = present(cell)?;
            Some(if self.whole && text.starts_with('{') { RowImage::of(text, met) } else { RowImage::new(text) })
        };
        [image(self.envelope.before, self.before), image(self.envelope.after, self.after)]
    }
}

/// What stands between the quotes of a text; other JSON as it is.
fn unquoted<'a>(cell: &Cell<'a>) -> &'a str {
    let json = cell.json();
    json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(json)
}

/// A member's JSON text, unless it is absent or `null`.
fn present(cell: Cell<'_>) -> Option<&str> {
    (!cell.is_null()).then(|| cell.json())
}

fn message<'a>(opened: Opened<'a>, text: &'a str, schema: Option<&'a str>) -> Result<Message<'a>, DecodeError> {
    let envelope = &opened.envelope;
    if !envelope.flat_op.is_null() || !envelope.flat_deleted.is_null() {
        return of_parts(forms::flattened(text)?, schema);
    }
    if !envelope.cloud_op.is_null() {
        return of_parts(forms::cloud_event(text)?, schema);
    }
    let op = match unquoted(&envelope.op) {
        "" | "null" if is_housekeeping(envelope) => return Ok(Message::Housekeeping),
        "" | "null" => {
            return Err(DecodeError::new(
                "op",
                "a change with Debezium's envelope (op, source, before, after: have the connector write it whole)",
                text,
            ));
        }
        letter => match op(letter)? {
            Some(op) => op,
            None => return Ok(Message::Housekeeping),
        },
    };
    let mut source = opened.source()?;
    if source.snapshot && source.committed_at.is_none() {
        // Connectors of some versions date no row of a snapshot, or with 0. It was read when it was written to Kafka.
        source.committed_at = envelope.ts_ms.opt_int()?.and_then(dated);
    }
    // A border of transactions without its number tells nothing, and is no error.
    let order = envelope.transaction.object::<Transaction<'_>>().ok().flatten().and_then(|transaction| transaction.total_order.int().ok());
    let order = order.and_then(|order| u64::try_from(order).ok());
    let [before, after] = opened.images();
    Ok(Message::Change(ChangeEvent { op, before, after, source, schema, order }))
}

/// A change in another form than the envelope.
fn of_parts<'a>(parts: forms::FormParts<'a>, schema: Option<&'a str>) -> Result<Message<'a>, DecodeError> {
    let Some(op) = op(parts.op)? else { return Ok(Message::Housekeeping) };
    let source = SourceBlock::of(parts.source)?;
    let [before, after] = [parts.before, parts.after].map(|text| text.map(RowImage::new));
    Ok(Message::Change(ChangeEvent { op, before, after, source, schema: parts.schema.or(schema), order: None }))
}

/// What was done; `None`: nothing to a row.
fn op(letter: &str) -> Result<Option<Op>, DecodeError> {
    Ok(Some(match letter {
        "c" | "C" => Op::Create,
        "u" | "U" => Op::Update,
        "d" | "D" => Op::Delete,
        "r" | "R" => Op::Read,
        "t" | "T" => Op::Truncate,
        "m" | "M" => return Ok(None),
        other => return Err(DecodeError::new("op", "one of c, u, r, d, t, m", other)),
    }))
}

/// A time in milliseconds; 0 stands for none.
fn dated(millis: i64) -> Option<Moment> {
    Moment::checked(millis).filter(|at| at.0 > 0)
}

fn is_housekeeping(envelope: &Envelope<'_>) -> bool {
    let rows = !envelope.before.is_null() || !envelope.after.is_null();
    let heartbeat = envelope.source.is_null() && envelope.status.json().is_empty() && !envelope.ts_ms.is_null();
    // A row may have a column named `status`: only these two words are a transaction's border.
    let border = matches!(envelope.status.json(), "\"BEGIN\"" | "\"END\"");
    let schema = [envelope.ddl, envelope.table_changes].iter().any(|cell| !cell.json().is_empty());
    !rows && (heartbeat || border || schema)
}

impl<'a> ChangeEvent<'a> {
    /// Which row was changed, and how; `key` is the record's.
    pub fn row_mark(&self, key: Option<&[u8]>) -> RowMark {
        let image = |image: &Option<RowImage<'_>>| image.as_ref().map_or(0, |image| xxh3_64(image.text().as_bytes()) as u32 | 1);
        RowMark { key: key.map_or(0, xxh3_64), before: image(&self.before), after: image(&self.after), order: self.order }
    }

    /// The row's image, and the member that holds it: `after`, as the row stands after the change; of a delete `before`, as it stood. `None` where
    /// the table was emptied.
    ///
    /// # Errors
    /// The image is not there.
    pub fn image(&self) -> Result<Option<(&'static str, &RowImage<'a>)>, DecodeError> {
        let (field, image) = match self.op {
            Op::Create | Op::Update | Op::Read => ("after", &self.after),
            Op::Delete => ("before", &self.before),
            Op::Truncate => return Ok(None),
        };
        let image = image.as_ref().ok_or_else(|| DecodeError::new(field, "the row", "nothing"))?;
        Ok(Some((field, image)))
    }
}

impl<'a> SourceBlock<'a> {
    fn read(json: &'a str) -> Result<Self, DecodeError> {
        Self::of(SourceCells::read("", json)?)
    }

    fn of(cells: SourceCells<'a>) -> Result<Self, DecodeError> {
        Ok(Self {
            connector: cells.connector.text()?,
            db: cells.db.text_or_empty()?,
            schema: cells.schema.text_or_empty()?,
            table: cells.table.text_or_empty()?,
            committed_at: cells.ts_ms.opt_int()?.and_then(dated),
            snapshot: !matches!(cells.snapshot.json(), "" | "null" | "false" | "\"false\""),
            ends_snapshot: matches!(cells.snapshot.json(), "\"last\"" | "\"last_in_data_collection\""),
            in_order: cells.snapshot.json() != "\"incremental\"",
            cells,
        })
    }

    /// The change's place in the log of its database: grows with every change of a row.
    ///
    /// | Connector | Place |
    /// |---|---|
    /// | mysql, mariadb | number of the binlog file, position, row in the event |
    /// | sqlserver | commit LSN (80 bits), change LSN (80 bits), serial (32 bits); a snapshot's row has no change LSN: 0 |
    /// | postgresql | last commit's LSN, LSN; from `sequence`, which rows of incremental snapshots have too, else `lsn` |
    ///
    /// # Errors
    /// Names the member of `source` that is missing or cannot be read; another connector gives no order that is known here.
    pub fn place(&self) -> Result<Place, DecodeError> {
        let place = match &*self.connector {
            "mysql" | "mariadb" => self.binlog(),
            "sqlserver" => self.lsns(),
            "postgresql" => self.wal(),
            _ => Err(self.cells.connector.error("mysql, mariadb, sqlserver or postgresql")),
        };
        place.map(Place::Position).map_err(|error| error.within("source"))
    }

    /// Whose log it is, as far as the source says.
    pub fn log(&self) -> LogMark {
        let SourceCells { file, server_id, gtid, .. } = &self.cells;
        let is_binlog = matches!(&*self.connector, "mysql" | "mariadb");
        let name = unquoted(file);
        let stem = name.bytes().rposition(|byte| byte == b'.').map_or(name, |dot| &name[..dot]);
        // A row of a snapshot is read from a table: its server is 0.
        let server = if is_binlog { server_id.int().ok().filter(|id| *id != 0) } else { None };
        let gtid = unquoted(gtid);
        LogMark { server: server.map_or(0, |id| digest(id as u64, stem)), gtid: if is_binlog { gtid_of(gtid) } else { None } }
    }

    fn binlog(&self) -> Result<[u64; 3], DecodeError> {
        let SourceCells { file, pos, row, .. } = &self.cells;
        let name = file.text()?;
        let number = name.rsplit('.').next().and_then(|number| number.parse().ok());
        let number = number.ok_or_else(|| file.error("a binlog file's name that ends in its number"))?;
        Ok([number, unsigned(pos)?, if row.is_null() { 0 } else { Place::apart(unsigned(row)?) }])
    }

    fn lsns(&self) -> Result<[u64; 3], DecodeError> {
        let SourceCells { commit_lsn, change_lsn, event_serial_no, .. } = &self.cells;
        let commit = lsn(commit_lsn)?.ok_or_else(|| commit_lsn.error(LSN))?;
        let change = lsn(change_lsn)?.unwrap_or(0);
        let serial = event_serial_no.opt_int()?.unwrap_or(0);
        let serial = u32::try_from(serial).map_err(|_| event_serial_no.error("a whole number of 32 bits"))?;
        Ok(pack(commit, change, serial))
    }

    fn wal(&self) -> Result<[u64; 3], DecodeError> {
        let SourceCells { lsn, sequence, .. } = &self.cells;
        let expected = "a list of two LSNs in a text";
        if let Some(text) = sequence.opt_text()? {
            let pair: [Option<Cow<'_, str>>; 2] = serde_json::from_str(&text).map_err(|_| sequence.error(expected))?;
            let mut numbers =
                pair.into_iter().map(|part| part.map_or(Ok(0), |digits| digits.parse().map_err(|_| sequence.error(expected))));
            let mut next = || numbers.next().unwrap_or(Ok(0));
            return Ok([next()?, next()?, 0]);
        }
        Ok([0, unsigned(lsn)?, 0])
    }
}

/// Domain and number of a global transaction id: MariaDB writes `domain-server-number`, MySQL `uuid:number` or `uuid:tag:number`. In a domain, and for
/// one uuid, numbers grow with every transaction.
fn gtid_of(text: &str) -> Option<(u32, u64)> {
    if let Some((uuid, number)) = text.rsplit_once(':') {
        return Some((digest(1, uuid), number.parse().ok()?));
    }
    let mut parts = text.split('-');
    let (domain, _server, number) = (parts.next()?.parse::<u64>().ok()?, parts.next()?.parse::<u64>().ok()?, parts.next()?.parse().ok()?);
    parts.next().is_none().then_some((digest(domain, ""), number))
}

/// Not 0.
fn digest(number: u64, text: &str) -> u32 {
    xxh3_64_with_seed(text.as_bytes(), number) as u32 | 1
}

fn unsigned(cell: &Cell<'_>) -> Result<u64, DecodeError> {
    u64::try_from(cell.int()?).map_err(|_| cell.error("a whole number from 0"))
}

const LSN: &str = "an LSN as in 00000027:00000ac0:0002";

/// SQL Server's LSN: file, block and slot in hexadecimal, 32, 32 and 16 bits.
fn lsn(cell: &Cell<'_>) -> Result<Option<u128>, DecodeError> {
    let Some(text) = cell.opt_text()?.filter(|text| *text != "NULL") else { return Ok(None) };
    let mut parts = text.split(':').map(|part| u32::from_str_radix(part, 16).ok());
    let read = (parts.next().flatten(), parts.next().flatten(), parts.next().flatten(), parts.next());
    match read {
        (Some(file), Some(block), Some(slot), None) if slot <= 0xffff => {
            Ok(Some(u128::from(file) << 48 | u128::from(block) << 16 | u128::from(slot)))
        }
        _ => Err(cell.error(LSN)),
    }
}

/// 80 + 80 bits and a small number, in order of weight: compares as the three would.
fn pack(commit: u128, change: u128, serial: u32) -> [u64; 3] {
    let high = commit << 48 | change >> 32;
    let low = (change as u64) << 32 | Place::apart(u64::from(serial));
    [(high >> 64) as u64, high as u64, low]
}

#[cfg(test)]
#[path = "debezium_tests.rs"]
mod tests;

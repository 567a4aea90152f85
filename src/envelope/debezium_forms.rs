//! Changes of rows that a transform or another converter has written in a form of its own. What they still say of a change is found here.
//!
//! | Form | Written by | What it says |
//! |---|---|---|
//! | flattened | `ExtractNewRecordState` | the row; what `add.fields` adds beside it: `__op`, `__table`, `__source_pos` ...; `__deleted` |
//! | CloudEvents | Debezium's converter of that name, structured, JSON | `data` with the row before and after; the source in attributes `iodebezium...`, all texts |
//!
//! A flattened row without the position in its log has no version: it is refused, with the fields to add.

use super::decode_error::DecodeError;
use super::values::{Cell, Columns as _, columns};

columns! {
    /// What a change says of where it was made.
    pub(super) struct SourceCells {
        connector, db, schema, table, ts_ms, snapshot,
        file, pos, row, server_id, gtid,
        commit_lsn, change_lsn, event_serial_no,
        lsn, sequence,
    }

    /// A flattened row's own columns are left to the adapter.
    pub(super) struct FlatCells {
        op = "__op", deleted = "__deleted",
        connector = "__connector", db = "__db", schema = "__schema", table = "__table", ts_ms = "__ts_ms", snapshot = "__snapshot",
        file = "__file", pos = "__pos", row = "__row", server_id = "__server_id", gtid = "__gtid",
        commit_lsn = "__commit_lsn", change_lsn = "__change_lsn", event_serial_no = "__event_serial_no",
        lsn = "__lsn", sequence = "__sequence",
    }

    /// The same, as `add.fields = source.pos` names them.
    pub(super) struct FlatSourceCells {
        connector = "__source_connector", db = "__source_db", schema = "__source_schema", table = "__source_table",
        ts_ms = "__source_ts_ms", snapshot = "__source_snapshot",
        file = "__source_file", pos = "__source_pos", row = "__source_row", server_id = "__source_server_id", gtid = "__source_gtid",
        commit_lsn = "__source_commit_lsn", change_lsn = "__source_change_lsn", event_serial_no = "__source_event_serial_no",
        lsn = "__source_lsn", sequence = "__source_sequence",
    }

    /// Names in small letters and digits alone, as CloudEvents wants its attributes.
    struct CloudCells {
        op = "iodebeziumop", data,
        connector = "iodebeziumconnector", db = "iodebeziumdb", schema = "iodebeziumschema", table = "iodebeziumtable",
        ts_ms = "iodebeziumtsms", snapshot = "iodebeziumsnapshot",
        file = "iodebeziumfile", pos = "iodebeziumpos", row = "iodebeziumrow", server_id = "iodebeziumserverid", gtid = "iodebeziumgtid",
        commit_lsn = "iodebeziumcommitlsn", change_lsn = "iodebeziumchangelsn", event_serial_no = "iodebeziumeventserialno",
        lsn = "iodebeziumlsn", sequence = "iodebeziumsequence",
    }

    struct CloudData { before, after, schema, payload }
}

/// What a form says of a change.
pub(super) struct FormParts<'a> {
    /// The letter of what was done.
    pub op: &'a str,
    pub before: Option<&'a str>,
    pub after: Option<&'a str>,
    pub source: SourceCells<'a>,
    /// The schema that the record brings.
    pub schema: Option<&'a str>,
}

const FIELDS: &str = "its place in the log (add.fields = op,table,source.ts_ms and, of MySQL and MariaDB, source.file,source.pos,source.row; of SQL \
    Server source.commit_lsn,source.change_lsn,source.event_serial_no; of PostgreSQL source.sequence,source.lsn)";

/// Reads a flattened row, `text`.
pub(super) fn flattened(text: &str) -> Result<FormParts<'_>, DecodeError> {
    let (flat, nested) = (FlatCells::read("value", text)?, FlatSourceCells::read("value", text)?);
    let neither = |plain: Cell<'_>, nested: Cell<'_>| plain.is_null() && nested.is_null();
    if neither(flat.table, nested.table) {
        return Err(flat.table.error("the name of the row's table (add.fields = op,table,...)"));
    }
    if [(flat.file, nested.file), (flat.commit_lsn, nested.commit_lsn), (flat.lsn, nested.lsn), (flat.sequence, nested.sequence)]
        .into_iter()
        .all(|(plain, nested)| neither(plain, nested))
    {
        return Err(DecodeError::new("value", format!("a flattened row with {FIELDS}"), "a row without it"));
    }
    let is_deleted = flat.deleted.opt_flag()?.unwrap_or(false);
    let op = match text_of(flat.op) {
        // A row that is rewritten when it is deleted may be told with the operation of its last change.
        _ if is_deleted => "d",
        // Without the operation it can't be told whether the row is new.
        "" => "u",
        op => op,
    };
    let is_delete = matches!(op, "d" | "D");
    let source = chosen(&flat, &nested);
    Ok(FormParts { op, before: is_delete.then_some(text), after: (!is_delete).then_some(text), source, schema: None })
}

fn chosen<'a>(flat: &FlatCells<'a>, nested: &FlatSourceCells<'a>) -> SourceCells<'a> {
    let or = |nested: Cell<'a>, plain: Cell<'a>| if nested.is_null() { plain } else { nested };
    let mut source = SourceCells {
        connector: or(nested.connector, flat.connector),
        db: or(nested.db, flat.db),
        schema: or(nested.schema, flat.schema),
        table: or(nested.table, flat.table),
        // `__ts_ms` alone is the connector's clock, which is another at each delivery.
        ts_ms: nested.ts_ms,
        snapshot: or(nested.snapshot, flat.snapshot),
        file: or(nested.file, flat.file),
        pos: or(nested.pos, flat.pos),
        row: or(nested.row, flat.row),
        server_id: or(nested.server_id, flat.server_id),
        gtid: or(nested.gtid, flat.gtid),
        commit_lsn: or(nested.commit_lsn, flat.commit_lsn),
        change_lsn: or(nested.change_lsn, flat.change_lsn),
        event_serial_no: or(nested.event_serial_no, flat.event_serial_no),
        lsn: or(nested.lsn, flat.lsn),
        sequence: or(nested.sequence, flat.sequence),
    };
    if source.connector.is_null() {
        let known = [(source.commit_lsn, "\"sqlserver\""), (source.file, "\"mysql\"")];
        let connector = known.into_iter().find(|(cell, _)| !cell.is_null()).map_or("\"postgresql\"", |(_, connector)| connector);
        source.connector = Cell::new("__source_connector", connector);
    }
    source
}

/// Reads a change in CloudEvents, `text`.
pub(super) fn cloud_event(text: &str) -> Result<FormParts<'_>, DecodeError> {
    let event = CloudCells::read("value", text)?;
    let is_object = event.data.json().starts_with('{');
    if !event.data.is_null() && !is_object {
        return Err(DecodeError::new("data", "an object with the row before and after (data.serializer.type = json)", event.data.json()));
    }
    let data = event.data.object::<CloudData<'_>>()?.unwrap_or_default();
    let (data, schema) = match data.payload.object::<CloudData<'_>>()? {
        Some(payload) => (payload, Some(data.schema.json()).filter(|_| !data.schema.is_null())),
        None => (data, None),
    };
    let source = SourceCells {
        connector: event.connector,
        db: event.db,
        schema: event.schema,
        table: event.table,
        ts_ms: event.ts_ms,
        snapshot: event.snapshot,
        file: event.file,
        pos: event.pos,
        row: event.row,
        server_id: event.server_id,
        gtid: event.gtid,
        commit_lsn: event.commit_lsn,
        change_lsn: event.change_lsn,
        event_serial_no: event.event_serial_no,
        lsn: event.lsn,
        sequence: event.sequence,
    };
    let present = |cell: Cell<'_>| !cell.is_null();
    Ok(FormParts {
        op: text_of(event.op),
        before: Some(data.before.json()).filter(|_| present(data.before)),
        after: Some(data.after.json()).filter(|_| present(data.after)),
        source,
        schema,
    })
}

/// What stands between the quotes; nothing of null.
fn text_of<'a>(cell: Cell<'a>) -> &'a str {
    if cell.is_null() { "" } else { cell.json().trim_matches('"') }
}

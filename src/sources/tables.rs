//! Tables of a database, as Debezium writes the changes of their rows. What is the same for every system that is read so stands here.
//!
//! An adapter lists its tables once, one [`SourceTable`] each, and says what a row of each means ([`TableRow`]). The rest follows:
//!
//! | Change | Facts |
//! |---|---|
//! | create, read by a snapshot | the row stands so |
//! | update | the row stands so; where the row before it was another's, that one is withdrawn |
//! | delete | the row is gone |
//! | the table was emptied | all of its rows are gone |
//! | the last row that a snapshot reads | the snapshot is complete: orders learn which of their rows it left out |

use std::sync::Arc;

use super::adapter::{Reading, Skip};
use super::decimals::ColumnDecimals;
use super::facts_out::FactsOut;
use super::settings::suggestion;
use crate::envelope::debezium::{self, ChangeEvent, Message, Op};
use crate::envelope::{Cell, Decimals, DecodeError, Record, RowImage, RowSchema};
use crate::facts::{EntityKind, Moment, Place, Watermark};

/// A table that an adapter reads.
pub(super) struct SourceTable<A: Tables> {
    /// As people and the setting `tables` name it: without what the database puts around it (a prefix, a company).
    pub(super) name: &'static str,
    /// The rows of ours that stand for the table's rows. None where they can't be distinguished from rows of another table.
    pub(super) rows: &'static [RowsOf],
    /// How a row is read and what it means.
    pub(super) meaning: A::Meaning,
}

/// Rows of ours that stand for a table's rows.
pub(super) struct RowsOf {
    entity: EntityKind,
    kind: u8,
    /// How their ids begin; all ids of the kind: `""`.
    beginnings: &'static [&'static str],
    /// Each row of the table has one: an order's row that a complete snapshot leaves out is missing.
    each: bool,
}

impl RowsOf {
    /// All rows of this kind that the source gives.
    pub(super) const fn all(entity: EntityKind, kind: u8) -> Self {
        Self { entity, kind, beginnings: &[""], each: true }
    }

    /// Those whose ids begin so: others of this kind come from another table.
    pub(super) const fn beginning(entity: EntityKind, kind: u8, beginnings: &'static [&'static str]) -> Self {
        Self { entity, kind, beginnings, each: true }
    }

    /// All rows of this kind, which only some of the table's rows have.
    pub(super) const fn of_some(entity: EntityKind, kind: u8) -> Self {
        Self { entity, kind, beginnings: &[""], each: false }
    }
}

/// An adapter that reads tables.
pub(super) trait Tables: Sized + Sync + 'static {
    /// How the adapter reads a row.
    type Meaning: Sync + 'static;

    /// The table that the database names so; else the name by which the unknown table is counted.
    fn table<'n>(&self, name: &'n str) -> Result<&'static SourceTable<Self>, &'n str>;

    /// How its columns write decimals.
    fn decimals(&self) -> &ColumnDecimals;

    /// Reads the row that was changed and puts its facts out, mostly by [`apply`].
    fn change(
        table: &'static SourceTable<Self>,
        change: &ChangeEvent<'_>,
        reader: &RowReader<'_, Self>,
        out: &mut FactsOut<'_>,
    ) -> Result<(), DecodeError>;
}

/// What reading a row depends on beside the row.
pub(super) struct RowReader<'r, A> {
    pub(super) adapter: &'r A,
    pub(super) op: Op,
    /// The change's place in its database's log.
    pub(super) place: Place,
    /// When the change was committed; the record's timestamp where the database does not say.
    pub(super) committed_at: Moment,
    table: &'static str,
    /// What the record's own schema says of its columns.
    schema: Option<Arc<RowSchema>>,
}

impl<A: Tables> RowReader<'_, A> {
    /// How this cell writes a decimal, and its scale.
    pub(super) fn decimals(&self, cell: &Cell<'_>) -> Result<(Decimals, u32), DecodeError> {
        self.adapter.decimals().of(self.schema.as_deref(), self.table, cell)
    }
}

/// What a row of a table means.
pub(super) trait TableRow<'a, A>: Sized {
    /// The row stands so.
    fn upsert(&self, reader: &RowReader<'_, A>, out: &mut FactsOut<'_>) -> Result<(), DecodeError>;

    /// The row stood so and is gone.
    fn delete(&self, reader: &RowReader<'_, A>, out: &mut FactsOut<'_>) -> Result<(), DecodeError>;

    /// Whether an update may give the row to another order, SKU or customer: then it is compared with the row before it, by [`Self::moved`].
    fn moves(&self) -> bool {
        false
    }

    /// Facts of what has changed: `before` is the row before an update, where the table's rows move ([`Self::moves`]); `None`: it is not known.
    fn changed(&self, _before: Option<&Self>, _reader: &RowReader<'_, A>, _out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        Ok(())
    }

    /// Where the update left the row that stood as `before`.
    fn moved(&self, _before: &Self, _reader: &RowReader<'_, A>) -> Result<RowMove, DecodeError> {
        Ok(RowMove::No)
    }
}

/// Where an update left a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowMove {
    /// Where it was.
    No,
    /// It is another's now.
    ToAnother,
    /// It stands for no row of ours any more.
    Away,
}

impl RowMove {
    /// By the columns that name the owner: the row is another's where they differ.
    pub(super) fn by_owner<const N: usize>(after: [&Cell<'_>; N], before: [&Cell<'_>; N]) -> Self {
        let same = after.iter().zip(before).all(|(after, before)| after.json() == before.json());
        if same { Self::No } else { Self::ToAnother }
    }
}

/// The names of the tables to read: those that the setting `tables` lists, else `usual`.
///
/// # Errors
/// A sentence for each name that is none of `known`.
pub(super) fn named<A: Tables>(
    known: &[&SourceTable<A>],
    listed: Option<&[String]>,
    usual: impl Fn(&str) -> bool,
) -> Result<Vec<String>, Vec<String>> {
    let names: Vec<&str> = known.iter().map(|table| table.name).collect();
    let Some(listed) = listed else {
        return Ok(names.into_iter().filter(|name| usual(name)).map(str::to_owned).collect());
    };
    let unknown = listed.iter().filter(|name| !names.contains(&name.as_str()));
    let errors: Vec<String> = unknown.map(|name| format!("tables: unknown table \"{name}\"{}", suggestion(name, &names))).collect();
    if errors.is_empty() { Ok(listed.to_vec()) } else { Err(errors) }
}

/// Translates a record of a table's topic.
pub(super) fn translate<A: Tables>(adapter: &A, record: &Record<'_>, out: &mut FactsOut<'_>) -> Result<Reading, DecodeError> {
    let Message::Change(change) = debezium::decode(record.value)? else { return Ok(Reading::Skipped(Skip::Housekeeping)) };
    let table = match adapter.table(&change.source.table) {
        Ok(table) => table,
        Err(unknown) => return Ok(Reading::Skipped(Skip::UnknownTable(unknown.into()))),
    };
    let committed_at = change.source.committed_at.unwrap_or(record.timestamp);
    let schema = adapter.decimals().schema(change.schema);
    let reader = RowReader { adapter, op: change.op, place: change.source.place()?, committed_at, table: table.name, schema };
    out.set_position(reader.place, change.source.committed_at, change.source.in_order);
    out.set_marks(change.source.log(), change.row_mark(record.key));
    out.all_or_none(|out| {
        match change.op {
            Op::Truncate if table.rows.is_empty() => return Err(emptied(table.name)),
            Op::Truncate => whole(table, &reader, Watermark::Raised, out),
            _ => A::change(table, &change, &reader, out)?,
        }
        if change.source.ends_snapshot {
            whole(table, &reader, Watermark::Read, out);
        }
        Ok(Reading::Understood)
    })
}

/// Puts out what a change of one row means; `read` decodes an image of the row, its field's name given for errors.
pub(super) fn apply<'a, A, R: TableRow<'a, A>>(
    change: &ChangeEvent<'a>,
    reader: &RowReader<'_, A>,
    out: &mut FactsOut<'_>,
    read: impl Fn(&'static str, &RowImage<'a>) -> Result<R, DecodeError>,
) -> Result<(), DecodeError> {
    let Some((field, image)) = change.image()? else { return Ok(()) };
    let row = read(field, image)?;
    if change.op == Op::Delete {
        return row.delete(reader, out).map_err(|error| error.within(field));
    }
    let before = change.before.as_ref().filter(|_| row.moves() && change.op == Op::Update);
    let before = before.map(|before| read("before", before)).transpose()?;
    if let Some(old) = &before {
        let withdraw = |out: &mut FactsOut<'_>| old.delete(reader, out).map_err(|error| error.within("before"));
        match row.moved(old, reader)? {
            RowMove::No => {}
            RowMove::ToAnother => out.moved_away(withdraw)?,
            RowMove::Away => withdraw(out)?,
        }
    }
    row.upsert(reader, out).map_err(|error| error.within(field))?;
    row.changed(before.as_ref(), reader, out).map_err(|error| error.within(field))
}

/// Puts out a watermark for all rows of a table: it was emptied, or a snapshot of it is complete. What a snapshot left out matters for rows of orders
/// alone: there a person is asked.
fn whole<A: Tables>(table: &SourceTable<A>, reader: &RowReader<'_, A>, watermark: Watermark, out: &mut FactsOut<'_>) {
    let asked = |rows: &&RowsOf| watermark != Watermark::Read || (rows.entity == EntityKind::Orders && rows.each);
    for rows in table.rows.iter().filter(asked) {
        rows.beginnings.iter().for_each(|id| out.watermark(rows.entity, rows.kind, *id, reader.place, reader.committed_at, watermark));
    }
}

/// The table's rows are gone without a record of each, and nobody can tell which rows of ours stood for them.
fn emptied(table: &str) -> DecodeError {
    DecodeError::new("op", "changes of single rows", format!("{table} was emptied: snapshot it anew"))
}

//! Rows of lists that their source reads as a whole (a warehouse's report): of the rows about one despatch's item only those of the newest reading count.

use crate::entities::RowOf;
use crate::facts::ids::ListedRow;
use crate::facts::{Moment, Place, SourceId};

/// What a row is about, and when its list was read; `None`: it stands by itself.
fn listed<'a, T>(row: &RowOf<'a, T>) -> Option<(&'a str, Moment)> {
    match (ListedRow::of(&row.key.id), row.stored.version.place) {
        (Some(listed), Place::Stamp { millis, .. }) => Some((listed.base, Moment(millis))),
        _ => None,
    }
}

/// The rows that count: those that stand by themselves, and of each list's rows those of the newest reading. A row by itself about the same thing was
/// told before its source read lists.
pub(super) fn newest<'a, T>(rows: impl Iterator<Item = RowOf<'a, T>>) -> Vec<RowOf<'a, T>> {
    let mut rows: Vec<RowOf<'a, T>> = rows.collect();
    let mut read: Vec<(SourceId, &'a str, Moment)> = Vec::new();
    for (source, (base, at)) in rows.iter().filter_map(|row| Some((row.key.source, listed(row)?))) {
        match read.iter_mut().find(|(of, there, _)| *of == source && *there == base) {
            Some((_, _, newest)) => *newest = (*newest).max(at),
            None => read.push((source, base, at)),
        }
    }
    if !read.is_empty() {
        let newest =
            |source: SourceId, base: &str| read.iter().find(|(of, there, _)| *of == source && *there == base).map(|(_, _, at)| *at);
        rows.retain(|row| match listed(row) {
            Some((base, at)) => newest(row.key.source, base) == Some(at),
            None => newest(row.key.source, &row.key.id).is_none(),
        });
    }
    rows
}

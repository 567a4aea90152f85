//! Messages in their wrappers: a push of up to 500 responses, an answer of the API, a row of a file.
//!
//! SEKO's JSON is made from XML: a list of one is an object, an empty list `{}` or absent.

use serde_json::value::RawValue;

use super::cells::is_empty_object;
use crate::envelope::{DecodeError, SpelledColumns, SpelledRow, members::members};

/// One message: its header, and its lines beside it.
pub(super) struct SekoMessage<'a> {
    /// Of the header's member; empty: header and line are one row of a file.
    pub(super) name: &'a str,
    header: &'a str,
    pub(super) lines: Lines<'a>,
    /// All its lines are here. A file's row by itself does not say whether others follow.
    pub(super) is_whole: bool,
}

impl<'a> SekoMessage<'a> {
    /// Rows of a file that belong together: the first has the header's members too.
    pub(super) fn of_rows(rows: Vec<&'a str>, is_whole: bool) -> Self {
        let header = rows.first().copied().unwrap_or("{}");
        Self { name: "", header, lines: Lines { name: String::new(), is_list: rows.len() > 1, rows }, is_whole }
    }

    pub(super) fn header(&self, columns: &SpelledColumns) -> Result<SpelledRow<'a>, DecodeError> {
        columns.read(if self.name.is_empty() { "value" } else { self.name }, self.header)
    }

    /// The text of the header.
    pub(super) fn text(&self) -> &'a str {
        self.header
    }

    /// The error of one of the header's members.
    pub(super) fn within(&self, error: DecodeError) -> DecodeError {
        if self.name.is_empty() { error } else { error.within(self.name) }
    }
}

/// The lines of a message.
#[derive(Default)]
pub(super) struct Lines<'a> {
    /// As in `List.DispatchLineItem`.
    name: String,
    is_list: bool,
    rows: Vec<&'a str>,
}

impl<'a> Lines<'a> {
    pub(super) fn rows(&self, columns: &SpelledColumns) -> Result<Vec<SpelledRow<'a>>, DecodeError> {
        let read = |(i, row): (usize, &&'a str)| columns.read("", row).map_err(|error| self.within(error, i));
        self.rows.iter().enumerate().map(read).collect()
    }

    /// The error of a member of the line at this place.
    pub(super) fn within(&self, error: DecodeError, i: usize) -> DecodeError {
        match (self.name.is_empty(), self.is_list) {
            (true, false) => error,
            (true, true) => error.within(&format!("row {}", i + 1)),
            (false, false) => error.within(&self.name),
            (false, true) => error.within(&format!("{}[{i}]", self.name)),
        }
    }
}

/// What is inside a response, or a whole value.
pub(super) enum Inside<'a> {
    /// A message.
    Message(SekoMessage<'a>),
    /// What a call was asked for: the name of the list, and its lines.
    Answer(String, Lines<'a>),
    /// A flat object: a row of a file, or a carrier's event.
    Flat(&'a str),
    /// Nothing: how a call went, and no more.
    Nothing,
}

/// The members of an object, in order.
pub(super) fn members_of<'a>(field: &str, json: &'a str) -> Result<Vec<(String, &'a str)>, DecodeError> {
    let mut found = Vec::new();
    let read = members(json, |name, value| {
        found.push((name.to_owned(), value));
        true
    });
    if read.is_some() {
        return Ok(found);
    }
    if !json.starts_with('{') {
        return Err(DecodeError::new(field, "a JSON object", json));
    }
    let all: Result<std::collections::BTreeMap<String, &'a RawValue>, _> = serde_json::from_str(json);
    let all = all.map_err(|error| DecodeError::new(field, format!("JSON ({error})"), json))?;
    Ok(all.into_iter().map(|(name, value)| (name, value.get())).collect())
}

/// The elements of a list, each with how an error names it. One object is a list of one; `{}`, `null` and an empty text are none.
pub(super) fn elements<'a>(field: &str, json: &'a str) -> Result<Vec<(String, &'a str)>, DecodeError> {
    match json.as_bytes().first() {
        None | Some(b'n') => Ok(Vec::new()),
        Some(b'"') if json == "\"\"" => Ok(Vec::new()),
        Some(b'{') if is_empty_object(json) => Ok(Vec::new()),
        Some(b'{') => Ok(vec![(field.to_owned(), json)]),
        Some(b'[') => {
            let all: Result<Vec<&'a RawValue>, _> = serde_json::from_str(json);
            let all = all.map_err(|error| DecodeError::new(field, format!("JSON ({error})"), json))?;
            Ok(all.into_iter().enumerate().map(|(i, item)| (format!("{field}[{i}]"), item.get())).collect())
        }
        Some(_) => Err(DecodeError::new(field, "a list, or an object where it has one element", json.trim_matches('"'))),
    }
}

/// Everything that a value holds, each with its path.
pub(super) fn unwrapped<'a>(json: &'a str) -> Result<Vec<(String, Inside<'a>)>, DecodeError> {
    let mut found = Vec::new();
    for (path, value) in elements("value", json)? {
        // The name of the whole value says nothing.
        let path = if path == "value" { String::new() } else { path };
        responses(path, value, &mut found)?;
    }
    Ok(found)
}

fn below(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn responses<'a>(path: String, json: &'a str, found: &mut Vec<(String, Inside<'a>)>) -> Result<(), DecodeError> {
    let members = members_of(if path.is_empty() { "value" } else { &path }, json)?;
    let wrapped = members.iter().filter(|(name, _)| matches!(name.as_str(), "Responses" | "Response"));
    let mut is_wrapper = false;
    for (name, value) in wrapped {
        is_wrapper = true;
        for (path, value) in elements(&below(&path, name), value)? {
            responses(path, value, found)?;
        }
    }
    if !is_wrapper {
        let inside = inside(json, members).map_err(|error| if path.is_empty() { error } else { error.within(&path) })?;
        found.push((path, inside));
    }
    Ok(())
}

/// What is told beside a message.
const BESIDE: [&str; 4] = ["CallStatus", "GUID", "List", "TimeStamp"];

fn inside<'a>(json: &'a str, members: Vec<(String, &'a str)>) -> Result<Inside<'a>, DecodeError> {
    let own = || members.iter().filter(|(name, _)| !BESIDE.contains(&name.as_str()));
    let list = members.iter().find(|(name, _)| name == "List").map(|(_, list)| *list).unwrap_or_default();
    let lines = match elements("List", list)?.first() {
        Some((_, list)) => members_of("List", list)?,
        None => Vec::new(),
    };
    let lines = lines.into_iter().next().map(|(name, value)| read_lines(format!("List.{name}"), value)).transpose()?;
    let is_flat = own().any(|(_, value)| !value.starts_with('{') && !value.starts_with('['));
    let objects = || own().filter(|(_, value)| value.starts_with('{'));
    // An empty object is none, unless lines stand beside it.
    let header = objects().find(|(_, value)| !is_empty_object(value)).or_else(|| objects().next().filter(|_| lines.is_some()));
    match header {
        Some((name, header)) if !is_flat => {
            let name = name_in(json, name);
            let lines = match lines {
                Some(lines) => lines,
                None => cartons(name, header)?.unwrap_or_default(),
            };
            Ok(Inside::Message(SekoMessage { name, header, lines, is_whole: true }))
        }
        _ => match lines {
            Some(lines) => Ok(Inside::Answer(lines.name.trim_start_matches("List.").to_owned(), lines)),
            None if is_flat => Ok(Inside::Flat(json)),
            None => Ok(Inside::Nothing),
        },
    }
}

/// The name as it stands in the text, to be borrowed from there.
fn name_in<'a>(json: &'a str, name: &str) -> &'a str {
    json.find(name).and_then(|at| json.get(at..at + name.len())).unwrap_or("message")
}

fn read_lines<'a>(name: String, json: &'a str) -> Result<Lines<'a>, DecodeError> {
    let rows = elements(&name, json)?;
    Ok(Lines { is_list: json.starts_with('['), rows: rows.into_iter().map(|(_, row)| row).collect(), name })
}

/// Cartons have their lines in the header.
fn cartons<'a>(name: &str, header: &'a str) -> Result<Option<Lines<'a>>, DecodeError> {
    let all = members_of(name, header)?;
    let Some((list, value)) = all.iter().find(|(name, _)| name == "CartonLineItems") else { return Ok(None) };
    let path = format!("{name}.{list}");
    let Some((_, value)) = elements(&path, value)?.into_iter().next() else { return Ok(Some(Lines::default())) };
    let Some((line, value)) = members_of(&path, value)?.into_iter().next() else { return Ok(Some(Lines::default())) };
    read_lines(format!("{path}.{line}"), value).map(Some)
}

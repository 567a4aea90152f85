//! How lists are printed: as a table for people, as one JSON list, or as one JSON object a line for other programs.

use serde_json::Value;

/// `-o table|json|jsonl`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ListFormat {
    /// Columns for people.
    #[default]
    Table,
    /// One list.
    Json,
    /// One object a line.
    Jsonl,
}

/// A column: its title, the member of the objects that it shows, and whether it holds numbers, which stand at the right.
pub type Column = (&'static str, &'static str, bool);

/// The list as it is printed. A member of a member is named `part/unit`.
pub fn shown(format: ListFormat, columns: &[Column], list: &[Value]) -> String {
    match format {
        ListFormat::Table => table(columns, list),
        ListFormat::Json => format!("{:#}\n", Value::from(list.to_vec())),
        ListFormat::Jsonl => list.iter().map(|object| format!("{object}\n")).collect(),
    }
}

/// Columns as wide as what they hold, two spaces between them.
fn table(columns: &[Column], list: &[Value]) -> String {
    let titles = columns.iter().map(|(title, ..)| (*title).to_owned()).collect::<Vec<_>>();
    let cells = list.iter().map(|object| columns.iter().map(|(_, member, _)| cell(object, member)).collect::<Vec<_>>());
    let rows: Vec<Vec<String>> = std::iter::once(titles).chain(cells).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).zip(columns).map(|((cell, width), (.., is_number))| match is_number {
            true => format!("{cell:>width$}"),
            false => format!("{cell:<width$}"),
        });
        let line = cells.collect::<Vec<_>>().join("  ");
        format!("{}\n", line.trim_end())
    };
    rows.iter().map(line).collect()
}

fn cell(object: &Value, member: &str) -> String {
    match object.pointer(&format!("/{member}")) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_list_is_a_table_for_people_and_objects_for_programs() {
        let list = [json!({"name": "one", "of": {"pieces": "2"}}), json!({"name": "another", "of": {"pieces": "100"}})];
        let columns: &[Column] = &[("name", "name", false), ("pieces", "of/pieces", true)];
        assert_eq!(shown(ListFormat::Table, columns, &list), "name     pieces\none           2\nanother     100\n");
        let lines = shown(ListFormat::Jsonl, columns, &list);
        assert_eq!(lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("an object")).collect::<Vec<_>>(), list);
        let whole: Value = serde_json::from_str(&shown(ListFormat::Json, columns, &list)).expect("a list");
        assert_eq!(whole, json!(list));
    }
}

//! How lists are printed: as a table for people, as one JSON list, or as one JSON object a line for other programs. And how long lines are.

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

/// Columns of a terminal.
const TERMINAL: usize = 80;

/// Prints text for people: on a terminal its long lines are broken between words; other programs get the lines as they are.
pub fn print_text(text: &str) {
    match std::io::IsTerminal::is_terminal(&std::io::stdout()) {
        true => print!("{}", wrapped(text, TERMINAL)),
        false => print!("{text}"),
    }
}

/// What goes on stands two columns to the right of where its line began. A word that is too long stays whole.
fn wrapped(text: &str, columns: usize) -> String {
    let mut lines = Vec::new();
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        let mut current = line[..indent].to_owned();
        let mut is_new = true;
        for word in line[indent..].split(' ') {
            if !is_new && current.chars().count() + 1 + word.chars().count() > columns {
                lines.push(std::mem::replace(&mut current, " ".repeat(indent + 2)));
                is_new = true;
            }
            if !is_new {
                current.push(' ');
            }
            current.push_str(word);
            is_new = false;
        }
        lines.push(current);
    }
    lines.iter().map(|line| format!("{}\n", line.trim_end())).collect()
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
    fn long_lines_are_broken_between_words() {
        let text = "short\n  magento plays shop; reads one, another-that-is-too-long, three\n";
        let broken = wrapped(text, 22);
        assert_eq!(broken, "short\n  magento plays shop;\n    reads one,\n    another-that-is-too-long,\n    three\n");
        assert_eq!(wrapped("a  table   stays\n", 80), "a  table   stays\n");
    }

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

//! What can be mapped, as text: the rows and fields of `docs/mapped.md` and of `waybill try --rows`.

use super::fields::{Field, Form};
use super::row_type::RowType;
use super::rows;

/// Every row and field in Markdown, under a head for each part of the trade.
pub fn page() -> String {
    let mut text = String::new();
    for chapter in rows::CHAPTERS {
        text.push_str(&format!("### {}\n\n", chapter.title));
        chapter.rows.iter().for_each(|row| text.push_str(&in_markdown(row)));
    }
    text
}

/// One row's fields for a terminal; of an unknown name, or none, the names of all rows.
pub fn help(name: &str) -> String {
    match rows::all().find(|row| row.name == name) {
        Some(row) => in_plain(row),
        None => rows::CHAPTERS.iter().map(contents).collect(),
    }
}

fn contents(chapter: &rows::Chapter) -> String {
    let row = |row: &RowType| format!("  {:16} {}\n", row.name, row.about.replace('`', ""));
    format!("{}\n{}", chapter.title, chapter.rows.iter().map(row).collect::<String>())
}

fn in_markdown(row: &RowType) -> String {
    let mut text = format!("#### `{}`\n\n{} One row for {}.\n\n", row.name, row.about, row.one_for);
    text.push_str("| field | holds | |\n| --- | --- | --- |\n");
    for field in row.fields {
        let star = if field.must { " \\*" } else { "" };
        text.push_str(&format!("| `{}`{star} | {} | {} |\n", field.name, field.form.says(), says(field)));
    }
    text.push_str(&groups(row));
    text.push('\n');
    text
}

fn in_plain(row: &RowType) -> String {
    let mut text = format!("{}: {} One row for {}.\n\n", row.name, row.about, row.one_for).replace('`', "");
    for field in row.fields {
        let star = if field.must { "*" } else { "" };
        text.push_str(&format!("  {:18} {:16} {}\n", format!("{}{star}", field.name), field.form.says(), says(field).replace('`', "")));
    }
    text.push_str(&groups(row).replace('`', "").trim_end().replace('\n', " "));
    text.push('\n');
    text
}

fn says(field: &Field) -> String {
    let words = |names: &[&str]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    match field.form {
        Form::Open(names) => format!("{}. Of: {}; another word is kept, and asked about", field.says, words(names)),
        Form::Closed(names) => format!("{}. Of: {}", field.says, words(names)),
        _ => field.says.to_owned(),
    }
}

/// Which fields stand for each other.
fn groups(row: &RowType) -> String {
    let group = |group: &&[&str]| {
        let names: Vec<String> = group.iter().map(|name| format!("`{name}`")).collect();
        if names.len() == 1 {
            format!("\n{} has to be mapped.\n", names.concat())
        } else {
            format!("\nOne at least of {} has to be mapped.\n", names.join(", "))
        }
    };
    row.one_of.iter().map(group).collect()
}

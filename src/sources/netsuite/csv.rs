//! Lines of a CSV file, as JSON objects under the names of their columns: a saved search that NetSuite mails or puts on a server.

use std::borrow::Cow;

use crate::envelope::{DecodeError, csv};

/// Each line as an object. `columns`: the names where the text has no head; a first line that repeats them is the head.
///
/// # Errors
/// A quote is not closed, a line has more fields than there are columns, or nothing stands below the head.
pub(super) fn objects(text: &str, columns: &[String]) -> Result<Vec<String>, DecodeError> {
    let rows = csv::rows(text, ',').ok_or_else(|| DecodeError::new("value", "CSV (a quote is not closed, or text follows it)", text))?;
    let mut rows = rows.into_iter().peekable();
    let is_head = |row: &[Cow<'_, str>]| row.iter().map(|name| name.trim()).eq(columns.iter().map(|name| name.trim()));
    let head: Vec<Cow<'_, str>> = match columns {
        [] => rows.next().unwrap_or_default(),
        columns => {
            rows.next_if(|row| is_head(row));
            columns.iter().map(|name| Cow::Borrowed(name.as_str())).collect()
        }
    };
    let object = |(i, row): (usize, Vec<Cow<'_, str>>)| {
        csv::object(&head, &row).ok_or_else(|| {
            let expected = "as many fields as there are columns (set csv_columns where the text has no head)";
            DecodeError::new(format!("line {}", i + 1), expected, format!("{} fields", row.len()))
        })
    };
    let objects: Vec<String> = rows.enumerate().map(object).collect::<Result<_, _>>()?;
    if objects.is_empty() {
        let expected = "lines below the names of their columns (set csv_columns where the text has no head)";
        return Err(DecodeError::new("value", expected, text));
    }
    Ok(objects)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_without_a_head_have_the_columns_that_are_set() {
        let columns = ["Internal ID".to_owned(), "Quantity".to_owned()];
        let read = |text| objects(text, &columns).map_err(|error| error.field.to_string());
        assert_eq!(read("7,2").expect("rows"), [r#"{"Internal ID":"7","Quantity":"2"}"#]);
        assert_eq!(read("Internal ID,Quantity\n7,2").expect("rows"), [r#"{"Internal ID":"7","Quantity":"2"}"#]);
        assert_eq!(read("7,2,3"), Err("line 1".to_owned()));
        assert_eq!(read("Internal ID,Quantity\n"), Err("value".to_owned()));
    }
}

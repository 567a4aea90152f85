//! Comma separated values (RFC 4180): files that a system exports, whole or a line a record.
//!
//! A row becomes a JSON object of texts under the names of its columns, so that one reader serves a file and its JSON twin.

use std::borrow::Cow;

/// The fields of each line. A field in quotes may hold the separator, line ends, and quotes that are doubled. Blank lines are passed over. `None`: a quote
/// is not closed, or text follows a closing quote.
///
/// ```
/// let rows = waybill::envelope::csv::rows("SKU,Name\nCAP,\"red, \"\"M\"\"\"\n", ',').unwrap();
/// assert_eq!(rows, [["SKU", "Name"], ["CAP", "red, \"M\""]]);
/// ```
pub fn rows(text: &str, separator: char) -> Option<Vec<Vec<Cow<'_, str>>>> {
    let mut rows = Vec::new();
    let mut row = Vec::new();
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    while !rest.is_empty() {
        let (field, after) = field(rest, separator)?;
        row.push(field);
        let ended = after.strip_prefix("\r\n").or_else(|| after.strip_prefix(['\n', '\r']));
        rest = match ended {
            Some(next) => {
                end(&mut row, &mut rows);
                next
            }
            // The line ends with an empty field.
            None if after.starts_with(separator) && after.len() == separator.len_utf8() => {
                row.push(Cow::Borrowed(""));
                ""
            }
            None => after.strip_prefix(separator).unwrap_or_default(),
        };
    }
    end(&mut row, &mut rows);
    Some(rows)
}

fn end<'a>(row: &mut Vec<Cow<'a, str>>, rows: &mut Vec<Vec<Cow<'a, str>>>) {
    let is_blank = row.iter().all(|field| field.is_empty()) && row.len() < 2;
    let ended = std::mem::take(row);
    if !is_blank {
        rows.push(ended);
    }
}

/// The first field, and what follows it: separator, line end or nothing.
fn field(text: &str, separator: char) -> Option<(Cow<'_, str>, &str)> {
    let ends = |at: char| at == separator || at == '\n' || at == '\r';
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(ends).unwrap_or(text.len());
        return Some((Cow::Borrowed(&text[..end]), &text[end..]));
    };
    let mut from = 0;
    loop {
        let quote = from + quoted.get(from..)?.find('"')?;
        if quoted[quote + 1..].starts_with('"') {
            from = quote + 2;
            continue;
        }
        let (inner, after) = (&quoted[..quote], &quoted[quote + 1..]);
        let is_end = after.is_empty() || after.starts_with(ends);
        let inner = if inner.contains('"') { Cow::Owned(inner.replace("\"\"", "\"")) } else { Cow::Borrowed(inner) };
        return is_end.then_some((inner, after));
    }
}

/// A row as a JSON object; `None` where it has more fields than there are columns. Columns without a field are left out.
pub fn object(columns: &[Cow<'_, str>], fields: &[Cow<'_, str>]) -> Option<String> {
    if fields.len() > columns.len() {
        return None;
    }
    let pairs = columns.iter().zip(fields).map(|(name, value)| (name.trim().to_owned(), serde_json::Value::from(value.as_ref())));
    Some(serde_json::Value::Object(pairs.collect()).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Vec<Vec<String>>> {
        rows(text, ',').map(|rows| rows.into_iter().map(|row| row.into_iter().map(Cow::into_owned).collect()).collect())
    }

    #[test]
    fn fields_end_where_rfc_4180_ends_them() {
        assert_eq!(
            read("a,\"b,c\"\r\n1,\n\n,\"x\ny\""),
            Some(
                vec![vec!["a".to_owned(), "b,c".to_owned()], vec!["1".to_owned(), String::new()], vec![String::new(), "x\ny".to_owned()],]
            )
        );
        assert_eq!(read("a,b,"), Some(vec![vec!["a".to_owned(), "b".to_owned(), String::new()]]));
        assert_eq!(read("\u{feff}a"), Some(vec![vec!["a".to_owned()]]));
        assert_eq!(read(""), Some(vec![]));
    }

    #[test]
    fn a_quote_that_is_not_closed_or_not_at_the_end_is_no_csv() {
        assert_eq!(read("a,\"b"), None);
        assert_eq!(read("a,\"b\"c"), None);
    }

    #[test]
    fn a_row_becomes_an_object_under_the_names_of_its_columns() {
        let text = "SKU, Name\nCAP,\"say \"\"M\"\"\"";
        let rows = rows(text, ',').expect("CSV");
        assert_eq!(object(&rows[0], &rows[1]).as_deref(), Some(r#"{"Name":"say \"M\"","SKU":"CAP"}"#));
        assert_eq!(object(&rows[0][..1], &rows[1]), None);
        assert_eq!(object(&rows[0], &rows[1][..1]).as_deref(), Some(r#"{"SKU":"CAP"}"#));
    }
}

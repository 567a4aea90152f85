//! Named columns of one flat JSON object, picked in a single pass.
//!
//! Systems spell one column in several ways: `Salesorder number`, `Salesorder_number`, `SalesOrderNumber`; `Sell-to Customer No_` and its
//! Avro form `Sell_to_Customer_No_`. Two names are the same column when their letters and digits are, case ignored. A table of wanted columns
//! is made once; reading an object then borrows the wanted values and steps over all others without looking into them.

use std::borrow::Cow;

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use smallvec::SmallVec;

use super::Refusal;

/// Longest column name that is compared, in bytes of letters and digits: SQL Server's names have 128 characters.
const NAME_BYTES_MAX: usize = 160;

/// The columns that an adapter wants of one kind of object; a column is known by its place in the list.
pub struct Columns {
    /// The name for errors, by place.
    labels: Vec<Box<str>>,
    /// (letters and digits in lower case, place); a column may have several.
    names: Vec<(Box<[u8]>, u8)>,
}

impl Columns {
    /// Each entry is one column: its names, separated by `|`, the first of them for errors.
    pub fn new<S: AsRef<str>>(columns: &[S]) -> Self {
        let mut labels = Vec::new();
        let mut names = Vec::new();
        for (place, column) in columns.iter().enumerate() {
            for (i, name) in column.as_ref().split('|').enumerate() {
                if i == 0 {
                    labels.push(name.into());
                }
                let mut plain = SmallVec::<[u8; NAME_BYTES_MAX]>::new();
                letters_and_digits(name, &mut plain);
                names.push((plain.as_slice().into(), place as u8));
            }
        }
        Self { labels, names }
    }

    fn place(&self, name: &str) -> Option<usize> {
        let mut plain = SmallVec::<[u8; NAME_BYTES_MAX]>::new();
        letters_and_digits(name, &mut plain);
        let (_, place) = self.names.iter().find(|(wanted, _)| **wanted == *plain)?;
        Some(usize::from(*place))
    }

    /// Reads the object. Of a column that comes twice the first counts.
    pub fn read<'a>(&'a self, json: &'a [u8], part: &str) -> Result<Cells<'a>, Refusal> {
        let mut reader = serde_json::Deserializer::from_slice(json);
        let cells = Pick(self).deserialize(&mut reader).and_then(|cells| reader.end().map(|()| cells));
        let cells = cells.map_err(|error| Refusal::new(part, "a JSON object", error))?;
        Ok(Cells { columns: self, cells })
    }
}

fn letters_and_digits(name: &str, out: &mut SmallVec<[u8; NAME_BYTES_MAX]>) {
    out.extend(name.bytes().filter(|b| b.is_ascii_alphanumeric() || !b.is_ascii()).map(|b| b.to_ascii_lowercase()));
}

type Raw<'a> = SmallVec<[Option<&'a RawValue>; 24]>;

/// The values of the wanted columns of one object. Absent and `null` are the same.
pub struct Cells<'a> {
    columns: &'a Columns,
    cells: Raw<'a>,
}

impl<'a> Cells<'a> {
    /// The column's name, for errors.
    pub fn label(&self, place: usize) -> &'a str {
        self.columns.labels.get(place).map_or("", |label| label)
    }

    /// The value as it stands in the JSON.
    pub fn json(&self, place: usize) -> Option<&'a str> {
        self.cells.get(place).copied().flatten().map(RawValue::get).filter(|json| *json != "null")
    }

    /// The value as text: a string's content, or the digits of a number and the word of a truth value as they are written.
    pub fn text(&self, place: usize) -> Result<Option<Cow<'a, str>>, Refusal> {
        let Some(json) = self.json(place) else { return Ok(None) };
        plain_text(json).ok_or_else(|| self.refusal(place, "a text or a number", json)).map(Some)
    }

    /// A refusal of this column.
    pub fn refusal(&self, place: usize, expected: impl Into<String>, found: impl std::fmt::Display) -> Refusal {
        Refusal::new(self.label(place), expected, found)
    }
}

/// The text of a JSON scalar, borrowed where it has no escapes; `None` for objects and arrays.
pub fn plain_text(json: &str) -> Option<Cow<'_, str>> {
    match json.as_bytes().first()? {
        b'"' => {
            let inner = json.get(1..json.len().checked_sub(1)?)?;
            if inner.contains('\\') { serde_json::from_str(json).ok().map(Cow::Owned) } else { Some(Cow::Borrowed(inner)) }
        }
        b'{' | b'[' => None,
        _ => Some(Cow::Borrowed(json)),
    }
}

struct Pick<'c>(&'c Columns);

impl<'de> DeserializeSeed<'de> for Pick<'_> {
    type Value = Raw<'de>;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Pick<'_> {
    type Value = Raw<'de>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut cells: Raw<'de> = smallvec::smallvec![None; self.0.labels.len()];
        while let Some(place) = map.next_key_seed(Place(self.0))? {
            match place.and_then(|place| cells.get_mut(place)) {
                Some(cell @ None) => *cell = Some(map.next_value()?),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(cells)
    }
}

/// Reads a key as the place of its column, without keeping it.
struct Place<'c>(&'c Columns);

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = Option<usize>;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Place<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a column's name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.place(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<'a>(columns: &'a Columns, json: &'a str) -> Vec<Option<Cow<'a, str>>> {
        let cells = columns.read(json.as_bytes(), "value").unwrap_or_else(|refusal| panic!("{refusal}"));
        (0..columns.labels.len()).map(|place| cells.text(place).unwrap_or_else(|refusal| panic!("{refusal}"))).collect()
    }

    #[test]
    fn one_column_is_found_under_each_of_its_spellings() {
        let columns = Columns::new(&["Salesorder number|order_no", "Line Discount _"]);
        for json in [
            r#"{"Salesorder number":"SO-1","Line Discount _":1.50}"#,
            r#"{"other":{"a":[1]},"Salesorder_number":"SO-1","Line_Discount__":1.50}"#,
            r#"{"salesOrderNumber":"SO-1","LINE DISCOUNT _":"1.50"}"#,
            r#"{"order_no":"SO-1","Line Discount %":"1.50","order no":"SO-2"}"#,
        ] {
            assert_eq!(read(&columns, json), [Some("SO-1".into()), Some("1.50".into())], "{json}");
        }
    }

    #[test]
    fn absent_and_null_are_the_same_and_escapes_are_undone() {
        let columns = Columns::new(&["a", "b", "c"]);
        assert_eq!(read(&columns, r#"{"a":null,"b":"x \"y\" \u00e9"}"#), [None, Some("x \"y\" é".into()), None]);
    }

    #[test]
    fn what_is_no_object_is_refused_whole() {
        let columns = Columns::new(&["a"]);
        for json in ["[]", "{\"a\":1", "{\"a\":1} x", "", "\"a\""] {
            assert!(columns.read(json.as_bytes(), "value").is_err(), "{json}");
        }
        let nested = columns.read(br#"{"a":{"b":1}}"#, "value").unwrap_or_else(|refusal| panic!("{refusal}"));
        assert_eq!(nested.text(0).map_err(|r| r.to_string()), Err(r#"field "a": expected a text or a number, found "{"b":1}""#.to_owned()));
    }
}

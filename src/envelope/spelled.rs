//! Columns that their source spells in several ways, picked from one flat JSON object in a single pass.
//!
//! `Salesorder number`, `Salesorder_number`, `SalesOrderNumber`; `Sell-to Customer No_` and its Avro form `Sell_to_Customer_No_`: two names
//! are one column when their letters and digits are the same, case ignored. The table of wanted columns is made once; reading an object then
//! borrows the wanted values and steps over all others without looking into them.

use std::sync::OnceLock;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use smallvec::SmallVec;

use super::decode_error::DecodeError;
use super::members::members;
use super::row_image::RowImage;
use super::values::Cell;

/// Declares the columns of one kind of object: a module with the place of each and `NAMES`, the list for [`SpelledColumns::new`].
macro_rules! spelled {
    ($(#[$doc:meta])* $vis:vis mod $module:ident { $($place:ident = $names:literal),* $(,)? }) => {
        $(#[$doc])*
        $vis mod $module {
            #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
            enum Place { $($place),* }
            $(pub const $place: usize = Place::$place as usize;)*
            /// The columns, for `SpelledColumns::new`.
            pub const NAMES: &[&str] = &[$($names),*];
        }
    };
}

pub(crate) use spelled;

/// So many members of an object are learned at most: SQL Server's tables have up to 1,024 columns.
const MEMBERS_MAX: usize = 1_024;

/// SQL Server's names have at most 128 characters.
type Plain = SmallVec<[u8; 128]>;

/// The columns that an adapter wants of one kind of object; a column is known by its place in the list.
pub struct SpelledColumns {
    labels: Vec<&'static str>,
    /// Letters and digits in lower case -> place; a column may have several names.
    names: HashMap<Box<[u8]>, usize, FixedState>,
    /// The members of the first object that was read, in their order, and which columns they are: a source spells all its rows alike, so that the
    /// others are mostly recognised without a search.
    alike: OnceLock<Box<[(Box<str>, Option<usize>)]>>,
}

impl SpelledColumns {
    /// Each entry is one column: its names, separated by `|`, the first of them for errors.
    pub fn new(columns: &[&'static str]) -> Self {
        let mut made = Self { labels: Vec::new(), names: HashMap::default(), alike: OnceLock::new() };
        for (place, column) in columns.iter().enumerate() {
            made.labels.push(column.split('|').next().unwrap_or_default());
            column.split('|').for_each(|name| made.also(place, name));
        }
        made
    }

    /// Gives a column one more name. A name that two columns have belongs to the one that got it later.
    pub fn also(&mut self, place: usize, name: &str) {
        self.alike.take();
        self.names.insert(letters_and_digits(name).as_slice().into(), place);
    }

    /// Is it one of the columns, under any of its names?
    pub fn knows(&self, name: &str) -> bool {
        self.place(name).is_some()
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.names.get(letters_and_digits(name).as_slice()).copied()
    }

    /// Reads the object; `field` names it in a decode error. Of a column that comes twice the first counts.
    ///
    /// # Errors
    /// The text is no JSON object.
    pub fn read<'a>(&self, field: &str, json: &'a str) -> Result<SpelledRow<'a>, DecodeError> {
        self.of(field, &RowImage::new(json))
    }

    /// ... of which the members may be known already.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn of<'a>(&self, field: &str, image: &RowImage<'a>) -> Result<SpelledRow<'a>, DecodeError> {
        let json = image.text();
        if !json.starts_with('{') {
            return Err(DecodeError::new(field, "a JSON object", json));
        }
        let mut cells = self.cells();
        let alike = self.alike.get_or_init(|| self.learn(json));
        let mut alike = alike.iter();
        let read = image.each(|name, value| {
            let known = alike.next().filter(|(known, _)| **known == *name);
            let place = known.map_or_else(|| self.place(name), |(_, place)| *place);
            if let Some(cell) = place.and_then(|place| cells.get_mut(place))
                && cell.json().is_empty()
            {
                *cell = Cell::new(cell.name(), value);
            }
            true
        });
        if read.is_some() {
            return Ok(SpelledRow(cells));
        }
        let mut reader = serde_json::Deserializer::from_str(json);
        let cells = Pick(self).deserialize(&mut reader).and_then(|cells| reader.end().map(|()| cells));
        cells.map(SpelledRow).map_err(|error| DecodeError::new(field, format!("JSON ({error})"), json))
    }

    /// No more than a table has columns.
    fn learn(&self, json: &str) -> Box<[(Box<str>, Option<usize>)]> {
        let mut known = Vec::new();
        let _ = members(json, |name, _| {
            known.push((name.into(), self.place(name)));
            known.len() < MEMBERS_MAX
        });
        known.into()
    }

    /// No column is there yet.
    fn cells<'a>(&self) -> Cells<'a> {
        self.labels.iter().map(|label| Cell::new(label, "")).collect()
    }
}

fn letters_and_digits(name: &str) -> Plain {
    let mut plain = Plain::new();
    for byte in name.bytes() {
        match PLAIN[usize::from(byte)] {
            0 => {}
            letter => plain.push(letter),
        }
    }
    plain
}

/// A byte in lower case; 0: neither letter nor digit. Bytes beyond ASCII are letters.
const PLAIN: [u8; 256] = {
    let mut plain = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let letter = byte as u8;
        if letter.is_ascii_alphanumeric() || !letter.is_ascii() {
            plain[byte] = letter.to_ascii_lowercase();
        }
        byte += 1;
    }
    plain
};

type Cells<'a> = SmallVec<[Cell<'a>; 24]>;

/// One object's wanted cells; by default none.
#[derive(Clone, Debug, Default)]
pub struct SpelledRow<'a>(Cells<'a>);

impl<'a> SpelledRow<'a> {
    /// The cell of the column at this place of the list.
    pub fn cell(&self, place: usize) -> Cell<'a> {
        self.0.get(place).copied().unwrap_or_default()
    }
}

struct Pick<'c>(&'c SpelledColumns);

impl<'de> DeserializeSeed<'de> for Pick<'_> {
    type Value = Cells<'de>;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Pick<'_> {
    type Value = Cells<'de>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut cells = self.0.cells();
        while let Some(place) = map.next_key_seed(Place(self.0))? {
            match place.and_then(|place| cells.get_mut(place)) {
                Some(cell) if cell.json().is_empty() => *cell = Cell::new(cell.name(), map.next_value::<&'de RawValue>()?.get()),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(cells)
    }
}

/// Reads a key as the place of its column, without keeping it.
struct Place<'c>(&'c SpelledColumns);

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

    fn read<'a>(columns: &SpelledColumns, json: &'a str) -> Vec<&'a str> {
        let row = columns.read("value", json).unwrap_or_else(|error| panic!("{error}"));
        (0..columns.labels.len()).map(|place| row.cell(place).json()).collect()
    }

    #[test]
    fn one_column_is_found_under_each_of_its_spellings() {
        let columns = SpelledColumns::new(&["Salesorder number|order_no", "Line Discount _"]);
        for json in [
            r#"{"Salesorder number":"SO-1","Line Discount _":1.50}"#,
            r#"{"other":{"a":[1]},"Salesorder_number":"SO-1","Line_Discount__":1.50}"#,
            r#"{"salesOrderNumber":"SO-1","LINE DISCOUNT _":1.50}"#,
            r#"{"order_no":"SO-1","Line Discount %":1.50,"order no":"SO-2"}"#,
        ] {
            assert_eq!(read(&columns, json), ["\"SO-1\"", "1.50"], "{json}");
        }
        let mut columns = columns;
        columns.also(0, "bestellung");
        assert_eq!(read(&columns, r#"{"Bestellung":"SO-1"}"#), ["\"SO-1\"", ""]);
    }

    /// What the first row was like is a help, and never decides.
    #[test]
    fn rows_may_be_unlike_the_first() {
        let columns = SpelledColumns::new(&["no", "quantity"]);
        for (json, expected) in [
            (r#"{"x":0,"No":1,"Quantity":2}"#, ["1", "2"]),
            (r#"{"No":3,"x":0,"Quantity":4}"#, ["3", "4"]),
            (r#"{"x":0,"Quantity":5,"No":6,"more":7}"#, ["6", "5"]),
            (r#"{"x":0,"no":8}"#, ["8", ""]),
            ("{}", ["", ""]),
        ] {
            assert_eq!(read(&columns, json), expected, "{json}");
        }
    }

    #[test]
    fn what_is_no_object_is_a_decode_error() {
        let columns = SpelledColumns::new(&["a"]);
        for json in ["[]", "{\"a\":1", "{\"a\":1} x", "", "\"a\""] {
            assert!(columns.read("value", json).is_err(), "{json}");
        }
    }

    #[test]
    fn an_error_names_the_column_as_it_is_named_first() {
        let columns = SpelledColumns::new(&["No of items|quantity"]);
        let row = columns.read("value", r#"{"QUANTITY":"two"}"#).expect("an object");
        assert_eq!(
            row.cell(0).int().map_err(|r| r.to_string()),
            Err(r#"field "No of items": expected a whole number, found "two""#.to_owned())
        );
    }
}

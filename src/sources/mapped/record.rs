//! The values that one record holds for one row, by the names of the row's fields.

use smallvec::SmallVec;

use super::fields::FieldValue;
use super::origins::Origins;
use crate::envelope::DecodeError;
use crate::facts::order::{LineRef, Word};
use crate::facts::{Alias, Amount, Currency, Digest, Moment, Place, Quantity, Sku, Text};
use crate::sources::Common;
use crate::sources::words::Meaning;

pub(super) type Values = SmallVec<[Option<FieldValue>; 12]>;

/// A record as the configuration maps it to one row: values in the order of the row type's fields, its place and its moment.
pub(super) struct MappedRecord<'t> {
    pub(super) common: &'t Common,
    pub(super) origins: &'t Origins,
    pub(super) values: Values,
    pub(super) place: Place,
    /// The row's own time, else its stamp, else the record's timestamp.
    pub(super) at: Moment,
}

impl MappedRecord<'_> {
    fn get(&self, name: &str) -> Option<&FieldValue> {
        self.values.get(self.origins.position(name)?)?.as_ref()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The decode error of a record that lacks a field.
    pub(super) fn lacks(&self, name: &str, expected: &str) -> DecodeError {
        DecodeError::new(self.origins.path(name), expected, "nothing")
    }

    pub(super) fn opt_text(&self, name: &str) -> Option<Text> {
        match self.get(name)? {
            FieldValue::Text(text) => Some(text.clone()),
            _ => None,
        }
    }

    /// Empty where there is none.
    pub(super) fn text(&self, name: &str) -> Text {
        self.opt_text(name).unwrap_or_default()
    }

    pub(super) fn sku(&self) -> Result<Sku, DecodeError> {
        match self.get("sku") {
            Some(FieldValue::Sku(sku)) => Ok(sku.clone()),
            _ => Err(self.lacks("sku", "a SKU")),
        }
    }

    pub(super) fn opt_sku(&self, name: &str) -> Option<Sku> {
        match self.get(name)? {
            FieldValue::Sku(sku) => Some(sku.clone()),
            _ => None,
        }
    }

    pub(super) fn number(&self, name: &str) -> Result<Quantity, DecodeError> {
        match self.get(name) {
            Some(FieldValue::Number(number)) => Ok(*number),
            _ => Err(self.lacks(name, "a number of pieces")),
        }
    }

    pub(super) fn currency(&self) -> Result<Currency, DecodeError> {
        match self.get("currency") {
            Some(FieldValue::Currency(currency)) => Ok(*currency),
            _ => Err(self.lacks("currency", "a currency code of three letters")),
        }
    }

    /// An amount in units of its currency, whatever the source counts in.
    pub(super) fn amount(&self, name: &str) -> Result<Amount, DecodeError> {
        match self.get(name) {
            Some(FieldValue::Amount(amount)) if self.origins.minor_units => from_minor(*amount, self.currency()?.minor_digits())
                .ok_or_else(|| DecodeError::new(self.origins.path(name), "an amount in whole minor units", amount)),
            Some(FieldValue::Amount(amount)) => Ok(*amount),
            _ => Err(self.lacks(name, "an amount")),
        }
    }

    pub(super) fn moment(&self, name: &str) -> Option<Moment> {
        match self.get(name)? {
            FieldValue::Moment(moment) => Some(*moment),
            _ => None,
        }
    }

    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        match self.get(name)? {
            FieldValue::Flag(flag) => Some(*flag),
            _ => None,
        }
    }

    pub(super) fn email(&self) -> Option<Digest> {
        match self.get("email")? {
            FieldValue::Email(digest) => Some(*digest),
            _ => None,
        }
    }

    /// The place of a word's meaning in its list.
    pub(super) fn place_of(&self, name: &str) -> Option<usize> {
        match self.get(name)? {
            FieldValue::Word(Ok(place)) => Some(*place),
            _ => None,
        }
    }

    /// A word's meaning, or the word as it was written; `absent` where there is none.
    pub(super) fn word<T: Meaning>(&self, name: &str, absent: Word<T>) -> Word<T> {
        match self.get(name) {
            Some(FieldValue::Word(Ok(place))) => T::NAMES.get(*place).and_then(|name| T::named(name)).map_or(absent, Word::Known),
            Some(FieldValue::Word(Err(unknown))) => Word::Unknown(unknown.clone()),
            _ => absent,
        }
    }

    /// A word that has to be known.
    pub(super) fn known<T: Meaning>(&self, name: &str) -> Result<T, DecodeError> {
        match self.word(name, Word::Unknown(Text::default())) {
            Word::Known(meaning) => Ok(meaning),
            Word::Unknown(_) => Err(self.lacks(name, &format!("a word for one of {}", T::NAMES.join(", ")))),
        }
    }

    /// The meaning's name, or the word as it was written.
    pub(super) fn written(&self, name: &str) -> Text {
        let names = self.origins.fields.iter().find(|field| field.name == name).and_then(|field| field.form.meanings());
        match self.get(name) {
            Some(FieldValue::Word(Ok(place))) => {
                names.and_then(|names| names.get(*place)).map_or_else(Text::default, |name| (*name).into())
            }
            Some(FieldValue::Word(Err(unknown))) => unknown.clone(),
            _ => Text::default(),
        }
    }

    /// The order, by its number, else by the tracking number of a parcel.
    pub(super) fn order(&self) -> Result<Alias, DecodeError> {
        match (self.opt_text("order_number"), self.opt_text("tracking")) {
            (Some(number), _) => Ok(Alias::new(&self.common.number_scope, &number)),
            (None, Some(number)) => Ok(Alias::new(Alias::TRACKING, &number)),
            (None, None) => Err(self.lacks("order_number", "an order number")),
        }
    }

    /// The order; else a name of the return's own, which waits for somebody who knows whose it is.
    pub(super) fn order_of_return(&self, number: &str) -> Alias {
        self.order().unwrap_or_else(|_| Alias::blind_return(&self.common.name, number))
    }

    pub(super) fn number_of_order(&self) -> Result<Alias, DecodeError> {
        let number = self.opt_text("order_number").ok_or_else(|| self.lacks("order_number", "an order number"))?;
        Ok(Alias::new(&self.common.number_scope, &number))
    }

    /// The order's line, by its own id where the record has it, else by SKU.
    pub(super) fn line(&self) -> Result<LineRef, DecodeError> {
        match self.opt_text("line") {
            Some(line) => Ok(LineRef::Line(line)),
            None => self.sku().map(LineRef::Sku),
        }
    }

    /// What distinguishes the lines of a document: the line's id or SKU.
    pub(super) fn line_text(&self) -> Text {
        match self.line() {
            Ok(LineRef::Line(line)) => line,
            Ok(LineRef::Sku(sku)) => sku.as_str().into(),
            Err(_) => Text::default(),
        }
    }

    pub(super) fn brand(&self) -> Text {
        self.opt_text("brand").unwrap_or_else(|| self.common.brand.clone())
    }

    /// Whose account ids they are: a shop's, where the CRM keeps those, else its own.
    pub(super) fn account_source(&self) -> Text {
        self.opt_text("account_source").unwrap_or_else(|| self.common.name.clone())
    }
}

/// Amounts in minor units: 1299 of GBP is 12.99.
fn from_minor(amount: Amount, digits: u32) -> Option<Amount> {
    let mut value = amount.decimal();
    if value.scale() != 0 {
        return None;
    }
    value.set_scale(digits).ok()?;
    Amount::new(value)
}

//! The values that one record holds for one row, by the names of the row's fields.

use smallvec::SmallVec;

use super::fields::FieldValue;
use super::origins::Origins;
use crate::envelope::DecodeError;
use crate::facts::order::{LineRef, Word};
use crate::facts::{Alias, Amount, Currency, CustomerKey, Digest, Link, Moment, OrderKey, OrderRow, Place, Quantity, Sku, Subject, Text};
use crate::sources::Common;
use crate::sources::facts_out::FactsOut;
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
    /// The row is gone: only which row it is has to be told.
    pub(super) deleted: bool,
}

impl MappedRecord<'_> {
    fn get(&self, name: &str) -> Option<&FieldValue> {
        self.values.get(self.origins.position(name)?)?.as_ref()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The decode error of a record that lacks a field. Where the field stands is added by who knows the record.
    pub(super) fn lacks(&self, name: &str, expected: &str) -> DecodeError {
        DecodeError::new(name, expected, "nothing")
    }

    /// The value that is to be there; of a deletion, which tells no content, a value of none.
    fn told<T>(&self, value: Option<T>, none: T, name: &str, expected: &str) -> Result<T, DecodeError> {
        match value {
            Some(value) => Ok(value),
            None if self.deleted => Ok(none),
            None => Err(self.lacks(name, expected)),
        }
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
        self.told(self.opt_number(name), Quantity::ZERO, name, "a number of pieces")
    }

    pub(super) fn opt_number(&self, name: &str) -> Option<Quantity> {
        match self.get(name)? {
            FieldValue::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// A whole number that counts something; what is none counts nothing.
    pub(super) fn opt_count(&self, name: &str) -> Option<u32> {
        self.opt_number(name).and_then(|number| u32::try_from(number.decimal()).ok())
    }

    /// The texts of a list; none where it is not there.
    pub(super) fn texts(&self, name: &str) -> Vec<Text> {
        match self.get(name) {
            Some(FieldValue::Texts(texts)) => texts.clone(),
            _ => Vec::new(),
        }
    }

    pub(super) fn currency(&self) -> Result<Currency, DecodeError> {
        let xxx = Currency::new("XXX").ok_or_else(|| self.lacks("currency", "a currency"))?;
        self.told(self.opt_currency(), xxx, "currency", "a currency code of three letters")
    }

    pub(super) fn opt_currency(&self) -> Option<Currency> {
        match self.get("currency")? {
            FieldValue::Currency(currency) => Some(*currency),
            _ => None,
        }
    }

    /// An amount in units of its currency, whatever the source counts in.
    pub(super) fn amount(&self, name: &str) -> Result<Amount, DecodeError> {
        match self.get(name) {
            Some(FieldValue::Amount(amount)) if self.origins.minor_units => from_minor(*amount, self.currency()?.minor_digits())
                .ok_or_else(|| DecodeError::new(name, "an amount in whole minor units", amount)),
            Some(FieldValue::Amount(amount)) => Ok(*amount),
            _ => self.told(None, Amount::ZERO, name, "an amount"),
        }
    }

    pub(super) fn opt_amount(&self, name: &str) -> Result<Option<Amount>, DecodeError> {
        if self.has(name) { self.amount(name).map(Some) } else { Ok(None) }
    }

    /// Nothing where it is not told.
    pub(super) fn amount_or_none(&self, name: &str) -> Result<Amount, DecodeError> {
        Ok(self.opt_amount(name)?.unwrap_or_default())
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
        let first = || T::NAMES.first().and_then(|name| T::named(name)).filter(|_| self.deleted);
        let known = match self.word(name, Word::Unknown(Text::default())) {
            Word::Known(meaning) => Some(meaning),
            Word::Unknown(_) => first(),
        };
        known.ok_or_else(|| self.lacks(name, &format!("a word for one of {}", T::NAMES.join(", "))))
    }

    /// A word that has to be known where it is there, and what stands for none.
    pub(super) fn known_or<T: Meaning>(&self, name: &str, none: T) -> Result<T, DecodeError> {
        if self.has(name) { self.known(name) } else { Ok(none) }
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

    /// The order, by this system's own id, else by its number, by a document, by a parcel.
    pub(super) fn order(&self) -> Result<Subject, DecodeError> {
        self.opt_order().ok_or_else(|| self.lacks("order_number", "the order"))
    }

    fn opt_order(&self) -> Option<Subject> {
        if let Some(id) = self.opt_text("order") {
            return Some(Subject::Order(self.order_key(&id)));
        }
        let alias = |scope: &str, name| self.opt_text(name).map(|id| Alias::new(scope, &id));
        alias(&self.common.number_scope, "order_number")
            .or_else(|| self.opt_text("document").map(|document| self.document(&document)))
            .or_else(|| alias(Alias::TRACKING, "tracking"))
            .map(Subject::Alias)
    }

    /// The key of an order that was placed in this system.
    pub(super) fn order_key(&self, id: &str) -> OrderKey {
        OrderKey::new(&self.common.name, id)
    }

    /// What a document of this system is called: its order is told by a row of its own.
    pub(super) fn document(&self, document: &str) -> Alias {
        Alias::new(&format!("{}.document", self.common.name), document)
    }

    /// The order; else a name of the return's own, which waits for somebody who knows whose it is.
    pub(super) fn order_of_return(&self, number: &str) -> Subject {
        self.opt_order().unwrap_or_else(|| Subject::Alias(Alias::blind_return(&self.common.name, number)))
    }

    /// Where a name leads that is the order's: to the order itself where its id is told, else to its number or document.
    pub(super) fn link(&self) -> Option<Link> {
        if let Some(id) = self.opt_text("order") {
            return Some(Link::Order(self.order_key(&id)));
        }
        let number = self.opt_text("order_number").map(|number| Alias::new(&self.common.number_scope, &number));
        number.or_else(|| self.opt_text("document").map(|document| self.document(&document))).map(Link::Alias)
    }

    /// Puts a row of the order.
    pub(super) fn put(&self, out: &mut FactsOut<'_>, id: impl Into<Text>, row: OrderRow) -> Result<(), DecodeError> {
        match self.order()? {
            Subject::Alias(alias) => out.order_by_alias(alias, id, self.place, self.at, row),
            Subject::Order(order) => out.order(order, id, self.place, self.at, row),
            _ => {}
        }
        Ok(())
    }

    /// Puts a row that may be given to another order later. Its id is its own in all of the source.
    pub(super) fn put_owned(&self, out: &mut FactsOut<'_>, id: impl Into<Text>, row: OrderRow) -> Result<(), DecodeError> {
        // A deletion finds the row by its id alone.
        let subject = if self.deleted { self.opt_order().unwrap_or(Subject::Desk) } else { self.order()? };
        out.owned(subject, id, self.place, self.at, row);
        Ok(())
    }

    /// The customer: an account, else the guest of this address.
    pub(super) fn customer(&self, brand: &str, email: Option<&Digest>) -> Option<CustomerKey> {
        let account = self.opt_text("account").map(|account| CustomerKey::account(&self.account_source(), &account));
        account.or_else(|| email.map(|digest| CustomerKey::guest(brand, digest)))
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

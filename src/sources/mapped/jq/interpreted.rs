//! What the interpreter wants of a value: making one, looking into it, changing a part of it.

use std::ops::Range;
use std::rc::Rc;

use indexmap::map::Entry;
use jaq_core::box_iter::{BoxIter, box_once};
use jaq_core::path::Opt;
use jaq_core::{Error, Exn, ValR, ValX};

use super::budget::{deeper, spend};
use super::number::Number;
use super::value::{List, Value, ValueMembers};
use crate::facts::Text;

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}

impl From<isize> for Value {
    fn from(int: isize) -> Self {
        Self::Number(Number::Int(int as i64))
    }
}

impl From<usize> for Value {
    fn from(int: usize) -> Self {
        Self::Number(Number::Int(i64::try_from(int).unwrap_or(i64::MAX)))
    }
}

impl From<f64> for Value {
    fn from(float: f64) -> Self {
        Number::of_f64(float).map_or(Self::Null, Self::Number)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        spend(text.len() / 16);
        Self::Text(text.into())
    }
}

impl From<Range<Option<Self>>> for Value {
    fn from(range: Range<Option<Self>>) -> Self {
        let ends = [("start", range.start), ("end", range.end)];
        Self::object(ends.into_iter().filter_map(|(name, end)| Some((Text::from(name), end?))).collect())
    }
}

impl FromIterator<Self> for Value {
    fn from_iter<I: IntoIterator<Item = Self>>(items: I) -> Self {
        let counted = |item| {
            spend(1);
            item
        };
        Self::list(items.into_iter().map(counted).collect())
    }
}

/// The name of an object's member.
fn name(key: Value) -> Result<Text, Error<Value>> {
    match key {
        Value::Text(name) => Ok(name),
        other => Err(Error::typ(other, "name of a member (a text)")),
    }
}

/// Where a list's or text's index leads: from its end where it is below zero.
fn place(index: &Number, len: usize) -> Option<usize> {
    let index = index.as_i64()?;
    let place = if index < 0 { len as i64 + index } else { index };
    usize::try_from(place).ok()
}

/// The places from and to which a slice reaches, in a list or text of `len` parts.
fn slice(range: Range<Option<&Value>>, len: usize) -> Result<Range<usize>, Error<Value>> {
    let end = |end: Option<&Value>, default: usize| match end {
        None | Some(Value::Null) => Ok(default),
        Some(Value::Number(number)) => {
            let at = number.rounded(rust_decimal::Decimal::floor).and_then(|number| number.as_i64()).unwrap_or_default();
            let at = if at < 0 { len as i64 + at } else { at };
            Ok(usize::try_from(at).unwrap_or_default().min(len))
        }
        Some(other) => Err(Error::typ(other.clone(), "integer")),
    };
    let (start, end) = (end(range.start, 0)?, end(range.end, len)?);
    Ok(start..end.max(start))
}

/// The bytes that so many characters of a text are.
fn bytes(text: &str, chars: Range<usize>) -> Range<usize> {
    let at = |nth: usize| text.char_indices().nth(nth).map_or(text.len(), |(at, _)| at);
    at(chars.start)..at(chars.end)
}

fn range_of(index: &Value) -> Range<Option<&Value>> {
    index.member("start")..index.member("end")
}

fn items(list: Rc<List>) -> Vec<Value> {
    spend(list.items.len());
    Rc::unwrap_or_clone(list).items
}

impl jaq_core::ValT for Value {
    fn from_num(text: &str) -> ValR<Self> {
        Number::parse(text).map(Self::Number).ok_or_else(|| Error::str(format!("{text} is no number")))
    }

    fn from_map<I: IntoIterator<Item = (Self, Self)>>(members: I) -> ValR<Self> {
        let named = members.into_iter().map(|(key, value)| {
            spend(1);
            Ok((name(key)?, value))
        });
        Ok(Self::object(named.collect::<Result<ValueMembers, _>>()?))
    }

    fn key_values(self) -> BoxIter<'static, ValR<(Self, Self), Self>> {
        match self {
            Self::List(list) => Box::new(items(list).into_iter().enumerate().map(|(i, item)| Ok((Self::from(i), item)))),
            Self::Object(object) => {
                spend(object.members.len());
                Box::new(Rc::unwrap_or_clone(object).members.into_iter().map(|(name, value)| Ok((Self::Text(name), value))))
            }
            other => box_once(Err(Error::typ(other, "list or object"))),
        }
    }

    fn values(self) -> Box<dyn Iterator<Item = ValR<Self>>> {
        match self {
            Self::List(list) => Box::new(items(list).into_iter().map(Ok)),
            Self::Object(object) => {
                spend(object.members.len());
                Box::new(Rc::unwrap_or_clone(object).members.into_values().map(Ok))
            }
            other => box_once(Err(Error::typ(other, "list or object"))),
        }
    }

    fn index(self, index: &Self) -> ValR<Self> {
        match (self, index) {
            (Self::Null, Self::Text(_) | Self::Number(_) | Self::Null) => Ok(Self::Null),
            (Self::Object(object), Self::Text(name)) => Ok(object.members.get(name).cloned().unwrap_or_default()),
            (Self::List(list), Self::Number(number)) => {
                Ok(place(number, list.items.len()).and_then(|at| list.items.get(at)).cloned().unwrap_or_default())
            }
            (value @ (Self::List(_) | Self::Text(_) | Self::Null), Self::Object(_)) => value.range(range_of(index)),
            (value, index) => Err(Error::index(value, index.clone())),
        }
    }

    fn range(self, range: Range<Option<&Self>>) -> ValR<Self> {
        match self {
            Self::Null => Ok(Self::Null),
            Self::List(list) => {
                let range = slice(range, list.items.len())?;
                Ok(list.items[range].iter().cloned().collect())
            }
            Self::Text(text) => {
                spend(text.len() / 16);
                let range = slice(range, text.chars().count())?;
                Ok(Self::text(&text[bytes(&text, range)]))
            }
            other => Err(Error::typ(other, "list or text")),
        }
    }

    fn map_values<'a, I: Iterator<Item = ValX<'a, Self>>>(self, opt: Opt, f: impl Fn(Self) -> I) -> ValX<'a, Self> {
        match self {
            Self::List(list) => items(list).into_iter().flat_map(f).collect(),
            Self::Object(object) => {
                spend(object.members.len());
                let members = Rc::unwrap_or_clone(object).members.into_iter();
                let changed = members.filter_map(|(name, value)| f(value).next().map(|value| Ok((name, value?))));
                Ok(Self::object(changed.collect::<Result<ValueMembers, Exn<'a, Self>>>()?))
            }
            other => opt.fail(other, |other| Exn::from(Error::typ(other, "list or object"))),
        }
    }

    fn map_index<'a, I: Iterator<Item = ValX<'a, Self>>>(self, index: &Self, opt: Opt, f: impl Fn(Self) -> I) -> ValX<'a, Self> {
        match (self, index) {
            (Self::Null, Self::Text(_)) => Self::object(ValueMembers::default()).map_index(index, opt, f),
            (Self::Object(mut object), Self::Text(name)) => {
                spend(object.members.len());
                let inner = Rc::make_mut(&mut object);
                match inner.members.entry(name.clone()) {
                    Entry::Occupied(mut entry) => match f(std::mem::take(entry.get_mut())).next().transpose()? {
                        Some(value) => {
                            inner.depth = inner.depth.max(deeper(value.depth()));
                            entry.insert(value);
                        }
                        None => _ = entry.shift_remove(),
                    },
                    Entry::Vacant(entry) => {
                        if let Some(value) = f(Self::Null).next().transpose()? {
                            inner.depth = inner.depth.max(deeper(value.depth()));
                            entry.insert(value);
                        }
                    }
                }
                Ok(Self::Object(object))
            }
            (Self::List(mut list), Self::Number(number)) => {
                spend(list.items.len());
                let Some(at) = place(number, list.items.len()).filter(|at| *at < list.items.len()) else {
                    return opt.fail(Self::List(list), |_| Exn::from(Error::str(format!("the list has no place {number}"))));
                };
                let inner = Rc::make_mut(&mut list);
                match f(std::mem::take(&mut inner.items[at])).next().transpose()? {
                    Some(item) => {
                        inner.depth = inner.depth.max(deeper(item.depth()));
                        inner.items[at] = item;
                    }
                    None => _ = inner.items.remove(at),
                }
                Ok(Self::List(list))
            }
            (value @ (Self::List(_) | Self::Text(_)), Self::Object(_)) => value.map_range(range_of(index), opt, f),
            (value, index) => opt.fail(value, |value| Exn::from(Error::index(value, index.clone()))),
        }
    }

    fn map_range<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        range: Range<Option<&Self>>,
        opt: Opt,
        f: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        match self {
            Self::List(list) => {
                let range = slice(range, list.items.len())?;
                let part: Self = list.items[range.clone()].iter().cloned().collect();
                let put = match f(part).next().transpose()? {
                    None => Vec::new(),
                    Some(Self::List(put)) => items(put),
                    Some(other) => return Err(Exn::from(Error::typ(other, "list"))),
                };
                let mut all = items(list);
                all.splice(range, put);
                Ok(Self::list(all))
            }
            Self::Text(text) => {
                let range = bytes(&text, slice(range, text.chars().count())?);
                let put = match f(Self::text(&text[range.clone()])).next().transpose()? {
                    None => Text::default(),
                    Some(Self::Text(put)) => put,
                    Some(other) => return Err(Exn::from(Error::typ(other, "text"))),
                };
                spend((text.len() + put.len()) / 16);
                Ok(Self::Text(Text::from_iter([&text[..range.start], &*put, &text[range.end..]])))
            }
            other => opt.fail(other, |other| Exn::from(Error::typ(other, "list or text"))),
        }
    }

    fn as_bool(&self) -> bool {
        self.is_true()
    }

    fn into_string(self) -> Self {
        match self {
            Self::Text(_) => self,
            other => Self::from(other.to_string()),
        }
    }
}

impl jaq_std::ValT for Value {
    fn into_seq<S: FromIterator<Self>>(self) -> Result<S, Self> {
        match self {
            Self::List(list) => Ok(items(list).into_iter().collect()),
            other => Err(other),
        }
    }

    fn is_int(&self) -> bool {
        matches!(self, Self::Number(number) if number.is_int())
    }

    fn as_isize(&self) -> Option<isize> {
        match self {
            Self::Number(number) => number.as_i64().and_then(|int| isize::try_from(int).ok()),
            _ => None,
        }
    }

    fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(number.as_f64()),
            _ => None,
        }
    }

    fn is_utf8_str(&self) -> bool {
        matches!(self, Self::Text(_))
    }

    fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Text(text) => {
                spend(text.len() / 16);
                Some(text.as_bytes())
            }
            _ => None,
        }
    }

    fn as_sub_str(&self, part: &[u8]) -> Self {
        spend(part.len() / 16);
        Self::text(String::from_utf8_lossy(part))
    }

    fn from_utf8_bytes(text: impl AsRef<[u8]> + Send + 'static) -> Self {
        spend(text.as_ref().len() / 16);
        Self::text(String::from_utf8_lossy(text.as_ref()))
    }
}

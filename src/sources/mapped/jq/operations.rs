//! What can be calculated with values. Numbers give exact results, or none.

use std::ops::{Add, Div, Mul, Neg, Rem, Sub};
use std::rc::Rc;

use jaq_core::ops::Math;
use jaq_core::{Error, ValR};
use rust_decimal::Decimal;

use super::budget::spend;
use super::number::Number;
use super::value::{Object, Value};
use crate::facts::Text;

/// The longest text that is made, in bytes.
const TEXT_MAX: usize = 1 << 24;

type Calculation = fn(Decimal, Decimal) -> Option<Decimal>;

fn numbers(one: Number, other: Number, math: Math, calculate: Calculation) -> ValR<Value> {
    let result = one.calculate(&other, calculate).map(Value::Number);
    result.ok_or_else(|| Error::math(Value::Number(one), math, Value::Number(other)))
}

impl Add for Value {
    type Output = ValR<Self>;

    fn add(self, other: Self) -> ValR<Self> {
        match (self, other) {
            (Self::Null, other) | (other, Self::Null) => Ok(other),
            (Self::Number(Number::Int(one)), Self::Number(Number::Int(other))) if one.checked_add(other).is_some() => {
                spend(1);
                Ok(Self::Number(Number::Int(one + other)))
            }
            (Self::Number(one), Self::Number(other)) => numbers(one, other, Math::Add, Decimal::checked_add),
            (Self::Text(mut one), Self::Text(other)) => {
                spend((one.len() + other.len()) / 16 + 1);
                if one.len() + other.len() > TEXT_MAX {
                    return Err(Error::str("the text gets too long"));
                }
                one.push_str(&other);
                Ok(Self::Text(one))
            }
            (Self::List(mut one), Self::List(other)) => {
                spend(one.items.len() + other.items.len());
                let list = Rc::make_mut(&mut one);
                list.items.extend(other.items.iter().cloned());
                list.depth = list.depth.max(other.depth);
                Ok(Self::List(one))
            }
            (Self::Object(mut one), Self::Object(other)) => {
                spend(one.members.len() + other.members.len());
                let object = Rc::make_mut(&mut one);
                object.members.extend(other.members.iter().map(|(name, value)| (name.clone(), value.clone())));
                object.depth = object.depth.max(other.depth);
                Ok(Self::Object(one))
            }
            (one, other) => Err(Error::math(one, Math::Add, other)),
        }
    }
}

impl Sub for Value {
    type Output = ValR<Self>;

    fn sub(self, other: Self) -> ValR<Self> {
        match (self, other) {
            (Self::Number(one), Self::Number(other)) => {
                spend(1);
                numbers(one, other, Math::Sub, Decimal::checked_sub)
            }
            (Self::List(mut one), Self::List(other)) => {
                let list = Rc::make_mut(&mut one);
                list.items.retain(|item| !other.items.contains(item));
                Ok(Self::List(one))
            }
            (one, other) => Err(Error::math(one, Math::Sub, other)),
        }
    }
}

/// Objects within each other are merged, member by member.
fn merge(one: &mut Rc<Object>, other: &Object) {
    spend(one.members.len() + other.members.len());
    let object = Rc::make_mut(one);
    for (name, value) in &other.members {
        match (object.members.get_mut(name), value) {
            (Some(Value::Object(before)), Value::Object(value)) => merge(before, value),
            (Some(before), value) => *before = value.clone(),
            (None, value) => _ = object.members.insert(name.clone(), value.clone()),
        }
    }
    object.depth = object.depth.max(other.depth);
}

impl Mul for Value {
    type Output = ValR<Self>;

    fn mul(self, other: Self) -> ValR<Self> {
        match (self, other) {
            (Self::Number(one), Self::Number(other)) => numbers(one, other, Math::Mul, Decimal::checked_mul),
            (Self::Text(text), Self::Number(number)) | (Self::Number(number), Self::Text(text)) => {
                let times = number.as_i64().unwrap_or_default();
                let Ok(times @ 1..) = usize::try_from(times) else { return Ok(Self::Null) };
                if text.len().saturating_mul(times) > TEXT_MAX {
                    return Err(Error::str("the text gets too long"));
                }
                spend(text.len() * times / 16 + 1);
                Ok(Self::Text(text.repeat(times)))
            }
            (Self::Object(mut one), Self::Object(other)) => {
                merge(&mut one, &other);
                Ok(Self::Object(one))
            }
            (one, other) => Err(Error::math(one, Math::Mul, other)),
        }
    }
}

impl Div for Value {
    type Output = ValR<Self>;

    fn div(self, other: Self) -> ValR<Self> {
        match (self, other) {
            (Self::Number(one), Self::Number(other)) => {
                numbers(one, other, Math::Div, |one, other| one.checked_div(other).map(|quotient| quotient.normalize()))
            }
            (Self::Text(text), Self::Text(separator)) => {
                spend(text.len());
                Ok(match separator.is_empty() {
                    true => text.chars().map(|c| Self::text(c.encode_utf8(&mut [0; 4]) as &str)).collect(),
                    false if text.is_empty() => Self::list(Vec::new()),
                    false => text.split(separator.as_str()).map(|part| Self::Text(Text::from(part))).collect(),
                })
            }
            (one, other) => Err(Error::math(one, Math::Div, other)),
        }
    }
}

impl Rem for Value {
    type Output = ValR<Self>;

    fn rem(self, other: Self) -> ValR<Self> {
        match (self, other) {
            (Self::Number(one), Self::Number(other)) => numbers(one, other, Math::Rem, Decimal::checked_rem),
            (one, other) => Err(Error::math(one, Math::Rem, other)),
        }
    }
}

impl Neg for Value {
    type Output = ValR<Self>;

    fn neg(self) -> ValR<Self> {
        let Self::Number(number) = &self else { return Err(Error::typ(self, "number")) };
        let negative = Number::Int(0).calculate(number, Decimal::checked_sub).map(Self::Number);
        negative.ok_or_else(|| Error::typ(self, "number"))
    }
}

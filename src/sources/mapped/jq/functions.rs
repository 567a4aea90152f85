//! The functions that expressions have: jq's standard ones, but for those that would give one record different rows at different times or places
//! (`now`, `env`, `input`, local time), that end the process (`halt`), that print (`debug`), or that calculate by floats (`pow`, `sin` ...).

use std::sync::LazyLock;

use jaq_core::load::parse::Def;
use jaq_core::native::{Fun, bome, run, unary, v};
use jaq_core::{DataT, Error, ValR};
use rust_decimal::{Decimal, RoundingStrategy};

use super::budget::spend;
use super::number::Number;
use super::read;
use super::value::Value;

/// The library's functions in Rust that are there beside those of its basic set.
const EXTRA: &[&str] = &[
    "escape_html",
    "unescape_html",
    "encode_uri",
    "decode_uri",
    "encode_base64",
    "decode_base64",
    "matches",
    "split_matches",
    "split_",
    "fromdateiso8601",
    "todateiso8601",
    "strftime",
    "gmtime",
    "strptime",
    "mktime",
];
/// Of the basic set: not there, or by exact decimals below.
const NOT_BASIC: &[&str] = &["halt", "floor", "round", "ceil"];
/// Functions written in jq that stand on what is not there.
const NOT_DEFINED: &[&str] = &[
    "stderr",
    "debug",
    "halt",
    "halt_error",
    "nan",
    "infinite",
    "isnan",
    "isinfinite",
    "isfinite",
    "isnormal",
    "finites",
    "normals",
    "logb",
    "significand",
    "pow10",
    "drem",
    "nexttoward",
    "scalb",
    "gamma",
];

static DEFINITIONS: LazyLock<Vec<Def<&'static str>>> = LazyLock::new(|| {
    let own = jaq_core::load::parse(include_str!("defs.jq"), |parser| parser.defs()).unwrap_or_default();
    let library = jaq_core::defs().chain(jaq_std::defs()).filter(|def| !NOT_DEFINED.contains(&def.name));
    library.chain(own).collect()
});

/// The functions that are written in jq.
pub(super) fn definitions() -> impl Iterator<Item = Def<&'static str>> {
    DEFINITIONS.iter().cloned()
}

/// The functions that are written in Rust.
pub(super) fn natives<D>() -> impl Iterator<Item = Fun<D>>
where
    D: for<'a> DataT<V<'a> = Value>,
{
    let basic = jaq_std::base_funs().filter(|(name, ..)| !NOT_BASIC.contains(name));
    let extra = jaq_std::extra_funs().filter(|(name, ..)| EXTRA.contains(name));
    jaq_core::funs().chain(basic).chain(extra).chain(own())
}

fn own<D>() -> impl Iterator<Item = Fun<D>>
where
    D: for<'a> DataT<V<'a> = Value>,
{
    let own: [jaq_core::native::Filter<jaq_core::RunPtr<D>>; 11] = [
        ("fromjson", v(0), |cv| bome(from_json(cv.1))),
        ("tojson", v(0), |cv| bome(Ok(Value::from(cv.1.to_string())))),
        ("tonumber", v(0), |cv| bome(to_number(cv.1))),
        ("length", v(0), |cv| bome(length(cv.1))),
        ("has", v(1), |cv| unary(cv, |value, key| has(value, &key))),
        ("contains", v(1), |cv| unary(cv, |value, part| Ok(Value::Bool(contains(&value, &part))))),
        ("indices", v(1), |cv| unary(cv, indices)),
        ("floor", v(0), |cv| bome(rounded(cv.1, Decimal::floor))),
        ("ceil", v(0), |cv| bome(rounded(cv.1, Decimal::ceil))),
        ("round", v(0), |cv| bome(rounded(cv.1, |number| number.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero)))),
        ("bsearch", v(1), |cv| unary(cv, search)),
    ];
    own.into_iter().map(run::<D>)
}

fn from_json(value: Value) -> ValR<Value> {
    let Value::Text(text) = &value else { return Err(Error::typ(value, "text")) };
    spend(text.len());
    read::json(text).map_err(|error| Error::str(format!("no JSON ({error}): {text}")))
}

fn to_number(value: Value) -> ValR<Value> {
    match &value {
        Value::Number(_) => Ok(value),
        Value::Text(text) => Number::parse(text.trim()).map(Value::Number).ok_or_else(|| Error::typ(value, "number")),
        _ => Err(Error::typ(value, "number")),
    }
}

fn length(value: Value) -> ValR<Value> {
    Ok(match &value {
        Value::Null => Value::from(0_usize),
        Value::Bool(_) => return Err(Error::str(format!("{value} has no length"))),
        Value::Number(number) => number.rounded(Decimal::abs).map(Value::Number).ok_or_else(|| Error::typ(value, "number"))?,
        Value::Text(text) => {
            spend(text.len() / 16);
            Value::from(text.chars().count())
        }
        Value::List(list) => Value::from(list.items.len()),
        Value::Object(object) => Value::from(object.members.len()),
    })
}

fn has(value: Value, key: &Value) -> ValR<Value> {
    match (&value, key) {
        (Value::Object(object), Value::Text(name)) => Ok(Value::Bool(object.members.contains_key(name))),
        (Value::List(list), Value::Number(number)) => {
            Ok(Value::Bool(number.as_i64().and_then(|at| usize::try_from(at).ok()).is_some_and(|at| at < list.items.len())))
        }
        _ => Err(Error::index(value, key.clone())),
    }
}

/// Texts hold each other's parts, lists and objects each other's items and members; all else is contained in what equals it.
fn contains(value: &Value, part: &Value) -> bool {
    spend(1);
    match (value, part) {
        (Value::Text(text), Value::Text(part)) => {
            spend(text.len() / 4);
            text.contains(part.as_str())
        }
        (Value::List(list), Value::List(parts)) => parts.items.iter().all(|part| list.items.iter().any(|item| contains(item, part))),
        (Value::Object(object), Value::Object(parts)) => {
            parts.members.iter().all(|(name, part)| object.members.get(name).is_some_and(|value| contains(value, part)))
        }
        _ => value == part,
    }
}

fn indices(value: Value, part: Value) -> ValR<Value> {
    match (&value, &part) {
        (Value::Null, _) => Ok(Value::Null),
        (Value::Text(text), Value::Text(part)) => {
            spend(text.len());
            let starts = text.char_indices().enumerate().filter(|(_, (at, _))| !part.is_empty() && text[*at..].starts_with(part.as_str()));
            Ok(starts.map(|(nth, _)| Value::from(nth)).collect())
        }
        (Value::List(list), Value::List(part)) => {
            let len = part.items.len();
            spend(list.items.len() * len);
            let starts = (0..list.items.len()).filter(|at| len > 0 && list.items[*at..].starts_with(&part.items));
            Ok(starts.map(Value::from).collect())
        }
        (Value::List(list), item) => Ok((0..list.items.len()).filter(|at| list.items[*at] == *item).map(Value::from).collect()),
        _ => Err(Error::index(value, part)),
    }
}

fn rounded(value: Value, round: impl FnOnce(&Decimal) -> Decimal) -> ValR<Value> {
    match &value {
        Value::Number(number) => number.rounded(round).map(Value::Number).ok_or_else(|| Error::typ(value, "number of up to 28 digits")),
        _ => Err(Error::typ(value, "number")),
    }
}

fn search(value: Value, item: Value) -> ValR<Value> {
    match &value {
        Value::List(list) => Ok(match list.items.binary_search(&item) {
            Ok(at) => Value::from(at),
            Err(at) => Value::from(-1 - at as isize),
        }),
        _ => Err(Error::typ(value, "list")),
    }
}

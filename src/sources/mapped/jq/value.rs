//! The values that expressions work on: JSON, whose numbers are exact and whose objects keep their order.

use std::cmp::Ordering;
use std::fmt::{self, Write as _};
use std::rc::Rc;

use indexmap::IndexMap;

use super::budget::{deeper, spend};
use super::number::Number;
use crate::facts::Text;

/// An object's members, in their order.
pub type ValueMembers = IndexMap<Text, Value, foldhash::fast::RandomState>;

/// A JSON value. A list or an object is shared until one of its holders changes it.
#[derive(Clone, Debug, Default)]
pub enum Value {
    #[default]
    Null,
    Bool(bool),
    Number(Number),
    Text(Text),
    List(Rc<List>),
    Object(Rc<Object>),
}

/// A list, and how deep it is nested.
#[derive(Clone, Debug, Default)]
pub struct List {
    pub(super) items: Vec<Value>,
    pub(super) depth: u16,
}

/// An object, and how deep it is nested.
#[derive(Clone, Debug, Default)]
pub struct Object {
    pub(super) members: ValueMembers,
    pub(super) depth: u16,
}

impl Value {
    pub fn list(items: Vec<Self>) -> Self {
        let depth = deeper(items.iter().map(Self::depth).max().unwrap_or_default());
        Self::List(Rc::new(List { items, depth }))
    }

    pub fn object(members: ValueMembers) -> Self {
        let depth = deeper(members.values().map(Self::depth).max().unwrap_or_default());
        Self::Object(Rc::new(Object { members, depth }))
    }

    pub fn text(text: impl Into<Text>) -> Self {
        Self::Text(text.into())
    }

    /// 0 for what holds no other value.
    pub(super) fn depth(&self) -> u16 {
        match self {
            Self::List(list) => list.depth,
            Self::Object(object) => object.depth,
            _ => 0,
        }
    }

    /// The member of this name; `None` where there is none. What holds no members has none.
    pub fn member(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(object) => object.members.get(name),
            _ => None,
        }
    }

    /// The items of a list; `None`: it is none.
    pub fn items(&self) -> Option<&[Self]> {
        match self {
            Self::List(list) => Some(&list.items),
            _ => None,
        }
    }

    /// Neither `null` nor `false`.
    pub fn is_true(&self) -> bool {
        !matches!(self, Self::Null | Self::Bool(false))
    }

    /// Where the kind of value stands in jq's order.
    fn rank(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Bool(false) => 1,
            Self::Bool(true) => 2,
            Self::Number(_) => 3,
            Self::Text(_) => 4,
            Self::List(_) => 5,
            Self::Object(_) => 6,
        }
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Value {}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Value {
    /// jq's order; objects by their sorted names first, then by their values.
    fn cmp(&self, other: &Self) -> Ordering {
        spend(1);
        match (self, other) {
            (Self::Number(one), Self::Number(other)) => one.cmp(other),
            (Self::Text(one), Self::Text(other)) => one.cmp(other),
            (Self::List(one), Self::List(other)) => one.items.cmp(&other.items),
            (Self::Object(one), Self::Object(other)) => {
                let sorted = |object: &Object| {
                    spend(object.members.len());
                    let mut names: Vec<Text> = object.members.keys().cloned().collect();
                    names.sort_unstable();
                    names
                };
                let (names, others) = (sorted(one), sorted(other));
                let values = || names.iter().map(|name| one.members[name].cmp(&other.members[name])).find(|order| order.is_ne());
                names.cmp(&others).then_with(|| values().unwrap_or(Ordering::Equal))
            }
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl fmt::Display for Value {
    /// JSON.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        spend(1);
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(flag) => flag.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => {
                spend(text.len() / 16);
                quoted(text, f)
            }
            Self::List(list) => {
                f.write_char('[')?;
                for (i, item) in list.items.iter().enumerate() {
                    f.write_str(if i == 0 { "" } else { "," })?;
                    item.fmt(f)?;
                }
                f.write_char(']')
            }
            Self::Object(object) => {
                f.write_char('{')?;
                for (i, (name, value)) in object.members.iter().enumerate() {
                    f.write_str(if i == 0 { "" } else { "," })?;
                    quoted(name, f)?;
                    f.write_char(':')?;
                    value.fmt(f)?;
                }
                f.write_char('}')
            }
        }
    }
}

fn quoted(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str(&serde_json::to_string(text).map_err(|_| fmt::Error)?)
}

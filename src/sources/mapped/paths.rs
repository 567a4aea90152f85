//! Dotted paths into JSON objects, all found in one pass.

use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use smallvec::SmallVec;

use crate::envelope::DecodeError;

/// The JSON texts found, by slot; empty text where there is nothing.
pub(super) type PathValues<'a> = SmallVec<[&'a str; 16]>;

/// A set of paths: `result.tracking_code`; a list's element by its number, `lines.0.sku`; a dot in a name as `\.`.
#[derive(Debug)]
pub(super) struct Paths {
    nodes: Vec<Node>,
    slots: usize,
}

#[derive(Debug, Default)]
struct Node {
    children: Vec<(String, usize)>,
    slot: Option<usize>,
}

impl Paths {
    pub(super) fn new() -> Self {
        Self { nodes: vec![Node::default()], slots: 0 }
    }

    /// The slot of this path; the same path has one slot.
    pub(super) fn slot(&mut self, path: &str) -> usize {
        let mut at = 0;
        for key in keys(path) {
            let child = self.nodes[at].children.iter().find(|(name, _)| *name == key).map(|(_, child)| *child);
            at = child.unwrap_or_else(|| {
                let child = self.nodes.len();
                self.nodes.push(Node::default());
                self.nodes[at].children.push((key, child));
                child
            });
        }
        let next = self.slots;
        let slot = *self.nodes[at].slot.get_or_insert(next);
        self.slots = next.max(slot + 1);
        slot
    }

    /// What stands at each path of an object.
    pub(super) fn read<'a>(&self, field: &str, json: &'a str) -> Result<PathValues<'a>, DecodeError> {
        if !json.starts_with('{') {
            return Err(DecodeError::new(field, "a JSON object", json));
        }
        let mut found: PathValues<'a> = smallvec::smallvec![""; self.slots];
        self.walk(0, json, &mut found).map_err(|error| DecodeError::new(field, format!("JSON ({error})"), json))?;
        Ok(found)
    }

    fn walk<'a>(&self, node: usize, json: &'a str, found: &mut PathValues<'a>) -> Result<(), serde_json::Error> {
        match json.as_bytes().first() {
            Some(b'{') => {
                let mut reader = serde_json::Deserializer::from_str(json);
                Walk { paths: self, node, found }.deserialize(&mut reader)?;
                reader.end()
            }
            Some(b'[') => {
                let items: Vec<&'a RawValue> = serde_json::from_str(json)?;
                for (key, child) in &self.nodes[node].children {
                    if let Some(item) = key.parse().ok().and_then(|place: usize| items.get(place)) {
                        self.take(*child, item.get(), found)?;
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn take<'a>(&self, node: usize, json: &'a str, found: &mut PathValues<'a>) -> Result<(), serde_json::Error> {
        let at = &self.nodes[node];
        if let Some(slot) = at.slot
            && json != "null"
        {
            found[slot] = json;
        }
        if at.children.is_empty() { Ok(()) } else { self.walk(node, json, found) }
    }
}

/// The names of a path, between dots.
fn keys(path: &str) -> Vec<String> {
    let mut keys = vec![String::new()];
    let mut chars = path.chars();
    while let Some(c) = chars.next() {
        match (c, keys.last_mut()) {
            ('.', _) => keys.push(String::new()),
            ('\\', Some(key)) => key.extend(chars.next()),
            (c, Some(key)) => key.push(c),
            (_, None) => {}
        }
    }
    keys
}

struct Walk<'p, 'f, 'a> {
    paths: &'p Paths,
    node: usize,
    found: &'f mut PathValues<'a>,
}

impl<'a> DeserializeSeed<'a> for Walk<'_, '_, 'a> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'a>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'a> Visitor<'a> for Walk<'_, '_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        let children = &self.paths.nodes[self.node].children;
        while let Some(child) = map.next_key_seed(Key(children))? {
            match child {
                Some(child) => {
                    let json = map.next_value::<&'a RawValue>()?.get();
                    self.paths.take(child, json, self.found).map_err(serde::de::Error::custom)?;
                }
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

struct Key<'p>(&'p [(String, usize)]);

impl<'a> DeserializeSeed<'a> for Key<'_> {
    type Value = Option<usize>;

    fn deserialize<D: serde::Deserializer<'a>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a member's name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().find(|(key, _)| key == name).map(|(_, child)| *child))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_through_objects_and_lists() {
        let mut paths = Paths::new();
        let wanted = ["a.b", "a", "list.1.x", r"dotted\.name", "a.c.d", "gone"];
        let slots: Vec<usize> = wanted.iter().map(|path| paths.slot(path)).collect();
        assert_eq!(paths.slot("a.b"), slots[0]);
        let values = paths
            .read("value", r#"{"z":[{}],"a":{"b":"1","c":"no object"},"list":[{"x":1},{"x":2}],"dotted.name":true,"gone":null}"#)
            .expect("an object");
        let found: Vec<&str> = slots.iter().map(|slot| values[*slot]).collect();
        assert_eq!(found, ["\"1\"", r#"{"b":"1","c":"no object"}"#, "2", "true", "", ""]);
    }
}

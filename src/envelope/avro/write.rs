//! JSON -> bytes, by a [`Program`]: what Waybill itself writes in Avro.

use serde_json::Value;

use super::super::decode_error::DecodeError;
use super::program::{Member, Node, Program};

type Written = Result<(), Box<DecodeError>>;

impl Program {
    /// Writes a value's bytes.
    ///
    /// # Errors
    /// The value does not fit the schema, or the schema has a part that nothing of ours is written as (decimals, fixed): names the member.
    pub fn bytes(&self, json: &Value, out: &mut Vec<u8>) -> Result<(), DecodeError> {
        self.write(self.root, json, out).map_err(|error| if error.field.is_empty() { error.within("value") } else { *error })
    }

    fn write(&self, node: usize, json: &Value, out: &mut Vec<u8>) -> Written {
        match (&self.nodes[node], json) {
            (Node::Null, Value::Null) => {}
            (Node::Boolean, Value::Bool(flag)) => out.push(u8::from(*flag)),
            (Node::Whole, Value::Number(number)) => whole(number.as_i64().ok_or_else(|| unfit("a whole number of 64 bits", json))?, out),
            (Node::Double, Value::Number(number)) => {
                out.extend_from_slice(&number.as_f64().ok_or_else(|| unfit("a number", json))?.to_le_bytes());
            }
            (Node::Text, Value::String(text)) => bytes(text.as_bytes(), out),
            (Node::Enum(symbols), Value::String(_)) => {
                let text = json.to_string();
                let place = symbols.iter().position(|symbol| **symbol == *text);
                whole(place.ok_or_else(|| unfit("a word of the enum", json))? as i64, out);
            }
            (Node::Array(item), Value::Array(items)) => {
                if !items.is_empty() {
                    whole(items.len() as i64, out);
                }
                for (place, value) in items.iter().enumerate() {
                    self.write(*item, value, out).map_err(|error| Box::new(error.within(&format!("[{place}]"))))?;
                }
                whole(0, out);
            }
            (Node::Map(item), Value::Object(members)) => {
                if !members.is_empty() {
                    whole(members.len() as i64, out);
                }
                for (name, value) in members {
                    bytes(name.as_bytes(), out);
                    self.write(*item, value, out).map_err(|error| Box::new(error.within(name)))?;
                }
                whole(0, out);
            }
            (Node::Union(branches), _) => {
                let place =
                    branches.iter().position(|branch| self.fits(*branch, json)).ok_or_else(|| unfit("a branch of the union", json))?;
                whole(place as i64, out);
                self.write(branches[place], json, out)?;
            }
            (Node::Record(members), Value::Object(values)) => self.record(members, values, out)?,
            _ => return Err(unfit("what the schema says", json)),
        }
        Ok(())
    }

    fn record(&self, members: &[Member], values: &serde_json::Map<String, Value>, out: &mut Vec<u8>) -> Written {
        let mut written = 0;
        for member in members {
            let value = values.get(&*member.name);
            written += usize::from(value.is_some());
            self.write(member.node, value.unwrap_or(&Value::Null), out).map_err(|error| Box::new(error.within(&member.name)))?;
        }
        if written < values.len() {
            let unknown = values.keys().find(|name| !members.iter().any(|member| *member.name == ***name));
            return Err(unfit("no member that the schema does not have", &Value::from(unknown.map_or("", |name| name))));
        }
        Ok(())
    }

    /// Whether the value is of this kind, without looking into it.
    fn fits(&self, node: usize, json: &Value) -> bool {
        match (&self.nodes[node], json) {
            (Node::Null, Value::Null)
            | (Node::Boolean, Value::Bool(_))
            | (Node::Double, Value::Number(_))
            | (Node::Text | Node::Enum(_), Value::String(_))
            | (Node::Array(_), Value::Array(_))
            | (Node::Map(_) | Node::Record(_), Value::Object(_)) => true,
            (Node::Whole, Value::Number(number)) => number.is_i64(),
            _ => false,
        }
    }
}

fn unfit(expected: &str, json: &Value) -> Box<DecodeError> {
    Box::new(DecodeError::new("", expected, json))
}

/// A whole number: zigzag, seven bits a byte, lowest first.
fn whole(number: i64, out: &mut Vec<u8>) {
    let mut rest = ((number << 1) ^ (number >> 63)) as u64;
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

fn bytes(bytes: &[u8], out: &mut Vec<u8>) {
    whole(bytes.len() as i64, out);
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use apache_avro::Schema;
    use apache_avro::reader::datum::GenericDatumReader;
    use serde_json::json;

    use super::super::Members;
    use super::*;

    #[test]
    fn whole_numbers_are_written_as_the_specification_says() {
        for (number, wanted) in [
            (0, vec![0]),
            (-1, vec![1]),
            (1, vec![2]),
            (-64, vec![0x7f]),
            (64, vec![0x80, 1]),
            (i64::MIN, [[0xff; 9].as_slice(), &[1]].concat()),
        ] {
            let mut out = Vec::new();
            whole(number, &mut out);
            assert_eq!(out, wanted, "{number}");
        }
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let schema = r#"{"type":"record","name":"R","fields":[{"name":"n","type":"long"},{"name":"t","type":["null","string"]},{"name":"l","type":{"type":"array","items":"long"}}]}"#;
        let program = Program::read(schema, &[], &Members::All).expect("a schema");
        let write = |json: Value| {
            let mut out = Vec::new();
            program.bytes(&json, &mut out).map(|()| out).map_err(|error| error.to_string())
        };
        let good = write(json!({ "n": -3, "l": [1, 2] })).expect("fits");
        let parsed = Schema::parse_str(schema).expect("a schema");
        let reader = GenericDatumReader::builder(&parsed).build().expect("a reader");
        assert!(reader.read_value(&mut good.as_slice()).is_ok(), "as the library reads it");
        assert_eq!(good, [5, 0, 4, 2, 4, 0]);
        assert!(write(json!({ "n": "3", "l": [] })).expect_err("a text").contains("\"n\""));
        assert!(write(json!({ "n": 3, "l": [1, "x"] })).expect_err("a text").contains("l"));
        assert!(write(json!({ "n": 3 })).expect_err("missing").contains("\"l\""));
        assert!(write(json!({ "n": 3, "l": [], "more": 1 })).expect_err("too much").contains("more"));
        assert!(write(json!({ "n": u64::MAX, "l": [] })).is_err() && write(json!({ "n": 3, "t": 7, "l": [] })).is_err());
    }
}

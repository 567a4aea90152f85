//! A schema, made ready to walk by: names resolved to places, each member's name as it stands in the text.

use apache_avro::Schema;
use apache_avro::schema::{DecimalSchema, InnerDecimalSchema, Name, RecordSchema, UuidSchema};
use hashbrown::HashMap;
use serde_json::Value;

/// Which members of records an adapter reads.
pub enum Members {
    /// All, and it sees the difference between null and absent.
    All,
    /// Those whose names this says yes to, in any record. Null is as absent to it.
    Only(Box<dyn Fn(&str) -> bool + Send + Sync>),
}

impl std::fmt::Debug for Members {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if matches!(self, Self::All) { "All" } else { "Only" })
    }
}

impl Members {
    fn has(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(reads) => reads(name),
        }
    }
}

/// A part of a schema; others are named by their place in the program.
#[derive(Debug)]
pub(super) enum Node {
    Null,
    Boolean,
    /// `int` and `long` are written alike.
    Whole,
    Float,
    Double,
    Text,
    Bytes,
    Fixed(usize),
    Decimal(i64),
    FixedDecimal(usize, i64),
    Uuid,
    /// The symbols as JSON texts.
    Enum(Box<[Box<str>]>),
    Array(usize),
    Map(usize),
    Union(Box<[usize]>),
    Record(Box<[Member]>),
    /// `scale` and `value` of a decimal that brings its scale.
    VariableScale,
}

/// A record's member.
#[derive(Debug)]
pub(super) struct Member {
    pub name: Box<str>,
    /// `"name":`, as it stands in the text.
    pub opening: Box<str>,
    pub node: usize,
    /// The adapter reads it.
    pub is_read: bool,
}

/// A schema by which bytes are walked.
#[derive(Debug)]
pub struct Program {
    pub(super) nodes: Vec<Node>,
    pub(super) root: usize,
    /// Members that are null are left out.
    pub(super) without_nulls: bool,
}

const VARIABLE_SCALE: &str = "io.debezium.data.VariableScaleDecimal";
/// A schema is nested no deeper.
const DEPTH_MAX: usize = 100;

impl Program {
    /// Reads a schema; `references` are the texts of the schemas that it names.
    ///
    /// # Errors
    /// It is no Avro schema: the reason.
    pub fn read(schema: &str, references: &[String], members: &Members) -> Result<Self, String> {
        let bare = |text: &str| -> Result<Value, String> {
            let mut json: Value = serde_json::from_str(text).map_err(|error| format!("not JSON: {error}"))?;
            without_defaults(&mut json, 0)?;
            Ok(json)
        };
        let (root, others) = if references.is_empty() {
            (Schema::parse(&bare(schema)?).map_err(|error| error.to_string())?, Vec::new())
        } else {
            let others = references.iter().map(|text| Ok(bare(text)?.to_string())).collect::<Result<Vec<_>, String>>()?;
            Schema::parse_str_with_list(&bare(schema)?.to_string(), others).map_err(|error| error.to_string())?
        };
        let mut maker = Maker { members, nodes: Vec::new(), named: HashMap::new(), others: HashMap::new() };
        for other in &others {
            if let Some(name) = other.name() {
                maker.others.insert(name.fullname(None), other);
            }
        }
        let root = maker.node(&root, None, 0)?;
        Ok(Self { nodes: maker.nodes, root, without_nulls: matches!(members, Members::Only(_)) })
    }
}

/// Takes the defaults of members away: they are for readers of other schemas, and converters write some that are none by the letter of the
/// specification, for which the whole schema would be refused.
fn without_defaults(json: &mut Value, depth: usize) -> Result<(), String> {
    if depth > DEPTH_MAX {
        return Err(format!("nested deeper than {DEPTH_MAX}"));
    }
    match json {
        Value::Array(items) => items.iter_mut().try_for_each(|item| without_defaults(item, depth + 1)),
        Value::Object(map) => {
            map.remove("default");
            map.remove("aliases");
            for key in ["type", "items", "values", "fields"] {
                if let Some(part) = map.get_mut(key) {
                    without_defaults(part, depth + 1)?;
                }
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

struct Maker<'s> {
    members: &'s Members,
    nodes: Vec<Node>,
    /// Places of what has a name.
    named: HashMap<String, usize>,
    /// Schemas that are referred to and not read yet.
    others: HashMap<String, &'s Schema>,
}

impl<'s> Maker<'s> {
    fn push(&mut self, node: Node) -> usize {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    /// The place of a schema; `space` is the namespace that it stands in.
    fn node(&mut self, schema: &'s Schema, space: Option<&str>, depth: usize) -> Result<usize, String> {
        if depth > DEPTH_MAX {
            return Err(format!("nested deeper than {DEPTH_MAX}"));
        }
        let node = match schema {
            Schema::Null => Node::Null,
            Schema::Boolean => Node::Boolean,
            Schema::Int
            | Schema::Long
            | Schema::Date
            | Schema::TimeMillis
            | Schema::TimeMicros
            | Schema::TimestampMillis
            | Schema::TimestampMicros
            | Schema::TimestampNanos
            | Schema::LocalTimestampMillis
            | Schema::LocalTimestampMicros
            | Schema::LocalTimestampNanos => Node::Whole,
            Schema::Float => Node::Float,
            Schema::Double => Node::Double,
            Schema::String | Schema::Uuid(UuidSchema::String) => Node::Text,
            Schema::Bytes | Schema::BigDecimal | Schema::Uuid(UuidSchema::Bytes) => Node::Bytes,
            Schema::Uuid(UuidSchema::Fixed(fixed)) => return Ok(self.named(&fixed.name, space, Node::Uuid)),
            Schema::Fixed(fixed) | Schema::Duration(fixed) => return Ok(self.named(&fixed.name, space, Node::Fixed(fixed.size))),
            Schema::Decimal(DecimalSchema { scale, inner, .. }) => {
                let scale = i64::try_from(*scale).map_err(|_| "a scale beyond all bounds".to_owned())?;
                match inner {
                    InnerDecimalSchema::Bytes => Node::Decimal(scale),
                    InnerDecimalSchema::Fixed(fixed) => {
                        return Ok(self.named(&fixed.name, space, Node::FixedDecimal(fixed.size, scale)));
                    }
                }
            }
            Schema::Enum(symbols) => {
                let texts = symbols.symbols.iter().map(|symbol| Value::from(symbol.as_str()).to_string().into()).collect();
                return Ok(self.named(&symbols.name, space, Node::Enum(texts)));
            }
            Schema::Array(array) => Node::Array(self.node(&array.items, space, depth + 1)?),
            Schema::Map(map) => Node::Map(self.node(&map.types, space, depth + 1)?),
            Schema::Union(union) => {
                let branches: Result<_, String> = union
                    .variants()
                    .iter()
                    .map(|branch| self.node(branch, space, depth + 1))
                    .collect::<Result<Vec<_>, _>>()
                    .map(Into::into);
                Node::Union(branches?)
            }
            Schema::Record(record) => return self.record(record, space, depth),
            Schema::Ref { name } => return self.referred(name, space, depth),
        };
        Ok(self.push(node))
    }

    fn named(&mut self, name: &Name, space: Option<&str>, node: Node) -> usize {
        let place = self.push(node);
        self.named.insert(name.fullname(space), place);
        place
    }

    fn referred(&mut self, name: &Name, space: Option<&str>, depth: usize) -> Result<usize, String> {
        let name = name.fullname(space);
        if let Some(place) = self.named.get(&name) {
            return Ok(*place);
        }
        let other = self.others.remove(&name).ok_or_else(|| format!("it names {name}, which is not described"))?;
        self.node(other, None, depth + 1)
    }

    fn record(&mut self, record: &'s RecordSchema, space: Option<&str>, depth: usize) -> Result<usize, String> {
        let full = record.name.fullname(space);
        let is_decimal = full == VARIABLE_SCALE
            && matches!(record.fields.as_slice(), [scale, value] if scale.name == "scale" && value.name == "value"
                && matches!(scale.schema, Schema::Int) && matches!(value.schema, Schema::Bytes));
        if is_decimal {
            return Ok(self.named(&record.name, space, Node::VariableScale));
        }
        // Its members may name it.
        let place = self.named(&record.name, space, Node::Null);
        let inner = record.name.namespace().map(str::to_owned).or_else(|| space.map(str::to_owned));
        let mut members = Vec::with_capacity(record.fields.len());
        for field in &record.fields {
            let node = self.node(&field.schema, inner.as_deref(), depth + 1)?;
            let name = Value::from(field.name.as_str()).to_string();
            members.push(Member {
                name: field.name.as_str().into(),
                opening: format!("{name}:").into(),
                node,
                is_read: self.members.has(&field.name),
            });
        }
        self.nodes[place] = Node::Record(members.into());
        Ok(place)
    }
}

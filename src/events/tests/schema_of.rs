//! Avro schemas from the types: reads the Rust source of the bodies, their fields, types and doc comments, and gives the schema.
//!
//! A derive macro cannot: `Text` is a foreign type, and the words of our enums have hyphens, which Avro's own enums refuse. The source is as
//! rustfmt leaves it, one field a line. What this reader does not understand it refuses.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Serialize;

/// All structs and enums of the rooms that bodies are made of, by name; with the file that each stands in.
pub struct Types(BTreeMap<String, Vec<(String, Type)>>);

struct Type {
    doc: String,
    members: Members,
}

enum Members {
    Fields(Vec<Field>),
    /// Words of an enum, as they are written, and what each means.
    Words(Vec<(String, String)>),
}

struct Field {
    name: String,
    of: String,
    doc: String,
    flattened: bool,
}

/// A schema as it is written: the members in this order.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Avro {
    Name(String),
    Union(Vec<Avro>),
    Array { r#type: &'static str, items: Box<Avro> },
    Record(AvroRecord),
}

#[derive(Serialize)]
pub struct AvroRecord {
    r#type: &'static str,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'static str>,
    pub doc: String,
    fields: Vec<AvroField>,
}

#[derive(Serialize)]
struct AvroField {
    name: String,
    r#type: Avro,
    doc: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    default: Option<serde_json::Value>,
}

/// Types that are written as a text, and what is to be known of the text.
const TEXTS: [(&str, &str); 8] = [
    ("String", ""),
    ("Text", ""),
    ("Personal", ""),
    ("Amount", "Decimal as text, in `currency`, at most 8 digits after the point."),
    ("Quantity", "Decimal as text, in base units (pieces)."),
    ("Moment", "RFC 3339, UTC, to the millisecond."),
    ("Currency", "ISO 4217 code."),
    ("Sku", ""),
];

impl Types {
    /// Reads the source.
    pub fn read() -> Self {
        let mut types = Self(BTreeMap::new());
        for room in ["src/events", "src/facts", "src/entities"] {
            types.folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join(room));
        }
        types
    }

    fn folder(&mut self, folder: &Path) {
        for entry in std::fs::read_dir(folder).expect("a folder of the source") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                self.folder(&path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                self.file(&path.display().to_string(), &std::fs::read_to_string(&path).expect("a text"));
            }
        }
    }

    fn file(&mut self, file: &str, text: &str) {
        let mut lines = text.lines();
        let mut about = About::default();
        while let Some(line) = lines.next() {
            let words: Vec<&str> = line.split(' ').collect();
            let members = match words.as_slice() {
                ["pub", "struct", _, "{"] => Members::Fields(fields(&mut lines)),
                ["pub", "enum", _, "{"] => Members::Words(words_of(&mut lines, &about)),
                _ => {
                    about.line(line);
                    continue;
                }
            };
            let read = Type { doc: about.doc(), members };
            self.0.entry(words[2].to_owned()).or_default().push((file.to_owned(), read));
            about = About::default();
        }
    }

    /// The type of this name as the file means it: its own, else the only one.
    fn find(&self, name: &str, file: &str) -> (&str, &Type) {
        let all = self.0.get(name).unwrap_or_else(|| panic!("{file}: the type {name} is not known"));
        let own = all.iter().find(|(of, _)| of == file);
        let only = || if all.len() == 1 { all.first() } else { None };
        let (file, read) = own.or_else(only).unwrap_or_else(|| panic!("{file}: several types are called {name}"));
        (file, read)
    }

    /// The schema of a body.
    pub fn schema(&self, name: &str) -> AvroRecord {
        let (file, read) = self.find(name, "the bodies");
        let mut record = self.record(name, file, read, &mut BTreeSet::new());
        record.namespace = Some("waybill");
        record
    }

    fn record(&self, name: &str, file: &str, read: &Type, written: &mut BTreeSet<String>) -> AvroRecord {
        written.insert(name.to_owned());
        let mut fields = Vec::new();
        self.fields(file, read, written, &mut fields);
        AvroRecord { r#type: "record", name: name.to_owned(), namespace: None, doc: read.doc.clone(), fields }
    }

    fn fields(&self, file: &str, read: &Type, written: &mut BTreeSet<String>, all: &mut Vec<AvroField>) {
        let Members::Fields(fields) = &read.members else { panic!("{file}: an enum is no record") };
        for field in fields {
            if field.flattened {
                let (file, read) = self.find(&field.of, file);
                self.fields(file, read, written, all);
                continue;
            }
            let (r#type, before, after) = self.of(&field.of, file, written);
            let parts = [before.as_str(), field.doc.as_str(), after.as_str()].into_iter().filter(|part| !part.is_empty());
            let doc = parts.collect::<Vec<_>>().join(" ");
            let default = matches!(&r#type, Avro::Union(_)).then_some(serde_json::Value::Null);
            all.push(AvroField { name: field.name.clone(), r#type, doc, default });
        }
    }

    /// The schema of a field's type; what is to be known of it before the field's own doc, and after it.
    fn of(&self, of: &str, file: &str, written: &mut BTreeSet<String>) -> (Avro, String, String) {
        let name = |name: &str| Avro::Name(name.to_owned());
        if let Some((_, about)) = TEXTS.iter().find(|(text, _)| *text == of) {
            let after = if of == "Personal" { "Personal." } else { "" };
            return (name("string"), (*about).to_owned(), after.to_owned());
        }
        if let Some(inner) = inside(of, "Option<", ">") {
            let (inner, before, after) = self.of(inner, file, written);
            return (Avro::Union(vec![name("null"), inner]), before, after);
        }
        if let Some(items) = inside(of, "Vec<", ">") {
            let (items, _, after) = self.of(items, file, written);
            return (Avro::Array { r#type: "array", items: Box::new(items) }, String::new(), after);
        }
        // A pair of texts is a list of two.
        if let Some(texts) = inside(of, "(", ")") {
            let about = |text: &str| TEXTS.iter().find(|(name, _)| *name == text).unwrap_or_else(|| panic!("{file}: {text} is no text")).1;
            let notes: Vec<&str> = texts.split(", ").map(about).filter(|about| !about.is_empty()).collect();
            return (Avro::Array { r#type: "array", items: Box::new(name("string")) }, String::new(), notes.join(" "));
        }
        match of {
            "bool" => (name("boolean"), String::new(), String::new()),
            "u32" | "u64" | "i64" => (name("long"), String::new(), String::new()),
            _ => {
                let (file, read) = self.find(of, file);
                match &read.members {
                    Members::Words(words) => (name("string"), String::new(), listed(words)),
                    Members::Fields(_) if written.contains(of) => (name(of), String::new(), String::new()),
                    Members::Fields(_) => (Avro::Record(self.record(of, file, read, written)), String::new(), String::new()),
                }
            }
        }
    }
}

fn inside<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    text.strip_prefix(before)?.strip_suffix(after)
}

/// `create` (once for each order), `cancel` (nothing is wanted any more).
fn listed(words: &[(String, String)]) -> String {
    let word = |(word, meaning): &(String, String)| format!("`{word}` ({meaning})");
    format!("One of {}.", words.iter().map(word).collect::<Vec<_>>().join(", "))
}

/// What stands above an item: its doc comment and its attributes.
#[derive(Default)]
struct About {
    doc: Vec<String>,
    attributes: Vec<String>,
}

impl About {
    fn line(&mut self, line: &str) {
        match line.trim() {
            text if text.starts_with("///") => self.doc.push(text.trim_start_matches("///").trim().to_owned()),
            text if text.starts_with("#[") => self.attributes.push(text.to_owned()),
            _ => *self = Self::default(),
        }
    }

    /// The first paragraph.
    fn doc(&self) -> String {
        self.doc.iter().take_while(|line| !line.is_empty()).cloned().collect::<Vec<_>>().join(" ")
    }
}

fn fields<'l>(lines: &mut impl Iterator<Item = &'l str>) -> Vec<Field> {
    let (mut fields, mut about) = (Vec::new(), About::default());
    for line in lines.take_while(|line| *line != "}") {
        let Some((name, of)) = line.strip_prefix("    pub ").and_then(|field| field.strip_suffix(',')?.split_once(": ")) else {
            about.line(line);
            continue;
        };
        let flattened = about.attributes.iter().any(|attribute| attribute == "#[serde(flatten)]");
        fields.push(Field { name: name.to_owned(), of: of.to_owned(), doc: about.doc(), flattened });
        about = About::default();
    }
    fields
}

fn words_of<'l>(lines: &mut impl Iterator<Item = &'l str>, of: &About) -> Vec<(String, String)> {
    let joint = if of.attributes.iter().any(|attribute| attribute.contains("rename_all = \"snake_case\"")) { '_' } else { '-' };
    let (mut words, mut about) = (Vec::new(), About::default());
    for line in lines.take_while(|line| *line != "}") {
        let Some(name) = line.trim().strip_suffix(',').filter(|name| name.chars().all(char::is_alphanumeric)) else {
            about.line(line);
            continue;
        };
        let mut word = String::new();
        for letter in name.chars() {
            if letter.is_uppercase() && !word.is_empty() {
                word.push(joint);
            }
            word.extend(letter.to_lowercase());
        }
        words.push((word, meaning(&about.doc())));
        about = About::default();
    }
    words
}

/// A sentence as it stands in brackets: without its full stop, and with a small letter unless its first word is a name.
fn meaning(sentence: &str) -> String {
    let sentence = sentence.trim_end_matches('.');
    let mut letters = sentence.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if !second.is_uppercase() => first.to_lowercase().chain(sentence.chars().skip(1)).collect(),
        _ => sentence.to_owned(),
    }
}

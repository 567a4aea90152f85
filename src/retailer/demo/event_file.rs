//! A run's derived events as lines of JSON, in the order in which they were read: what `--events FILE` writes.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::value::RawValue;

use crate::engine::memory::Delivered;
use crate::error::Error;

/// The file, open for writing.
pub struct EventFile {
    writer: BufWriter<File>,
    path: String,
}

/// One line. Bytes that are not UTF-8 are shown as U+FFFD.
#[derive(Serialize)]
struct Line<'a> {
    topic: &'a str,
    key: Option<String>,
    #[serde(serialize_with = "by_name")]
    headers: &'a [(String, Vec<u8>)],
    value: Option<Value<'a>>,
}

/// JSON stands byte for byte; a dead letter that is not JSON is a string.
#[derive(Serialize)]
#[serde(untagged)]
enum Value<'a> {
    Json(&'a RawValue),
    Text(String),
}

impl EventFile {
    pub fn create(path: &Path) -> Result<Self, Error> {
        let path_shown = path.display().to_string();
        let file = File::create(path).map_err(Error::system(format!("opening {path_shown}")))?;
        Ok(Self { writer: BufWriter::new(file), path: path_shown })
    }

    /// Writes a derived event or a dead letter.
    pub fn write(&mut self, event: &Delivered) -> Result<(), Error> {
        let value = event.value.as_deref().map(|bytes| {
            let json = serde_json::from_slice(bytes).map(Value::Json);
            json.unwrap_or_else(|_| Value::Text(String::from_utf8_lossy(bytes).into_owned()))
        });
        let key = event.key.as_deref().map(|key| String::from_utf8_lossy(key).into_owned());
        let line = Line { topic: &event.topic, key, headers: &event.headers, value };
        let written = serde_json::to_writer(&mut self.writer, &line).map_err(std::io::Error::from);
        written.and_then(|()| self.writer.write_all(b"\n")).map_err(Error::system(format!("writing to {}", self.path)))
    }

    /// Hands the last lines to the system.
    pub fn finish(&mut self) -> Result<(), Error> {
        self.writer.flush().map_err(Error::system(format!("writing to {}", self.path)))
    }
}

fn by_name<S: Serializer>(headers: &&[(String, Vec<u8>)], to: S) -> Result<S::Ok, S::Error> {
    let mut map = to.serialize_map(Some(headers.len()))?;
    for (name, value) in *headers {
        map.serialize_entry(name, &String::from_utf8_lossy(value))?;
    }
    map.end()
}

//! Bytes -> text, by a [`Program`].
//!
//! The bytes come from outside: whatever they are, the walk ends with a text or with an error that names the member, and has taken no more time or
//! memory than their length and the schema allow.

use std::io::Write as _;

use super::super::decode_error::DecodeError;
use super::super::members::ends_plain_run;
use super::super::values::base64_text;
use super::number;
use super::program::{Member, Node, Program};

/// No row is nested so deep.
const DEPTH_MAX: u32 = 64;
/// So many items of arrays and maps may stand in a record that take no bytes of their own. Arrays of nulls could have any length.
const EMPTY_ITEMS_MAX: usize = 1_000;
/// The text of a record is never longer: members' names and an enum's words are written where a byte stood.
const TEXT_BYTES_MAX: usize = 256 << 20;

/// Why the bytes are none of the schema. In a box, since it is rare and the result is passed on at each member.
type Walked = Result<(), Box<DecodeError>>;

impl Program {
    /// Writes the bytes as JSON text. `part` names them in an error: `value`, `key`.
    ///
    /// # Errors
    /// The bytes are none of this schema: names the member.
    pub fn json(&self, part: &str, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), DecodeError> {
        let mut walk =
            Walk { nodes: &self.nodes, rest: bytes, out, items: bytes.len() + EMPTY_ITEMS_MAX, without_nulls: self.without_nulls };
        walk.value(self.root, 0).map_err(|error| if error.field.is_empty() { error.within(part) } else { *error })?;
        if !walk.rest.is_empty() {
            let left = walk.rest.len();
            return Err(DecodeError::new(part, "Avro of the schema that it names", format!("{left} bytes more")));
        }
        Ok(())
    }
}

struct Walk<'w> {
    nodes: &'w [Node],
    /// What is not read yet.
    rest: &'w [u8],
    out: &'w mut Vec<u8>,
    /// How many items may still come.
    items: usize,
    without_nulls: bool,
}

#[cold]
fn broken(expected: &str, found: impl std::fmt::Display) -> Box<DecodeError> {
    Box::new(DecodeError::new("", expected, found))
}

#[cold]
fn cut_off() -> Box<DecodeError> {
    broken("Avro of the schema that it names", "the end of the bytes")
}

impl<'w> Walk<'w> {
    #[inline]
    fn take(&mut self, count: usize) -> Result<&'w [u8], Box<DecodeError>> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or_else(cut_off)?;
        self.rest = rest;
        Ok(taken)
    }

    /// A whole number: seven bits a byte, lowest first, zigzag.
    #[inline]
    fn whole(&mut self) -> Result<i64, Box<DecodeError>> {
        let mut read = 0_u64;
        for (place, byte) in self.rest.iter().take(10).enumerate() {
            read |= u64::from(byte & 0x7f) << (7 * place);
            if byte & 0x80 == 0 {
                self.rest = &self.rest[place + 1..];
                return Ok((read >> 1) as i64 ^ -((read & 1) as i64));
            }
        }
        Err(if self.rest.len() < 10 { cut_off() } else { broken("a whole number of at most 10 bytes", "a longer one") })
    }

    #[inline]
    fn sized(&mut self) -> Result<&'w [u8], Box<DecodeError>> {
        let count = self.whole()?;
        let count = usize::try_from(count).map_err(|_| broken("a length from 0", count))?;
        self.take(count)
    }

    /// The branch of a union.
    #[inline]
    fn branch(&mut self, branches: &[usize]) -> Result<usize, Box<DecodeError>> {
        let place = self.whole()?;
        let found = usize::try_from(place).ok().and_then(|place| branches.get(place));
        found.copied().ok_or_else(|| broken(&format!("one of the {} branches of a union", branches.len()), format!("branch {place}")))
    }

    fn value(&mut self, node: usize, depth: u32) -> Walked {
        if depth > DEPTH_MAX {
            return Err(broken(&format!("values nested at most {DEPTH_MAX} deep"), "deeper ones"));
        }
        let nodes = self.nodes;
        match &nodes[node] {
            Node::Null => self.out.extend_from_slice(b"null"),
            Node::Boolean => match self.take(1)? {
                [0] => self.out.extend_from_slice(b"false"),
                [1] => self.out.extend_from_slice(b"true"),
                other => return Err(broken("a boolean", other[0])),
            },
            Node::Whole => {
                let number = self.whole()?;
                self.out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
            }
            Node::Float => {
                let number = f32::from_le_bytes(self.take(4)?.try_into().map_err(|_| cut_off())?);
                self.float(number, number.is_finite());
            }
            Node::Double => {
                let number = f64::from_le_bytes(self.take(8)?.try_into().map_err(|_| cut_off())?);
                self.float(number, number.is_finite());
            }
            Node::Text => {
                let text = self.sized()?;
                self.text(text);
            }
            Node::Bytes => {
                let bytes = self.sized()?;
                self.base64(bytes);
            }
            Node::Fixed(size) => {
                let bytes = self.take(*size)?;
                self.base64(bytes);
            }
            Node::Decimal(scale) => {
                let bytes = self.sized()?;
                number::decimal(bytes, *scale, self.out);
            }
            Node::FixedDecimal(size, scale) => {
                let bytes = self.take(*size)?;
                number::decimal(bytes, *scale, self.out);
            }
            Node::VariableScale => {
                let scale = self.whole()?;
                let bytes = self.sized()?;
                number::decimal(bytes, scale, self.out);
            }
            Node::Uuid => self.uuid()?,
            Node::Enum(symbols) => {
                let place = self.whole()?;
                let symbol = usize::try_from(place).ok().and_then(|place| symbols.get(place));
                let symbol =
                    symbol.ok_or_else(|| broken(&format!("one of the {} words of an enum", symbols.len()), format!("word {place}")))?;
                self.out.extend_from_slice(symbol.as_bytes());
            }
            Node::Union(branches) => {
                let branch = self.branch(branches)?;
                self.value(branch, depth + 1)?;
            }
            Node::Array(item) => {
                self.out.push(b'[');
                let mut first = true;
                self.blocks(|walk, place| {
                    walk.comma(&mut first);
                    walk.value(*item, depth + 1).map_err(|error| Box::new(error.within(&format!("[{place}]"))))
                })?;
                self.out.push(b']');
            }
            Node::Map(item) => {
                self.out.push(b'{');
                let mut first = true;
                self.blocks(|walk, _| {
                    walk.comma(&mut first);
                    let name = walk.sized()?;
                    walk.text(name);
                    walk.out.push(b':');
                    walk.value(*item, depth + 1).map_err(|error| Box::new(error.within(&String::from_utf8_lossy(name))))
                })?;
                self.out.push(b'}');
            }
            Node::Record(members) => self.record(members, depth)?,
        }
        Ok(())
    }

    fn record(&mut self, members: &[Member], depth: u32) -> Walked {
        self.out.push(b'{');
        let mut first = true;
        for member in members {
            if !member.is_read {
                self.skip(member.node, depth + 1).map_err(|error| within(error, &member.name))?;
                continue;
            }
            let mut node = member.node;
            // A union is resolved here, since a null may be left out with its name.
            if let Node::Union(branches) = &self.nodes[node] {
                node = self.branch(branches).map_err(|error| within(error, &member.name))?;
                if self.without_nulls && matches!(self.nodes[node], Node::Null) {
                    continue;
                }
            }
            self.comma(&mut first);
            self.out.extend_from_slice(member.opening.as_bytes());
            self.value(node, depth + 1).map_err(|error| within(error, &member.name))?;
        }
        self.out.push(b'}');
        Ok(())
    }

    /// Passes over a value: checked as one that is read.
    fn skip(&mut self, node: usize, depth: u32) -> Walked {
        if depth > DEPTH_MAX {
            return Err(broken(&format!("values nested at most {DEPTH_MAX} deep"), "deeper ones"));
        }
        let nodes = self.nodes;
        match &nodes[node] {
            Node::Null => {}
            Node::Boolean => drop(self.take(1)?),
            Node::Whole | Node::Enum(_) => drop(self.whole()?),
            Node::Float => drop(self.take(4)?),
            Node::Double => drop(self.take(8)?),
            Node::Text | Node::Bytes | Node::Decimal(_) => drop(self.sized()?),
            Node::Fixed(size) | Node::FixedDecimal(size, _) => drop(self.take(*size)?),
            Node::Uuid => drop(self.take(16)?),
            Node::VariableScale => {
                self.whole()?;
                self.sized()?;
            }
            Node::Union(branches) => {
                let branch = self.branch(branches)?;
                self.skip(branch, depth + 1)?;
            }
            Node::Array(item) => self.blocks(|walk, _| walk.skip(*item, depth + 1))?,
            Node::Map(item) => self.blocks(|walk, _| {
                walk.sized()?;
                walk.skip(*item, depth + 1)
            })?,
            Node::Record(members) => {
                for member in members {
                    self.skip(member.node, depth + 1).map_err(|error| within(error, &member.name))?;
                }
            }
        }
        Ok(())
    }

    /// The items of an array or a map: blocks, each with their number before it, until one of none. A negative number is followed by the block's bytes.
    fn blocks(&mut self, mut each: impl FnMut(&mut Self, usize) -> Walked) -> Walked {
        let mut place = 0;
        loop {
            let mut count = self.whole()?;
            if count < 0 {
                self.whole()?;
                count = count.checked_neg().ok_or_else(|| broken("a number of items", count))?;
            }
            if count == 0 {
                return Ok(());
            }
            for _ in 0..count {
                self.items = self.items.checked_sub(1).ok_or_else(|| broken("no more items than the bytes hold", count))?;
                if self.out.len() > TEXT_BYTES_MAX {
                    return Err(broken("a record whose text has at most 256 MiB", "more"));
                }
                each(self, place)?;
                place += 1;
            }
        }
    }

    #[inline]
    fn comma(&mut self, first: &mut bool) {
        if !std::mem::take(first) {
            self.out.push(b',');
        }
    }

    fn float(&mut self, number: impl Into<f64> + std::fmt::Display + Copy, is_finite: bool) {
        let wide: f64 = number.into();
        // Writing to memory does not fail.
        let _ = match (is_finite, wide.is_nan(), wide > 0.0) {
            (true, ..) => write!(self.out, "{number}"),
            (_, true, _) => self.out.write_all(b"\"NaN\""),
            (_, _, true) => self.out.write_all(b"\"Infinity\""),
            _ => self.out.write_all(b"\"-Infinity\""),
        };
    }

    /// A text in quotes. Whether it is UTF-8 shows where the whole is read.
    #[inline]
    fn text(&mut self, text: &[u8]) {
        self.out.push(b'"');
        let mut rest = text;
        while let Some(at) = ends_plain_run(rest) {
            self.out.extend_from_slice(&rest[..at]);
            match rest[at] {
                sign @ (b'"' | b'\\') => self.out.extend_from_slice(&[b'\\', sign]),
                b'\n' => self.out.extend_from_slice(b"\\n"),
                b'\t' => self.out.extend_from_slice(b"\\t"),
                b'\r' => self.out.extend_from_slice(b"\\r"),
                sign => drop(write!(self.out, "\\u{sign:04x}")),
            }
            rest = &rest[at + 1..];
        }
        self.out.extend_from_slice(rest);
        self.out.push(b'"');
    }

    fn base64(&mut self, bytes: &[u8]) {
        self.out.push(b'"');
        base64_text(bytes, self.out);
        self.out.push(b'"');
    }

    fn uuid(&mut self) -> Walked {
        let bytes = self.take(16)?;
        self.out.push(b'"');
        for (place, byte) in bytes.iter().enumerate() {
            if matches!(place, 4 | 6 | 8 | 10) {
                self.out.push(b'-');
            }
            let _ = write!(self.out, "{byte:02x}");
        }
        self.out.push(b'"');
        Ok(())
    }
}

#[cold]
fn within(mut error: Box<DecodeError>, name: &str) -> Box<DecodeError> {
    let dot = if error.field.is_empty() || error.field.starts_with('[') { "" } else { "." };
    error.field = format!("{name}{dot}{}", error.field);
    error
}

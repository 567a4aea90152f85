//! Writes JSON objects member by member, in the order given: a database's row has its columns in an order of its own.

/// An object being written into `out`; ends with [`Object::end`].
pub struct Object<'a> {
    out: &'a mut Vec<u8>,
    first: bool,
}

impl<'a> Object<'a> {
    pub fn begin(out: &'a mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, first: true }
    }

    pub fn end(self) {
        self.out.push(b'}');
    }

    fn name(&mut self, name: &str) {
        if !self.first {
            self.out.push(b',');
        }
        self.first = false;
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    pub fn text(&mut self, name: &str, value: &str) -> &mut Self {
        self.name(name);
        string(self.out, value);
        self
    }

    pub fn texts(&mut self, members: &[(&str, &str)]) -> &mut Self {
        for (name, value) in members {
            self.text(name, value);
        }
        self
    }

    pub fn int(&mut self, name: &str, value: i64) -> &mut Self {
        self.name(name);
        self.out.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
        self
    }

    pub fn ints(&mut self, members: &[(&str, i64)]) -> &mut Self {
        for (name, value) in members {
            self.int(name, *value);
        }
        self
    }

    pub fn null(&mut self, name: &str) -> &mut Self {
        self.raw(name, b"null")
    }

    pub fn nulls(&mut self, names: &[&str]) -> &mut Self {
        for name in names {
            self.null(name);
        }
        self
    }

    pub fn maybe_int(&mut self, name: &str, value: Option<i64>) -> &mut Self {
        match value {
            Some(value) => self.int(name, value),
            None => self.null(name),
        }
    }

    pub fn maybe_text(&mut self, name: &str, value: Option<&str>) -> &mut Self {
        match value {
            Some(value) => self.text(name, value),
            None => self.null(name),
        }
    }

    /// Hundredths as a decimal text with `digits` (at least 2) after the point: `12.3400`.
    pub fn hundredths(&mut self, name: &str, value: i64, digits: usize) -> &mut Self {
        self.name(name);
        self.out.push(b'"');
        hundredths(self.out, value, digits);
        self.out.push(b'"');
        self
    }

    /// `value` is JSON already.
    pub fn raw(&mut self, name: &str, value: &[u8]) -> &mut Self {
        self.name(name);
        self.out.extend_from_slice(value);
        self
    }
}

/// Hundredths as plain decimal text.
pub fn hundredths(out: &mut Vec<u8>, value: i64, digits: usize) {
    if value < 0 {
        out.push(b'-');
    }
    let value = value.unsigned_abs();
    out.extend_from_slice(itoa::Buffer::new().format(value / 100).as_bytes());
    out.push(b'.');
    out.push(b'0' + (value / 10 % 10) as u8);
    out.push(b'0' + (value % 10) as u8);
    out.extend(std::iter::repeat_n(b'0', digits.saturating_sub(2)));
}

fn string(out: &mut Vec<u8>, value: &str) {
    if value.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
        out.push(b'"');
        out.extend_from_slice(value.as_bytes());
        out.push(b'"');
    } else if serde_json::to_writer(&mut *out, value).is_err() {
        out.extend_from_slice(b"\"\"");
    }
}

/// An object in one go.
pub fn object(write: impl FnOnce(&mut Object<'_>)) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    let mut object = Object::begin(&mut out);
    write(&mut object);
    object.end();
    out
}

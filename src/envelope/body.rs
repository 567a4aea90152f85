//! Plain JSON bodies: webhooks, and rows that a poller wrote to a topic. Here alone bytes become JSON text.

use serde_json::value::RawValue;

use super::decode_error::DecodeError;
use super::values::Columns;

/// A record's value as JSON text.
///
/// # Errors
/// Names `value` when it is absent or no UTF-8 text. Of bytes that begin with zero it says that they look like Avro.
pub fn text(value: Option<&[u8]>) -> Result<&str, DecodeError> {
    let bytes = value.ok_or_else(|| DecodeError::new("value", "JSON", "nothing"))?;
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.starts_with('\0') => Ok(text.trim_ascii()),
        _ => Err(DecodeError::new("value", not_json(bytes), String::from_utf8_lossy(bytes))),
    }
}

fn not_json(bytes: &[u8]) -> &'static str {
    match bytes.first() {
        Some(0) => "JSON (the value begins with a zero byte, as Avro does: then its source needs format = \"avro\")",
        _ => "JSON (the value is no UTF-8 text)",
    }
}

/// A body that is one JSON object.
///
/// # Errors
/// The value is absent, is no JSON, or is no object; or a wanted member comes twice.
pub fn object<'a, T: Columns<'a>>(value: Option<&'a [u8]>) -> Result<T, DecodeError> {
    let text = text(value)?;
    let whole: &RawValue = serde_json::from_str(text).map_err(|error| DecodeError::new("value", format!("JSON ({error})"), text))?;
    T::read("value", whole.get())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envelope::columns;

    columns! {
        #[allow(dead_code)]
        struct Body { id }
    }

    fn error(value: Option<&[u8]>) -> String {
        object::<Body<'_>>(value).expect_err("no body").to_string()
    }

    #[test]
    fn what_is_no_json_is_told_to_be_none() {
        assert_eq!(
            error(Some(b"\x00\x00\x00\x00\x07ab")),
            "field \"value\": expected JSON (the value begins with a zero byte, as Avro does: then its source needs format = \"avro\"), found \"\0\0\0\0\u{7}ab\""
        );
        assert_eq!(error(Some(b"\xff\xfe")), "field \"value\": expected JSON (the value is no UTF-8 text), found \"\u{fffd}\u{fffd}\"");
        assert_eq!(error(Some(b"<html>")), "field \"value\": expected JSON (expected value at line 1 column 1), found \"<html>\"");
        assert_eq!(error(Some(b"[1]")), "field \"value\": expected a JSON object, found \"[1]\"");
        assert_eq!(error(None), "field \"value\": expected JSON, found \"nothing\"");
    }
}

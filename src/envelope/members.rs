//! The members of one JSON object, stepped through in one pass without decoding their values.
//!
//! Every record passes here several times (envelope, source, row before, row after): it is the hottest code of decoding, so it is written by hand.
//! It accepts only what [`serde_json`] accepts. It gives up on what is rare (escapes in a member's name, deep nesting) and on what is no JSON; the
//! caller then asks serde_json, whose answer or error counts.
//!
//! It is kept because it is faster than the libraries that do the same. `benches/skimmers` reads the fixtures of all sources (159 records of 890
//! bytes) with each in turn: this file takes 1.15 microseconds a record, serde_json and simd-json 1.3 times as long, sonic-rs 1.6 to 2.0 times.
//! It is the same when the libraries are compiled for the very machine (`target-cpu=native`).

/// No row is nested so deep. What is deeper is left to serde_json.
const DEPTH_MAX: u32 = 64;

/// Calls `each` with name and JSON text of each member, in order. `None`: it gave up, perhaps midway, or `each` returned false.
///
/// ```
/// let mut found = Vec::new();
/// let read = waybill::envelope::members::members(r#"{"id": 7, "lines": [{"sku": "TEE"}]}"#, |name, json| {
///     found.push((name, json));
///     true
/// });
/// assert_eq!(read, Some(()));
/// assert_eq!(found, [("id", "7"), ("lines", r#"[{"sku": "TEE"}]"#)]);
/// ```
pub fn members<'a>(json: &'a str, mut each: impl FnMut(&'a str, &'a str) -> bool) -> Option<()> {
    let bytes = json.as_bytes();
    let end = object(json, blank(bytes, 0), |name, at| {
        let end = skip_value(bytes, at, 0)?;
        each(name, json.get(at..end)?).then_some(end)
    });
    ended(bytes, end?)
}

/// ... and of the objects among the values whose members' names `opens` takes it calls `each` with the members within, too, before it calls it with the
/// object: then the first argument is the object's name. So what is nested is not stepped through once more.
///
/// ```
/// let mut found = Vec::new();
/// let json = r#"{"op": "c", "after": {"id": 7}}"#;
/// let read = waybill::envelope::members::members_within(json, |name| name == "after", |of, name, json| {
///     found.push((of, name, json));
///     true
/// });
/// assert_eq!(read, Some(()));
/// assert_eq!(found, [(None, "op", "\"c\""), (Some("after"), "id", "7"), (None, "after", r#"{"id": 7}"#)]);
/// ```
pub fn members_within<'a>(
    json: &'a str,
    opens: impl Fn(&str) -> bool,
    mut each: impl FnMut(Option<&'a str>, &'a str, &'a str) -> bool,
) -> Option<()> {
    let bytes = json.as_bytes();
    let end = object(json, blank(bytes, 0), |name, at| {
        let end = if bytes.get(at) == Some(&b'{') && opens(name) {
            object(json, at, |inner, at| {
                let end = skip_value(bytes, at, 1)?;
                each(Some(name), inner, json.get(at..end)?).then_some(end)
            })?
        } else {
            skip_value(bytes, at, 0)?
        };
        each(None, name, json.get(at..end)?).then_some(end)
    });
    ended(bytes, end?)
}

/// Steps through the object that begins here and gives its end. `value` gets the name of each member and where its value begins, and gives where that
/// ends. All is cut at quotes, commas and braces: never within a character.
#[inline]
fn object<'a>(json: &'a str, at: usize, mut value: impl FnMut(&'a str, usize) -> Option<usize>) -> Option<usize> {
    let bytes = json.as_bytes();
    let mut at = blank(bytes, expect(bytes, at, b'{')?);
    if bytes.get(at) == Some(&b'}') {
        return Some(at + 1);
    }
    loop {
        let name_ends = plain_string(bytes, at)?;
        let begins = blank(bytes, expect(bytes, blank(bytes, name_ends), b':')?);
        at = blank(bytes, value(json.get(at + 1..name_ends - 1)?, begins)?);
        match bytes.get(at)? {
            b',' => at = blank(bytes, at + 1),
            b'}' => return Some(at + 1),
            _ => return None,
        }
    }
}

fn ended(bytes: &[u8], at: usize) -> Option<()> {
    (blank(bytes, at) == bytes.len()).then_some(())
}

#[inline]
fn blank(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\t' | b'\r') = bytes.get(at) {
        at += 1;
    }
    at
}

#[inline]
fn expect(bytes: &[u8], at: usize, byte: u8) -> Option<usize> {
    (bytes.get(at) == Some(&byte)).then_some(at + 1)
}

/// What ends the run of a string's plain bytes: quote, escape, control characters.
const ENDS_RUN: [bool; 256] = {
    let mut ends = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        ends[byte] = true;
        byte += 1;
    }
    (ends[b'"' as usize], ends[b'\\' as usize]) = (true, true);
    ends
};

/// The place of the first byte that can't stand in a JSON string as it is; `None`: all can.
#[inline]
pub(super) fn ends_plain_run(bytes: &[u8]) -> Option<usize> {
    run(bytes, 0)
}

/// The place of the next byte that ends a run: eight bytes at a time, while there are so many.
#[inline]
fn run(bytes: &[u8], mut at: usize) -> Option<usize> {
    while let Some(eight) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let ends = run_ends(u64::from_le_bytes(*eight));
        if ends != 0 {
            return Some(at + ends.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    Some(at + bytes.get(at..)?.iter().position(|byte| ENDS_RUN[usize::from(*byte)])?)
}

/// The lowest set bit stands in the first of eight bytes that ends a run. Bits above it may be wrong, because the subtraction borrows.
#[inline]
fn run_ends(eight: u64) -> u64 {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    let below = |bytes: u64, limit: u64| bytes.wrapping_sub(ONES * limit) & !bytes;
    let is = |byte: u8| below(eight ^ (ONES * u64::from(byte)), 1);
    (is(b'"') | is(b'\\') | below(eight, 0x20)) & (ONES << 7)
}

/// The end of a string without escapes.
#[inline]
fn plain_string(bytes: &[u8], at: usize) -> Option<usize> {
    let end = run(bytes, expect(bytes, at, b'"')?)?;
    expect(bytes, end, b'"')
}

fn skip_string(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at = run(bytes, at)?;
        match (bytes[at], bytes.get(at + 1)) {
            (b'"', _) => return Some(at + 1),
            (b'\\', Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't')) => at += 2,
            (b'\\', Some(b'u')) if bytes.get(at + 2..at + 6)?.iter().all(u8::is_ascii_hexdigit) => at += 6,
            _ => return None,
        }
    }
}

/// The end of the value that begins here.
fn skip_value(bytes: &[u8], at: usize, depth: u32) -> Option<usize> {
    match bytes.get(at)? {
        b'"' => skip_string(bytes, at + 1),
        b'n' => literal(bytes, at, b"null"),
        b't' => literal(bytes, at, b"true"),
        b'f' => literal(bytes, at, b"false"),
        b'{' | b'[' => skip_container(bytes, at, depth),
        _ => skip_number(bytes, at),
    }
}

fn literal(bytes: &[u8], at: usize, word: &[u8]) -> Option<usize> {
    bytes.get(at..)?.starts_with(word).then_some(at + word.len())
}

fn skip_container(bytes: &[u8], at: usize, depth: u32) -> Option<usize> {
    let is_object = bytes[at] == b'{';
    let close = if is_object { b'}' } else { b']' };
    let mut at = blank(bytes, at + 1);
    if depth == DEPTH_MAX {
        return None;
    }
    if bytes.get(at) == Some(&close) {
        return Some(at + 1);
    }
    loop {
        if is_object {
            let name_ends = skip_string(bytes, expect(bytes, at, b'"')?)?;
            at = blank(bytes, expect(bytes, blank(bytes, name_ends), b':')?);
        }
        at = blank(bytes, skip_value(bytes, at, depth + 1)?);
        match *bytes.get(at)? {
            b',' => at = blank(bytes, at + 1),
            byte if byte == close => return Some(at + 1),
            _ => return None,
        }
    }
}

fn skip_number(bytes: &[u8], at: usize) -> Option<usize> {
    let digits = |at: usize| {
        let count = bytes.get(at..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_digit()).count();
        (count > 0).then_some(at + count)
    };
    let whole = at + usize::from(bytes.get(at) == Some(&b'-'));
    let mut end = if bytes.get(whole) == Some(&b'0') { whole + 1 } else { digits(whole)? };
    if bytes.get(end) == Some(&b'.') {
        end = digits(end + 1)?;
    }
    if let Some(b'e' | b'E') = bytes.get(end) {
        let signed = end + 1 + usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        end = digits(signed)?;
    }
    Some(end)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde_json::value::RawValue;

    use super::*;

    fn ours(json: &str) -> Option<Vec<(&str, &str)>> {
        let mut found = Vec::new();
        members(json, |name, value| {
            found.push((name, value));
            true
        })
        .map(|()| found)
    }

    /// By serde_json; the last of a name that comes twice.
    fn theirs(json: &str) -> Option<BTreeMap<String, String>> {
        let map: BTreeMap<String, &RawValue> = serde_json::from_str(json).ok()?;
        Some(map.into_iter().map(|(name, value)| (name, value.get().to_owned())).collect())
    }

    #[test]
    fn every_member_comes_with_its_text() {
        let json = " {\"a\": \"x\\\"\\u00e9\" ,\"b\":[1,{\"c\":null}],\"é\":-1.5e+3 , \"d\" :{},\"e\":true} ";
        let found = ours(json).expect("an object");
        assert_eq!(found, [("a", "\"x\\\"\\u00e9\""), ("b", "[1,{\"c\":null}]"), ("é", "-1.5e+3"), ("d", "{}"), ("e", "true")]);
        assert_eq!(ours("{}"), Some(vec![]));
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(1_000), "]".repeat(1_000));
        assert_eq!(ours(&deep), None);
    }

    proptest! {
        /// Whatever is taken here serde_json takes too, and as the same: pieces of JSON in any order, most of it broken.
        #[test]
        fn it_takes_only_what_serde_json_takes(
            pieces in prop::collection::vec(prop::sample::select(vec![
                "{", "}", "[", "]", ",", ":", "\"a\"", "\"b\"", "\"\\n\"", "\"\\u12\"", "\"\\u00e9\"", "\"\\x\"", "\"\n\"", "\"", "\\",
                "0", "-", "01", "1", ".", "5", "e", "E+", "true", "tru", "null", "false", " ", "\u{a0}", "é", "\"é\"", "\t",
            ]), 0..14),
            framed in any::<bool>(),
        ) {
            let text = pieces.concat();
            let json = if framed { format!("{{\"k\":{text}}}") } else { text };
            if let Some(found) = ours(&json) {
                let found: BTreeMap<String, String> = found.into_iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
                prop_assert_eq!(Some(found), theirs(&json), "{}", json);
            }
        }

        /// What is ordinary is taken.
        #[test]
        fn it_takes_what_serde_json_writes(map in prop::collection::btree_map("[a-zA-Z_ é]{0,9}", ".{0,12}", 0..6), number in any::<f64>()) {
            let mut value = serde_json::to_value(&map).expect("a map");
            value["nested"] = serde_json::json!([{ "n": number, "deep": map }, [], {}, number]);
            let json = value.to_string();
            let found: BTreeMap<String, String> =
                ours(&json).expect("taken").into_iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
            prop_assert_eq!(Some(found), theirs(&json));
        }

        /// What is within comes as if it were read by itself.
        #[test]
        fn what_is_nested_comes_as_it_does_by_itself(map in prop::collection::btree_map("[a-z]{1,3}", ".{0,12}", 0..6), number in any::<i32>()) {
            let json = serde_json::json!({ "op": number, "row": map, "other": map, "end": {} }).to_string();
            let (mut within, mut outside) = (Vec::new(), Vec::new());
            let read = members_within(&json, |name| name == "row" || name == "end", |of, name, value| {
                match of {
                    Some(of) => within.push((of, name, value)),
                    None => outside.push((name, value)),
                }
                true
            });
            prop_assert_eq!(read, Some(()));
            let all = ours(&json).expect("taken");
            prop_assert_eq!(&outside, &all);
            let row = all.iter().find(|(name, _)| *name == "row").expect("there").1;
            let alone: Vec<_> = ours(row).expect("taken").into_iter().map(|(name, value)| ("row", name, value)).collect();
            prop_assert_eq!(within, alone);
        }
    }
}

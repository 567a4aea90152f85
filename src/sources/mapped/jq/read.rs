//! JSON text -> value. Numbers are taken from their text; what nests too deep is refused.

use hifijson::num::LexWrite;
use hifijson::str::LexAlloc;
use hifijson::token::Lex;
use hifijson::{Error, Expect, SliceLexer};

use super::budget::DEPTH_MAX;
use super::number::Number;
use super::value::{Value, ValueMembers};
use crate::facts::Text;

/// Reads one JSON value. Of members with one name the last counts.
///
/// # Errors
/// What is wrong, and at which byte.
pub fn json(text: &str) -> Result<Value, String> {
    let mut lexer = SliceLexer::new(text.as_bytes());
    let read = lexer.exactly_one(Lex::ws_peek, |next, lexer| value(next, lexer, DEPTH_MAX / 2));
    read.map_err(|error| format!("{error} at byte {}", text.len() - lexer.as_slice().len()))
}

fn value(next: u8, lexer: &mut SliceLexer<'_>, depth: u16) -> Result<Value, Error> {
    let below = || depth.checked_sub(1).ok_or(Error::Depth);
    Ok(match next {
        b'"' => Value::text(lexer.discarded().str_string()?.as_ref()),
        b'0'..=b'9' | b'-' => {
            let (text, _): (&str, _) = lexer.num_string().validated()?;
            Value::Number(Number::parse(text).ok_or(hifijson::num::Error::ExpectedDigit)?)
        }
        b'{' => {
            let below = below()?;
            let mut members = ValueMembers::default();
            lexer.discarded().seq(b'}', Lex::ws_peek, |next, lexer| {
                lexer.expect(|_| Some(next), b'"').ok_or(Expect::String)?;
                let name = Text::from(lexer.str_string()?.as_ref());
                lexer.expect(Lex::ws_peek, b':').ok_or(Expect::Colon)?;
                let next = lexer.ws_peek().ok_or(Expect::Value)?;
                members.insert(name, value(next, lexer, below)?);
                Ok::<_, Error>(())
            })?;
            Value::object(members)
        }
        b'[' => {
            let below = below()?;
            let mut items = Vec::new();
            lexer.discarded().seq(b']', Lex::ws_peek, |next, lexer| {
                items.push(value(next, lexer, below)?);
                Ok::<_, Error>(())
            })?;
            Value::list(items)
        }
        _ => match lexer.null_or_bool() {
            Some(Some(flag)) => Value::Bool(flag),
            Some(None) => Value::Null,
            None => return Err(Expect::Value.into()),
        },
    })
}

//! Names of a source file: of its public types, and single letters that name something.
//!
//! A letter is fine where the reader sees all of its life: generics, closures, loops, short functions. Not where it crosses a border: fields,
//! variants, functions, constants, texts (JSON, errors, configuration) and what comments speak of. There a quantity has its word.

use super::lexer::words;

/// Names of `pub` structs, enums, unions, traits and types.
pub fn public_types(text: &str) -> Vec<String> {
    let words = words(text).words;
    let mut found = Vec::new();
    for at in 0..words.len() {
        if words[at] != "pub" {
            continue;
        }
        let mut next = at + 1;
        if words.get(next).is_some_and(|word| word == "(") {
            next += words[next..].iter().position(|word| word == ")").map_or(0, |end| end + 1);
        }
        if words.get(next).is_some_and(|word| word == "unsafe") {
            next += 1;
        }
        let kind = words.get(next).is_some_and(|word| matches!(word.as_str(), "struct" | "enum" | "union" | "trait" | "type"));
        if let Some(name) = words.get(next + 1).filter(|_| kind) {
            found.push(name.clone());
        }
    }
    found
}

/// Fields, variants, functions and constants of one letter.
pub fn letters_as_names(text: &str) -> Vec<String> {
    let words = words(text).words;
    let mut found = Vec::new();
    for at in 1..words.len() {
        let word = words[at].as_str();
        match words[at - 1].as_str() {
            // `<const N: usize>` is a generic.
            "const" if at > 1 && matches!(words[at - 2].as_str(), "<" | ",") => {}
            "fn" | "const" | "static" if is_letter(word) => found.push(format!("{} {word}", words[at - 1])),
            "struct" | "enum" => {
                found.extend(members(&words[at..]).into_iter().filter(|name| is_letter(name)).map(|name| format!("{word}.{name}")))
            }
            _ => {}
        }
    }
    found
}

/// Names of a struct's fields or an enum's variants, with the variants' fields; `words` begin with the type's name.
fn members(words: &[String]) -> Vec<&str> {
    let Some(from) = words.iter().position(|word| matches!(word.as_str(), "{" | ";" | "(")).filter(|from| words[*from] == "{") else {
        return Vec::new();
    };
    let (mut depth, mut found) = (0, Vec::new());
    for at in from..words.len() {
        match words[at].as_str() {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => depth -= 1,
            name if is_name(name) => {
                let next = words.get(at + 1).map_or("", String::as_str);
                let before = words[at - 1].as_str();
                let begins = matches!(before, "{" | "," | "]" | "pub" | ")");
                if next == ":" || (depth == 1 && begins && matches!(next, "," | "}" | "(" | "{" | "=")) {
                    found.push(name);
                }
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    found
}

/// Texts that are a letter, or hold one as a word: `"P"`, `"the pairs are P, S and C"`. Of an English text `a`, `I`, `x` (times) and units behind a number are none.
pub fn letters_in_texts(text: &str) -> Vec<String> {
    words(text)
        .words
        .iter()
        .filter(|word| word.starts_with(['"', '\'']))
        .filter(|word| !word[1..].starts_with('\\'))
        .flat_map(|word| letters_of(&word[1..]))
        .collect()
}

pub fn letters_of(text: &str) -> Vec<String> {
    let all: Vec<&str> = text.split_whitespace().collect();
    let mut found = Vec::new();
    for (at, word) in all.iter().enumerate() {
        let bare = word.trim_matches(|sign: char| matches!(sign, ',' | '.' | ';' | ':' | '(' | ')' | '`' | '"' | '\\' | '[' | ']'));
        let is_unit = at > 0 && all[at - 1].ends_with(|sign: char| sign.is_ascii_digit() || sign == '}');
        let is_word = all.len() > 1 && matches!(bare, "a" | "A" | "I" | "x");
        // They divide a date from its time, and stand for UTC.
        let is_time = matches!(bare, "T" | "Z");
        if is_letter(bare) && !is_unit && !is_word && !is_time {
            found.push(format!("`{bare}` in \"{}\"", text.chars().take(80).collect::<String>()));
        }
    }
    found
}

/// Letters between backticks in comments.
pub fn letters_in_comments(text: &str) -> Vec<String> {
    let comments = text.lines().map(str::trim_start).filter(|line| line.starts_with("//"));
    comments
        .flat_map(|line| {
            line.split('`')
                .skip(1)
                .step_by(2)
                .filter(|code| is_letter(code) && *code != "Z")
                .map(move |code| format!("`{code}` in \"{line}\""))
        })
        .collect()
}

fn is_letter(word: &str) -> bool {
    word.len() == 1 && word.starts_with(|letter: char| letter.is_ascii_alphabetic())
}

fn is_name(word: &str) -> bool {
    word.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

#[test]
fn a_letter_is_found_where_it_crosses_a_border() {
    let code = "pub struct Line { pub n: u8, ordered: u8 } enum Pair { P, Returned { q: u8 } } const K: u8 = 1;
        fn g() { for n in 0..2 { share::<2>(n) } } fn share<const N: usize>(j: u8) {}
        #[cfg(test)] mod tests { struct Tested { w: u8 } }";
    assert_eq!(letters_as_names(code), ["Line.n", "Pair.P", "Pair.q", "const K", "fn g"]);
    let texts = r#"["P", "they are P, S and \"C\"", "after 3 s", "a parcel of 2 x TEE", "\n"]; 'W'; 'a: loop {}"#;
    assert_eq!(letters_in_texts(texts).len(), 5, "{:?}", letters_in_texts(texts));
    assert_eq!(letters_in_comments("/// `w` of `n`, not `wanted`\nlet w = \"`k`\";").len(), 2);
    let types = "pub struct Tee; pub(crate) enum Cap {} struct Hidden; pub trait Worn {} pub type Size = u8; pub fn tee() {}";
    assert_eq!(public_types(types), ["Tee", "Cap", "Worn", "Size"]);
}

//! A source file as words: comments and what is built for tests alone are left out.

/// Words and signs, in order; `::` is one sign. A text is one word that begins with its quote: `"text`, `'c`.
pub struct Words {
    pub words: Vec<String>,
    /// Modules that are declared for tests alone.
    pub test_modules: Vec<String>,
}

pub fn words(text: &str) -> Words {
    without_tests(split(text))
}

fn split(text: &str) -> Vec<String> {
    let bytes = text.as_bytes();
    let (mut words, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let rest = &text[at..];
        let here = bytes[at] as char;
        if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
        } else if rest.starts_with("/*") {
            at += rest.find("*/").map_or(rest.len(), |end| end + 2);
        } else if let Some(length) = raw_text(rest) {
            words.push(format!("\"{}", rest[..length].trim_start_matches(['b', 'r']).trim_matches(['#', '"'])));
            at += length;
        } else if here == '"' {
            let length = quoted(rest);
            words.push(rest[..length].trim_end_matches('"').to_owned());
            at += length;
        } else if here == '\'' {
            // A letter in quotes, or a lifetime.
            let letter = rest[1..].chars().next().unwrap_or(' ');
            let end = if letter == '\\' { rest[2..].find('\'').map(|end| end + 3) } else { Some(letter.len_utf8() + 2) };
            match end.filter(|end| rest.get(..*end).is_some_and(|literal| literal.ends_with('\''))) {
                Some(end) => {
                    words.push(rest[..end - 1].to_owned());
                    at += end;
                }
                None => at += 1,
            }
        } else if here.is_ascii_alphanumeric() || here == '_' {
            let end = rest.find(|sign: char| !sign.is_alphanumeric() && sign != '_').unwrap_or(rest.len());
            words.push(rest[..end].to_owned());
            at += end;
        } else if rest.starts_with("::") {
            words.push("::".to_owned());
            at += 2;
        } else {
            let sign = rest.chars().next().unwrap_or(' ');
            if !sign.is_whitespace() {
                words.push(sign.to_string());
            }
            at += sign.len_utf8();
        }
    }
    words
}

/// The length of `"..."`, `b"..."` begins at its quote.
fn quoted(rest: &str) -> usize {
    let mut escaped = false;
    for (at, sign) in rest.char_indices().skip(1) {
        match sign {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// The length of `r#"..."#`.
fn raw_text(rest: &str) -> Option<usize> {
    let inner = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r'))?;
    let hashes = inner.len() - inner.trim_start_matches('#').len();
    let text = inner[hashes..].strip_prefix('"')?;
    let close = format!("\"{}", "#".repeat(hashes));
    let end = text.find(&close).unwrap_or(text.len());
    Some(rest.len() - text.len() + end + close.len())
}

/// Drops what stands behind `#[cfg(test)]`: to the end of its block or statement.
fn without_tests(all: Vec<String>) -> Words {
    let (mut words, mut test_modules, mut at) = (Vec::new(), Vec::new(), 0);
    let test = ["#", "[", "cfg", "(", "test", ")", "]"];
    while at < all.len() {
        if !all[at..].iter().zip(test).all(|(word, of)| word == of) || all.len() - at < test.len() {
            words.push(all[at].clone());
            at += 1;
            continue;
        }
        at += test.len();
        let mut depth = 0;
        while at < all.len() {
            let word = all[at].as_str();
            if word == "mod" && depth == 0 {
                test_modules.extend(all.get(at + 1).cloned());
            }
            at += 1;
            match word {
                "{" | "(" | "[" => depth += 1,
                "}" | ")" | "]" => {
                    depth -= 1;
                    // The attributes of the item go before it.
                    if depth == 0 && word == "}" {
                        break;
                    }
                }
                // A field, or an arm.
                ";" | "," if depth == 0 => break,
                _ => {}
            }
            if depth < 0 {
                at -= 1;
                break;
            }
        }
    }
    Words { words, test_modules }
}

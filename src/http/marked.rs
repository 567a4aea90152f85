//! A record's text for people: JSON a member a line, and the line of the member that could not be read.

use serde::Serialize;
use serde::de::IgnoredAny;

/// A record's text, with the line that an error speaks of.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MarkedText {
    /// The text: JSON with a member a line, its tokens as they came; other texts as they are.
    pub text: String,
    /// The line of the member that could not be read, from 1; of one that is missing that of what it should be in.
    pub line: Option<usize>,
    /// That member's path: `$.after.grand_total`.
    pub path: Option<String>,
}

/// Lays a text out, and finds the member that an error names.
pub fn marked(text: &str, field: &str) -> MarkedText {
    match serde_json::from_str::<IgnoredAny>(text) {
        Ok(_) => {
            let layout = Layout::of(text);
            let found = layout.find(field);
            let (line, path) = found.map_or((None, None), |(line, path)| (Some(line), Some(path)));
            MarkedText { text: layout.text, line, path }
        }
        Err(error) => MarkedText { text: text.to_owned(), line: Some(error.line()).filter(|line| *line > 0), path: None },
    }
}

/// Valid JSON, laid out: each member and element with its path (`.after.items[0]`) and its line.
#[derive(Default)]
struct Layout {
    text: String,
    line: usize,
    members: Vec<(String, usize)>,
}

/// Where in a list or an object the text stands.
enum Inside {
    Object,
    List(usize),
}

impl Layout {
    fn of(text: &str) -> Self {
        let mut layout = Self { line: 1, ..Self::default() };
        let (mut path, mut inside): (Vec<String>, Vec<Inside>) = (Vec::new(), Vec::new());
        let mut key = true;
        let mut rest = text.trim();
        while let Some(first) = rest.chars().next() {
            let length = token_length(rest, first);
            let (token, after) = rest.split_at(length);
            rest = after.trim_start();
            match first {
                '{' | '[' if rest.starts_with(['}', ']']) => {
                    layout.text.push(first);
                    layout.text.push_str(&rest[..1]);
                    rest = rest[1..].trim_start();
                }
                '{' | '[' => {
                    layout.text.push(first);
                    inside.push(if first == '{' { Inside::Object } else { Inside::List(0) });
                    layout.begin_line(inside.len());
                    key = first == '{';
                    layout.enter(&inside, &mut path);
                }
                '}' | ']' => {
                    inside.pop();
                    path.pop();
                    layout.begin_line(inside.len());
                    layout.text.push(first);
                }
                ',' => {
                    layout.text.push(',');
                    layout.begin_line(inside.len());
                    path.pop();
                    if let Some(Inside::List(place)) = inside.last_mut() {
                        *place += 1;
                    }
                    key = matches!(inside.last(), Some(Inside::Object));
                    layout.enter(&inside, &mut path);
                }
                ':' => layout.text.push_str(": "),
                '"' if key && matches!(inside.last(), Some(Inside::Object)) => {
                    layout.text.push_str(token);
                    let name: String = serde_json::from_str(token).unwrap_or_default();
                    path.push(format!(".{name}"));
                    layout.members.push((path.concat(), layout.line));
                    key = false;
                }
                _ => layout.text.push_str(token),
            }
        }
        layout
    }

    /// The next element of a list has no name: it stands here.
    fn enter(&mut self, inside: &[Inside], path: &mut Vec<String>) {
        if let Some(Inside::List(place)) = inside.last() {
            path.push(format!("[{place}]"));
            self.members.push((path.concat(), self.line));
        }
    }

    fn begin_line(&mut self, depth: usize) {
        self.text.push('\n');
        self.text.extend(std::iter::repeat_n("  ", depth));
        self.line += 1;
    }

    /// The line and the path of what an error names: it names the last parts of the path. Where it is missing, what it should be in.
    fn find(&self, field: &str) -> Option<(usize, String)> {
        let field = field.trim_start_matches(['$', '.']);
        let mut end = field.len();
        while end > 0 {
            let (named, missing) = field.split_at(end);
            let ends_so = |path: &str| path.strip_suffix(named).is_some_and(|before| before.is_empty() || before.ends_with('.'));
            let mut found = self.members.iter().filter(|(path, _)| ends_so(path.trim_start_matches('.')));
            let first = found.clone().next();
            // Of several the one that the change has left behind, else the first.
            let found = found.find(|(path, _)| path.contains(".after.")).or(first);
            if let Some((path, line)) = found {
                return Some((*line, format!("${path}{missing}")));
            }
            end = named.rfind(['.', '[']).unwrap_or(0);
        }
        None
    }
}

fn token_length(text: &str, first: char) -> usize {
    if first == '"' {
        let mut escaped = false;
        let ends = text.char_indices().skip(1).find(|(_, sign)| {
            let end = *sign == '"' && !escaped;
            escaped = *sign == '\\' && !escaped;
            end
        });
        return ends.map_or(text.len(), |(at, _)| at + 1);
    }
    if "{}[],:".contains(first) {
        return 1;
    }
    text.find(['{', '}', '[', ']', ',', ':', ' ', '\n', '\r', '\t']).unwrap_or(text.len()).max(first.len_utf8())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHANGE: &str = r#"{"before":{"id":7,"total":1},"after":{"id":7,"total":12.10,"items":[{"sku":"A, \"B\"","price":"12,50"},{"sku":null}],"none":[]},"op":"u"}"#;

    fn found(field: &str) -> (Option<String>, Option<String>) {
        let marked = marked(CHANGE, field);
        let line = marked.line.map(|line| marked.text.lines().nth(line - 1).expect("a line").trim().to_owned());
        (marked.path, line)
    }

    #[test]
    fn a_member_is_found_by_the_last_parts_of_its_path() {
        let is = |field: &str, path: &str, line: &str| assert_eq!(found(field), (Some(path.to_owned()), Some(line.to_owned())), "{field}");
        is("after.items[0].price", "$.after.items[0].price", r#""price": "12,50""#);
        is("items[1].sku", "$.after.items[1].sku", r#""sku": null"#);
        is("total", "$.after.total", r#""total": 12.10,"#);
        is("before.total", "$.before.total", r#""total": 1"#);
        is("after.grand_total", "$.after.grand_total", r#""after": {"#);
        is("after.items[7].sku", "$.after.items[7].sku", r#""items": ["#);
        assert_eq!(found("value"), (None, None));
        assert_eq!(found(""), (None, None));
    }

    #[test]
    fn a_layout_changes_no_token() {
        let text = marked(CHANGE, "").text;
        assert!(
            text.contains("\n        \"sku\": \"A, \\\"B\\\"\",\n") && text.contains("\"total\": 12.10") && text.contains("\"none\": []"),
            "{text}"
        );
        let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
        assert_eq!(value(&text), value(CHANGE));
        assert_eq!(marked(&text, "").text, text, "once more, and it stays");
        assert_eq!(marked(" [1,2] ", "").text, "[\n  1,\n  2\n]");
        assert_eq!(marked("{}", "x").text, "{}");
    }

    #[test]
    fn of_a_text_that_is_no_json_the_line_is_named_where_it_ends_to_be_some() {
        let marked = marked("{\n \"a\": 1,\n oops }", "value");
        assert_eq!((marked.line, marked.path), (Some(3), None));
    }
}

//! A TOML document with the line of every key, read key by key. Problems are collected, so that a person sees all of them at once.
//!
//! A [`Section`] is one table. Each getter takes one key out of it, and so declares the key. [`Section::finish`] reports the keys that no getter
//! took, each with the nearest key that exists.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// One thing that is wrong: where, and in a sentence what and what to do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Line of the file, from 1; 0 when the file as a whole is meant.
    pub line: usize,
    /// The key in full (`sources.magento.zone`), or empty.
    pub key: String,
    /// What is wrong, and what to do.
    pub sentence: String,
}

/// All that is wrong with one file, in the order of its lines. Shown as `file:line: key: sentence`, one a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems {
    /// The file, as it was named.
    pub file: String,
    /// In the order of lines.
    pub list: Vec<Problem>,
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, problem) in self.list.iter().enumerate() {
            if i > 0 {
                writeln!(f)?;
            }
            write!(f, "{}:", self.file)?;
            if problem.line > 0 {
                write!(f, "{}:", problem.line)?;
            }
            if !problem.key.is_empty() {
                write!(f, " {}:", problem.key)?;
            }
            write!(f, " {}", problem.sentence)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// Where problems and notes are collected while a document is read.
#[derive(Default)]
pub struct Diagnostics {
    line_starts: Vec<usize>,
    problems: RefCell<Vec<Problem>>,
    notes: RefCell<Vec<String>>,
}

impl Diagnostics {
    pub fn new(text: &str) -> Self {
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { line_starts, ..Self::default() }
    }

    pub fn line(&self, span: &Range<usize>) -> usize {
        self.line_starts.partition_point(|start| *start <= span.start)
    }

    pub fn problem(&self, line: usize, key: impl Into<String>, sentence: impl Into<String>) {
        self.problems.borrow_mut().push(Problem { line, key: key.into(), sentence: sentence.into() });
    }

    /// Something a person should know that is not wrong.
    pub fn note(&self, sentence: impl Into<String>) {
        self.notes.borrow_mut().push(sentence.into());
    }

    /// The line of what `place` and `path` lead to in `value`, which stands on `line`.
    fn line_in(&self, line: usize, value: &DeValue<'_>, place: Option<usize>, path: &str) -> usize {
        if let Some(place) = place {
            let item = value.as_array().and_then(|list| list.get(place));
            return item.map_or(line, |item| self.line_in(self.line(&item.span()), item.get_ref(), None, path));
        }
        let (first, rest) = path.split_once('.').unwrap_or((path, ""));
        let (key, place) = step(first);
        let below = value.as_table().and_then(|table| table.iter().find(|(known, _)| known.get_ref() == key));
        below.map_or(line, |(key, value)| self.line_in(self.line(&key.span()), value.get_ref(), place, rest))
    }

    pub fn is_clean(&self) -> bool {
        self.problems.borrow().is_empty()
    }

    /// What was found: problems in the order of their lines, each once, and notes.
    pub fn into_parts(self) -> (Vec<Problem>, Vec<String>) {
        let mut problems = self.problems.into_inner();
        problems.sort();
        problems.dedup();
        (problems, self.notes.into_inner())
    }
}

/// The name in `known` that is nearest to `name`, if one is near enough to be meant.
pub fn nearest<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let score = |candidate: &'k str| (strsim::jaro_winkler(&name.to_lowercase(), &candidate.to_lowercase()), candidate);
    let best = known.into_iter().map(score).max_by(|a, b| a.0.total_cmp(&b.0));
    best.filter(|(score, _)| *score >= 0.8).map(|(_, candidate)| candidate)
}

/// `; did you mean "x"?`, or nothing.
pub fn suggestion<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    nearest(name, known).map_or_else(String::new, |near| format!("; did you mean \"{near}\"?"))
}

/// `rows[2]` -> `rows`, 2.
fn step(text: &str) -> (&str, Option<usize>) {
    let indexed = text.strip_suffix(']').and_then(|text| text.split_once('['));
    indexed.and_then(|(key, place)| Some((key, Some(place.parse().ok()?)))).unwrap_or((text, None))
}

struct Entry<'d> {
    line: usize,
    value: &'d DeValue<'d>,
    taken: bool,
}

/// One table of the document.
pub struct Section<'d> {
    diagnostics: &'d Diagnostics,
    path: String,
    line: usize,
    entries: BTreeMap<String, Entry<'d>>,
    known: Vec<&'static str>,
}

impl<'d> Section<'d> {
    pub fn new(diagnostics: &'d Diagnostics, path: String, line: usize, table: &'d DeTable<'d>) -> Self {
        let entry = |key: &'d Spanned<toml::de::DeString<'d>>, value: &'d Spanned<DeValue<'d>>| Entry {
            line: diagnostics.line(&key.span()),
            value: value.get_ref(),
            taken: false,
        };
        let entries = table.iter().map(|(key, value)| (key.get_ref().to_string(), entry(key, value))).collect();
        Self { diagnostics, path, line, entries, known: Vec::new() }
    }

    /// A table that is not in the file: every key has its default.
    fn absent(diagnostics: &'d Diagnostics, path: String) -> Self {
        Self { diagnostics, path, line: 0, entries: BTreeMap::new(), known: Vec::new() }
    }

    pub fn diagnostics(&self) -> &'d Diagnostics {
        self.diagnostics
    }

    /// The line of the section's own head; 0 when it is not in the file.
    pub fn line(&self) -> usize {
        self.line
    }

    pub fn is_there(&self) -> bool {
        self.line > 0
    }

    /// Is the key in the file, right or wrong?
    pub fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    pub fn path(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// The line of a key, or of the section when the key is absent.
    pub fn line_of(&self, key: &str) -> usize {
        self.entries.get(key).map_or(self.line, |entry| entry.line)
    }

    pub fn problem(&self, key: &str, sentence: impl Into<String>) {
        self.diagnostics.problem(self.line_of(key), self.path(key), sentence);
    }

    /// Takes a key; `read` says what is wrong with its value.
    pub fn read<T>(&mut self, key: &'static str, read: impl FnOnce(&'d DeValue<'d>) -> Result<T, String>) -> Option<T> {
        self.known.push(key);
        let entry = self.entries.get_mut(key)?;
        entry.taken = true;
        let (line, value) = (entry.line, entry.value);
        read(value).map_err(|sentence| self.diagnostics.problem(line, self.path(key), sentence)).ok()
    }

    /// Like [`Self::read`], for a key that must be there; `what` says what to write.
    pub fn required<T>(&mut self, key: &'static str, what: &str, read: impl FnOnce(&'d DeValue<'d>) -> Result<T, String>) -> Option<T> {
        if !self.entries.contains_key(key) {
            self.known.push(key);
            self.problem(key, format!("is missing: {what}"));
            return None;
        }
        self.read(key, read)
    }

    /// The keys that no getter has taken yet.
    pub fn rest(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().filter(|(_, entry)| !entry.taken).map(|(key, _)| key.as_str())
    }

    /// The keys that a getter declared, whether the file has them or not.
    pub fn known(&self) -> &[&'static str] {
        &self.known
    }

    /// A table below this one; one without keys when it is not in the file.
    pub fn section(&mut self, key: &'static str) -> Section<'d> {
        self.known.push(key);
        let path = self.path(key);
        let Some(entry) = self.entries.get_mut(key) else { return Self::absent(self.diagnostics, path) };
        entry.taken = true;
        let line = entry.line;
        match entry.value {
            DeValue::Table(table) => Self::new(self.diagnostics, path, line, table),
            other => {
                self.problem(key, format!("expected a table, found {}", found(other)));
                Self::absent(self.diagnostics, path)
            }
        }
    }

    /// The tables of a table of tables (`[sources.NAME]`), by name; `self` is the outer one.
    pub fn sections(&mut self) -> Vec<(String, Section<'d>)> {
        let mut sections = Vec::new();
        let mut wrong = Vec::new();
        for (name, entry) in &mut self.entries {
            entry.taken = true;
            let path = format!("{}.{name}", self.path);
            match entry.value {
                DeValue::Table(table) => sections.push((name.clone(), Self::new(self.diagnostics, path, entry.line, table))),
                other => wrong.push((name.clone(), format!("expected a table [{path}], found {}", found(other)))),
            }
        }
        for (name, sentence) in wrong {
            self.problem(&name, sentence);
        }
        sections
    }

    /// All keys of a table whose keys are names of the user's choice.
    pub fn pairs(&mut self) -> Vec<(String, usize, &'d DeValue<'d>)> {
        self.entries
            .iter_mut()
            .map(|(name, entry)| {
                entry.taken = true;
                (name.clone(), entry.line, entry.value)
            })
            .collect()
    }

    /// The line of a key below this section, by its path (`columns.number`, `rows[0].fields.id`) as an adapter names it, else of its
    /// nearest parent.
    pub fn line_below(&self, path: &str) -> usize {
        let (first, rest) = path.split_once('.').unwrap_or((path, ""));
        let (key, place) = step(first);
        let Some(entry) = self.entries.get(key) else { return self.line };
        self.diagnostics.line_in(entry.line, entry.value, place, rest)
    }

    /// Reports the keys that no getter took.
    pub fn finish(self) {
        for (key, entry) in &self.entries {
            if !entry.taken {
                let sentence = format!("is not a key of this section{}", self.meant(key));
                self.diagnostics.problem(entry.line, self.path(key), sentence);
            }
        }
    }

    fn meant(&self, key: &str) -> String {
        match nearest(key, self.known.iter().copied()) {
            Some(near) => format!("; did you mean \"{near}\"?"),
            None if self.known.is_empty() => String::new(),
            None => format!("; it has {}", self.known.join(", ")),
        }
    }
}

/// What was found instead, for messages: the type, never the value (it may be a secret in the wrong place).
pub fn found(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a point",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

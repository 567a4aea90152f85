//! The language of a story: one line a record or event of time, in words of the trade.
//!
//! ```text
//! day 2 10:05 erp record SO-7 approved (for 1001)
//! ^     ^     ^   ^                    ^
//! day   time  who what it says         marks
//! ```
//!
//! A day stays until another is named, a time until the next; stories begin on day 1, Monday 2026-03-02, in UTC. `#` begins a comment.
//! A line `---` ends an epoch; a story without one has an epoch for each line. What the words mean is in `rows.rs`, `rows_stock.rs` and `rows_systems.rs`.
//!
//! | mark | meaning |
//! | --- | --- |
//! | `(for 1002)` | the order that the row belongs to; else the first order of the story |
//! | `(at 09:55)`, `(at day 2 09:55)` | the row's own time by its source's clock; else the line's |
//! | `(old)` | an older state of the row that arrives late: older than all lines without the mark, newer than an earlier `(old)` line |

use waybill::facts::time::Span;
use waybill::facts::{Amount, Moment, Quantity, Sku};

/// Midnight of day 1: 2026-03-02T00:00:00Z.
pub const DAY_ONE: Moment = Moment(1_772_409_600_000);

/// What is wrong with a file, and where: `line 7: ...`.
pub type Wrong = String;

/// A line of a story.
#[derive(Clone, Debug)]
pub struct Line {
    /// In the story, from 1.
    pub number: usize,
    /// When the record arrives.
    pub at: Moment,
    pub who: String,
    /// What it says, without its marks.
    pub says: String,
    pub marks: Marks,
    /// The epoch ends after it.
    pub ends_epoch: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Marks {
    pub order: Option<String>,
    pub own_time: Option<Moment>,
    pub old: bool,
}

/// Reads a story.
pub fn story(text: &str) -> Result<Vec<Line>, Wrong> {
    let mut lines: Vec<Line> = Vec::new();
    let mut clock = Clock { day: 1, time: None };
    let by_marks = text.lines().any(|line| line.trim() == "---");
    for (index, written) in text.lines().enumerate() {
        let number = index + 1;
        let line = written.split('#').next().unwrap_or_default().trim();
        if line == "---" {
            match lines.last_mut() {
                Some(last) => last.ends_epoch = true,
                None => return Err(format!("line {number}: an epoch ends before it has begun")),
            }
            continue;
        }
        if line.is_empty() {
            continue;
        }
        let (says, written_marks) = split_marks(line, number)?;
        let mut words = Cursor::new(says, number);
        let at = words.moment_if_there(&mut clock)?.ok_or_else(|| format!("line {number}: expected a time, as in 10:05"))?;
        let marks = marks(&written_marks, number, &clock)?;
        let who = words.word("a system")?.to_owned();
        if lines.last().is_some_and(|last| last.at > at) {
            return Err(format!("line {number}: stands before the line above it in time"));
        }
        let says = words.rest();
        lines.push(Line { number, at, who, says, marks, ends_epoch: !by_marks });
    }
    if let Some(last) = lines.last_mut() {
        last.ends_epoch = true;
    }
    Ok(lines)
}

/// Takes the marks off the end of a line.
fn split_marks(line: &str, number: usize) -> Result<(&str, Vec<&str>), Wrong> {
    let mut marks = Vec::new();
    let mut rest = line;
    while let Some(before) = rest.strip_suffix(')') {
        let Some((says, mark)) = before.rsplit_once('(') else { return Err(format!("line {number}: a mark without its beginning")) };
        marks.push(mark);
        rest = says.trim_end();
    }
    Ok((rest, marks))
}

fn marks(written: &[&str], number: usize, clock: &Clock) -> Result<Marks, Wrong> {
    let mut marks = Marks::default();
    for mark in written {
        let mut words = Cursor::new(mark, number);
        match words.word("a mark")? {
            "for" => marks.order = Some(words.word("an order's number")?.to_owned()),
            "old" => marks.old = true,
            "at" => marks.own_time = Some(words.moment(clock)?),
            other => return Err(format!("line {number}: unknown mark ({other}); known are (for ORDER), (at TIME), (old)")),
        }
        words.end()?;
    }
    Ok(marks)
}

/// Where the story's time stands.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    pub day: i64,
    time: Option<Moment>,
}

impl Clock {
    pub fn of(moment: Moment) -> Self {
        Self { day: (moment.0 - DAY_ONE.0).div_euclid(86_400_000) + 1, time: Some(moment) }
    }

    fn moment(&self, minutes: i64) -> Moment {
        DAY_ONE + Span::days(self.day - 1) + Span::minutes(minutes)
    }
}

/// Words of a line, read one by one. `:` and `,` at a word's end are words of their own.
pub struct Cursor<'l> {
    words: Vec<&'l str>,
    next: usize,
    line: usize,
}

impl<'l> Cursor<'l> {
    pub fn new(text: &'l str, line: usize) -> Self {
        let mut words = Vec::new();
        for word in text.split_whitespace() {
            match word.strip_suffix([':', ',']) {
                Some(before) if !before.is_empty() => words.extend([before, &word[before.len()..]]),
                _ => words.push(word),
            }
        }
        Self { words, next: 0, line }
    }

    pub fn wrong(&self, sentence: impl std::fmt::Display) -> Wrong {
        format!("line {}: {sentence}", self.line)
    }

    pub fn peek(&self) -> Option<&'l str> {
        self.words.get(self.next).copied()
    }

    pub fn take(&mut self) -> Option<&'l str> {
        let word = self.peek()?;
        self.next += 1;
        Some(word)
    }

    /// Takes the word if it is this one.
    pub fn is(&mut self, word: &str) -> bool {
        let found = self.peek() == Some(word);
        self.next += usize::from(found);
        found
    }

    pub fn word(&mut self, expected: &str) -> Result<&'l str, Wrong> {
        self.take().ok_or_else(|| self.wrong(format!("expected {expected} at its end")))
    }

    fn parsed<T>(&mut self, expected: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T, Wrong> {
        let word = self.word(expected)?;
        parse(word).ok_or_else(|| self.wrong(format!("expected {expected}, found \"{word}\"")))
    }

    pub fn amount(&mut self) -> Result<Amount, Wrong> {
        self.parsed("an amount", Amount::parse)
    }

    pub fn pieces(&mut self) -> Result<Quantity, Wrong> {
        self.parsed("a number of pieces", |word| Quantity::parse(word.strip_prefix('+').unwrap_or(word)))
    }

    pub fn sku(&mut self) -> Result<Sku, Wrong> {
        self.parsed("a SKU", Sku::new)
    }

    pub fn count(&mut self) -> Result<u32, Wrong> {
        self.parsed("a number", |word| word.parse().ok())
    }

    /// One of these words, by its meaning.
    pub fn one_of<T: Copy>(&mut self, known: &[(&str, T)]) -> Result<T, Wrong> {
        let word = self.word("a word")?;
        let found = known.iter().find(|(name, _)| *name == word).map(|(_, meaning)| *meaning);
        found.ok_or_else(|| {
            let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
            self.wrong(format!("unknown word \"{word}\"; known here are {}", names.join(", ")))
        })
    }

    /// The moment that the words begin with: `day 3 10:05`, or `10:05` on the day where the clock stands. Moves the clock.
    pub fn moment_if_there(&mut self, clock: &mut Clock) -> Result<Option<Moment>, Wrong> {
        if self.is("day") {
            clock.day = i64::from(self.count()?);
        }
        if let Some(minutes) = self.peek().and_then(minutes_of) {
            self.next += 1;
            clock.time = Some(clock.moment(minutes));
        }
        Ok(clock.time)
    }

    pub fn moment(&mut self, clock: &Clock) -> Result<Moment, Wrong> {
        let mut clock = Clock { time: None, ..*clock };
        self.moment_if_there(&mut clock)?.ok_or_else(|| self.wrong("expected a time, as in 10:05 or day 3 10:05"))
    }

    /// All words that are left, as text.
    pub fn rest(&mut self) -> String {
        let rest = self.words[self.next..].join(" ").replace(" :", ":").replace(" ,", ",");
        self.next = self.words.len();
        rest
    }

    pub fn end(&mut self) -> Result<(), Wrong> {
        match self.take() {
            None => Ok(()),
            Some(word) => Err(self.wrong(format!("unknown word \"{word}\""))),
        }
    }
}

fn minutes_of(word: &str) -> Option<i64> {
    let (hours, minutes) = word.split_once(':')?;
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    (minutes < 60 && hours < 24).then_some(hours * 60 + minutes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_times_stay_until_others_are_named() {
        let lines = story("10:00 shop a\n# nothing\nshop b\nday 3 09:00 wms c (for 1002) (old)\n10:00 shop d (at 09:59)").expect("a story");
        let minutes: Vec<i64> = lines.iter().map(|line| (line.at.0 - DAY_ONE.0) / 60_000).collect();
        assert_eq!(minutes, [600, 600, 2 * 1440 + 540, 2 * 1440 + 600]);
        assert!(lines[2].marks.old && lines[2].marks.order.as_deref() == Some("1002"));
        assert_eq!(lines[3].marks.own_time, Some(DAY_ONE + Span::days(2) + Span::minutes(599)));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        assert_eq!(story("10:00 shop a\n\n09:00 shop b").expect_err("goes back"), "line 3: stands before the line above it in time");
        assert!(story("shop a").expect_err("no time").starts_with("line 1: expected a time"));
        assert!(story("10:00 shop a (maybe)").expect_err("no mark").contains("unknown mark (maybe)"));
    }
}

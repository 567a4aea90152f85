//! Dates and times in an account's or a user's format.
//!
//! | written | read |
//! | --- | --- |
//! | `2025-03-14T09:12:00Z`, with any offset | the moment |
//! | `2025-03-14 09:12:52`, `2025-03-14`, `2025/3/14` | local |
//! | `14.03.2025 11:03` | local, day first |
//! | `14-Mar-2025 11:03 am`, `14 March, 2025` | local |
//! | `14/3/2025 11:01 am`, `3-14-2025` | local; which is the day follows from `date_format`, or from a number above 12, or from both being equal. Else it is refused |

use jiff::civil::DateTime;

use crate::facts::Moment;

/// Which of two numbers is the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DayOrder {
    DayFirst,
    MonthFirst,
}

/// What a text says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    Moment(Moment),
    /// In the zone of the source.
    Local(DateTime),
    /// It may be either of two days.
    Ambiguous,
    /// It is no date.
    Unreadable,
}

/// The order that a date format of NetSuite's has (`DD/MM/YYYY`, `M/D/YYYY`, `D-Mon-YYYY`); `None`: it is no such format.
pub(super) fn order_of(format: &str) -> Option<DayOrder> {
    let upper = format.trim().to_ascii_uppercase();
    if upper.starts_with("YYYY") {
        return Some(DayOrder::MonthFirst);
    }
    let (day, month, year) = (upper.find('D')?, upper.find('M')?, upper.find("YYYY")?);
    (day < year && month < year).then_some(if day < month { DayOrder::DayFirst } else { DayOrder::MonthFirst })
}

pub(super) fn read(text: &str, order: Option<DayOrder>) -> Written {
    let text = text.trim();
    if let Some(moment) = Moment::parse_rfc3339(text) {
        return Written::Moment(moment);
    }
    let mut words: Vec<&str> = text.split([' ', ',', '\u{a0}', '\u{202f}']).filter(|word| !word.is_empty()).collect();
    if let [date] = words[..]
        && let Some((day, clock)) = date.split_once('T')
    {
        words = vec![day, clock];
    }
    // A month in a word of its own.
    let spelt = words.len() >= 3 && month(words[1]).is_some();
    let date = if spelt { words[..3].join("-") } else { words.first().copied().unwrap_or_default().to_owned() };
    let rest = words.get(if spelt { 3 } else { 1 }..).unwrap_or_default();
    let (Some(clock), Some(parts)) = (clock(rest), parts(&date)) else { return Written::Unreadable };
    let (year, month, day) = match civil(parts, date.contains('.'), order) {
        Ok(civil) => civil,
        Err(written) => return written,
    };
    let [hour, minute, second] = clock;
    DateTime::new(year, month, day, hour, minute, second, 0).map_or(Written::Unreadable, Written::Local)
}

fn parts(date: &str) -> Option<[&str; 3]> {
    let mut parts = date.split(['.', '/', '-']).filter(|part| !part.is_empty());
    let three = [parts.next()?, parts.next()?, parts.next()?];
    parts.next().is_none().then_some(three)
}

fn civil([a, b, c]: [&str; 3], points: bool, order: Option<DayOrder>) -> Result<(i16, i8, i8), Written> {
    let number =
        |text: &str| text.parse::<i16>().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit())).ok_or(Written::Unreadable);
    let small = |number: i16| i8::try_from(number).map_err(|_| Written::Unreadable);
    if a.len() == 4 {
        return Ok((number(a)?, small(number(b)?)?, small(number(c)?)?));
    }
    if c.len() != 4 {
        return Err(Written::Unreadable);
    }
    let year = number(c)?;
    if let Some(month) = month(b) {
        return Ok((year, month, small(number(a)?)?));
    }
    let (a, b) = (small(number(a)?)?, small(number(b)?)?);
    let order = match order {
        Some(order) => order,
        None if points || a > 12 => DayOrder::DayFirst,
        None if b > 12 => DayOrder::MonthFirst,
        None if a == b => DayOrder::DayFirst,
        None => return Err(Written::Ambiguous),
    };
    Ok(if order == DayOrder::DayFirst || points { (year, b, a) } else { (year, a, b) })
}

fn month(word: &str) -> Option<i8> {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let begins = word.get(..3)?.to_ascii_lowercase();
    if !word.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return None;
    }
    MONTHS.iter().position(|month| *month == begins).and_then(|place| i8::try_from(place + 1).ok())
}

/// `09:12:52`, `11:03`, `3:03 am`; nothing is midnight.
fn clock(words: &[&str]) -> Option<[i8; 3]> {
    let joined = words.concat().to_ascii_lowercase();
    if joined.is_empty() {
        return Some([0; 3]);
    }
    let plain = joined.replace('.', "");
    let (time, half) = match (plain.strip_suffix("am"), plain.strip_suffix("pm")) {
        (Some(time), _) => (time, Some(0)),
        (_, Some(time)) => (time, Some(12)),
        _ => (joined.split('.').next().unwrap_or_default(), None),
    };
    let mut numbers = time.split(':').map(|part| part.parse::<i8>().ok().filter(|_| part.bytes().all(|byte| byte.is_ascii_digit())));
    let (hour, minute) = (numbers.next()??, numbers.next()??);
    let second = match numbers.next() {
        Some(second) => second?,
        None => 0,
    };
    let hour = match half {
        Some(_) if !(1..=12).contains(&hour) => return None,
        Some(half) => hour % 12 + half,
        None => hour,
    };
    numbers.next().is_none().then_some([hour, minute, second])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(text: &str, order: Option<DayOrder>) -> String {
        match read(text, order) {
            Written::Local(local) => local.to_string(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn each_format_is_read_as_its_account_means_it() {
        for (text, read) in [
            ("2025-03-14 09:12:52", "2025-03-14T09:12:52"),
            ("2025-03-14", "2025-03-14T00:00:00"),
            ("14.03.2025 11:03", "2025-03-14T11:03:00"),
            ("3.4.2025 11:03", "2025-04-03T11:03:00"),
            ("14/3/2025 11:01 am", "2025-03-14T11:01:00"),
            ("3/14/2025 3:03 pm", "2025-03-14T15:03:00"),
            ("3/3/2025 12:00 am", "2025-03-03T00:00:00"),
            ("14-Mar-2025 12:15 PM", "2025-03-14T12:15:00"),
            ("14 March, 2025", "2025-03-14T00:00:00"),
            ("19/12/2025 6:6:29", "2025-12-19T06:06:29"),
        ] {
            assert_eq!(local(text, None), read, "{text}");
        }
        assert_eq!(local("3/4/2025", Some(DayOrder::DayFirst)), "2025-04-03T00:00:00");
        assert_eq!(local("3/4/2025", Some(DayOrder::MonthFirst)), "2025-03-04T00:00:00");
    }

    #[test]
    fn what_has_two_readings_or_none_is_not_guessed() {
        assert_eq!(read("3/4/2025 3:03 am", None), Written::Ambiguous);
        for text in ["", "soon", "14/3/25", "31.02.2025", "14/14/2025", "14.03.2025 25:00", "14.03.2025 13:00 pm", "14.03.2025 +1:00"] {
            assert_eq!(read(text, None), Written::Unreadable, "{text}");
        }
        assert_eq!(read("14/3/2025", Some(DayOrder::MonthFirst)), Written::Unreadable);
    }

    #[test]
    fn formats_say_which_number_is_the_day() {
        assert_eq!(order_of("D/M/YYYY"), Some(DayOrder::DayFirst));
        assert_eq!(order_of("MM/DD/YYYY"), Some(DayOrder::MonthFirst));
        assert_eq!(order_of("D-Mon-YYYY"), Some(DayOrder::DayFirst));
        assert_eq!(order_of("YYYY-MM-DD"), Some(DayOrder::MonthFirst));
        assert_eq!(order_of("whatever"), None);
    }
}

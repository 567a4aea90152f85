//! Makes a failing history small: drops records, then single rows, then moves the end, as long as it still fails.

use crate::history::History;

/// The smallest history found that still fails by `fails`. At most `tries` attempts.
pub fn shrink(history: &History, mut tries: usize, fails: impl Fn(&History) -> bool) -> History {
    let mut small = history.clone();
    loop {
        let before = size(&small);
        let mut chunk = (small.entries.len() / 2).max(1);
        loop {
            let mut at = 0;
            while at < small.entries.len() {
                if tries == 0 {
                    return small;
                }
                tries -= 1;
                let mut fewer = small.clone();
                fewer.entries.drain(at..(at + chunk).min(small.entries.len()));
                if fails(&fewer) {
                    small = fewer;
                } else {
                    at += chunk;
                }
            }
            if chunk == 1 {
                break;
            }
            chunk /= 2;
        }
        rows(&mut small, &mut tries, &fails);
        if size(&small) == before || tries == 0 {
            return small;
        }
    }
}

fn size(history: &History) -> usize {
    history.entries.iter().map(|entry| entry.record.rows.len()).sum()
}

fn rows(small: &mut History, tries: &mut usize, fails: &impl Fn(&History) -> bool) {
    for entry in 0..small.entries.len() {
        let mut row = 0;
        while small.entries[entry].record.rows.len() > 1 && row < small.entries[entry].record.rows.len() && *tries > 0 {
            *tries -= 1;
            let mut fewer = small.clone();
            fewer.entries[entry].record.rows.remove(row);
            if fails(&fewer) {
                *small = fewer;
            } else {
                row += 1;
            }
        }
    }
}

//! A file's text with mutants behind their switches. Those within others stand in what is unchanged of them.

use std::ops::Range;

use crate::scope::{ON, Site};

/// The new text, and where in it each mutant stands.
pub fn rewrite(text: &str, mutants: &[(u32, &Site)]) -> (String, Vec<(u32, Range<usize>)>) {
    let mut sorted: Vec<&(u32, &Site)> = mutants.iter().collect();
    sorted.sort_by_key(|(number, site)| (site.range.start, std::cmp::Reverse(site.range.end), *number));
    let mut writer = Writer { text, out: String::with_capacity(text.len() * 2), places: Vec::new() };
    writer.stretch(0..text.len(), &sorted);
    (writer.out, writer.places)
}

struct Writer<'a> {
    text: &'a str,
    out: String,
    places: Vec<(u32, Range<usize>)>,
}

impl Writer<'_> {
    /// Writes that stretch of the text with these mutants, which all lie in it.
    fn stretch(&mut self, range: Range<usize>, mut mutants: &[&(u32, &Site)]) {
        let mut at = range.start;
        while let [(number, site), rest @ ..] = mutants {
            let inside = rest.iter().take_while(|(_, other)| other.range.end <= site.range.end).count();
            self.out.push_str(&self.text[at..site.range.start]);
            let start = self.out.len();
            let switch = format!("crate::mutant::on({number})");
            self.out.push_str(&site.open.replace(ON, &switch));
            self.stretch(site.range.clone(), &rest[..inside]);
            self.out.push_str(&site.close);
            self.places.push((*number, start..self.out.len()));
            at = site.range.end;
            mutants = &rest[inside..];
        }
        self.out.push_str(&self.text[at..range.end]);
    }
}

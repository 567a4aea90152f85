//! A finding: something that a person has to look at.

use crate::facts::{Amount, Cause, Moment, Quantity};

/// Something that a person has to look at. `events/exceptions.rs` opens and closes an exception for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// `totals-differ`, `rows-contradict` ... (`entities/exceptions.rs`).
    pub kind: &'static str,
    /// Distinguishes several of one kind; empty if there can be only one.
    pub number: String,
    /// What is wrong, in a sentence.
    pub sentence: String,
    /// The money at risk, in the order's currency.
    pub at_risk: Option<Amount>,
    /// How many pieces it is about, where it is about pieces.
    pub pieces: Option<Quantity>,
    /// Money beside `at_risk` that a decision about it has moved already: its amount is used up by both.
    pub acted: Amount,
    /// A person's decision covers it: no exception is opened.
    pub decided: bool,
    /// The figures can't be trusted while it lasts: nothing is requested.
    pub shuts: bool,
    /// Opens only after this moment; `None`: at once.
    pub opens_at: Option<Moment>,
    /// When the newest of what it is about happened. A decision that names no amount was made about what was there then, and covers nothing newer.
    pub moved_at: Option<Moment>,
    /// The records that show it.
    pub causes: Vec<Cause>,
}

impl Finding {
    /// It is for a person to look at: its time has come, and no decision covers it.
    pub fn is_open(&self, tick: Moment) -> bool {
        !self.decided && self.opens_at.is_none_or(|opens_at| opens_at <= tick)
    }

    /// A finding that opens at once.
    pub(super) fn new(kind: &'static str, number: impl Into<String>, sentence: String) -> Self {
        let number = number.into();
        Self {
            kind,
            number,
            sentence,
            at_risk: None,
            pieces: None,
            acted: Amount::ZERO,
            decided: false,
            shuts: false,
            opens_at: None,
            moved_at: None,
            causes: Vec::new(),
        }
    }

    /// So much money is at risk.
    pub(super) fn at_risk(self, amount: impl Into<Option<Amount>>) -> Self {
        Self { at_risk: amount.into(), ..self }
    }

    /// A decision about it has already moved so much.
    pub(super) fn acted(self, amount: Amount) -> Self {
        Self { acted: amount, ..self }
    }

    /// It is about so many pieces.
    pub(super) fn pieces(self, pieces: Quantity) -> Self {
        Self { pieces: Some(pieces), ..self }
    }

    /// These records show it.
    pub(super) fn caused_by(mut self, causes: impl IntoIterator<Item = Cause>) -> Self {
        for cause in causes {
            if !self.causes.contains(&cause) {
                self.causes.push(cause);
            }
        }
        self
    }

    /// The newest of what it is about happened then.
    pub(super) fn moved(self, moved_at: impl Into<Option<Moment>>) -> Self {
        Self { moved_at: moved_at.into(), ..self }
    }

    /// It opens only after this moment.
    pub(super) fn after(self, opens_at: impl Into<Option<Moment>>) -> Self {
        Self { opens_at: opens_at.into(), ..self }
    }
}

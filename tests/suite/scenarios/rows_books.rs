//! Words about disputes, and about what another keeper of the books has posted.

use super::language::{Cursor, Wrong};
use super::rows::{Teller, Telling};
use super::rows_systems::word;
use waybill::facts::order::{Dispute, DisputeState, Posting};
use waybill::facts::{Amount, OrderRow, Row};

impl Teller {
    pub(super) fn dispute(&mut self, words: &mut Cursor<'_>, telling: &mut Telling<'_>) -> Result<(), Wrong> {
        let id = words.word("a dispute's number")?;
        let (amount, currency) = (words.amount()?, self.currency(telling));
        let state = word(words, &[("open", DisputeState::Open), ("won", DisputeState::Won), ("lost", DisputeState::Lost)])?;
        let subject = self.subject(telling);
        telling.put(subject, id, Row::Order(OrderRow::Dispute(Dispute { currency, amount, state, disputed_at: telling.at })));
        Ok(())
    }

    pub(super) fn posts(&mut self, words: &mut Cursor<'_>, telling: &mut Telling<'_>) -> Result<(), Wrong> {
        let id = words.word("an entry's number")?;
        words.is("on");
        let account = words.word("an account")?.into();
        let credit = !words.is("debit") && words.is("credit");
        let amount = words.amount()?;
        let amount = if credit { Amount::ZERO - amount } else { amount };
        let row = Posting { account, amount, currency: Some(self.currency(telling)), document: "".into(), date: "".into() };
        let subject = self.subject(telling);
        telling.put(subject, id, Row::Order(OrderRow::Posting(Box::new(row))));
        Ok(())
    }
}

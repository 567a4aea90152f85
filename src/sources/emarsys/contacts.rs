//! Contacts, their opt-in, and who has unsubscribed.

use xxhash_rust::xxh3::xxh3_64;

use super::cells::text;
use super::columns::{contact, event};
use super::context::Emarsys;
use crate::envelope::{Cell, DecodeError, Record, SpelledRow};
use crate::facts::customer::{Consent, ConsentState, CustomerAccount, Purpose};
use crate::facts::ids::join_key;
use crate::facts::{CustomerKey, CustomerRow, Digest, Moment, Place, Text};
use crate::sources::facts_out::FactsOut;

/// Raise it when the meaning changes that this file gives to a record: records read again then count as newer.
pub(super) const REVISION: u16 = 1;

/// Why a contact says nothing to us.
pub(super) const NO_ADDRESS: &str = "contact without an address";

/// An answer of a person.
struct Answer<'a> {
    address: Digest,
    external_id: &'a str,
    brand: Text,
    state: ConsentState,
    /// When the person gave it, where the record knows.
    changed_at: Option<Moment>,
    /// When Emarsys said so.
    told_at: Moment,
}

impl Emarsys {
    /// A contact: as a row that somebody exports, as the API's answer has it (by the numbers of fields), or as a row of a file of changes.
    pub(super) fn contact(
        &self,
        record: &Record<'_>,
        row: &SpelledRow<'_>,
        out: &mut FactsOut<'_>,
    ) -> Result<Option<&'static str>, DecodeError> {
        let address = text(row.cell(contact::EMAIL))?;
        let Some(address) = self.common.digester.email(&address) else { return Ok(Some(NO_ADDRESS)) };
        let external_id = text(row.cell(contact::EXTERNAL))?;
        let brand = self.brand(row.cell(contact::ACCOUNT))?;
        let told_at = self.time(row.cell(contact::EXPORTED), record)?.unwrap_or(record.timestamp);
        let opt_in = row.cell(contact::OPT_IN);
        if !opt_in.json().is_empty() {
            let (state, changed_at) = (self.opt_in(opt_in)?, self.time(row.cell(contact::CHANGED), record)?);
            self.answer(record, &Answer { address, external_id: &external_id, brand: brand.clone(), state, changed_at, told_at }, out);
        }
        if let Some(customer) = self.account(&external_id) {
            let id = text(row.cell(contact::ID))?;
            let id = if id.is_empty() { external_id } else { id };
            let created_at = self.time(row.cell(contact::REGISTERED), record)?;
            let account = CustomerAccount { brand, email: Some(address), created_at, collective: false };
            out.customer(customer, &*id, place(record, told_at, false), told_at, CustomerRow::Account(account));
        }
        Ok(None)
    }

    /// `last_change`: the moment at which a contact's opt-in was changed. The answer names contacts by the key that was asked with; only an address leads
    /// to a person.
    pub(super) fn last_change(
        &self,
        record: &Record<'_>,
        key: &str,
        row: &SpelledRow<'_>,
        out: &mut FactsOut<'_>,
    ) -> Result<Option<&'static str>, DecodeError> {
        use super::columns::change;
        let Some(address) = self.common.digester.email(key).filter(|_| key.contains('@')) else {
            return Ok(Some("last_change without an address"));
        };
        let time = row.cell(change::TIME);
        let changed_at = self.time(time, record)?.ok_or_else(|| time.error("the moment of the change"))?;
        let state = self.opt_in(row.cell(change::CURRENT))?;
        let answer = Answer {
            address,
            external_id: "",
            brand: self.common.brand.clone(),
            state,
            changed_at: Some(changed_at),
            told_at: record.timestamp,
        };
        self.answer(record, &answer, out);
        Ok(None)
    }

    /// An unsubscription or complaint: a refusal at its own moment.
    pub(super) fn unsubscribed(
        &self,
        record: &Record<'_>,
        row: &SpelledRow<'_>,
        out: &mut FactsOut<'_>,
    ) -> Result<Option<&'static str>, DecodeError> {
        let at = row.cell(event::AT);
        let changed_at = self.time(at, record)?.ok_or_else(|| at.error("the moment of the event"))?;
        let address = text(row.cell(event::EMAIL))?;
        let Some(address) = self.common.digester.email(&address) else { return Ok(Some("unsubscription without an address")) };
        let external_id = text(row.cell(event::EXTERNAL))?;
        let told_at = self.time(row.cell(event::LOADED), record)?.unwrap_or(record.timestamp);
        let brand = self.brand(row.cell(event::ACCOUNT))?;
        let state = ConsentState::No;
        self.answer(record, &Answer { address, external_id: &external_id, brand, state, changed_at: Some(changed_at), told_at }, out);
        Ok(None)
    }

    /// The newest statement of Emarsys about an address is one row, whichever record told it.
    fn answer(&self, record: &Record<'_>, answer: &Answer<'_>, out: &mut FactsOut<'_>) {
        let Answer { address, external_id, brand, state, changed_at, told_at } = answer;
        let customer = self.account(external_id).unwrap_or_else(|| CustomerKey::guest(brand, address));
        let id = join_key(&[&address.to_string(), "email", brand, "mail"]);
        let consent = Consent {
            address: *address,
            channel: "email".into(),
            brand: brand.clone(),
            purpose: Purpose::Mail,
            state: *state,
            changed_at: *changed_at,
        };
        let place = place(record, *told_at, changed_at.is_some());
        out.customer(customer, id, place, changed_at.unwrap_or(*told_at), CustomerRow::Consent(consent));
    }

    /// The shop's account, where the external id is its number.
    fn account(&self, external_id: &str) -> Option<CustomerKey> {
        let source = self.settings.account_source.as_deref()?;
        (!external_id.is_empty()).then(|| CustomerKey::account(source, external_id))
    }

    /// The brand of an Emarsys account, where a source reads several.
    fn brand(&self, account: Cell<'_>) -> Result<Text, DecodeError> {
        let account = text(account)?;
        Ok(self.settings.accounts.get(&*account).map_or_else(|| self.common.brand.clone(), |brand| brand.as_str().into()))
    }
}

/// As new as what Emarsys said then; of one moment the statement that knows when the answer was given.
fn place(record: &Record<'_>, told_at: Moment, timed: bool) -> Place {
    Place::Stamp { millis: told_at.0, rank: u32::from(timed), tie: xxh3_64(record.value.unwrap_or_default()) }
}

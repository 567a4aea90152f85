//! Words of people: accounts, merges, consent, and who asks to be forgotten. An address is a word; of it only a digest is told.
//!
//! ```text
//! shop account 820 address anna               / shop account 820 deleted / shop account 820 address anna collective / ... made day 1 09:00
//! shop order 1001 total 40.00 customer 820 address anna / shop order 1001 total 40.00 guest address anna
//! shop merges 821 into 820 / shop merges 821 into 820 undone
//! office merges 821 into 820                     the word of the CRM about the shop's accounts
//! office consent 820 address anna profiling yes
//! shop forgets 820 / shop forgets address anna
//! office dismisses 821 into 820               the decision that one of contradicting merges does not count
//! ```

use waybill::facts::customer::{Consent, ConsentState, CustomerAccount, Erasure, Merge, Purpose};
use waybill::facts::ids::join_key;
use waybill::facts::order::Decision;
use waybill::facts::{CustomerKey, CustomerRow, Digest, Row, Subject};

use super::language::{Cursor, Wrong};
use super::rows::{Teller, Telling};

pub(super) const BRAND: &str = "acme";
/// Accounts are the shop's, whoever tells of them.
const SHOP: &str = "shop";

/// The digest of an address that is a word.
pub(super) fn address(words: &mut Cursor<'_>) -> Result<Digest, Wrong> {
    let word = words.word("an address")?;
    let mut digest = [0; 16];
    digest.iter_mut().zip(word.bytes()).for_each(|(into, byte)| *into = byte);
    Ok(Digest(digest))
}

pub(super) fn account(id: &str) -> CustomerKey {
    CustomerKey::account(SHOP, id)
}

impl Teller {
    /// A line about people; false: it is about something else.
    pub(super) fn people(&mut self, verb: &str, words: &mut Cursor<'_>, telling: &mut Telling<'_>) -> Result<bool, Wrong> {
        match verb {
            "account" => {
                let id = words.word("an account")?.to_owned();
                let subject = Subject::Customer(account(&id));
                if words.is("deleted") {
                    telling.delete(subject, CustomerRow::ACCOUNT, id);
                    return Ok(true);
                }
                let email = if words.is("address") { Some(address(words)?) } else { None };
                let collective = words.is("collective");
                let made = if words.is("made") { words.moment(&telling.clock())? } else { telling.at };
                let row = CustomerAccount { brand: BRAND.into(), email, created_at: Some(made), collective };
                telling.put(subject, id, Row::Customer(CustomerRow::Account(row)));
            }
            "merges" => {
                let (left, kept) = merge(words)?;
                let id = kept.0.clone();
                match words.is("undone") {
                    true => telling.delete(Subject::Customer(left), CustomerRow::MERGE, id),
                    false => telling.put(Subject::Customer(left), id, Row::Customer(CustomerRow::Merge(Merge { kept }))),
                }
            }
            "consent" => {
                let customer = account(words.word("an account")?);
                needs(words, "address")?;
                let address = address(words)?;
                let purpose = words.one_of(&[("mail", Purpose::Mail), ("profiling", Purpose::Profiling)])?;
                let state = words.one_of(&[("yes", ConsentState::Yes), ("no", ConsentState::No)])?;
                let id = join_key(&[&address.to_string(), "email", &format!("{purpose:?}")]);
                let changed_at = Some(telling.at);
                let row = Consent { address, channel: "email".into(), brand: BRAND.into(), purpose, state, changed_at };
                telling.put(Subject::Customer(customer), id, Row::Customer(CustomerRow::Consent(row)));
            }
            "forgets" => {
                let customer = match words.is("address") {
                    true => CustomerKey::guest(BRAND, &address(words)?),
                    false => account(words.word("an account")?),
                };
                let row = Erasure { asked_at: telling.at, by: telling.who.into(), email: None };
                telling.put(Subject::Customer(customer), "", Row::Customer(CustomerRow::Erasure(row)));
            }
            "dismisses" => {
                let (left, kept) = merge(words)?;
                let row = Decision {
                    kind: "identity-conflict".into(),
                    number: kept.0,
                    choice: "dismiss".into(),
                    amount: None,
                    lines: Vec::new(),
                    who: telling.who.into(),
                    why: "".into(),
                    decided_at: telling.at,
                };
                let id = join_key(&[&row.kind, &row.number]);
                telling.put(Subject::Customer(left), id, Row::Customer(CustomerRow::Decision(Box::new(row))));
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

/// `821 into 820`.
fn merge(words: &mut Cursor<'_>) -> Result<(CustomerKey, CustomerKey), Wrong> {
    let left = account(words.word("an account")?);
    needs(words, "into")?;
    Ok((left, account(words.word("the account that is left")?)))
}

fn needs(words: &mut Cursor<'_>, word: &str) -> Result<(), Wrong> {
    if words.is(word) { Ok(()) } else { Err(words.wrong(format!("expected \"{word}\""))) }
}

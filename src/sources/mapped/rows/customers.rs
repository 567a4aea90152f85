//! Rows of customers. Of an address only the digest is kept.

use super::super::fields::{Form, may, must};
use super::super::record::MappedRecord;
use super::super::row_type::RowType;
use crate::envelope::DecodeError;
use crate::facts::customer::{Consent, ConsentState, CustomerAccount, Erasure, Merge, Purpose};
use crate::facts::ids::join_key;
use crate::facts::{CustomerKey, CustomerRow};
use crate::sources::facts_out::FactsOut;
use crate::sources::words::Meaning;

use Form::{Closed, Email, Flag, Moment, Text as Words};

const BRAND: super::super::fields::Field = may("brand", Words, "the brand; left out: the source's");
const OF_SOURCE: super::super::fields::Field =
    may("account_source", Words, "whose account ids they are: a shop's, where the CRM keeps those; left out: this source's");

pub(super) const ROWS: &[RowType] = &[
    RowType {
        name: "account",
        about: "An account of a person.",
        one_for: "each `account` of `account_source`",
        key: &["account"],
        fields: &[
            must("account", Words, "its id"),
            OF_SOURCE,
            BRAND,
            may("email", Email, "the person's address"),
            may("created_at", Moment, "when it was made"),
            may("collective", Flag, "one account for many people: it joins nobody"),
        ],
        one_of: &[],
        at: None,
        rank: None,
        make: account,
    },
    RowType {
        name: "consent",
        about: "Whether a person wants to be written to. The newest explicit change wins, by its own time.",
        one_for: "each `email`, `channel`, `brand` and `purpose`",
        key: &["email", "purpose"],
        fields: &[
            must("email", Email, "the address"),
            must("purpose", Closed(Purpose::NAMES), "what for"),
            must("state", Closed(ConsentState::NAMES), "the answer; `unset`: never asked, which overwrites nothing"),
            may("changed_at", Moment, "when the person gave it"),
            may("channel", Words, "left out: `email`"),
            BRAND,
            may("account", Words, "the person's account; left out: the guest with this address"),
            OF_SOURCE,
        ],
        one_of: &[],
        at: Some("changed_at"),
        rank: None,
        make: consent,
    },
    RowType {
        name: "merge",
        about: "Two accounts are one person: the one is merged into the other, which is kept. A deletion takes it back, and the two are apart again.",
        one_for: "each `absorbed` of `account_source`",
        key: &["absorbed"],
        fields: &[
            must("absorbed", Words, "the account that is merged into the other one"),
            must("kept", Words, "the account that is left"),
            OF_SOURCE,
            may("merged_at", Moment, "when they were merged"),
        ],
        one_of: &[],
        at: Some("merged_at"),
        rank: None,
        make: merge,
    },
    RowType {
        name: "erasure",
        about: "A person asks to be forgotten. Nothing takes it back, not even a deletion; what is ordered or agreed to later is a new relation.",
        one_for: "each `account` of `account_source`, each `email` and `brand`",
        key: &[],
        fields: &[
            may("account", Words, "the person's account"),
            OF_SOURCE,
            may("email", Email, "the person's address"),
            BRAND,
            may("asked_at", Moment, "when the person asked; left out: when the record was written"),
            may("by", Words, "who passes it on: a form, a login, no name of the person"),
        ],
        one_of: &[&["account", "email"]],
        at: Some("asked_at"),
        rank: None,
        make: erasure,
    },
];

fn account(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let account = record.text("account");
    let row = CustomerAccount {
        brand: record.brand(),
        email: record.email(),
        created_at: record.moment("created_at"),
        collective: record.flag("collective").unwrap_or(false),
    };
    let customer = CustomerKey::account(&record.account_source(), &account);
    out.customer(customer, account, record.place, record.at, CustomerRow::Account(row));
    Ok(())
}

fn consent(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let (brand, address) = (record.brand(), record.email().ok_or_else(|| record.lacks("email", "an email address"))?);
    let channel = record.opt_text("channel").unwrap_or_else(|| "email".into());
    let customer = record.customer(&brand, Some(&address)).ok_or_else(|| record.lacks("email", "an email address"))?;
    let purpose: Purpose = record.known("purpose")?;
    let id = join_key(&[&address.to_string(), &channel, &brand, &record.written("purpose")]);
    let state = record.known("state")?;
    let row = Consent { address, channel, brand, purpose, state, changed_at: record.moment("changed_at") };
    out.customer(customer, id, record.place, record.at, CustomerRow::Consent(row));
    Ok(())
}

fn merge(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let account = |name| CustomerKey::account(&record.account_source(), &record.text(name));
    out.customer(account("absorbed"), "", record.place, record.at, CustomerRow::Merge(Merge { kept: account("kept") }));
    Ok(())
}

fn erasure(record: &MappedRecord<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let email = record.email();
    let account = record.opt_text("account").map(|account| CustomerKey::account(&record.account_source(), &account));
    let guest = email.map(|digest| CustomerKey::guest(&record.brand(), &digest));
    for person in account.into_iter().chain(guest) {
        let asked_at = record.moment("asked_at").unwrap_or(record.at);
        let row = Erasure { asked_at, by: record.text("by"), email };
        out.customer(person, "", record.place, record.at, CustomerRow::Erasure(row));
    }
    Ok(())
}

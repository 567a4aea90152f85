//! `customer_entity` and `newsletter_subscriber`. Addresses of people go no further than their digests.

use super::reader::{Magento, MagentoReader, MagentoTable, meaning, moment};
use crate::envelope::{DecodeError, columns};
use crate::facts::customer::{Consent, ConsentState, CustomerAccount, Purpose};
use crate::facts::ids::join_key;
use crate::facts::{CustomerKey, CustomerRow, Digest, EntityKind, Subject, Text};
use crate::sources::facts_out::FactsOut;
use crate::sources::tables::{RowMove, RowsOf, TableRow};

/// Raise it when the meaning changes that this file gives to a record: records read again then count as newer.
pub(super) const REVISION: u16 = 2;

pub(super) static CUSTOMER: MagentoTable = MagentoTable {
    name: "customer_entity",
    rows: &[RowsOf::all(EntityKind::Customers, CustomerRow::ACCOUNT)],
    meaning: meaning!(CustomerEntity),
};

pub(super) static SUBSCRIBER: MagentoTable = MagentoTable {
    name: "newsletter_subscriber",
    rows: &[RowsOf::all(EntityKind::Customers, CustomerRow::CONSENT)],
    meaning: meaning!(NewsletterSubscriber),
};

columns! {
    pub(super) struct CustomerEntity { entity_id, store_id, email, created_at, updated_at }

    /// A subscription; `customer_id` 0 is a guest's.
    pub(super) struct NewsletterSubscriber { customer_id, store_id, subscriber_email, subscriber_status, change_status_at }
}

impl<'a> TableRow<'a, Magento> for CustomerEntity<'a> {
    fn upsert(&self, reader: &MagentoReader<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let common = &reader.adapter.common;
        let id = self.entity_id.id()?;
        let account = CustomerAccount {
            brand: reader.brand(&self.store_id)?.clone(),
            email: self.email.opt_text()?.and_then(|address| common.digester.email(&address)),
            created_at: moment(&self.created_at)?,
            collective: false,
        };
        out.customer(reader.adapter.customer(&id), id.as_ref(), reader.place, reader.at(&self.updated_at)?, CustomerRow::Account(account));
        Ok(())
    }

    fn delete(&self, reader: &MagentoReader<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let id = self.entity_id.id()?;
        out.deleted(Subject::Customer(reader.adapter.customer(&id)), CustomerRow::ACCOUNT, id.as_ref(), reader.place, reader.committed_at);
        Ok(())
    }
}

const EMAIL: &str = "email";

impl NewsletterSubscriber<'_> {
    /// Whose consent it is, for which address, and the row's id; `None` where the address was erased.
    fn who(&self, reader: &MagentoReader<'_>) -> Result<Option<(CustomerKey, Digest, Text)>, DecodeError> {
        let common = &reader.adapter.common;
        let address = self.subscriber_email.opt_text()?;
        let Some(digest) = address.and_then(|address| common.digester.email(&address)) else { return Ok(None) };
        let account = self.customer_id.opt_id()?.filter(|id| *id != "0");
        let customer = match account {
            Some(id) => reader.adapter.customer(&id),
            None => CustomerKey::guest(reader.brand(&self.store_id)?, &digest),
        };
        let id = join_key(&[&digest.to_string(), EMAIL, reader.brand(&self.store_id)?, "mail"]);
        Ok(Some((customer, digest, id)))
    }

    fn state(&self) -> Result<ConsentState, DecodeError> {
        match self.subscriber_status.int()? {
            1 => Ok(ConsentState::Yes),
            2 | 4 => Ok(ConsentState::Pending),
            3 => Ok(ConsentState::No),
            _ => Err(self.subscriber_status.error("1 subscribed, 2 not active, 3 unsubscribed or 4 unconfirmed")),
        }
    }
}

impl<'a> TableRow<'a, Magento> for NewsletterSubscriber<'a> {
    fn moves(&self) -> bool {
        true
    }

    fn moved(&self, before: &Self, _: &MagentoReader<'_>) -> Result<RowMove, DecodeError> {
        let owner = [&self.customer_id, &self.store_id, &self.subscriber_email];
        Ok(RowMove::by_owner(owner, [&before.customer_id, &before.store_id, &before.subscriber_email]))
    }

    fn upsert(&self, reader: &MagentoReader<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let Some((customer, address, id)) = self.who(reader)? else { return Ok(()) };
        let changed_at = moment(&self.change_status_at)?;
        let consent = Consent {
            address,
            channel: EMAIL.into(),
            brand: reader.brand(&self.store_id)?.clone(),
            purpose: Purpose::Mail,
            state: self.state()?,
            changed_at,
        };
        out.customer(customer, id, reader.place, changed_at.unwrap_or(reader.committed_at), CustomerRow::Consent(consent));
        Ok(())
    }

    fn delete(&self, reader: &MagentoReader<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        if let Some((customer, _, id)) = self.who(reader)? {
            out.deleted(Subject::Customer(customer), CustomerRow::CONSENT, id, reader.place, reader.committed_at);
        }
        Ok(())
    }
}

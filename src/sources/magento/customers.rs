//! `customer_entity` and `newsletter_subscriber`. Addresses of people go no further than their digests.

use super::{Context, Table, moment};
use crate::envelope::{DecodeError, columns};
use crate::facts::customer::{Account, Consent, ConsentState, Purpose};
use crate::facts::ids::join_key;
use crate::facts::{CustomerKey, CustomerRow, Digest, Subject, Text};
use crate::sources::FactsOut;

columns! {
    pub(super) struct CustomerEntity { entity_id, email, created_at, updated_at }

    /// A subscription; `customer_id` 0 is a guest's.
    pub(super) struct NewsletterSubscriber { customer_id, subscriber_email, subscriber_status, change_status_at }
}

impl<'a> Table<'a> for CustomerEntity<'a> {
    fn upsert(&self, cx: &Context<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let common = &cx.magento.common;
        let id = self.entity_id.id()?;
        let account = Account {
            brand: common.brand.clone(),
            email: self.email.opt_text()?.and_then(|address| common.digester.email(&address)),
            created_at: moment(&self.created_at)?,
            collective: false,
        };
        out.customer(cx.magento.customer(&id), id.as_ref(), cx.place, cx.at(&self.updated_at)?, CustomerRow::Account(account));
        Ok(())
    }

    fn delete(&self, cx: &Context<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let id = self.entity_id.id()?;
        out.deleted(Subject::Customer(cx.magento.customer(&id)), CustomerRow::ACCOUNT, id.as_ref(), cx.place, cx.committed_at);
        Ok(())
    }
}

const EMAIL: &str = "email";

impl NewsletterSubscriber<'_> {
    /// Whose consent it is, for which address, and the row's id; `None` where the address was erased.
    fn who(&self, cx: &Context<'_>) -> Result<Option<(CustomerKey, Digest, Text)>, DecodeError> {
        let common = &cx.magento.common;
        let address = self.subscriber_email.opt_text()?;
        let Some(digest) = address.and_then(|address| common.digester.email(&address)) else { return Ok(None) };
        let account = self.customer_id.opt_id()?.filter(|id| *id != "0");
        let customer = match account {
            Some(id) => cx.magento.customer(&id),
            None => CustomerKey::guest(&common.brand, &digest),
        };
        let id = join_key(&[&digest.to_string(), EMAIL, &common.brand, "mail"]);
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

impl<'a> Table<'a> for NewsletterSubscriber<'a> {
    fn owner(&self) -> Option<[&'a str; 2]> {
        Some([self.customer_id.json(), self.subscriber_email.json()])
    }

    fn upsert(&self, cx: &Context<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let Some((customer, address, id)) = self.who(cx)? else { return Ok(()) };
        let changed_at = moment(&self.change_status_at)?;
        let consent = Consent {
            address,
            channel: EMAIL.into(),
            brand: cx.magento.common.brand.clone(),
            purpose: Purpose::Mail,
            state: self.state()?,
            changed_at,
        };
        out.customer(customer, id, cx.place, changed_at.unwrap_or(cx.committed_at), CustomerRow::Consent(consent));
        Ok(())
    }

    fn delete(&self, cx: &Context<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        if let Some((customer, _, id)) = self.who(cx)? {
            out.deleted(Subject::Customer(customer), CustomerRow::CONSENT, id, cx.place, cx.committed_at);
        }
        Ok(())
    }
}

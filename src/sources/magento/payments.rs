//! `sales_order_payment` and `sales_creditmemo`.

use super::{Context, OfflineCreditMemos, Table, moment};
use crate::envelope::{DecodeError, columns};
use crate::facts::order::{Payment, Refund, RefundState, Tender, Word};
use crate::facts::{Amount, OrderRow, Subject, Text};
use crate::sources::FactsOut;

columns! {
    /// The payment of an order, as running totals. No time and no currency of its own.
    pub(super) struct SalesOrderPayment {
        entity_id, parent_id, method, amount_authorized, amount_paid, amount_canceled, cc_trans_id, last_trans_id,
    }

    /// A credit memo: what Magento gives back, or says that it will.
    pub(super) struct SalesCreditmemo { entity_id, order_id, state, grand_total, order_currency_code, transaction_id, created_at, updated_at }
}

impl SalesOrderPayment<'_> {
    fn payment(&self, cx: &Context<'_>) -> Result<Payment, DecodeError> {
        let captured = cx.money(&self.amount_paid)?;
        let open = cx.money(&self.amount_authorized)? - cx.money(&self.amount_canceled)?;
        let tender = self.method.opt_text()?.and_then(|method| cx.magento.tenders.get(&method).copied());
        let reference = match self.cc_trans_id.filled()? {
            Some(capture) => Some(capture),
            None => self.last_trans_id.filled()?,
        };
        Ok(Payment {
            tender: tender.unwrap_or(Tender::Card),
            currency: cx.magento.settings.currency,
            authorised: open.max(Amount::ZERO),
            captured,
            expires_at: None,
            reference: reference.unwrap_or_default().as_ref().into(),
            failed: false,
        })
    }
}

impl<'a> Table<'a> for SalesOrderPayment<'a> {
    fn owner(&self) -> Option<[&'a str; 2]> {
        Some([self.parent_id.json(), ""])
    }

    fn upsert(&self, cx: &Context<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let order = cx.order(&self.parent_id)?;
        let id = self.entity_id.id()?;
        out.order(order, id.as_ref(), cx.place, cx.committed_at, OrderRow::Payment(self.payment(cx)?));
        Ok(())
    }

    fn delete(&self, cx: &Context<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let subject = Subject::Order(cx.order(&self.parent_id)?);
        out.deleted(subject, OrderRow::PAYMENT, self.entity_id.id()?.as_ref(), cx.place, cx.committed_at);
        Ok(())
    }
}

impl SalesCreditmemo<'_> {
    /// `None` while the memo is open: nothing is given back yet.
    fn state(&self) -> Result<Option<Word<RefundState>>, DecodeError> {
        Ok(match self.state.opt_int()? {
            None | Some(1) => None,
            Some(2) => Some(Word::Known(RefundState::Success)),
            Some(3) => Some(Word::Known(RefundState::Failed)),
            Some(_) => Some(Word::Unknown(self.state.json().into())),
        })
    }
}

impl<'a> Table<'a> for SalesCreditmemo<'a> {
    fn owner(&self) -> Option<[&'a str; 2]> {
        Some([self.order_id.json(), ""])
    }

    fn upsert(&self, cx: &Context<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let order = cx.order(&self.order_id)?;
        let reference = self.transaction_id.filled()?;
        let paper = reference.is_none() && cx.magento.settings.offline_credit_memos == OfflineCreditMemos::Unpaid;
        let Some(state) = self.state()?.filter(|_| !paper) else { return Ok(()) };
        let refund = Refund {
            tender: Tender::Card,
            currency: self.order_currency_code.currency()?,
            amount: cx.required_money(&self.grand_total)?,
            state,
            reference: reference.unwrap_or_default().as_ref().into(),
            request: None,
            refunded_at: moment(&self.created_at)?.unwrap_or(cx.committed_at),
        };
        let id: Text = self.entity_id.id()?.as_ref().into();
        out.order(order, id, cx.place, cx.at(&self.updated_at)?, OrderRow::Refund(Box::new(refund)));
        Ok(())
    }

    fn delete(&self, cx: &Context<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let subject = Subject::Order(cx.order(&self.order_id)?);
        out.deleted(subject, OrderRow::REFUND, self.entity_id.id()?.as_ref(), cx.place, cx.committed_at);
        Ok(())
    }
}

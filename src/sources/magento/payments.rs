//! `sales_order_payment` and `sales_creditmemo`.

use super::reader::{Magento, MagentoReader, MagentoTable, OfflineCreditMemos, moment, row};
use crate::envelope::{DecodeError, columns};
use crate::facts::order::{Payment, Refund, RefundState, Tender, Word};
use crate::facts::{Amount, EntityKind, OrderRow, Subject, Text};
use crate::sources::facts_out::FactsOut;
use crate::sources::tables::{RowMove, RowsOf, TableRow};

/// Raise it when the meaning changes that this file gives to a record: records read again then count as newer.
pub(super) const REVISION: u16 = 2;

pub(super) static PAYMENT: MagentoTable = MagentoTable {
    name: "sales_order_payment",
    rows: &[
        // What was paid with stored value stands in the order's own row, under words.
        RowsOf::beginning(EntityKind::Orders, OrderRow::PAYMENT, &["1", "2", "3", "4", "5", "6", "7", "8", "9"]),
    ],
    meaning: |change, reader, out| row::<SalesOrderPayment<'_>>(change, reader, out),
};

pub(super) static CREDIT_MEMO: MagentoTable = MagentoTable {
    name: "sales_creditmemo",
    rows: &[RowsOf::all(EntityKind::Orders, OrderRow::REFUND)],
    meaning: |change, reader, out| row::<SalesCreditmemo<'_>>(change, reader, out),
};

columns! {
    /// The payment of an order, as running totals, in the order's currency. No time and no currency of its own.
    pub(super) struct SalesOrderPayment {
        entity_id, parent_id, method, amount_authorized, amount_paid, amount_canceled, cc_trans_id, last_trans_id,
    }

    /// A credit memo: what Magento gives back, or records as to be given back.
    pub(super) struct SalesCreditmemo { entity_id, order_id, state, grand_total, order_currency_code, transaction_id, created_at, updated_at }
}

impl SalesOrderPayment<'_> {
    fn payment(&self, reader: &MagentoReader<'_>) -> Result<Payment, DecodeError> {
        let captured = reader.money(&self.amount_paid)?;
        let open = reader.money(&self.amount_authorized)? - reader.money(&self.amount_canceled)?;
        let tender = self.method.opt_text()?.and_then(|method| reader.adapter.tenders.get(&method).copied());
        let reference = match self.cc_trans_id.filled()? {
            Some(capture) => Some(capture),
            None => self.last_trans_id.filled()?,
        };
        Ok(Payment {
            authorised: open.max(Amount::ZERO),
            captured,
            reference: reference.unwrap_or_default().as_ref().into(),
            ..Payment::in_the_orders_currency(tender.unwrap_or(Tender::Card))
        })
    }
}

impl<'a> TableRow<'a, Magento> for SalesOrderPayment<'a> {
    fn moves(&self) -> bool {
        true
    }

    fn moved(&self, before: &Self, _: &MagentoReader<'_>) -> Result<RowMove, DecodeError> {
        Ok(RowMove::by_owner([&self.parent_id], [&before.parent_id]))
    }

    fn upsert(&self, reader: &MagentoReader<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let order = reader.order(&self.parent_id)?;
        let id = self.entity_id.id()?;
        out.order(order, id.as_ref(), reader.place, reader.committed_at, OrderRow::Payment(self.payment(reader)?));
        Ok(())
    }

    fn delete(&self, reader: &MagentoReader<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let subject = Subject::Order(reader.order(&self.parent_id)?);
        out.deleted(subject, OrderRow::PAYMENT, self.entity_id.id()?.as_ref(), reader.place, reader.committed_at);
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

impl<'a> TableRow<'a, Magento> for SalesCreditmemo<'a> {
    fn moves(&self) -> bool {
        true
    }

    fn moved(&self, before: &Self, _: &MagentoReader<'_>) -> Result<RowMove, DecodeError> {
        Ok(RowMove::by_owner([&self.order_id], [&before.order_id]))
    }

    fn upsert(&self, reader: &MagentoReader<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let order = reader.order(&self.order_id)?;
        let reference = self.transaction_id.filled()?;
        let paper = reference.is_none() && reader.adapter.settings.offline_credit_memos == OfflineCreditMemos::Unpaid;
        let Some(state) = self.state()?.filter(|_| !paper) else { return Ok(()) };
        let (currency, amount) = (self.order_currency_code.currency()?, reader.required_money(&self.grand_total)?);
        let refunded_at = moment(&self.created_at)?.unwrap_or(reader.committed_at);
        let refund = Refund {
            state,
            reference: reference.unwrap_or_default().as_ref().into(),
            ..Refund::new(Tender::Card, currency, amount, refunded_at)
        };
        let id: Text = self.entity_id.id()?.as_ref().into();
        out.order(order, id, reader.place, reader.at(&self.updated_at)?, OrderRow::Refund(Box::new(refund)));
        Ok(())
    }

    fn delete(&self, reader: &MagentoReader<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let subject = Subject::Order(reader.order(&self.order_id)?);
        out.deleted(subject, OrderRow::REFUND, self.entity_id.id()?.as_ref(), reader.place, reader.committed_at);
        Ok(())
    }
}

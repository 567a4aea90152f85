//! `sales_order_payment`, and what the payment provider did for it: `sales_payment_transaction`, `sales_invoice`.

use super::reader::{Magento, MagentoReader, MagentoTable, meaning, moment};
use crate::envelope::{DecodeError, columns};
use crate::facts::ids::join_key;
use crate::facts::order::{Payment, PaymentTransaction, Tender, TransactionKind};
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
    meaning: meaning!(SalesOrderPayment),
};

pub(super) static TRANSACTION: MagentoTable = MagentoTable {
    name: "sales_payment_transaction",
    rows: &[RowsOf::of_some(EntityKind::Orders, OrderRow::TRANSACTION)],
    meaning: meaning!(SalesPaymentTransaction),
};

pub(super) static INVOICE: MagentoTable = MagentoTable {
    name: "sales_invoice",
    // Its rows can't be told from those of transactions by how their ids begin.
    rows: &[],
    meaning: meaning!(SalesInvoice),
};

columns! {
    /// The payment of an order, as running totals, in the order's currency. No time and no currency of its own.
    pub(super) struct SalesOrderPayment {
        entity_id, parent_id, method, amount_authorized, amount_paid, amount_canceled, cc_trans_id, last_trans_id,
    }

    /// What the provider did. No amount of its own.
    pub(super) struct SalesPaymentTransaction { transaction_id, parent_id, order_id, txn_id, txn_type, created_at }

    /// An invoice: what was captured at once.
    pub(super) struct SalesInvoice { entity_id, order_id, state, grand_total, order_currency_code, transaction_id, created_at, updated_at }
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

impl SalesPaymentTransaction<'_> {
    /// `None`: it takes and reserves nothing (a refund, an order that was announced).
    fn kind(&self) -> Result<Option<TransactionKind>, DecodeError> {
        Ok(match &*self.txn_type.text_or_empty()? {
            "authorization" => Some(TransactionKind::Authorisation),
            "capture" | "payment" => Some(TransactionKind::Capture),
            "void" => Some(TransactionKind::Void),
            _ => None,
        })
    }
}

impl<'a> TableRow<'a, Magento> for SalesPaymentTransaction<'a> {
    fn upsert(&self, reader: &MagentoReader<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let order = reader.order(&self.order_id)?;
        let Some(kind) = self.kind()? else { return Ok(()) };
        let made_at = moment(&self.created_at)?.unwrap_or(reader.committed_at);
        let transaction = PaymentTransaction {
            kind,
            tender: None,
            currency: None,
            amount: None,
            reference: self.txn_id.text_or_empty()?.as_ref().into(),
            parent: self.parent_id.opt_id()?.unwrap_or_default().as_ref().into(),
            failed: false,
            made_at,
        };
        let id: Text = self.transaction_id.id()?.as_ref().into();
        out.order(order, id, reader.place, made_at, OrderRow::PaymentTransaction(Box::new(transaction)));
        Ok(())
    }

    fn delete(&self, reader: &MagentoReader<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let subject = Subject::Order(reader.order(&self.order_id)?);
        if self.kind()?.is_some() {
            out.deleted(subject, OrderRow::TRANSACTION, self.transaction_id.id()?.as_ref(), reader.place, reader.committed_at);
        }
        Ok(())
    }
}

impl SalesInvoice<'_> {
    fn key(&self) -> Result<Text, DecodeError> {
        Ok(join_key(&["invoice", &self.entity_id.id()?]))
    }
}

impl<'a> TableRow<'a, Magento> for SalesInvoice<'a> {
    /// A paid invoice with the provider's transaction is a capture of its total. Without one nobody knows what took the money.
    fn upsert(&self, reader: &MagentoReader<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let order = reader.order(&self.order_id)?;
        let Some(reference) = self.transaction_id.filled()? else { return Ok(()) };
        let paid = self.state.opt_int()? == Some(2);
        let transaction = PaymentTransaction {
            kind: TransactionKind::Capture,
            tender: None,
            currency: Some(self.order_currency_code.currency()?),
            amount: Some(reader.required_money(&self.grand_total)?),
            reference: reference.as_ref().into(),
            parent: Text::default(),
            failed: !paid,
            made_at: moment(&self.created_at)?.unwrap_or(reader.committed_at),
        };
        out.order(order, self.key()?, reader.place, reader.at(&self.updated_at)?, OrderRow::PaymentTransaction(Box::new(transaction)));
        Ok(())
    }

    fn delete(&self, reader: &MagentoReader<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let subject = Subject::Order(reader.order(&self.order_id)?);
        out.deleted(subject, OrderRow::TRANSACTION, self.key()?, reader.place, reader.committed_at);
        Ok(())
    }
}

//! `sales_creditmemo` and `sales_creditmemo_item`: what is given back, and what for.
//!
//! `grand_total` is what goes back by the payment; what gift cards, store credit and reward points had paid goes back to them and stands beside it.
//! Both together are goods + shipping + `adjustment_positive` (goodwill) - `adjustment_negative` (a fee). Items say of which lines the goods are;
//! they name their memo alone, which leads to the order.

use super::charges;
use super::modules::WithText;
use super::reader::{Magento, MagentoReader, MagentoTable, OfflineCreditMemos, meaning, moment};
use crate::envelope::{DecodeError, columns};
use crate::facts::ids::join_key;
use crate::facts::order::{Credit, CreditLine, LineRef, Refund, RefundState, Tender, Word};
use crate::facts::{Alias, Amount, EntityKind, Link, OrderKey, OrderRow, Subject, Text};
use crate::sources::facts_out::FactsOut;
use crate::sources::tables::{RowMove, RowsOf, TableRow};

/// Raise it when the meaning changes that this file gives to a record: records read again then count as newer.
pub(super) const REVISION: u16 = 2;

pub(super) static CREDIT_MEMO: MagentoTable = MagentoTable {
    name: "sales_creditmemo",
    rows: &[RowsOf::of_some(EntityKind::Orders, OrderRow::REFUND), RowsOf::of_some(EntityKind::Orders, OrderRow::CREDIT)],
    meaning: meaning!(SalesCreditmemo, with its text),
};

pub(super) static CREDIT_MEMO_ITEM: MagentoTable = MagentoTable {
    name: "sales_creditmemo_item",
    rows: &[RowsOf::of_some(EntityKind::Orders, OrderRow::CREDIT_LINE)],
    meaning: meaning!(SalesCreditmemoItem),
};

columns! {
    /// A credit memo: what Magento gives back, or records as to be given back.
    pub(super) struct SalesCreditmemo {
        entity_id, order_id, state, grand_total, order_currency_code, transaction_id, created_at, updated_at,
        shipping_amount, shipping_tax_amount, adjustment_positive, adjustment_negative,
        gw_price, gw_tax_amount, gw_items_price, gw_items_tax_amount, gw_card_price, gw_card_tax_amount,
        gift_cards_amount, customer_balance_amount, customer_balance_total_refunded, bs_customer_bal_total_refunded, reward_currency_amount,
    }

    /// Pieces of an item in a credit memo. No time and no order of its own.
    pub(super) struct SalesCreditmemoItem {
        entity_id, parent_id, order_item_id, qty,
        row_total, tax_amount, discount_tax_compensation_amount, weee_tax_applied_row_amount, discount_amount,
    }
}

/// Where the money of a memo goes back to: the end of the row's id, the means, the amount.
type Money = [(&'static str, Tender, Amount); 4];

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

    /// Whoever makes the memo may give the payment's part as store credit instead: that is what the total of store credit is above its own part.
    fn money(&self, reader: &MagentoReader<'_>) -> Result<Money, DecodeError> {
        let total = reader.required_money(&self.grand_total)?;
        let of_credit = reader.money(&self.customer_balance_amount)?;
        let as_credit =
            reader.money(&self.customer_balance_total_refunded)?.max(reader.money(&self.bs_customer_bal_total_refunded)?).max(of_credit);
        let instead = (as_credit - of_credit).min(total).floor_zero();
        Ok([
            ("", Tender::Card, total - instead),
            ("gift-cards", Tender::GiftCard, reader.money(&self.gift_cards_amount)?),
            ("store-credit", Tender::StoreCredit, of_credit + instead),
            ("reward-points", Tender::StoreCredit, reader.money(&self.reward_currency_amount)?),
        ])
    }

    /// `of_modules`: what it gives back of their charges.
    fn credit(&self, reader: &MagentoReader<'_>, money: &Money, of_modules: Amount) -> Result<Credit, DecodeError> {
        let all: Amount = money.iter().map(|(_, _, amount)| *amount).sum();
        let amounts = [&self.gw_price, &self.gw_items_price, &self.gw_card_price];
        let wrapping = charges::wrapping(reader, amounts, [&self.gw_tax_amount, &self.gw_items_tax_amount, &self.gw_card_tax_amount])?;
        let shipping = reader.money(&self.shipping_amount)? + reader.money(&self.shipping_tax_amount)? + wrapping.gross + of_modules;
        let (goodwill, fee) = (reader.money(&self.adjustment_positive)?, reader.money(&self.adjustment_negative)?);
        let credited_at = moment(&self.created_at)?.unwrap_or(reader.committed_at);
        Ok(Credit {
            goods: Some(all - shipping - goodwill + fee),
            shipping,
            goodwill,
            fee,
            ..Credit::new(self.order_currency_code.currency()?, credited_at)
        })
    }

    /// The name by which its items know it.
    fn alias(&self, reader: &MagentoReader<'_>) -> Result<Alias, DecodeError> {
        Ok(memo(reader, &self.entity_id.id()?))
    }
}

fn memo(reader: &MagentoReader<'_>, id: &str) -> Alias {
    Alias::new(&Text::from_iter([&*reader.adapter.common.name, ".creditmemo"]), id)
}

/// The id of the refund's row by this means.
fn refund_id(memo: &str, means: &str) -> Text {
    if means.is_empty() { memo.into() } else { join_key(&[memo, means]) }
}

impl SalesCreditmemo<'_> {
    fn put(&self, of_modules: Amount, reader: &MagentoReader<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let order: OrderKey = reader.order(&self.order_id)?;
        let (id, at) = (self.entity_id.id()?, reader.at(&self.updated_at)?);
        out.alias(self.alias(reader)?, Link::Order(order.clone()), reader.place, at);
        let Some(state) = self.state()? else { return Ok(()) };
        let money = self.money(reader)?;
        let mut credit = self.credit(reader, &money, of_modules)?;
        let (currency, refunded_at) = (credit.currency, credit.credited_at);
        if state == Word::Known(RefundState::Failed) {
            out.deleted(Subject::Order(order.clone()), OrderRow::CREDIT, &*id, reader.place, at);
        }
        let reference = self.transaction_id.filled()?;
        // On paper only: finance pays what is due when it is asked to.
        let paper = reference.is_none() && reader.adapter.settings.offline_credit_memos == OfflineCreditMemos::Unpaid;
        for (means, tender, amount) in money.iter().copied().filter(|(means, _, amount)| !(amount.is_zero() || paper && means.is_empty())) {
            let by_payment = means.is_empty();
            credit.refunds.push(refund_id(&id, means));
            let refund = Refund {
                state: state.clone(),
                reference: reference.as_deref().filter(|_| by_payment).unwrap_or_default().into(),
                ..Refund::new(tender, currency, amount, refunded_at)
            };
            out.order(order.clone(), refund_id(&id, means), reader.place, at, OrderRow::Refund(Box::new(refund)));
        }
        if state != Word::Known(RefundState::Failed) {
            out.order(order, &*id, reader.place, at, OrderRow::Credit(credit));
        }
        Ok(())
    }

    fn gone(&self, reader: &MagentoReader<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let subject = Subject::Order(reader.order(&self.order_id)?);
        let id = self.entity_id.id()?;
        out.deleted(subject.clone(), OrderRow::CREDIT, &*id, reader.place, reader.committed_at);
        for (means, _, amount) in self.money(reader)? {
            if means.is_empty() || !amount.is_zero() {
                out.deleted(subject.clone(), OrderRow::REFUND, refund_id(&id, means), reader.place, reader.committed_at);
            }
        }
        Ok(())
    }
}

impl<'a> TableRow<'a, Magento> for WithText<'a, SalesCreditmemo<'a>> {
    fn moves(&self) -> bool {
        true
    }

    fn moved(&self, before: &Self, _: &MagentoReader<'_>) -> Result<RowMove, DecodeError> {
        Ok(RowMove::by_owner([&self.row.order_id], [&before.row.order_id]))
    }

    fn upsert(&self, reader: &MagentoReader<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let of_modules = charges::of_modules(self, reader)?.into_iter().map(|(_, charge)| charge.gross).sum();
        self.row.put(of_modules, reader, out)
    }

    fn delete(&self, reader: &MagentoReader<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        self.row.gone(reader, out)
    }
}

impl SalesCreditmemoItem<'_> {
    fn gross(&self, reader: &MagentoReader<'_>) -> Result<Amount, DecodeError> {
        Ok(reader.money(&self.row_total)?
            + reader.money(&self.tax_amount)?
            + reader.money(&self.discount_tax_compensation_amount)?
            + reader.money(&self.weee_tax_applied_row_amount)?
            - reader.money(&self.discount_amount)?)
    }
}

impl<'a> TableRow<'a, Magento> for SalesCreditmemoItem<'a> {
    /// The goods of a configurable product and the parts of a bundle have rows too, without a price: the sale's row stands for them.
    fn upsert(&self, reader: &MagentoReader<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let (memo_id, id) = (self.parent_id.id()?, self.entity_id.id()?);
        let Some(item) = self.order_item_id.opt_id()? else { return Ok(()) };
        let (quantity, gross) = (reader.pieces(&self.qty)?, self.gross(reader)?);
        if self.row_total.is_null() || !quantity.is_positive() {
            return Ok(());
        }
        let line = CreditLine { credit: (&*memo_id).into(), line: LineRef::Line((&*item).into()), quantity, gross: Some(gross) };
        let alias = memo(reader, &memo_id);
        out.order_by_alias(alias, &*id, reader.place, reader.committed_at, OrderRow::CreditLine(Box::new(line)));
        Ok(())
    }

    fn delete(&self, reader: &MagentoReader<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let subject = Subject::Alias(memo(reader, &self.parent_id.id()?));
        out.deleted(subject, OrderRow::CREDIT_LINE, self.entity_id.id()?.as_ref(), reader.place, reader.committed_at);
        Ok(())
    }
}

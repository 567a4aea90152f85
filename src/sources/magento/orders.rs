//! `sales_order` and `sales_order_address`.

use super::{Context, Table, moment};
use crate::envelope::debezium::Op;
use crate::envelope::{Cell, DecodeError, columns};
use crate::facts::order::{
    Address, Advice, Charge, ChargeKind, Header, Hold, Origin, Payment, Personal, Predecessor, ShopState, Tender, Terms, Word,
};
use crate::facts::{Amount, Currency, CustomerKey, Digest, Moment, Name, OrderKey, OrderRow, Subject, Text};
use crate::sources::FactsOut;

columns! {
    /// An order's header. Written several times in the transaction that places it.
    pub(super) struct SalesOrder {
        entity_id, increment_id, state, created_at, updated_at,
        customer_id, customer_email, is_virtual,
        order_currency_code, grand_total, gift_cards_amount, customer_balance_amount, reward_currency_amount,
        shipping_method, shipping_amount, shipping_tax_amount, shipping_discount_amount, shipping_discount_tax_compensation_amount,
        total_item_count, total_qty_ordered,
        relation_parent_id, relation_child_id,
    }

    /// An order's address. No time of its own.
    pub(super) struct SalesOrderAddress {
        parent_id, address_type, firstname, middlename, lastname, company, street, city, region, postcode, country_id, telephone, email,
    }
}

/// What gift cards, store credit and reward points have paid, and the rest.
struct Paid {
    stored: [(&'static str, Tender, Amount); 3],
    total: Amount,
}

impl SalesOrder<'_> {
    fn paid(&self, cx: &Context<'_>) -> Result<Paid, DecodeError> {
        let stored = [
            ("gift-cards", Tender::GiftCard, cx.money(&self.gift_cards_amount)?),
            ("store-credit", Tender::StoreCredit, cx.money(&self.customer_balance_amount)?),
            ("reward-points", Tender::StoreCredit, cx.money(&self.reward_currency_amount)?),
        ];
        let total = cx.required_money(&self.grand_total)? + stored.iter().map(|(_, _, amount)| *amount).sum();
        Ok(Paid { stored, total })
    }

    fn shipping(&self, cx: &Context<'_>) -> Result<Charge, DecodeError> {
        let tax = cx.money(&self.shipping_tax_amount)?;
        let gross = cx.money(&self.shipping_amount)? + tax + cx.money(&self.shipping_discount_tax_compensation_amount)?
            - cx.money(&self.shipping_discount_amount)?;
        Ok(Charge { kind: ChargeKind::Shipping, gross, tax, removed: false })
    }

    fn customer(&self, cx: &Context<'_>, email: Option<&Digest>) -> Result<Option<CustomerKey>, DecodeError> {
        let account = self.customer_id.opt_id()?.filter(|id| *id != "0");
        let guest = || email.map(|digest| CustomerKey::guest(&cx.magento.common.brand, digest));
        Ok(account.map(|id| cx.magento.customer(&id)).or_else(guest))
    }

    /// The other order of an edit. The column holds its `entity_id` as text.
    fn relation(&self, cx: &Context<'_>, cell: &Cell<'_>) -> Result<Option<OrderKey>, DecodeError> {
        let other = cell.opt_id()?.filter(|id| !id.is_empty() && *id != "0");
        Ok(other.map(|id| OrderKey::new(&cx.magento.common.name, &id)))
    }

    fn header(&self, cx: &Context<'_>, number: &str, total: Amount) -> Result<Header, DecodeError> {
        let common = &cx.magento.common;
        let email = self.customer_email.filled()?;
        let email_digest = email.as_deref().and_then(|address| common.digester.email(address));
        let raw_state = self.state.text_or_empty()?;
        let count = self.total_item_count.opt_int()?.filter(|count| *count > 0);
        Ok(Header {
            number: number.into(),
            channel: common.channel.clone(),
            brand: common.brand.clone(),
            origin: Origin::Web,
            placed_at: moment(&self.created_at)?.ok_or_else(|| self.created_at.error("the moment when the order was placed"))?,
            currency: self.order_currency_code.currency()?,
            total,
            prices_include_tax: cx.magento.settings.prices_include_tax,
            lines_expected: count.and_then(|count| u32::try_from(count).ok()),
            quantity_expected: Some(cx.pieces(&self.total_qty_ordered)?).filter(|pieces| pieces.is_positive()),
            whole: false,
            test: false,
            // The method and its terms stand in the payment's row.
            payment_method: Text::default(),
            terms: Terms::Prepaid,
            customer: self.customer(cx, email_digest.as_ref())?,
            email: email.map(|address| Personal(address.as_ref().into())),
            email_digest,
            ships: !self.is_virtual.opt_flag()?.unwrap_or(false),
            shipping_method: self.shipping_method.text_or_empty()?.as_ref().into(),
            advice: Advice::Partial,
            promised_at: None,
            replaces: self.relation(cx, &self.relation_parent_id)?,
            replaced_by: self.relation(cx, &self.relation_child_id)?,
            state: state(&raw_state),
            raw_state: raw_state.as_ref().into(),
        })
    }
}

/// `sales_order.state`: a closed set in the core, which modules may add to.
fn state(word: &str) -> Word<ShopState> {
    match word {
        "new" | "pending_payment" | "payment_review" | "processing" | "complete" | HELD => Word::Known(ShopState::Open),
        "canceled" => Word::Known(ShopState::Cancelled),
        "closed" => Word::Known(ShopState::Closed),
        other => Word::Unknown(other.into()),
    }
}

const HELD: &str = "holded";

impl<'a> Table<'a> for SalesOrder<'a> {
    fn upsert(&self, cx: &Context<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let order = cx.order(&self.entity_id)?;
        let at = cx.at(&self.updated_at)?;
        let number = self.increment_id.filled()?.ok_or_else(|| self.increment_id.error("the order's number"))?;
        let paid = self.paid(cx)?;
        let header = self.header(cx, &number, paid.total)?;
        let (place, held, cancelled) = (cx.place, header.raw_state == HELD, header.state == Word::Known(ShopState::Cancelled));
        let currency = header.currency;

        out.link(Name::new(&cx.magento.common.number_scope, &number), crate::facts::Link::Order(order.clone()), place, at);
        let shipping = self.shipping(cx)?;
        if !shipping.gross.is_zero() {
            out.order(order.clone(), "shipping", place, at, OrderRow::Charge(shipping));
        }
        // A fresh row is held by nobody; any later one may be the first that is seen after a hold.
        if held || cx.op != Op::Create {
            let hold = Hold { reason: "held in the shop".into(), active: held };
            out.order(order.clone(), "shop", place, at, OrderRow::Hold(hold));
        }
        // An edit makes a new order, links the old one to it, and cancels that.
        if let Some(next) = &header.replaced_by {
            let old = Predecessor { order: order.clone(), cancelled };
            out.order(next.clone(), order.0.clone(), place, at, OrderRow::Predecessor(old));
        }
        for (id, tender, amount) in paid.stored.into_iter().filter(|(_, _, amount)| !amount.is_zero()) {
            let captured = if cancelled { Amount::ZERO } else { amount };
            out.order(order.clone(), id, place, at, OrderRow::Payment(stored_value(tender, currency, captured)));
        }
        out.order(order, "", place, at, OrderRow::Header(Box::new(header)));
        Ok(())
    }

    fn delete(&self, cx: &Context<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        out.deleted(Subject::Order(cx.order(&self.entity_id)?), OrderRow::HEADER, "", cx.place, cx.committed_at);
        Ok(())
    }
}

fn stored_value(tender: Tender, currency: Currency, captured: Amount) -> Payment {
    Payment { tender, currency, authorised: captured, captured, expires_at: None, reference: Text::default(), failed: false }
}

fn personal(cell: &Cell<'_>) -> Result<Personal, DecodeError> {
    Ok(Personal(cell.text_or_empty()?.as_ref().into()))
}

impl SalesOrderAddress<'_> {
    /// First, middle and last name, as far as they are there.
    fn name(&self) -> Result<Personal, DecodeError> {
        let mut name = Text::default();
        for part in [&self.firstname, &self.middlename, &self.lastname] {
            if let Some(part) = part.filled()? {
                if !name.is_empty() {
                    name.push(' ');
                }
                name.push_str(&part);
            }
        }
        Ok(Personal(name))
    }

    fn address(&self) -> Result<Address, DecodeError> {
        Ok(Address {
            name: self.name()?,
            company: personal(&self.company)?,
            street: personal(&self.street)?,
            city: personal(&self.city)?,
            region: self.region.text_or_empty()?.as_ref().into(),
            postcode: personal(&self.postcode)?,
            country: self.country_id.text_or_empty()?.to_ascii_uppercase().into(),
            phone: personal(&self.telephone)?,
            email: personal(&self.email)?,
        })
    }

    fn kind(&self) -> Result<Option<u8>, DecodeError> {
        Ok(match self.address_type.text_or_empty()?.as_ref() {
            "shipping" => Some(OrderRow::SHIP_TO),
            "billing" => Some(OrderRow::BILL_TO),
            _ => None,
        })
    }
}

impl<'a> Table<'a> for SalesOrderAddress<'a> {
    fn owner(&self) -> Option<[&'a str; 2]> {
        Some([self.parent_id.json(), self.address_type.json()])
    }

    fn upsert(&self, cx: &Context<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let order = cx.order(&self.parent_id)?;
        let at: Moment = cx.committed_at;
        match self.kind()? {
            Some(OrderRow::SHIP_TO) => out.order(order, "", cx.place, at, OrderRow::ShipTo(Box::new(self.address()?))),
            Some(_) => out.order(order, "", cx.place, at, OrderRow::BillTo(Box::new(self.address()?))),
            None => {}
        }
        Ok(())
    }

    fn delete(&self, cx: &Context<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        if let Some(kind) = self.kind()? {
            out.deleted(Subject::Order(cx.order(&self.parent_id)?), kind, "", cx.place, cx.committed_at);
        }
        Ok(())
    }
}

//! The body of `orders/*`: the whole order, every time. An upsert by its id, never a delta.

use super::context::{Context, PAYMENT, moment, opt_amount, opt_shopify_id, shopify_id, word};
use super::whole::{Body, DiscountCode, OrderBody, OrderCustomer, PaymentTerms, address, email};
use super::{charges, fulfilments, goods, refunds, returned};
use crate::envelope::{DecodeError, columns};
use crate::facts::order::{Header, Origin, Payment, Personal, ShopState, Tender, Terms, Word};
use crate::facts::{Alias, Amount, CustomerKey, Digest, Link, OrderRow, Place, Subject, Text};
use crate::sources::facts_out::FactsOut;

/// Raise it when the meaning changes that this file gives to a record: records read again then count as newer.
pub(super) const REVISION: u16 = 2;

columns! {
    pub(super) struct DeletedBody { id }
}

pub(super) fn translate(cx: &Context<'_>, order: &OrderBody<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let body = Body::new(cx, order)?;
    let number = body.number()?;
    let header = body.header(&number)?;
    let (place, at) = (body.place, body.at);
    out.alias(Alias::new(&cx.shopify.common.number_scope, &number), Link::Order(body.key.clone()), place, at);
    body.addresses(out)?;
    goods::lines(&body, out)?;
    charges::charges(&body, out)?;
    body.payments(header.total, out)?;
    fulfilments::parcels(&body, out)?;
    let tips = body.tips()?;
    for (i, refund) in body.refunds.iter().enumerate() {
        let mut put = || {
            refunds::rows(cx, &body.key, refund, out)?;
            refunds::credit((body.purse, body.taxes_included), &body.key, refund, &tips, (place, at), out)
        };
        put().map_err(|error| error.within(&format!("refunds[{i}]")))?;
    }
    returned::rows(&body, out);
    out.order(body.key, "", place, at, OrderRow::Header(Box::new(header)));
    Ok(())
}

/// `orders/delete`: the body holds the id alone.
pub(super) fn delete(cx: &Context<'_>, order: &DeletedBody<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let place = Place::Stamp { millis: cx.taken_at.0, rank: u32::MAX, tie: u64::MAX };
    out.deleted(Subject::Order(cx.order(&order.id)?), OrderRow::HEADER, "", place, cx.taken_at);
    Ok(())
}

impl Body<'_, '_> {
    /// The order's name without `#`; a shop may have given it a prefix of its own.
    fn number(&self) -> Result<Text, DecodeError> {
        match self.order.name.filled()?.map(|name| Text::from(name.trim_start_matches('#'))).filter(|name| !name.is_empty()) {
            Some(name) => Ok(name),
            None => Ok(shopify_id(&self.order.order_number)?.as_ref().into()),
        }
    }

    fn customer(&self, email: Option<&Digest>) -> Result<Option<CustomerKey>, DecodeError> {
        if let Some(customer) = self.order.customer.object::<OrderCustomer<'_>>()?
            && let Some(id) = opt_shopify_id(&customer.id).map_err(|error| error.within("customer"))?
        {
            return Ok(Some(self.cx.account(&id)));
        }
        Ok(email.map(|digest| CustomerKey::guest(&self.cx.shopify.common.brand, digest)))
    }

    fn header(&self, number: &str) -> Result<Header, DecodeError> {
        let (order, common) = (self.order, &self.cx.shopify.common);
        let email = email(order)?;
        let email_digest = email.as_ref().and_then(|address| common.digester.email(&address.0));
        let gateways = self.gateways()?;
        let placed_at = match moment(&order.processed_at)? {
            Some(at) => at,
            None => moment(&order.created_at)?.ok_or_else(|| order.created_at.error("the moment when the order was placed"))?,
        };
        let (state, raw_state) = self.state()?;
        let total = self.purse.money(&order.total_price, &order.total_price_set)?;
        Ok(Header {
            channel: common.channel.clone(),
            brand: common.brand.clone(),
            origin: if self.at_till { Origin::Pos } else { Origin::Web },
            prices_include_tax: self.taxes_included,
            // A subscription may leave members out: a body without the member `line_items` does not mean an order without lines.
            whole: !order.line_items.is_null(),
            test: order.test.opt_flag()?.unwrap_or(false),
            terms: self.terms(&gateways)?,
            payment_method: gateways.into_iter().next().unwrap_or_default(),
            customer: self.customer(email_digest.as_ref())?,
            email,
            email_digest,
            ships: goods::any_ships(self)?,
            shipping_method: self.shipping_method()?,
            state,
            raw_state,
            coupon: self.coupons()?,
            note: Personal(order.note.text_or_empty()?.as_ref().into()),
            // Cash is paid in coins: what it is rounded by is owed too, or is not owed.
            ..Header::new(number.into(), placed_at, self.purse.currency, total + charges::cash_rounding(self)?)
        })
    }

    fn coupons(&self) -> Result<Text, DecodeError> {
        let mut coupons = Text::default();
        for (i, used) in self.order.discount_codes.objects::<DiscountCode<'_>>()?.iter().enumerate() {
            let code = used.code.filled().map_err(|error| error.within(&format!("discount_codes[{i}]")))?;
            if let Some(part) = code.as_deref() {
                coupons.push_str(if coupons.is_empty() { "" } else { ", " });
                coupons.push_str(part);
            }
        }
        Ok(coupons)
    }

    fn gateways(&self) -> Result<Vec<Text>, DecodeError> {
        let cell = &self.order.payment_gateway_names;
        if cell.is_null() { Ok(Vec::new()) } else { serde_json::from_str(cell.json()).map_err(|_| cell.error("a list of names")) }
    }

    fn terms(&self, gateways: &[Text]) -> Result<Terms, DecodeError> {
        let on_delivery = |gateway: &Text| self.cx.tender(gateway) == Tender::CashOnDelivery;
        let terms: Option<PaymentTerms<'_>> = self.order.payment_terms.object()?;
        Ok(match terms {
            Some(terms) => {
                terms.payment_terms_type.text_or_empty().map_err(|error| error.within("payment_terms"))?;
                Terms::OnAccount
            }
            None if gateways.iter().any(on_delivery) => Terms::CashOnDelivery,
            None => Terms::Prepaid,
        })
    }

    fn shipping_method(&self) -> Result<Text, DecodeError> {
        for (i, line) in self.shipping.iter().enumerate() {
            if let Some(method) = line.method().map_err(|error| error.within(&format!("shipping_lines[{i}]")))? {
                return Ok(method);
            }
        }
        Ok(Text::default())
    }

    /// An archived order (`closed_at`) is not a closed one: what became of it follows from its quantities.
    fn state(&self) -> Result<(Word<ShopState>, Text), DecodeError> {
        let money = word(&self.order.financial_status)?;
        let goods = word(&self.order.fulfillment_status)?;
        let state = match &*money {
            _ if self.cancelled => Word::Known(ShopState::Cancelled),
            "" | "pending" | "authorized" | "partially_paid" | "paid" | "partially_refunded" | "refunded" | "voided" | "expired" => {
                Word::Known(ShopState::Open)
            }
            other => Word::Unknown(other.into()),
        };
        let raw = if goods.is_empty() { money.as_ref().into() } else { Text::from_iter([&*money, " / ", &*goods]) };
        Ok((state, raw))
    }

    fn addresses(&self, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        if let Some(address) = &self.ship_to {
            out.order(self.key.clone(), "", self.place, self.at, OrderRow::ShipTo(Box::new(address.clone())));
        }
        if let Some(address) = address(&self.order.billing_address, &email(self.order)?.unwrap_or_default())? {
            out.order(self.key.clone(), "", self.place, self.at, OrderRow::BillTo(Box::new(address)));
        }
        Ok(())
    }

    /// From the transactions, where whoever lands the bodies adds them; else from the financial status, as one payment.
    fn payments(&self, total: Amount, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let payments = match (self.order.transactions.is_null(), self.order.financial_status.is_null()) {
            (false, _) => refunds::payments(self.cx, &self.order.transactions, self.purse.currency)?,
            (true, false) => vec![(PAYMENT, self.payment_by_sums(total)?)],
            (true, true) => Vec::new(),
        };
        refunds::transactions(self.cx, &self.key, &self.order.transactions, out)?;
        for (id, payment) in payments {
            out.order(self.key.clone(), id, self.place, self.at, OrderRow::Payment(payment));
        }
        Ok(())
    }

    /// Ids of lines that are tips: a tip is a charge, which goes when its line does.
    fn tips(&self) -> Result<Vec<Text>, DecodeError> {
        let mut tips = Vec::new();
        for item in &self.items {
            if item.is_tip()? {
                tips.push(shopify_id(&item.id)?.as_ref().into());
            }
        }
        Ok(tips)
    }

    /// What was captured: the current total, less what is still to be paid, and what was paid back. The first total (`total_price`) is not lowered by
    /// an edit, so it says nothing of what was paid. `total_outstanding` is in the shop's currency: where the buyer's is another, nothing counts as
    /// paid before everything is.
    fn captured_by_sums(&self, current: Amount) -> Result<Amount, DecodeError> {
        let outstanding = opt_amount(&self.order.total_outstanding)?.unwrap_or_default();
        if !self.purse.same && !outstanding.is_zero() {
            return Ok(Amount::ZERO);
        }
        Ok((current - outstanding + refunds::paid_back(&self.refunds, self.purse.currency)?).floor_zero())
    }

    fn payment_by_sums(&self, total: Amount) -> Result<Payment, DecodeError> {
        let (plain, set) = (&self.order.current_total_price, &self.order.current_total_price_set);
        let known = !set.is_null() || (self.purse.same && !plain.is_null());
        // Cash is rounded by what the totals leave out.
        let current = if known { self.purse.money(plain, set)? + charges::cash_rounding(self)? } else { total };
        let (authorised, captured) = match &*word(&self.order.financial_status)? {
            "authorized" => (current, Amount::ZERO),
            // Bodies of old versions have no current total, and lower nothing.
            "paid" | "partially_refunded" | "refunded" if !known => (Amount::ZERO, total),
            "partially_paid" if !known => {
                let outstanding = opt_amount(&self.order.total_outstanding)?.unwrap_or_default();
                (Amount::ZERO, if self.purse.same { (total - outstanding).floor_zero() } else { Amount::ZERO })
            }
            "paid" | "partially_refunded" | "refunded" | "partially_paid" => (Amount::ZERO, self.captured_by_sums(current)?),
            _ => (Amount::ZERO, Amount::ZERO),
        };
        let gateways = self.gateways()?;
        let stored = |gateway: &&Text| matches!(self.cx.tender(gateway), Tender::GiftCard | Tender::StoreCredit);
        let gateway = gateways.iter().find(|gateway| !stored(gateway)).or(gateways.first());
        let tender = gateway.map_or(Tender::Card, |gateway| self.cx.tender(gateway));
        Ok(Payment { authorised: authorised + captured, captured, ..Payment::new(tender, self.purse.currency) })
    }
}

//! The body of `orders/*`: the whole order, every time. An upsert by its id, never a delta.

use std::borrow::Cow;

use super::context::{Context, PAYMENT, amount, moment, pieces};
use super::money::Purse;
use super::refunds;
use super::refunds::RefundedPieces;
use crate::envelope::{Cell, Decimals, DecodeError, columns};
use crate::facts::ids::join_key;
use crate::facts::order::{
    Address, Charge, ChargeKind, Header, Line, LineKind, LineProgress, Needs, Origin, Payment, Personal, ShopState, Tender, Terms, Word,
};
use crate::facts::sku::Holding;
use crate::facts::{Alias, Amount, CustomerKey, Digest, Link, Moment, OrderKey, OrderRow, Place, Quantity, Sku, SkuRow, Subject, Text};
use crate::sources::facts_out::FactsOut;

/// Raise it when the meaning changes that this file gives to a record: records read again then count as newer.
pub(super) const REVISION: u16 = 1;

columns! {
    pub(super) struct OrderBody {
        id, name, order_number, created_at, processed_at, updated_at, cancelled_at, location_id,
        currency, presentment_currency, taxes_included, duties_included, test, source_name,
        financial_status, fulfillment_status, payment_gateway_names, payment_terms,
        email, contact_email, customer, billing_address, shipping_address,
        total_price, total_price_set, total_outstanding, total_tip_received, total_tip_received_set, original_total_duties_set,
        line_items, shipping_lines, fulfillments, refunds, transactions,
    }

    pub(super) struct DeletedBody { id }

    struct Customer { id }

    struct PostalAddress { first_name, last_name, name, company, address1, address2, city, province, zip, country_code, phone }

    struct LineItem {
        id, variant_id, sku, name, title, quantity, current_quantity, fulfillable_quantity, requires_shipping, gift_card,
        variant_inventory_management, price, price_set, discount_allocations, tax_lines,
    }

    struct ShippingLine { id, title, code, price, price_set, is_removed, discount_allocations, tax_lines }

    struct Fulfillment { status, line_items }
    struct FulfilledLine { id, quantity }
}

/// An order's body and what is true of all its rows.
struct Body<'a, 'c> {
    cx: &'c Context<'c>,
    order: &'c OrderBody<'a>,
    key: OrderKey,
    purse: Purse,
    taxes_included: bool,
    items: Vec<LineItem<'a>>,
    shipping: Vec<ShippingLine<'a>>,
    refunds: Vec<refunds::RefundBody<'a>>,
    /// Line id and pieces, of all fulfilments that were made.
    shipped: Vec<(Cow<'a, str>, Quantity)>,
    refunded: Vec<RefundedPieces<'a>>,
    place: Place,
    at: Moment,
}

pub(super) fn translate(cx: &Context<'_>, order: &OrderBody<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let body = Body::new(cx, order)?;
    let number = body.number()?;
    let header = body.header(&number)?;
    let (place, at) = (body.place, body.at);
    out.alias(Alias::new(&cx.shopify.common.number_scope, &number), Link::Order(body.key.clone()), place, at);
    body.addresses(out)?;
    body.lines(out)?;
    body.charges(out)?;
    body.payments(header.total, out)?;
    for (i, refund) in body.refunds.iter().enumerate() {
        let put = |out: &mut FactsOut<'_>| {
            refunds::rows(cx, &body.key, refund, out)?;
            if body.at_counter()? { refunds::returned(&body.key, refund, place, at, out) } else { Ok(()) }
        };
        put(out).map_err(|error| error.within(&format!("refunds[{i}]")))?;
    }
    out.order(body.key, "", place, at, OrderRow::Header(Box::new(header)));
    Ok(())
}

fn shipped_pieces<'a>(fulfillments: &[Fulfillment<'a>]) -> Result<Vec<(Cow<'a, str>, Quantity)>, DecodeError> {
    let mut shipped = Vec::new();
    for fulfillment in fulfillments {
        if fulfillment.status.text_or_empty()? == "success" {
            for part in fulfillment.line_items.objects::<FulfilledLine<'a>>()? {
                shipped.push((part.id.id()?, pieces(&part.quantity)?));
            }
        }
    }
    Ok(shipped)
}

/// `orders/delete`: the body holds the id alone.
pub(super) fn delete(cx: &Context<'_>, order: &DeletedBody<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
    let place = Place::Stamp { millis: cx.taken_at.0, rank: u32::MAX, tie: cx.digest };
    out.deleted(Subject::Order(cx.order(&order.id)?), OrderRow::HEADER, "", place, cx.taken_at);
    Ok(())
}

impl<'a, 'c> Body<'a, 'c> {
    fn new(cx: &'c Context<'c>, order: &'c OrderBody<'a>) -> Result<Self, DecodeError> {
        let at = moment(&order.updated_at)?.ok_or_else(|| order.updated_at.error("the moment when the order was changed"))?;
        let (fulfillments, refunds): (Vec<Fulfillment<'a>>, Vec<refunds::RefundBody<'a>>) =
            (order.fulfillments.objects()?, order.refunds.objects()?);
        let count = |n: usize| u32::try_from(n.min(255)).unwrap_or(255);
        let rank = u32::from(!order.cancelled_at.is_null()) << 16 | count(refunds.len()) << 8 | count(fulfillments.len());
        Ok(Self {
            cx,
            order,
            key: cx.order(&order.id)?,
            purse: Purse::new(&order.currency, &order.presentment_currency)?,
            taxes_included: order.taxes_included.opt_flag()?.unwrap_or(false),
            items: order.line_items.objects()?,
            shipping: order.shipping_lines.objects()?,
            shipped: shipped_pieces(&fulfillments)?,
            refunded: refunds::refunded_pieces(&refunds)?,
            refunds,
            place: cx.stamp(at, rank),
            at,
        })
    }

    /// Sold at a till, and taken away: nothing is to be sent.
    fn at_counter(&self) -> Result<bool, DecodeError> {
        Ok(self.order.source_name.text_or_empty()? == "pos" && self.order.shipping_address.is_null())
    }

    /// The order's name without `#`; a shop may have given it a prefix of its own.
    fn number(&self) -> Result<Text, DecodeError> {
        match self.order.name.filled()? {
            Some(name) => Ok(name.trim_start_matches('#').into()),
            None => Ok(self.order.order_number.id()?.as_ref().into()),
        }
    }

    fn email(&self) -> Result<Option<Personal>, DecodeError> {
        let address = match self.order.email.filled()? {
            Some(address) => Some(address),
            None => self.order.contact_email.filled()?,
        };
        Ok(address.map(|address| Personal(address.as_ref().into())))
    }

    fn customer(&self, email: Option<&Digest>) -> Result<Option<CustomerKey>, DecodeError> {
        if let Some(customer) = self.order.customer.object::<Customer<'_>>()?
            && let Some(id) = customer.id.opt_id().map_err(|error| error.within("customer"))?
        {
            return Ok(Some(self.cx.account(&id)));
        }
        Ok(email.map(|digest| CustomerKey::guest(&self.cx.shopify.common.brand, digest)))
    }

    fn header(&self, number: &str) -> Result<Header, DecodeError> {
        let (order, common) = (self.order, &self.cx.shopify.common);
        let email = self.email()?;
        let email_digest = email.as_ref().and_then(|address| common.digester.email(&address.0));
        let gateways = self.gateways()?;
        let origin = if order.source_name.text_or_empty()? == "pos" { Origin::Pos } else { Origin::Web };
        let placed_at = match moment(&order.processed_at)? {
            Some(at) => at,
            None => moment(&order.created_at)?.ok_or_else(|| order.created_at.error("the moment when the order was placed"))?,
        };
        let ships =
            self.items.iter().map(LineItem::ships).try_fold(false, |any, ships| ships.map(|ships| any | ships))? && !self.at_counter()?;
        let (state, raw_state) = self.state()?;
        let total = self.purse.money(&order.total_price, &order.total_price_set)?;
        Ok(Header {
            channel: common.channel.clone(),
            brand: common.brand.clone(),
            origin,
            prices_include_tax: self.taxes_included,
            // A subscription may leave members out: a body without the member `line_items` does not mean an order without lines.
            whole: !order.line_items.is_null(),
            test: order.test.opt_flag()?.unwrap_or(false),
            terms: self.terms(&gateways),
            payment_method: gateways.into_iter().next().unwrap_or_default(),
            customer: self.customer(email_digest.as_ref())?,
            email,
            email_digest,
            ships,
            shipping_method: self.shipping_method()?,
            state,
            raw_state,
            ..Header::new(number.into(), placed_at, self.purse.currency, total)
        })
    }

    fn gateways(&self) -> Result<Vec<Text>, DecodeError> {
        let cell = &self.order.payment_gateway_names;
        if cell.is_null() { Ok(Vec::new()) } else { serde_json::from_str(cell.json()).map_err(|_| cell.error("a list of names")) }
    }

    fn terms(&self, gateways: &[Text]) -> Terms {
        let on_delivery = |gateway: &Text| self.cx.tender(gateway) == Tender::CashOnDelivery;
        match () {
            () if !self.order.payment_terms.is_null() => Terms::OnAccount,
            () if gateways.iter().any(on_delivery) => Terms::CashOnDelivery,
            () => Terms::Prepaid,
        }
    }

    fn shipping_method(&self) -> Result<Text, DecodeError> {
        for line in &self.shipping {
            if !line.is_removed.opt_flag()?.unwrap_or(false) {
                let code = line.code.filled()?;
                return Ok(if let Some(code) = code { code } else { line.title.text_or_empty()? }.as_ref().into());
            }
        }
        Ok(Text::default())
    }

    /// An archived order (`closed_at`) is not a closed one: what became of it follows from its quantities.
    fn state(&self) -> Result<(Word<ShopState>, Text), DecodeError> {
        let money = self.order.financial_status.text_or_empty()?;
        let goods = self.order.fulfillment_status.text_or_empty()?;
        let state = match &*money {
            _ if !self.order.cancelled_at.is_null() => Word::Known(ShopState::Cancelled),
            "" | "pending" | "authorized" | "partially_paid" | "paid" | "partially_refunded" | "refunded" | "voided" | "expired" => {
                Word::Known(ShopState::Open)
            }
            other => Word::Unknown(other.into()),
        };
        let raw = if goods.is_empty() { money.as_ref().into() } else { Text::from_iter([&*money, " / ", &*goods]) };
        Ok((state, raw))
    }

    fn addresses(&self, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        if let Some(address) = self.address(&self.order.shipping_address)? {
            out.order(self.key.clone(), "", self.place, self.at, OrderRow::ShipTo(Box::new(address)));
        }
        if let Some(address) = self.address(&self.order.billing_address)? {
            out.order(self.key.clone(), "", self.place, self.at, OrderRow::BillTo(Box::new(address)));
        }
        Ok(())
    }

    fn address(&self, cell: &Cell<'_>) -> Result<Option<Address>, DecodeError> {
        let Some(address) = cell.object::<PostalAddress<'_>>()? else { return Ok(None) };
        address.read(self.email()?.unwrap_or_default()).map(Some).map_err(|error| error.within(cell.name()))
    }

    fn lines(&self, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        for (i, item) in self.items.iter().enumerate() {
            self.line(i, item, out).map_err(|error| error.within(&format!("line_items[{i}]")))?;
        }
        Ok(())
    }

    fn line(&self, i: usize, item: &LineItem<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let id: Text = item.id.id()?.as_ref().into();
        let (sku, sku_text) = item.sku(&id)?;
        let taken = self.at_counter()?;
        if item.is_tracked() && !item.fulfillable_quantity.is_null() {
            let open = if self.order.cancelled_at.is_null() { pieces(&item.fulfillable_quantity)? } else { Quantity::ZERO };
            let holding = Holding { shop: self.cx.shopify.common.name.clone(), stock: Default::default(), quantity: open };
            out.sku(sku.clone(), join_key(&[&self.order.id.id()?, &id]), self.place, self.at, SkuRow::Holding(holding));
        }
        let ordered = item.quantity.quantity(Decimals::Text, 0)?;
        let gross = self.gross(&item.price, &item.price_set, ordered, &item.discount_allocations, &item.tax_lines)?;
        let line = Line {
            position: u32::try_from(i + 1).unwrap_or(u32::MAX),
            sku_text,
            description: if item.name.is_null() { item.title.text_or_empty()? } else { item.name.text()? }.as_ref().into(),
            tax: self.purse.taxes(&item.tax_lines)?,
            kind: if item.gift_card.opt_flag()?.unwrap_or(false) { LineKind::GiftCard } else { LineKind::Goods },
            needs: match (item.ships()?, taken) {
                (true, true) => Needs::Taken,
                (true, false) => Needs::Ship,
                (false, _) => Needs::Digital,
            },
            location: self.order.location_id.opt_id()?.filter(|_| taken).map(|id| id.as_ref().into()),
            tracked: item.is_tracked(),
            unit_price: Some(self.purse.money(&item.price, &item.price_set)?),
            ..Line::new(sku, ordered, gross)
        };
        // A body that leaves these members out holds no progress.
        if !self.order.refunds.is_null() && !self.order.fulfillments.is_null() {
            let progress = self.progress(item, &id)?;
            out.order(self.key.clone(), id.clone(), self.place, self.at, OrderRow::LineProgress(progress));
        }
        out.order(self.key.clone(), id, self.place, self.at, OrderRow::Line(Box::new(line)));
        Ok(())
    }

    /// `price x pieces` less its discounts, tax inside.
    fn gross(
        &self,
        price: &Cell<'_>,
        set: &Cell<'_>,
        pieces: Quantity,
        discounts: &Cell<'_>,
        taxes: &Cell<'_>,
    ) -> Result<Amount, DecodeError> {
        let net = self.purse.money(price, set)?.times(pieces) - self.purse.allocated(discounts)?;
        Ok(if self.taxes_included { net } else { net + self.purse.taxes(taxes)? })
    }

    /// What was taken off before it was sent is cancelled; what was refunded otherwise is credited. `quantity` never falls,
    /// `current_quantity` does, also by an edit that makes no refund.
    fn progress(&self, item: &LineItem<'_>, id: &str) -> Result<LineProgress, DecodeError> {
        let refunded =
            |cancelled| self.refunded.iter().filter(|part| part.line == id && part.cancelled == cancelled).map(|part| part.quantity).sum();
        let (cancelled, credited): (Quantity, Quantity) = (refunded(true), refunded(false));
        let taken_off = match item.current_quantity.is_null() {
            true => Quantity::ZERO,
            false => pieces(&item.quantity)? - pieces(&item.current_quantity)? - credited,
        };
        let shipped = self.shipped.iter().filter(|(line, _)| line == id).map(|(_, quantity)| *quantity).sum();
        Ok(LineProgress { cancelled: cancelled.max(taken_off), credited, shipped, received: None })
    }

    fn charges(&self, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        for (i, line) in self.shipping.iter().enumerate() {
            let charge = self.shipping_charge(line).map_err(|error| error.within(&format!("shipping_lines[{i}]")))?;
            let id: Text = Text::from_iter(["shipping-", &*line.id.id()?]);
            out.order(self.key.clone(), id, self.place, self.at, OrderRow::Charge(charge));
        }
        let tip = self.purse.optional(&self.order.total_tip_received, &self.order.total_tip_received_set)?;
        let duties_inside = self.order.duties_included.opt_flag()?.unwrap_or(false);
        let duty = if duties_inside { Amount::ZERO } else { self.purse.set(&self.order.original_total_duties_set)? };
        for (id, kind, gross) in [("tip", ChargeKind::Tip, tip), ("duty", ChargeKind::Duty, duty)] {
            if !gross.is_zero() {
                let charge = Charge { kind, gross, tax: Amount::ZERO, removed: false };
                out.order(self.key.clone(), id, self.place, self.at, OrderRow::Charge(charge));
            }
        }
        Ok(())
    }

    fn shipping_charge(&self, line: &ShippingLine<'_>) -> Result<Charge, DecodeError> {
        Ok(Charge {
            kind: ChargeKind::Shipping,
            gross: self.gross(&line.price, &line.price_set, Quantity::from_int(1), &line.discount_allocations, &line.tax_lines)?,
            tax: self.purse.taxes(&line.tax_lines)?,
            removed: line.is_removed.opt_flag()?.unwrap_or(false),
        })
    }

    /// From the transactions, where whoever lands the bodies adds them; else from the financial status, as one payment.
    fn payments(&self, total: Amount, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let payments = match (self.order.transactions.is_null(), self.order.financial_status.is_null()) {
            (false, _) => refunds::payments(self.cx, &self.order.transactions, self.purse.currency)?,
            (true, false) => vec![(PAYMENT, self.payment_by_status(total)?)],
            (true, true) => Vec::new(),
        };
        for (id, payment) in payments {
            out.order(self.key.clone(), id, self.place, self.at, OrderRow::Payment(payment));
        }
        Ok(())
    }

    /// `total_outstanding` is in the shop's currency. Where the buyer's is another, nothing counts as paid before everything is.
    fn part_paid(&self, total: Amount) -> Result<Amount, DecodeError> {
        if self.purse.same { Ok((total - amount(&self.order.total_outstanding)?).floor_zero()) } else { Ok(Amount::ZERO) }
    }

    fn payment_by_status(&self, total: Amount) -> Result<Payment, DecodeError> {
        let (authorised, captured) = match &*self.order.financial_status.text_or_empty()? {
            "authorized" => (total, Amount::ZERO),
            "paid" | "partially_refunded" | "refunded" => (Amount::ZERO, total),
            "partially_paid" => (Amount::ZERO, self.part_paid(total)?),
            _ => (Amount::ZERO, Amount::ZERO),
        };
        let gateways = self.gateways()?;
        let stored = |gateway: &&Text| matches!(self.cx.tender(gateway), Tender::GiftCard | Tender::StoreCredit);
        let gateway = gateways.iter().find(|gateway| !stored(gateway)).or(gateways.first());
        let tender = gateway.map_or(Tender::Card, |gateway| self.cx.tender(gateway));
        Ok(Payment { authorised: authorised + captured, captured, ..Payment::new(tender, self.purse.currency) })
    }
}

impl LineItem<'_> {
    fn ships(&self) -> Result<bool, DecodeError> {
        Ok(self.requires_shipping.opt_flag()?.unwrap_or(true))
    }

    /// `variant_inventory_management` is null for what Shopify keeps no stock of.
    fn is_tracked(&self) -> bool {
        self.variant_inventory_management.json() != "null"
    }

    /// Its SKU, and as it is spelt. Shopify knows lines without: they go by the variant's id, or their own.
    fn sku(&self, id: &str) -> Result<(Sku, Text), DecodeError> {
        if let Some(text) = self.sku.filled()? {
            return Ok((self.sku.sku()?, text.as_ref().into()));
        }
        let stand_in = match self.variant_id.opt_id()? {
            Some(variant) => format!("VARIANT-{variant}"),
            None => format!("LINE-{id}"),
        };
        Ok((Sku::new(&stand_in).ok_or_else(|| self.variant_id.error("an id"))?, Text::default()))
    }
}

impl PostalAddress<'_> {
    fn read(&self, email: Personal) -> Result<Address, DecodeError> {
        let personal = |cell: &Cell<'_>| Ok(Personal(cell.text_or_empty()?.as_ref().into()));
        let joined = |first: &Cell<'_>, second: &Cell<'_>, between: &str| -> Result<Personal, DecodeError> {
            let parts = [first.filled()?, second.filled()?];
            let parts: Vec<&str> = parts.iter().flatten().map(AsRef::as_ref).collect();
            Ok(Personal(parts.join(between).into()))
        };
        Ok(Address {
            name: if self.name.is_null() { joined(&self.first_name, &self.last_name, " ")? } else { personal(&self.name)? },
            company: personal(&self.company)?,
            street: joined(&self.address1, &self.address2, "\n")?,
            city: personal(&self.city)?,
            region: self.province.text_or_empty()?.as_ref().into(),
            postcode: personal(&self.zip)?,
            country: self.country_code.text_or_empty()?.to_ascii_uppercase().into(),
            phone: personal(&self.phone)?,
            email,
        })
    }
}

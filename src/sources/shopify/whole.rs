//! An order's body, and what is true of all its rows.

use super::context::{Context, moment, opt_shopify_id, pieces, shopify_id, word};
use super::fulfilled::{self, Fulfillment, Shipped};
use super::items::LineItem;
use super::money::Purse;
use super::refunds::{self, RefundBody, RefundedPieces};
use crate::envelope::{Cell, DecodeError, columns};
use crate::facts::order::{Address, Needs, Personal};
use crate::facts::{Amount, Moment, OrderKey, Place, Quantity, Text};

columns! {
    pub(super) struct OrderBody {
        id, name, order_number, created_at, processed_at, updated_at, cancelled_at, location_id,
        currency, presentment_currency, taxes_included, duties_included, test, source_name,
        financial_status, fulfillment_status, payment_gateway_names, payment_terms,
        email, contact_email, customer, billing_address, shipping_address,
        total_price, total_price_set, current_total_price, current_total_price_set, total_tax, total_tax_set, total_outstanding, total_tip_received, total_tip_received_set,
        original_total_duties_set, original_total_additional_fees_set, total_cash_rounding_payment_adjustment_set,
        line_items, shipping_lines, fulfillments, refunds, transactions, discount_codes, note,
    }

    pub(super) struct OrderCustomer { id }

    pub(super) struct DiscountCode { code }

    pub(super) struct PaymentTerms { payment_terms_type }

    struct PostalAddress { first_name, last_name, name, company, address1, address2, city, province, zip, country_code, phone }

    pub(super) struct ShippingLine { id, title, code, price, price_set, is_removed, discount_allocations, tax_lines }
}

/// How the goods of an order reach the customer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Handover {
    /// Sold at a till, and taken away.
    AtTheTill,
    /// There is no address, and nobody is paid to bring them: the customer collects them, or staff hand them over.
    Collected,
    /// By parcel; what a till has handed over of it is taken away.
    Sent,
}

/// An order's body and what is true of all its rows.
pub(super) struct Body<'a, 'c> {
    pub(super) cx: &'c Context<'c>,
    pub(super) order: &'c OrderBody<'a>,
    pub(super) key: OrderKey,
    pub(super) purse: Purse,
    pub(super) taxes_included: bool,
    pub(super) cancelled: bool,
    /// Placed at a till.
    pub(super) at_till: bool,
    pub(super) handover: Handover,
    pub(super) items: Vec<LineItem<'a>>,
    pub(super) shipping: Vec<ShippingLine<'a>>,
    pub(super) fulfilments: Vec<Fulfillment<'a>>,
    pub(super) refunds: Vec<RefundBody<'a>>,
    /// Of all fulfilments that were made.
    pub(super) shipped: Vec<Shipped<'a>>,
    pub(super) refunded: Vec<RefundedPieces<'a>>,
    pub(super) ship_to: Option<Address>,
    pub(super) place: Place,
    pub(super) at: Moment,
}

/// How far the money of an order has got, for two bodies of one second.
fn progress_of_money(status: &str) -> u32 {
    match status {
        "authorized" => 1,
        "expired" => 2,
        "partially_paid" => 3,
        "paid" => 4,
        "partially_refunded" => 5,
        "refunded" | "voided" => 6,
        _ => 0,
    }
}

impl<'a, 'c> Body<'a, 'c> {
    pub(super) fn new(cx: &'c Context<'c>, order: &'c OrderBody<'a>) -> Result<Self, DecodeError> {
        let key = cx.order(&order.id)?;
        let at = moment(&order.updated_at)?.ok_or_else(|| order.updated_at.error("the moment when the order was changed"))?;
        let cancelled = moment(&order.cancelled_at)?.is_some();
        let (fulfilments, refunds): (Vec<Fulfillment<'a>>, Vec<RefundBody<'a>>) = (order.fulfillments.objects()?, order.refunds.objects()?);
        let shipping: Vec<ShippingLine<'a>> = order.shipping_lines.objects()?;
        let count = |n: usize| u32::try_from(n.min(127)).unwrap_or(127);
        let money = progress_of_money(&word(&order.financial_status)?);
        let over = fulfilled::over(&fulfilments)?;
        // 1 bit, 7, 3, 7 and 6: cancelled, refunds, money, fulfilments, and those of them that were taken back.
        let progress = u32::from(cancelled) << 23 | count(refunds.len()) << 16 | money << 13 | count(fulfilments.len()) << 6 | over.min(63);
        let purse = Purse::new(&order.currency, &order.presentment_currency)?;
        let email = email(order)?.unwrap_or_default();
        let ship_to = address(&order.shipping_address, &email)?;
        let at_till = word(&order.source_name)? == "pos";
        let handover = match &ship_to {
            Some(_) => Handover::Sent,
            None if at_till => Handover::AtTheTill,
            // A subscription may leave the member out.
            None if order.shipping_address.json().is_empty() || is_brought(&shipping, purse)? => Handover::Sent,
            None => Handover::Collected,
        };
        Ok(Self {
            cx,
            order,
            key,
            purse,
            taxes_included: order.taxes_included.opt_flag()?.unwrap_or(false),
            cancelled,
            at_till,
            handover,
            items: order.line_items.objects()?,
            shipping,
            shipped: fulfilled::shipped(&fulfilments)?,
            fulfilments,
            refunded: refunds::refunded_pieces(&refunds)?,
            refunds,
            ship_to,
            place: cx.stamp(at, progress),
            at,
        })
    }

    /// `price x pieces` less its discounts, tax inside.
    pub(super) fn gross(
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

    /// How the goods of a line reach the customer.
    pub(super) fn needs(&self, item: &LineItem<'_>) -> Result<Needs, DecodeError> {
        if !item.requires_shipping.opt_flag()?.unwrap_or(true) {
            return Ok(Needs::Digital);
        }
        Ok(match self.handover {
            Handover::AtTheTill => Needs::Taken,
            Handover::Collected => Needs::Collect,
            Handover::Sent if self.at_till && self.taken_along(&shopify_id(&item.id)?)? >= pieces(&item.quantity)? => Needs::Taken,
            Handover::Sent => Needs::Ship,
        })
    }

    /// As [`Self::needs`], of the line with this id; `None`: the body has no such line.
    pub(super) fn needs_of(&self, line: &str) -> Option<Needs> {
        let item = self.items.iter().find(|item| shopify_id(&item.id).is_ok_and(|id| id == line))?;
        self.needs(item).ok()
    }

    /// Pieces of a line that the shop has fulfilled.
    pub(super) fn shipped_of(&self, line: &str) -> Quantity {
        self.shipped.iter().filter(|part| part.line == line).map(|part| part.quantity).sum()
    }

    /// What a till has handed over of a line by itself: a fulfilment from its own location, without a carrier's number.
    fn taken_along(&self, line: &str) -> Result<Quantity, DecodeError> {
        let Some(till) = opt_shopify_id(&self.order.location_id)? else { return Ok(Quantity::ZERO) };
        let mut taken = Quantity::ZERO;
        for part in self.shipped.iter().filter(|part| part.line == line) {
            let fulfilment = &self.fulfilments[part.fulfilment];
            let here = || -> Result<bool, DecodeError> {
                let location = opt_shopify_id(&fulfilment.location_id)?;
                Ok(location.as_deref() == Some(&*till) && fulfilment.numbers()?.is_empty())
            };
            if here().map_err(|error| error.within(&format!("fulfillments[{}]", part.fulfilment)))? {
                taken += part.quantity;
            }
        }
        Ok(taken)
    }
}

pub(super) fn email(order: &OrderBody<'_>) -> Result<Option<Personal>, DecodeError> {
    let address = match order.email.filled()? {
        Some(address) => Some(address),
        None => order.contact_email.filled()?,
    };
    Ok(address.map(|address| Personal(address.as_ref().into())))
}

/// Somebody is paid to bring the goods: then there is an address, or staff still have to enter it.
fn is_brought(shipping: &[ShippingLine<'_>], purse: Purse) -> Result<bool, DecodeError> {
    for (i, line) in shipping.iter().enumerate() {
        let paid = || Ok(!line.is_removed()? && purse.money(&line.price, &line.price_set)?.is_positive());
        if paid().map_err(|error: DecodeError| error.within(&format!("shipping_lines[{i}]")))? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// An address of which nothing is told is none.
pub(super) fn address(cell: &Cell<'_>, email: &Personal) -> Result<Option<Address>, DecodeError> {
    let Some(address) = cell.object::<PostalAddress<'_>>()? else { return Ok(None) };
    let read = address.read().map_err(|error| error.within(cell.name()))?;
    Ok(Some(read).filter(|read| *read != Address::default()).map(|read| Address { email: email.clone(), ..read }))
}

impl ShippingLine<'_> {
    pub(super) fn is_removed(&self) -> Result<bool, DecodeError> {
        Ok(self.is_removed.opt_flag()?.unwrap_or(false))
    }

    /// The shop's word for the method; `None`: the line was taken away.
    pub(super) fn method(&self) -> Result<Option<Text>, DecodeError> {
        if self.is_removed()? {
            return Ok(None);
        }
        let code = self.code.filled()?;
        Ok(Some(if let Some(code) = code { code } else { self.title.text_or_empty()? }.as_ref().into()))
    }
}

impl PostalAddress<'_> {
    fn read(&self) -> Result<Address, DecodeError> {
        let personal = |cell: &Cell<'_>| Ok(Personal(cell.text_or_empty()?.as_ref().into()));
        let joined = |first: &Cell<'_>, second: &Cell<'_>, between: &str| -> Result<Personal, DecodeError> {
            let parts = [first.filled()?, second.filled()?];
            let parts: Vec<&str> = parts.iter().flatten().map(AsRef::as_ref).collect();
            Ok(Personal(parts.join(between).into()))
        };
        Ok(Address {
            name: if self.name.is_null() { joined(&self.first_name, &self.last_name, " ")? } else { personal(&self.name)? },
            first_name: personal(&self.first_name)?,
            last_name: personal(&self.last_name)?,
            company: personal(&self.company)?,
            street: joined(&self.address1, &self.address2, "\n")?,
            city: personal(&self.city)?,
            region: self.province.text_or_empty()?.as_ref().into(),
            postcode: personal(&self.zip)?,
            country: self.country_code.text_or_empty()?.to_ascii_uppercase().into(),
            phone: personal(&self.phone)?,
            email: Personal::default(),
            tax_number: Personal::default(),
        })
    }
}

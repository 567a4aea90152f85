//! `sales_order` and `sales_order_address`.

use super::charges;
use super::modules::WithText;
use super::reader::{Magento, MagentoReader, MagentoTable, meaning, moment};
use crate::envelope::debezium::Op;
use crate::envelope::{Cell, DecodeError, columns};
use crate::facts::order::{Address, Charge, ChargeKind, Header, Hold, Payment, Personal, Predecessor, ShopState, Tender, Word};
use crate::facts::{Alias, Amount, Currency, CustomerKey, Digest, EntityKind, Moment, OrderKey, OrderRow, Subject, Text};
use crate::sources::facts_out::FactsOut;
use crate::sources::tables::{RowMove, RowsOf, TableRow};

/// Raise it when the meaning changes that this file gives to a record: records read again then count as newer.
pub(super) const REVISION: u16 = 3;

pub(super) static ORDER: MagentoTable = MagentoTable {
    name: "sales_order",
    rows: &[RowsOf::all(EntityKind::Orders, OrderRow::HEADER)],
    meaning: meaning!(SalesOrderRow, with its text),
};

pub(super) static ADDRESS: MagentoTable = MagentoTable {
    name: "sales_order_address",
    rows: &[RowsOf::all(EntityKind::Orders, OrderRow::SHIP_TO), RowsOf::all(EntityKind::Orders, OrderRow::BILL_TO)],
    meaning: meaning!(SalesOrderAddress),
};

columns! {
    /// An order's header. Written several times in the transaction that places it.
    pub(super) struct SalesOrderRow {
        entity_id, increment_id, store_id, state, created_at, updated_at,
        customer_id, customer_email, is_virtual,
        order_currency_code, grand_total, gift_cards_amount, customer_balance_amount, reward_currency_amount,
        shipping_method, shipping_amount, shipping_tax_amount, shipping_discount_amount, shipping_discount_tax_compensation_amount,
        gw_price, gw_tax_amount, gw_items_price, gw_items_tax_amount, gw_card_price, gw_card_tax_amount,
        total_item_count, total_qty_ordered,
        relation_parent_id, relation_child_id, coupon_code, customer_note,
    }

    /// An order's address. No time of its own.
    pub(super) struct SalesOrderAddress {
        parent_id, address_type, firstname, middlename, lastname, company, street, city, region, postcode, country_id, telephone, email, vat_id,
    }
}

/// What gift cards, store credit and reward points have paid, and the rest.
struct Paid {
    stored: [(&'static str, Tender, Amount); 3],
    total: Amount,
}

impl SalesOrderRow<'_> {
    fn paid(&self, reader: &MagentoReader<'_>) -> Result<Paid, DecodeError> {
        let stored = [
            ("gift-cards", Tender::GiftCard, reader.money(&self.gift_cards_amount)?),
            ("store-credit", Tender::StoreCredit, reader.money(&self.customer_balance_amount)?),
            ("reward-points", Tender::StoreCredit, reader.money(&self.reward_currency_amount)?),
        ];
        let total = reader.required_money(&self.grand_total)? + stored.iter().map(|(_, _, amount)| *amount).sum();
        Ok(Paid { stored, total })
    }

    fn shipping(&self, reader: &MagentoReader<'_>) -> Result<Charge, DecodeError> {
        let tax = reader.money(&self.shipping_tax_amount)?;
        let gross = reader.money(&self.shipping_amount)? + tax + reader.money(&self.shipping_discount_tax_compensation_amount)?
            - reader.money(&self.shipping_discount_amount)?;
        Ok(Charge { kind: ChargeKind::Shipping, gross, tax, removed: false })
    }

    fn wrapping(&self, reader: &MagentoReader<'_>) -> Result<Charge, DecodeError> {
        let amounts = [&self.gw_price, &self.gw_items_price, &self.gw_card_price];
        charges::wrapping(reader, amounts, [&self.gw_tax_amount, &self.gw_items_tax_amount, &self.gw_card_tax_amount])
    }

    fn customer(&self, reader: &MagentoReader<'_>, brand: &str, email: Option<&Digest>) -> Result<Option<CustomerKey>, DecodeError> {
        let account = self.customer_id.opt_id()?.filter(|id| *id != "0");
        let guest = || email.map(|digest| CustomerKey::guest(brand, digest));
        Ok(account.map(|id| reader.adapter.customer(&id)).or_else(guest))
    }

    /// The other order of an edit. The column holds its `entity_id` as text.
    fn relation(&self, reader: &MagentoReader<'_>, cell: &Cell<'_>) -> Result<Option<OrderKey>, DecodeError> {
        // Importers write an empty text where there is none.
        let blank = cell.json().trim_matches('"').trim().is_empty();
        let other = if blank { None } else { cell.opt_id()?.filter(|id| *id != "0") };
        Ok(other.map(|id| OrderKey::new(&reader.adapter.common.name, &id)))
    }

    /// Without the method of payment and its terms, which stand in the payment's row.
    fn header(&self, reader: &MagentoReader<'_>, number: &str, total: Amount) -> Result<Header, DecodeError> {
        let common = &reader.adapter.common;
        let store_id = self.store_id.opt_id()?.unwrap_or_default();
        let currency = self.order_currency_code.currency()?;
        let store = if store_id.is_empty() { common.only_store_in(currency) } else { common.store(&store_id) };
        let email = self.customer_email.filled()?;
        let email_digest = email.as_deref().and_then(|address| common.digester.email(address));
        let raw_state = self.state.text_or_empty()?;
        let count = self.total_item_count.opt_int()?.filter(|count| *count > 0);
        let placed_at = moment(&self.created_at)?.ok_or_else(|| self.created_at.error("the moment when the order was placed"))?;
        let brand = common.brand_of(store);
        Ok(Header {
            channel: store.map_or(&common.channel, |store| &store.channel).clone(),
            brand: brand.clone(),
            prices_include_tax: store.and_then(|store| store.prices_include_tax).unwrap_or(reader.adapter.settings.prices_include_tax),
            store: store_id.as_ref().into(),
            lines_expected: count.and_then(|count| u32::try_from(count).ok()),
            quantity_expected: Some(reader.pieces(&self.total_qty_ordered)?).filter(|pieces| pieces.is_positive()),
            customer: self.customer(reader, brand, email_digest.as_ref())?,
            email: email.map(|address| Personal(address.as_ref().into())),
            email_digest,
            ships: !self.is_virtual.opt_flag()?.unwrap_or(false),
            shipping_method: self.shipping_method.text_or_empty()?.as_ref().into(),
            replaces: self.relation(reader, &self.relation_parent_id)?,
            replaced_by: self.relation(reader, &self.relation_child_id)?,
            state: state(&raw_state),
            raw_state: raw_state.as_ref().into(),
            coupon: self.coupon_code.text_or_empty()?.as_ref().into(),
            note: personal(&self.customer_note)?,
            ..Header::new(number.into(), placed_at, currency, total)
        })
    }
}

/// `sales_order.state`: a closed set in the core, which modules may add to. A module that inserts rows by itself may leave it out.
fn state(word: &str) -> Word<ShopState> {
    match word {
        "" | "new" | "pending_payment" | "payment_review" | "processing" | "complete" | HELD => Word::Known(ShopState::Open),
        "canceled" => Word::Known(ShopState::Cancelled),
        "closed" => Word::Known(ShopState::Closed),
        other => Word::Unknown(other.into()),
    }
}

const HELD: &str = "holded";

impl<'a> TableRow<'a, Magento> for SalesOrderRow<'a> {
    fn upsert(&self, reader: &MagentoReader<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let order = reader.order(&self.entity_id)?;
        let at = reader.at(&self.updated_at)?;
        let number = self.increment_id.filled()?.ok_or_else(|| self.increment_id.error("the order's number"))?;
        let paid = self.paid(reader)?;
        let header = self.header(reader, &number, paid.total)?;
        let (place, held, cancelled) = (reader.place, header.raw_state == HELD, header.state == Word::Known(ShopState::Cancelled));
        let currency = header.currency;

        out.alias(Alias::new(&reader.adapter.common.number_scope, &number), crate::facts::Link::Order(order.clone()), place, at);
        let shipping = self.shipping(reader)?;
        if !shipping.gross.is_zero() {
            out.order(order.clone(), "shipping", place, at, OrderRow::Charge(shipping));
        }
        let wrapping = self.wrapping(reader)?;
        if !wrapping.gross.is_zero() {
            out.order(order.clone(), "wrapping", place, at, OrderRow::Charge(wrapping));
        }
        // A fresh row is held by nobody; any later one may be the first that is seen after a hold.
        if held || reader.op != Op::Create {
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

    fn delete(&self, reader: &MagentoReader<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        out.deleted(Subject::Order(reader.order(&self.entity_id)?), OrderRow::HEADER, "", reader.place, reader.committed_at);
        Ok(())
    }
}

impl<'a> TableRow<'a, Magento> for WithText<'a, SalesOrderRow<'a>> {
    fn upsert(&self, reader: &MagentoReader<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        for (column, charge) in charges::of_modules(self, reader)? {
            let (order, at) = (reader.order(&self.row.entity_id)?, reader.at(&self.row.updated_at)?);
            out.order(order, column, reader.place, at, OrderRow::Charge(charge));
        }
        self.row.upsert(reader, out)
    }

    fn delete(&self, reader: &MagentoReader<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        self.row.delete(reader, out)
    }
}

fn stored_value(tender: Tender, currency: Currency, captured: Amount) -> Payment {
    Payment { authorised: captured, captured, ..Payment::new(tender, currency) }
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
            first_name: personal(&self.firstname)?,
            last_name: personal(&self.lastname)?,
            company: personal(&self.company)?,
            street: personal(&self.street)?,
            city: personal(&self.city)?,
            region: self.region.text_or_empty()?.as_ref().into(),
            postcode: personal(&self.postcode)?,
            country: self.country_id.text_or_empty()?.to_ascii_uppercase().into(),
            phone: personal(&self.telephone)?,
            email: personal(&self.email)?,
            tax_number: personal(&self.vat_id)?,
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

impl<'a> TableRow<'a, Magento> for SalesOrderAddress<'a> {
    fn moves(&self) -> bool {
        true
    }

    fn moved(&self, before: &Self, _: &MagentoReader<'_>) -> Result<RowMove, DecodeError> {
        Ok(RowMove::by_owner([&self.parent_id, &self.address_type], [&before.parent_id, &before.address_type]))
    }

    fn upsert(&self, reader: &MagentoReader<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        let order = reader.order(&self.parent_id)?;
        let at: Moment = reader.committed_at;
        match self.kind()? {
            Some(OrderRow::SHIP_TO) => out.order(order, "", reader.place, at, OrderRow::ShipTo(Box::new(self.address()?))),
            Some(_) => out.order(order, "", reader.place, at, OrderRow::BillTo(Box::new(self.address()?))),
            None => {}
        }
        Ok(())
    }

    fn delete(&self, reader: &MagentoReader<'_>, out: &mut FactsOut<'_>) -> Result<(), DecodeError> {
        if let Some(kind) = self.kind()? {
            out.deleted(Subject::Order(reader.order(&self.parent_id)?), kind, "", reader.place, reader.committed_at);
        }
        Ok(())
    }
}

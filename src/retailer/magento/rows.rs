//! Magento's rows as its tables have them: money with four decimals, flags as integers, times in UTC and whole seconds.

use crate::facts::Moment;
use crate::retailer::catalogue::Article;
use crate::retailer::clock::zoned;
use crate::retailer::json::{Object, object};
use crate::retailer::order::{Line, Order};

/// A row's key.
pub fn key(column: &str, id: i64) -> Vec<u8> {
    object(|key| {
        key.int(column, id);
    })
}

fn money(row: &mut Object<'_>, members: &[(&str, i64)]) {
    for (name, value) in members {
        row.hundredths(name, *value, 4);
    }
}

/// An amount of the order in the base currency of the website.
fn in_base(order: &Order, amount: i64) -> i64 {
    if order.store == 2 { (amount * 200 + 115) / 230 } else { amount }
}

/// Magento leaves an accumulator NULL until something is put in it.
fn accumulators(row: &mut Object<'_>, members: &[(&str, i64)]) {
    for (name, value) in members {
        if *value == 0 {
            row.null(name);
        } else {
            row.hundredths(name, *value, 4);
        }
    }
}

/// `sales_order`: what changes of it.
pub struct Header {
    pub entity: i64,
    pub state: &'static str,
    pub addresses: Option<(i64, i64)>,
    pub paid: i64,
    pub refunded: i64,
    /// The part of it that went back by the payment's own means.
    pub refunded_online: i64,
    pub canceled: i64,
    pub created_at: Moment,
    pub updated_at: Moment,
}

impl Header {
    pub fn placed(order: &Order, clock: Moment) -> Self {
        let state = if order.authorised > 0 { "processing" } else { "new" };
        let (addresses, paid, refunded, refunded_online, canceled) = (None, 0, 0, 0, 0);
        Self { entity: order.entity, state, addresses, paid, refunded, refunded_online, canceled, created_at: clock, updated_at: clock }
    }

    fn status(&self) -> &'static str {
        if self.state == "new" { "pending" } else { self.state }
    }

    pub fn image(&self, order: &Order) -> Vec<u8> {
        let subtotal: i64 = order.lines.iter().map(|line| line.price * line.ordered).sum();
        let discount: i64 = order.lines.iter().map(|line| line.discount).sum();
        let tax: i64 = order.lines.iter().map(|line| line.tax).sum::<i64>() + order.shipping_tax;
        let pieces: i64 = order.lines.iter().map(|line| line.ordered).sum();
        object(|row| {
            row.int("entity_id", self.entity).text("state", self.state).text("status", self.status());
            row.maybe_text("coupon_code", order.coupon.then_some("SPRING10")).int("store_id", order.store.into());
            row.maybe_int("customer_id", order.account.map(account_id)).int("customer_is_guest", i64::from(order.account.is_none()));
            row.int("customer_group_id", i64::from(order.account.is_some())).text("customer_email", &order.person.email);
            row.text("customer_firstname", order.person.first).text("customer_lastname", order.person.last);
            row.maybe_int("billing_address_id", self.addresses.map(|ids| ids.0))
                .maybe_int("shipping_address_id", self.addresses.map(|ids| ids.1));
            row.int("quote_id", 88_000 + self.entity).int("is_virtual", 0).text("increment_id", &order.number);
            let rate = if order.store == 2 { "1.1500" } else { "1.0000" };
            row.texts(&[("base_currency_code", "GBP"), ("order_currency_code", order.currency()), ("base_to_order_rate", rate)]);
            money(row, &[("subtotal", subtotal), ("discount_amount", -discount), ("shipping_amount", order.shipping)]);
            money(
                row,
                &[
                    ("shipping_incl_tax", order.shipping_gross()),
                    ("shipping_discount_amount", 0),
                    ("shipping_tax_amount", order.shipping_tax),
                ],
            );
            money(row, &[("tax_amount", tax), ("discount_tax_compensation_amount", 0), ("shipping_discount_tax_compensation_amount", 0)]);
            money(
                row,
                &[
                    ("grand_total", order.total()),
                    ("base_grand_total", in_base(order, order.total())),
                    ("total_due", order.total() - self.paid - self.canceled),
                ],
            );
            accumulators(
                row,
                &[
                    ("total_paid", self.paid),
                    ("total_refunded", self.refunded),
                    ("total_offline_refunded", self.refunded - self.refunded_online),
                ],
            );
            accumulators(row, &[("total_online_refunded", self.refunded_online), ("total_canceled", self.canceled)]);
            row.hundredths("total_qty_ordered", pieces * 100, 4).int("total_item_count", order.lines.len() as i64);
            row.text("shipping_method", "flatrate_flatrate").text("shipping_description", "Royal Mail - Tracked 48");
            row.nulls(&["hold_before_state", "hold_before_status", "original_increment_id", "edit_increment", "relation_parent_id"]);
            row.nulls(&["relation_parent_real_id", "relation_child_id", "relation_child_real_id", "email_sent"]).int("send_email", 1);
            row.text("created_at", &zoned(self.created_at)).text("updated_at", &zoned(self.updated_at));
        })
    }
}

/// Magento's id of an account.
pub fn account_id(account: u32) -> i64 {
    701 + i64::from(account)
}

/// `sales_order_item`: what changes of a sale's row.
#[derive(Clone, Copy, Debug, Default)]
pub struct Item {
    pub canceled: i64,
    pub invoiced: i64,
    pub refunded: i64,
    pub shipped: i64,
}

impl Item {
    /// The sale's row, or the child row of a configurable product, that has no price.
    pub fn image(&self, order: &Order, line: &Line, article: &Article, child: bool, (created, updated): (Moment, Moment)) -> Vec<u8> {
        let configurable = line.child.is_some();
        let product = if child { article.product } else { article.parent_product.unwrap_or(article.product) };
        let kind = if configurable && !child { "configurable" } else { "simple" };
        let worth = |value: i64| if child { 0 } else { value };
        let row_total = line.price * line.ordered;
        let options = format!("{{\"simple_sku\":\"{}\",\"product_calculations\":1,\"shipment_type\":0}}", article.sku);
        object(|row| {
            row.int("item_id", if child { line.child.unwrap_or(line.item) } else { line.item }).int("order_id", order.entity);
            row.maybe_int("parent_item_id", child.then_some(line.item))
                .int("quote_item_id", 70_000 + line.item)
                .int("store_id", order.store.into());
            row.int("product_id", product).text("product_type", kind).text("sku", &article.sku).text("name", &article.name);
            row.text("product_options", if configurable && !child { &options } else { "{}" }).int("is_virtual", 0).int("is_qty_decimal", 0);
            money(
                row,
                &[
                    ("qty_ordered", line.ordered * 100),
                    ("qty_invoiced", worth(self.invoiced) * 100),
                    ("qty_shipped", worth(self.shipped) * 100),
                ],
            );
            money(row, &[("qty_refunded", worth(self.refunded) * 100), ("qty_canceled", worth(self.canceled) * 100)]);
            row.null("qty_backordered");
            money(row, &[("price", worth(line.price)), ("original_price", worth(line.price)), ("row_total", worth(row_total))]);
            money(row, &[("row_total_incl_tax", worth(line.gross + line.discount)), ("discount_amount", worth(line.discount))]);
            row.text("tax_percent", if child { "0.0000" } else { "20.0000" });
            money(row, &[("tax_amount", worth(line.tax)), ("discount_tax_compensation_amount", 0)]);
            row.null("weee_tax_applied_row_amount");
            money(row, &[("base_cost", line.cost), ("weight", article.weight_grams / 10)]);
            row.text("created_at", &zoned(created)).text("updated_at", &zoned(updated));
        })
    }
}

/// `sales_order_payment`: what changes of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Payment {
    pub authorised: i64,
    pub paid: i64,
    pub refunded: i64,
    pub refunded_online: i64,
    pub canceled: i64,
}

impl Payment {
    pub fn image(&self, order: &Order) -> Vec<u8> {
        let card = self.authorised > 0 || order.pay == crate::retailer::order::Pay::Captured;
        let transaction = format!("ch_{:08x}", order.entity * 7_919);
        object(|row| {
            row.int("entity_id", order.entity).int("parent_id", order.entity).text("method", order.pay.method());
            money(row, &[("amount_ordered", order.total()), ("shipping_amount", order.shipping)]);
            accumulators(row, &[("amount_authorized", self.authorised), ("amount_paid", self.paid), ("amount_refunded", self.refunded)]);
            accumulators(
                row,
                &[
                    ("amount_canceled", self.canceled),
                    ("base_amount_authorized", in_base(order, self.authorised)),
                    ("base_amount_paid", in_base(order, self.paid)),
                ],
            );
            let paid_online = if card { in_base(order, self.paid) } else { 0 };
            let refunded_online = in_base(order, self.refunded_online);
            accumulators(row, &[("base_amount_paid_online", paid_online), ("base_amount_refunded_online", refunded_online)]);
            row.maybe_text("last_trans_id", card.then_some(&*transaction)).maybe_text("cc_trans_id", card.then_some(&*transaction));
            row.maybe_text("cc_type", card.then_some("VI")).maybe_text("cc_last_4", card.then_some("4242"));
            row.nulls(&["po_number", "additional_data", "additional_information"]);
        })
    }
}

/// `sales_order_address`.
pub fn address(order: &Order, id: i64, kind: &str) -> Vec<u8> {
    let person = &order.person;
    object(|row| {
        row.int("entity_id", id).int("parent_id", order.entity).maybe_int("customer_id", order.account.map(account_id));
        row.nulls(&["customer_address_id", "quote_address_id", "region_id", "fax"]).null("region").text("postcode", &person.postcode);
        row.text("lastname", person.last).text("street", &person.street).text("city", person.city).text("email", &person.email);
        row.text("telephone", &person.phone).text("country_id", "GB").text("firstname", person.first).text("address_type", kind);
        row.nulls(&["prefix", "middlename", "suffix", "company", "vat_id"]);
    })
}

/// `sales_shipment`.
pub fn shipment(order: &Order, id: i64, pieces: i64, addresses: Option<(i64, i64)>, clock: Moment) -> Vec<u8> {
    object(|row| {
        row.int("entity_id", id)
            .int("store_id", order.store.into())
            .null("total_weight")
            .hundredths("total_qty", pieces * 100, 4)
            .null("email_sent");
        row.int("send_email", 0).int("order_id", order.entity).maybe_int("customer_id", order.account.map(account_id));
        row.maybe_int("shipping_address_id", addresses.map(|ids| ids.1)).maybe_int("billing_address_id", addresses.map(|ids| ids.0));
        row.null("shipment_status")
            .text("increment_id", &format!("{id:09}"))
            .text("created_at", &zoned(clock))
            .text("updated_at", &zoned(clock));
    })
}

/// `sales_shipment_item`.
pub fn shipment_item(shipment: i64, id: i64, line: &Line, pieces: i64, article: &Article) -> Vec<u8> {
    object(|row| {
        row.int("entity_id", id)
            .int("parent_id", shipment)
            .hundredths("row_total", line.price * pieces, 4)
            .hundredths("price", line.price, 4);
        row.null("weight").hundredths("qty", pieces * 100, 4).int("product_id", article.parent_product.unwrap_or(article.product));
        row.int("order_item_id", line.item)
            .null("additional_data")
            .null("description")
            .text("name", &article.name)
            .text("sku", &article.sku);
    })
}

/// `sales_shipment_track`.
pub fn track(order: &Order, shipment: i64, id: i64, tracking: &str, carrier: &str, clock: Moment) -> Vec<u8> {
    object(|row| {
        row.int("entity_id", id)
            .int("parent_id", shipment)
            .nulls(&["weight", "qty"])
            .int("order_id", order.entity)
            .text("track_number", tracking);
        row.null("description")
            .text("title", carrier)
            .text("carrier_code", "custom")
            .text("created_at", &zoned(clock))
            .text("updated_at", &zoned(clock));
    })
}

/// A credit memo: with a transaction if it gave the money back by the payment's own means.
pub struct Memo {
    pub id: i64,
    pub amount: i64,
    pub at: Moment,
    pub transaction: Option<String>,
}

impl Memo {
    /// `sales_creditmemo`, state 2: refunded.
    pub fn image(&self, order: &Order, pieces: &[i64]) -> Vec<u8> {
        let credited = |of: fn(&Line, i64) -> i64| order.lines.iter().zip(pieces).map(|(line, count)| of(line, *count)).sum::<i64>();
        let (gross, tax) = (credited(Line::gross_of), credited(Line::tax_of));
        let shipping = (self.amount - gross).clamp(0, order.shipping_gross());
        let shipping_tax = if shipping == order.shipping_gross() { order.shipping_tax } else { 0 };
        let adjustment = self.amount - gross - shipping;
        object(|row| {
            row.int("entity_id", self.id)
                .int("store_id", order.store.into())
                .int("order_id", order.entity)
                .null("invoice_id")
                .int("state", 2)
                .null("creditmemo_status");
            row.text("increment_id", &format!("{:09}", self.id))
                .texts(&[("base_currency_code", "GBP"), ("order_currency_code", order.currency())]);
            money(row, &[("subtotal", gross - tax), ("discount_amount", 0), ("shipping_amount", shipping - shipping_tax)]);
            money(
                row,
                &[("tax_amount", tax + shipping_tax), ("shipping_tax_amount", shipping_tax), ("discount_tax_compensation_amount", 0)],
            );
            money(
                row,
                &[("adjustment", adjustment), ("adjustment_positive", adjustment.max(0)), ("adjustment_negative", (-adjustment).max(0))],
            );
            money(row, &[("grand_total", self.amount), ("base_grand_total", in_base(order, self.amount))]);
            row.maybe_text("transaction_id", self.transaction.as_deref())
                .text("created_at", &zoned(self.at))
                .text("updated_at", &zoned(self.at));
        })
    }

    /// `sales_creditmemo_item`.
    pub fn item_image(&self, id: i64, line: &Line, pieces: i64, article: &Article) -> Vec<u8> {
        object(|row| {
            row.int("entity_id", id).int("parent_id", self.id).hundredths("price", line.price, 4).hundredths("qty", pieces * 100, 4);
            row.hundredths("row_total", line.gross_of(pieces) - line.tax_of(pieces), 4).hundredths("tax_amount", line.tax_of(pieces), 4);
            row.hundredths("discount_amount", 0, 4).int("product_id", article.parent_product.unwrap_or(article.product));
            row.int("order_item_id", line.item).text("sku", &article.sku).text("name", &article.name);
        })
    }
}

/// `newsletter_subscriber`, status 1: subscribed. A guest's `customer_id` is 0.
pub fn subscriber(order: &Order, id: i64, clock: Moment) -> Vec<u8> {
    object(|row| {
        row.int("subscriber_id", id).int("store_id", order.store.into()).text("change_status_at", &zoned(clock));
        row.int("customer_id", order.account.map_or(0, account_id))
            .text("subscriber_email", &order.person.email)
            .int("subscriber_status", 1);
        row.text("subscriber_confirm_code", "k2m4w8q1");
    })
}

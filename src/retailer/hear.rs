//! What the systems hear of Waybill, and what each puts on its agenda because of it.

use serde::de::DeserializeOwned;

use super::clock::System;
use super::faults::silent_warehouse;
use super::ids::{CHANNELS, MAGENTO_FROM, SHOPIFY_FROM};
use super::record::HeardEvent;
use super::shop::Shop;
use super::task::Task;
use super::units::{pence, pounds, whole};
use super::world::Hop;
use super::{Retailer, erp};
use crate::events::fulfilment_requests::FulfilmentRequest;
use crate::events::{Receiver, Topic};
use crate::facts::time::Span;

impl Retailer {
    /// Hears an event and puts what is to be done on its system's agenda.
    pub(super) fn hear(&mut self, event: &HeardEvent<'_>) {
        let Some(body) = event.body else { return };
        let heard = match event.topic {
            Topic::SalesOrders => self.hear_as(event, body, |own, order, asked: crate::events::sales_orders::SalesOrder| {
                own.tell_star(order, own.erp.system().label(), || format!("{} the order (step {})", verb(asked.action), asked.head.step));
                let delay = erp::import_delay(&mut own.world);
                own.world.queue(own.erp.system(), order, delay, Task::ErpImport(order, Box::new(asked)));
            }),
            Topic::FulfilmentRequests => self.hear_as(event, body, |own, order, asked: FulfilmentRequest| {
                own.hear_go_ahead(order, asked);
            }),
            Topic::DespatchNotices => self.hear_as(event, body, Self::hear_despatch),
            Topic::ReceiptNotices => self.hear_as(event, body, |own, order, notice: crate::events::receipt_notices::ReceiptNotice| {
                own.tell_star(order, own.receiver(notice.receiver), || format!("return {} has arrived", notice.rma));
                if notice.receiver == Receiver::Erp {
                    let delay = erp::import_delay(&mut own.world);
                    own.world.queue(own.erp.system(), order, delay, Task::ErpReceive(order, Box::new(notice)));
                }
            }),
            Topic::RefundRequests => self.hear_as(event, body, |own, order, asked: crate::events::refund_requests::RefundRequest| {
                own.tell_star(order, "Finance", || {
                    format!("refund {} ({} in all)", pounds(pence(asked.amount)), pounds(pence(asked.total)))
                });
                // Somebody goes through the refunds every few hours.
                let delay = own.world.dice.minutes(15, 180);
                own.world.queue(System::Finance, order, delay, Task::PayBack(order, Box::new(asked)));
            }),
            Topic::JournalEntries => self.hear_as(event, body, |own, order, entry: crate::events::journal_entries::JournalEntry| {
                own.tell_star(order, "Finance", || {
                    let mut pairs: Vec<&str> = entry.postings.iter().map(|posting| posting.pair.name()).collect();
                    pairs.dedup();
                    format!("journal entry {} over {} ({})", entry.head.step, pounds(pence(entry.total)), pairs.join(", "))
                });
                own.finance.book(&entry);
            }),
            Topic::OrderReversals => self.hear_as(event, body, |own, order, notice: crate::events::order_reversals::OrderReversal| {
                own.tell_star(order, own.receiver(notice.receiver), || {
                    format!("{} reversed", if notice.whole { "wholly" } else { "partly" })
                });
            }),
            Topic::OrderCompletions => {
                self.hear_as(event, body, |own, order, notice: crate::events::order_completions::OrderCompletion| {
                    own.tell_star(order, own.receiver(notice.receiver), || "the order is fulfilled".to_owned());
                })
            }
            Topic::Notifications => self.hear_as(event, body, |own, order, mail: crate::events::notifications::Notification| {
                own.tell_star(order, "Mailer", || format!("write to the customer: {}", mail.kind.name()));
            }),
            Topic::RevenueNotices => self.hear_as(event, body, |own, order, notice: crate::events::revenue_notices::RevenueNotice| {
                own.tell_star(order, "Finance", || format!("expected revenue {}", pounds(pence(notice.total.gross))));
            }),
            Topic::ReturnAnnouncements => {
                self.hear_as(event, body, |own, order, asked: crate::events::return_announcements::ReturnAnnouncement| {
                    let site = own.world.orders[order as usize].site;
                    own.tell_star(order, own.warehouse_label(order), || format!("return {} is to come", asked.rma));
                    own.warehouses[site].announced(order, &asked.rma);
                })
            }
            Topic::MarketingProfiles => self.hear_profile(body),
            Topic::StockUpdates => self.hear_stock(body),
            Topic::OrderStatus => self.hear_status(event, body),
            Topic::ProductUpdates => self.hear_product(body),
            // What no system of this retailer acts on.
            _ => Ok(()),
        };
        if let Err(sentence) = heard {
            self.world.complain(sentence);
        }
    }

    /// Reads the body, finds its order by the Kafka key and hands both on.
    fn hear_as<B: DeserializeOwned>(
        &mut self,
        event: &HeardEvent<'_>,
        body: &[u8],
        then: impl FnOnce(&mut Self, u32, B),
    ) -> Result<(), String> {
        let read = serde_json::from_slice(body)
            .map_err(|error| format!("{} {}: the body can't be read: {error}", event.topic.name(), event.id))?;
        let order = self
            .order_of(event.key)
            .ok_or_else(|| format!("{} {}: no order of the shop has the key {}", event.topic.name(), event.id, event.key))?;
        self.world.orders[order as usize].touched_at = self.world.now;
        then(self, order, read);
        Ok(())
    }

    fn order_of(&self, key: &str) -> Option<u32> {
        let (shop, entity) = key.split_once('|')?;
        let entity: i64 = entity.parse().ok()?;
        let index = match shop {
            "magento" => entity - MAGENTO_FROM,
            _ => (entity - SHOPIFY_FROM) / 100,
        };
        self.world.orders.get(usize::try_from(index).ok()?).filter(|order| order.key() == key).map(|order| order.index)
    }

    fn hear_despatch(&mut self, order: u32, notice: crate::events::despatch_notices::DespatchNotice) {
        self.tell_star(order, self.receiver(notice.receiver), || {
            let tracking = notice.tracking.as_deref().map_or(String::new(), |number| format!(", tracking {number}"));
            format!("parcel {} has left the house{tracking}", notice.parcel)
        });
        match notice.receiver {
            Receiver::Shop => {
                let delay = self.world.dice.seconds(5, 90);
                self.world.queue(System::Magento, order, delay, Task::Ship(order, Box::new(notice)));
            }
            Receiver::Erp => {
                let delay = erp::import_delay(&mut self.world);
                self.world.queue(self.erp.system(), order, delay, Task::ErpShip(order, Box::new(notice)));
            }
        }
    }

    fn hear_go_ahead(&mut self, order: u32, asked: FulfilmentRequest) {
        self.tell_star(order, self.warehouse_label(order), || format!("{:?} (step {})", asked.action, asked.head.step).to_lowercase());
        let site = self.world.site_of(order);
        let Some(system) = site.system.filter(|_| site.code == asked.location) else {
            let number = &asked.order.number;
            self.world.complain(format!("order {number}: fulfilment-requests asks {}, and {} has its goods", asked.location, site.code));
            return;
        };
        let world = &mut self.world;
        world.orders[order as usize].asked_at.get_or_insert(world.now);
        silent_warehouse::asked(world, order, asked.action);
        let delay = world.dice.seconds(60, 240);
        world.queue(system, order, delay, Task::WarehouseImport(order, Box::new(asked)));
    }

    /// The warehouse that sends the order.
    fn warehouse_label(&self, order: u32) -> &'static str {
        self.world.site_of(order).system.map_or("Warehouse", System::label)
    }

    fn hear_stock(&mut self, body: &[u8]) -> Result<(), String> {
        let update: crate::events::stock_updates::StockUpdate =
            serde_json::from_slice(body).map_err(|error| format!("stock-updates: the body can't be read: {error}"))?;
        let Some(article) = self.world.by_sku.get(update.sku.as_str()).copied() else {
            return Err(format!("stock-updates: the shop has no SKU {}", update.sku));
        };
        let (Some(figure), seen) = (whole(update.to_write.decimal()), update.shop_figure.and_then(|figure| whole(figure.decimal()))) else {
            return Err(format!("stock-updates: SKU {} is to be set to {}, which is no whole number", update.sku, update.to_write));
        };
        let delay = self.world.dice.seconds(1, 15);
        if update.channel == CHANNELS[0] {
            self.world.after(delay, Task::WriteStock { shop: Shop::Magento, article, figure, seen });
        } else if update.channel == CHANNELS[1] {
            let at = self.shops.shopify.when(article, self.world.now + delay);
            self.world.at(at, Task::WriteStock { shop: Shop::Shopify, article, figure, seen });
        }
        // Magento's second store sells from the first one's source: the same figure, which is written once.
        Ok(())
    }

    /// A job of marketing's writes contacts every few minutes.
    fn hear_profile(&mut self, body: &[u8]) -> Result<(), String> {
        if !self.world.systems.has(System::Emarsys) {
            return Ok(());
        }
        let profile: crate::events::marketing_profiles::MarketingProfile =
            serde_json::from_slice(body).map_err(|error| format!("marketing-profiles: the body can't be read: {error}"))?;
        self.world.after(Span::minutes(10), Task::WriteContact(Box::new(profile)));
        Ok(())
    }

    /// The shop shows the price that it is told.
    fn hear_product(&mut self, body: &[u8]) -> Result<(), String> {
        let update: crate::events::product_updates::ProductUpdate =
            serde_json::from_slice(body).map_err(|error| format!("product-updates: the body can't be read: {error}"))?;
        // Products that are only a heading of variations are not sold.
        let article = self.world.by_sku.get(update.sku.as_str()).and_then(|article| self.world.articles.get_mut(*article));
        if let (Some(article), Some(price)) = (article, update.regular_price) {
            article.price = pence(price);
        }
        Ok(())
    }

    fn hear_status(&mut self, event: &HeardEvent<'_>, body: &[u8]) -> Result<(), String> {
        if self.order_of(event.key) != Some(self.world.star) {
            return Ok(());
        }
        self.hear_as(event, body, |own, order, status: crate::events::order_status::OrderStatus| {
            let shown = own.world.hops.iter().rev().find(|hop| hop.to == Some(ACCOUNT_PAGE)).is_some_and(|hop| hop.what == *status.text);
            if !shown {
                own.tell_star(order, ACCOUNT_PAGE, || status.text.to_string());
            }
        })
    }

    fn receiver(&self, receiver: Receiver) -> &'static str {
        match receiver {
            Receiver::Shop => "Magento",
            Receiver::Erp => self.erp.system().label(),
        }
    }

    /// If it is the followed order: writes into the diary what Waybill asked of whom.
    fn tell_star(&mut self, order: u32, to: &'static str, what: impl FnOnce() -> String) {
        if order == self.world.star {
            let hop = Hop { at: self.world.now, who: "Waybill", to: Some(to), what: what() };
            self.world.hops.push(hop);
        }
    }
}

/// Where customers see how their orders stand. The diary takes a text only when it has changed.
const ACCOUNT_PAGE: &str = "Account page";

fn verb(action: crate::events::sales_orders::SalesOrderAction) -> &'static str {
    match action {
        crate::events::sales_orders::SalesOrderAction::Create => "create",
        crate::events::sales_orders::SalesOrderAction::Change => "change",
        crate::events::sales_orders::SalesOrderAction::Cancel => "cancel",
    }
}

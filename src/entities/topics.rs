//! Every derived topic, and the ledger of each request topic. A new topic is one entry in this list.
//!
//! What an entity keeps refers to topics by their numbers: the digests of the statements last emitted, and the [`Ledgers`] of an order. So the
//! list stands here, before the room that makes the events; the body and the rule of each topic are one file of `events/`.

use std::fmt;

use serde::de::{Error, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::ledger::{DocumentLedger, DocumentLedgers, JournalLedgers, NoticeLedgers, RevenueLedger, SentMails, SoldLedgers, SumLedger};
use crate::facts::Moment;

/// Makes [`Topic`] and [`Ledgers`] from the list.
macro_rules! topics {
    (
        statements { $($(#[$about_statement:meta])+ $statement:ident = $statement_number:literal, $statement_name:literal, step $statement_step:literal;)+ }
        requests {
            $(
                $(#[$about_request:meta])+ $request:ident = $request_number:literal, $request_name:literal, step $request_step:literal,
                $(#[$about_ledger:meta])+ $ledger:ident: $shape:ty;
            )+
        }
    ) => {
        /// Every derived topic. The numbers are part of the state's format.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        #[repr(u8)]
        pub enum Topic {
            $($(#[$about_statement])+ $statement = $statement_number,)+
            $($(#[$about_request])+ $request = $request_number,)+
        }

        impl Topic {
            const COUNT: usize = [$($statement_number,)+ $($request_number,)+].len();

            /// All of them: statements, then requests.
            pub const ALL: [Self; Self::COUNT] = [$(Self::$statement,)+ $(Self::$request,)+];

            /// The topic's name without the configured prefix.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$statement => $statement_name,)+
                    $(Self::$request => $request_name,)+
                }
            }

            /// The Avro schema of its events: made from their types by a test, which writes `schemas/`.
            pub fn schema(self) -> &'static str {
                match self {
                    $(Self::$statement => include_str!(concat!("../../schemas/", $statement_name, ".avsc")),)+
                    $(Self::$request => include_str!(concat!("../../schemas/", $request_name, ".avsc")),)+
                }
            }

            /// Statement topics are compacted; request topics keep their records for ever by default.
            pub fn is_statement(self) -> bool {
                matches!(self, $(Self::$statement)|+)
            }

            /// The step of an order's way that it belongs to: one of the nine of `docs/specification/journey.md`.
            pub fn step(self) -> u8 {
                match self {
                    $(Self::$statement => $statement_step,)+
                    $(Self::$request => $request_step,)+
                }
            }
        }

        /// All ledgers of one order. The key of a map is the part of the ledger key after the order.
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct Ledgers {
            $($(#[$about_ledger])+ pub $ledger: $shape,)+
        }

        /// Written as a map from the topic's number to its ledger, without those that are empty: a new request topic changes no ledger that is written.
        /// For people the ledger's name stands in place of the number.
        impl Serialize for Ledgers {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let count = 0 $(+ usize::from(self.$ledger != <$shape>::default()))+;
                let for_people = serializer.is_human_readable();
                let mut map = serializer.serialize_map(Some(count))?;
                $(
                    if self.$ledger != <$shape>::default() {
                        match for_people {
                            true => map.serialize_entry(stringify!($ledger), &self.$ledger)?,
                            false => map.serialize_entry(&(Topic::$request as u8), &self.$ledger)?,
                        }
                    }
                )+
                map.end()
            }
        }

        impl<'de> Visitor<'de> for Written {
            type Value = Ledgers;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("ledgers by the numbers of their topics")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Ledgers, A::Error> {
                let mut ledgers = Ledgers::default();
                while let Some(number) = map.next_key::<u8>()? {
                    match number {
                        $($request_number => ledgers.$ledger = map.next_value()?,)+
                        _ => return Err(A::Error::custom(format!("{number} is no request topic's number"))),
                    }
                }
                Ok(ledgers)
            }
        }
    };
}

/// Reads [`Ledgers`] as they are written.
struct Written;

impl<'de> Deserialize<'de> for Ledgers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Written)
    }
}

topics! {
    // Newest state for a key, compacted.
    statements {
        /// What marketing may know of a person at a brand.
        MarketingProfiles = 1, "marketing-profiles", step 1;
        /// What a channel's shop must show of a product.
        ProductUpdates = 2, "product-updates", step 2;
        /// What a channel's shop must show, and write, for a SKU.
        StockUpdates = 3, "stock-updates", step 3;
        /// How an order stands.
        OrderStatus = 4, "order-status", step 5;
        /// One thing that happened to a customer's order.
        CustomerHistory = 5, "customer-history", step 9;
        /// What a person must look at.
        Exceptions = 6, "exceptions", step 9;
    }
    // Gated, ledgered, never twice. The seal of an order makes them in this sequence.
    requests {
        /// The order's record in the ERP.
        SalesOrders = 11, "sales-orders", step 3,
            /// Of the order's record in the ERP.
            sales_order: DocumentLedger;
        /// Expected revenue, for finance.
        RevenueNotices = 12, "revenue-notices", step 4,
            /// What finance was notified of last.
            revenue: RevenueLedger;
        /// The go-ahead to a warehouse.
        FulfilmentRequests = 13, "fulfilment-requests", step 4,
            /// By location.
            fulfilment: DocumentLedgers;
        /// What left the house.
        DespatchNotices = 14, "despatch-notices", step 5,
            /// By receiver | parcel.
            despatch: NoticeLedgers;
        /// Every wanted piece is delivered.
        OrderCompletions = 16, "order-completions", step 6,
            /// By receiver.
            completion: NoticeLedgers;
        /// What came back.
        ReceiptNotices = 17, "receipt-notices", step 7,
            /// By receiver | return.
            receipt: NoticeLedgers;
        /// Money back to the customer.
        RefundRequests = 18, "refund-requests", step 7,
            /// Of all refunds of the order.
            refund: SumLedger;
        /// Balanced entries for finance.
        JournalEntries = 19, "journal-entries", step 7,
            /// By currency: that of the order; that of the costs where it is another.
            journal: JournalLedgers;
        /// Goods that came back and are settled.
        OrderReversals = 20, "order-reversals", step 8,
            /// By receiver.
            reversal: NoticeLedgers;
        /// Goods that are to come back, for the warehouse.
        ReturnAnnouncements = 21, "return-announcements", step 7,
            /// By location | return.
            announced: NoticeLedgers;
        /// Each line as it is sold, cancelled and returned.
        SalesLines = 22, "sales-lines", step 9,
            /// By kind | line.
            sold: SoldLedgers;
        /// Mails to the customer.
        Notifications = 15, "notifications", step 5,
            /// By kind | what the kind counts by.
            notified: SentMails;
    }
}

impl Topic {
    /// The topic of this name, without the configured prefix.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.name() == name)
    }
}

impl Ledgers {
    /// When a receiver of despatch notices was last told to lower a total.
    pub fn despatch_corrected_at(&self, receiver: &str) -> Option<Moment> {
        let own = self.despatch.iter().filter(|(slot, _)| slot.split('|').next() == Some(receiver));
        own.filter_map(|(_, ledger)| ledger.corrected_at).max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entities::account::Account;
    use crate::entities::ledger::{AccountPair, Entered};
    use crate::entities::pair::Pair;
    use crate::facts::Amount;

    #[test]
    fn ledgers_are_read_as_they_were_written_and_empty_ones_take_no_room() {
        let bytes = |ledgers: &Ledgers| postcard::to_stdvec(ledgers).expect("written");
        assert_eq!(bytes(&Ledgers::default()), [0]);
        let mut ledgers = Ledgers::default();
        ledgers.sales_order.step = 2;
        ledgers.completion.entry("erp".into()).or_default().step = 1;
        let captured = AccountPair::new(Pair::Captured, Account::PaymentClearing, Account::CustomerAccount);
        ledgers.journal.entry("GBP".into()).or_default().totals.insert(captured, Amount::from_int(3));
        ledgers.notified.insert("confirmed".into(), Entered::BeforeLive);
        assert_eq!(postcard::from_bytes::<Ledgers>(&bytes(&ledgers)).expect("read"), ledgers);
        let shown = serde_json::to_value(&ledgers).expect("JSON");
        assert_eq!(shown["journal"]["GBP"]["totals"]["captured payment_clearing customer_account"], "3");
    }

    #[test]
    fn numbers_and_names_stand_once() {
        for (place, topic) in Topic::ALL.iter().enumerate() {
            assert!(Topic::ALL[place + 1..].iter().all(|other| other.name() != topic.name() && *other as u8 != *topic as u8));
            assert_eq!(Topic::named(topic.name()), Some(*topic));
            assert!((1..=9).contains(&topic.step()));
        }
    }
}

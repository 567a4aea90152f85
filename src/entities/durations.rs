//! `[durations]`: one entry each. The struct, its defaults, the reader of the configuration, the text of `waybill init` and the times in
//! `docs/specification/exceptions.md` all come from the table below.
//!
//! A new duration is one entry here: sentence, key, default, and the least value that makes sense where that is not 0. Code reads it as
//! `rules.durations.KEY`.

use serde::Serialize;

use crate::facts::time::Span;

/// One key of `[durations]`, as the reader of the configuration and the pages of documentation need it.
pub struct DurationKey {
    /// The key in `[durations]`, and the name of the field.
    pub key: &'static str,
    /// What it bounds, in a sentence.
    pub sentence: &'static str,
    /// The theme it stands under in the file that `waybill init` writes.
    pub theme: &'static str,
    /// A shorter one is refused: it would switch off what it is for.
    pub least: Span,
    get: fn(&Durations) -> Span,
    place: fn(&mut Durations) -> &mut Span,
}

impl DurationKey {
    /// The entry of a key.
    pub fn of(key: &str) -> Option<&'static Self> {
        DURATIONS.iter().find(|duration| duration.key == key)
    }

    /// What it is in these rules.
    pub fn get(&self, durations: &Durations) -> Span {
        (self.get)(durations)
    }

    /// Sets it.
    pub fn set(&self, durations: &mut Durations, span: Span) {
        *(self.place)(durations) = span;
    }

    /// What it is where the configuration is silent.
    pub fn default(&self) -> Span {
        self.get(&Durations::default())
    }
}

macro_rules! durations {
    ($($theme:literal { $($(#[doc = $sentence:literal])+ $key:ident: $default:expr $(, least $least:expr)?;)+ })+) => {
        /// How long things may take: all of `[durations]`.
        #[derive(Clone, Debug, PartialEq, Serialize)]
        pub struct Durations {
            $($($(#[doc = $sentence])+ pub $key: Span,)+)+
        }

        impl Default for Durations {
            fn default() -> Self {
                Self { $($($key: $default,)+)+ }
            }
        }

        /// Every key of `[durations]`, theme by theme.
        pub const DURATIONS: &[DurationKey] = &[$($(DurationKey {
            key: stringify!($key),
            sentence: concat!($($sentence),+).trim_ascii(),
            theme: $theme,
            least: durations!(@least $($least)?),
            get: |durations| durations.$key,
            place: |durations| &mut durations.$key,
        },)+)+];
    };
    (@least) => { Span(0) };
    (@least $least:expr) => { $least };
}

durations! {
    "After so long an exception opens." {
        /// An order still lacks lines, its address or its payment, counted from when it was placed: `order-incomplete`.
        order_incomplete: Span::minutes(15);
        /// Rows name an order that is not known: `orphan-rows`.
        orphan_rows: Span::days(1);
        /// A complete new snapshot leaves out rows of an open order. Counted from the snapshot's last row: others may stand in partitions that
        /// are read a little later. `snapshot-missing`.
        snapshot_missing: Span::minutes(15);
        /// The ERP was asked for a record and has none: `erp-record-missing`.
        erp_record_missing: Span::hours(1);
        /// The ERP deleted its record, and nothing of it is posted: `erp-record-gone`.
        erp_record_gone: Span::hours(1);
        /// The ERP's record differs from the last request: `erp-differs`.
        erp_differs: Span::hours(1);
        /// The warehouse has no order after the go-ahead: `release-unanswered`.
        release_unanswered: Span::hours(1);
        /// A line was closed short, without a quantity, and the shop has not cancelled the rest: `short-closed`.
        short_closed: Span::hours(1);
        /// A warehouse says that all of an order has left, and its despatches do not name all of it: `short-closed`. Its reports may be read by night.
        despatch_untold: Span::days(1);
        /// A receiver was asked to correct a despatch, and its rows still show more: `despatch-corrected`.
        despatch_corrected: Span::hours(1);
        /// Only a mirror shows goods as sent; counted from the mirror's newest row: `mirror-only`.
        mirror_only: Span::days(1);
        /// An order is not paid, counted from when it was placed: `unpaid`.
        unpaid: Span::days(3);
        /// Goods left that are not captured, counted from their despatch: `despatched-unpaid`.
        despatched_unpaid: Span::days(3);
        /// A parcel has no scan, counted from its despatch: `parcel-late`.
        parcel_late: Span::days(3);
        /// A parcel is past its promised date: `parcel-late`.
        parcel_promised: Span::days(2);
        /// A parcel has no further scan: `parcel-lost`.
        parcel_lost: Span::days(10);
        /// Goods came back, and nobody has counted them in or written them off: `goods-not-settled`.
        goods_not_settled: Span::days(3);
        /// Goods came back that nobody authorised: `return-unlogged`.
        return_unlogged: Span::days(2);
        /// A return was authorised, and its goods do not come: `return-not-received`.
        return_not_received: Span::days(30);
        /// The same where the return is refunded already.
        return_not_received_refunded: Span::days(14);
        /// A refund was requested, or is under way, and is not paid: `refund-unpaid`.
        refund_unpaid: Span::days(5);
        /// After so long the exception says so again: the law gives 14 days.
        refund_unpaid_again: Span::days(12);
        /// More is captured than the order is worth: rows of an amended order and of its payment come apart. `overpaid`.
        overpaid: Span::hours(1);
        /// The shop shows pieces as credited, or a counter took pieces back, and tells of no refund; its money waits: `mirror-only`.
        refund_untold: Span::days(1);
        /// Pieces were cancelled after their go-ahead, and the warehouse does not answer: `cancel-unanswered`.
        cancel_unanswered: Span::days(1);
        /// Goods came back to be exchanged, and no other goods are sent for them: `exchange-open`.
        exchange_open: Span::days(5);
        /// All is delivered, and the money for it was not handed over (cash on delivery): `customer-account-open`.
        customer_account_open: Span::days(7);
        /// The same for an order on account.
        invoice_open: Span::days(60);
        /// The keeper of the books has posted otherwise than the rows come to: `books-differ`.
        books_differ: Span::days(3);
        /// Goods left whose cost no system has told: `cost-missing`.
        cost_missing: Span::days(3);
        /// A refund names a payment that the order does not have: `refund-unmatched`.
        refund_unmatched: Span::days(1);
        /// A source still sends a person who asked to be forgotten; counted from the moment of asking: `erasure-incomplete`.
        erasure_incomplete: Span::days(2), least Span::hours(1);
        /// No source of products knows the SKU of an order's line: `unknown-sku`.
        unknown_sku: Span::minutes(15);
        /// Two systems' counts of one location differ: `counts-differ`.
        counts_differ: Span::days(1);
        /// A shop shows another figure than it was sent: `shop-stock-differs`.
        shop_stock_differs: Span::hours(1), least Span::minutes(1);
        /// A shop's own reservations add more to its figure than can be taken from it: `shop-oversells`. The rows of one shipment
        /// come a moment apart.
        shop_oversells: Span::minutes(5);
    }
    "Waybill waits so long before it goes on without." {
        /// An order that was edited waits for the cancellation of the one that it replaces; then the two are orders of their own.
        replacement: Span::hours(1);
        /// A despatch notice waits for a tracking number, counted from the despatch; then it goes without.
        tracking_for_notice: Span::minutes(30);
        /// The mail `despatched` waits for a tracking number; then it goes without.
        tracking_for_mail: Span::minutes(60);
        /// A parcel's rows may come line by line. While more of the order is to come, the mail `despatched` waits until the rows have been the
        /// same for this long. Shorter: a mail shows half a parcel. Longer: mails come late.
        parcel_settles: Span::seconds(60);
    }
    "Something counts for so long." {
        /// A mail is due from its event until this age.
        mail_age: Span::hours(24), least Span::minutes(1);
        /// The same for mails that are of use on the day alone: `out-for-delivery`, `attempted`.
        mail_age_on_the_day: Span::hours(2), least Span::minutes(1);
        /// Carriers use tracking numbers again: a scan counts for a parcel until this long after its despatch.
        parcel_window: Span::days(120), least Span::days(1);
        /// A parcel without a final scan counts as delivered this long after its despatch.
        assume_delivered: Span::days(21), least Span::hours(1);
        /// The key and version of a deleted row are kept, so that a late repeat does not revive it.
        tombstone: Span::days(14), least Span::days(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_stands_once_and_its_default_is_allowed() {
        for (i, duration) in DURATIONS.iter().enumerate() {
            assert!(DURATIONS[..i].iter().all(|before| before.key != duration.key), "{} stands twice", duration.key);
            assert!(duration.default() >= duration.least, "the default of {} is refused", duration.key);
            assert!(duration.sentence.ends_with('.'), "{}: {}", duration.key, duration.sentence);
        }
        assert!(DurationKey::of("tombstone").is_some() && DurationKey::of("eternity").is_none());
    }

    #[test]
    fn what_is_set_is_what_is_read() {
        for duration in DURATIONS {
            let mut durations = Durations::default();
            duration.set(&mut durations, Span(1));
            assert_eq!(duration.get(&durations), Span(1));
            let others = DURATIONS.iter().filter(|other| other.get(&durations) != other.default());
            assert_eq!(others.map(|other| other.key).collect::<Vec<_>>(), [duration.key]);
        }
    }
}

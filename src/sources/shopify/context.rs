//! The adapter as its bodies see it: settings, and how Shopify writes values.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;

use crate::envelope::{Cell, Columns, Decimals, DecodeError};
use crate::facts::order::Tender;
use crate::facts::{Amount, CustomerKey, Moment, OrderKey, Place, Quantity};
use crate::sources::adapter::Common;
use crate::sources::words::Words;

/// The keys of `[sources.NAME]` for `kind = "shopify"`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ShopifySettings {
    /// The topics that the bodies land on.
    #[serde(default = "topics")]
    pub(super) topics: Vec<String>,
    /// Payment gateway -> tender. Default: gift cards, store credit, manual methods; any other gateway is a card.
    #[serde(default)]
    pub(super) tenders: BTreeMap<String, String>,
}

fn topics() -> Vec<String> {
    ["orders", "refunds", "order-transactions", "inventory-levels", "customers"].iter().map(|name| format!("shopify.{name}")).collect()
}

pub(super) const TENDERS: &[(&str, Tender)] = &[
    ("bank deposit", Tender::Bank),
    ("cash", Tender::Cash),
    ("cash on delivery (cod)", Tender::CashOnDelivery),
    ("gift_card", Tender::GiftCard),
    ("manual", Tender::Bank),
    ("money order", Tender::Bank),
    ("shopify_store_credit", Tender::StoreCredit),
];

/// The adapter.
pub(super) struct Shopify {
    pub(super) common: Common,
    pub(super) settings: ShopifySettings,
    pub(super) tenders: Words<Tender>,
}

/// Row id of the payment by cards, banks and the like.
pub(super) const PAYMENT: &str = "payment";

/// What reading a body depends on beside its members.
pub(super) struct Context<'c> {
    pub(super) shopify: &'c Shopify,
    /// When the webhook was triggered, by its header.
    pub(super) triggered_at: Option<Moment>,
    /// Version and time of bodies that carry none: when the webhook was triggered, else when it was landed.
    pub(super) taken_at: Moment,
    pub(super) digest: u64,
}

/// So many bits of a stamp's last part are the body's digest; those above them say how far the body has got.
const DIGEST_BITS: u32 = 40;
/// The rank of a webhook that was triggered in the very millisecond of its stamp.
const TRIGGERED_AT_ONCE: i64 = 1 << 31;

impl Context<'_> {
    pub(super) fn order(&self, id: &Cell<'_>) -> Result<OrderKey, DecodeError> {
        Ok(OrderKey::new(&self.shopify.common.name, &shopify_id(id)?))
    }

    pub(super) fn account(&self, id: &str) -> CustomerKey {
        CustomerKey::account(&self.shopify.common.name, id)
    }

    pub(super) fn tender(&self, gateway: &str) -> Tender {
        self.shopify.tenders.get(gateway).copied().unwrap_or(Tender::Card)
    }

    /// The place of a body that says when it was changed, in whole seconds. Of the bodies of one second the one that was triggered later is the
    /// newer; among equals the one that is further on (`progress`), at last any fixed choice. A body without the header was read from the API
    /// afterwards: it is newer than the webhooks of its second.
    pub(super) fn stamp(&self, at: Moment, progress: u32) -> Place {
        let rank = self.triggered_at.map_or(u32::MAX, |triggered| {
            let late = triggered.0.saturating_sub(at.0).saturating_add(TRIGGERED_AT_ONCE);
            u32::try_from(late.clamp(0, i64::from(u32::MAX - 1))).unwrap_or(u32::MAX - 1)
        });
        Place::Stamp { millis: at.0, rank, tie: u64::from(progress) << DIGEST_BITS | self.digest >> (u64::BITS - DIGEST_BITS) }
    }

    /// The place of a body that says nothing of when it was changed, beside those that say it in whole seconds.
    pub(super) fn stamp_of_trigger(&self) -> Place {
        self.stamp(Moment(self.taken_at.0.div_euclid(1_000) * 1_000), 0)
    }
}

pub(super) fn amount(cell: &Cell<'_>) -> Result<Amount, DecodeError> {
    cell.amount(Decimals::Text, 0)
}

pub(super) fn opt_amount(cell: &Cell<'_>) -> Result<Option<Amount>, DecodeError> {
    cell.opt_amount(Decimals::Text, 0)
}

pub(super) fn pieces(cell: &Cell<'_>) -> Result<Quantity, DecodeError> {
    Ok(cell.opt_quantity(Decimals::Text, 0)?.unwrap_or_default())
}

/// No shop sold anything on the web before (1990-01-01). What a program writes for "no date" (0, the year 1) lies before it.
const FIRST_MOMENT: Moment = Moment(631_152_000_000);

/// A moment; absent and `null` are none. A number, a flag, a date without a time or a blank is not taken for one, nor for none.
pub(super) fn moment(cell: &Cell<'_>) -> Result<Option<Moment>, DecodeError> {
    if cell.is_null() {
        return Ok(None);
    }
    let read = cell.text().ok().and_then(|text| Moment::parse_rfc3339(text.trim())).filter(|at| *at >= FIRST_MOMENT);
    read.map(Some).ok_or_else(|| cell.error("a moment from 1990 on, as in 2026-03-02T10:15:07+01:00, or null"))
}

/// An id of Shopify's: a whole number, also as text, or at the end of a global id (`gid://shopify/Order/6201500000111`).
pub(super) fn shopify_id<'a>(cell: &Cell<'a>) -> Result<Cow<'a, str>, DecodeError> {
    let whole = |id: &str| !id.starts_with('0') && !id.is_empty() && id.len() <= 20 && id.bytes().all(|byte| byte.is_ascii_digit());
    let bare = |text: &str| {
        let rest = text.strip_prefix("gid://shopify/").and_then(|rest| rest.split_once('/'))?.1;
        Some(rest.split('?').next().unwrap_or_default().to_owned())
    };
    let id = match cell.id().ok() {
        Some(id) if whole(&id) => Some(id),
        Some(id) => bare(&id).filter(|id| whole(id)).map(Cow::Owned),
        None => None,
    };
    id.ok_or_else(|| cell.error("an id (a whole number above 0)"))
}

/// An id; absent and `null` are none.
pub(super) fn opt_shopify_id<'a>(cell: &Cell<'a>) -> Result<Option<Cow<'a, str>>, DecodeError> {
    if cell.is_null() { Ok(None) } else { shopify_id(cell).map(Some) }
}

/// A word of an enumeration, in lower case (GraphQL writes them in upper case); absent and `null` are empty.
pub(super) fn word<'a>(cell: &Cell<'a>) -> Result<Cow<'a, str>, DecodeError> {
    let word = cell.filled()?.unwrap_or_default();
    Ok(if word.bytes().any(|byte| byte.is_ascii_uppercase()) { Cow::Owned(word.to_ascii_lowercase()) } else { word })
}

/// Reads each object of a list; the place in the list is part of an error's name: `refund_line_items[2].quantity`.
pub(super) fn each<'a, T: Columns<'a>>(cell: &Cell<'a>, mut read: impl FnMut(T) -> Result<(), DecodeError>) -> Result<(), DecodeError> {
    for (i, object) in cell.objects::<T>()?.into_iter().enumerate() {
        read(object).map_err(|error| error.within(&format!("{}[{i}]", cell.name())))?;
    }
    Ok(())
}

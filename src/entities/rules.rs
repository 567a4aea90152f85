//! The rules that views and events are computed by, beside rows: what configuration says, checked. Their fingerprint is kept with each shard.

use serde::Serialize;

pub use crate::facts::Role;
use crate::facts::time::Span;
use crate::facts::{Currency, Quantity, Sku, SourceId, Text};

/// What a source tells of refunds (journey.md, "One fact, one authority").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReportsRefunds {
    #[default]
    None,
    /// Every refund reaches it, whoever made it.
    All,
    /// Those that it made itself.
    Own,
}

/// A configured source, as views need it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SourceRules {
    pub id: SourceId,
    pub name: Text,
    pub roles: Vec<Role>,
    pub reports_refunds: ReportsRefunds,
    /// The lines of an order of this source count as whole when the header's number of lines or quantity agrees.
    pub trust_header_count: bool,
    /// ... or when nothing came for so long.
    pub quiet: Option<Span>,
}

/// A channel: what sells to customers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Channel {
    pub name: Text,
    pub brand: Text,
    /// The shop whose figure `stock-updates` set: its configured name.
    pub shop: Text,
    /// Locations that the channel sells from.
    pub pool: Vec<Text>,
    pub safety_stock: Quantity,
    pub safety_by_sku: Vec<(Sku, Quantity)>,
    pub price_list: Text,
    pub currency: Currency,
    /// IANA zone of the channel's dates.
    pub zone: Text,
}

/// A place where goods are.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Location {
    /// As the counting system names it.
    pub code: Text,
    /// Other systems' names of the same place.
    pub aliases: Vec<Text>,
    /// The warehouse system that works there, and counts.
    pub wms: Option<SourceId>,
    /// The only system whose counts of this location count.
    pub counted_by: Option<SourceId>,
    /// Buckets whose pieces can be sold; empty: all.
    pub sellable_buckets: Vec<Text>,
}

/// When the ERP gets an order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ErpWhen {
    #[default]
    Secured,
    Placed,
}

/// One table of durations, with journey.md's defaults.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Durations {
    /// `order-incomplete` after.
    pub order_incomplete: Span,
    /// `orphan-rows` after.
    pub orphan_rows: Span,
    /// A despatch notice to a receiver waits so long for a tracking number, then goes without.
    pub tracking_for_notice: Span,
    /// The mail `despatched` waits so long for a tracking number.
    pub tracking_for_mail: Span,
    /// Greatest age of a mail.
    pub mail_age: Span,
    /// Delivered by assumption so long after despatch.
    pub assume_delivered: Span,
    /// A deleted row's key and version are kept so long.
    pub tombstone: Span,
}

impl Default for Durations {
    fn default() -> Self {
        Self {
            order_incomplete: Span::minutes(15),
            orphan_rows: Span::days(1),
            tracking_for_notice: Span::minutes(30),
            tracking_for_mail: Span::minutes(60),
            mail_age: Span::hours(24),
            assume_delivered: Span::days(21),
            tombstone: Span::days(14),
        }
    }
}

/// All that views and events are computed from beside rows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rules {
    pub sources: Vec<SourceRules>,
    pub channels: Vec<Channel>,
    pub locations: Vec<Location>,
    pub durations: Durations,
    pub erp_when: ErpWhen,
    /// Shipping and other charges come back when nothing is kept.
    pub refund_charges: bool,
    /// Pairs of accounts that Waybill keeps (postings.md): their letters.
    pub books_kept: Vec<char>,
    /// Kinds of mail that are on (`confirmed`, `despatched` ...).
    pub notifications: Vec<Text>,
    /// Parcels delivered by assumption complete an order.
    pub assumed_completes: bool,
}

impl Rules {
    pub fn source(&self, id: SourceId) -> Option<&SourceRules> {
        self.sources.iter().find(|source| source.id == id)
    }

    pub fn name_of(&self, id: SourceId) -> &str {
        if id == SourceId::WAYBILL { "waybill" } else { self.source(id).map_or("unknown source", |source| &source.name) }
    }

    /// Does this source play the role?
    pub fn plays(&self, id: SourceId, role: Role) -> bool {
        self.source(id).is_some_and(|source| source.roles.contains(&role))
    }

    /// Does any source play the role? Where none does, a condition that only this role could fulfil counts as fulfilled.
    pub fn has(&self, role: Role) -> bool {
        self.sources.iter().any(|source| source.roles.contains(&role))
    }

    pub fn channel(&self, name: &str) -> Option<&Channel> {
        self.channels.iter().find(|channel| channel.name == name)
    }

    /// The location of this code or alias.
    pub fn location(&self, code: &str) -> Option<&Location> {
        self.locations.iter().find(|location| location.code == code || location.aliases.iter().any(|alias| alias == code))
    }
}

//! The rules that views and events are computed by, beside rows: what configuration says, checked. Their fingerprint is kept with each shard.

use std::collections::BTreeMap;

use serde::Serialize;

pub use super::stock_rules::{CountingRules, StockDurations, StockRules};
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

/// A fact that several systems tell of and one of them decides (journey.md, "One fact, one authority"). What always counts from where the
/// order was placed (lines, prices, charges), by the largest (cancelled quantity) or by `reports_refunds` has no entry here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Authority {
    /// Payment captured or voided.
    Payments,
    /// Allocated, picked, packed, despatched.
    Despatches,
    /// Return authorised.
    Returns,
    /// Goods received back, and their condition.
    Receipts,
    /// Delivered.
    Deliveries,
    Products,
    Prices,
}

impl Authority {
    pub const ALL: [Self; 7] =
        [Self::Payments, Self::Despatches, Self::Returns, Self::Receipts, Self::Deliveries, Self::Products, Self::Prices];

    /// The key in the table `[authorities]`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Payments => "payments",
            Self::Despatches => "despatches",
            Self::Returns => "returns",
            Self::Receipts => "receipts",
            Self::Deliveries => "deliveries",
            Self::Products => "products",
            Self::Prices => "prices",
        }
    }

    /// Who decides where the configuration is silent: the first group of which any source plays a role.
    pub fn default_roles(self) -> &'static [&'static [Role]] {
        match self {
            Self::Payments => &[&[Role::Shop, Role::Pos], &[Role::Erp]],
            Self::Despatches | Self::Receipts => &[&[Role::Wms], &[Role::Erp], &[Role::Shop, Role::Pos]],
            Self::Returns | Self::Products | Self::Prices => &[&[Role::Erp], &[Role::Shop]],
            Self::Deliveries => &[&[Role::Carrier], &[Role::Shop]],
        }
    }

    /// Must one source decide alone, where sources of this role decide? The others share by their nature: each shop has its orders, each
    /// warehouse its locations, each carrier its parcels.
    pub fn alone(self, deciding: &[Role]) -> bool {
        matches!(self, Self::Returns | Self::Products | Self::Prices) && deciding.contains(&Role::Erp)
    }
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
    /// `erp-record-missing` so long after the record was asked for.
    pub erp_record_missing: Span,
    /// `erp-record-gone` so long after the document was deleted.
    pub erp_record_gone: Span,
    /// `erp-differs` so long after the last request to the ERP.
    pub erp_differs: Span,
    /// `unpaid` so long after placing.
    pub unpaid: Span,
    /// `despatched-unpaid` so long after the despatch of what is not captured.
    pub despatched_unpaid: Span,
    /// How long an order that was edited waits for the cancellation of the one before it; then the two are orders of their own.
    pub replacement: Span,
    /// `release-unanswered` so long after the go-ahead.
    pub release_unanswered: Span,
    /// `short-closed`, where the quantity is not told, so long after the line was closed.
    pub short_closed: Span,
    /// `despatch-corrected` so long after the correction was asked for.
    pub despatch_corrected: Span,
    /// `mirror-only` so long after a mirror's newest word.
    pub mirror_only: Span,
    /// `goods-not-settled` so long after the receipt.
    pub goods_not_settled: Span,
    /// `return-unlogged` so long after the receipt.
    pub return_unlogged: Span,
    /// `return-not-received` so long after the authorisation; and where it is refunded already.
    pub return_not_received: Span,
    pub return_not_received_refunded: Span,
    /// `parcel-late` so long after despatch without a scan.
    pub parcel_late: Span,
    /// `parcel-late` so long after the promised date.
    pub parcel_promised: Span,
    /// `parcel-lost` after so long without a scan.
    pub parcel_lost: Span,
    /// Scans of a tracking number count for a parcel until so long after its despatch: numbers are used again.
    pub parcel_window: Span,
    /// `orphan-rows` after.
    pub orphan_rows: Span,
    /// `snapshot-missing` so long after a snapshot's last row was read: its others may stand in partitions that are read a little later.
    pub snapshot_missing: Span,
    /// A despatch notice to a receiver waits so long for a tracking number, then goes without.
    pub tracking_for_notice: Span,
    /// The mail `despatched` waits so long for a tracking number.
    pub tracking_for_mail: Span,
    /// The mail `despatched` of a parcel that is not the last of its order waits until the parcel's rows have been the same for so long, by the
    /// engine's clock: they may come line by line. Shorter: a mail tells half a parcel; longer: mails come late.
    pub parcel_settles: Span,
    /// Greatest age of a mail.
    pub mail_age: Span,
    /// ... of those that are of use only at once: `out-for-delivery`, `attempted`.
    pub mail_age_on_the_day: Span,
    /// Delivered by assumption so long after despatch.
    pub assume_delivered: Span,
    /// A deleted row's key and version are kept so long.
    pub tombstone: Span,
}

impl Default for Durations {
    fn default() -> Self {
        Self {
            order_incomplete: Span::minutes(15),
            erp_record_missing: Span::hours(1),
            erp_record_gone: Span::hours(1),
            erp_differs: Span::hours(1),
            unpaid: Span::days(3),
            despatched_unpaid: Span::days(3),
            replacement: Span::hours(1),
            release_unanswered: Span::hours(1),
            short_closed: Span::hours(1),
            despatch_corrected: Span::hours(1),
            mirror_only: Span::days(1),
            goods_not_settled: Span::days(3),
            return_unlogged: Span::days(2),
            return_not_received: Span::days(30),
            return_not_received_refunded: Span::days(14),
            parcel_late: Span::days(3),
            parcel_promised: Span::days(2),
            parcel_lost: Span::days(10),
            parcel_window: Span::days(120),
            orphan_rows: Span::days(1),
            snapshot_missing: Span::minutes(15),
            tracking_for_notice: Span::minutes(30),
            tracking_for_mail: Span::minutes(60),
            parcel_settles: Span::seconds(60),
            mail_age: Span::hours(24),
            mail_age_on_the_day: Span::hours(2),
            assume_delivered: Span::days(21),
            tombstone: Span::days(14),
        }
    }
}

/// All that views and events are computed from beside rows.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Rules {
    pub sources: Vec<SourceRules>,
    /// Facts that configuration moved to one source; for the others [`Authority::default_roles`] says who decides.
    pub authorities: BTreeMap<Authority, SourceId>,
    pub channels: Vec<Channel>,
    pub locations: Vec<Location>,
    pub durations: Durations,
    pub erp_when: ErpWhen,
    /// Shipping and other charges come back when nothing is kept.
    pub refund_charges: bool,
    /// Pairs of accounts that Waybill keeps (postings.md): their letters.
    pub books_kept: Vec<char>,
    /// The currency of unit costs (the ERP's local currency); `None`: that of each order.
    pub cost_currency: Option<Currency>,
    /// Kinds of mail that are on (`confirmed`, `despatched` ...).
    pub notifications: Vec<Text>,
    /// Parcels delivered by assumption complete an order.
    pub assumed_completes: bool,
    pub parcels_refunded: ParcelsRefunded,
    /// What concerns stock and prices alone.
    pub stock: StockRules,
}

/// Which parcels are refunded by the carrier's word alone; of the others a person decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct ParcelsRefunded {
    /// The carrier says lost.
    pub lost: bool,
    /// Sent back undelivered, and received by the warehouse.
    pub undelivered: bool,
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

    /// Does this fact count from this source? Everybody else's rows about it are mirrors: kept and shown, never added.
    pub fn counts_from(&self, fact: Authority, id: SourceId) -> bool {
        match self.authorities.get(&fact) {
            Some(moved) => *moved == id,
            None => self.deciding_roles(fact).iter().any(|role| self.plays(id, *role)),
        }
    }

    /// The roles that decide this fact by default: the first group that is played at all.
    pub fn deciding_roles(&self, fact: Authority) -> &'static [Role] {
        fact.default_roles().iter().copied().find(|group| group.iter().any(|role| self.has(*role))).unwrap_or_default()
    }

    pub fn channel(&self, name: &str) -> Option<&Channel> {
        self.channels.iter().find(|channel| channel.name == name)
    }

    /// The location of this code or alias.
    pub fn location(&self, code: &str) -> Option<&Location> {
        self.locations.iter().find(|location| location.code == code || location.aliases.iter().any(|alias| alias == code))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(sources: &[(&str, &[Role])]) -> Rules {
        let source = |&(name, roles): &(&str, &[Role])| SourceRules {
            id: SourceId::of(name),
            name: name.into(),
            roles: roles.to_vec(),
            reports_refunds: ReportsRefunds::None,
            trust_header_count: false,
            quiet: None,
        };
        Rules { sources: sources.iter().map(source).collect(), ..Rules::default() }
    }

    #[test]
    fn a_fact_counts_from_the_first_role_that_is_played() {
        let (shop, erp) = (SourceId::of("shop"), SourceId::of("erp"));
        let with_erp = rules(&[("shop", &[Role::Shop]), ("erp", &[Role::Erp])]);
        assert!(with_erp.counts_from(Authority::Despatches, erp) && !with_erp.counts_from(Authority::Despatches, shop));
        let alone = rules(&[("shop", &[Role::Shop])]);
        assert!(alone.counts_from(Authority::Despatches, shop) && alone.counts_from(Authority::Returns, shop));
    }

    #[test]
    fn a_fact_that_was_moved_counts_from_nobody_else() {
        let (shop, erp) = (SourceId::of("shop"), SourceId::of("erp"));
        let mut rules = rules(&[("shop", &[Role::Shop]), ("erp", &[Role::Erp])]);
        rules.authorities.insert(Authority::Payments, erp);
        assert!(rules.counts_from(Authority::Payments, erp) && !rules.counts_from(Authority::Payments, shop));
    }
}

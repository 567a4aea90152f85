//! The rules that views and events are computed by, beside rows: the checked configuration. Their fingerprint is kept with each shard.

use std::collections::BTreeMap;

use serde::Serialize;

pub use super::durations::Durations;
pub use super::pair::Pair;
pub use super::stock_rules::{CountingRules, StockRules};
pub use crate::facts::Role;
use crate::facts::time::Span;
use crate::facts::{Currency, Quantity, Sku, SourceId, Text};

/// Which refunds a source reports (journey.md, "One fact, one authority").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReportsRefunds {
    /// It reports none.
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
    /// Its number, made from its name.
    pub id: SourceId,
    /// Its name in the configuration.
    pub name: Text,
    /// The roles that it plays.
    pub roles: Vec<Role>,
    /// Which refunds it reports.
    pub reports_refunds: ReportsRefunds,
    /// The lines of an order of this source count as whole when the header's number of lines or quantity agrees.
    pub trust_header_count: bool,
    /// ... or when nothing came for so long.
    pub quiet: Option<Span>,
}

/// A channel: what sells to customers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Channel {
    /// Its name in the configuration.
    pub name: Text,
    /// The brand that it sells under.
    pub brand: Text,
    /// The shop whose figure `stock-updates` set: its configured name.
    pub shop: Text,
    /// Locations that the channel sells from.
    pub pool: Vec<Text>,
    /// Pieces of each SKU that are never shown.
    pub safety_stock: Quantity,
    /// The same for single SKUs.
    pub safety_by_sku: Vec<(Sku, Quantity)>,
    /// The list of its regular prices; empty: prices for all customers.
    pub price_list: Text,
    /// The currency of its prices.
    pub currency: Currency,
    /// IANA zone of the channel's dates.
    pub zone: Text,
    /// The shop's store views that belong to it, by the shop's ids; empty: the shop has none, or all that no other channel names.
    pub stores: Vec<Text>,
    /// The shop's stock that the channel sells from, by the shop's id; empty: all that no other channel names.
    pub stock_id: Text,
    /// The shop's orders can be of it: it names stores, or has the orders of all other stores.
    pub takes_orders: bool,
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
    /// The warehouse cannot change an order that it has: it is cancelled, and entered anew under another number.
    pub fixed_orders: bool,
}

/// A fact that several systems report and one of them decides (journey.md, "One fact, one authority"). What always counts from where the
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
    /// Names, options, parents, kits.
    Products,
    /// Prices and offers.
    Prices,
}

impl Authority {
    /// All of them.
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
    /// Once it is secured.
    #[default]
    Secured,
    /// As soon as it is placed.
    Placed,
}

/// All that views and events are computed from beside rows and ledgers.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Rules {
    /// Every configured source.
    pub sources: Vec<SourceRules>,
    /// Facts that configuration moved to one source; the others count by [`Authority::default_roles`].
    pub authorities: BTreeMap<Authority, SourceId>,
    /// What sells to customers.
    pub channels: Vec<Channel>,
    /// Where goods are.
    pub locations: Vec<Location>,
    /// How long things may take.
    pub durations: Durations,
    /// When the ERP gets an order.
    pub erp_when: ErpWhen,
    /// Shipping and other charges come back when nothing is kept.
    pub refund_charges: bool,
    /// Pairs of accounts that Waybill keeps, in the order of [`Pair::ALL`].
    pub books_kept: Vec<Pair>,
    /// Names of accounts where they are not the default: by the account, or by account and tender, as in `payment_clearing.cash`.
    pub books_accounts: BTreeMap<Text, Text>,
    /// The last day of the closed period, as `2026-03-31`: what happened until then is entered on the day after.
    pub books_closed_until: Option<Text>,
    /// The currency of unit costs (the ERP's local currency); `None`: that of each order.
    pub cost_currency: Option<Currency>,
    /// Kinds of mail that are on (`confirmed`, `despatched` ...).
    pub notifications: Vec<Text>,
    /// Topics, by name, that may have the customer's email address although they need none.
    pub emails_on: Vec<Text>,
    /// Parcels delivered by assumption complete an order.
    pub assumed_completes: bool,
    /// Which parcels are refunded without asking a person.
    pub parcels_refunded: ParcelsRefunded,
    /// Beyond these all refund requests wait for a person; `None`: they never do.
    pub refund_limits: Option<RefundLimits>,
    /// What concerns stock and prices alone.
    pub stock: StockRules,
}

/// How much may be asked back before all refund requests wait for a person. Zero of a limit: it is off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RefundLimits {
    /// Requests in one hour of the clock.
    pub per_hour: u32,
    /// Their sum in one hour of the clock and one currency, in whole units of a currency with two digits. Of a currency without a minor unit a
    /// hundred units count as one.
    pub sum_per_hour: u32,
    /// Their sum in a day, in hundredths of what was captured in it in the same currency. It counts from a twentieth of `sum_per_hour` on, so that
    /// the first refund of a quiet day stops nothing.
    pub share_of_day: u32,
}

impl Default for RefundLimits {
    fn default() -> Self {
        Self { per_hour: 500, sum_per_hour: 25_000, share_of_day: 50 }
    }
}

/// Which parcels are refunded without asking a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct ParcelsRefunded {
    /// Its carrier has marked it as lost.
    pub lost: bool,
    /// Sent back undelivered, and received by the warehouse.
    pub undelivered: bool,
}

impl Rules {
    /// The source of this number.
    pub fn source(&self, id: SourceId) -> Option<&SourceRules> {
        self.sources.iter().find(|source| source.id == id)
    }

    /// The configured name of a source, for texts.
    pub fn name_of(&self, id: SourceId) -> &str {
        if id == SourceId::WAYBILL { "waybill" } else { self.source(id).map_or("unknown source", |source| &source.name) }
    }

    /// The name of the first source that plays the role: the one that has to bring a row. Empty where none does.
    pub fn bringer(&self, role: Role) -> String {
        self.sources.iter().find(|source| source.roles.contains(&role)).map(|source| source.name.to_string()).unwrap_or_default()
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

    /// May this topic have the customer's email address?
    pub fn tells_email_on(&self, topic: &str) -> bool {
        self.emails_on.iter().any(|on| on == topic)
    }

    /// The channel of this name.
    pub fn channel(&self, name: &str) -> Option<&Channel> {
        self.channels.iter().find(|channel| channel.name == name)
    }

    /// What an account is called: by its tender, by itself, or by its default name.
    pub fn account_name(&self, account: &str, tender: Option<&str>) -> Text {
        self.account_named(account, tender).cloned().unwrap_or_else(|| account.into())
    }

    /// The same, where the configuration names it.
    pub fn account_named(&self, account: &str, tender: Option<&str>) -> Option<&Text> {
        let of_tender = tender.and_then(|tender| self.books_accounts.get(format!("{account}.{tender}").as_str()));
        of_tender.or_else(|| self.books_accounts.get(account))
    }

    /// Can the warehouse at this location not change an order that it has?
    pub fn has_fixed_orders(&self, code: &str) -> bool {
        self.location(code).is_some_and(|location| location.fixed_orders)
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

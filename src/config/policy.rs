//! The sections about what is done: `[orders]`, `[refunds]`, `[notifications]`, `[books]`, `[durations]`, `[authorities]`. Their defaults are
//! the specification's.

use std::collections::BTreeMap;

use toml::de::DeValue;

use super::document::{Section, found, suggestion};
use super::places::{playing, role_name};
use super::sources::Draft;
use super::values;
use crate::entities::account::Account;
use crate::entities::durations::{DURATIONS, Durations};
use crate::entities::rules::{
    Authority, Channel, CountingRules, ErpWhen, Location, Pair, ParcelsRefunded, RefundLimits, Rules, SourceRules, StockRules,
};
use crate::entities::topics::Topic;
use crate::events::notifications::MailKind;
use crate::facts::order::Tender;
use crate::facts::{Currency, Role, SourceId, Text};

pub fn rules(root: &mut Section<'_>, sources: &[Draft<'_>], channels: Vec<Channel>, locations: Vec<Location>, stock: StockRules) -> Rules {
    let (erp_when, assumed_completes) = orders(root.section("orders"));
    let (refund_charges, parcels_refunded, refund_limits) = refunds(root.section("refunds"));
    let Books { kept: books_kept, cost_currency, accounts: books_accounts, closed_until: books_closed_until } =
        books(root.section("books"), sources);
    let durations = durations(root.section("durations"));
    Rules {
        stock: self::stock(root.section("stock"), sources, stock),
        sources: sources.iter().map(source_rules).collect(),
        authorities: authorities(root.section("authorities"), sources),
        channels,
        locations,
        durations,
        erp_when,
        refund_charges,
        parcels_refunded,
        refund_limits: Some(refund_limits),
        books_kept,
        books_accounts,
        books_closed_until,
        cost_currency,
        notifications: notifications(root.section("notifications")),
        emails_on: personal_data(root.section("personal_data")),
        assumed_completes,
    }
}

fn source_rules(draft: &Draft<'_>) -> SourceRules {
    SourceRules {
        id: draft.id,
        name: draft.name.as_str().into(),
        roles: draft.roles.clone(),
        reports_refunds: draft.reports_refunds,
        trust_header_count: draft.trust_header_count,
        quiet: draft.quiet,
    }
}

fn orders(mut section: Section<'_>) -> (ErpWhen, bool) {
    let when = section.read("erp_when", |value| values::word(value, &[("secured", ErpWhen::Secured), ("placed", ErpWhen::Placed)]));
    let assumed_completes = section.read("assumed_completes", values::flag);
    section.finish();
    (when.unwrap_or_default(), assumed_completes.unwrap_or(false))
}

/// Do charges come back, which parcels are refunded without a decision, and how much may be asked back before a person looks?
fn refunds(mut section: Section<'_>) -> (bool, ParcelsRefunded, RefundLimits) {
    let charges_back = section.read("charges_back", values::flag);
    let lost = section.read("lost_parcels", values::flag).unwrap_or(false);
    let undelivered = section.read("undelivered_parcels", values::flag).unwrap_or(false);
    let mut limit = |key, max| section.read(key, |value| values::number(value, 0, max)).map(|limit| limit as u32);
    let mut limits = RefundLimits::default();
    limits.per_hour = limit("limit_per_hour", 1_000_000).unwrap_or(limits.per_hour);
    limits.sum_per_hour = limit("limit_sum_per_hour", 1_000_000_000).unwrap_or(limits.sum_per_hour);
    limits.share_of_day = limit("limit_share_of_day", 1_000).unwrap_or(limits.share_of_day);
    if limits.per_hour == 0 && limits.sum_per_hour == 0 && limits.share_of_day == 0 {
        section.diagnostics().note("refunds: every limit is 0: nothing holds refunds that a fault would send by the thousand".to_owned());
    }
    section.finish();
    (charges_back.unwrap_or(true), ParcelsRefunded { lost, undelivered }, limits)
}

const MAILS: [MailKind; 12] = MailKind::ALL;

fn notifications(mut section: Section<'_>) -> Vec<Text> {
    let kinds = section.read("kinds", |value| {
        let kinds = values::texts(value)?;
        let mails: Vec<(&'static str, MailKind)> = MAILS.iter().map(|mail| (mail.name(), *mail)).collect();
        for kind in &kinds {
            values::one_of(kind, &mails)?;
        }
        Ok(kinds)
    });
    section.finish();
    let mut kinds: Vec<Text> = match kinds {
        Some(kinds) => kinds.iter().map(Text::from).collect(),
        None => MAILS.iter().map(|mail| Text::from(mail.name())).collect(),
    };
    kinds.sort();
    kinds.dedup();
    kinds
}

/// Topics that may have the customer's email address.
fn personal_data(mut section: Section<'_>) -> Vec<Text> {
    let topics = section.read("email_on", |value| {
        let names = values::texts(value)?;
        for name in &names {
            values::one_of(name, &[(Topic::SalesLines.name(), ()), (Topic::MarketingProfiles.name(), ())])?;
        }
        Ok(names)
    });
    section.finish();
    topics.unwrap_or_default().iter().map(Text::from).collect()
}

/// Which pairs Waybill keeps. An ERP that posts to its own ledger keeps every pair that is not taken from it; without one Waybill keeps all.
fn books(mut section: Section<'_>, sources: &[Draft<'_>]) -> Books {
    let erp = sources.iter().find(|source| source.plays(Role::Erp));
    let posts = section.read("erp_posts_ledger", values::flag);
    if posts == Some(true) && erp.is_none() {
        section.problem("erp_posts_ledger", "no source plays erp: leave it out");
    }
    let posts = erp.is_some() && posts.unwrap_or(true);
    let keep = section.read("keep", pairs);
    let cost_currency = section.read("cost_currency", values::currency);
    let erp_keeps = section.read("erp_keeps", pairs);
    let closed_until = section.read("closed_until", date);
    let accounts = accounts(section.section("accounts"));
    if erp_keeps.is_some() && !posts {
        section.problem("erp_keeps", "no ERP posts to its own ledger: leave it out");
    }
    let kept = keep.unwrap_or_else(|| if posts { Vec::new() } else { Pair::ALL.to_vec() });
    let by_erp = match erp_keeps {
        _ if !posts => Vec::new(),
        Some(pairs) => pairs,
        None => Pair::ALL.iter().copied().filter(|pair| !kept.contains(pair)).collect(),
    };
    for pair in Pair::ALL {
        let name = pair.name();
        match (kept.contains(&pair), by_erp.contains(&pair)) {
            (true, true) => {
                let line = section.line_of("keep");
                section.problem(
                    "erp_keeps",
                    format!("the pair \"{name}\" is kept by the ERP and by Waybill (line {line}): every pair has one keeper"),
                );
            }
            (false, false) => section
                .diagnostics()
                .note(format!("nobody keeps the pair \"{name}\" of the books: add it to books.keep or books.erp_keeps")),
            _ => {}
        }
    }
    if kept.is_empty() {
        let erp = erp.map_or("the ERP", |erp| erp.name.as_str());
        section
            .diagnostics()
            .note(format!("{erp} keeps the books: journal-entries carries nothing (books.erp_posts_ledger = false changes that)"));
    }
    section.finish();
    Books { kept, cost_currency, accounts, closed_until }
}

/// `[books]`.
struct Books {
    kept: Vec<Pair>,
    cost_currency: Option<Currency>,
    accounts: BTreeMap<Text, Text>,
    closed_until: Option<Text>,
}

fn date(value: &DeValue<'_>) -> Result<Text, String> {
    let text = values::text(value)?;
    text.parse::<jiff::civil::Date>()
        .map(|date| date.to_string().into())
        .map_err(|_| format!("expected a date as \"2026-03-31\", found \"{text}\""))
}

/// Names of accounts: `sales_revenue = "4400"`, `"payment_clearing.cash" = "1000"`.
fn accounts(mut section: Section<'_>) -> BTreeMap<Text, Text> {
    let tenders = [Tender::Card, Tender::Bank, Tender::Cash, Tender::CashOnDelivery, Tender::OnAccount];
    let of_tender = tenders.map(|tender| format!("{}.{}", Account::PaymentClearing.name(), tender.name()));
    let known: Vec<&str> = Account::ALL.iter().map(|account| account.name()).chain(of_tender.iter().map(String::as_str)).collect();
    let mut accounts = BTreeMap::new();
    for (name, line, value) in section.pairs() {
        let key = section.path(&name);
        match values::text(value) {
            _ if !known.contains(&name.as_str()) => {
                let sentence = format!("unknown account; known are {}{}", known.join(", "), suggestion(&name, known.iter().copied()));
                section.diagnostics().problem(line, key, sentence);
            }
            Ok(text) => drop(accounts.insert(name.as_str().into(), text.as_str().into())),
            Err(sentence) => section.diagnostics().problem(line, key, sentence),
        }
    }
    accounts
}

fn pairs(value: &DeValue<'_>) -> Result<Vec<Pair>, String> {
    let mut pairs = values::texts(value)?.iter().map(|name| pair(name)).collect::<Result<Vec<_>, _>>()?;
    pairs.sort_unstable();
    pairs.dedup();
    Ok(pairs)
}

fn pair(name: &str) -> Result<Pair, String> {
    let known = || Pair::ALL.iter().map(|pair| pair.name());
    match Pair::named(name) {
        Some(pair) => Ok(pair),
        None => Err(format!("unknown pair \"{name}\"; known are {}{}", known().collect::<Vec<_>>().join(", "), suggestion(name, known()))),
    }
}

/// What counts, by source; how far counts may differ.
fn stock(mut section: Section<'_>, sources: &[Draft<'_>], mut stock: StockRules) -> StockRules {
    stock.count_tolerance = section.read("count_tolerance", values::quantity).unwrap_or_default();
    section.finish();
    let set = sources.iter().filter(|source| source.counting.rules != CountingRules::default());
    stock.sources = set.map(|source| (source.id, source.counting.rules)).collect();
    stock.products_reported = sources.iter().any(Draft::tells_products);
    stock
}

fn durations(mut section: Section<'_>) -> Durations {
    let mut durations = Durations::default();
    for duration in DURATIONS {
        if let Some(span) = section.read(duration.key, values::span_from(duration.least)) {
            duration.set(&mut durations, span);
        }
    }
    section.finish();
    durations
}

fn authorities(mut section: Section<'_>, sources: &[Draft<'_>]) -> BTreeMap<Authority, SourceId> {
    let mut moved = BTreeMap::new();
    for fact in Authority::ALL {
        let key = fact.name();
        let named = section.read(key, |value| match value {
            DeValue::String(_) => values::text(value),
            DeValue::Array(_) => Err(format!("one source decides, found a list: {}", values::texts(value)?.join(", "))),
            other => Err(format!("expected the name of a source, found {}", found(other))),
        });
        match named {
            Some(name) => {
                if let Some(id) = playing(&section, key, &name, sources, &[]) {
                    moved.insert(fact, id);
                }
            }
            None if !section.has(key) => alone_by_default(&section, fact, sources),
            None => {}
        }
    }
    section.finish();
    moved
}

/// Refuses a fact that must have one authority and would have two by default.
fn alone_by_default(section: &Section<'_>, fact: Authority, sources: &[Draft<'_>]) {
    let plays = |source: &Draft<'_>, group: &[Role]| group.iter().any(|role| source.plays(*role));
    let groups = fact.default_roles();
    let Some(group) = groups.iter().find(|group| sources.iter().any(|source| plays(source, group))) else { return };
    let deciding: Vec<&Draft<'_>> = sources.iter().filter(|source| plays(source, group)).collect();
    if !fact.alone(group) || deciding.len() < 2 {
        return;
    }
    let named: Vec<String> = deciding.iter().map(|source| format!("{} (line {})", source.name, source.line)).collect();
    let roles: Vec<&str> = group.iter().map(|role| role_name(*role)).collect();
    let first = deciding.first().map_or("", |source| source.name.as_str());
    let sentence = format!(
        "{} play {} and would decide this fact together: name the one that does, as in {} = \"{first}\"",
        named.join(" and "),
        roles.join(" or "),
        fact.name()
    );
    let line = if section.is_there() { section.line() } else { deciding.last().map_or(0, |source| source.line) };
    section.diagnostics().problem(line, section.path(fact.name()), sentence);
}

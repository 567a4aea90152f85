//! `GET /exceptions`: all that waits for a person, of orders, SKUs, aliases and the whole application, the oldest first.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::engine::{CaseNote, Cases, ExceptionCase};
use crate::entities::exceptions::{self, About};
use crate::events::exceptions::ExceptionNotice;
use crate::facts::{Amount, Moment, Text};

/// Exceptions of one answer, unless `limit` says fewer.
const LIMIT_MAX: usize = 1_000;
const LIMIT: usize = 100;

/// Which exceptions are asked for. Without any member: the hundred oldest of all.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ExceptionQuery {
    /// Only of this kind, as in `over-refunded`.
    pub kind: Option<String>,
    /// Only of `order`, `sku`, `alias` or `application`.
    pub about: Option<String>,
    /// Only of this order, SKU or alias: its key, or an order's number.
    pub entity: Option<String>,
    /// `since`: the oldest first. `at-risk`: the most money first, currency by currency.
    pub sort: Option<Sort>,
    /// Only those that this person has taken up; empty: that nobody has.
    pub owner: Option<String>,
    /// So many, at most 1,000.
    pub limit: Option<usize>,
    /// Behind this one: `next` of the answer before.
    pub after: Option<String>,
}

impl ExceptionQuery {
    /// Is this one asked for?
    pub fn asks_for(&self, about: About, notice: &ExceptionNotice, cases: &Cases) -> bool {
        let owner = || cases.0.get(&notice.key()).map(|case| case.owner.clone()).unwrap_or_default();
        self.kind.as_deref().is_none_or(|kind| notice.kind == kind)
            && self.about.as_deref().is_none_or(|asked| name(about) == asked)
            && self.entity.as_deref().is_none_or(|entity| notice.entity == entity || notice.order_number.as_deref() == Some(entity))
            && self.owner.as_deref().is_none_or(|asked| owner() == asked)
    }
}

/// What comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sort {
    /// The oldest.
    #[default]
    Since,
    /// The most money.
    AtRisk,
}

/// The answer.
#[derive(Debug, Serialize)]
pub struct ExceptionList {
    /// How many there are, of those that were asked for.
    pub total: usize,
    /// What all that are open come to, by kind, whatever was asked for.
    pub kinds: Vec<KindCount>,
    /// This page of them.
    pub exceptions: Vec<OpenException>,
    /// Given as `after` it asks for the next page; `null`: this is the last.
    pub next: Option<String>,
}

/// The open exceptions of one kind.
#[derive(Debug, Serialize)]
pub struct KindCount {
    /// The kind.
    pub kind: &'static str,
    /// What it is about.
    pub about: &'static str,
    /// The theme it stands under in `docs/specification/exceptions.md`.
    pub theme: &'static str,
    /// How many are open.
    pub open: usize,
    /// Since when the oldest is.
    pub oldest: Moment,
    /// The money at risk, by currency.
    pub at_risk: BTreeMap<Text, Amount>,
}

/// An open exception: the statement as it was emitted last, and what a person can do about it.
#[derive(Debug, Serialize)]
pub struct OpenException {
    /// `kind|entity|number`, the statement's key.
    pub key: Text,
    /// What it is about: `order`, `sku`, `alias`, `application`.
    pub about: &'static str,
    /// The statement.
    #[serde(flatten)]
    pub notice: ExceptionNotice,
    /// What settles it. None: only its rows do.
    pub decisions: Vec<DecisionChoice>,
    /// Who has taken it up; empty: nobody.
    pub owner: Text,
    /// What people noted about it, the newest last.
    pub notes: Vec<CaseNote>,
}

/// A decision that settles an exception.
#[derive(Debug, Serialize)]
pub struct DecisionChoice {
    /// Its word.
    pub choice: &'static str,
    /// It may name an amount; where it names none, it is about what is at risk.
    pub takes_amount: bool,
}

fn name(about: About) -> &'static str {
    match about {
        About::Order => "order",
        About::Sku => "sku",
        About::Alias => "alias",
        About::Customer => "customer",
        About::Application => "application",
    }
}

/// The page that was asked for.
pub fn list(mut all: Vec<(About, ExceptionNotice)>, cases: &Cases, query: &ExceptionQuery) -> ExceptionList {
    let kinds = kinds(&all);
    all.retain(|(about, notice)| query.asks_for(*about, notice, cases));
    let mut found: Vec<OpenException> = all.into_iter().map(|(about, notice)| open(about, notice, cases)).collect();
    match query.sort.unwrap_or_default() {
        Sort::Since => found.sort_by(|one, other| (one.notice.since, &one.key).cmp(&(other.notice.since, &other.key))),
        Sort::AtRisk => {
            let risk = |found: &OpenException| (found.notice.currency.map(|currency| currency.as_str().to_owned()), found.notice.at_risk);
            found.sort_by(|one, other| {
                let ((currency, amount), (other_currency, other_amount)) = (risk(one), risk(other));
                // Whatever has no money at risk comes last.
                (currency.is_none(), &currency, std::cmp::Reverse(amount), &one.key).cmp(&(
                    other_currency.is_none(),
                    &other_currency,
                    std::cmp::Reverse(other_amount),
                    &other.key,
                ))
            });
        }
    }
    let total = found.len();
    // One that was settled meanwhile leaves no hole: the page then begins where it would have stood, at the worst with the first.
    let from = query.after.as_deref().and_then(|after| Some(found.iter().position(|found| found.key == after)? + 1)).unwrap_or(0);
    let limit = query.limit.unwrap_or(LIMIT).clamp(1, LIMIT_MAX);
    let exceptions: Vec<OpenException> = found.into_iter().skip(from).take(limit).collect();
    let next = exceptions.last().filter(|_| from + exceptions.len() < total).map(|last| last.key.to_string());
    ExceptionList { total, kinds, exceptions, next }
}

fn open(about: About, notice: ExceptionNotice, cases: &Cases) -> OpenException {
    let ExceptionCase { owner, notes } = cases.0.get(&notice.key()).cloned().unwrap_or_default();
    let kind = exceptions::kind(about, &notice.kind);
    let choice = |choice: &&'static str| DecisionChoice { choice, takes_amount: kind.is_some_and(|kind| kind.takes_amount(choice)) };
    let decisions = kind.map_or(&[][..], |kind| kind.decisions).iter().map(choice).collect();
    OpenException { key: notice.key(), about: name(about), notice, decisions, owner, notes }
}

fn kinds(all: &[(About, ExceptionNotice)]) -> Vec<KindCount> {
    let mut kinds: BTreeMap<(&str, &str), KindCount> = BTreeMap::new();
    for (about, notice) in all {
        let Some(kind) = exceptions::kind(*about, &notice.kind) else { continue };
        let of = kinds.entry((kind.theme, kind.kind)).or_insert_with(|| KindCount {
            kind: kind.kind,
            about: name(*about),
            theme: kind.theme,
            open: 0,
            oldest: notice.since,
            at_risk: BTreeMap::new(),
        });
        of.open += 1;
        of.oldest = of.oldest.min(notice.since);
        if let (Some(amount), Some(currency)) = (notice.at_risk, notice.currency) {
            *of.at_risk.entry(currency.as_str().into()).or_default() += amount;
        }
    }
    kinds.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Currency;

    fn notice(kind: &str, entity: &str, since: i64, at_risk: Option<(i64, &str)>) -> ExceptionNotice {
        ExceptionNotice {
            id: String::new(),
            kind: kind.into(),
            entity: entity.into(),
            number: Text::default(),
            order_number: entity.strip_prefix("magento|").map(|id| format!("1000{id}").into()),
            since: Moment(since),
            sentence: Text::default(),
            to_do: Text::default(),
            at_risk: at_risk.map(|(amount, _)| Amount::from_int(amount)),
            currency: at_risk.and_then(|(_, code)| Currency::new(code)),
            causes: Vec::new(),
        }
    }

    fn all() -> Vec<(About, ExceptionNotice)> {
        vec![
            (About::Order, notice("over-refunded", "magento|2", 20, Some((5, "GBP")))),
            (About::Sku, notice("oversold", "TEE", 30, None)),
            (About::Order, notice("over-refunded", "magento|1", 10, Some((7, "EUR")))),
            (About::Order, notice("overpaid", "magento|2", 40, Some((9, "GBP")))),
        ]
    }

    fn entities(list: &ExceptionList) -> Vec<(&str, &str)> {
        list.exceptions.iter().map(|found| (found.notice.kind.as_str(), found.notice.entity.as_str())).collect()
    }

    #[test]
    fn the_oldest_come_first_page_by_page_and_a_kind_adds_up() {
        let first = list(all(), &Cases::default(), &ExceptionQuery { limit: Some(3), ..ExceptionQuery::default() });
        assert_eq!(entities(&first), [("over-refunded", "magento|1"), ("over-refunded", "magento|2"), ("oversold", "TEE")]);
        assert_eq!((first.total, first.exceptions[0].decisions[0].choice), (4, "accept"));
        let second = list(all(), &Cases::default(), &ExceptionQuery { limit: Some(3), after: first.next, ..ExceptionQuery::default() });
        assert_eq!((entities(&second), second.next.is_none()), (vec![("overpaid", "magento|2")], true));
        let kind = first.kinds.iter().find(|kind| kind.kind == "over-refunded").expect("the kind");
        assert_eq!((kind.open, kind.oldest, kind.at_risk.len()), (2, Moment(10), 2));
    }

    #[test]
    fn what_is_asked_for_narrows_the_list_and_money_sorts_within_its_currency() {
        let query = |text: &str| serde_json::from_str::<ExceptionQuery>(text).expect("a query");
        assert_eq!(
            entities(&list(all(), &Cases::default(), &query(r#"{"entity":"10002"}"#))),
            [("over-refunded", "magento|2"), ("overpaid", "magento|2")]
        );
        assert_eq!(entities(&list(all(), &Cases::default(), &query(r#"{"about":"sku"}"#))), [("oversold", "TEE")]);
        let by_money = list(all(), &Cases::default(), &query(r#"{"sort":"at-risk"}"#));
        let expected = [("over-refunded", "magento|1"), ("overpaid", "magento|2"), ("over-refunded", "magento|2"), ("oversold", "TEE")];
        assert_eq!(entities(&by_money), expected);
    }
}

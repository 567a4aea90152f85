//! What is said of a customer: who stands for the person, what is forgotten.

use std::collections::BTreeSet;

use super::joins::{self, Joins};
use super::{CustomerState, consent};
use crate::facts::customer::OrderSummary;
use crate::facts::{CustomerKey, CustomerRow, Moment, Text};

/// A customer as its statements show it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Person {
    /// How it is joined with others.
    pub joins: Joins,
    /// What happened until then is forgotten.
    pub erased_at: Option<Moment>,
    /// The account is deleted.
    pub closed: bool,
}

impl Person {
    /// Of this customer, by its rows.
    pub fn of(customer: &CustomerKey, state: &CustomerState) -> Self {
        let joins = Joins::of(customer, state);
        let erased_at = joins::erased_at(customer, state, &joins);
        Self { erased_at, closed: joins::is_closed(customer, state), joins }
    }

    /// Does the customer's history have this order? Under the address of another account it is shown to the person alone, if it is proven to be his.
    pub fn shows(&self, order: &OrderSummary) -> bool {
        let here = self.joins.merged_into.is_none() && (order.proven || !self.joins.is_joined());
        here && !self.closed && !order.forgotten
    }

    /// Brands that have a profile of the customer. Of a person who was forgotten, those that he has come back to.
    pub fn brands(&self, state: &CustomerState) -> Vec<Text> {
        if self.closed || self.joins.is_joined() || state.is_collective() {
            return Vec::new();
        }
        let Some(erased_at) = self.erased_at else { return state.brands().cloned().collect() };
        let since = |row: &CustomerRow| match row {
            CustomerRow::Account(account) if account.created_at.is_some_and(|made| made > erased_at) => Some(account.brand.clone()),
            CustomerRow::Consent(given) if consent::is_given_after(given, Some(erased_at)) => Some(given.brand.clone()),
            _ => None,
        };
        let kinds = [CustomerRow::ACCOUNT, CustomerRow::CONSENT].into_iter();
        let rows = kinds.flat_map(|kind| state.with_joined(kind)).filter_map(|(_, kept)| since(kept.content()?.told()));
        // An order from before counts no more.
        let ordered = state.sums().bought.keys().map(|(brand, _)| brand.clone());
        rows.chain(ordered).collect::<BTreeSet<Text>>().into_iter().collect()
    }
}

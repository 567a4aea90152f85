//! The books as they must be: each pair of accounts, from the truth of the orders (postings.md), in hundredths.

use std::collections::BTreeMap;

use super::order::Order;

/// Debit less credit, by account.
pub type Balances = BTreeMap<&'static str, i64>;

/// Accounts in the order of a trial balance.
pub const ACCOUNTS: [&str; 11] = [
    "payment_clearing",
    "customer_account",
    "refunds_payable",
    "sales_revenue",
    "shipping_revenue",
    "sales_returns",
    "shipping_returns",
    "tax_payable",
    "inventory",
    "cost_of_goods_sold",
    "stock_write_off",
];

fn post(balances: &mut Balances, debit: &'static str, credit: &'static str, amount: i64) {
    *balances.entry(debit).or_default() += amount;
    *balances.entry(credit).or_default() -= amount;
}

/// Adds what the order's books must show.
pub fn post_order(balances: &mut Balances, order: &Order) {
    post(balances, "payment_clearing", "customer_account", order.captured);
    for line in &order.lines {
        let (gross, tax) = (line.gross_of(line.despatched), line.tax_of(line.despatched));
        post(balances, "customer_account", "sales_revenue", gross - tax);
        post(balances, "customer_account", "tax_payable", tax);
        let staying = line.despatched - line.back();
        let (gross_back, tax_back) = (gross - line.gross_of(staying), tax - line.tax_of(staying));
        post(balances, "sales_returns", "customer_account", gross_back - tax_back);
        post(balances, "tax_payable", "customer_account", tax_back);
        post(balances, "cost_of_goods_sold", "inventory", line.despatched * line.cost);
        post(balances, "inventory", "cost_of_goods_sold", line.back_good * line.cost);
        post(balances, "stock_write_off", "cost_of_goods_sold", line.back_damaged * line.cost);
    }
    if order.despatched_any() {
        post(balances, "customer_account", "shipping_revenue", order.shipping);
        post(balances, "customer_account", "tax_payable", order.shipping_tax);
        if !order.keeps_any() {
            post(balances, "shipping_returns", "customer_account", order.shipping);
            post(balances, "tax_payable", "customer_account", order.shipping_tax);
        }
    }
    post(balances, "customer_account", "refunds_payable", order.due());
    post(balances, "refunds_payable", "payment_clearing", order.refunded());
}

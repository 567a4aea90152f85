//! Accounts of the books, by the names that entries have (`docs/specification/postings.md`).

use serde::{Deserialize, Serialize};

/// An account. Finance may set several of them to one account of its own ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Account {
    /// Captured less refunded; cleared by payouts, outside of Waybill.
    PaymentClearing,
    /// Value of gift cards given out less used.
    GiftCardLiability,
    /// Value of store credit given out less used.
    StoreCreditLiability,
    /// Value on its way from an order that was returned to the order that replaces it.
    ExchangeClearing,
    /// Credit: paid and not supplied yet, or overpaid; debit: supplied and not paid yet.
    CustomerAccount,
    /// Credit: due and not paid back yet; debit: refunded above what is due.
    RefundsPayable,
    /// Income from goods and services.
    SalesRevenue,
    /// Goods and services that were given back.
    SalesReturns,
    /// Income from shipping and the like.
    ShippingRevenue,
    /// Shipping and the like that is given back.
    ShippingReturns,
    /// Goodwill.
    SalesAllowances,
    /// Income from restocking and return labels.
    FeeIncome,
    /// Tax.
    TaxPayable,
    /// Duties that the customer paid.
    DutiesPayable,
    /// Tips that the customer paid.
    TipsPayable,
    /// Rounding of totals.
    RoundingDifferences,
    /// Goods in stock, at cost.
    Inventory,
    /// Cost of the goods that left.
    CostOfGoodsSold,
    /// Cost of returned goods that were written off.
    StockWriteOff,
    /// Cost of goods that were lost on their way.
    LostGoods,
}

impl Account {
    /// All of them.
    pub const ALL: [Self; 20] = [
        Self::PaymentClearing,
        Self::GiftCardLiability,
        Self::StoreCreditLiability,
        Self::ExchangeClearing,
        Self::CustomerAccount,
        Self::RefundsPayable,
        Self::SalesRevenue,
        Self::SalesReturns,
        Self::ShippingRevenue,
        Self::ShippingReturns,
        Self::SalesAllowances,
        Self::FeeIncome,
        Self::TaxPayable,
        Self::DutiesPayable,
        Self::TipsPayable,
        Self::RoundingDifferences,
        Self::Inventory,
        Self::CostOfGoodsSold,
        Self::StockWriteOff,
        Self::LostGoods,
    ];

    /// Is it of income, or of the tax on it? Its postings carry the code of the tax.
    pub fn is_taxed(self) -> bool {
        let income = matches!(self, Self::SalesRevenue | Self::ShippingRevenue | Self::FeeIncome);
        income || matches!(self, Self::SalesReturns | Self::ShippingReturns | Self::SalesAllowances | Self::TaxPayable)
    }

    /// Its name in an entry.
    pub fn name(self) -> &'static str {
        match self {
            Self::PaymentClearing => "payment_clearing",
            Self::GiftCardLiability => "gift_card_liability",
            Self::StoreCreditLiability => "store_credit_liability",
            Self::ExchangeClearing => "exchange_clearing",
            Self::CustomerAccount => "customer_account",
            Self::RefundsPayable => "refunds_payable",
            Self::SalesRevenue => "sales_revenue",
            Self::SalesReturns => "sales_returns",
            Self::ShippingRevenue => "shipping_revenue",
            Self::ShippingReturns => "shipping_returns",
            Self::SalesAllowances => "sales_allowances",
            Self::FeeIncome => "fee_income",
            Self::TaxPayable => "tax_payable",
            Self::DutiesPayable => "duties_payable",
            Self::TipsPayable => "tips_payable",
            Self::RoundingDifferences => "rounding_differences",
            Self::Inventory => "inventory",
            Self::CostOfGoodsSold => "cost_of_goods_sold",
            Self::StockWriteOff => "stock_write_off",
            Self::LostGoods => "lost_goods",
        }
    }
}

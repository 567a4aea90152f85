//! The running totals of an order's books, each made of parts with the moment of the row that caused it. `docs/specification/postings.md` has the
//! formulas; `journal-entries` posts the differences, and findings compare them with what another keeper has posted.
//!
//! | pair | running total | debit | credit | moment |
//! | --- | --- | --- | --- | --- |
//! | captured, by tender | captured less voided | the tender's account | `customer_account` | the payment |
//! | supplied, by line | the worth of the despatched pieces, at most all that were ordered | `customer_account` | `sales_revenue`, `tax_payable`; a gift card: `gift_card_liability` | the despatch |
//! | charge-earned | whole with the first piece supplied; a tip when something is captured | `customer_account` | `shipping_revenue`, `tax_payable` ... | the first despatch |
//! | returned, by line | the worth of the returned pieces | `sales_returns`, `tax_payable` | `customer_account` | receipt or approval, the later |
//! | charge-refunded | a charge that was earned and does not stay | `shipping_returns`, `tax_payable` ... | `customer_account` | the last piece that goes back |
//! | allowance | goodwill, at most what is owed; rounding of credits | `sales_allowances`, `tax_payable`; `rounding_differences` | `customer_account` | the credit or refund that gives it |
//! | fee | what is kept back | `customer_account` | `fee_income`, `tax_payable` | the credit that keeps it, or what it is kept of, the later |
//! | due | what is due to the customer | `customer_account` | `refunds_payable` | what made it due |
//! | refunded, by tender | what is refunded | `refunds_payable` | the tender's account | the refund |
//! | cost-out | despatched pieces x unit cost | `cost_of_goods_sold` | `inventory` | the despatch |
//! | cost-back, written-off | pieces settled as stock, as written off, at the same cost | `inventory`, `stock_write_off` | `cost_of_goods_sold` | receipt or disposition |
//! | lost | pieces of lost parcels | `lost_goods` | `cost_of_goods_sold` | the refund of the parcel |

mod concessions;
mod parts;

use self::parts::{TimedAmounts, cut, parts_of};
use crate::entities::account::Account;
use crate::entities::ledger::AccountPair;
use crate::entities::order::figures::{LineView, OrderFigures};
use crate::entities::order::worth::{Worth, worth};
use crate::entities::rules::{Pair, Rules};
use crate::entities::tax_code::TaxCode;
use crate::facts::order::{ChargeKind, GoodsExpected, LineKind, Tender};
use crate::facts::{Amount, Currency, Moment, OrderRow, Quantity, SourceId};

/// The running totals of pairs that are posted together: those of money, or those of cost.
pub struct Book {
    /// Of every amount.
    pub currency: Currency,
    /// Cost, not money.
    pub of_cost: bool,
    /// By pair and accounts, in parts.
    pub totals: Vec<(AccountPair, TimedAmounts)>,
}

impl Book {
    fn add(&mut self, accounts: AccountPair, amount: Amount, at: Option<Moment>) {
        if amount.is_zero() {
            return;
        }
        let place = self.totals.iter().position(|(other, _)| *other == accounts).unwrap_or_else(|| {
            self.totals.push((accounts, TimedAmounts::new()));
            self.totals.len() - 1
        });
        let parts = &mut self.totals[place].1;
        match parts.iter_mut().find(|(moment, _)| *moment == at) {
            Some((_, part)) => *part += amount,
            None => parts.push((at, amount)),
        }
    }

    /// The customer is supplied with something: it is owed.
    fn supply(&mut self, pair: Pair, revenue: Account, worth: Worth, code: TaxCode, at: Option<Moment>) {
        self.add(AccountPair::new(pair, Account::CustomerAccount, revenue).taxed(code), worth.net(), at);
        self.add(AccountPair::new(pair, Account::CustomerAccount, Account::TaxPayable).taxed(code), worth.tax, at);
    }

    /// It is given back.
    fn give_back(&mut self, pair: Pair, returns: Account, worth: Worth, code: TaxCode, at: Option<Moment>) {
        self.add(AccountPair::new(pair, returns, Account::CustomerAccount).taxed(code), worth.net(), at);
        self.add(AccountPair::new(pair, Account::TaxPayable, Account::CustomerAccount).taxed(code), worth.tax, at);
    }

    /// A total, all parts together.
    pub fn total(parts: &TimedAmounts) -> Amount {
        parts.iter().map(|(_, amount)| *amount).sum()
    }
}

/// The books of money and of cost.
pub fn books(figures: &OrderFigures<'_>, rules: &Rules) -> [Book; 2] {
    let mut money = Book { currency: figures.money.currency, of_cost: false, totals: Vec::new() };
    let cost_currency = rules.cost_currency.unwrap_or(figures.money.currency);
    let mut cost = Book { currency: cost_currency, of_cost: true, totals: Vec::new() };
    let country = figures.placed.ship_to.or(figures.placed.bill_to).map_or("", |address| address.country.as_str());
    let mut due = Due::default();
    payments(figures, &mut money);
    for (place, line) in figures.lines.iter().enumerate() {
        let back = went_back(figures, place);
        let code = code(country, Worth { gross: line.line.gross, tax: line.line.tax }, line.ordered, figures.money.currency);
        goods(figures, line, &back, code, &mut money, &mut due);
        costs(figures, place, line, &back, &mut cost);
    }
    charges(figures, country, &mut money, &mut due);
    concessions(figures, country, &mut money, &mut due);
    due.book(figures, &mut money);
    [money, cost]
}

fn code(country: &str, worth: Worth, pieces: Quantity, currency: Currency) -> TaxCode {
    TaxCode::of(country, worth.net(), worth.tax, pieces, currency)
}

fn payments(figures: &OrderFigures<'_>, book: &mut Book) {
    for tender in &figures.money.tenders {
        let (account, of) = (tender_account(tender.tender), tender.tender);
        let captured = AccountPair::new(Pair::Captured, account, Account::CustomerAccount).by(of);
        let captures = figures.paid.captures.iter().filter(|capture| capture.tender == of && capture.amount.is_positive());
        parts_of(tender.captured, captures.map(|capture| (capture.at, capture.amount)).collect())
            .into_iter()
            .for_each(|(at, part)| book.add(captured, part, at));
        let refunded = AccountPair::new(Pair::Refunded, Account::RefundsPayable, account).by(of);
        let rows = figures.money.refunds.iter().filter(|refund| refund.counts && refund.tender == of);
        parts_of(tender.refunded, rows.map(|refund| (refund.at, refund.amount)).collect())
            .into_iter()
            .for_each(|(at, part)| book.add(refunded, part, at));
    }
}

fn tender_account(tender: Tender) -> Account {
    match tender {
        Tender::Card | Tender::Bank | Tender::Cash | Tender::CashOnDelivery | Tender::OnAccount => Account::PaymentClearing,
        Tender::StoreCredit => Account::StoreCreditLiability,
        Tender::GiftCard => Account::GiftCardLiability,
        Tender::Exchange => Account::ExchangeClearing,
    }
}

/// The returned pieces of a line in the order in which they were accepted: with the receipt or the approval, the later of the two. `true`: no goods
/// were expected, for their parcel is lost.
fn went_back(figures: &OrderFigures<'_>, place: usize) -> Vec<(Option<Moment>, Quantity, bool)> {
    let mut back: Vec<(Option<Moment>, Quantity, bool)> = Vec::new();
    for returned in &figures.back.returns {
        let approved = returned.lines.iter().filter(|line| line.for_money && line.line.is_none_or(|line| line == place));
        let approved = approved.filter_map(|line| line.approved_at).min();
        for receipt in &returned.receipts {
            let pieces: Quantity = receipt.lines.iter().filter(|(line, _)| *line == place).map(|(_, pieces)| *pieces).sum();
            if pieces.is_positive() {
                back.push((Some(receipt.received_at).max(approved), pieces, false));
            }
        }
        // Parcels that Waybill itself authorises the return of follow below.
        let by_system = returned.source != SourceId::WAYBILL;
        for line in returned.lines.iter().filter(|line| by_system && line.for_money && !line.goods_expected && line.line == Some(place)) {
            back.push((line.approved_at.or(figures.touched.newest(&[OrderRow::RETURN_LINE])), line.quantity, false));
        }
    }
    for parcel in
        figures.back.refunded_parcels.iter().filter(|parcel| parcel.source == SourceId::WAYBILL && parcel.targets.contains(&place))
    {
        if parcel.goods_expected == GoodsExpected::No {
            back.push((parcel.approved_at, parcel.quantity, true));
        }
    }
    back.sort_by_key(|(at, ..)| *at);
    let mut rest = figures.lines[place].back.returned;
    for (_, pieces, _) in &mut back {
        *pieces = (*pieces).min(rest);
        rest -= *pieces;
    }
    if rest.is_positive() {
        // Nobody has booked the goods in: the shop's credit alone says that they are back.
        let mut credited: Vec<(Moment, Quantity)> =
            figures.paid.credits.naming.iter().map(|credit| (credit.at, credit.pieces[place])).collect();
        credited.sort_by_key(|(at, _)| *at);
        for (at, pieces) in credited {
            let pieces = pieces.min(rest);
            back.push((Some(at), pieces, false));
            rest -= pieces;
        }
        let last = back.iter().filter_map(|(at, ..)| *at).max().or(figures.touched.newest(&[OrderRow::LINE_PROGRESS]));
        back.push((last, rest, false));
    }
    back.retain(|(_, pieces, _)| pieces.is_positive());
    back
}

fn goods(
    figures: &OrderFigures<'_>,
    line: &LineView<'_>,
    back: &[(Option<Moment>, Quantity, bool)],
    code: TaxCode,
    book: &mut Book,
    due: &mut Due,
) {
    let (revenue, returns) = match line.line.kind {
        LineKind::Goods | LineKind::Service => (Account::SalesRevenue, Account::SalesReturns),
        LineKind::GiftCard => (Account::GiftCardLiability, Account::GiftCardLiability),
        LineKind::Tip => (Account::TipsPayable, Account::TipsPayable),
    };
    let supplied = line.sent.despatched.min(line.ordered);
    for (at, part) in cut(despatches(line), supplied, |pieces| worth(line, pieces)) {
        book.supply(Pair::Supplied, revenue, part, code, at);
    }
    let parts = cut(back.iter().map(|(at, pieces, _)| (*at, *pieces)), supplied, |pieces| {
        worth(line, supplied).less(worth(line, supplied - pieces))
    });
    for (at, part) in parts {
        book.give_back(Pair::Returned, returns, part, code, at);
        due.add(at, part.gross);
    }
    let stopped = worth(line, line.ordered).less(worth(line, line.ordered - line.kept.stopped));
    due.add(figures.sent.cancelled_at.max(figures.times.stopped), stopped.gross);
}

/// The pieces that left, as they did; what has no row of its own belongs to the newest.
fn despatches(line: &LineView<'_>) -> impl Iterator<Item = (Option<Moment>, Quantity)> {
    let mut parts: Vec<(Option<Moment>, Quantity)> = line.sent.parts.iter().map(|part| (Some(part.despatched_at), part.quantity)).collect();
    parts.sort_by_key(|(at, _)| *at);
    let told: Quantity = parts.iter().map(|(_, pieces)| *pieces).sum();
    let rest = line.sent.despatched - told;
    if rest.is_positive() {
        parts.push((parts.last().and_then(|(at, _)| *at), rest));
    }
    parts.into_iter()
}

fn charges(figures: &OrderFigures<'_>, country: &str, book: &mut Book, due: &mut Due) {
    let first = figures.lines.iter().flat_map(|line| &line.sent.parts).map(|part| part.despatched_at).min();
    let supplied = figures.lines.iter().any(|line| line.sent.despatched.is_positive());
    let last = due.newest();
    // A difference that a person has accepted counts as a charge, of which nobody has said what it is for.
    if supplied {
        let unnamed = AccountPair::new(Pair::ChargeEarned, Account::CustomerAccount, Account::RoundingDifferences);
        book.add(unnamed, figures.money.accepted_owed, first);
    }
    for charge in &figures.money.charges {
        let worth = Worth { gross: charge.charge.gross, tax: charge.charge.tax };
        let code = code(country, worth, Quantity::from_int(1), figures.money.currency);
        let removed = if charge.charge.removed { figures.touched.newest(&[OrderRow::CHARGE]).max(last) } else { last };
        // What a credit gives back of it, and the rest where it does not stay at all.
        let credited = charge.credited.min(charge.given_back);
        let credited = Worth { gross: credited, tax: worth.part(credited, figures.money.currency) };
        let rest = if charge.stays { Worth::default() } else { worth.less(credited) };
        let parts = [(figures.money.credited_at, credited), (removed, rest)];
        parts.iter().for_each(|(at, part)| due.add(*at, part.gross));
        let tip = charge.charge.kind == ChargeKind::Tip;
        let earned = if tip { figures.money.captured.is_positive() } else { supplied };
        if !earned {
            continue;
        }
        let (revenue, returns) = match charge.charge.kind {
            ChargeKind::Shipping | ChargeKind::Wrapping | ChargeKind::Handling => (Account::ShippingRevenue, Account::ShippingReturns),
            ChargeKind::Duty => (Account::DutiesPayable, Account::DutiesPayable),
            ChargeKind::Tip => (Account::TipsPayable, Account::TipsPayable),
            ChargeKind::Rounding => (Account::RoundingDifferences, Account::RoundingDifferences),
        };
        book.supply(Pair::ChargeEarned, revenue, worth, code, if tip { figures.times.captured } else { first });
        for (at, part) in parts {
            book.give_back(Pair::ChargeRefunded, returns, part, code, at);
        }
    }
}

/// Goodwill and fees, and the rounding of credits.
fn concessions(figures: &OrderFigures<'_>, country: &str, book: &mut Book, due: &mut Due) {
    let money = &figures.money;
    let oldest = due.oldest();
    for (at, code, part) in concessions::allowance(figures, country) {
        due.add(at, part.gross);
        book.give_back(Pair::Allowance, Account::SalesAllowances, part, code, at);
    }
    let rounding = AccountPair::new(Pair::Allowance, Account::RoundingDifferences, Account::CustomerAccount);
    book.add(rounding, money.rounded, money.credited_at.max(oldest));
    for (at, code, part) in concessions::fee(figures, country, oldest) {
        book.supply(Pair::Fee, Account::FeeIncome, part, code, at);
    }
}

/// What made money due, and when.
#[derive(Default)]
struct Due(Vec<(Option<Moment>, Amount)>);

impl Due {
    fn add(&mut self, at: Option<Moment>, amount: Amount) {
        if !amount.is_zero() {
            self.0.push((at, amount));
        }
    }

    fn oldest(&self) -> Option<Moment> {
        self.0.iter().filter_map(|(at, _)| *at).min()
    }

    fn newest(&self) -> Option<Moment> {
        self.0.iter().filter_map(|(at, _)| *at).max()
    }

    /// The total is what is due, which may be less than its reasons come to: not all was captured.
    fn book(mut self, figures: &OrderFigures<'_>, book: &mut Book) {
        let accounts = AccountPair::new(Pair::Due, Account::CustomerAccount, Account::RefundsPayable);
        self.0.sort_by_key(|(at, _)| *at);
        let mut rest = figures.money.due;
        let newest = self.newest().or(figures.times.captured);
        for (at, amount) in self.0 {
            let part = amount.min(rest).floor_zero();
            rest -= part;
            book.add(accounts, part, at);
        }
        book.add(accounts, rest, newest);
    }
}

/// Without a unit cost the line's cost pairs wait. The cost of what came back is cut from a cumulative total, so that all pieces back cost
/// what all pieces out did.
fn costs(figures: &OrderFigures<'_>, place: usize, line: &LineView<'_>, back: &[(Option<Moment>, Quantity, bool)], book: &mut Book) {
    let Some(unit) = line.erp.unit_cost else { return };
    let currency = book.currency;
    let cost = |pieces: Quantity| unit.times(pieces).rounded(currency);
    let out = AccountPair::new(Pair::CostOut, Account::CostOfGoodsSold, Account::Inventory);
    let mut left = Quantity::ZERO;
    for (at, pieces) in despatches(line) {
        book.add(out, cost(left + pieces) - cost(left), at);
        left += pieces;
    }
    let received = figures.back.returns.iter().flat_map(|returned| &returned.receipts);
    let received = received.filter(|receipt| receipt.lines.iter().any(|(line, _)| *line == place)).map(|receipt| receipt.received_at).max();
    let settled = received.max(figures.times.disposed).or_else(|| back.last().and_then(|(at, ..)| *at));
    let stock = line.back.settled_stock;
    book.add(AccountPair::new(Pair::CostBack, Account::Inventory, Account::CostOfGoodsSold), cost(stock), settled);
    let written_off = stock + line.back.settled_written_off;
    let account = AccountPair::new(Pair::WrittenOff, Account::StockWriteOff, Account::CostOfGoodsSold);
    book.add(account, cost(written_off) - cost(stock), settled);
    let lost = back.iter().filter(|(.., lost)| *lost);
    let at = lost.clone().next_back().and_then(|(at, ..)| *at);
    let lost: Quantity = lost.map(|(_, pieces, _)| *pieces).sum::<Quantity>().min(line.back.settled_other);
    let account = AccountPair::new(Pair::Lost, Account::LostGoods, Account::CostOfGoodsSold);
    book.add(account, cost(written_off + lost) - cost(written_off), at);
}

/// When the newest row was written that can lower a pair's total.
pub fn newest_row(pair: Pair, figures: &OrderFigures<'_>) -> Option<Moment> {
    let kinds: &[u8] = match pair {
        Pair::Captured => &[OrderRow::PAYMENT, OrderRow::TRANSACTION],
        Pair::Supplied | Pair::ChargeEarned | Pair::CostOut => &[OrderRow::DESPATCH, OrderRow::LINE, OrderRow::CHARGE, OrderRow::ERP_LINE],
        Pair::Returned | Pair::ChargeRefunded | Pair::Due => &[
            OrderRow::RECEIPT,
            OrderRow::RETURN_DOCUMENT,
            OrderRow::RETURN_LINE,
            OrderRow::DECISION,
            OrderRow::LINE,
            OrderRow::CHARGE,
            OrderRow::PAYMENT,
            OrderRow::TRANSACTION,
            OrderRow::CREDIT,
            OrderRow::CREDIT_LINE,
            OrderRow::REFUND,
        ],
        Pair::Allowance | Pair::Fee => &[OrderRow::CREDIT, OrderRow::CREDIT_LINE, OrderRow::REFUND, OrderRow::DECISION, OrderRow::RECEIPT],
        Pair::Refunded => &[OrderRow::REFUND, OrderRow::DISPUTE],
        Pair::CostBack | Pair::WrittenOff | Pair::Lost => &[OrderRow::RECEIPT, OrderRow::DISPOSITION, OrderRow::DECISION],
    };
    figures.touched.newest(kinds)
}

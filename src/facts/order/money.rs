//! Money of an order: payments, refunds, and what a refund is for.
//!
//! A refund is told in two kinds of rows, since systems keep them apart: a [`Credit`] with its [`CreditLine`]s says *what for* (pieces of lines,
//! shipping, goodwill, less a fee), and a [`Refund`] says *how much goes back, by which means*. The credit names the refunds that pay it.

use serde::{Deserialize, Serialize};

use super::{LineRef, Word};
use crate::facts::{Amount, Currency, Moment, Quantity, Text};

/// By which means was paid. In the order in which a refund is spread over them: card and bank first, then store credit, then gift card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tender {
    /// A card, or a wallet that charges one.
    Card,
    /// A bank transfer.
    Bank,
    /// Cash at a counter.
    Cash,
    /// Cash at the door.
    CashOnDelivery,
    /// On invoice, paid later.
    OnAccount,
    /// Credit of the customer at the shop.
    StoreCredit,
    /// A gift card.
    GiftCard,
    /// Goods that were given back for these.
    Exchange,
}

/// A payment, as running totals of one tender. Key: the shop's payment id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Payment {
    /// The means of payment.
    pub tender: Tender,
    /// The currency of its amounts; `None`: its row names none, so they are in the order's.
    pub currency: Option<Currency>,
    /// Authorised in all, captured part included; 0 when voided or expired.
    pub authorised: Amount,
    /// Captured less voided.
    pub captured: Amount,
    /// When the authorisation lapses; `None`: not told.
    pub expires_at: Option<Moment>,
    /// The gateway's reference of the capture: two rows with the same one are one fact.
    pub reference: Text,
    /// The provider refused the payment.
    pub failed: bool,
}

impl Payment {
    /// A payment of which nothing is authorised or captured yet.
    pub fn new(tender: Tender, currency: Currency) -> Self {
        Self { currency: Some(currency), ..Self::in_the_orders_currency(tender) }
    }

    /// ... whose row names no currency: its amounts are in the order's.
    pub fn in_the_orders_currency(tender: Tender) -> Self {
        let (authorised, captured, currency) = (Amount::ZERO, Amount::ZERO, None);
        Self { tender, currency, authorised, captured, expires_at: None, reference: Text::default(), failed: false }
    }
}

/// How far a refund has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefundState {
    /// On its way: counted as refunded.
    Pending,
    /// Paid.
    Success,
    /// Not paid.
    Failed,
}

/// A refund that some system tells of. Key: that system's refund id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Refund {
    /// The means by which the money goes back.
    pub tender: Tender,
    /// The currency of `amount`.
    pub currency: Currency,
    /// What goes back to the customer.
    pub amount: Amount,
    /// How far it has got.
    pub state: Word<RefundState>,
    /// The payment provider's reference: two rows with the same one are one refund.
    pub reference: Text,
    /// The id of our request that it answers, where the system can carry it.
    pub request: Option<Text>,
    /// By the clock of the system that tells of it.
    pub refunded_at: Moment,
    /// The capture that it goes back to: the id of its transaction, or the provider's reference; empty: not told.
    pub capture: Text,
}

impl Refund {
    /// A refund that was paid, without a reference.
    pub fn new(tender: Tender, currency: Currency, amount: Amount, refunded_at: Moment) -> Self {
        let state = Word::Known(RefundState::Success);
        let (reference, capture) = (Text::default(), Text::default());
        Self { tender, currency, amount, state, reference, request: None, refunded_at, capture }
    }
}

/// What some system gives a customer credit for: a credit memo, the lines of a refund. It moves no money by itself. Key: that system's id.
///
/// What it credits for pieces of lines settles these pieces; what is for no line is goodwill; a fee lowers what is due.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Credit {
    /// The currency of its amounts, and of those of its lines.
    pub currency: Currency,
    /// For goods, tax inside, as a sum; `None`: its [`CreditLine`]s tell it by themselves. Where lines are there too, they say which goods.
    pub goods: Option<Amount>,
    /// For shipping and the like, tax inside.
    pub shipping: Amount,
    /// For duties, tax inside.
    pub duty: Amount,
    /// For nothing that was sold, tax inside.
    pub goodwill: Amount,
    /// Kept back: restocking, a return label; tax inside; 0 or more.
    pub fee: Amount,
    /// The ids of the [`Refund`]s that pay it, at the same source; none: no money moves for it.
    pub refunds: Vec<Text>,
    /// By the clock of the system that tells of it.
    pub credited_at: Moment,
}

impl Credit {
    /// A credit of what its lines say.
    pub fn new(currency: Currency, credited_at: Moment) -> Self {
        let none = Amount::ZERO;
        Self { currency, goods: None, shipping: none, duty: none, goodwill: none, fee: none, refunds: Vec::new(), credited_at }
    }
}

/// Pieces of a line in a credit. Key: that system's id of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CreditLine {
    /// The id of the [`Credit`], at the same source.
    pub credit: Text,
    /// The line, or the SKU.
    pub line: LineRef,
    /// Pieces.
    pub quantity: Quantity,
    /// Credited for them, tax inside; `None`: not told, so what they are worth.
    pub gross: Option<Amount>,
}

/// What a transaction of a payment provider does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TransactionKind {
    /// Reserves money.
    Authorisation,
    /// Takes money, reserved before or not.
    Capture,
    /// Gives a reservation up.
    Void,
}

/// A transaction of a payment provider that succeeded, as some system lists it. Refunds are [`Refund`]s. Key: that system's id of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PaymentTransaction {
    /// What it does.
    pub kind: TransactionKind,
    /// The means of payment; `None`: that of the payment.
    pub tender: Option<Tender>,
    /// The currency of `amount`; `None`: the order's.
    pub currency: Option<Currency>,
    /// `None`: its system does not keep the amount.
    pub amount: Option<Amount>,
    /// The provider's reference; empty: not told.
    pub reference: Text,
    /// The id of the authorisation that it takes or gives up, at the same source; empty: none.
    pub parent: Text,
    /// It failed after all, or was cancelled: it counts for nothing.
    pub failed: bool,
    /// By the clock of the system that tells of it.
    pub made_at: Moment,
}

/// How a dispute stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DisputeState {
    /// The bank has taken the money back for now.
    Open,
    /// The money is the shop's.
    Won,
    /// The money is the customer's.
    Lost,
}

/// The payer's bank takes a payment back. Key: that system's id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dispute {
    /// The currency of `amount`.
    pub currency: Currency,
    /// What is disputed.
    pub amount: Amount,
    /// How it stands.
    pub state: Word<DisputeState>,
    /// By the clock of the system that tells of it.
    pub disputed_at: Moment,
}

/// A line of the general ledger of whoever keeps the books, about an order. Key: that system's number of the entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Posting {
    /// The account, as that ledger names it.
    pub account: Text,
    /// A debit is above zero, a credit below.
    pub amount: Amount,
    /// Of the amount; `None`: the ledger's own currency, which is not told.
    pub currency: Option<Currency>,
    /// The document that it was posted with.
    pub document: Text,
    /// Its business date, as `2026-03-02`; empty: not told.
    pub date: Text,
}

//! What truly happened to an order, as those who were there would tell it. No row stands here: `story.rs` says what the systems wrote of it,
//! `shopkeeper.rs` what a shopkeeper says is right.
//!
//! Money is counted in minor units of the order's currency (pence, yen, fils), so it is exact.

/// Minor units.
pub type Minor = i64;

/// By which means money moves. In the order in which a shopkeeper gives back: what came from outside first, his own paper last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Means {
    Card,
    Bank,
    CashOnDelivery,
    /// Out of a till.
    Cash,
    StoreCredit,
    GiftCard,
}

impl Means {
    pub fn name(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::Bank => "bank",
            Self::CashOnDelivery => "cash-on-delivery",
            Self::Cash => "cash",
            Self::StoreCredit => "store-credit",
            Self::GiftCard => "gift-card",
        }
    }
}

/// Which systems the retailer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum House {
    /// Shop, ERP, warehouse, carrier, and finance, which sees every refund.
    Whole,
    /// The shop alone.
    ShopAlone,
    /// The shop, and finance, which sees every refund.
    ShopAndFinance,
}

impl House {
    pub const ALL: [Self; 3] = [Self::Whole, Self::ShopAlone, Self::ShopAndFinance];
}

/// A line as it was bought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bought {
    pub pieces: i64,
    /// For all of them, discounts off, tax inside.
    pub gross: Minor,
    pub tax: Minor,
}

/// What a person agreed with the customer for pieces that come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreed {
    Money,
    StoreCredit,
    /// The money, and the goods stay where they are.
    KeepIt,
    /// Money, once a photo was seen.
    Proof,
    /// Nothing yet: it was only asked for.
    Nothing,
    /// Other goods of the same worth.
    Exchange,
    /// Refused.
    Refused,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Good,
    Damaged,
    /// The warehouse does not take it.
    Rejected,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Done,
    UnderWay,
    Failed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payer {
    Shop,
    Finance,
    Till,
}

/// What money was given for, as it was meant.
#[derive(Clone, Debug, PartialEq)]
pub enum For {
    /// For what the customer had to get; nobody wrote down more.
    WhatIsDue,
    /// Told piece by piece: line, pieces, amount; and shipping, a gift, less a fee.
    Told { pieces: Vec<(usize, i64, Minor)>, shipping: Minor, gift: Minor, fee: Minor },
}

/// Money that goes back to the customer.
#[derive(Clone, Debug)]
pub struct Given {
    pub id: u32,
    pub by: Payer,
    pub means: Means,
    pub amount: Minor,
    pub state: State,
    pub meant: For,
    /// Finance has seen it too (of a refund by the shop).
    pub finance_sees: bool,
    /// Pieces that the shop shows as credited with it.
    pub credited: Vec<(usize, i64)>,
    /// The return whose goods it is for, where a clerk gave it for one.
    pub of_return: Option<u32>,
}

/// One thing that happens.
#[derive(Clone, Debug)]
pub enum What {
    Ordered,
    Paid {
        means: Means,
        amount: Minor,
    },
    /// The bank of the customer holds the money ready.
    Reserved {
        amount: Minor,
    },
    /// ... and a part of it is taken.
    Taken {
        id: u32,
        amount: Minor,
    },
    /// The ERP has it, and it may be sent.
    Approved,
    /// The warehouse works on it.
    AtTheWarehouse,
    Cancelled {
        line: usize,
        pieces: i64,
    },
    /// The warehouse says that it will not send what was cancelled.
    Stopped,
    Sent {
        parcel: u32,
        pieces: Vec<(usize, i64)>,
    },
    Delivered {
        parcel: u32,
    },
    Lost {
        parcel: u32,
    },
    /// A person has decided to give the money of a lost parcel back.
    LostIsRefunded {
        parcel: u32,
    },
    Agreed {
        rma: u32,
        line: usize,
        pieces: i64,
        what: Agreed,
    },
    /// A person has seen the photo.
    ProofSeen {
        rma: u32,
    },
    Back {
        rma: Option<u32>,
        number: u32,
        line: usize,
        pieces: i64,
        shape: Shape,
    },
    /// A person refunds what the warehouse has not taken.
    RejectedIsRefunded {
        number: u32,
    },
    Given(Given),
    /// The order is changed: these are its lines from now on. With the number of a return where the new line is for the goods of it.
    Edited {
        lines: Vec<Bought>,
        exchange: Option<u32>,
    },
    /// A person gives back what was paid above the order's worth.
    SurplusIsRefunded,
    /// A customer brings pieces to a till, and gets his money there; its row tells of it, or is missing.
    AtTheTill {
        number: u32,
        line: usize,
        pieces: i64,
        paid: Option<Given>,
    },
    /// Goods that were to be exchanged are: another order has the new ones, and is paid with the old. `told`: the shop writes it down here too.
    ExchangedElsewhere {
        id: u32,
        amount: Minor,
        told: bool,
    },
    /// A person gives the money instead of other goods.
    ExchangeIsRefunded,
    /// The bank changes its mind.
    Turned {
        id: u32,
        state: State,
    },
    Disputed {
        amount: Minor,
        state: Dispute,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dispute {
    Open,
    Won,
    Lost,
}

/// A thing and its day, from 1.
#[derive(Clone, Debug)]
pub struct Act {
    pub day: i64,
    pub what: What,
}

/// When the rows of what happened arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// Those of a day on that day, in any order among them.
    Daily,
    /// All at the end, in any order: Waybill was away.
    AtOnce,
    /// Each up to three days late.
    Late,
}

/// An order from its beginning to its end.
#[derive(Clone, Debug)]
pub struct Ending {
    pub seed: u64,
    pub house: House,
    pub currency: &'static str,
    /// Digits of its minor unit.
    pub digits: u32,
    /// As they were ordered at first.
    pub lines: Vec<Bought>,
    /// Gross and tax; nothing where it is free.
    pub shipping: Option<(Minor, Minor)>,
    /// The customer pays before anything is sent.
    pub terms: Terms,
    pub acts: Vec<Act>,
    pub arrival: Arrival,
    /// In which rows come within a day, and which come twice.
    pub shuffle: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Terms {
    Prepaid,
    OnAccount,
    AtTheDoor,
}

impl Ending {
    pub fn last_day(&self) -> i64 {
        self.acts.iter().map(|act| act.day).max().unwrap_or(1)
    }
}

/// What some of a line's pieces are worth: their part of what was paid for all of them, to the minor unit, halves up.
pub fn worth(whole: Minor, pieces: i64, of: i64) -> Minor {
    if of == 0 {
        return 0;
    }
    (2 * whole * pieces + of).div_euclid(2 * of)
}

//! What must hold at the end of a run, and what was found not to.

/// What must hold at the end of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Invariant {
    /// No id twice; steps of each ledger from 1 without gap or repeat; bodies that can be read.
    Events,
    /// Every order at its end, every piece where it is.
    Orders,
    /// Each receiver told of each parcel, receipt and completion, once.
    Notices,
    /// Each mail at most once, the three of every order made.
    Mails,
    /// Refunds to the cent, none above what was captured.
    Refunds,
    /// Entries balance; each account is what it must be.
    Books,
    /// Every SKU's figure; the shop sells what may be sold.
    Stock,
    /// Nothing is left for a person to look at but what a person must look at.
    Exceptions,
    /// Marketing is told of each person what that person last said.
    Consent,
    /// No system was asked for what it can't do.
    Systems,
    /// What came in is out, waits, or is asked of a person.
    Counts,
}

impl Invariant {
    pub const ALL: [Self; 11] = [
        Self::Events,
        Self::Orders,
        Self::Notices,
        Self::Mails,
        Self::Refunds,
        Self::Books,
        Self::Stock,
        Self::Exceptions,
        Self::Consent,
        Self::Systems,
        Self::Counts,
    ];

    /// In a sentence, as it stands in the picture.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::Events => "no two events have one id, and each ledger numbers its requests 1, 2, 3 ... without a gap",
            Self::Orders => "Waybill shows each order's end as it really was, piece by piece",
            Self::Notices => "shop and ERP heard of every parcel, return and completion exactly once",
            Self::Mails => "no mail went out twice",
            Self::Refunds => "every refund is right to the penny and was paid once",
            Self::Books => "every journal entry balances, and every account has the balance that it must have",
            Self::Stock => "every SKU's stock is what the warehouse really has",
            Self::Exceptions => "nothing is left for a person to look at",
            Self::Consent => "marketing writes to those alone who last said yes, wherever they said it",
            Self::Systems => "no system was asked for what it could not do",
            Self::Counts => "nothing is stuck: each piece and penny went on, waits for a named row, or belongs to an open exception",
        }
    }
}

/// An invariant that does not hold, with the order and the row in the sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub invariant: Invariant,
    pub sentence: String,
}

/// Collects failures.
#[derive(Default)]
pub struct Failures(pub Vec<Failure>);

impl Failures {
    pub fn add(&mut self, invariant: Invariant, sentence: String) {
        self.0.push(Failure { invariant, sentence });
    }

    /// Adds the sentence unless `said` is `really`.
    pub fn same<T: PartialEq>(&mut self, invariant: Invariant, said: T, really: T, sentence: impl FnOnce(T, T) -> String) {
        if said != really {
            self.add(invariant, sentence(said, really));
        }
    }
}

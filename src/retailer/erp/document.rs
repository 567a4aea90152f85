//! What an ERP records of an order or a return, whichever ERP it is.

use crate::facts::Moment;
use crate::facts::order::Address;
use crate::retailer::catalogue::Article;
use crate::retailer::sites::Site;

/// What a document is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Order,
    Return,
}

/// An open document.
#[derive(Clone, Debug)]
pub struct Document {
    /// Of which order, by index.
    pub index: u32,
    pub kind: Kind,
    /// The ERP's own id of it, where it has one beside the number.
    pub id: i64,
    pub number: String,
    /// The shop's public number.
    pub external: String,
    /// Somebody has looked at it: the warehouse may begin, the return may come.
    pub approved: bool,
    pub created_at: Moment,
    pub modified_at: Moment,
    pub ship_to: Address,
    pub lines: Vec<Line>,
}

/// A line of it.
#[derive(Clone, Debug)]
pub struct Line {
    /// 1, 2, 3 ...
    pub place: i64,
    /// The shop's item that it was made from.
    pub item: i64,
    /// Index into the catalogue.
    pub article: usize,
    pub item_no: String,
    pub variant: &'static str,
    pub description: String,
    pub quantity: i64,
    /// Before anything was lowered.
    pub first: i64,
    /// Shipped and invoiced; received and credited of a return.
    pub done: i64,
    pub price: i64,
    pub cost: i64,
    pub gross: i64,
    pub tax: i64,
    pub reason: &'static str,
    /// The warehouse that sends it, or takes it back.
    pub site: Site,
}

impl Line {
    pub fn new(place: i64, item: i64, (index, article): (usize, &Article), price: i64, site: Site) -> Self {
        Self {
            place,
            item,
            article: index,
            item_no: article.item.clone(),
            variant: article.variant.unwrap_or(""),
            description: article.name.clone(),
            quantity: 0,
            first: 0,
            done: 0,
            price,
            cost: article.cost,
            gross: 0,
            tax: 0,
            reason: "",
            site,
        }
    }

    /// With what its pieces are worth.
    pub fn of(mut self, quantity: i64, gross: i64, tax: i64) -> Self {
        (self.quantity, self.first, self.gross, self.tax) = (quantity, quantity, gross, tax);
        self
    }

    /// So many of the line's pieces' share of an amount.
    pub fn part(&self, pieces: i64, whole: i64) -> i64 {
        crate::retailer::order::share(whole, pieces, self.quantity)
    }
}

/// What a line is to hold.
#[derive(Clone, Copy, Debug)]
pub struct Change {
    /// Index of the line.
    pub line: usize,
    pub quantity: i64,
    pub gross: i64,
    pub tax: i64,
}

/// What leaves or comes back at once: pieces by index of the line.
pub type Pieces = [(usize, i64)];

impl Document {
    pub fn new(index: u32, kind: Kind, (id, number): (i64, String), external: &str, clock: Moment) -> Self {
        let (ship_to, lines, external) = (Address::default(), Vec::new(), external.to_owned());
        Self { index, kind, id, number, external, approved: false, created_at: clock, modified_at: clock, ship_to, lines }
    }

    /// The warehouse of its goods.
    pub fn site(&self) -> Option<Site> {
        self.lines.first().map(|line| line.site)
    }

    /// Nothing is left of it once these pieces are done.
    pub fn is_done_with(&self, pieces: &Pieces) -> bool {
        self.lines.iter().enumerate().all(|(place, line)| {
            let now: i64 = pieces.iter().filter(|(at, _)| *at == place).map(|(_, count)| count).sum();
            line.done + now >= line.quantity
        })
    }

    /// These pieces are done too.
    pub fn count(&mut self, pieces: &Pieces) {
        for (place, count) in pieces {
            self.lines[*place].done += count;
        }
    }
}

//! An ending as its systems write it: a story of the scenarios' language, so that one that goes wrong can be kept as a scenario.

use std::fmt::Write;

use super::truth::*;

/// One line, and the day on which it was written.
#[derive(Clone, Debug)]
pub struct Told {
    pub day: i64,
    pub minute: i64,
    pub says: String,
    /// It is about another order than the story's own: the one for which goods are exchanged.
    pub of_another: bool,
}

pub const SKUS: [&str; 3] = ["TEE", "CAP", "MUG"];
const LINES: [&str; 3] = ["A", "B", "C"];

struct Teller<'e> {
    ending: &'e Ending,
    lines_now: Vec<Bought>,
    at_the_warehouse: bool,
    /// So many lines.
    known_to_the_warehouse: usize,
    /// Keeps documents of different orders apart.
    number: u64,
    lines: Vec<Told>,
    day: i64,
    minute: i64,
    cancelled: Vec<i64>,
    credited: Vec<i64>,
    sent: Vec<i64>,
    paid: Vec<(Means, Minor)>,
    approved: bool,
    given: Vec<Given>,
    parcels: Vec<u32>,
}

/// The story of this ending, of the order with this number.
pub fn story(ending: &Ending, number: u64) -> Vec<Told> {
    let none = vec![0; ending.lines.len()];
    let mut teller = Teller {
        ending,
        lines_now: ending.lines.clone(),
        at_the_warehouse: false,
        known_to_the_warehouse: usize::MAX,
        number,
        lines: Vec::new(),
        day: 1,
        minute: 0,
        cancelled: none.clone(),
        credited: none.clone(),
        sent: none,
        paid: Vec::new(),
        approved: false,
        given: Vec::new(),
        parcels: Vec::new(),
    };
    for act in &ending.acts {
        if act.day != teller.day {
            (teller.day, teller.minute) = (act.day, 0);
        }
        teller.act(&act.what);
    }
    teller.lines
}

impl Teller<'_> {
    fn say(&mut self, says: impl Into<String>) {
        self.lines.push(Told { day: self.day, minute: 10 * 60 + self.minute, says: says.into(), of_another: false });
    }

    fn say_of_another(&mut self, says: impl Into<String>) {
        self.say(says);
        self.lines.last_mut().expect("it was said").of_another = true;
    }

    fn money(&self, amount: Minor) -> String {
        money(amount, self.ending.digits)
    }

    fn act(&mut self, what: &What) {
        self.minute += 1;
        let n = self.number;
        match what {
            What::Ordered => self.ordered(),
            What::Paid { means, amount } => {
                match self.paid.iter_mut().find(|(of, _)| of == means) {
                    Some((_, sum)) => *sum += amount,
                    None => self.paid.push((*means, *amount)),
                }
                let sum = self.paid.iter().find(|(of, _)| of == means).map_or(0, |(_, sum)| *sum);
                self.say(format!("shop paid {} {}", means.name(), self.money(sum)));
            }
            What::Reserved { amount } => {
                let amount = self.money(*amount);
                self.say(format!("shop authorised card {amount}"));
                self.say(format!("shop reserves AU{n} card {amount}"));
            }
            What::Taken { id, amount } => self.say(format!("shop captures CH{n}-{id} card {} of AU{n}", self.money(*amount))),
            What::Approved => {
                self.approved = true;
                self.say(format!("erp record SO{n} approved"));
                (0..self.lines_now.len()).for_each(|line| self.record_line(line));
            }
            What::AtTheWarehouse => {
                self.at_the_warehouse = true;
                self.say(format!("wms warehouse-order W{n} new"));
                self.warehouse_total();
            }
            What::Cancelled { line, pieces } => {
                self.cancelled[*line] += pieces;
                self.say(format!("shop books {}: cancelled {}", LINES[*line], self.cancelled[*line]));
                if self.approved {
                    self.record_line(*line);
                }
            }
            What::Stopped => {
                if self.wanted() == 0 {
                    self.say(format!("wms warehouse-order W{n} cancelled"));
                    self.say(format!("erp record SO{n} cancelled"));
                } else {
                    self.warehouse_total();
                }
            }
            What::Sent { parcel, pieces } => self.sent(*parcel, pieces),
            What::Delivered { parcel } => self.say(format!("carrier scan T{n}-{parcel} delivered")),
            What::Lost { parcel } => self.say(format!("carrier scan T{n}-{parcel} lost")),
            What::LostIsRefunded { parcel } => self.say(format!("office decides parcel-lost number D{n}-{parcel} refund")),
            What::Agreed { rma, line, pieces, what } => {
                let what = match what {
                    Agreed::Money => "approved",
                    Agreed::StoreCredit => "approved store-credit",
                    Agreed::Exchange => "approved exchange",
                    Agreed::KeepIt => "approved keep-it",
                    Agreed::Proof => "approved proof",
                    Agreed::Nothing => "asked",
                    Agreed::Refused => "rejected",
                };
                self.say(format!("erp return R{n}-{rma}: {pieces} {} {what}", LINES[*line]));
            }
            What::ProofSeen { rma } => self.say(format!("office decides return-not-received number R{n}-{rma} refund")),
            What::Back { rma, number, line, pieces, shape } => self.back(*rma, *number, *line, *pieces, *shape),
            What::RejectedIsRefunded { number } => self.say(format!("office decides return-condition number RC{n}-{number} refund")),
            What::Given(given) => self.gave(given),
            What::Edited { lines, exchange } => self.edited(lines, exchange.is_some()),
            What::SurplusIsRefunded => self.say("office decides overpaid refund"),
            What::AtTheTill { number, line, pieces, paid } => {
                let goods = format!("{pieces} {}", LINES[*line]);
                self.say(format!("till return K{n}-{number}: {goods} approved"));
                self.say(format!("till receipt K{n}-{number}: {goods} damaged under K{n}-{number}"));
                if let Some(given) = paid {
                    self.gave(given);
                }
            }
            What::ExchangedElsewhere { id, amount, told } => self.exchanged(*id, *amount, *told),
            What::ExchangeIsRefunded => self.say("office decides exchange-open refund"),
            What::Turned { id, state } => {
                if let Some(given) = self.given.iter_mut().find(|given| given.id == *id) {
                    given.state = *state;
                    let given = given.clone();
                    self.refund(&given);
                }
            }
            What::Disputed { amount, state } => {
                let state = match state {
                    Dispute::Open => "open",
                    Dispute::Won => "won",
                    Dispute::Lost => "lost",
                };
                let who = if self.ending.house == House::ShopAlone { "shop" } else { "finance" };
                self.say(format!("{who} dispute DP{n} {} {state}", self.money(*amount)));
            }
        }
    }

    fn ordered(&mut self) {
        let (n, ending) = (self.number, self.ending);
        let terms = match ending.terms {
            Terms::Prepaid => "",
            Terms::OnAccount => " on-account",
            Terms::AtTheDoor => " cod",
        };
        self.say(format!("shop order {n} total {} currency {} ship-to GB{terms}", self.money(self.total()), ending.currency));
        for (at, line) in ending.lines.iter().enumerate() {
            self.line(at, line);
        }
        if let Some((gross, tax)) = ending.shipping {
            self.say(format!("shop charge shipping {} tax {}", self.money(gross), self.money(tax)));
        }
    }

    fn total(&self) -> Minor {
        self.lines_now.iter().map(|line| line.gross).sum::<Minor>() + self.ending.shipping.map_or(0, |(gross, _)| gross)
    }

    fn line(&mut self, at: usize, line: &Bought) {
        let (gross, tax) = (self.money(line.gross), self.money(line.tax));
        self.say(format!("shop line {}: {} {} gross {gross} tax {tax}", LINES[at], line.pieces, SKUS[at]));
    }

    /// What is otherwise is told anew, and by the ERP and the warehouse where they know the order.
    fn edited(&mut self, lines: &[Bought], exchange: bool) {
        let before = std::mem::replace(&mut self.lines_now, lines.to_vec());
        for list in [&mut self.cancelled, &mut self.credited, &mut self.sent] {
            list.resize(lines.len(), 0);
        }
        self.say(format!("shop order {} total {}", self.number, self.money(self.total())));
        for (at, line) in lines.iter().enumerate() {
            let old = before.get(at);
            if old == Some(line) {
                continue;
            }
            self.line(at, line);
            if self.approved && old.is_none_or(|old| old.pieces != line.pieces) {
                self.record_line(at);
            }
        }
        // The warehouse hears of the new goods of an exchange when it is to send them.
        if self.at_the_warehouse && !exchange {
            self.warehouse_total();
        }
    }

    /// The order that has the new goods.
    fn exchanged(&mut self, id: u32, amount: Minor, told: bool) {
        let (n, sum) = (self.number, self.money(amount));
        self.say_of_another(format!("shop order {n}-X total {sum} currency {} ship-to GB", self.ending.currency));
        self.say_of_another(format!("shop line A: 1 {} gross {sum} tax {}", SKUS[0], self.money(0)));
        self.say_of_another(format!("shop paid exchange {sum}"));
        if told {
            self.say(format!("shop refund F{n}-{id} exchange {sum}"));
        }
    }

    fn wanted(&self) -> i64 {
        self.lines_now.iter().zip(&self.cancelled).map(|(line, cancelled)| line.pieces - cancelled).sum()
    }

    fn warehouse_total(&mut self) {
        self.known_to_the_warehouse = self.lines_now.len();
        let (n, wanted) = (self.number, self.wanted());
        self.say(format!("wms warehouse-total W{n}: {wanted}"));
    }

    fn record_line(&mut self, line: usize) {
        let (n, wanted) = (self.number, self.lines_now[line].pieces - self.cancelled[line]);
        self.say(format!("erp record-line SO{n}/{}: {wanted} {} of {}", line + 1, SKUS[line], LINES[line]));
    }

    fn sent(&mut self, parcel: u32, pieces: &[(usize, i64)]) {
        let n = self.number;
        pieces.iter().for_each(|(line, count)| self.sent[*line] += count);
        if self.ending.house == House::Whole {
            if pieces.iter().any(|(line, _)| *line >= self.known_to_the_warehouse) {
                self.warehouse_total();
            }
            let parts: Vec<String> = pieces.iter().map(|(line, count)| format!("{count} {}", LINES[*line])).collect();
            self.say(format!("wms despatch D{n}-{parcel}: {} tracking T{n}-{parcel}", parts.join(", ")));
            self.parcels.push(parcel);
            return;
        }
        for (line, _) in pieces {
            self.say(format!("shop books {}: shipped {}", LINES[*line], self.sent[*line]));
        }
    }

    fn back(&mut self, rma: Option<u32>, number: u32, line: usize, pieces: i64, shape: Shape) {
        let n = self.number;
        let shape_word = match shape {
            Shape::Good => "sellable",
            Shape::Damaged => "damaged",
            Shape::Rejected => "rejected",
        };
        let under = rma.map(|rma| format!(" under R{n}-{rma}")).unwrap_or_default();
        self.say(format!("wms receipt RC{n}-{number}: {pieces} {} {shape_word}{under}", LINES[line]));
        if shape == Shape::Good {
            self.say(format!("wms disposition X{n}-{number}: {pieces} {} stock", LINES[line]));
        }
    }

    fn gave(&mut self, given: &Given) {
        for (line, pieces) in &given.credited {
            self.credited[*line] += pieces;
            self.say(format!("shop books {}: credited {}", LINES[*line], self.credited[*line]));
        }
        self.given.push(given.clone());
        self.refund(given);
    }

    fn refund(&mut self, given: &Given) {
        let (n, id) = (self.number, given.id);
        let state = match given.state {
            State::Done => "",
            State::UnderWay => " pending",
            State::Failed => " failed",
        };
        let mut says = format!("refund F{n}-{id} {} {}{state}", given.means.name(), self.money(given.amount));
        if given.by == Payer::Finance {
            self.say(format!("finance {says}"));
            return;
        }
        if given.by == Payer::Till {
            self.say(format!("till {says}"));
            if given.finance_sees {
                self.say(format!("finance {says}"));
            }
            return;
        }
        let plain = says.clone();
        if let For::Told { pieces, shipping, gift, fee } = &given.meant {
            for (line, count, amount) in pieces {
                let _ = write!(says, " for {count} of {} worth {}", LINES[*line], self.money(*amount));
            }
            for (word, amount) in [("shipping", shipping), ("goodwill", gift), ("fee", fee)] {
                if *amount != 0 {
                    let _ = write!(says, " {word} {}", self.money(*amount));
                }
            }
        }
        self.say(format!("shop {says}"));
        if given.finance_sees && self.ending.house != House::ShopAlone {
            self.say(format!("finance {plain}"));
        }
    }
}

/// An amount as people write it.
pub fn money(minor: Minor, digits: u32) -> String {
    let unit = 10_i64.pow(digits);
    let sign = if minor < 0 { "-" } else { "" };
    let minor = minor.abs();
    if digits == 0 { format!("{sign}{minor}") } else { format!("{sign}{}.{:0width$}", minor / unit, minor % unit, width = digits as usize) }
}

/// As a scenario's story.
pub fn shown(told: &[Told]) -> String {
    let mut text = String::new();
    for line in told {
        let of = if line.of_another { " (for the other order)" } else { "" };
        let _ = writeln!(text, "day {} {:02}:{:02} {}{of}", line.day, line.minute / 60, line.minute % 60, line.says);
    }
    text
}

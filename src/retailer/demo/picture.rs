//! The demo's end as text: from [`Facts`] alone, so that a test can hold it.
//!
//! ```text
//! what the shoppers did -> one order's whole way -> the nine steps -> stock, refunds, books -> the kill -> what must hold -> how fast
//! ```

use std::fmt::Write;

use super::{Facts, Killed, ProcessKilled};
use crate::events::Topic;
use crate::facts::Moment;
use crate::retailer::judge::Invariant;
use crate::retailer::{System, grouped, pounds};

/// Plain text, or with colours and signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Plain,
    Colours,
}

/// The nine steps of an order's way.
const STEPS: [&str; 9] = [
    "1 First spark",
    "2 Browse",
    "3 Order placed",
    "4 From click to package",
    "5 Picked, packed, shipped",
    "6 Delivered",
    "7 Return",
    "8 Reversal",
    "9 A neat bow",
];

/// So many failures are shown; the rest is counted.
const FAILURES_SHOWN: usize = 3000;

/// Draws the picture.
pub fn draw(facts: &Facts, style: Style) -> String {
    let mut page = Page { text: String::new(), style };
    page.title(&title(facts));
    shoppers(&mut page, facts);
    journey(&mut page, facts);
    steps(&mut page, facts);
    stock_and_refunds(&mut page, facts);
    books(&mut page, facts);
    if let Some(killed) = &facts.killed {
        kill(&mut page, killed);
    }
    if let Some(killed) = facts.kafka.as_ref().and_then(|kafka| kafka.killed.as_ref()) {
        kill_process(&mut page, killed);
    }
    verdict(&mut page, facts);
    speed(&mut page, facts);
    page.text
}

/// Draws the part of it that judges.
pub fn draw_judgement(facts: &Facts, style: Style) -> String {
    let mut page = Page { text: String::new(), style };
    page.title(&title(facts));
    stock_and_refunds(&mut page, facts);
    books(&mut page, facts);
    verdict(&mut page, facts);
    speed(&mut page, facts);
    page.text
}

fn title(facts: &Facts) -> String {
    let (orders, millis) = (grouped(facts.orders as u64), facts.ended.0 - facts.opened.0);
    match &facts.kafka {
        Some(kafka) => {
            let (times, seconds) = (grouped(kafka.hurry.times().into()), (millis + 500) / 1_000);
            format!(
                "{orders} orders of a made-up retailer on Kafka in {seconds} s, {times} times as fast as in reality, seed {}",
                facts.seed
            )
        }
        None => format!("{orders} orders in {} days of a made-up retailer, seed {}", (millis + 86_399_999) / 86_400_000, facts.seed),
    }
}

pub(in crate::retailer) struct Page {
    pub text: String,
    pub style: Style,
}

impl Page {
    pub fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.style == Style::Plain { text.to_owned() } else { format!("\u{1b}[{code}m{text}\u{1b}[0m") }
    }

    pub fn title(&mut self, title: &str) {
        let title = self.paint("1", title);
        self.line(&title);
    }

    pub fn section(&mut self, title: &str) {
        self.text.push('\n');
        let title = self.paint("1;36", title);
        self.line(&title);
    }

    /// A mark for what holds and what does not.
    pub fn mark(&self, holds: bool) -> String {
        match (self.style, holds) {
            (Style::Plain, true) => "ok    ".to_owned(),
            (Style::Plain, false) => "BROKEN".to_owned(),
            (Style::Colours, true) => self.paint("32", "✓"),
            (Style::Colours, false) => self.paint("1;31", "✗"),
        }
    }

    pub fn dim(&self, text: &str) -> String {
        self.paint("2", text)
    }
}

fn shoppers(page: &mut Page, facts: &Facts) {
    page.section("What the shoppers did");
    for (story, count) in facts.stories_told() {
        page.line(&format!("  {:>7}  {story}", grouped(count as u64)));
    }
    let off = facts.clocks.iter().map(|(system, seconds)| format!("{system} {seconds:+} s")).collect::<Vec<_>>().join(", ");
    page.line(&format!("  Their systems' clocks are off: {off}."));
    page.line(&format!("  {} records came twice, and those of one transaction crossed over topics.", grouped(facts.repeated)));
}

/// `Mon 02 Mar 10:15:04`, UTC.
pub(in crate::retailer) fn moment(at: Moment) -> String {
    let stamp = jiff::Timestamp::from_millisecond(at.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    stamp.strftime("%a %d %b %H:%M:%S").to_string()
}

/// How long after: `+12 s`, `+4 min`, `+3.5 h`, `+2.1 d`; of those in a hurry `+0.3 s`.
fn later(millis: i64, hurry: bool) -> String {
    match millis {
        10..10_000 if hurry => format!("+{}.{:02} s", millis / 1_000, millis % 1_000 / 10),
        ..1_000 => String::new(),
        1_000..90_000 => format!("+{} s", millis / 1_000),
        90_000..5_400_000 => format!("+{} min", millis / 60_000),
        5_400_000..129_600_000 => format!("+{}.{} h", millis / 3_600_000, millis % 3_600_000 / 360_000),
        _ => format!("+{}.{} d", millis / 86_400_000, millis % 86_400_000 / 8_640_000),
    }
}

fn journey(page: &mut Page, facts: &Facts) {
    let journey = &facts.journey;
    page.section(&format!("The way of order {} ({}, {})", journey.number, journey.story, pounds(journey.total)));
    page.line("  true time, UTC        after     who");
    let mut last: Option<Moment> = None;
    for hop in &journey.hops {
        let after = last.map_or_else(String::new, |last| later(hop.at.0 - last.0, facts.kafka.is_some()));
        last = Some(hop.at);
        let (who, what) = match hop.to {
            Some(to) => {
                let arrow = if page.style == Style::Plain { "->" } else { "→" };
                (page.paint("33", &format!("{:<12}", hop.who)), format!("{arrow} {to}: {}", hop.what))
            }
            None => (page.paint("1", &format!("{:<12}", hop.who)), hop.what.clone()),
        };
        let clock = page.dim(&moment(hop.at));
        page.line(&format!("  {clock}   {after:>8}  {who} {what}"));
    }
}

fn steps(page: &mut Page, facts: &Facts) {
    page.section("The nine steps, and what Waybill said");
    for (number, step) in (1..).zip(STEPS) {
        for (place, topic) in Topic::ALL.into_iter().filter(|topic| topic.step() == number).enumerate() {
            let name = if place == 0 { step } else { "" };
            let count = facts.events.get(&topic).copied().unwrap_or(0);
            let kind = if topic.is_statement() { "statement" } else { "request" };
            page.line(&format!("  {name:<26} {:<20} {:>9}  {}", topic.name(), grouped(count), page.dim(kind)));
        }
    }
    if facts.exceptions_opened > 0 {
        page.line(&format!("  Exceptions opened on the way: {}.", grouped(facts.exceptions_opened)));
    }
}

pub(in crate::retailer) fn stock_and_refunds(page: &mut Page, facts: &Facts) {
    page.section("Stock and refunds, against the truth");
    let (stock, refunds) = (&facts.stock, &facts.refunds);
    let mark = page.mark(stock.agree == stock.skus);
    page.line(&format!(
        "  {mark} {} of {} SKUs: Waybill's figure is what can really be sold, and so is the shop's ({} pieces sent, {} back in stock, {} on hand)",
        stock.agree,
        stock.skus,
        grouped(stock.sent.unsigned_abs()),
        grouped(stock.back.unsigned_abs()),
        grouped(stock.on_hand.unsigned_abs())
    ));
    let mark = page.mark(refunds.due == refunds.paid);
    page.line(&format!("  {mark} {} orders with money back: due {}, paid {}", refunds.orders, pounds(refunds.due), pounds(refunds.paid)));
}

pub(in crate::retailer) fn books(page: &mut Page, facts: &Facts) {
    if facts.trial_balance.is_empty() {
        return;
    }
    page.section("Finance's trial balance, from Waybill's journal entries");
    page.line(&format!("         {:<22} {:>16} {:>16} {:>16} {:>16}", "account", "debit", "credit", "balance", "must be"));
    let (mut debits, mut credits) = (0, 0);
    for (account, debit, credit, really) in &facts.trial_balance {
        let balance = debit - credit;
        let mark = page.mark(balance == *really);
        page.line(&format!(
            "  {mark} {account:<22} {:>16} {:>16} {:>16} {:>16}",
            pounds(*debit),
            pounds(*credit),
            pounds(balance),
            pounds(*really)
        ));
        debits += debit;
        credits += credit;
    }
    let mark = page.mark(debits == credits);
    page.line(&format!("  {mark} {:<22} {:>16} {:>16} {:>16}", "in all", pounds(debits), pounds(credits), pounds(debits - credits)));
}

pub(in crate::retailer) fn kill(page: &mut Page, killed: &Killed) {
    page.section("Killed in the middle");
    page.line(&format!("  On {} the engine was killed with a transaction open.", moment(killed.at)));
    page.line(&format!(
        "  Another one took its place: {} records of state ({} KiB) read back in {} ms.",
        grouped(killed.records),
        grouped(killed.bytes / 1_024),
        killed.took.as_millis()
    ));
    let mark = page.mark(killed.changed.is_none());
    let sentence = match &killed.changed {
        None => "every one of them exactly as it was".to_owned(),
        Some(entity) => format!("not all of them as they were: {entity}"),
    };
    page.line(&format!("  {mark} {} orders, SKUs, customers and aliases restored, {sentence}", grouped(killed.entities as u64)));
}

fn kill_process(page: &mut Page, killed: &ProcessKilled) {
    page.section("Killed in the middle");
    page.line(&format!(
        "  At {}, {} orders placed, the process of `waybill run` was killed (SIGKILL) and started again at once.",
        moment(killed.at),
        grouped(killed.placed as u64)
    ));
    page.line(&format!(
        "  {:.1} s later the process that took its place had restored its state and was heard.",
        killed.silent.as_secs_f64()
    ));
}

pub(in crate::retailer) fn verdict(page: &mut Page, facts: &Facts) {
    page.section("What must hold");
    // On a real Kafka the orders are another process's: its metrics have the counts.
    let seen = |invariant: &Invariant| match invariant {
        Invariant::Counts => facts.kafka.is_none(),
        // Without marketing nobody keeps consent.
        Invariant::Consent => facts.clocks.iter().any(|(system, _)| *system == System::Emarsys.label()),
        _ => true,
    };
    for invariant in Invariant::ALL.into_iter().filter(seen) {
        let broken = facts.failures.iter().filter(|failure| failure.invariant == invariant).count();
        let mark = page.mark(broken == 0);
        let times = if broken == 0 { String::new() } else { format!(": broken {broken} times") };
        let sentence = match (invariant, &facts.faults) {
            (Invariant::Exceptions, Some(_)) => "people were asked to look at what a person must look at, and at nothing else",
            (Invariant::Orders, Some(_)) => "Waybill shows each order as it really is, piece by piece",
            _ => invariant.sentence(),
        };
        page.line(&format!("  {mark} {sentence}{times}"));
    }
    let mark = page.mark(facts.dead_letters == 0);
    page.line(&format!("  {mark} every record could be read ({} dead letters)", facts.dead_letters));
    for error in &facts.decode_errors {
        page.line(&format!("         {error}"));
    }
    for failure in facts.failures.iter().take(FAILURES_SHOWN) {
        let sentence = page.paint("31", &failure.sentence);
        page.line(&format!("    {sentence}"));
    }
    if facts.failures.len() > FAILURES_SHOWN {
        page.line(&format!("    and {} more", facts.failures.len() - FAILURES_SHOWN));
    }
}

pub(in crate::retailer) fn speed(page: &mut Page, facts: &Facts) {
    let events: u64 = facts.events.values().sum();
    if let Some(kafka) = &facts.kafka {
        page.section("How much");
        let shop = kafka.transactions.map_or(String::new(), |count| format!(", {} transactions of the shop's database", grouped(count)));
        page.line(&format!("  {} records in{shop}, {} events out, on the wall clock", grouped(facts.records), grouped(events)));
        page.line("  Time was compressed: how fast Waybill can be is what `demo` without --brokers tells.");
        return;
    }
    page.section("How fast");
    let seconds = facts.engine.as_secs_f64().max(0.001);
    let mut line = String::new();
    // Writing to a String can't fail.
    let _ = write!(
        line,
        "  {} records in, {} events out, {} epochs (one transaction each)",
        grouped(facts.records),
        grouped(events),
        grouped(facts.epochs)
    );
    page.line(&line);
    page.line(&format!(
        "  {:.1} s in all, {:.1} s of them the engine's: {} records a second",
        facts.wall.as_secs_f64(),
        facts.engine.as_secs_f64(),
        grouped((facts.records as f64 / seconds) as u64)
    ));
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::*;
    use crate::retailer::demo::{Journey, OnKafka, Refunds, Stock};
    use crate::retailer::judge::Failure;
    use crate::retailer::{Hop, Hurry};

    fn facts() -> Facts {
        let at = |seconds: i64| Moment(1_772_434_800_000 + seconds * 1_000);
        let hop = |seconds, who, to, what: &str| Hop { at: at(seconds), who, to, what: what.to_owned() };
        Facts {
            seed: 1,
            orders: 1_300,
            opened: at(0),
            ended: at(864_000),
            stories: BTreeMap::from([("straight", 1_290), ("part return", 10)]),
            records: 123_456,
            repeated: 321,
            epochs: 4_000,
            events: BTreeMap::from([(Topic::SalesOrders, 1_310), (Topic::StockUpdates, 9_999)]),
            wall: Duration::from_millis(7_500),
            engine: Duration::from_millis(5_000),
            killed: Some(Killed {
                at: at(400_000),
                records: 5_000,
                bytes: 2_048_000,
                took: Duration::from_millis(41),
                entities: 651,
                changed: None,
            }),
            clocks: vec![("Magento", 12), ("NAV", -140)],
            stock: Stock { skus: 65, agree: 65, on_hand: 9_000, sent: 2_000, back: 7 },
            trial_balance: vec![
                ("payment_clearing".to_owned(), 9_436, 2_114, 7_322),
                ("customer_account".to_owned(), 2_114, 9_436, -7_322),
            ],
            refunds: Refunds { orders: 1, due: 2_114, paid: 2_114 },
            journey: Journey {
                number: "000001433".to_owned(),
                story: "part return",
                total: 9_436,
                hops: vec![
                    hop(0, "Shopper", None, "orders 3 pieces for £94.36"),
                    hop(45, "Waybill", Some("NAV"), "create the order (step 1)"),
                    hop(9_000, "Peoplevox", None, "packed"),
                    hop(300_000, "Carrier", None, "parcel RM1: delivered"),
                ],
            },
            ..Facts::default()
        }
    }

    /// `UPDATE_PICTURES=1 cargo test` writes what is drawn now over what was expected.
    fn check(name: &str, drawn: &str) {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pictures").join(name);
        if std::env::var_os("UPDATE_PICTURES").is_some() {
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            std::fs::write(&path, drawn).expect("written");
        }
        assert_eq!(std::fs::read_to_string(&path).expect("a picture"), drawn, "{name} differs");
    }

    #[test]
    fn a_run_that_held() {
        check("held.txt", &draw(&facts(), Style::Plain));
    }

    #[test]
    fn a_run_that_broke_says_which_order_and_row() {
        let mut facts = facts();
        facts.refunds.paid = 4_228;
        let sentence = "order 000001433: 2 refund-requests ask for £42.28, due is £21.14 (Return summary RET81)".to_owned();
        facts.failures.push(Failure { invariant: Invariant::Refunds, sentence });
        check("broken.txt", &draw(&facts, Style::Plain));
    }

    #[test]
    fn a_run_on_a_kafka_says_what_was_different() {
        let killed = ProcessKilled { at: Moment(1_772_434_821_000), placed: 650, silent: Duration::from_millis(3_456) };
        let kafka = OnKafka { hurry: Hurry::new(14_400), transactions: Some(4_321), killed: Some(killed) };
        let facts = Facts { kafka: Some(kafka), killed: None, ended: Moment(1_772_434_800_000 + 94_600), ..facts() };
        check("on_kafka.txt", &draw(&facts, Style::Plain));
        let judgement = draw_judgement(&facts, Style::Plain);
        let lines: Vec<String> = draw(&facts, Style::Plain).lines().map(str::to_owned).collect();
        assert!(judgement.lines().all(|line| lines.iter().any(|own| own == line)), "the judgement is a part of the picture");
    }

    #[test]
    fn colours_change_no_word() {
        let coloured = draw(&facts(), Style::Colours);
        assert!(coloured.contains("\u{1b}[32m✓\u{1b}[0m"));
        assert!(coloured.contains("order 000001433"));
    }
}

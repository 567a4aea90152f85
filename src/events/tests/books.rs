//! The books, whole: entries to the cent, balances after each step, and the invariants of every order.

use std::collections::BTreeMap;

use super::*;
use crate::facts::{Amount, Quantity};

/// Balance of each account over all entries, debits above zero; accounts at zero left out.
fn balances(run: &Run) -> BTreeMap<String, Amount> {
    let mut balances: BTreeMap<String, Amount> = BTreeMap::new();
    for entry in run.of(Topic::JournalEntries) {
        for posting in postings(entry) {
            let side = |side: &str| amount(posting[side].as_str().expect("an amount"));
            let account = posting["account"].as_str().expect("an account").to_owned();
            *balances.entry(account).or_default() += side("debit") - side("credit");
        }
    }
    balances.retain(|_, balance| !balance.is_zero());
    balances
}

fn balance(run: &Run, account: &str) -> Amount {
    balances(run).get(account).copied().unwrap_or_default()
}

/// What the entries of a seal come to, by account.
fn moved(sent: &[Sent]) -> Vec<(String, String)> {
    let mut sums: BTreeMap<String, Amount> = BTreeMap::new();
    for entry in of(sent, Topic::JournalEntries) {
        for posting in postings(entry) {
            let side = |side: &str| amount(posting[side].as_str().expect("an amount"));
            *sums.entry(posting["account"].as_str().expect("an account").to_owned()).or_default() += side("debit") - side("credit");
        }
    }
    sums.into_iter().filter(|(_, sum)| !sum.is_zero()).map(|(account, sum)| (account, sum.to_string())).collect()
}

fn expect(sent: &[Sent], expected: &[(&str, &str)]) {
    let expected: Vec<_> = expected.iter().map(|(account, sum)| ((*account).to_owned(), amount(sum).to_string())).collect();
    assert_eq!(moved(sent), expected);
}

/// Invariants 2 and 3 of the postings, from the view; 1 (every entry balances) is held at every seal.
fn hold(run: &Run, customer: &str, refunds: &str) {
    assert_eq!(-balance(run, "customer_account"), amount(customer), "customer_account, credit");
    assert_eq!(-balance(run, "refunds_payable"), amount(refunds), "refunds_payable, credit");
    let state = run.story.state();
    let view = run.story.view(&state);
    assert_eq!(-balance(run, "refunds_payable"), view.money.due - view.money.refunded);
    let least = |a: Quantity, b: Quantity| a.min(b);
    let supplied: Amount = view
        .lines
        .iter()
        .map(|line| {
            line.value_of(least(line.sent.despatched, line.ordered)) - line.value_of(line.sent.despatched)
                + line.value_of(line.sent.despatched - line.back.returned)
        })
        .sum();
    let shipped = view.lines.iter().any(|line| line.sent.despatched.is_positive());
    let charges: Amount = view.money.charges.iter().filter(|charge| shipped && charge.stays).map(|charge| charge.charge.gross).sum();
    assert_eq!(-balance(run, "customer_account"), view.money.captured - view.money.due - (supplied + charges));
    let audited = crate::events::audit::order_books(&view, &run.story.ledgers.journal, &run.story.rules);
    assert!(audited.books.iter().all(|book| book.waits.is_empty()), "{audited:?}");
    assert!(audited.invariants.len() >= 3 && audited.invariants.values().all(|off| off.is_zero()), "{audited:?}");
}

#[test]
fn one_example_whole() {
    let mut run = Run::new(placed_example());
    let sent = run.seal();
    expect(&sent, &[("customer_account", "-94.36"), ("payment_clearing", "94.36")]);
    assert_eq!(one(&sent, Topic::JournalEntries).text("date"), "2026-03-02");
    hold(&run, "94.36", "0");
    run.then(|story| {
        story.recorded().erp_line("10000", "TEE", 3, Some("6.20")).erp_line("20000", "CAP", 1, Some("9.10"));
        story.warehouse_order(WarehouseState::New).warehouse_total(4)
    });

    let sent = run.then(|story| story.despatched("D1", "TEE", 2));
    let goods = [("sales_revenue", "-35.24"), ("shipping_revenue", "-4.17"), ("tax_payable", "-7.88")];
    expect(&sent, &[("cost_of_goods_sold", "12.40"), ("customer_account", "47.29"), ("inventory", "-12.40"), goods[0], goods[1], goods[2]]);
    assert_eq!(of(&sent, Topic::JournalEntries).len(), 2, "costs are entries of their own");
    hold(&run, "47.07", "0");

    run.then(|story| story.cancelled("A", 1).cancelled("B", 1));
    let sent = run.then(|story| story.warehouse_total(2));
    expect(&sent, &[("customer_account", "47.07"), ("refunds_payable", "-47.07")]);
    hold(&run, "0", "47.07");

    let sent = run.then(|story| story.refunded("R1", "47.07").delivered("D1"));
    expect(&sent, &[("payment_clearing", "-47.07"), ("refunds_payable", "47.07")]);
    hold(&run, "0", "0");

    let sent = run.then(|story| story.authorised("RMA1", "TEE", 1).received("RC1", "TEE", 1, Condition::Damaged));
    expect(
        &sent,
        &[
            ("cost_of_goods_sold", "-6.20"),
            ("refunds_payable", "-21.14"),
            ("sales_returns", "17.61"),
            ("stock_write_off", "6.20"),
            ("tax_payable", "3.53"),
        ],
    );
    hold(&run, "0", "21.14");

    let sent = run.then(|story| story.refunded("R2", "21.14"));
    expect(&sent, &[("payment_clearing", "-21.14"), ("refunds_payable", "21.14")]);
    // The end, if the other A is kept (invariant 5: payment accounts hold what he paid for what he keeps).
    let kept = [
        ("cost_of_goods_sold", "6.20"),
        ("inventory", "-12.40"),
        ("payment_clearing", "26.15"),
        ("sales_returns", "17.61"),
        ("sales_revenue", "-35.24"),
        ("shipping_revenue", "-4.17"),
        ("stock_write_off", "6.20"),
        ("tax_payable", "-4.35"),
    ];
    assert_eq!(balances(&run), kept.map(|(account, sum)| (account.to_owned(), amount(sum))).into());
    hold(&run, "0", "0");

    let sent = run.then(|story| story.authorised("RMA2", "TEE", 1).received("RC2", "TEE", 1, Condition::Sellable));
    expect(
        &sent,
        &[
            ("cost_of_goods_sold", "-6.20"),
            ("inventory", "6.20"),
            ("refunds_payable", "-26.15"),
            ("sales_returns", "17.63"),
            ("shipping_returns", "4.17"),
            ("tax_payable", "4.35"),
        ],
    );
    hold(&run, "0", "26.15");

    run.then(|story| story.refunded("R3", "26.15"));
    let end = [
        ("inventory", "-6.20"),
        ("sales_returns", "35.24"),
        ("sales_revenue", "-35.24"),
        ("shipping_returns", "4.17"),
        ("shipping_revenue", "-4.17"),
        ("stock_write_off", "6.20"),
    ];
    assert_eq!(balances(&run), end.map(|(account, sum)| (account.to_owned(), amount(sum))).into(), "invariant 4");
    hold(&run, "0", "0");
    let asked: Amount = run.of(Topic::RefundRequests).iter().map(|sent| sent.amount("amount")).sum();
    assert_eq!(asked, amount("94.36"));
}

#[test]
fn tax_included_and_two_tenders() {
    let mut story = Story::new("EUR");
    story.header("273.70").line("L", "LAMP", 2, "214.20", "34.20").line("S", "SHADE", 1, "53.55", "8.55").charge("5.95", "0.95");
    story.paid_by("card", Tender::Card, "173.70", "173.70").paid_by("gift", Tender::GiftCard, "100.00", "100.00");
    let mut run = Run::new(story);
    let sent = run.seal();
    expect(&sent, &[("customer_account", "-273.70"), ("gift_card_liability", "100.00"), ("payment_clearing", "173.70")]);
    run.then(|story| {
        story.recorded().erp_line("10000", "LAMP", 2, Some("15.00")).erp_line("20000", "SHADE", 1, Some("10.00"));
        story.warehouse_order(WarehouseState::New).warehouse_total(3)
    });
    let sent = run.then(|story| story.despatched("D1", "LAMP", 1));
    let costs = |sum: &'static str, back: &'static str| [("cost_of_goods_sold", sum), ("inventory", back)];
    let [out, inventory] = costs("15", "-15");
    expect(
        &sent,
        &[out, ("customer_account", "113.05"), inventory, ("sales_revenue", "-90"), ("shipping_revenue", "-5"), ("tax_payable", "-18.05")],
    );
    let sent = run.then(|story| story.despatched("D2", "LAMP", 1).despatched("D2", "SHADE", 1));
    let [out, inventory] = costs("25", "-25");
    expect(&sent, &[out, ("customer_account", "160.65"), inventory, ("sales_revenue", "-135"), ("tax_payable", "-25.65")]);
    hold(&run, "0", "0");

    let sent = run.then(|story| story.authorised("RMA1", "LAMP", 1).received("RC1", "LAMP", 1, Condition::Damaged));
    let request = one(&sent, Topic::RefundRequests);
    assert_eq!((request.text("total"), request.text("by_tender.0.tender"), request.text("by_tender.0.amount")), ("107.1", "card", "107.1"));
    hold(&run, "0", "107.10");
    run.then(|story| story.refunded("R1", "107.10"));

    let sent = run.then(|story| {
        story.authorised("RMA2", "LAMP", 1).received("RC2", "LAMP", 1, Condition::Sellable);
        story.authorised("RMA3", "SHADE", 1).received("RC3", "SHADE", 1, Condition::Sellable)
    });
    let request = one(&sent, Topic::RefundRequests);
    assert_eq!((request.text("total"), request.text("amount")), ("273.7", "166.6"));
    assert_eq!((request.text("by_tender.0.total"), request.text("by_tender.0.amount")), ("173.7", "66.6"));
    assert_eq!((request.text("by_tender.1.tender"), request.text("by_tender.1.total")), ("gift-card", "100"));
    run.then(|story| story.refunded("R2", "66.60").refunded_by(FINANCE, "R3", Tender::GiftCard, "100.00"));
    let end = [
        ("inventory", "-15"),
        ("sales_returns", "225"),
        ("sales_revenue", "-225"),
        ("shipping_returns", "5"),
        ("shipping_revenue", "-5"),
        ("stock_write_off", "15"),
    ];
    assert_eq!(balances(&run), end.map(|(account, sum)| (account.to_owned(), amount(sum))).into(), "invariant 4");
}

#[test]
fn no_minor_unit() {
    let mut story = Story::new("JPY");
    story.header("3100").line("M", "MUG", 3, "2500", "227").charge("600", "55");
    story.paid_by("card", Tender::Card, "2100", "2100").paid_by("gift", Tender::GiftCard, "1000", "1000");
    let mut run = Run::new(story);
    run.seal();
    run.then(|story| story.recorded().warehouse_order(WarehouseState::New).warehouse_total(3));
    let sent = run.then(|story| story.despatched("D1", "MUG", 2));
    expect(&sent, &[("customer_account", "2267"), ("sales_revenue", "-1516"), ("shipping_revenue", "-545"), ("tax_payable", "-206")]);
    run.then(|story| story.cancelled("M", 1));
    let sent = run.then(|story| story.warehouse_total(2));
    assert_eq!(one(&sent, Topic::RefundRequests).text("amount"), "833");
    let sent = run.then(|story| story.authorised("RMA", "MUG", 1).received("RC", "MUG", 1, Condition::Damaged));
    assert_eq!(one(&sent, Topic::RefundRequests).text("amount"), "834");
    expect(&sent, &[("refunds_payable", "-834"), ("sales_returns", "759"), ("tax_payable", "75")]);
    let sent = run.then(|story| story.refunded("R1", "1667"));
    expect(&sent, &[("payment_clearing", "-1667"), ("refunds_payable", "1667")]);
    hold(&run, "0", "0");
    assert_eq!(balance(&run, "payment_clearing") + balance(&run, "gift_card_liability"), amount("1433"));
}

#[test]
fn a_fact_withdrawn_swaps_the_sides() {
    let mut run = released();
    run.then(|story| story.despatched("D1", "TEE", 2));
    let sent = run.then(|story| story.despatched("D1", "TEE", 1));
    let pair = |name: &str| {
        let entry = of(&sent, Topic::JournalEntries)[0].clone();
        postings(&entry).filter(|posting| posting["pair"] == name).cloned().collect::<Vec<_>>()
    };
    let supplied = pair("supplied");
    assert!(supplied.iter().any(|posting| posting["account"] == "customer_account" && posting["credit"] == "21.14"), "{supplied:?}");
    assert!(supplied.iter().any(|posting| posting["account"] == "sales_revenue" && posting["debit"] == "17.61"), "{supplied:?}");
    hold(&run, "68.21", "0");
}

#[test]
fn pairs_that_another_keeps_are_not_posted_and_costs_wait_for_nobody() {
    let mut story = placed_example();
    story.rules.books_kept = vec![crate::entities::rules::Pair::CostOut];
    let mut run = Run::new(story);
    assert!(of(&run.seal(), Topic::JournalEntries).is_empty());
    // No unit cost yet: the entry follows when the ERP tells it.
    let sent = run.then(|story| story.recorded().despatched("D1", "TEE", 2));
    assert!(of(&sent, Topic::JournalEntries).is_empty());
    let sent = run.then(|story| story.erp_line("10000", "TEE", 3, Some("6.20")));
    expect(&sent, &[("cost_of_goods_sold", "12.40"), ("inventory", "-12.40")]);
}

#[test]
fn the_date_is_the_channels() {
    let mut story = placed_example();
    story.rules.channels[0].zone = "Pacific/Auckland".into();
    // 2026-03-02 12:00 UTC is the 3rd in Auckland.
    story.now = crate::facts::Moment::parse_rfc3339("2026-03-02T12:00:00Z").expect("a moment");
    story.captured("94.36");
    let sent = Run::new(story).seal();
    assert_eq!(one(&sent, Topic::JournalEntries).text("date"), "2026-03-03");
}

/// Date, own date if any, and total of each entry.
fn dated(sent: &[Sent]) -> Vec<(String, String, String)> {
    let text = |sent: &Sent, name: &str| sent.body[name].as_str().unwrap_or_default().to_owned();
    let entries = of(sent, Topic::JournalEntries).into_iter();
    entries.map(|entry| (text(entry, "date"), text(entry, "own_date"), text(entry, "total"))).collect()
}

fn told(dates: &[(&str, &str, &str)]) -> Vec<(String, String, String)> {
    dates.iter().map(|(date, own, total)| ((*date).to_owned(), (*own).to_owned(), (*total).to_owned())).collect()
}

fn day(story: &mut Story, date: &str) {
    story.now = crate::facts::Moment::parse_rfc3339(&format!("{date}T10:00:00Z")).expect("a moment");
}

#[test]
fn each_cause_has_an_entry_of_its_own_on_its_own_day_however_late_it_is_read() {
    let mut story = placed_example();
    story.recorded();
    day(&mut story, "2026-03-31");
    story.captured("94.36");
    day(&mut story, "2026-04-01");
    story.despatched("D1", "TEE", 2);
    for item in ["TEE", "CAP"] {
        day(&mut story, "2026-04-03");
        story.despatched("D2", item, 1);
    }
    let mut run = Run::new(story);
    let sent = run.seal();
    let expected = [("2026-03-31", "", "94.36"), ("2026-04-01", "", "47.29"), ("2026-04-03", "", "47.07")];
    assert_eq!(dated(&sent), told(&expected));
    hold(&run, "0", "0");
    // Two returns that are read together, and the refund of the first.
    let sent = run.then(|story| {
        day(story, "2026-04-10");
        story.authorised("R1", "CAP", 1).received("RC1", "CAP", 1, Condition::Damaged);
        day(story, "2026-04-12");
        story.refunded("F1", "25.92");
        day(story, "2026-04-14");
        story.authorised("R2", "TEE", 1).received("RC2", "TEE", 1, Condition::Damaged)
    });
    let expected = [("2026-04-10", "", "51.84"), ("2026-04-12", "", "25.92"), ("2026-04-14", "", "42.3")];
    assert_eq!(dated(&sent), told(&expected));
}

#[test]
fn what_takes_back_is_entered_on_its_own_day() {
    let mut run = released();
    run.then(|story| {
        day(story, "2026-03-04");
        story.cancelled("A", 3).cancelled("B", 1).warehouse_total(0)
    });
    let sent = run.then(|story| {
        day(story, "2026-03-06");
        story.refunded("F1", "94.36")
    });
    assert_eq!(dated(&sent), told(&[("2026-03-06", "", "94.36")]));
    let sent = run.then(|story| {
        let made_at = story.now;
        day(story, "2026-04-10");
        let failed = crate::facts::order::Refund {
            reference: "F1".into(),
            state: crate::facts::order::Word::Known(crate::facts::order::RefundState::Failed),
            ..crate::facts::order::Refund::new(Tender::Card, story.currency, amount("94.36"), made_at)
        };
        story.put(FINANCE, "F1", OrderRow::Refund(Box::new(failed)))
    });
    assert_eq!(dated(&sent), told(&[("2026-04-10", "", "94.36")]), "it bounced: not the day on which it was made, nor the order's");
    expect(&sent, &[("payment_clearing", "94.36"), ("refunds_payable", "-94.36")]);
}

#[test]
fn what_happened_in_a_closed_period_is_entered_on_the_first_open_day() {
    let mut story = placed_example();
    story.rules.books_closed_until = Some("2026-03-31".into());
    day(&mut story, "2026-03-31");
    story.captured("94.36").recorded();
    day(&mut story, "2026-04-01");
    story.despatched("D1", "TEE", 2);
    let sent = Run::new(story).seal();
    assert_eq!(dated(&sent), told(&[("2026-04-01", "2026-03-31", "94.36"), ("2026-04-01", "", "47.29")]));
}

#[test]
fn income_and_tax_carry_country_and_rate_and_accounts_their_names() {
    let mut story = placed_example();
    story.address();
    story.rules.books_accounts = [("sales_revenue", "4400"), ("payment_clearing.card", "1361"), ("payment_clearing", "1360")]
        .map(|(account, name)| (account.into(), name.into()))
        .into();
    let sent = Run::new(story.recorded().despatched("D1", "TEE", 2).clone()).seal();
    let postings: Vec<_> =
        of(&sent, Topic::JournalEntries).into_iter().flat_map(|entry| postings(entry).cloned().collect::<Vec<_>>()).collect();
    let find = |account: &str| postings.iter().filter(|posting| posting["account"] == account).collect::<Vec<_>>();
    assert_eq!((find("sales_revenue")[0]["name"].as_str(), find("payment_clearing")[0]["name"].as_str()), (Some("4400"), Some("1361")));
    assert_eq!(find("customer_account")[0]["name"], "customer_account");
    let codes: std::collections::BTreeSet<_> = find("tax_payable").iter().map(|posting| posting["tax_code"].to_string()).collect();
    assert_eq!(codes.len(), 1, "{codes:?}");
    assert!(codes.iter().all(|code| code.ends_with("-20\"")), "{codes:?}");
    assert!(find("customer_account").iter().chain(&find("payment_clearing")).all(|posting| posting["tax_code"].is_null()));
}

#[test]
fn mixed_rates_stand_on_postings_of_their_own() {
    let mut story = Story::new("EUR");
    story.header("226.00").line("B", "BOOK", 1, "107.00", "7.00").line("L", "LAMP", 1, "119.00", "19.00").captured("226.00").recorded();
    story.despatched("D1", "BOOK", 1).despatched("D1", "LAMP", 1);
    let sent = Run::new(story).seal();
    let taxes: Vec<(String, String)> = of(&sent, Topic::JournalEntries)
        .into_iter()
        .flat_map(|entry| postings(entry).cloned().collect::<Vec<_>>())
        .filter(|posting| posting["account"] == "tax_payable")
        .map(|posting| {
            (
                posting["tax_code"].as_str().expect("a code").split_once('-').expect("a rate").1.trim_start_matches('-').to_owned(),
                posting["credit"].as_str().expect("an amount").to_owned(),
            )
        })
        .collect();
    assert_eq!(taxes, [("7".to_owned(), "7".to_owned()), ("19".to_owned(), "19".to_owned())]);
}

#[test]
fn the_cost_of_a_lost_parcel_leaves_the_cost_of_goods_sold() {
    let mut story = placed_example();
    story.rules.parcels_refunded.lost = true;
    let mut run = Run::new(story);
    run.then(|story| {
        story.recorded().erp_line("10000", "TEE", 3, Some("6.20")).erp_line("20000", "CAP", 1, Some("9.10"));
        story.warehouse_order(WarehouseState::New).warehouse_total(4)
    });
    run.then(|story| story.despatched("D1", "TEE", 3).despatched("D1", "CAP", 1));
    let sent = run.then(|story| story.scanned("D1", crate::facts::order::ScanMeaning::Lost));
    let costs = [("cost_of_goods_sold", "-27.7"), ("lost_goods", "27.7")];
    let moved = moved(&sent);
    for (account, sum) in costs {
        assert!(moved.contains(&(account.to_owned(), amount(sum).to_string())), "{account}: {moved:?}");
    }
    assert_eq!(balance(&run, "cost_of_goods_sold"), Amount::ZERO, "invariant 4");
    assert_eq!(balance(&run, "inventory") + balance(&run, "lost_goods"), Amount::ZERO);
}

#[test]
fn an_invariant_that_is_off_is_said() {
    let mut run = released();
    run.then(|story| story.despatched("D1", "TEE", 2));
    let audit = |run: &Run| {
        let state = run.story.state();
        crate::events::audit::order_books(&run.story.view(&state), &run.story.ledgers.journal, &run.story.rules)
    };
    assert!(audit(&run).invariants.values().all(|off| off.is_zero()));
    let ledger = run.story.ledgers.journal.get_mut("GBP").expect("a ledger");
    let posted = ledger.totals.keys().find(|accounts| accounts.pair == crate::entities::rules::Pair::Supplied).copied().expect("posted");
    *ledger.totals.get_mut(&posted).expect("posted") += amount("1.00");
    let off = audit(&run);
    assert_eq!(off.books[0].waits["supplied"], amount("-1"), "{off:?}");
    let state = run.story.state();
    let off = crate::events::audit::invariants(&run.story.view(&state), &run.story.ledgers.journal, &run.story.rules);
    assert_eq!((off["1"], off["2"], off["3"]), (amount("0"), amount("0"), amount("-1")));
}

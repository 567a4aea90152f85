//! Mails about parcels on their way, and what needs no parcel at all: counters, digital goods, bundles.

use super::*;
use crate::facts::time::Span;
use crate::facts::{Moment, Quantity};

fn kinds(sent: &[Sent]) -> Vec<String> {
    of(sent, Topic::Notifications).iter().map(|sent| sent.text("kind").to_owned()).collect()
}

/// The whole order left in one parcel; the customer knows.
fn despatched() -> Run {
    let mut run = released();
    run.then(|story| story.despatched("D1", "TEE", 3).despatched("D1", "CAP", 1));
    run
}

#[test]
fn a_parcels_stages_are_told_once_each_and_only_while_they_are_of_use() {
    let mut run = despatched();
    assert_eq!(kinds(&run.then(|story| story.scanned("D1", ScanMeaning::Transit))), [""; 0]);
    assert_eq!(kinds(&run.then(|story| story.scanned("D1", ScanMeaning::OutForDelivery))), ["out-for-delivery"]);
    assert_eq!(kinds(&run.then(|story| story.scanned("D1", ScanMeaning::OutForDelivery))), [""; 0], "once");
    assert_eq!(kinds(&run.then(|story| story.scanned("D1", ScanMeaning::Attempted))), ["attempted"]);
    assert_eq!(kinds(&run.then(|story| story.scanned("D1", ScanMeaning::Collect))), ["ready-to-collect"]);
    assert_eq!(kinds(&run.then(|story| story.delivered("D1"))), ["delivered"]);
    // Three hours late, nobody wants to know that it is out for delivery; where to collect it, a day long.
    let mut late = despatched();
    let scanned = late.story.now;
    late.wait(Span::hours(3));
    assert_eq!(kinds(&late.then(|story| story.scan_of("T-D1", ScanMeaning::OutForDelivery, scanned))), [""; 0]);
    assert_eq!(kinds(&late.then(|story| story.scan_of("T-D1", ScanMeaning::Collect, scanned + Span::minutes(1)))), ["ready-to-collect"]);
}

#[test]
fn a_later_scan_that_came_first_leaves_the_earlier_untold() {
    let mut run = despatched();
    let at = run.story.now;
    run.then(|story| story.scan_of("T-D1", ScanMeaning::Delivered, at + Span::minutes(30)));
    assert_eq!(kinds(&run.then(|story| story.scan_of("T-D1", ScanMeaning::OutForDelivery, at))), [""; 0]);
}

#[test]
fn another_tracking_number_is_told_once_to_a_customer_who_knows_the_first() {
    let mut run = despatched();
    let mail = one(&run.then(|story| story.label("D1", "T-NEW", Some("T-D1"))), Topic::Notifications);
    assert_eq!((mail.text("kind"), mail.text("tracking"), mail.text("parcel")), ("tracking-changed", "T-NEW", "D1"));
    assert_eq!(kinds(&run.then(|story| story.label("D1", "T-NEW", Some("T-D1")))), [""; 0]);
    // Replaced before anybody was told of the first.
    let mut early = released();
    early.then(|story| story.despatched("D1", "TEE", 3).label("D1", "T-NEW", Some("T-D1")));
    let sent = early.wait(Span::minutes(1));
    assert_eq!((kinds(&sent), one(&sent, Topic::Notifications).text("tracking").to_owned()), (vec!["despatched".into()], "T-NEW".into()));
    // The shop writes of the despatch itself: then the label's own row tells that there was another.
    let mut by_shop = released();
    by_shop.story.rules.notifications.retain(|kind| kind != "despatched");
    by_shop.then(|story| story.despatched("D1", "TEE", 3));
    assert_eq!(kinds(&by_shop.then(|story| story.label("D1", "T-NEW", None))), ["tracking-changed"]);
}

#[test]
fn a_promised_date_that_passes_is_told_once() {
    let mut run = despatched();
    let promised = run.story.now + Span::hours(6);
    let promise = |story: &mut Story, at: Moment| {
        story.header_with("94.36", |header| header.promised_at = Some(at));
    };
    promise(&mut run.story, promised);
    assert_eq!(kinds(&run.seal()), [""; 0]);
    // The ERP has the date by a change of its record, whose answers are waited for meanwhile.
    while let Some(next) = run.next.filter(|next| *next < promised) {
        run.story.now = next;
        assert_eq!(kinds(&run.seal()), [""; 0]);
    }
    assert_eq!(run.next, Some(promised), "the clock alone brings it");
    run.story.now = promised;
    let mail = one(&run.seal(), Topic::Notifications);
    assert_eq!((mail.text("kind"), mail.text("lines.0.quantity")), ("delayed", "3"));
    assert_eq!(kinds(&run.then(|story| story.scanned("D1", ScanMeaning::Delayed))), [""; 0], "that date is told");
    promise(&mut run.story, promised + Span::days(1));
    assert_eq!(kinds(&run.seal()), ["delayed"], "the carrier is late for the new date too");
    let mut in_time = despatched();
    promise(&mut in_time.story, promised);
    in_time.then(|story| story.delivered("D1"));
    in_time.story.now = promised;
    assert_eq!(kinds(&in_time.seal()), [""; 0]);
}

#[test]
fn where_nothing_was_promised_the_carriers_delay_is_told_once_a_day() {
    let mut run = despatched();
    assert_eq!(kinds(&run.then(|story| story.scanned("D1", ScanMeaning::Delayed))), ["delayed"]);
    assert_eq!(kinds(&run.then(|story| story.scanned("D1", ScanMeaning::Delayed))), [""; 0]);
    run.wait(Span::days(1));
    assert_eq!(kinds(&run.then(|story| story.scanned("D1", ScanMeaning::Delayed))), ["delayed"]);
}

/// Sold at a till: two tees, taken away.
fn at_a_till() -> Story {
    let mut story = Story::new("GBP");
    story.header_with("42.29", |header| (header.origin, header.ships, header.whole) = (Origin::Pos, false, true));
    story.line_with("A", "TEE", 2, "42.29", "7.05", |line| line.needs = Needs::Taken).captured("42.29");
    story
}

#[test]
fn a_counter_sale_is_order_despatch_and_delivery_in_one() {
    let mut run = Run::new(at_a_till());
    let sent = run.seal();
    let create = one(&sent, Topic::SalesOrders);
    assert_eq!((create.text("action"), create.body["taken"].as_bool(), create.text("lines.0.wanted")), ("create", Some(true), "2"));
    let sent = run.then(|story| story.recorded().erp_line("10000", "TEE", 2, Some("6.20")));
    let topics = words(&sent);
    for topic in ["revenue-notices", "despatch-notices notify erp", "order-completions erp", "journal-entries"] {
        assert!(topics.contains(&topic.to_owned()), "{topic}: {topics:?}");
    }
    for topic in [Topic::FulfilmentRequests, Topic::Notifications, Topic::RefundRequests] {
        assert!(run.of(topic).is_empty(), "{topic:?}: {topics:?}");
    }
    assert!(!topics.contains(&"despatch-notices notify shop".to_owned()), "it told of it itself");
    let state = run.story.state();
    assert_eq!(run.story.view(&state).standing.stage, crate::entities::order::standing::OrderStage::Delivered);
}

#[test]
fn what_comes_back_over_the_counter_is_authorised_and_received_by_the_till() {
    let mut run = Run::new(at_a_till());
    run.seal();
    run.then(|story| story.recorded().erp_line("10000", "TEE", 2, Some("6.20")));
    let back = ReturnLine {
        rma: "R1".into(),
        line: LineRef::Line("A".into()),
        quantity: pieces(1),
        state: Word::Known(ReturnState::Approved),
        resolution: Resolution::Refund,
        goods_expected: GoodsExpected::Yes,
        reason: "".into(),
        approved_at: None,
    };
    let receipt = Receipt {
        receipt: "R1".into(),
        rma: Some("R1".into()),
        line: LineRef::Line("A".into()),
        quantity: pieces(1),
        condition: Word::Known(Condition::Sellable),
        location: "TILL".into(),
        bucket: "".into(),
        received_at: run.story.now,
    };
    let sent = run.then(|story| {
        story.put(SHOP, "R1", OrderRow::ReturnLine(Box::new(back))).put(SHOP, "R1", OrderRow::Receipt(Box::new(receipt)));
        story.credited("A", 1).refunded_by(SHOP, "R1", Tender::Card, "21.14")
    });
    let state = run.story.state();
    let view = run.story.view(&state);
    assert_eq!((view.lines[0].back.returned, view.lines[0].sent.cancelled, view.money.due), (pieces(1), Quantity::ZERO, amount("21.14")));
    assert!(of(&sent, Topic::RefundRequests).is_empty(), "it was paid back there: {:?}", words(&sent));
    assert!(words(&sent).contains(&"order-reversals notify erp".to_owned()), "{:?}", words(&sent));
}

#[test]
fn digital_lines_services_and_cards_by_mail_are_delivered_when_paid_and_recorded_or_when_the_shop_says_so() {
    let mut story = Story::new("GBP");
    story.header_with("30.00", |header| header.ships = false);
    story.line_with("A", "E-BOOK", 1, "10.00", "0", |line| line.needs = Needs::Digital);
    story.line_with("B", "ENGRAVING", 1, "10.00", "0", |line| line.kind = LineKind::Service);
    story.line_with("C", "CARD-10", 1, "10.00", "0", |line| (line.kind, line.needs) = (LineKind::GiftCard, Needs::Digital));
    let mut by_shop = story.clone();
    story.captured("30.00");
    let mut run = Run::new(story);
    run.seal();
    assert_eq!(run.story.quantities("A")[3], 0);
    let sent = run.then(|story| story.recorded());
    assert_eq!(["A", "B", "C"].map(|line| run.story.quantities(line)[3]), [1, 1, 1]);
    assert!(of(&sent, Topic::FulfilmentRequests).is_empty() && of(&sent, Topic::OrderCompletions).len() == 2);
    by_shop.progress("A", |row| row.shipped = pieces(1));
    assert_eq!((by_shop.quantities("A")[3], by_shop.quantities("B")[3]), (1, 0));
    by_shop.cancellation(ERP, "E-BOOK", 1, false);
    assert_eq!(by_shop.quantities("A"), [1, 1, 1, 1, 0], "what is supplied can't be cancelled any more");
}

#[test]
fn goods_that_are_collected_are_handed_over_when_the_shop_says_so_and_what_suppliers_send_when_the_erp_does() {
    let mut story = Story::new("GBP");
    story.header("40.00").line_with("A", "TEE", 2, "20.00", "0", |line| line.needs = Needs::Collect);
    story.line("B", "SOFA", 1, "20.00", "0").captured("40.00");
    let mut run = Run::new(story);
    run.seal();
    let sent = run.then(|story| story.recorded().erp_line_with("2", "SOFA", 1, |line| line.drop_ship = true));
    assert!(of(&sent, Topic::FulfilmentRequests).is_empty(), "{:?}", words(&sent));
    let sent = run.then(|story| story.progress("A", |row| row.shipped = pieces(2)).posted("SH-1", "SO-7", "SOFA", 1));
    assert_eq!((run.story.quantities("A")[3], run.story.quantities("B")[3]), (2, 1));
    assert_eq!(of(&sent, Topic::OrderCompletions).len(), 2);
    assert!(kinds(&sent).is_empty(), "nobody is told that it travels");
}

/// A set of two mugs and a pot, for 30.00, twice.
fn bundle(pot: Option<&'static str>) -> Story {
    let mut story = Story::new("GBP");
    story.header("60.00").line_with("S", "TEA-SET", 2, "60.00", "10.00", |line| (line.role, line.parts) = (LineRole::Sale, Some(2)));
    let leaf = |price: Option<&'static str>, each| {
        move |line: &mut Line| {
            (line.role, line.parent, line.list_price) = (LineRole::Leaf, Some("S".into()), price.map(amount));
            line.per_parent = pieces(each);
        }
    };
    story.line_with("M", "MUG", 4, "0", "0", leaf(Some("5.00"), 2)).captured("60.00");
    story.line_with("P", "POT", 2, "0", "0", leaf(pot, 1));
    story
}

#[test]
fn a_bundle_is_released_part_by_part_once_all_its_parts_are_there() {
    let mut run = Run::new(bundle(Some("20.00")));
    let pot = run.story.facts.pop().expect("the pot's row");
    assert!(run.seal().is_empty(), "a part is missing");
    run.story.facts.push(pot);
    run.seal();
    let sent = run.then(|story| story.recorded());
    let release = one(&sent, Topic::FulfilmentRequests);
    assert_eq!(release.body["lines"].as_array().map(Vec::len), Some(2));
    assert_eq!((release.text("lines.0.sku"), release.text("lines.0.total")), ("MUG", "4"));
    assert_eq!((release.text("lines.1.sku"), release.text("lines.1.total")), ("POT", "2"));
    // 10.00 and 20.00 of each 30.00.
    let state = run.story.state();
    let view = run.story.view(&state);
    let worth: Vec<(&str, String, String)> =
        view.lines.iter().map(|line| (line.id, line.gross.to_string(), line.tax.to_string())).collect();
    assert_eq!(worth, [("M", "20".into(), "3.33".into()), ("P", "40".into(), "6.67".into())]);
    // A set is cancelled: two mugs and a pot; a pot leaves.
    run.then(|story| story.cancelled("S", 1).despatched("D1", "POT", 1));
    assert_eq!((run.story.quantities("M"), run.story.quantities("P")), ([4, 2, 2, 0, 0], [2, 1, 1, 1, 0]));
}

#[test]
fn a_part_whose_share_is_not_known_leaves_the_price_with_the_set_and_asks_a_person() {
    let mut run = Run::new(bundle(None));
    run.seal();
    assert_eq!(run.story.exceptions(), ["bundle-part S"]);
    let sent = run.then(|story| story.recorded());
    assert_eq!(one(&sent, Topic::FulfilmentRequests).body["lines"].as_array().map(Vec::len), Some(2), "the set itself is no goods");
    // One whole set left and arrived; of the second only the mugs.
    run.then(|story| story.despatched("D1", "MUG", 4).despatched("D1", "POT", 1).delivered("D1"));
    assert_eq!(run.story.quantities("S"), [2, 0, 2, 1, 0]);
    let state = run.story.state();
    let view = run.story.view(&state);
    assert_eq!((line(&view, "S").gross, line(&view, "M").gross, line(&view, "S").sent.delivered), (amount("60"), amount("0"), pieces(1)));
    run.then(|story| story.decided("bundle-part", "S", "accept"));
    assert_eq!(run.story.exceptions(), [""; 0]);
}

#[test]
fn a_bundle_priced_by_its_parts_is_worth_what_they_are() {
    let mut story = Story::new("GBP");
    story.header("30.00").line_with("S", "TEA-SET", 1, "30.00", "5.00", |line| line.role = LineRole::Sale).captured("30.00");
    for (id, sku, gross) in [("M", "MUG", "10.00"), ("P", "POT", "20.00")] {
        story.line_with(id, sku, 1, gross, "0", |line| (line.role, line.parent) = (LineRole::Leaf, Some("S".into())));
    }
    let state = story.state();
    let view = story.view(&state);
    let worth: Vec<(&str, String)> = view.lines.iter().map(|line| (line.id, line.gross.to_string())).collect();
    assert_eq!((worth, view.gates.complete.holds), (vec![("M", "10".into()), ("P", "20".into())], true));
}

#[test]
fn lines_that_are_added_and_delivered_later_complete_the_order_once_more_but_not_while_it_is_held() {
    let mut run = released();
    run.then(|story| story.despatched("D1", "TEE", 3).despatched("D1", "CAP", 1).delivered("D1"));
    assert_eq!(run.of(Topic::OrderCompletions).len(), 2);
    run.then(|story| story.header("104.36").line("C", "SOCK", 1, "10.00", "1.67").captured("104.36"));
    run.then(|story| story.held(true).despatched("D2", "SOCK", 1));
    let sent = run.then(|story| story.delivered("D2"));
    assert!(of(&sent, Topic::OrderCompletions).is_empty(), "held");
    let sent = run.then(|story| story.held(false));
    let notice = of(&sent, Topic::OrderCompletions)[0];
    assert_eq!((notice.step(), notice.body["lines"].as_array().map(Vec::len)), (2, Some(3)));
}

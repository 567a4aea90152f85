//! What a receiver's call needs: its own names of order, lines and returns, values beside pieces, the moment, the reason.

use super::*;
use crate::facts::time::Span;

/// The ERP keeps the record under an internal id, as NetSuite does.
fn recorded_under_an_id() -> Run {
    let mut run = Run::new(placed_example());
    run.seal();
    run.then(|story| {
        let names = CrossReference { of: DocumentKind::Order, number: "SO1077".into(), id: "SO-7".into() };
        story.recorded().erp_line("10000", "TEE", 3, None).erp_line("20000", "CAP", 1, None);
        story.put(ERP, "SO-7", OrderRow::CrossReference(names))
    });
    run.then(|story| story.warehouse_order(WarehouseState::New).warehouse_total(4));
    run
}

#[test]
fn each_request_names_the_order_and_its_lines_as_the_erp_does() {
    let mut run = recorded_under_an_id();
    let release = run.of(Topic::FulfilmentRequests)[0].clone();
    assert_eq!((release.text("erp_number"), release.text("erp_id"), release.text("shop_id")), ("SO1077", "SO-7", "1001"));
    assert_eq!((release.text("lines.0.erp_line"), release.text("lines.1.erp_line")), ("10000", "20000"));
    assert_eq!((&release.body["lines"][0]["line_number"], &release.body["lines"][1]["line_number"]), (&1.into(), &2.into()));
    let sent = run.then(|story| story.despatched("D1", "TEE", 3).label("D1", "T-1", None));
    let to_erp = of(&sent, Topic::DespatchNotices).into_iter().find(|sent| sent.text("receiver") == "erp").expect("a notice").clone();
    assert_eq!((to_erp.text("receiver_number"), to_erp.text("receiver_id"), to_erp.text("lines.0.erp_line")), ("SO1077", "SO-7", "10000"));
    let to_shop = of(&sent, Topic::DespatchNotices).into_iter().find(|sent| sent.text("receiver") == "shop").expect("a notice").clone();
    assert_eq!((to_shop.text("receiver_number"), to_shop.text("receiver_id")), ("1001", "1001"));
}

/// The name that an ERP gives to a record is no reason to ask it for the record again, nor a warehouse for the goods.
#[test]
fn a_name_that_comes_later_asks_nothing() {
    let mut run = released();
    let names = CrossReference { of: DocumentKind::Order, number: "SO1077".into(), id: "SO-7".into() };
    let sent = run.then(|story| story.put(ERP, "SO-7", OrderRow::CrossReference(names)));
    assert_eq!(words(&sent), [""; 0]);
    let sent = run.then(|story| story.captured("94.36"));
    assert_eq!(words(&sent), [""; 0], "a payment's row that is written again moves no money");
}

#[test]
fn a_refund_tells_what_each_line_adds_in_pieces_and_in_money() {
    let mut run = released();
    run.then(|story| story.despatched("D1", "TEE", 2));
    run.then(|story| {
        let gone = |line: &str, why: &str| {
            let row = Cancellation { line: LineRef::Line(line.into()), total: pieces(1), stopped: false, reason: why.into() };
            OrderRow::Cancellation(row)
        };
        story.put(SHOP, "A", gone("A", "changed my mind")).put(SHOP, "B", gone("B", "too slow"))
    });
    // One TEE of three (63.44, tax 10.57): 63.44 - 42.29 = 21.15, tax 10.57 - 7.05 = 3.52.
    let first = one(&run.then(|story| story.warehouse_total(2)), Topic::RefundRequests);
    let of_line = |sent: &Sent, of: [&str; 3]| of.map(|field| sent.text(&format!("by_line.0.{field}")).to_owned());
    assert_eq!(of_line(&first, ["quantity", "gross", "tax"]), ["1", "21.15", "3.52"]);
    assert_eq!(of_line(&first, ["difference", "difference_gross", "difference_tax"]), ["1", "21.15", "3.52"]);
    assert_eq!((first.text("by_line.0.reasons.0"), first.text("by_line.1.reasons.0")), ("changed my mind", "too slow"));
    run.then(|story| story.refunded("R1", "47.07").delivered("D1"));
    run.wait(Span::hours(2));
    // The authorisation comes first, the goods a minute later.
    let back = run.story.now + Span::minutes(1);
    let sent = run.then(|story| story.authorised("RMA1", "TEE", 2).received("RC1", "TEE", 2, Condition::Damaged));
    let second = one(&sent, Topic::RefundRequests);
    assert_eq!(of_line(&second, ["quantity", "gross", "tax"]), ["3", "63.44", "10.57"]);
    assert_eq!(of_line(&second, ["difference", "difference_gross", "difference_net"]), ["2", "42.29", "35.24"]);
    assert_eq!((second.text("by_line.1.difference"), second.text("by_line.1.difference_gross")), ("0", "0"));
    assert_eq!(second.text("occurred_at"), back.to_string());
    // The goods are written off: the ERP books what they are worth.
    let reversal = of(&sent, Topic::OrderReversals).into_iter().find(|sent| sent.text("receiver") == "erp").expect("a reversal").clone();
    assert_eq!((reversal.text("lines.0.quantity"), reversal.text("lines.0.gross"), reversal.text("lines.0.tax")), ("2", "42.29", "7.05"));
}

#[test]
fn a_receipt_names_the_return_as_its_authority_does() {
    let mut run = released();
    run.then(|story| story.despatched("D1", "TEE", 3).delivered("D1"));
    let sent = run.then(|story| {
        let names = CrossReference { of: DocumentKind::Return, number: "RMA1".into(), id: "7390".into() };
        story.put(ERP, "7390", OrderRow::CrossReference(names));
        story.authorised("RMA1", "TEE", 1).received("RC1", "TEE", 1, Condition::Sellable)
    });
    let to_erp = of(&sent, Topic::ReceiptNotices).into_iter().find(|sent| sent.text("receiver") == "erp").expect("a notice").clone();
    assert_eq!((to_erp.text("rma"), to_erp.text("rma_id"), to_erp.text("lines.0.rma_line")), ("RMA1", "7390", "TEE"));
}

/// 3 pieces shown at 25.00 with tax come to 75.00; the customer owes 63.44.
#[test]
fn the_image_has_price_discount_and_tax_code_of_a_line() {
    let mut run = Run::new(placed_example());
    run.story.header_with("94.36", |header| {
        header.prices_include_tax = true;
        header.coupon = "SPRING".into();
    });
    run.story.line_with("A", "TEE", 3, "63.44", "10.57", |line| line.unit_price = Some(amount("25.00")));
    let create = one(&run.seal(), Topic::SalesOrders);
    assert_eq!(
        (create.text("lines.1.unit_price"), create.text("lines.1.discount"), create.text("lines.1.tax_code")),
        ("25", "11.56", "GB-20")
    );
    assert_eq!((create.text("coupon"), create.text("captures.0.amount")), ("SPRING", "94.36"));
}

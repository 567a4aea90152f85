//! One sample of each derived event's body: every optional field is there, every list has a member.

use serde::Serialize;
use serde_json::Value as Json;

use super::customer_history::{CustomerHistory, HistoryPiece};
use super::despatch_notices::{DespatchNotice, NoticeLine};
use super::exceptions::ExceptionNotice;
use super::fulfilment_requests::{self, FulfilmentLine, FulfilmentRequest};
use super::journal_entries::{JournalEntry, JournalLine};
use super::marketing_profiles::{ConsentPart, MarketingProfile, Purchases, Segment};
use super::notifications::{MailKind, MailLine, MailTender, Notification};
use super::order_completions::{CompletionLine, OrderCompletion};
use super::order_reversals::{OrderReversal, ReversalLine};
use super::order_status::{OrderStatus, StatusLine, StatusParcel};
use super::product_updates::{ProductPart, ProductUpdate};
use super::receipt_notices::{ReceiptLine, ReceiptNotice};
use super::refund_requests::{CapturePart, LinePart, Reason, ReasonPart, RefundRequest, TenderPart};
use super::return_announcements::{AnnouncedLine, AnnouncementAction, ReturnAnnouncement};
use super::revenue_notices::{Revenue, RevenueNotice};
use super::sales_lines::{SalesLine, SoldKind};
use super::sales_orders::{self, ImageCapture, ImageCharge, ImageLine, ImagePayment, SalesOrder};
use super::stock_updates::{CountPart, StockUpdate};
use super::{LineNames, NoticeAction, OrderRef, Receiver, RequestBody, RequestHead, Statement, Topic};
use crate::entities::account::Account;
use crate::entities::order::standing::{OrderStage, PaymentWord, ReturnStage};
use crate::entities::order::testing::{PLACED, amount, pieces};
use crate::entities::rules::Pair;
use crate::facts::customer::{ConsentState, HistoryKind};
use crate::facts::order::{Address, Advice, ChargeKind, LineKind, Needs, Origin, Personal, Tender, Terms};
use crate::facts::sku::Basis;
use crate::facts::{Currency, Text};

const ORDER: &str = "magento|1001";
const NUMBER: &str = "100000042";

fn gbp() -> Currency {
    Currency::new("GBP").expect("a currency")
}

fn address() -> Address {
    let text = |text: &str| Personal(text.into());
    Address {
        name: text("Anne Example"),
        company: text("Example Ltd"),
        street: text("1 High Street\nFlat 2"),
        city: text("Leeds"),
        region: "West Yorkshire".into(),
        postcode: text("LS1 1AA"),
        country: "GB".into(),
        phone: text("+44 113 496 0000"),
        email: text("anne@example.com"),
        first_name: text("Anne"),
        last_name: text("Example"),
        tax_number: text("GB123456789"),
    }
}

fn head(ledger_key: &str) -> RequestHead {
    RequestHead { id: String::new(), ledger_key: ledger_key.into(), step: 1 }
}

fn order() -> OrderRef {
    let (order, number, shop_id) = (ORDER.into(), NUMBER.into(), "1001".into());
    OrderRef { order, number, shop_id, erp_number: "SO-7".into(), erp_id: "7301".into() }
}

fn names() -> LineNames {
    LineNames { line_number: 1, sku_text: "tee".into(), erp_line: "3".into(), erp_item: "412".into() }
}

fn address_of(text: &str) -> Personal {
    Personal(text.into())
}

/// A body.
pub struct Sample {
    pub topic: Topic,
    /// The name of its type.
    pub body: &'static str,
    pub json: Json,
}

impl Sample {
    fn of<B: Serialize>(topic: Topic, body: &B) -> Self {
        let name = std::any::type_name::<B>().rsplit("::").next().expect("a type has a name");
        Self { topic, body: name, json: serde_json::to_value(body).expect("a body is JSON") }
    }
}

fn statement<S: Statement>(body: S) -> Sample {
    let mut sample = Sample::of(S::TOPIC, &body);
    sample.json["id"] = format!("{}|{ORDER}|1|1", S::TOPIC.name()).into();
    sample
}

fn request<R: RequestBody>(mut body: R) -> Sample {
    body.head().id = format!("{}|{ORDER}|1|1", R::TOPIC.name());
    Sample::of(R::TOPIC, &body)
}

/// A body for each topic.
pub fn samples() -> Vec<Sample> {
    vec![
        request(sales_order()),
        request(revenue_notice()),
        request(fulfilment_request()),
        request(despatch_notice()),
        request(notification()),
        request(order_completion()),
        request(receipt_notice()),
        request(refund_request()),
        request(journal_entry()),
        request(order_reversal()),
        request(return_announcement()),
        request(sales_line()),
        statement(stock_update()),
        statement(product_update()),
        statement(order_status()),
        statement(customer_history()),
        statement(marketing_profile()),
        statement(exception()),
    ]
}

fn sales_order() -> SalesOrder {
    let line = ImageLine {
        line: "A".into(),
        sku: "TEE".into(),
        names: names(),
        description: "T-shirt".into(),
        kind: LineKind::Goods,
        needs: Needs::Ship,
        part_of: Some("B".into()),
        location: Some("MAIN".into()),
        ordered: pieces(3),
        wanted: pieces(3),
        unit_price: Some(amount("25.00")),
        discount: Some(amount("11.56")),
        gross: amount("63.44"),
        tax: amount("10.57"),
        tax_code: "GB-20".into(),
    };
    let capture = ImageCapture {
        tender: Tender::Card,
        capture: "payment".into(),
        reference: "ch_1".into(),
        amount: amount("68.44"),
        captured_at: PLACED,
    };
    SalesOrder {
        head: head(ORDER),
        action: sales_orders::SalesOrderAction::Create,
        order: order(),
        channel: "web".into(),
        brand: "acme".into(),
        store: "1".into(),
        origin: Origin::Web,
        placed_at: PLACED,
        occurred_at: PLACED,
        promised_at: Some(PLACED),
        email: Some(address_of("anne@example.com")),
        coupon: "SPRING".into(),
        note: address_of("leave it at the door"),
        advice: Advice::Partial,
        terms: Terms::Prepaid,
        captures: vec![capture],
        currency: gbp(),
        prices_include_tax: true,
        total: amount("68.44"),
        customer: Some("account|magento|7".into()),
        shipping_method: "parcel".into(),
        payment_method: "card".into(),
        lines: vec![line],
        charges: vec![ImageCharge { kind: ChargeKind::Shipping, gross: amount("5.00"), tax: amount("0.83"), tax_code: "GB-20".into() }],
        payments: vec![ImagePayment { tender: Tender::Card, captured: amount("68.44"), reference: "ch_1".into() }],
        authorised_open: amount("0"),
        ship_to: Some(address()),
        bill_to: Some(address()),
        holds: vec!["fraud check".into()],
        taken: false,
    }
}

fn revenue_notice() -> RevenueNotice {
    let revenue = Revenue { net: amount("57.04"), tax: amount("11.40"), gross: amount("68.44") };
    RevenueNotice {
        head: head(ORDER),
        order: order(),
        channel: "web".into(),
        occurred_at: PLACED,
        currency: gbp(),
        total: revenue,
        amount: revenue,
    }
}

fn fulfilment_request() -> FulfilmentRequest {
    FulfilmentRequest {
        head: head("magento|1001|MAIN"),
        action: fulfilment_requests::FulfilmentAction::Release,
        order: order(),
        channel: "web".into(),
        location: "MAIN".into(),
        shipping_method: "parcel".into(),
        advice: Advice::Partial,
        ship_to: Some(address()),
        placed_at: PLACED,
        occurred_at: PLACED,
        promised_at: Some(PLACED),
        warehouse_number: "W1".into(),
        request_number: NUMBER.into(),
        replaces: Some("100000042~MAIN~1".into()),
        bill_to: Some(address()),
        email: Some(address_of("anne@example.com")),
        note: address_of("leave it at the door"),
        currency: gbp(),
        shipping: amount("5.00"),
        shipping_tax: amount("0.83"),
        reasons: vec!["customer-request".into()],
        lines: vec![FulfilmentLine {
            line: "A".into(),
            sku: "TEE".into(),
            names: names(),
            description: "T-shirt".into(),
            total: pieces(3),
            difference: pieces(3),
            to_send: pieces(3),
            gross: amount("63.44"),
            tax: amount("10.57"),
        }],
    }
}

fn despatch_notice() -> DespatchNotice {
    DespatchNotice {
        head: head("magento|1001|shop|D1"),
        receiver: Receiver::Shop,
        action: NoticeAction::Notify,
        order: order(),
        receiver_number: "1001".into(),
        receiver_id: "1001".into(),
        parcel: "D1".into(),
        location: "MAIN".into(),
        carrier: "DPD".into(),
        service: "next day".into(),
        tracking: Some("T-D1".into()),
        despatched_at: PLACED,
        lines: vec![NoticeLine { line: "A".into(), sku: "TEE".into(), names: names(), quantity: pieces(2), total: pieces(2) }],
    }
}

fn notification() -> Notification {
    Notification {
        head: head("magento|1001|refund-made|21.15"),
        kind: MailKind::RefundMade,
        order: order(),
        channel: "web".into(),
        brand: "acme".into(),
        to: Personal("anne@example.com".into()),
        currency: gbp(),
        store: "1".into(),
        occurred_at: PLACED,
        customer: Some("account|magento|7".into()),
        first_name: address_of("Anne"),
        last_name: address_of("Example"),
        total: amount("68.44"),
        lines: vec![MailLine {
            line: "A".into(),
            sku: "TEE".into(),
            names: names(),
            description: "T-shirt".into(),
            quantity: pieces(1),
            gross: amount("21.15"),
        }],
        amount: Some(amount("21.15")),
        refunded: Some(amount("21.15")),
        by_tender: vec![MailTender { tender: Tender::Card, amount: amount("21.15") }],
        parcel: Some("D1".into()),
        carrier: Some("DPD".into()),
        tracking: Some("T-D1".into()),
        still_to_come: Some(pieces(1)),
        promised_at: Some(PLACED),
    }
}

fn order_completion() -> OrderCompletion {
    OrderCompletion {
        head: head("magento|1001|erp"),
        receiver: Receiver::Erp,
        order: order(),
        receiver_number: "SO-7".into(),
        receiver_id: "7301".into(),
        delivered_at: PLACED,
        assumed: false,
        lines: vec![CompletionLine { line: "A".into(), sku: "TEE".into(), names: names(), delivered: pieces(3), quantity: pieces(3) }],
    }
}

fn receipt_notice() -> ReceiptNotice {
    let line = ReceiptLine {
        line: "A".into(),
        sku: "TEE".into(),
        names: names(),
        rma_line: "1".into(),
        reasons: vec!["too small".into()],
        quantity: pieces(1),
        total: pieces(1),
        condition: "damaged".into(),
        location: "MAIN".into(),
        bucket: "RETURNS".into(),
    };
    ReceiptNotice {
        head: head("magento|1001|erp|RMA1"),
        receiver: Receiver::Erp,
        action: NoticeAction::Notify,
        order: order(),
        receiver_number: "SO-7".into(),
        receiver_id: "7301".into(),
        rma: "RMA1".into(),
        rma_id: "7390".into(),
        occurred_at: PLACED,
        lines: vec![line],
    }
}

fn refund_request() -> RefundRequest {
    let part = TenderPart { tender: Tender::Card, total: amount("21.15"), amount: amount("21.15"), reference: "ch_1".into() };
    let line = LinePart {
        line: "A".into(),
        sku: "TEE".into(),
        names: names(),
        reasons: vec!["too small".into()],
        quantity: pieces(1),
        net: amount("17.63"),
        tax: amount("3.52"),
        gross: amount("21.15"),
        difference: pieces(1),
        difference_net: amount("17.63"),
        difference_tax: amount("3.52"),
        difference_gross: amount("21.15"),
    };
    RefundRequest {
        head: head(ORDER),
        order: order(),
        channel: "web".into(),
        brand: "acme".into(),
        customer: Some("account|magento|7".into()),
        occurred_at: PLACED,
        currency: gbp(),
        total: amount("21.15"),
        amount: amount("21.15"),
        by_tender: vec![part],
        by_capture: vec![CapturePart {
            tender: Tender::Card,
            capture: "payment".into(),
            reference: "ch_1".into(),
            total: amount("21.15"),
            amount: amount("21.15"),
        }],
        by_reason: vec![ReasonPart { reason: Reason::Return, total: amount("21.15") }],
        by_line: vec![line],
        rmas: vec!["RMA1".into()],
        rma_ids: vec!["7390".into()],
    }
}

pub fn journal_entry() -> JournalEntry {
    let side = |account: Account, debit: &str, credit: &str| JournalLine {
        pair: Pair::Captured,
        account,
        name: account.name().into(),
        tax_code: Some("GB-20".into()),
        debit: amount(debit),
        credit: amount(credit),
    };
    JournalEntry {
        head: head("magento|1001|GBP"),
        order: order(),
        channel: "web".into(),
        brand: "acme".into(),
        customer: Some("account|magento|7".into()),
        occurred_at: PLACED,
        currency: gbp(),
        date: "2026-03-02".into(),
        own_date: Some("2026-02-28".into()),
        postings: vec![side(Account::PaymentClearing, "68.44", "0"), side(Account::CustomerAccount, "0", "68.44")],
        total: amount("68.44"),
    }
}

fn order_reversal() -> OrderReversal {
    let line = ReversalLine {
        line: "A".into(),
        sku: "TEE".into(),
        names: names(),
        reasons: vec!["too small".into()],
        quantity: pieces(1),
        gross: amount("21.15"),
        tax: amount("3.52"),
        total: pieces(1),
        total_gross: amount("21.15"),
        total_tax: amount("3.52"),
        to_stock: pieces(0),
        written_off: pieces(1),
    };
    OrderReversal {
        head: head("magento|1001|erp"),
        receiver: Receiver::Erp,
        action: NoticeAction::Notify,
        order: order(),
        receiver_number: "SO-7".into(),
        receiver_id: "7301".into(),
        channel: "web".into(),
        occurred_at: PLACED,
        currency: gbp(),
        whole: false,
        lines: vec![line],
    }
}

fn return_announcement() -> ReturnAnnouncement {
    let line = AnnouncedLine {
        line: "A".into(),
        sku: "TEE".into(),
        names: names(),
        rma_line: "1".into(),
        reasons: vec!["too small".into()],
        quantity: pieces(1),
        total: pieces(1),
        received: pieces(0),
    };
    ReturnAnnouncement {
        head: head("magento|1001|MAIN|RMA1"),
        action: AnnouncementAction::Announce,
        order: order(),
        channel: "web".into(),
        location: "MAIN".into(),
        rma: "RMA1".into(),
        rma_id: "7390".into(),
        occurred_at: PLACED,
        from: Some(address()),
        lines: vec![line],
    }
}

fn sales_line() -> SalesLine {
    SalesLine {
        head: head("magento|1001|return|A"),
        kind: SoldKind::Return,
        order: order(),
        channel: "web".into(),
        brand: "acme".into(),
        store: "1".into(),
        customer: Some("account|magento|7".into()),
        email: Some(address_of("anne@example.com")),
        occurred_at: PLACED,
        currency: gbp(),
        line: "A".into(),
        sku: "TEE".into(),
        names: names(),
        description: "T-shirt".into(),
        reasons: vec!["too small".into()],
        quantity: pieces(-1),
        net: amount("-17.63"),
        tax: amount("-3.52"),
        gross: amount("-21.15"),
        total_quantity: pieces(-1),
        total_gross: amount("-21.15"),
    }
}

fn stock_update() -> StockUpdate {
    let count = CountPart { location: "MAIN".into(), bucket: "PICK".into(), quantity: pieces(5), basis: Basis::OnHand, counted_at: PLACED };
    StockUpdate {
        id: String::new(),
        channel: "web".into(),
        sku: "TEE".into(),
        sku_text: "tee".into(),
        counts: vec![count],
        moved: pieces(0),
        claims_open: pieces(0),
        unresolved: pieces(0),
        free: pieces(5),
        safety_stock: pieces(1),
        shown: pieces(4),
        held_by_shop: pieces(3),
        to_write: pieces(7),
        shop_figure: Some(pieces(7)),
        backorder_allowed: false,
        kit: false,
        next_expected_at: Some(PLACED),
        next_expected: Some(pieces(12)),
    }
}

fn product_update() -> ProductUpdate {
    ProductUpdate {
        id: String::new(),
        channel: "web".into(),
        sku: "TEE".into(),
        sku_text: "tee".into(),
        name: "T-shirt".into(),
        parent: Some("TEES".into()),
        options: vec![("colour".into(), "black".into())],
        blocked: false,
        category: "shirts".into(),
        currency: gbp(),
        regular_price: Some(amount("19.99")),
        tax_inside: false,
        offer_price: Some(amount("14.99")),
        offer_from: Some(PLACED),
        offer_until: Some(PLACED),
        parts: vec![ProductPart { sku: "TEE-FRONT".into(), pieces: pieces(2) }],
    }
}

fn order_status() -> OrderStatus {
    let line = StatusLine {
        line: "A".into(),
        sku: "TEE".into(),
        ordered: pieces(3),
        wanted: pieces(2),
        despatched: pieces(2),
        delivered: pieces(2),
        returned: pieces(0),
        refunded: pieces(1),
    };
    let parcel = StatusParcel {
        parcel: "D1".into(),
        carrier: "DPD".into(),
        tracking: Some("T-D1".into()),
        stage: "delivered".into(),
        despatched_at: PLACED,
        delivered_at: Some(PLACED),
        assumed: false,
    };
    OrderStatus {
        id: String::new(),
        order: ORDER.into(),
        number: NUMBER.into(),
        channel: "web".into(),
        stage: OrderStage::Delivered,
        payment: PaymentWord::PartRefunded,
        return_stage: ReturnStage::None,
        flags: vec!["part-cancelled".into()],
        lines: vec![line],
        parcels: vec![parcel],
        promised_at: Some(PLACED),
        text: "Your order has been delivered.".into(),
    }
}

fn customer_history() -> CustomerHistory {
    CustomerHistory {
        id: String::new(),
        person: "account|magento|7".into(),
        order: ORDER.into(),
        number: NUMBER.into(),
        kind: HistoryKind::Return,
        part: "RMA1".into(),
        date: PLACED,
        lines: vec![HistoryPiece { sku: "TEE".into(), quantity: pieces(1) }],
        currency: gbp(),
        amount: amount("21.15"),
        state: "received".into(),
        for_business: true,
        for_customer: true,
    }
}

fn marketing_profile() -> MarketingProfile {
    let consent = ConsentPart {
        address: "00112233445566778899aabbccddeeff".into(),
        channel: "email".into(),
        state: ConsentState::Yes,
        changed_at: Some(PLACED),
    };
    let purchases = Purchases {
        orders: 2,
        spend: vec![(gbp(), amount("68.44"))],
        first_order_at: Some(PLACED),
        last_order_at: Some(PLACED),
        returned: pieces(1),
        segment: Some(Segment::Returning),
    };
    MarketingProfile {
        id: String::new(),
        person: "account|magento|7".into(),
        brand: "acme".into(),
        email: Some(address_of("anne@example.com")),
        consent: vec![consent],
        purchases: Some(purchases),
        // Only an entry of the list of those not to be written to has it.
        forgotten_at: Some(PLACED),
    }
}

fn exception() -> ExceptionNotice {
    ExceptionNotice {
        id: String::new(),
        kind: "over-refunded".into(),
        entity: ORDER.into(),
        number: Text::default(),
        order_number: Some(NUMBER.into()),
        since: PLACED,
        sentence: "30.00 GBP is refunded, 21.15 was due".into(),
        to_do: "Accept it as goodwill, or claim it back.".into(),
        at_risk: Some(amount("8.85")),
        currency: Some(gbp()),
        causes: vec!["shop.orders[0]@12".into()],
    }
}

//! Words of the ERP, the warehouse, the carrier, finance and the office.
//!
//! ```text
//! erp record SO-7 approved / erp record SO-7 deleted
//! erp record-line SO-7/1: 3 TEE from MAIN shipped 2
//! erp posted shipment PS-1 from SO-7: 3 TEE
//! erp reads-anew records / shop reads-anew orders     a new snapshot of all: what it reads is told in the lines that follow
//! wms warehouse-order W1 packed
//! wms warehouse-total W1: 3
//! wms warehouse-line W1/1: 3 TEE allocated 3 despatched 2 closed
//! wms despatch D1: 2 TEE, 1 CAP from MAIN tracking T1
//! wms tracking D1: T2 replaces T1
//! carrier scan T1 delivered / carrier scan T1 delivered withdrawn (at 11:00)
//! erp return R1: 1 TEE approved exchange
//! wms receipt RC1: 1 TEE damaged under R1
//! wms disposition X1: 1 TEE stock / wms disposition X1 deleted
//! finance refund F1 card 21.14
//! shop refund CM1 card 43.00 for 1 of A worth 48.00 shipping 5.00 goodwill 2.00 fee 12.00 capture ch_1     what it is for; `unpaid`: no money moves
//! shop captures ch_1 card 60.00 of au_1 / shop reserves au_1 card 100.00                                  transactions of the provider
//! finance dispute DP1 60.00 open
//! erp posts 17 on 4400 credit 35.24          a line of its general ledger
//! office decides cancelled-but-despatched kept
//! office decides return-condition number RC1 refund 1 of A
//! office decides return-without-order number K1 link till      the till's return K1 is of the line's order
//! ```
//!
//! A word of a system that has no meaning is written with a question mark: `erp record SO-7 ?on-fire`.

use super::language::{Cursor, Wrong};
use super::rows::{self, TENDERS, Teller, Telling, currency, number};
use waybill::facts::ids::join_key;
use waybill::facts::order::*;
use waybill::facts::sku::Despatched;
use waybill::facts::{Alias, Amount, Link, OrderRow, Quantity, Row, Sku, SkuRow, Subject, Text};

pub(super) const MAIN: &str = "MAIN";

/// A word of a system: known, or with a `?` before it.
pub(super) fn word<T: Copy>(words: &mut Cursor<'_>, known: &[(&str, T)]) -> Result<Word<T>, Wrong> {
    match words.peek().and_then(|word| word.strip_prefix('?')) {
        Some(unknown) => {
            words.take();
            Ok(Word::Unknown(unknown.into()))
        }
        None => words.one_of(known).map(Word::Known),
    }
}

const RECORD_STATES: [(&str, ErpState); 5] = [
    ("pending", ErpState::Pending),
    ("approved", ErpState::Approved),
    ("closed", ErpState::Closed),
    ("cancelled", ErpState::Cancelled),
    ("posted", ErpState::Posted),
];

const WAREHOUSE_STATES: [(&str, WarehouseState); 10] = [
    ("new", WarehouseState::New),
    ("allocated", WarehouseState::Allocated),
    ("picking", WarehouseState::Picking),
    ("picked", WarehouseState::Picked),
    ("packed", WarehouseState::Packed),
    ("part-despatched", WarehouseState::PartDespatched),
    ("despatched", WarehouseState::Despatched),
    ("held", WarehouseState::Held),
    ("cancelled", WarehouseState::Cancelled),
    ("closed", WarehouseState::Closed),
];

const SCANS: [(&str, ScanMeaning); 9] = [
    ("label", ScanMeaning::Label),
    ("transit", ScanMeaning::Transit),
    ("delayed", ScanMeaning::Delayed),
    ("out", ScanMeaning::OutForDelivery),
    ("collect", ScanMeaning::Collect),
    ("attempted", ScanMeaning::Attempted),
    ("returning", ScanMeaning::Returning),
    ("lost", ScanMeaning::Lost),
    ("delivered", ScanMeaning::Delivered),
];

const RETURN_STATES: [(&str, ReturnState); 6] = [
    ("asked", ReturnState::Asked),
    ("approved", ReturnState::Approved),
    ("closed", ReturnState::Closed),
    ("posted", ReturnState::Posted),
    ("rejected", ReturnState::Rejected),
    ("withdrawn", ReturnState::Withdrawn),
];

const CONDITIONS: [(&str, Condition); 5] = [
    ("sellable", Condition::Sellable),
    ("damaged", Condition::Damaged),
    ("unspoken", Condition::Unspoken),
    ("rejected", Condition::Rejected),
    ("other-item", Condition::OtherItem),
];

impl Teller {
    /// The name of a system's document, linked to the order's number. `(for nobody)` lays no link.
    fn document(&self, kind: &str, id: &str, telling: &mut Telling<'_>) -> Subject {
        let name = Alias::new(&format!("{}.{kind}", telling.who), id);
        if telling.order != "nobody" && !telling.order.is_empty() {
            let order = number(&telling.order);
            telling.link(name.clone(), Link::Alias(order));
        }
        Subject::Alias(name)
    }

    /// `false`: the verb is none of these systems'.
    pub(super) fn systems(&mut self, verb: &str, words: &mut Cursor<'_>, telling: &mut Telling<'_>) -> Result<bool, Wrong> {
        match verb {
            "record" => self.record(words, telling)?,
            "record-line" => self.record_line(words, telling)?,
            "posted" => self.posted(words, telling)?,
            "warehouse-order" => self.warehouse_order(words, telling)?,
            "warehouse-total" => self.warehouse_total(words, telling)?,
            "warehouse-line" => self.warehouse_line(words, telling)?,
            "despatch" => self.despatch(words, telling)?,
            "tracking" => self.tracking(words, telling)?,
            "scan" => self.scan(words, telling)?,
            "return" => self.returns(words, telling)?,
            "receipt" => self.receipt(words, telling)?,
            "disposition" => self.disposition(words, telling)?,
            "reads-anew" => {
                let records: &[u8] = &[OrderRow::ERP_RECORD, OrderRow::ERP_LINE];
                let orders: &[u8] = &[OrderRow::HEADER, OrderRow::LINE];
                words.one_of(&[("records", records), ("orders", orders)])?.iter().for_each(|kind| telling.reads_anew(*kind));
            }
            "refund" => self.refund(words, telling)?,
            "captures" | "reserves" => self.transaction(verb, words, telling)?,
            "dispute" => self.dispute(words, telling)?,
            "posts" => self.posts(words, telling)?,
            "decides" => self.decides(words, telling)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn record(&mut self, words: &mut Cursor<'_>, telling: &mut Telling<'_>) -> Result<(), Wrong> {
        let document = words.word("a document's number")?;
        let subject = self.document("document", document, telling);
        if words.is("deleted") {
            telling.facts.clear();
            telling.delete(subject, OrderRow::ERP_RECORD, document);
            return Ok(());
        }
        let state = word(words, &RECORD_STATES)?;
        let row = ErpRecord { document: document.into(), state, created_at: None };
        telling.put(subject, document, Row::Order(OrderRow::ErpRecord(row)));
        Ok(())
    }

    fn record_line(&mut self, words: &mut Cursor<'_>, telling: &mut Telling<'_>) -> Result<(), Wrong> {
        let id = words.word("a record's line, as in SO-7/1")?.to_owned();
        let document = id.split('/').next().unwrap_or_default().to_owned();
        let subject = self.document("document", &document, telling);
        telling.facts.clear();
        if words.is("deleted") {
            telling.delete(subject, OrderRow::ERP_LINE, id.as_str());
            return Ok(());
        }
        words.is(":");
        let (quantity, sku) = (words.pieces()?, words.sku()?);
        let mut line = self
            .documents
            .get(&id)
            .cloned()
            .unwrap_or_else(|| ErpLine { location: Some(MAIN.into()), ..ErpLine::new(document.as_str().into(), sku.clone(), quantity) });
        (line.quantity, line.sku) = (quantity, sku);
        while let Some(word) = words.take() {
            match word {
                "of" => line.order_line = Some(words.word("a line's id")?.into()),
                "from" => line.location = Some(words.word("a location")?.into()),
                "from-anywhere" => line.location = None,
                "gross" => line.gross = Some(words.amount()?),
                "shipped" => line.shipped = words.pieces()?,
                "invoiced" => line.invoiced = words.pieces()?,
                "cost" => line.unit_cost = Some(words.amount()?),
                "closed" => line.closed = true,
                "drop-ship" => line.drop_ship = true,
                other => return Err(words.wrong(format!("unknown word \"{other}\" of a record's line"))),
            }
        }
        self.documents.insert(id.clone(), line.clone());
        telling.put(subject, id.as_str(), Row::Order(OrderRow::ErpLine(Box::new(line))));
        Ok(())
    }

    fn posted(&mut self, words: &mut Cursor<'_>, telling: &mut Telling<'_>) -> Result<(), Wrong> {
        let name = words.peek().unwrap_or_default();
        let kind = words.one_of(&[
            ("shipment", PostedKind::Shipment),
            ("invoice", PostedKind::Invoice),
            ("return-receipt", PostedKind::ReturnReceipt),
            ("credit-note", PostedKind::CreditNote),
        ])?;
        let document = words.word("a document's number")?;
        if !words.is("from") {
            return Err(words.wrong("expected \"from\" and the document that it was posted from"));
        }
        let from = words.word("a document's number")?;
        let of = if matches!(kind, PostedKind::ReturnReceipt | PostedKind::CreditNote) { "return" } else { "document" };
        let subject = self.document(of, from, telling);
        let items = items(words)?;
        let gross = if words.is("gross") { Some(words.amount()?) } else { None };
        for (quantity, sku) in items {
            let id = join_key(&[name, document, sku.as_str()]);
            let row = ErpPosted { kind, document: document.into(), from: from.into(), sku, quantity, gross };
            telling.put(subject.clone(), id, Row::Order(OrderRow::ErpPosted(row)));
        }
        Ok(())
    }

    fn warehouse_order(&mut self, words: &mut Cursor<'_>, telling: &mut Telling<'_>) -> Result<(), Wrong> {
        let id = words.word("a warehouse order's number")?;
        let subject = self.subject(telling);
        if words.is("deleted") {
            telling.delete(subject, OrderRow::WAREHOUSE_ORDER, id);
            return Ok(());
        }
        let state = word(words, &WAREHOUSE_STATES)?;
        let location = location(words)?;
        telling.put(subject, id, Row::Order(OrderRow::WarehouseOrder(WarehouseOrder { location, state })));
        Ok(())
    }

    fn warehouse_total(&mut self, words: &mut Cursor<'_>, telling: &mut Telling<'_>) -> Result<(), Wrong> {
        let id = words.word("a warehouse order's number")?;
        words.is(":");
        let pieces = words.pieces()?;
        let location = location(words)?;
        let subject = self.subject(telling);
        telling.put(subject, id, Row::Order(OrderRow::WarehouseTotal(WarehouseTotal { location, pieces })));
        Ok(())
    }

    fn warehouse_line(&mut self, words: &mut Cursor<'_>, telling: &mut Telling<'_>) -> Result<(), Wrong> {
        let id = words.word("a warehouse order's line, as in W1/1")?.to_owned();
        words.is(":");
        let quantity = words.pieces()?;
        let line = self.reference(words, telling)?;
        let fresh = WarehouseLine {
            order: id.split('/').next().unwrap_or_default().into(),
            location: MAIN.into(),
            line: line.clone(),
            quantity: Some(quantity),
            allocated: Quantity::ZERO,
            allocated_at: None,
            despatched: None,
            cancelled: None,
            closed: false,
        };
        let row = self.warehouse_lines.entry(id.clone()).or_insert(fresh);
        (row.quantity, row.line) = (Some(quantity), line);
        while let Some(word) = words.take() {
            match word {
                "at" => row.location = words.word("a location")?.into(),
                "allocated" => (row.allocated, row.allocated_at) = (words.pieces()?, Some(telling.at)),
                "despatched" => row.despatched = Some(words.pieces()?),
                "cancelled" => row.cancelled = Some(words.pieces()?),
                "closed" => row.closed = true,
                other => return Err(words.wrong(format!("unknown word \"{other}\" of a warehouse order's line"))),
            }
        }
        let row = row.clone();
        let subject = self.subject(telling);
        telling.put(subject, id.as_str(), Row::Order(OrderRow::WarehouseLine(Box::new(row))));
        Ok(())
    }

    /// The goods of a line or a SKU: what the warehouse's own record names.
    fn goods(&mut self, line: &LineRef, telling: &Telling<'_>) -> Option<Sku> {
        match line {
            LineRef::Sku(sku) => Some(sku.clone()),
            LineRef::Line(id) => self.of(telling).lines.get(id.as_str()).map(|line| line.sku.clone()),
        }
    }

    fn despatch(&mut self, words: &mut Cursor<'_>, telling: &mut Telling<'_>) -> Result<(), Wrong> {
        let id = words.word("a despatch's number")?;
        words.is(":");
        let mut parts = vec![(words.pieces()?, self.reference(words, telling)?)];
        while words.is(",") {
            parts.push((words.pieces()?, self.reference(words, telling)?));
        }
        let (mut from, mut tracking, mut carrier) = (Text::from(MAIN), None, Text::from("DPD"));
        let mut withdrawn = false;
        while let Some(word) = words.take() {
            match word {
                "from" => from = words.word("a location")?.into(),
                "tracking" => tracking = Some(Text::from(words.word("a tracking number")?)),
                "carrier" => carrier = words.word("a carrier")?.into(),
                "deleted" => withdrawn = true,
                other => return Err(words.wrong(format!("unknown word \"{other}\" of a despatch"))),
            }
        }
        let subject = self.subject(telling);
        for (quantity, line) in parts {
            let sku = self.goods(&line, telling);
            let tail = match &line {
                LineRef::Line(line) => line.clone(),
                LineRef::Sku(sku) => sku.as_str().into(),
            };
            let key = join_key(&[id, &tail]);
            if withdrawn {
                telling.delete(subject.clone(), OrderRow::DESPATCH, key);
                continue;
            }
            if let Some(sku) = sku {
                let left = Despatched { location: from.clone(), quantity, despatched_at: telling.at };
                telling.put(Subject::Sku(sku), key.clone(), Row::Sku(SkuRow::Despatched(left)));
            }
            let row = Despatch {
                despatch: id.into(),
                line,
                quantity,
                location: from.clone(),
                despatched_at: telling.at,
                carrier: carrier.clone(),
                service: Text::default(),
                tracking: tracking.clone(),
            };
            telling.put(subject.clone(), key, Row::Order(OrderRow::Despatch(Box::new(row))));
        }
        if let Some(tracking) = tracking {
            let order = number(&telling.order);
            telling.link(Alias::new(Alias::TRACKING, &tracking), Link::Alias(order));
        }
        Ok(())
    }

    fn tracking(&mut self, words: &mut Cursor<'_>, telling: &mut Telling<'_>) -> Result<(), Wrong> {
        let despatch = words.word("a despatch's number")?;
        words.is(":");
        let tracking = words.word("a tracking number")?;
        let replaces = if words.is("replaces") { Some(words.word("a tracking number")?.into()) } else { None };
        let subject = self.subject(telling);
        let row = Tracking { despatch: despatch.into(), carrier: "DPD".into(), number: tracking.into(), replaces, beside: false };
        telling.put(subject, despatch, Row::Order(OrderRow::Tracking(row)));
        let order = number(&telling.order);
        telling.link(Alias::new(Alias::TRACKING, tracking), Link::Alias(order));
        Ok(())
    }

    fn scan(&mut self, words: &mut Cursor<'_>, telling: &mut Telling<'_>) -> Result<(), Wrong> {
        let tracking = words.word("a tracking number")?;
        let code = words.peek().unwrap_or_default();
        let told = word(words, &SCANS)?;
        let meaning = if words.is("withdrawn") { Word::Known(ScanMeaning::Withdrawn) } else { told };
        let id = join_key(&[tracking, &telling.at.0.to_string(), code]);
        let row = Scan { tracking: tracking.into(), meaning, scanned_at: telling.at };
        telling.put(Subject::Alias(Alias::new(Alias::TRACKING, tracking)), id, Row::Order(OrderRow::Scan(row)));
        Ok(())
    }

    fn returns(&mut self, words: &mut Cursor<'_>, telling: &mut Telling<'_>) -> Result<(), Wrong> {
        let rma = words.word("an authorisation's number")?;
        words.is(":");
        let quantity = words.pieces()?;
        let line = self.reference(words, telling)?;
        let tail: Text = match &line {
            LineRef::Line(line) => line.clone(),
            LineRef::Sku(sku) => sku.as_str().into(),
        };
        let subject = self.document("return", rma, telling);
        let id = join_key(&[rma, &tail]);
        if words.is("deleted") {
            telling.facts.clear();
            telling.delete(subject, OrderRow::RETURN_LINE, id);
            return Ok(());
        }
        let state = word(words, &RETURN_STATES)?;
        // A system that closes what it has approved keeps the moment of the approval.
        let approved_at = if state == Word::Known(ReturnState::Approved) {
            Some(*self.approved.entry(id.to_string()).or_insert(telling.at))
        } else {
            self.approved.get(id.as_str()).copied()
        };
        let mut row = ReturnLine {
            rma: rma.into(),
            line,
            quantity,
            approved_at,
            state,
            resolution: Resolution::Refund,
            goods_expected: GoodsExpected::Yes,
            reason: Text::default(),
        };
        while let Some(word) = words.take() {
            match word {
                "exchange" => row.resolution = Resolution::Exchange,
                "repair" => row.resolution = Resolution::Repair,
                "store-credit" => row.resolution = Resolution::StoreCredit,
                "keep-it" => row.goods_expected = GoodsExpected::No,
                "proof" => row.goods_expected = GoodsExpected::Proof,
                "because" => row.reason = words.word("a reason")?.into(),
                other => return Err(words.wrong(format!("unknown word \"{other}\" of a return"))),
            }
        }
        telling.put(subject, id, Row::Order(OrderRow::ReturnLine(Box::new(row))));
        Ok(())
    }

    fn receipt(&mut self, words: &mut Cursor<'_>, telling: &mut Telling<'_>) -> Result<(), Wrong> {
        let receipt = words.word("a receipt's number")?;
        words.is(":");
        let quantity = words.pieces()?;
        let line = self.reference(words, telling)?;
        let condition = word(words, &CONDITIONS)?;
        let (mut rma, mut bucket, mut location) = (None, Text::default(), Text::from(MAIN));
        while let Some(word) = words.take() {
            match word {
                "under" => rma = Some(Text::from(words.word("an authorisation")?)),
                "into" => bucket = words.word("a bucket")?.into(),
                "at" => location = words.word("a location")?.into(),
                other => return Err(words.wrong(format!("unknown word \"{other}\" of a receipt"))),
            }
        }
        let tail: Text = match &line {
            LineRef::Line(line) => line.clone(),
            LineRef::Sku(sku) => sku.as_str().into(),
        };
        let id = join_key(&[receipt, &tail]);
        let row = Receipt { receipt: receipt.into(), rma, line, quantity, condition, location, bucket, received_at: telling.at };
        let row = Row::Order(OrderRow::Receipt(Box::new(row)));
        let subject = match telling.order.as_str() {
            "nobody" => Subject::Alias(Alias::blind_return(telling.who, receipt)),
            _ => self.subject(telling),
        };
        match subject {
            // The number of a receipt is the warehouse's own: the order that it names may be corrected.
            subject @ Subject::Alias(_) => telling.put_owned(subject, id, row),
            subject => telling.put(subject, id, row),
        }
        Ok(())
    }

    fn disposition(&mut self, words: &mut Cursor<'_>, telling: &mut Telling<'_>) -> Result<(), Wrong> {
        let id = words.word("a disposition's number")?;
        if words.is("deleted") {
            telling.delete(self.subject(telling), OrderRow::DISPOSITION, id);
            return Ok(());
        }
        words.is(":");
        let quantity = words.pieces()?;
        let line = self.reference(words, telling)?;
        let to = words.one_of(&[
            ("stock", DisposedTo::Stock),
            ("write-off", DisposedTo::WriteOff),
            ("sent-back", DisposedTo::SentBack),
            ("quarantine", DisposedTo::Quarantine),
        ])?;
        let subject = self.subject(telling);
        telling.put(subject, id, Row::Order(OrderRow::Disposition(Disposition { line, quantity, to })));
        Ok(())
    }

    fn refund(&mut self, words: &mut Cursor<'_>, telling: &mut Telling<'_>) -> Result<(), Wrong> {
        let id = words.word("a refund's number")?;
        let tender = words.one_of(&TENDERS)?;
        let amount: Amount = words.amount()?;
        let mut row = Refund {
            tender,
            currency: self.currency(telling),
            amount,
            state: Word::Known(RefundState::Success),
            reference: id.into(),
            request: None,
            refunded_at: telling.at,
            capture: Text::default(),
        };
        let mut credit = Credit { refunds: vec![id.into()], ..Credit::new(row.currency, telling.at) };
        let (mut says, mut goods, mut parts) = (false, None, Vec::new());
        while let Some(word) = words.take() {
            says |= matches!(word, "for" | "goods" | "shipping" | "duty" | "goodwill" | "fee");
            match word {
                // `for goodwill 5.00`: for no goods.
                "for" if words.peek().is_some_and(|word| word.parse::<f64>().is_err()) => {}
                "for" => {
                    let quantity = words.pieces()?;
                    words.is("of");
                    let line = self.reference(words, telling)?;
                    let gross = if words.is("worth") { Some(words.amount()?) } else { None };
                    parts.push((quantity, line, gross));
                }
                "goods" => goods = Some(words.amount()?),
                "shipping" => credit.shipping = words.amount()?,
                "duty" => credit.duty = words.amount()?,
                "goodwill" => credit.goodwill = words.amount()?,
                "fee" => credit.fee = words.amount()?,
                "unpaid" => credit.refunds.clear(),
                "capture" => row.capture = words.word("a capture")?.into(),
                "pending" => row.state = Word::Known(RefundState::Pending),
                "failed" => row.state = Word::Known(RefundState::Failed),
                "reference" => row.reference = words.word("a reference")?.into(),
                "answers" => row.request = Some(words.word("a request's id")?.into()),
                "currency" => row.currency = currency(words)?,
                other => return Err(words.wrong(format!("unknown word \"{other}\" of a refund"))),
            }
        }
        let subject = self.subject(telling);
        if says {
            for (quantity, line, gross) in parts {
                let tail: Text = match &line {
                    LineRef::Line(line) => line.clone(),
                    LineRef::Sku(sku) => sku.as_str().into(),
                };
                let part = CreditLine { credit: id.into(), line, quantity, gross };
                telling.put(subject.clone(), join_key(&[id, &tail]), Row::Order(OrderRow::CreditLine(Box::new(part))));
            }
            credit.goods = goods;
            let paid = !credit.refunds.is_empty();
            telling.put(subject.clone(), id, Row::Order(OrderRow::Credit(credit)));
            if !paid {
                return Ok(());
            }
        }
        telling.put(subject, id, Row::Order(OrderRow::Refund(Box::new(row))));
        Ok(())
    }

    fn transaction(&mut self, verb: &str, words: &mut Cursor<'_>, telling: &mut Telling<'_>) -> Result<(), Wrong> {
        let id = words.word("a transaction's number")?;
        let (tender, amount) = (words.one_of(&TENDERS)?, words.amount()?);
        let mut row = PaymentTransaction {
            kind: if verb == "captures" { TransactionKind::Capture } else { TransactionKind::Authorisation },
            tender: Some(tender),
            currency: Some(self.currency(telling)),
            amount: Some(amount),
            reference: id.into(),
            parent: Text::default(),
            failed: false,
            made_at: telling.at,
        };
        while let Some(word) = words.take() {
            match word {
                "of" => row.parent = words.word("an authorisation")?.into(),
                "failed" => row.failed = true,
                other => return Err(words.wrong(format!("unknown word \"{other}\" of a transaction"))),
            }
        }
        let subject = self.subject(telling);
        telling.put(subject, id, Row::Order(OrderRow::PaymentTransaction(Box::new(row))));
        Ok(())
    }

    fn decides(&mut self, words: &mut Cursor<'_>, telling: &mut Telling<'_>) -> Result<(), Wrong> {
        let kind = words.word("an exception")?;
        let about = if words.is("about") { Some(words.sku()?) } else { None };
        let number = if words.is("number") { words.word("the exception's number")? } else { "" };
        let choice = words.word("a choice")?;
        if choice == "link" {
            let name = Alias::blind_return(words.word("the system that received it")?, number);
            telling.link(name, Link::Alias(rows::number(&telling.order.clone())));
            return Ok(());
        }
        let mut lines = Vec::new();
        let amount = if words.is("amount") { Some(words.amount()?) } else { None };
        if words.peek().is_some() {
            let quantity = words.pieces()?;
            words.is("of");
            lines.push((LineRef::Line(words.word("a line")?.into()), quantity));
        }
        let row = Decision {
            kind: kind.into(),
            number: number.into(),
            choice: choice.into(),
            amount,
            lines,
            who: "jo".into(),
            why: "decided".into(),
            decided_at: telling.at,
        };
        let id = join_key(&[kind, number]);
        match about {
            Some(sku) => telling.put(Subject::Sku(sku), id, Row::Sku(SkuRow::Decision(Box::new(row)))),
            None => {
                let subject = Subject::Order(self.key(&telling.order.clone()));
                telling.put(subject, id, Row::Order(OrderRow::Decision(Box::new(row))));
            }
        }
        Ok(())
    }
}

/// `at MAIN`, where it is not the only location.
pub(super) fn location(words: &mut Cursor<'_>) -> Result<Text, Wrong> {
    if words.is("at") { Ok(words.word("a location")?.into()) } else { Ok(MAIN.into()) }
}

/// `: 2 TEE, 1 CAP`.
pub(super) fn items(words: &mut Cursor<'_>) -> Result<Vec<(Quantity, Sku)>, Wrong> {
    words.is(":");
    let mut items = vec![(words.pieces()?, words.sku()?)];
    while words.is(",") {
        items.push((words.pieces()?, words.sku()?));
    }
    Ok(items)
}

//! NAV's rows as SQL Server has them: no NULLs, decimals with twenty digits, dates as midnights, blank dates in 1753.

use base64::Engine;

use crate::facts::Moment;
use crate::retailer::clock::date;
use crate::retailer::erp::{Document, Kind, Line};
use crate::retailer::json::{Object, object};

/// A blank date: 1753-01-01.
pub const BLANK_DATE: i64 = -6_847_804_800_000;

/// Digits after the point of `decimal(38,20)`.
const DIGITS: usize = 20;

/// A kind of posted document.
pub enum Posted {
    Shipment,
    Invoice,
    Receipt,
    Memo,
}

fn rowversion(stamp: u64) -> String {
    base64::engine::general_purpose::STANDARD.encode(stamp.to_be_bytes())
}

fn decimals(row: &mut Object<'_>, members: &[(&str, i64)]) {
    for (name, value) in members {
        row.hundredths(name, *value, DIGITS);
    }
}

fn system_id(kind: i64, number: &str, line: i64) -> String {
    let hash = xxhash_rust::xxh3::xxh3_128(format!("{kind}:{number}:{line}").as_bytes());
    let hex = format!("{hash:032X}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// Stands for the type where ids of posted rows are made.
const POSTED: i64 = -1;

fn system(row: &mut Object<'_>, id: &str, (created, modified): (Moment, Moment)) {
    row.text("$systemId", id).int("$systemCreatedAt", created.0).int("$systemModifiedAt", modified.0);
}

impl Document {
    /// An order (1) or a return order (5).
    fn document_type(&self) -> i64 {
        match self.kind {
            Kind::Order => 1,
            Kind::Return => 5,
        }
    }

    pub fn key(&self) -> Vec<u8> {
        object(|key| {
            key.int("Document Type", self.document_type()).text("No_", &self.number);
        })
    }

    pub fn line_key(&self, line: &Line) -> Vec<u8> {
        object(|key| {
            key.int("Document Type", self.document_type()).text("Document No_", &self.number).int("Line No_", line_no(line));
        })
    }

    /// `Sales Header`.
    fn location(&self) -> &'static str {
        self.site().map_or("", |site| site.nav)
    }

    pub fn header_image(&self, stamp: u64) -> Vec<u8> {
        let day = date(self.created_at);
        object(|row| {
            row.text("timestamp", &rowversion(stamp)).int("Document Type", self.document_type()).text("No_", &self.number);
            row.texts(&[("Sell-to Customer No_", "WEB-UK"), ("Bill-to Customer No_", "WEB-UK"), ("Sell-to Customer Name", "Web shop UK")]);
            row.text("Ship-to Name", &self.ship_to.name.0).text("Ship-to Address", &self.ship_to.street.0);
            row.text("Ship-to City", &self.ship_to.city.0).text("Ship-to Post Code", &self.ship_to.postcode.0);
            row.text("Ship-to Country_Region Code", &self.ship_to.country);
            row.ints(&[("Order Date", day), ("Posting Date", day), ("Document Date", day), ("Shipment Date", day)]);
            row.ints(&[("Due Date", day), ("Requested Delivery Date", BLANK_DATE), ("Promised Delivery Date", BLANK_DATE)]);
            row.texts(&[("Location Code", self.location()), ("Currency Code", "")])
                .hundredths("Currency Factor", 0, DIGITS)
                .int("Prices Including VAT", 0);
            row.text("External Document No_", &self.external).texts(&[("Your Reference", ""), ("Payment Terms Code", "PREPAID")]);
            row.ints(&[("Status", i64::from(self.approved)), ("Shipping Advice", 0), ("Ship", 0), ("Invoice", 0), ("Receive", 0)]);
            row.texts(&[("Shipping No_", ""), ("Posting No_", ""), ("Last Shipping No_", ""), ("Last Posting No_", "")]);
            row.texts(&[("Package Tracking No_", ""), ("Shipping Agent Code", "")])
                .ints(&[("Doc_ No_ Occurrence", 1), ("Dimension Set ID", 0)]);
            self.system(row, 0);
        })
    }

    fn system(&self, row: &mut Object<'_>, line: i64) {
        system(row, &system_id(self.document_type(), &self.number, line), (self.created_at, self.modified_at));
    }

    /// `Sales Line`: an order's counts what it ships, a return order's what it receives.
    pub fn line_image(&self, line: &Line, stamp: u64) -> Vec<u8> {
        let order = self.kind == Kind::Order;
        let (shipped, received) = if order { (line.done, 0) } else { (0, line.done) };
        let open = line.quantity - line.done;
        let (to_ship, to_receive) = if order { (open, 0) } else { (0, open) };
        let net = line.gross - line.tax;
        object(|row| {
            row.text("timestamp", &rowversion(stamp))
                .int("Document Type", self.document_type())
                .text("Document No_", &self.number)
                .int("Line No_", line_no(line));
            row.text("Sell-to Customer No_", "WEB-UK").int("Type", 2).text("No_", &line.item_no).text("Variant Code", line.variant);
            row.texts(&[("Location Code", line.site.nav), ("Bin Code", "")])
                .text("Description", &line.description)
                .text("Unit of Measure Code", "PCS");
            decimals(
                row,
                &[("Qty_ per Unit of Measure", 100), ("Quantity", line.quantity * 100), ("Quantity (Base)", line.quantity * 100)],
            );
            decimals(
                row,
                &[("Outstanding Quantity", open * 100), ("Outstanding Qty_ (Base)", open * 100), ("Qty_ to Ship", to_ship * 100)],
            );
            decimals(
                row,
                &[("Qty_ to Ship (Base)", to_ship * 100), ("Quantity Shipped", shipped * 100), ("Qty_ Shipped (Base)", shipped * 100)],
            );
            decimals(row, &[("Quantity Invoiced", line.done * 100), ("Qty_ Invoiced (Base)", line.done * 100)]);
            decimals(row, &[("Return Qty_ to Receive", to_receive * 100), ("Return Qty_ Received", received * 100)]);
            decimals(row, &[("Return Qty_ Received (Base)", received * 100)]);
            row.int("Completely Shipped", i64::from(order && open == 0)).text("Return Reason Code", line.reason);
            decimals(row, &[("Unit Price", line.price), ("Unit Cost (LCY)", line.cost), ("Line Amount", net), ("Amount", net)]);
            decimals(row, &[("Amount Including VAT", line.gross), ("VAT _", 2_000)]);
            row.ints(&[("Drop Shipment", 0), ("Shipment Date", date(self.created_at)), ("Appl_-from Item Entry", 0)])
                .text("Currency Code", "");
            self.system(row, line_no(line));
        })
    }

    /// The header of a posted document.
    pub fn posted_header(&self, kind: &Posted, number: &str, tracking: &str, clock: Moment, stamp: u64) -> Vec<u8> {
        object(|row| {
            row.text("timestamp", &rowversion(stamp))
                .text("No_", number)
                .texts(&[("Sell-to Customer No_", "WEB-UK"), ("Bill-to Customer No_", "WEB-UK")]);
            match kind {
                Posted::Shipment | Posted::Invoice => row.text("Order No_", &self.number),
                Posted::Receipt | Posted::Memo => row.text("Return Order No_", &self.number),
            };
            row.text("External Document No_", &self.external).ints(&[("Posting Date", date(clock)), ("Document Date", date(clock))]);
            row.texts(&[("Currency Code", ""), ("Location Code", self.location()), ("Pre-Assigned No_", ""), ("Your Reference", "")]);
            row.text("Package Tracking No_", tracking).text("Shipping Agent Code", "").hundredths("Currency Factor", 0, DIGITS);
            row.ints(&[("Prices Including VAT", 0), ("Correction", 0)]);
            system(row, &system_id(POSTED, number, 0), (clock, clock));
        })
    }

    /// A line of a posted document.
    pub fn posted_line(&self, kind: &Posted, number: &str, line: &Line, pieces: i64, clock: Moment, stamp: u64) -> Vec<u8> {
        object(|row| {
            row.text("timestamp", &rowversion(stamp)).text("Document No_", number).int("Line No_", line_no(line)).int("Type", 2);
            row.text("No_", &line.item_no)
                .text("Variant Code", line.variant)
                .text("Location Code", line.site.nav)
                .text("Description", &line.description);
            decimals(row, &[("Quantity", pieces * 100), ("Quantity (Base)", pieces * 100), ("Qty_ per Unit of Measure", 100)]);
            match kind {
                Posted::Shipment => decimals(
                    row.text("Order No_", &self.number).int("Order Line No_", line_no(line)),
                    &[("Quantity Invoiced", pieces * 100)],
                ),
                Posted::Invoice => decimals(
                    row.text("Order No_", &self.number).int("Order Line No_", line_no(line)),
                    &[
                        ("Unit Price", line.price),
                        ("Amount", line.part(pieces, line.gross - line.tax)),
                        ("Amount Including VAT", line.part(pieces, line.gross)),
                    ],
                ),
                Posted::Receipt => decimals(
                    row.text("Return Order No_", &self.number)
                        .int("Return Order Line No_", line_no(line))
                        .text("Return Reason Code", line.reason),
                    &[("Quantity Invoiced", pieces * 100)],
                ),
                Posted::Memo => decimals(
                    row.text("Return Reason Code", line.reason).text("Order No_", "").int("Order Line No_", 0),
                    &[
                        ("Unit Price", line.price),
                        ("Amount", line.part(pieces, line.gross - line.tax)),
                        ("Amount Including VAT", line.part(pieces, line.gross)),
                    ],
                ),
            }
            decimals(row, &[("Unit Cost (LCY)", line.cost)]);
            row.ints(&[("Correction", 0), ("Posting Date", date(clock)), ("Appl_-from Item Entry", 0)]);
            system(row, &system_id(POSTED, number, line_no(line)), (clock, clock));
        })
    }
}

/// `Line No_`: lines are numbered with room between them.
fn line_no(line: &Line) -> i64 {
    line.place * 10_000
}

/// The key of a posted header.
pub fn posted_key(number: &str) -> Vec<u8> {
    object(|key| {
        key.text("No_", number);
    })
}

/// The key of a posted line.
pub fn posted_line_key(number: &str, line: &Line) -> Vec<u8> {
    object(|key| {
        key.text("Document No_", number).int("Line No_", line_no(line));
    })
}

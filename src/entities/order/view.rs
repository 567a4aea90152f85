//! The view of an order: every derived quantity of rows.md, computed from the rows, the rules and the tick.
//!
//! Letters as in the specification: *n* ordered, *d* despatched, *c* cancelled, *w* wanted, *r* returned and accepted, *k* kept; *D* due,
//! *F* refunded. The one thing that is asked of a ledger is *stopped*: was a go-ahead ever made for the piece?
//!
//! The view borrows from the rows: it is computed at the seal, used for all events of the order, and dropped; queries compute it anew from
//! published rows.

pub use super::compute::view;
use super::parcels::Fate;
use super::times::Times;
use crate::facts::order::{
    Address, Charge, Condition, Header, Line, LineRef, ReturnState, ScanMeaning, Tender, WarehouseLine, WarehouseState, Word,
};
use crate::facts::{Amount, Cause, Currency, Moment, OrderKey, Quantity, Sku, SourceId};

/// An order's view.
#[derive(Clone, Debug)]
pub struct OrderView<'a> {
    pub key: &'a OrderKey,
    /// `None` until the shop's header is there; a deleted header still counts, marked `gone`.
    pub header: Option<&'a Header>,
    pub header_gone: bool,
    /// The source that the order was placed in.
    pub shop: Option<SourceId>,
    pub ship_to: Option<&'a Address>,
    pub bill_to: Option<&'a Address>,
    /// Sale lines in the order of their position; goods of a leaf line stand with their sale.
    pub lines: Vec<LineView<'a>>,
    pub charges: Vec<ChargeView<'a>>,
    pub money: Money,
    pub erp: ErpView<'a>,
    /// Warehouse orders, by location.
    pub warehouse: Vec<WarehouseView<'a>>,
    pub parcels: Vec<ParcelView<'a>>,
    pub returns: Vec<ReturnView<'a>>,
    /// Receipts that no authorisation covers.
    pub unlogged: bool,
    pub refunds: Vec<RefundView<'a>>,
    pub holds: Vec<HoldView<'a>>,
    pub conditions: Conditions,
    pub stage: OrderStage,
    pub return_stage: ReturnStage,
    pub payment: PaymentWord,
    pub flags: Vec<&'static str>,
    /// Contradictions and the like, found while computing: events turn them into exceptions.
    pub findings: Vec<Finding>,
    /// When the newest row that cancels something says so.
    pub cancelled_at: Option<Moment>,
    /// Business times of the newest rows that move money or goods.
    pub times: Times,
    /// When the view would next change by the clock alone.
    pub next_change: Option<Moment>,
}

/// A sale line with its goods.
#[derive(Clone, Debug)]
pub struct LineView<'a> {
    /// The shop's line id.
    pub id: &'a str,
    pub line: &'a Line,
    /// The goods' row: the leaf, or the line itself.
    pub goods: &'a Line,
    /// The leaf's line id, where the goods stand on a leaf line.
    pub leaf: Option<&'a str>,
    /// The bundle that it is a part of.
    pub part_of: Option<PartOf<'a>>,
    /// A bundle as a whole, whose parts stand on lines of their own: it has the price, since their shares are not known.
    pub set: bool,
    /// The shop deleted the line's row: that means nothing by itself.
    pub gone: bool,
    /// A newer whole body of the order lists the line no more: the shop has removed it.
    pub removed: bool,
    /// `line.gross` and `line.tax`, with the order's rounding rest on the largest line: what [`LineView::g`] and [`LineView::t`] divide.
    pub gross: Amount,
    pub tax: Amount,
    pub currency: Currency,
    /// What is picked: the leaf's SKU, or the line's own.
    pub sku: &'a Sku,
    /// Needs goods from a warehouse.
    pub ships: bool,
    /// The ERP has it sent by the supplier.
    pub drop_ship: bool,
    /// The location it is to be sent from: the ERP record's line, else the order line's, else the only shipping location of the pool.
    pub location: Option<&'a str>,
    /// The warehouse there does not know the SKU.
    pub not_stocked: bool,
    /// Ordered.
    pub n: Quantity,
    /// Despatched by the authority.
    pub d: Quantity,
    /// Cancelled: the largest of shop's, ERP's and warehouse's total.
    pub c: Quantity,
    /// Who says how much of it.
    pub cancelled_by: CancelledBy,
    /// Wanted: n - min(c, max(0, n - d)).
    pub w: Quantity,
    /// The part of n - w that can't be sent any more.
    pub stopped: Quantity,
    /// Authorised to come back, for money.
    pub authorised: Quantity,
    /// Received back, in whatever condition.
    pub received: Quantity,
    /// Received in accepted condition, + not expected.
    pub accepted_goods: Quantity,
    /// Returned and accepted for money: the least of d, authorised, accepted_goods.
    pub r: Quantity,
    /// Kept: n - stopped - r.
    pub k: Quantity,
    /// Pieces in parcels that are delivered.
    pub delivered: Quantity,
    /// Refunded pieces, by the refund's own word (for `order-status`); else r + stopped once the money is paid.
    pub refunded: Quantity,
    /// Accepted pieces whose goods are settled as stock, and as damaged or lost.
    pub settled_stock: Quantity,
    pub settled_written_off: Quantity,
    /// Accepted pieces that are settled otherwise: none expected, or sent back to the customer.
    pub settled_other: Quantity,
    /// The shop's own shipped total, the ERP's own, and their received-back totals: what notices need not tell them again.
    pub shop_shipped: Quantity,
    pub erp_shipped: Quantity,
    pub shop_received: Quantity,
    pub erp_received: Quantity,
    pub unit_cost: Option<Amount>,
    /// Despatches of this line's goods, and the record of the last.
    pub despatched: Vec<DespatchPart<'a>>,
    pub despatched_by: Option<Cause>,
    /// Some despatch names only the SKU, and other lines have it too: how its pieces are put to them may change.
    pub pooled: bool,
}

/// Where a part of a bundle belongs.
#[derive(Clone, Copy, Debug)]
pub struct PartOf<'a> {
    /// The shop's line id of the bundle.
    pub sale: &'a str,
    pub line: &'a Line,
    /// Pieces of this part in one bundle.
    pub each: Quantity,
}

/// What each owner says is cancelled of a line. Credits of goods that were not despatched are the shop's.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CancelledBy {
    pub shop: Quantity,
    pub erp: Quantity,
    pub warehouse: Quantity,
    /// The part of the shop's that is a credit made after goods had left: it stops nothing that could still be stopped.
    pub late_credit: Quantity,
}

/// A part of a despatch that is for a line.
#[derive(Clone, Debug)]
pub struct DespatchPart<'a> {
    /// The key of the warehouse's own row, as its SKU keeps it.
    pub row: &'a str,
    /// The parcel it went in: the key of a [`ParcelView`].
    pub parcel: &'a str,
    pub location: &'a str,
    pub quantity: Quantity,
    pub despatched_at: Moment,
}

#[derive(Clone, Debug)]
pub struct ChargeView<'a> {
    /// kind + number.
    pub id: &'a str,
    pub charge: &'a Charge,
    /// Stays: not removed, and something is kept or charges are not given back.
    pub stays: bool,
}

/// The order's money, in its one currency.
#[derive(Clone, Debug)]
pub struct Money {
    pub currency: Currency,
    /// The header's total.
    pub total: Amount,
    /// Sum of all lines and charges as ordered.
    pub value: Amount,
    /// Minor units that rounding left, put to the largest line.
    pub rounding: Amount,
    pub captured: Amount,
    /// Authorised and not yet captured, neither expired nor voided.
    pub authorised_open: Amount,
    pub owed: Amount,
    pub entitled: Amount,
    /// D: due to the customer.
    pub due: Amount,
    /// F: refunded, success and pending.
    pub refunded: Amount,
    /// The systems that report all refunds agree.
    pub refunds_agree: bool,
    pub tenders: Vec<TenderView>,
    /// Lines + charges agree with the total, and no row is in another currency: figures may ask for money.
    pub sound: bool,
}

#[derive(Clone, Debug)]
pub struct TenderView {
    pub tender: Tender,
    pub captured: Amount,
    pub refunded: Amount,
    /// D, spread over the tenders.
    pub due: Amount,
    /// The gateway's reference of the capture.
    pub reference: String,
}

#[derive(Clone, Debug, Default)]
pub struct ErpView<'a> {
    /// The record's number: open document first, else a posted one's.
    pub document: Option<&'a str>,
    pub recorded: bool,
    pub approved: bool,
    /// There is a record, though its state may be a word without a meaning: never create a second.
    pub exists: bool,
    /// Words of its states: `approved`, `posted`, `gone` ...
    pub states: Vec<&'static str>,
    pub source: Option<SourceId>,
}

#[derive(Clone, Debug)]
pub struct WarehouseView<'a> {
    pub source: SourceId,
    pub number: &'a str,
    pub location: &'a str,
    pub state: &'a Word<WarehouseState>,
    /// How many pieces it has now, where it tells that as one figure.
    pub pieces: Option<Quantity>,
    pub lines: Vec<WarehouseLineView<'a>>,
    /// When its newest row speaks.
    pub at: Moment,
}

/// A line of a warehouse order.
#[derive(Clone, Debug)]
pub struct WarehouseLineView<'a> {
    pub row: &'a WarehouseLine,
    /// Indices of the order's lines that it may be for.
    pub targets: Vec<usize>,
    /// What the warehouse will not send of it: cancelled by its word, or closed short.
    pub lost: Quantity,
    /// Closed, and how much of it will not be sent is not known (yet).
    pub unsaid: bool,
    pub at: Moment,
    pub cause: Cause,
}

#[derive(Clone, Debug)]
pub struct ParcelView<'a> {
    /// Despatch number.
    pub key: &'a str,
    pub location: &'a str,
    pub carrier: &'a str,
    pub service: &'a str,
    pub tracking: Option<&'a str>,
    /// When a row of its own told the number.
    pub tracking_at: Option<Moment>,
    /// Numbers of labels that were replaced, and when: later scans of them are not of this parcel.
    pub former: Vec<(&'a str, Moment)>,
    /// Handed over at a counter: nothing travels.
    pub taken: bool,
    pub decided: Option<Decided<'a>>,
    pub despatched_at: Moment,
    pub cause: Cause,
    /// (index into `lines`, quantity) of what is in it.
    pub lines: Vec<(usize, Quantity)>,
    /// A despatch row of it could not be put to a line of this order.
    pub unresolved: bool,
    pub newest_scan: Option<(ScanMeaning, Moment)>,
    pub delivered_at: Option<Moment>,
    /// Delivered by time, without a scan.
    pub assumed: bool,
}

/// What a person has decided about a parcel that is lost or came back.
#[derive(Clone, Copy, Debug)]
pub struct Decided<'a> {
    pub(super) fate: Fate,
    /// `resend`, `refund`.
    pub choice: &'a str,
    pub at: Moment,
    /// The pieces that it was made for; none: whatever is in the parcel.
    pub lines: &'a [(LineRef, Quantity)],
}

#[derive(Clone, Debug)]
pub struct ReturnView<'a> {
    pub rma: &'a str,
    pub source: SourceId,
    pub lines: Vec<ReturnLineView<'a>>,
    pub receipts: Vec<ReceiptView<'a>>,
}

impl<'a> ReturnView<'a> {
    /// What tells it from others: two systems may give the same number.
    pub fn document(&self) -> (&'a str, SourceId) {
        (self.rma, self.source)
    }
}

#[derive(Clone, Debug)]
pub struct ReturnLineView<'a> {
    /// Index into `lines`, once known.
    pub line: Option<usize>,
    pub quantity: Quantity,
    pub state: &'a Word<ReturnState>,
    pub gone: bool,
    pub for_money: bool,
    pub goods_expected: bool,
    /// Approved (or closed, posted, gone after approval), and not to be rejected.
    pub authorised: bool,
    pub reason: &'a str,
    pub approved_at: Option<Moment>,
}

#[derive(Clone, Debug)]
pub struct ReceiptView<'a> {
    pub receipt: &'a str,
    pub source: SourceId,
    /// (index into `lines`, quantity) after pooling.
    pub lines: Vec<(usize, Quantity)>,
    pub condition: &'a Word<Condition>,
    pub location: &'a str,
    pub bucket: &'a str,
    pub received_at: Moment,
    /// The receipt's row, while its goods, which can be sold again, wait for a count of their location that holds them.
    pub uncounted: Option<&'a str>,
}

#[derive(Clone, Debug)]
pub struct RefundView<'a> {
    pub source: SourceId,
    pub id: &'a str,
    pub tender: Tender,
    pub amount: Amount,
    pub success: bool,
    pub pending: bool,
    pub request: Option<&'a str>,
    pub at: Moment,
    /// It is part of F; a mirror of a refund that another source told is not.
    pub counts: bool,
}

#[derive(Clone, Debug)]
pub struct HoldView<'a> {
    pub source: SourceId,
    pub reason: &'a str,
    pub cause: Cause,
}

/// The conditions that gates ask for, each with what it waits for while it is shut.
#[derive(Clone, Debug)]
pub struct Conditions {
    pub complete: Gate,
    pub secured: Gate,
    pub recorded: Gate,
    pub approved: Gate,
    pub not_held: Gate,
    pub ship_to: Gate,
    pub not_replaced: Gate,
    /// The order that this one replaces is cancelled.
    pub in_place: Gate,
    pub not_test: Gate,
    /// On account, or at the door: goods leave before they are paid.
    pub pays_later: bool,
}

/// Whether a condition holds; if not, which row it waits for, and which source is to bring it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    pub name: &'static str,
    pub holds: bool,
    /// For people: `2 of 3 lines`, `the ERP's record of the order`.
    pub waits_for: String,
    /// Name of the source that is to bring it.
    pub brings: String,
    pub since: Option<Moment>,
}

/// How far an order is. The first line that holds wins; so a stage is a function of the rows, not of the way there, and it may go back (a
/// scan is withdrawn, a record disappears, a line is added).
///
/// ```text
///  placed ──> recorded ──> released ──> picking ──> packed
///    │            │            │            │          │        w = 0 for all, and nothing left
///    └────────────┴────────────┴────────────┴──────────┴──────────────────────────────────────> cancelled
///                              │            │          │        something left
///                              └────────────┴──────────┴──> part-despatched ──> despatched ──> out-for-delivery
///                                                                 │                 │                 │
///                                                                 └──> part-delivered <───────────────┤
///                                                                           └──────> delivered <──────┘
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OrderStage {
    /// Nothing is wanted any more, and nothing left.
    Cancelled,
    /// Every wanted piece is delivered.
    Delivered,
    /// Some piece is.
    PartDelivered,
    /// All that is wanted left, and the newest scan of a parcel says that it is out for delivery.
    OutForDelivery,
    /// All that is wanted left.
    Despatched,
    /// Something left.
    PartDespatched,
    /// The furthest of the warehouse's open orders is packed.
    Packed,
    /// ... is being picked.
    Picking,
    /// Every condition of the go-ahead holds, or the warehouse has the order.
    Released,
    /// The ERP has, or has had, a record of it.
    Recorded,
    Placed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReturnStage {
    None,
    Unlogged,
    Reversed,
    Refunded,
    Received,
    PartReceived,
    Logged,
    Asked,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PaymentWord {
    Open,
    Authorised,
    PartPaid,
    Paid,
    Overpaid,
    PartRefunded,
    Refunded,
    Disputed,
}

/// Something a person must look at, found while computing the view. `events/exceptions.rs` opens and closes what these name.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// `totals-differ`, `rows-contradict` ... (exceptions.md).
    pub kind: &'static str,
    /// Tells several of one kind apart; empty when there can be only one.
    pub number: String,
    /// What is wrong, in a sentence.
    pub sentence: String,
    pub at_risk: Option<Amount>,
    /// How many pieces it is about, where it is about pieces.
    pub pieces: Option<Quantity>,
    /// A person has decided about it: it is not opened.
    pub decided: bool,
    /// The figures can't be trusted while it stands: nothing is requested from them.
    pub shuts: bool,
    /// Opens only after this moment; `None`: at once.
    pub opens_at: Option<Moment>,
    pub causes: Vec<Cause>,
}

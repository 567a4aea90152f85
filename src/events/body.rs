//! Bodies of events: what a statement and a request have in common, and how they are encoded.

use std::cell::RefCell;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use crate::entities::order::OrderView;
use crate::entities::order::figures::LineView;
use crate::entities::topics::Topic;
use crate::facts::ids::join_key;
use crate::facts::order::Header;
use crate::facts::{Amount, Currency, OrderKey, Text};

/// The body of a statement. `id` is its first field, and empty: the outlet writes it into the JSON. So one text serves for the digest, which leaves the
/// id out, and for the event.
pub trait Statement: Serialize {
    /// Where it goes.
    const TOPIC: Topic;

    /// The digest by which it is known what was emitted last, of a body that leaves out what alone is no reason to emit it again. `None`: of all of it.
    fn content(&self) -> Option<u64> {
        None
    }
}

/// The body of a request. It begins with its head.
pub trait RequestBody: Serialize {
    /// Where it goes.
    const TOPIC: Topic;

    /// Which step of which ledger it is. The outlet sets the id in it.
    fn head(&mut self) -> &mut RequestHead;

    /// Who is to act, where a topic has more than one reader: the header `receiver`.
    fn receiver(&self) -> Option<Receiver> {
        None
    }

    /// Does it take back what was requested before?
    fn corrects(&self) -> bool {
        false
    }

    /// The digest by which it is known what was held. A body leaves out what alone is no reason to make it.
    fn content(&self) -> u64 {
        digest(self)
    }

    /// The money that it moves.
    fn money(&self) -> Option<(Amount, Currency)> {
        None
    }

    /// While it is held: does it wait whatever its content becomes? A first step does, since nothing of it was said before.
    fn waits_whole(&mut self) -> bool {
        self.head().step <= 1
    }
}

/// The beginning of every request: which step of which ledger it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RequestHead {
    /// `topic|ledger key|generation|step`: no two events share one. The same as the header `id`.
    pub id: String,
    /// The ledger that the step belongs to: the order's key, and what else distinguishes its ledgers; parts joined by `|` (`|` and `%` in them
    /// percent-encoded).
    pub ledger_key: Text,
    /// Number of the step in its ledger: from 1, without gaps. A receiver that has seen it ignores it.
    pub step: u32,
}

impl RequestHead {
    /// The head of a step. `parts`: what distinguishes the ledgers of one order, as a receiver, a parcel. The id comes from the outlet.
    pub fn new(order: &OrderKey, parts: &[&str], step: u32) -> Self {
        let mut ledger_key = order.0.clone();
        if !parts.is_empty() {
            ledger_key.push('|');
            ledger_key.push_str(&join_key(parts));
        }
        Self { id: String::new(), ledger_key, step }
    }
}

/// Which order a request is about.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OrderRef {
    /// The order's key, `source|id` of the shop that it was placed in. Also the Kafka key.
    pub order: Text,
    /// The order's public number, by the shop; the other systems refer to it.
    pub number: Text,
    /// The shop's own id of the order.
    pub shop_id: Text,
    /// The ERP's number of its record of the order, for people; empty while it has none.
    pub erp_number: Text,
    /// The id under which the ERP's interface has the record; its number where it has no other id; empty while it has none.
    pub erp_id: Text,
}

impl OrderRef {
    /// Names the order of the view.
    pub fn new(view: &OrderView<'_>, header: &Header) -> Self {
        let (document, names) = (view.erp.document.unwrap_or_default(), view.erp.reference);
        Self {
            erp_number: names.map_or_else(|| document.into(), |names| names.number.clone()),
            erp_id: names.map_or_else(|| document.into(), |names| names.id.clone()),
            ..Self::of_shop(view, header)
        }
    }

    /// ... without what the ERP calls it.
    pub(super) fn of_shop(view: &OrderView<'_>, header: &Header) -> Self {
        let (order, number, shop_id) = (view.key.0.clone(), header.number.clone(), view.key.native());
        Self { order, number, shop_id, erp_number: Text::default(), erp_id: Text::default() }
    }
}

/// How the systems call an order line, beside the shop's id of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LineNames {
    /// Which of the order's lines it is, counted from 1; a line that is added later gets a later number.
    pub line_number: u32,
    /// The SKU as the shop spells it.
    pub sku_text: Text,
    /// The ERP's own id of its line; empty while it has none.
    pub erp_line: Text,
    /// The ERP's own id of the goods; empty where it names them by SKU alone.
    pub erp_item: Text,
}

impl LineNames {
    /// Of the line with this id; nothing where the order has none.
    pub fn new(view: &OrderView<'_>, id: &str) -> Self {
        view.lines.iter().position(|line| line.id == id).map(|at| Self::at(view, at)).unwrap_or_default()
    }

    /// Of the line with this index. Whoever walks the lines has it: looking for each by its id would take as many steps again for each line.
    pub fn at(view: &OrderView<'_>, at: usize) -> Self {
        let line = &view.lines[at];
        Self { erp_line: line.erp.line_id.clone(), erp_item: line.erp.item.clone(), ..Self::of_shop(at, line) }
    }

    /// ... without what the ERP calls it.
    pub(super) fn of_shop(at: usize, line: &LineView<'_>) -> Self {
        let line_number = u32::try_from(at + 1).unwrap_or(u32::MAX);
        Self { line_number, sku_text: line.goods.sku_text.clone(), erp_line: Text::default(), erp_item: Text::default() }
    }
}

/// Who is to act on a request that goes to more than one system: part of the ledger key, and the header `receiver`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Receiver {
    /// The shop that the order was placed in.
    Shop,
    /// The ERP.
    Erp,
}

impl Receiver {
    /// As it is written in bodies, keys and headers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Shop => "shop",
            Self::Erp => "erp",
        }
    }
}

/// Is a notice the plain one, or does it take something back?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoticeAction {
    /// The totals have risen.
    Notify,
    /// A total is lower than the one before.
    Correct,
}

/// A stable digest of a serialisable content: xxh3 of its JSON. Part of the state's format.
pub fn digest<C: Serialize + ?Sized>(content: &C) -> u64 {
    json(content, xxh3_64)
}

thread_local! {
    /// Memory to encode in: it stays as large as the largest body was, so that none grows by doubling.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// How the JSON of a statement begins.
const WITHOUT_ID: &[u8] = br#"{"id":"""#;

/// The JSON of a statement with its id.
pub(super) fn with_id(json: &[u8], id: &str) -> Vec<u8> {
    let (begins, rest) = json.split_at(WITHOUT_ID.len());
    debug_assert_eq!(begins, WITHOUT_ID, "a statement begins with its id");
    let mut whole = Vec::with_capacity(json.len() + id.len());
    whole.extend_from_slice(&WITHOUT_ID[..WITHOUT_ID.len() - 2]);
    // A text always has a JSON form.
    let _ = serde_json::to_writer(&mut whole, id);
    whole.extend_from_slice(rest);
    whole
}

/// Gives the content's JSON to `read`.
pub(super) fn json<T>(content: &(impl Serialize + ?Sized), read: impl FnOnce(&[u8]) -> T) -> T {
    SCRATCH.with_borrow_mut(|scratch| {
        scratch.clear();
        // A body is made of maps with text keys and plain values: it always has a JSON form.
        let _ = serde_json::to_writer(&mut *scratch, content);
        read(scratch)
    })
}

//! Rows by themselves: of SuiteQL and SuiteAnalytics Connect, of saved searches, of CSV files. A row is a line of a document, its head, a link, a stock figure,
//! or a record that was deleted.
//!
//! - **Signs** are those of the ledger: what is sold stands below zero in `transactionline`, what comes back above. Records have no sign, and neither have
//!   these rows once they are read: the side follows from the type.
//! - A fulfilment shows each item twice, as goods and as cost (`iscogs`). Taxes, carriage, subtotals and components of kits are rows too. None of these
//!   counts.
//! - Ids are texts here: `uniquekey` passes what a float can hold.

use std::borrow::Cow;
use std::sync::LazyLock;

use super::assumptions::{self, ItemType, Kind, Named};
use super::bodies::{self, body};
use super::cells::{filled, flag, pieces, reference};
use super::context::{NetSuiteSettings, RecordContext};
use super::document::{Document, GoodsLine, MadeFrom, ToldLines, progress};
use super::{gone, items};
use crate::envelope::{Cell, DecodeError, SpelledColumns, SpelledRow, spelled};
use crate::facts::{Link, Moment, Text};
use crate::sources::adapter::{Reading, Skip};
use crate::sources::facts_out::FactsOut;

spelled! {
    pub(super) mod row {
        TRANSACTION = "transaction",
        ID = "id",
        KEY = "uniquekey",
        PLACE = "linesequencenumber",
        LINE = "line|lineid",
        MAINLINE = "mainline",
        TAXLINE = "taxline",
        COST = "iscogs",
        TECHNICAL = "donotdisplayline",
        ITEM = "item",
        ITEM_ID = "itemid",
        ITEM_NAME = "item_display|itemname",
        ITEM_TYPE = "itemtype",
        QUANTITY = "quantity",
        DONE = "quantityshiprecv|quantityfulfilled|quantityreceived",
        BILLED = "quantitybilled",
        CLOSED = "isclosed|closed",
        KIT = "kitmemberof",
        LOCATION = "location",
        MODIFIED = "linelastmodifieddate",
        TRACKING = "shipmentpackage.trackingnumber|trackingnumbers|trackingnumber",
        TYPE = "type|recordtype",
        SHOP_LINE = "shop_line_id",
        REASON = "return_reason",
    }
}

spelled! {
    mod link {
        FROM = "previousdoc",
        TO = "nextdoc",
        FROM_TYPE = "previoustype",
        TO_TYPE = "nexttype",
        TYPE = "linktype",
    }
}

spelled! {
    mod deleted {
        RECORD = "recordid",
        TYPE = "recordtypeid|recordtype",
        TYPE_NAME = "type",
        AT = "deleteddate",
    }
}

spelled! {
    pub(super) mod stock {
        ITEM = "item",
        ITEM_ID = "itemid",
        ITEM_NAME = "item_display|itemname",
        LOCATION = "location",
        ON_HAND = "quantityonhand",
        AVAILABLE = "quantityavailable",
        CHANGED = "lastquantityavailablechange",
    }
}

static LINKS: LazyLock<SpelledColumns> = LazyLock::new(|| SpelledColumns::new(link::NAMES));
static DELETED: LazyLock<SpelledColumns> = LazyLock::new(|| SpelledColumns::new(deleted::NAMES));
static STOCK: LazyLock<SpelledColumns> = LazyLock::new(|| SpelledColumns::new(stock::NAMES));

/// The columns of lines, with the names that the configuration gives.
pub(super) fn columns(settings: &NetSuiteSettings) -> SpelledColumns {
    let mut columns = SpelledColumns::new(row::NAMES);
    columns.also(row::SHOP_LINE, &settings.line_id);
    columns.also(row::REASON, &settings.return_reason);
    columns
}

/// What a flat object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Table {
    Line,
    Link,
    Deleted,
    Stock,
    /// Amounts of the general ledger, line by line.
    Ledger,
}

/// The table that an object is a row of, by its columns; `None`: it is no such row.
pub(super) fn table(json: &str) -> Option<Table> {
    let has = |columns: &SpelledColumns, places: &[usize]| {
        columns.read("value", json).is_ok_and(|row| places.iter().all(|place| !row.cell(*place).json().is_empty()))
    };
    spelled! {
        mod ledger {
            LINE = "transactionline",
            BOOK = "accountingbook|account",
        }
    }
    static LEDGER: LazyLock<SpelledColumns> = LazyLock::new(|| SpelledColumns::new(ledger::NAMES));
    static LINE: LazyLock<SpelledColumns> = LazyLock::new(|| SpelledColumns::new(row::NAMES));
    if has(&LINKS, &[link::FROM, link::TO]) {
        return Some(Table::Link);
    }
    if has(&DELETED, &[deleted::RECORD, deleted::AT]) {
        return Some(Table::Deleted);
    }
    if has(&LEDGER, &[ledger::LINE, ledger::BOOK]) {
        return Some(Table::Ledger);
    }
    let figures = [stock::ON_HAND, stock::AVAILABLE, stock::CHANGED];
    if has(&STOCK, &[stock::ITEM]) && figures.iter().filter(|figure| has(&STOCK, &[**figure])).count() > 1 {
        return Some(Table::Stock);
    }
    // The sublist of a record stands under the same name: it is an object, or a list of lines.
    let of_line = LINE.read("value", json).ok()?;
    let item = of_line.cell(row::ITEM).json();
    let selected = item.starts_with('[') && (item.contains("\"value\"") || item.trim_matches(['[', ']', ' ']).is_empty());
    let plain = matches!(item.as_bytes().first(), Some(b'"' | b'0'..=b'9' | b'-')) || selected;
    let named = [row::TRANSACTION, row::KEY, row::MAINLINE, row::PLACE].iter().any(|place| !of_line.cell(*place).json().is_empty());
    (named || plain && !of_line.cell(row::QUANTITY).json().is_empty()).then_some(Table::Line)
}

/// A line of a document, or its head. `None`: a row that counts for nothing.
///
/// `outer`: type and id that stand beside the row's values (a saved search).
pub(super) fn line<'a>(
    cx: &RecordContext<'_>,
    json: &'a str,
    outer: (Option<&Named>, Option<Text>),
) -> Result<Result<Document<'a>, Reading>, DecodeError> {
    let cells = cx.netsuite.flat.read("value", json)?;
    let head = cx.netsuite.body.read("value", json)?;
    let kind = match kind(cx, &cells, outer.0)? {
        Named::Read(kind) => kind,
        Named::PassedOver(name) => return Ok(Err(Reading::Skipped(Skip::UnknownTable(name)))),
    };
    if kind == Kind::Journal {
        return Ok(Err(Reading::Skipped(Skip::UnknownTable("journal".into()))));
    }
    let yes = |place: usize| -> Result<bool, DecodeError> {
        let cell = cells.cell(place);
        Ok(cell.json() == "\"*\"" || flag(&cell)?.unwrap_or(false))
    };
    if yes(row::COST)? || yes(row::TAXLINE)? || yes(row::TECHNICAL)? {
        return Ok(Err(Reading::Understood));
    }
    let transaction = cells.cell(row::TRANSACTION);
    let of_table = reference(&transaction)?.id;
    let id: Text = match (&of_table, outer.1) {
        (Some(id), _) => (**id).into(),
        (None, Some(id)) => id,
        (None, None) => {
            let own = filled(&head.cell(body::ID))?
                .ok_or_else(|| head.cell(body::ID).error("the transaction's internal id (transaction, or id)"))?;
            (*own).into()
        }
    };
    let words = words(&head)?;
    let (state, rank, unknown_state) = bodies::known(kind, &words);
    let is_head = yes(row::MAINLINE)?;
    let lines = if is_head { ToldLines::NotTold } else { of_row(cx, kind, &cells, of_table.is_some())? };
    // Carriage, texts and subtotals have rows of their own, some without a date: the head and the goods tell all that they could.
    if of_table.is_some() && !is_head && matches!(lines, ToldLines::NotTold) {
        return Ok(Err(Reading::Understood));
    }
    let modified = [cx.time(&head.cell(body::MODIFIED))?, cx.time(&cells.cell(row::MODIFIED))?].into_iter().flatten().max();
    let (place, at) = cx.place(modified, progress(rank, &lines));
    let from = reference(&head.cell(body::CREATED_FROM))?;
    let of_others = [filled(&head.cell(body::ORDER_TYPE))?, filled(&head.cell(body::CREATED_FROM_NAME))?, from.name.clone()];
    let of_others = of_others.iter().flatten().any(|word| !assumptions::is_of_a_customer(word));
    Ok(Ok(Document {
        kind,
        id,
        number: filled(&head.cell(body::NUMBER))?.map(|number| (*number).into()),
        order_number: bodies::order_number(&cx.netsuite.settings, kind, &head)?,
        made_from: MadeFrom { number: from.number().map(Text::from), id: from.id.map(|id| (*id).into()), of_others },
        state,
        unknown_state,
        place,
        at,
        created_at: cx.time(&head.cell(body::CREATED))?,
        partial: false,
        lines,
        head,
        sublists: SpelledRow::default(),
    }))
}

fn kind(cx: &RecordContext<'_>, cells: &SpelledRow<'_>, outer: Option<&Named>) -> Result<Named, DecodeError> {
    let cell = cells.cell(row::TYPE);
    let told = reference(&cell)?;
    let own = [told.id, told.name].into_iter().flatten().find_map(|word| assumptions::named(&word));
    let named = own.or_else(|| outer.cloned()).or_else(|| cx.hint.cloned());
    named.ok_or_else(|| {
        cell.error("the transaction's type (select it beside the line: transaction.type), or a topic that is named after it")
    })
}

fn words<'a>(head: &SpelledRow<'a>) -> Result<Vec<Cow<'a, str>>, DecodeError> {
    let mut words = Vec::new();
    for place in [body::ORDER_STATUS, body::SHIP_STATUS, body::STATUS, body::STATUS_REF] {
        let told = reference(&head.cell(place))?;
        words.extend(told.id);
        words.extend(told.name);
    }
    Ok(words)
}

/// The line in a row; `in_table`: `id` is that of the line.
fn of_row(cx: &RecordContext<'_>, kind: Kind, cells: &SpelledRow<'_>, in_table: bool) -> Result<ToldLines, DecodeError> {
    let item = cells.cell(row::ITEM);
    let told = reference(&item)?;
    if told.id.is_none() && told.name.is_none() {
        return Ok(ToldLines::NotTold);
    }
    let item_type = reference(&cells.cell(row::ITEM_TYPE))?;
    let sold = item_type.id.as_deref().or(item_type.name.as_deref()).map_or(ItemType::Sold, assumptions::item_type);
    let named = [cells.cell(row::ITEM_NAME), cells.cell(row::ITEM_ID)];
    let sku = if sold == ItemType::Sold { bodies::sku(cx, &item, &named)? } else { None };
    let Some(sku) = sku else { return Ok(ToldLines::NotTold) };
    let own = cells.cell(row::ID);
    let candidates = [cells.cell(row::LINE), if in_table { own } else { Cell::default() }, cells.cell(row::KEY)];
    let mut id = None;
    for cell in &candidates {
        id = id.or(filled(cell)?);
    }
    let quantity = cells.cell(row::QUANTITY);
    // Rows of amounts have a quantity of null: carriage, discounts, texts.
    if quantity.json() == "null" && item_type.id.is_none() && item_type.name.is_none() {
        return Ok(ToldLines::NotTold);
    }
    let done = pieces(&cells.cell(row::DONE))?.unwrap_or_default().abs();
    let returned = kind == Kind::ReturnAuthorisation;
    Ok(ToldLines::Row(Box::new(GoodsLine {
        // A search that selects no line id has one row for each item.
        id: id.map_or_else(|| Text::from_iter(["item ", sku.as_str()]), |id| (*id).into()),
        sku,
        item: told.id.map(|id| (*id).into()),
        quantity: pieces(&quantity)?
            .ok_or_else(|| quantity.error("a number of pieces (only an itemtype such as ShipItem has none)"))?
            .abs(),
        fulfilled: if returned { Default::default() } else { done },
        received: if returned { done } else { Default::default() },
        billed: pieces(&cells.cell(row::BILLED))?.unwrap_or_default().abs(),
        closed: flag(&cells.cell(row::CLOSED))?.unwrap_or(false),
        included: true,
        of_kit: filled(&cells.cell(row::KIT))?.is_some(),
        drop_ship: false,
        location: reference(&cells.cell(row::LOCATION))?.place().map(Text::from),
        shop_line: filled(&cells.cell(row::SHOP_LINE))?.map(|id| (*id).into()),
        gross: None,
        reason: reference(&cells.cell(row::REASON))?.name.map_or_else(Text::default, |reason| (*reason).into()),
    })))
}

/// Tracking numbers that a row of a search shows, however many stand in one text.
pub(super) fn tracking(cx: &RecordContext<'_>, json: &str) -> Result<Vec<Text>, DecodeError> {
    let cells = cx.netsuite.flat.read("value", json)?;
    let cell = cells.cell(row::TRACKING);
    let Some(text) = (if cell.json().starts_with(['"', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']) { filled(&cell)? } else { None })
    else {
        return Ok(Vec::new());
    };
    let apart = text.replace("<BR>", " ").replace("<br>", " ");
    Ok(apart.split([' ', ',', ';', '\n']).filter(|number| !number.is_empty()).map(Text::from).collect())
}

/// A row of `previoustransactionlinelink` and its like: the later document was made from the earlier one. Quantities stand in the documents' own lines.
pub(super) fn link(cx: &RecordContext<'_>, json: &str, out: &mut FactsOut<'_>) -> Result<Reading, DecodeError> {
    let cells = LINKS.read("value", json)?;
    let id = |place: usize| -> Result<Text, DecodeError> {
        let cell = cells.cell(place);
        let id = reference(&cell)?.id.ok_or_else(|| cell.error("a transaction's internal id"))?;
        Ok((*id).into())
    };
    let (from, to) = (id(link::FROM)?, id(link::TO)?);
    let link_type = filled(&cells.cell(link::TYPE))?.unwrap_or_default();
    let ours = |place: usize| -> Result<bool, DecodeError> {
        let word = filled(&cells.cell(place))?;
        Ok(word.is_none_or(|word| matches!(assumptions::named(&word), Some(Named::Read(_)))))
    };
    if !assumptions::is_made_from(&link_type) || !ours(link::FROM_TYPE)? || !ours(link::TO_TYPE)? {
        return Ok(Reading::Understood);
    }
    let (place, at) = cx.place(None, 0);
    out.alias(cx.netsuite.document(&to), Link::Alias(cx.netsuite.document(&from)), place, at);
    Ok(Reading::Understood)
}

/// A row of `deletedrecord`.
pub(super) fn deleted(cx: &RecordContext<'_>, json: &str, out: &mut FactsOut<'_>) -> Result<Reading, DecodeError> {
    let cells = DELETED.read("value", json)?;
    let record = cells.cell(deleted::RECORD);
    let id = filled(&record)?.ok_or_else(|| record.error("the deleted record's internal id"))?;
    let words = [filled(&cells.cell(deleted::TYPE))?, filled(&cells.cell(deleted::TYPE_NAME))?];
    let at: Option<Moment> = cx.time(&cells.cell(deleted::AT))?;
    match words.iter().flatten().find_map(|word| assumptions::named(word)) {
        Some(Named::Read(kind)) => Ok(gone::deleted(cx, kind, &id, at, true, out)),
        Some(Named::PassedOver(name)) => Ok(Reading::Skipped(Skip::UnknownTable(name))),
        None => {
            let word = words.into_iter().flatten().next().unwrap_or_default();
            Ok(Reading::Skipped(Skip::UnknownTable(Text::from_iter(["deleted ", &*word]))))
        }
    }
}

/// A row of `AggregateItemLocation` and its like.
pub(super) fn stock(cx: &RecordContext<'_>, json: &str, out: &mut FactsOut<'_>) -> Result<Reading, DecodeError> {
    let cells = STOCK.read("value", json)?;
    let named = [cells.cell(stock::ITEM_NAME), cells.cell(stock::ITEM_ID)];
    let Some(sku) = bodies::sku(cx, &cells.cell(stock::ITEM), &named)? else { return Ok(Reading::Understood) };
    let location = cells.cell(stock::LOCATION);
    let place = reference(&location)?;
    let place = place.place().ok_or_else(|| location.error("a location"))?;
    let changed = cx.time(&cells.cell(stock::CHANGED))?;
    for figure in [stock::ON_HAND, stock::AVAILABLE].map(|figure| cells.cell(figure)) {
        if figure.json().is_empty() {
            return Err(figure.error("the figure (select quantityonhand and quantityavailable; null where an item is not stocked)"));
        }
    }
    items::count(cx, &sku, place, (cells.cell(stock::ON_HAND), cells.cell(stock::AVAILABLE)), changed, out)?;
    Ok(Reading::Understood)
}

//! Bodies of transactions: REST records, and what `JSON.stringify` makes of a record in a script. Names are compared without case, for releases differ.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::value::RawValue;

use super::assumptions::{self, ItemType, Kind};
use super::cells::{amount, filled, flag, is_blank, last_name, pieces, reference, type_of_reference};
use super::context::{NetSuiteSettings, RecordContext};
use super::document::{Document, GoodsLine, MadeFrom, ToldLines, progress};
use crate::envelope::{Cell, DecodeError, SpelledColumns, SpelledRow, spelled};
use crate::facts::{Amount, Sku, Text};

spelled! {
    pub(super) mod body {
        ID = "id|internalid",
        NUMBER = "tranId|transactionRef|Document Number",
        ORDER_1 = "order_number_1",
        ORDER_2 = "order_number_2",
        ORDER_3 = "order_number_3",
        ORDER_4 = "order_number_4",
        ORDER_STATUS = "orderStatus",
        SHIP_STATUS = "shipStatus",
        STATUS = "status",
        STATUS_REF = "statusRef",
        CREATED = "createdDate|dateCreated",
        MODIFIED = "lastModifiedDate|Date Last Modified|Last Modified",
        CREATED_FROM = "createdFrom",
        CREATED_FROM_NAME = "createdfrom_display",
        ORDER_ID = "orderId",
        ORDER_TYPE = "orderType",
        LOCATION = "location",
        SHIP_METHOD = "shipMethod",
        SHIP_METHOD_NAME = "shipmethod_display",
        SHIPPED = "shippedDate",
        CURRENCY = "currency",
        CURRENCY_NAME = "currencyname|currency_display",
        CURRENCY_SYMBOL = "currencysymbol|currencyIsoCode",
        TOTAL = "total|foreigntotal",
        DISCOUNT = "discountTotal",
        PAYMENT = "payment",
        PAYMENT_OPTION = "paymentOption|paymentMethod",
        PAYMENT_OPTION_NAME = "paymentoption_display|paymentmethod_display",
        REFERENCE = "outputReferenceCode|payPalTranId|pnRefNum",
        MEMO = "memo",
        SALES_ORDER = "salesOrder",
        VOIDED = "voided|isVoided",
    }
}

spelled! {
    pub(super) mod sublist {
        ITEMS = "item|items|lines",
        APPLY = "apply",
        DEPOSIT = "deposit",
        PACKAGE = "package|packages",
        PACKAGE_UPS = "packageUps",
        PACKAGE_FEDEX = "packageFedEx",
        PACKAGE_USPS = "packageUsps",
    }
}

spelled! {
    pub(super) mod line {
        ID = "line|lineId",
        KEY = "lineUniqueKey|uniqueKey",
        ITEM = "item",
        ITEM_ID = "itemId",
        ITEM_NAME = "itemName|item_display|itemSku",
        ITEM_TYPE = "itemType",
        QUANTITY = "quantity",
        FULFILLED = "quantityFulfilled|quantityShipRecv",
        BILLED = "quantityBilled",
        RECEIVED = "quantityReceived",
        INCLUDED = "itemReceive|isIncluded",
        KIT = "kitMemberOf",
        CLOSED = "isClosed",
        LOCATION = "location",
        DROP = "createPo",
        DROP_SHIP = "isDropShipment",
        AMOUNT = "amount",
        TAX = "tax1Amt|taxAmount",
        GROSS = "grossAmt",
        SHOP_LINE = "shop_line_id",
        REASON = "return_reason",
    }
}

static SUBLISTS: LazyLock<SpelledColumns> = LazyLock::new(|| SpelledColumns::new(sublist::NAMES));

/// Where the fields stand that may hold the shop's number.
const ORDER_NUMBERS: [usize; ORDER_NUMBERS_MAX] = [body::ORDER_1, body::ORDER_2, body::ORDER_3, body::ORDER_4];
/// How many there may be.
pub(super) const ORDER_NUMBERS_MAX: usize = 4;

/// The columns of bodies and of lines, with the names that the configuration gives.
pub(super) fn columns(settings: &NetSuiteSettings) -> (SpelledColumns, SpelledColumns) {
    let (mut body, mut line) = (SpelledColumns::new(body::NAMES), SpelledColumns::new(line::NAMES));
    for (place, name) in ORDER_NUMBERS.into_iter().zip(&settings.order_number) {
        body.also(place, name);
        // A search may show it beside a document that was made from the order; a file shows the field's label.
        body.also(place, &format!("createdFrom.{name}"));
        if name.eq_ignore_ascii_case("otherrefnum") {
            body.also(place, "PO/Check Number");
        }
    }
    line.also(line::SHOP_LINE, &settings.line_id);
    line.also(line::REASON, &settings.return_reason);
    (body, line)
}

/// The shop's number among the configured fields. A document that was made from another one has an external id of its own.
pub(super) fn order_number(settings: &NetSuiteSettings, kind: Kind, row: &SpelledRow<'_>) -> Result<Option<Text>, DecodeError> {
    for (place, name) in ORDER_NUMBERS.into_iter().zip(&settings.order_number) {
        let of_others = name.eq_ignore_ascii_case("externalid") && !matches!(kind, Kind::SalesOrder | Kind::CashSale);
        if of_others {
            continue;
        }
        let number = filled(&row.cell(place)).map_err(|error| DecodeError { field: name.clone(), ..error })?;
        if let Some(number) = number {
            return Ok(Some((*number).into()));
        }
    }
    Ok(None)
}

/// Reads a transaction. `sublists` holds its lists: the body itself, or a member beside its fields.
pub(super) fn document<'a>(cx: &RecordContext<'_>, kind: Kind, head: &'a str, sublists: &'a str) -> Result<Document<'a>, DecodeError> {
    let head = cx.netsuite.body.read("value", head)?;
    let sublists = SUBLISTS.read("sublists", sublists)?;
    let id = filled(&head.cell(body::ID))?.ok_or_else(|| head.cell(body::ID).error("the record's internal id"))?;
    let (state, rank, unknown_state) = state(kind, &head)?;
    let lines = if matches!(kind, Kind::Deposit | Kind::CustomerRefund) { ToldLines::NotTold } else { lines(cx, &head, &sublists)? };
    let (place, at) = cx.place(cx.time(&head.cell(body::MODIFIED))?, progress(rank, &lines));
    Ok(Document {
        kind,
        id: (*id).into(),
        number: filled(&head.cell(body::NUMBER))?.map(|number| (*number).into()),
        order_number: order_number(&cx.netsuite.settings, kind, &head)?,
        made_from: made_from(&head)?,
        state,
        unknown_state,
        place,
        at,
        created_at: cx.time(&head.cell(body::CREATED))?,
        partial: cx.is_partial(),
        lines,
        head,
        sublists,
    })
}

/// The state, how far it is, and a word without a meaning.
fn state(kind: Kind, head: &SpelledRow<'_>) -> Result<(Option<char>, u32, Option<Text>), DecodeError> {
    let mut words: Vec<Cow<'_, str>> = Vec::new();
    for place in [body::ORDER_STATUS, body::SHIP_STATUS, body::STATUS, body::STATUS_REF] {
        let told = reference(&head.cell(place))?;
        words.extend(told.id);
        words.extend(told.name);
    }
    Ok(known(kind, &words))
}

/// The state that these words tell.
pub(super) fn known(kind: Kind, words: &[Cow<'_, str>]) -> (Option<char>, u32, Option<Text>) {
    match assumptions::state(kind, words.iter().map(|word| &**word)) {
        Some((letter, rank)) => (Some(letter), rank, None),
        None => (None, 0, words.first().map(|word| (**word).into())),
    }
}

fn made_from(head: &SpelledRow<'_>) -> Result<MadeFrom, DecodeError> {
    let cell = head.cell(body::CREATED_FROM);
    let from = reference(&cell)?;
    let number = from.number().map(Text::from);
    let display = filled(&head.cell(body::CREATED_FROM_NAME))?;
    let kinds = [filled(&head.cell(body::ORDER_TYPE))?, type_of_reference(&cell)?, display, from.name.clone()];
    let of_others = kinds.iter().flatten().any(|word| !assumptions::is_of_a_customer(word));
    let id = match from.id {
        Some(id) => Some(id),
        None => filled(&head.cell(body::ORDER_ID))?,
    };
    Ok(MadeFrom { id: id.map(|id| (*id).into()), number, of_others })
}

/// The objects of a sublist in any of its forms, each with its place for errors; `None`: it is not told.
///
/// `{"items": [...]}` (REST), `{"line 1": {...}, "currentline": {...}}` (SuiteScript), `[...]` (written by hand).
pub(super) fn objects<'a>(cell: &Cell<'a>) -> Result<Option<Vec<(String, &'a str)>>, DecodeError> {
    if is_blank(cell) && !cell.json().starts_with('[') {
        return Ok(None);
    }
    let numbered = |list: Vec<&'a RawValue>, name: &str| {
        list.into_iter().enumerate().map(|(i, one)| (format!("{name}[{i}]"), one.get())).collect::<Vec<_>>()
    };
    match cell.json().as_bytes().first() {
        Some(b'[') => {
            let list: Vec<&'a RawValue> = serde_json::from_str(cell.json()).map_err(|_| cell.error("a list of lines"))?;
            Ok(Some(numbered(list, cell.name())))
        }
        Some(b'{') => {
            let members: BTreeMap<Cow<'a, str>, &'a RawValue> =
                serde_json::from_str(cell.json()).map_err(|_| cell.error("a list of lines"))?;
            if let Some(items) = members.get("items") {
                let wrong = || Cell::new(cell.name(), items.get()).error("a list").within("items");
                let list: Vec<&'a RawValue> =
                    if items.get() == "null" { Vec::new() } else { serde_json::from_str(items.get()).map_err(|_| wrong())? };
                let total = members.get("totalResults").and_then(|total| total.get().trim_matches('"').parse::<usize>().ok());
                if total.is_some_and(|total| total > list.len()) || members.get("hasMore").is_some_and(|more| more.get() == "true") {
                    let expected = format!("all {} lines", total.unwrap_or(list.len() + 1));
                    return Err(DecodeError::new(format!("{}.items", cell.name()), expected, list.len()));
                }
                return Ok(Some(numbered(list, &format!("{}.items", cell.name()))));
            }
            let place = |name: &str| name.strip_prefix("line ").and_then(|number| number.trim().parse::<u32>().ok());
            let mut lines: Vec<(u32, String, &'a str)> = Vec::new();
            for (name, value) in &members {
                if let Some(number) = place(name) {
                    lines.push((number, format!("{}.{name}", cell.name()), value.get()));
                }
            }
            if lines.is_empty() && !members.contains_key("currentline") {
                return Ok(None);
            }
            lines.sort_unstable();
            Ok(Some(lines.into_iter().map(|(_, name, json)| (name, json)).collect()))
        }
        _ => Err(cell.error("a list of lines")),
    }
}

fn lines(cx: &RecordContext<'_>, head: &SpelledRow<'_>, sublists: &SpelledRow<'_>) -> Result<ToldLines, DecodeError> {
    let cell = sublists.cell(sublist::ITEMS);
    let Some(objects) = objects(&cell)? else {
        return Ok(if cell.is_null() { ToldLines::NotTold } else { ToldLines::Linked("item") });
    };
    let mut lines: Vec<GoodsLine> = Vec::new();
    for (place, (name, json)) in objects.into_iter().enumerate() {
        let row = cx.netsuite.line.read(&name, json)?;
        let within = |error: DecodeError| error.within(&name);
        match read_line(cx, &row, place).map_err(within)? {
            OneLine::Goods(line) => lines.push(*line),
            OneLine::Discount(gross) => {
                if let Some(above) = lines.last_mut() {
                    above.gross = above.gross.zip(gross).map(|(above, gross)| above + gross);
                }
            }
            OneLine::Other => {}
        }
    }
    // A discount on the whole order lowers lines that don't show it.
    if amount(&head.cell(body::DISCOUNT))?.is_some_and(|discount| !discount.is_zero()) {
        lines.iter_mut().for_each(|line| line.gross = None);
    }
    let location = reference(&head.cell(body::LOCATION))?;
    for line in lines.iter_mut().filter(|line| line.location.is_none()) {
        line.location = location.place().map(Text::from);
    }
    Ok(ToldLines::Whole(lines))
}

/// What a line is about.
enum OneLine {
    Goods(Box<GoodsLine>),
    /// On the line above it, tax inside, below zero; `None`: its tax is not told.
    Discount(Option<Amount>),
    Other,
}

fn read_line(cx: &RecordContext<'_>, row: &SpelledRow<'_>, place: usize) -> Result<OneLine, DecodeError> {
    let kind = reference(&row.cell(line::ITEM_TYPE))?;
    match kind.id.as_deref().or(kind.name.as_deref()).map_or(ItemType::Sold, assumptions::item_type) {
        ItemType::Other => return Ok(OneLine::Other),
        ItemType::Discount => return Ok(OneLine::Discount(gross(row)?)),
        ItemType::Sold => {}
    }
    let (item, named) = (row.cell(line::ITEM), [row.cell(line::ITEM_NAME), row.cell(line::ITEM_ID)]);
    let Some(sku) = sku(cx, &item, &named)? else { return Ok(OneLine::Other) };
    let id = match filled(&row.cell(line::ID))? {
        Some(id) => (*id).into(),
        None => filled(&row.cell(line::KEY))?.map_or_else(|| Text::from(itoa::Buffer::new().format(place + 1)), |key| (*key).into()),
    };
    let drop_ship = reference(&row.cell(line::DROP))?;
    let drop_word = drop_ship.id.as_deref().or(drop_ship.name.as_deref()).unwrap_or_default();
    let quantity = row.cell(line::QUANTITY);
    Ok(OneLine::Goods(Box::new(GoodsLine {
        id,
        sku,
        item: item_id(&item, &named)?,
        quantity: pieces(&quantity)?.ok_or_else(|| quantity.error("a number of pieces"))?,
        fulfilled: pieces(&row.cell(line::FULFILLED))?.unwrap_or_default(),
        billed: pieces(&row.cell(line::BILLED))?.unwrap_or_default(),
        received: pieces(&row.cell(line::RECEIVED))?.unwrap_or_default(),
        closed: flag(&row.cell(line::CLOSED))?.unwrap_or(false),
        included: flag(&row.cell(line::INCLUDED))?.unwrap_or(true),
        of_kit: filled(&row.cell(line::KIT))?.is_some(),
        drop_ship: flag(&row.cell(line::DROP_SHIP))?.unwrap_or(false) || drop_word.replace(' ', "").eq_ignore_ascii_case("dropship"),
        location: reference(&row.cell(line::LOCATION))?.place().map(Text::from),
        shop_line: filled(&row.cell(line::SHOP_LINE))?.map(|id| (*id).into()),
        gross: gross(row)?,
        reason: reference(&row.cell(line::REASON))?.name.map_or_else(Text::default, |reason| (*reason).into()),
    })))
}

/// A line's value with tax; `None`: the line does not tell its tax.
fn gross(row: &SpelledRow<'_>) -> Result<Option<Amount>, DecodeError> {
    if let Some(gross) = amount(&row.cell(line::GROSS))? {
        return Ok(Some(gross));
    }
    let (net, tax) = (amount(&row.cell(line::AMOUNT))?, amount(&row.cell(line::TAX))?);
    Ok(net.zip(tax).map(|(net, tax)| net + tax))
}

/// The SKU of an item: its own name, where some member tells it; else its id stands for it. `None`: it is a charge that is sold as an item.
///
/// `named` holds members with the item's name. One that holds only digits beside an item without a name of its own is an id (`itemId` in bodies that
/// scripts write by hand).
pub(super) fn sku(cx: &RecordContext<'_>, item: &Cell<'_>, named: &[Cell<'_>; 2]) -> Result<Option<Sku>, DecodeError> {
    let told = reference(item)?;
    let names = [filled(&named[0])?, filled(&named[1])?];
    let [name, other] = &names;
    let id = told.id.as_deref().or_else(|| if told.name.is_none() { other.as_deref() } else { None });
    if let Some(configured) = id.and_then(|id| cx.netsuite.settings.items.get(id)) {
        return Sku::new(configured).map(Some).ok_or_else(|| item.error("a SKU under its id in items"));
    }
    let own = told.item_name().or_else(|| name.as_deref().map(last_name));
    // `itemid` beside an item's id is its name.
    let own = own.or_else(|| if told.id.is_some() { other.as_deref().map(last_name) } else { None });
    if own.is_none() && id.is_none() {
        return Err(item.error("an item (its id, or its name)"));
    }
    let sku = match (own, id) {
        (Some(own), _) => Sku::new(own),
        (None, Some(id)) => cx.netsuite.item_by_id(id),
        (None, None) => None,
    };
    let sku = sku.ok_or_else(|| item.error(format!("an item's name of 1 to {} bytes", Sku::BYTES_MAX)))?;
    let charge = cx.netsuite.settings.charge_items.iter().any(|charge| Sku::new(charge).as_ref() == Some(&sku));
    Ok(if charge { None } else { Some(sku) })
}

/// The internal id of an item, where it is told.
pub(super) fn item_id(item: &Cell<'_>, named: &[Cell<'_>; 2]) -> Result<Option<Text>, DecodeError> {
    let told = reference(item)?;
    let id = match (told.id, told.name) {
        (None, None) => filled(&named[1])?,
        (id, _) => id,
    };
    Ok(id.map(|id| (*id).into()))
}

/// The amount in a cell that has to be there, never below zero: which side it stands on follows from the record's type.
pub(super) fn size(cell: &Cell<'_>) -> Result<Amount, DecodeError> {
    Ok(amount(cell)?.ok_or_else(|| cell.error("an amount"))?.abs())
}

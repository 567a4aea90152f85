//! What comes in: goods received notes. Only those of returns are told; deliveries of suppliers show in the next count.

use smallvec::SmallVec;

use super::cells::{filled, pieces, sku, text};
use super::context::{HEADER, LINE, Seko, header, line, part_of_id, parts, place};
use super::message::SekoMessage;
use crate::envelope::{DecodeError, Record};
use crate::facts::ids::join_key;
use crate::facts::order::{LineRef, Receipt};
use crate::facts::{Alias, OrderRow, Quantity, Sku, Subject, Text};
use crate::sources::facts_out::FactsOut;

/// Raise it when the meaning changes that this file gives to a record: records read again then count as newer.
pub(super) const REVISION: u16 = 1;

/// Why goods came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CameIn {
    /// A customer sent them back.
    Return,
    /// A supplier delivered them.
    Delivery,
    /// They were picked for an order that was cancelled, and were put back.
    PutBack,
}

/// By the note's type where it has one. A note without one is of a return where it names an RMA, or where its number begins as those of announced
/// returns do: SEKO's samples name no type there.
fn came_in(kind: &str, rma: &str, announced: &str, prefixes: &[String]) -> CameIn {
    let kind = kind.to_ascii_lowercase();
    let begins = |prefix: &String| announced.get(..prefix.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(prefix));
    if kind.contains("cancel") {
        CameIn::PutBack
    } else if kind.contains("return") || kind.is_empty() && (!rma.is_empty() || prefixes.iter().any(begins)) {
        CameIn::Return
    } else {
        CameIn::Delivery
    }
}

impl Seko {
    /// GRN: goods that were received and counted. `Ok(Some(...))`: none of ours, and why.
    pub(super) fn received(
        &self,
        record: &Record<'_>,
        message: &SekoMessage<'_>,
        out: &mut FactsOut<'_>,
    ) -> Result<Option<&'static str>, DecodeError> {
        let head = message.header(&HEADER)?;
        let read = || {
            let announced = text(head.cell(header::ANNOUNCED))?;
            let rma = text(head.cell(header::RMA))?;
            match came_in(&text(head.cell(header::GRN_TYPE))?, &rma, &announced, &self.settings.return_prefixes) {
                CameIn::Return => {}
                CameIn::Delivery => return Ok(Err("GRN of a delivery")),
                CameIn::PutBack => return Ok(Err("GRN of goods put back")),
            }
            let delivery = filled(head.cell(header::DELIVERY), "the number of the delivery")?;
            let location = self.dc(head.cell(header::DC))?;
            let at = self.moment(head.cell(header::CONFIRMED), &location)?.unwrap_or(record.timestamp);
            let (order, rma) = self.whose(&delivery, &announced, &rma);
            Ok(Ok((Text::from(&*delivery), location, at, order, rma, place(&head, out)?, part_of_id(parts(&head)?))))
        };
        let note = read().map_err(|error: DecodeError| message.within(error))?;
        let (delivery, location, at, order, rma, place, part) = match note {
            Ok(note) => note,
            Err(reason) => return Ok(Some(reason)),
        };
        for (sku, quantity, apart) in goods(message)? {
            let apart = apart.as_deref().or(part.as_deref()).unwrap_or_default();
            let id = join_key(&[&location, &delivery, sku.as_str(), apart]);
            let row =
                Receipt { rma: rma.clone(), location: location.clone(), ..Receipt::new(delivery.clone(), LineRef::Sku(sku), quantity, at) };
            // The number of the order is corrected where a label was misread.
            out.owned(Subject::Alias(order.clone()), id, place, at, OrderRow::Receipt(Box::new(row)));
        }
        Ok(None)
    }

    /// The order that a return belongs to, and the authorisation that it names. A return that was raised at the DC names the order (`HBRef`), and its RMA
    /// is that number and the delivery's; one that was announced goes by the number of its announcement, which alone says whose it is, unless
    /// `HBRef` is another number: the order's.
    fn whose(&self, delivery: &str, announced: &str, rma: &str) -> (Alias, Option<Text>) {
        let order = |number: &str| self.named(number);
        let raised_at_dc = rma.strip_suffix(delivery).and_then(|rest| rest.strip_suffix('.'));
        let own = if rma.is_empty() { delivery } else { rma };
        match raised_at_dc {
            Some(number) => (order(if announced.is_empty() { number } else { announced }), None),
            None if !announced.is_empty() && announced != delivery && announced != rma => (order(announced), Some(own.into())),
            None => {
                let alias = self.announced.as_ref().map(|(scope, begin)| Alias::new(scope, &format!("{begin}{own}")));
                (alias.unwrap_or_else(|| Alias::blind_return(&self.common.name, own)), Some(own.into()))
            }
        }
    }
}

/// Received pieces of each product: added up over lines and lots where the message has all of them.
fn goods(message: &SekoMessage<'_>) -> Result<SmallVec<[(Sku, Quantity, Option<Text>); 4]>, DecodeError> {
    let mut all: SmallVec<[(Sku, Quantity, Option<Text>); 4]> = SmallVec::new();
    for (i, row) in message.lines.rows(&LINE)?.iter().enumerate() {
        let read = || {
            let apart = if message.is_whole { None } else { Some(join_key(&[&text(row.cell(line::LINE))?, &text(row.cell(line::LOT))?])) };
            Ok((sku(row.cell(line::PRODUCT))?, pieces(row.cell(line::QUANTITY))?, apart))
        };
        let (sku, quantity, apart) = read().map_err(|error: DecodeError| message.lines.within(error, i))?;
        match all.iter_mut().find(|(other, _, other_apart)| *other == sku && *other_apart == apart) {
            Some((_, sum, _)) => *sum += quantity,
            None => all.push((sku, quantity, apart)),
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notes_type_decides_and_without_one_its_numbers_do() {
        let prefixes = ["RMA".to_owned()];
        let read = |kind, rma, announced| came_in(kind, rma, announced, &prefixes);
        assert_eq!(read("Return", "", "SO-1"), CameIn::Return);
        assert_eq!(read("", "SO-1.000219", "SO-1"), CameIn::Return);
        assert_eq!(read("", "", "rma301"), CameIn::Return);
        assert_eq!(read("", "", "ASN-778"), CameIn::Delivery);
        assert_eq!(read("Standard", "", "RMA301"), CameIn::Delivery);
        assert_eq!(read("CancelledOrder", "", "SO-1"), CameIn::PutBack);
    }
}

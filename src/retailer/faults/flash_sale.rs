//! A flash sale: within minutes all but one of a few pieces are sold in the two shops. Then both sell the last piece at the same moment, since both
//! still show it. One order is not covered until goods come, or for ever.

use super::{Incident, Kind};
use crate::facts::time::Span;
use crate::retailer::shop::Shop;
use crate::retailer::task::Task;
use crate::retailer::world::World;

/// So long after the rush the last piece goes: both shops know by then that it is the last.
const LAST_PIECE_AFTER: Span = Span::minutes(40);

pub(super) fn begin(world: &mut World, sale: &Incident) {
    let article = sale.article;
    for number in 0..sale.size - 1 {
        let shop = if number % 2 == 0 { Shop::Magento } else { Shop::Shopify };
        world.after(Span::seconds(2 * number), Task::Buy { article, shop });
    }
    for shop in [Shop::Magento, Shop::Shopify] {
        world.after(LAST_PIECE_AFTER, Task::Buy { article, shop });
    }
    let sku = world.articles[article].sku.clone();
    let end = if sale.kind == Kind::FlashSale {
        let wait = world.dice.hours(30, 60);
        world.after(wait, Task::Deliver(0, article));
        format!("more come {} h later", wait.0 / 3_600_000)
    } else {
        "no more of them will ever come".to_owned()
    };
    let what = format!("a flash sale of {} pieces of {sku}; the last one is sold in two shops at the same moment, and {end}", sale.size);
    world.faults.note(world.now, what);
}

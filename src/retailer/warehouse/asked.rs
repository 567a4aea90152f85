//! What the warehouse is asked for, by Waybill or by what staff see in the shop.

use super::{Job, Standing, Warehouse};
use crate::events::fulfilment_requests::{FulfilmentAction, FulfilmentLine, FulfilmentRequest};
use crate::retailer::desk;
use crate::retailer::units::whole;
use crate::retailer::world::World;

impl Warehouse {
    /// `fulfilment-requests`: the go-ahead, a lower total, a cancel.
    pub fn import(&mut self, world: &mut World, index: u32, asked: &FulfilmentRequest) {
        let of = if self.wms.changes_orders() { |line: &FulfilmentLine| line.total } else { |line: &FulfilmentLine| line.to_send };
        let order = &world.orders[index as usize];
        let mut pieces = vec![0; order.lines.len()];
        for line in &asked.lines {
            let place = order.lines.iter().position(|own| line.line.parse() == Ok(own.item) || line.line.parse().ok() == own.child);
            match place {
                Some(place) => pieces[place] = whole(of(line).decimal()).unwrap_or(0),
                None => {
                    let sentence =
                        format!("order {}: fulfilment-requests names line {}, which the shop does not have", asked.order.number, line.line);
                    world.complain(sentence);
                    return;
                }
            }
        }
        match (asked.action, self.orders.get(&index)) {
            (_, Some(job)) if asked.head.step <= job.step => {}
            (FulfilmentAction::Release, None) => {
                self.accept(world, index, Job::new(asked.request_number.to_string(), asked.head.step, pieces));
            }
            (_, None) => world.complain(format!(
                "order {}: fulfilment-requests changes what was never released (step {})",
                asked.order.number, asked.head.step
            )),
            (action, Some(_)) if self.wms.changes_orders() => self.lower(world, index, asked.head.step, action, pieces),
            (_, Some(_)) => self.replace(world, index, asked, pieces),
        }
    }

    /// Staff begin to work on what is wanted of the order, without a system that asks them to.
    pub fn begin(&mut self, world: &mut World, index: u32) {
        let order = &world.orders[index as usize];
        if order.wants_any() && !self.orders.contains_key(&index) {
            let number = order.number.clone();
            self.accept(world, index, Job::new(number, 0, Self::wanted_of(world, index)));
        }
    }

    /// Staff see that fewer pieces are wanted, or none.
    pub fn follow(&mut self, world: &mut World, index: u32) {
        let Some(job) = self.orders.get_mut(&index) else { return };
        job.pieces = Self::wanted_of(world, index);
        if job.in_all() == 0 {
            job.standing = Standing::Cancelled;
        }
        self.pack_soon(world, index);
    }

    /// Nothing has left yet: the warehouse confirms the lower total, or the cancel.
    fn lower(&mut self, world: &mut World, index: u32, step: u32, action: FulfilmentAction, pieces: Vec<i64>) {
        let Some(job) = self.orders.get_mut(&index) else { return };
        job.step = step;
        if job.sent.iter().zip(&pieces).any(|(sent, total)| sent > total) {
            world.complain(format!(
                "order {}: fulfilment-requests lowers what has left already (step {step})",
                world.orders[index as usize].number.clone()
            ));
            return;
        }
        job.pieces = pieces;
        if action == FulfilmentAction::Cancel {
            job.pieces.fill(0);
            self.tell(world, index, Standing::Cancelled);
        } else {
            let standing = job.standing;
            self.tell(world, index, standing);
        }
        self.sum_up(world, index);
        self.pack_soon(world, index);
    }

    /// A warehouse that can't change an order: it cancels the one that is named while nothing of it is packed, or takes another in its place.
    fn replace(&mut self, world: &mut World, index: u32, asked: &FulfilmentRequest, pieces: Vec<i64>) {
        let label = self.label();
        let Some(job) = self.orders.get_mut(&index) else { return };
        let (number, step) = (asked.request_number.as_str(), asked.head.step);
        job.step = step;
        let refused = match asked.action {
            FulfilmentAction::Change => Some("can't change an order".to_owned()),
            FulfilmentAction::Cancel if job.number != number => Some(format!("has {}, and is asked to cancel {number}", job.number)),
            FulfilmentAction::Cancel if matches!(job.standing, Standing::Packed | Standing::Despatched) => {
                Some(format!("has packed {number} already"))
            }
            FulfilmentAction::Cancel => None,
            FulfilmentAction::Release if job.number == number || job.former.iter().any(|former| former == number) => {
                Some(format!("was given {number} before"))
            }
            FulfilmentAction::Release if !job.is_cancelled() => Some(format!("still has {}, and is given {number} too", job.number)),
            FulfilmentAction::Release => None,
        };
        if let Some(why) = refused {
            world.complain(format!("order {}: fulfilment-requests step {step}: {label} {why}", asked.order.number));
            return;
        }
        if asked.action == FulfilmentAction::Cancel {
            job.pieces.fill(0);
            self.tell(world, index, Standing::Cancelled);
            desk::told_by_telephone(world, index);
            return;
        }
        let mut former = std::mem::take(&mut job.former);
        former.push(std::mem::take(&mut job.number));
        self.accept(world, index, Job { former, ..Job::new(number.to_owned(), step, pieces) });
    }
}

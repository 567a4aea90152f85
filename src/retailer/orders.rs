//! The orders by index. One whose story is over and judged is forgotten: hundreds of thousands would not fit into memory otherwise.

use std::ops::{Index, IndexMut};

use super::order::Order;

#[derive(Default)]
pub struct Orders(Vec<Option<Box<Order>>>);

impl Orders {
    /// Orders placed so far, forgotten ones included.
    pub fn placed(&self) -> usize {
        self.0.len()
    }

    /// `order.index` is [`Self::placed`].
    pub fn push(&mut self, order: Order) {
        self.0.push(Some(Box::new(order)));
    }

    pub fn get(&self, index: usize) -> Option<&Order> {
        self.0.get(index)?.as_deref()
    }

    pub fn get_mut(&mut self, index: usize) -> Option<&mut Order> {
        self.0.get_mut(index)?.as_deref_mut()
    }

    pub fn forget(&mut self, index: usize) {
        if let Some(order) = self.0.get_mut(index) {
            *order = None;
        }
    }

    /// Those that are not forgotten.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Order> {
        self.0.iter().filter_map(Option::as_deref)
    }
}

/// An index is always one of an order that is there: [`super::Retailer`] drops tasks and events of forgotten ones.
impl Index<usize> for Orders {
    type Output = Order;

    fn index(&self, index: usize) -> &Order {
        match self.get(index) {
            Some(order) => order,
            None => panic!("order {index} is not there"),
        }
    }
}

impl IndexMut<usize> for Orders {
    fn index_mut(&mut self, index: usize) -> &mut Order {
        match self.get_mut(index) {
            Some(order) => order,
            None => panic!("order {index} is not there"),
        }
    }
}

//! How an entity rests in memory between the epochs that touch it: whole, or packed as the bytes of its state.
//!
//! Most orders of a shop are over, and asked after once in a while: packed they take an eighth of the room. What was touched last stays whole.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::entities::customer::CustomerState;
use crate::entities::floor::FloorState;
use crate::entities::home::HomeState;
use crate::entities::name::NameState;
use crate::entities::order::OrderState;
use crate::entities::sku::SkuState;

/// What is kept in a table.
pub trait Rests: Clone + Default {
    /// The bytes of its state; `None`: it always stays whole.
    fn packed(&self) -> Option<Arc<[u8]>> {
        None
    }

    fn unpacked(_: &[u8]) -> Self {
        Self::default()
    }
}

impl Rests for OrderState {
    fn packed(&self) -> Option<Arc<[u8]>> {
        pack(self)
    }

    fn unpacked(bytes: &[u8]) -> Self {
        unpack(bytes)
    }
}

impl Rests for NameState {
    fn packed(&self) -> Option<Arc<[u8]>> {
        pack(self)
    }

    fn unpacked(bytes: &[u8]) -> Self {
        unpack(bytes)
    }
}

// These two share their rows with the copies that epochs work on, and have no bytes of the whole.
impl Rests for SkuState {}
impl Rests for CustomerState {}
impl Rests for HomeState {}
impl Rests for FloorState {}

fn pack<S: Serialize>(state: &S) -> Option<Arc<[u8]>> {
    postcard::to_stdvec(state).ok().map(Arc::from)
}

fn unpack<S: DeserializeOwned>(bytes: &[u8]) -> S {
    // Bytes that `pack` made in this process, or that the restore has read once already.
    postcard::from_bytes(bytes).unwrap_or_else(|error| panic!("packed state does not unpack: {error}"))
}

/// An entity at rest.
#[derive(Clone, Debug)]
pub enum Resting<S> {
    Whole(Arc<S>),
    Packed(Arc<[u8]>),
}

impl<S: Rests> Resting<S> {
    /// A look at it.
    pub fn look(&self) -> Cow<'_, S> {
        match self {
            Self::Whole(state) => Cow::Borrowed(state),
            Self::Packed(bytes) => Cow::Owned(S::unpacked(bytes)),
        }
    }

    /// The whole of it, to keep.
    pub fn whole(&self) -> Arc<S> {
        match self {
            Self::Whole(state) => state.clone(),
            Self::Packed(bytes) => Arc::new(S::unpacked(bytes)),
        }
    }
}

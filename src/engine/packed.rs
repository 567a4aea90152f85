//! How an entity is kept in memory between the epochs that touch it: whole, or packed as the bytes of its state.
//!
//! Most orders of a shop are finished and seldom asked for: packed they take an eighth of the memory. Those that were touched last stay whole.

use std::borrow::Cow;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::entities::alias::AliasState;
use crate::entities::customer::CustomerState;
use crate::entities::order::OrderState;
use crate::entities::row_owner::RowOwnerState;
use crate::entities::sku::SkuState;
use crate::entities::watermark::WatermarkState;

/// What is kept in a table.
pub trait Pack: Clone + Default {
    /// The bytes of its state; `None`: it always stays whole.
    fn pack(&self) -> Option<Arc<[u8]>> {
        None
    }

    /// The state that these bytes are of.
    fn unpack(_: &[u8]) -> Self {
        Self::default()
    }
}

impl Pack for OrderState {
    fn pack(&self) -> Option<Arc<[u8]>> {
        pack(self)
    }

    fn unpack(bytes: &[u8]) -> Self {
        unpack(bytes)
    }
}

impl Pack for AliasState {
    fn pack(&self) -> Option<Arc<[u8]>> {
        pack(self)
    }

    fn unpack(bytes: &[u8]) -> Self {
        unpack(bytes)
    }
}

// SKUs and customers share their rows with the copies that epochs work on, and have no bytes of the whole.
impl Pack for SkuState {}
impl Pack for CustomerState {}
impl Pack for RowOwnerState {}
impl Pack for WatermarkState {}

fn pack<S: Serialize>(state: &S) -> Option<Arc<[u8]>> {
    postcard::to_stdvec(state).ok().map(Arc::from)
}

fn unpack<S: DeserializeOwned>(bytes: &[u8]) -> S {
    // Bytes that `pack` made in this process, or that the restore has decoded once already.
    postcard::from_bytes(bytes).unwrap_or_else(|error| panic!("packed state does not unpack: {error}"))
}

/// An entity, whole or packed.
#[derive(Clone, Debug)]
pub enum MaybePacked<S> {
    Whole(Arc<S>),
    Bytes(Arc<[u8]>),
}

impl<S: Pack> MaybePacked<S> {
    /// The entity to look at. A packed one is unpacked for this look only.
    pub fn view(&self) -> Cow<'_, S> {
        match self {
            Self::Whole(state) => Cow::Borrowed(state),
            Self::Bytes(bytes) => Cow::Owned(S::unpack(bytes)),
        }
    }

    /// The entity to keep.
    pub fn whole(&self) -> Arc<S> {
        match self {
            Self::Whole(state) => state.clone(),
            Self::Bytes(bytes) => Arc::new(S::unpack(bytes)),
        }
    }
}

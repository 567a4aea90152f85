pub mod engine;
pub mod entities;
pub mod envelope;
pub mod events;
pub mod facts;
#[cfg(feature = "kafka")]
pub mod kafka;
pub mod sources;

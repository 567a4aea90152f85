pub mod config;
pub mod engine;
pub mod entities;
pub mod envelope;
pub mod events;
pub mod facts;
pub mod sources;

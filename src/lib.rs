//! freshet keeps a Redis cache true to its database.
pub mod app;
pub mod batch;
pub mod catalog;
pub mod change;
pub mod cli;
pub mod config;
pub mod debezium;
pub mod handoff;
pub mod http;
pub mod kafka;
pub mod redis;
pub mod telemetry;
pub mod views;

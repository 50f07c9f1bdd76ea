//! freshet keeps a Redis cache true to its database.
pub mod catalog;
pub mod change;
pub mod debezium;
pub mod config;

//! What a person and a monitoring system see: log lines, metrics, health.

mod health;
mod log;
mod metrics;

pub use health::{Health, Part};
pub use log::{LogFormat, init};
pub use metrics::{FamilyDeletion, How, Metrics, Outcome};

//! What a person and a monitoring system see: log lines, progress, metrics, health.

mod health;
mod log;
mod metrics;
mod progress;

pub use health::{Health, Part};
pub use log::{LogFormat, init};
pub use metrics::{FamilyDeletion, How, Metrics, Outcome, Refilled, Warmed};
pub use progress::progress;

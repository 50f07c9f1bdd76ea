use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::tracking::{Loaded, Session, Tracking};
use crate::telemetry::{Health, Part, progress};

const LOOK: Duration = Duration::from_millis(50);

/// Waits until the rows of tracked tables are loaded, and says how far that is: on a terminal, and to readiness. False if
/// it came to nothing.
pub(super) fn wait(session: &Session, tracking: &Tracking, health: &Health, stop: &AtomicBool) -> bool {
    let started = Instant::now();
    let bar = progress("loading rows");
    while !session.is_loaded() {
        if stop.load(Ordering::Relaxed) || session.is_over() {
            return false;
        }
        health.alive();
        let Loaded { records, of, .. } = tracking.loaded();
        bar.set_length(of);
        bar.set_position(records);
        let percent = records.saturating_mul(100).checked_div(of).unwrap_or(0);
        let waiting = match of {
            0 => "the rows of tracked tables are not loaded yet".to_owned(),
            _ => format!("loading the rows of tracked tables: {percent} % of {of} records"),
        };
        health.set(Part::Rows, Err(waiting));
        thread::sleep(LOOK);
    }
    bar.finish_and_clear();
    health.set(Part::Rows, Ok(()));
    let Loaded { of, .. } = tracking.loaded();
    let rows = tracking.rows();
    let seconds = started.elapsed().as_secs_f64();
    tracing::info!(records = of, rows, seconds, "rows are loaded");
    true
}

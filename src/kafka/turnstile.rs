use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Lets a rebalance wait until all that was sent is gathered.
#[derive(Default)]
pub(super) struct Turnstile {
    sent: AtomicU64,
    gathered: Mutex<u64>,
    moved: Condvar,
}

impl Turnstile {
    pub(super) fn sent(&self) {
        self.sent.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn gathered(&self) {
        *self.gathered.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.moved.notify_all();
    }

    /// Gathering waits for nothing, so this takes milliseconds; the deadline is for a thread that broke.
    pub(super) fn wait(&self, deadline: Instant) {
        let sent = self.sent.load(Ordering::Relaxed);
        let mut gathered = self.gathered.lock().unwrap_or_else(PoisonError::into_inner);
        while *gathered < sent {
            let left = deadline.saturating_duration_since(Instant::now());
            if left == Duration::ZERO {
                return;
            }
            gathered = self
                .moved
                .wait_timeout(gathered, left)
                .map_or_else(|poisoned| poisoned.into_inner().0, |(gathered, _)| gathered);
        }
    }
}

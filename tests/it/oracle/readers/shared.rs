//! What readers and the writer share.

use std::collections::HashMap;
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::oracle::keys::Key;

pub struct Shared {
    exclusive: bool,
    lock: RwLock<()>,
    pub transactions: AtomicU64,
    /// How many transactions there had been when a key was filled last, where the readers are of this process.
    pub filled: Mutex<HashMap<Key, u64>>,
    pub hits: AtomicU64,
    pub fills: AtomicU64,
    /// Fills that came without their lease.
    pub refused: AtomicU64,
    /// Reads that Redis did not answer, and fills that it did not acknowledge.
    pub unanswered: AtomicU64,
}

impl Shared {
    pub fn new(exclusive: bool) -> Self {
        Self {
            exclusive,
            lock: RwLock::default(),
            transactions: AtomicU64::new(0),
            filled: Mutex::default(),
            hits: AtomicU64::new(0),
            fills: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            unanswered: AtomicU64::new(0),
        }
    }

    /// While no fill is on its way, if a fill and this exclude each other.
    pub fn alone(&self) -> Option<RwLockWriteGuard<'_, ()>> {
        self.exclusive.then(|| self.lock.write().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn undisturbed(&self) -> Option<RwLockReadGuard<'_, ()>> {
        self.exclusive.then(|| self.lock.read().unwrap_or_else(PoisonError::into_inner))
    }
}

//! Which Redis node has what is committed.

use super::{Doubt, Ledger};

impl Ledger {
    /// The Redis node that was met last. Nothing is acknowledged before one was.
    pub fn node(&self) -> Option<u32> {
        self.node
    }

    /// Notes which node a connection met. Returns whether what is kept is in doubt for it: another one was known to have
    /// that.
    pub fn met(&mut self, node: u32) -> bool {
        let before = self.node.replace(node);
        if before == Some(node) {
            return false;
        }
        for progress in self.partitions.values_mut() {
            if before.is_some() || progress.held.node.is_some_and(|held| held != node) {
                progress.doubt = Some(Doubt::Waits);
            }
        }
        self.is_in_doubt()
    }

    /// Whether all families have to go, and no batch was sent for that.
    pub fn is_in_doubt(&self) -> bool {
        self.partitions.values().any(|progress| progress.doubt == Some(Doubt::Waits))
    }

    /// This batch deletes all families.
    pub fn sent_for_doubts(&mut self, batch: u64) {
        for progress in self.partitions.values_mut().filter(|progress| progress.doubt.is_some()) {
            progress.doubt = Some(Doubt::Sent(batch));
        }
    }
}

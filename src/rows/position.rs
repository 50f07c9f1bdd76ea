use crate::change::{Change, Operation};

/// How far a snapshot's time may be from a commit that it just missed, in microseconds: it is taken from another clock,
/// and after the snapshot has begun.
const MISSED: i64 = 60_000_000;

/// Where in the source's history a change stands.
///
/// Two of them are compared only if both are of one row, or one is of a row and the other of the whole table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    pub lsn: Option<u64>,
    pub committed_at: Option<i64>,
    /// It is where a snapshot began that read the row.
    pub of_snapshot: bool,
}

impl Position {
    pub(super) const fn of(change: &Change<'_>) -> Self {
        Self {
            lsn: change.lsn,
            committed_at: change.committed_at,
            of_snapshot: matches!(change.operation, Operation::Snapshot),
        }
    }

    /// Without an LSN on both sides nothing is older: what is read last counts.
    pub(super) fn is_older_than(self, known: Self) -> bool {
        self.is_lower_than(known) && !self.is_later_than(known)
    }

    /// A restored database counts its LSNs from where its backup was taken; time goes on.
    pub(super) fn is_of_another_database(self, known: Self) -> bool {
        self.is_lower_than(known) && self.is_later_than(known)
    }

    /// Whether the change may be one that a transaction had made, and not committed, when the snapshot began. The snapshot
    /// does not hold it, so it is neither older, though its LSN is lower, nor of another database.
    pub(super) fn may_be_missed_by(self, snapshot: Self) -> bool {
        let is_near = |own: i64, began: i64| own.saturating_sub(began).saturating_abs() < MISSED;
        let times = self.committed_at.zip(snapshot.committed_at);
        snapshot.of_snapshot && !self.of_snapshot && times.is_some_and(|(own, began)| is_near(own, began))
    }

    fn is_lower_than(self, known: Self) -> bool {
        matches!((self.lsn, known.lsn), (Some(own), Some(known)) if own < known)
    }

    fn is_later_than(self, known: Self) -> bool {
        matches!((self.committed_at, known.committed_at), (Some(own), Some(known)) if own > known)
    }
}

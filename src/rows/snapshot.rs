use super::position::Position;
use crate::change::{Change, Operation, Snapshot as Said};

/// How often a table must have been read on until nothing from before a moment can follow: the first time may have
/// begun before it.
const PASSES: u8 = 2;

/// What is known of the snapshots of a table. Two things show that one is not the first, whichever is read first: its
/// own LSN, and any event that is older.
#[derive(Debug, Default)]
pub(super) struct Snapshots {
    /// That of the event with the lowest LSN.
    lowest: Option<Position>,
    last: Option<Snapshot>,
    under_way: Option<UnderWay>,
}

/// A snapshot of which more rows may be to come: what is kept of the table is a part of it.
#[derive(Debug, Clone, Copy)]
struct UnderWay {
    lsn: Option<u64>,
    /// How often the table was read on since the last of its rows. `None`: it is over.
    passes: Option<u8>,
}

#[derive(Debug, Clone, Copy)]
struct Snapshot {
    position: Position,
    /// There were events before it. How often the table was read on since that was seen.
    second: Option<u8>,
    /// Some of it was read after loading. What lies below the offset up to which a table was loaded was applied by then.
    live: bool,
}

impl Snapshots {
    /// Notes an event. True if it shows that a second snapshot has begun.
    pub(super) fn note(&mut self, position: Position, of_snapshot: bool, loading: bool) -> bool {
        let Some(lsn) = position.lsn else { return false };
        let mut goes_on = false;
        if let Some(last) = self.last.as_mut().filter(|last| of_snapshot && last.position.lsn == Some(lsn)) {
            last.live |= !loading;
            // It had not ended when it seemed so.
            goes_on = last.second.is_some_and(|passes| passes >= PASSES);
            last.second = last.second.map(|_| 0);
        }
        let is_before = |event: Position, snapshot: Position| {
            event.is_older_than(snapshot) && !event.may_be_missed_by(snapshot)
        };
        let is_above = |last: &Snapshot| last.position.lsn.is_some_and(|last| last < lsn);
        let second = match &mut self.last {
            Some(last) if last.second.is_none() && is_before(position, last.position) => {
                last.second = Some(0);
                last.live |= !loading;
                true
            }
            last if of_snapshot && last.as_ref().is_none_or(is_above) => {
                let is_second = self.lowest.is_some_and(|lowest| is_before(lowest, position));
                *last = Some(Snapshot { position, second: is_second.then_some(0), live: !loading });
                is_second
            }
            _ => false,
        };
        if self.lowest.and_then(|lowest| lowest.lsn).is_none_or(|lowest| lsn < lowest) {
            self.lowest = Some(position);
        }
        second || goes_on
    }

    /// Notes whether an event that was read since loading is one of a snapshot that goes on. What was loaded is taken for
    /// whole.
    pub(super) fn read(&mut self, change: &Change<'_>, of_snapshot: bool) {
        let is_known = |known: &UnderWay| known.lsn == change.lsn;
        let under_way = self.under_way.as_mut();
        if !of_snapshot {
            // A source sends changes once its snapshot is over.
            if let Some(under_way) = under_way.filter(|_| change.operation != Operation::Snapshot) {
                under_way.passes = None;
            }
        } else if under_way.is_none_or(|known| known.passes.is_some() || !is_known(known)) {
            let passes = (change.snapshot != Said::Last).then_some(0);
            self.under_way = Some(UnderWay { lsn: change.lsn, passes });
        }
    }

    pub(super) fn is_under_way(&self) -> bool {
        self.under_way.is_some_and(|under_way| under_way.passes.is_some())
    }

    /// The source counts its LSNs anew from here. A snapshot that begins with this holds what the restored database had.
    pub(super) fn restart(&mut self, position: Position, of_snapshot: bool, loading: bool) {
        self.lowest = Some(position);
        let began = self.last.is_some_and(|last| last.position.lsn == position.lsn);
        if of_snapshot && !began {
            self.last = Some(Snapshot { position, second: Some(0), live: !loading });
        } else if self.last.is_some_and(|last| position.is_of_another_database(last.position)) {
            self.last = None;
        }
    }

    /// The table was read on. The position of a second snapshot, if that ends it, and whether its effects are still due.
    pub(super) fn passed(&mut self) -> Option<(Position, bool)> {
        if let Some(under_way) = &mut self.under_way {
            // Not every source says which row was the last.
            under_way.passes = under_way.passes.map(|passes| passes + 1).filter(|passes| *passes < PASSES);
        }
        let last = self.last.as_mut()?;
        let passes = last.second.as_mut().filter(|passes| **passes < PASSES)?;
        *passes += 1;
        (*passes == PASSES).then_some((last.position, last.live))
    }
}

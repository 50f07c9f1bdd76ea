use std::fmt;

/// How many changes of each of two rows: of those that a value was read from, or that something has come past. The rows
/// lie in tables of their own, so each has a topic, and this is the vector of positions too.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Vector(pub(crate) [u8; 2]);

impl Vector {
    pub(crate) fn covers(self, other: Self) -> bool {
        self.0[0] >= other.0[0] && self.0[1] >= other.0[1]
    }

    pub(crate) fn join(self, other: Self) -> Self {
        Self([self.0[0].max(other.0[0]), self.0[1].max(other.0[1])])
    }

    /// One change of `row` later.
    pub(crate) fn after(mut self, row: usize) -> Self {
        self.0[row] += 1;
        self
    }

    /// All that this one covers.
    pub(crate) fn and_below(self) -> impl Iterator<Item = Self> {
        let Self([first, second]) = self;
        (0..=first).flat_map(move |first| (0..=second).map(move |second| Self([first, second])))
    }

    pub(crate) fn rows_below(self, other: Self) -> impl Iterator<Item = usize> {
        (0..2).filter(move |&row| self.0[row] < other.0[row])
    }
}

/// All there is at one moment.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct State {
    /// What is committed. Each commit is an event in its row's topic.
    pub(crate) database: Vector,
    pub(crate) replica: Vector,
    pub(crate) transaction: Transaction,
    /// The view that all scenes have, and in some the view that is nested in it.
    pub(crate) keys: [Key; 2],
    pub(crate) readers: [Reader; 3],
    pub(crate) freshet: Freshet,
    /// Commands that were sent, whose sender has given up on them, and that reach Redis all the same.
    pub(crate) late: [Option<Late>; 2],
}

/// What Redis holds of one view.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Key {
    pub(crate) value: Option<Vector>,
    pub(crate) lease: Option<Lease>,
    pub(crate) fence: Option<Vector>,
}

/// Whose token the lease holds. A reader has one read at a time, so its number names its token.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Lease {
    Reader(usize),
    Leader,
    /// A late command's.
    Late(usize),
    /// Of one who died.
    Nobody,
    /// Nobody may fill. It lasts until the replica has these changes.
    Hold(Vector),
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) enum Reader {
    #[default]
    Idle,
    Waiting {
        key: usize,
        left: u8,
    },
    /// Has missed, and asks the database. `inside` the transaction.
    Computing {
        key: usize,
        first: Option<u8>,
        inside: bool,
    },
    Computed {
        key: usize,
        value: Vector,
        inside: bool,
    },
}

/// One that changes the second row, and that the first reader may read in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) enum Transaction {
    #[default]
    None,
    Open {
        snapshot: Vector,
        wrote: bool,
    },
    Committed,
    RolledBack,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Freshet {
    /// What it has come past in each topic.
    pub(crate) applied: Vector,
    pub(crate) running: Option<Running>,
    pub(crate) second: Option<Second>,
    pub(crate) crashes: u8,
}

/// A delete or a warm write of several commands, some of which are done.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Running {
    /// The event's. None is a second delete.
    pub(crate) topic: Option<usize>,
    pub(crate) program: usize,
    pub(crate) next: usize,
    /// The names that it has found.
    pub(crate) seen: u8,
    /// The ends of the topics as they were when it looked.
    pub(crate) noted: Vector,
}

/// A second delete that waits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Second {
    /// What its first deletes were for.
    pub(crate) of: Vector,
    /// The offsets wait for it: this is what is committed.
    pub(crate) committed: Vector,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Late {
    Write(Vector),
    Delete(Vector),
    Fill(Vector),
}

impl State {
    /// The log is applied, the replica has caught up, and nothing is under way.
    pub(crate) fn is_settled(&self) -> bool {
        let reads = |reader: &Reader| matches!(reader, Reader::Computing { .. } | Reader::Computed { .. });
        self.freshet.applied == self.database
            && self.freshet.running.is_none()
            && self.freshet.second.is_none()
            && self.replica == self.database
            && !matches!(self.transaction, Transaction::Open { .. })
            && !self.readers.iter().any(reads)
            && self.late.iter().all(Option::is_none)
    }

    pub(crate) fn is_stale(&self) -> bool {
        let Vector([_, second]) = self.database;
        let newest = [self.database, Vector([0, second])];
        self.keys.iter().zip(newest).any(|(key, newest)| key.value.is_some_and(|value| value != newest))
    }
}

impl fmt::Debug for Vector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0[0], self.0[1])
    }
}

/// What Redis holds, for a trace.
impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, key) in ["K", "inner K"].iter().zip(self.keys).filter(|&(_, key)| key != Key::default()) {
            let Key { value, lease, fence } = key;
            write!(f, " {name}:")?;
            value.map_or(Ok(()), |value| write!(f, " value {value:?}"))?;
            lease.map_or(Ok(()), |lease| write!(f, " lease {lease:?}"))?;
            fence.map_or(Ok(()), |fence| write!(f, " fence {fence:?}"))?;
        }
        Ok(())
    }
}

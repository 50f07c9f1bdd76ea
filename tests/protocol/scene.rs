use crate::state::Vector;

/// Who takes part and by which rules. [`RIGHT`] has the rules as they are; the tests change one at a time.
#[derive(Clone, Copy)]
pub(crate) struct Scene {
    /// How often each row is changed by itself.
    pub(crate) commits: Vector,
    pub(crate) transaction: Option<Level>,
    pub(crate) readers: usize,
    pub(crate) reads: Reads,
    pub(crate) nested: Option<Nested>,
    /// How often a reader that meets a lease asks again.
    pub(crate) waits: u8,
    pub(crate) fill: Fill,
    pub(crate) inside: Inside,
    /// What freshet does for an event: one of these, whichever it likes.
    pub(crate) programs: &'static [&'static [Command]],
    /// What it does at any time for no event.
    pub(crate) renewal: Option<&'static [Command]>,
    pub(crate) second: SecondDelete,
    pub(crate) fences: Fences,
    pub(crate) raise: Raise,
    pub(crate) warm_leaves: WarmLeaves,
    pub(crate) crashes: u8,
    /// How many commands may be late at a time.
    pub(crate) late: usize,
    pub(crate) values_go: bool,
    pub(crate) holds_are_evicted: bool,
    pub(crate) fences_go: FencesGo,
}

impl Scene {
    /// Those for events, and then the renewal.
    pub(crate) fn program(&self, number: usize) -> &'static [Command] {
        self.programs.get(number).copied().or(self.renewal).unwrap_or_default()
    }
}

pub(crate) const RIGHT: Scene = Scene {
    commits: Vector([2, 0]),
    transaction: None,
    readers: 2,
    reads: Reads::Primary,
    nested: None,
    waits: 0,
    fill: Fill::Leased,
    inside: Inside::OnCommit,
    programs: &[&[Command::Unlink(K | L)]],
    renewal: None,
    second: SecondDelete::None,
    fences: Fences::None,
    raise: Raise::Always,
    warm_leaves: WarmLeaves::Nothing,
    crashes: 1,
    late: 0,
    values_go: true,
    holds_are_evicted: false,
    fences_go: FencesGo::Never,
};

/// Names in Redis, as bits.
pub(crate) const K: u8 = 1;
pub(crate) const L: u8 = 2;
pub(crate) const INNER: u8 = 4 | 8;
/// The fence.
pub(crate) const F: u8 = 16;

/// One round trip to Redis, or a look at something else than Redis.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Command {
    Unlink(u8),
    /// Sets the lease to a hold.
    Hold,
    /// Finds which of these names exist.
    Look(u8),
    /// Adds to each value that was found its lease, and to each lease its value.
    Pair,
    UnlinkSeen,
    /// The script that sets value and fence. What comes behind it in the program is for a fence that is missing.
    Warm,
    /// The script that sets value and fence where nothing has changed. Where there is no value it takes a lease that
    /// nobody has. It deletes nothing.
    Renew,
    /// Notes the ends of the topics, and reads on to them.
    Note,
    /// Sets value and fence made of what was noted, under the lease.
    FillNoted,
    /// Deletes the value and the lease, and raises the fence, in one script.
    DeleteWarmed,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reads {
    Primary,
    Replica,
}

/// The second view is part of the first one's value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nested {
    Computed,
    FromTheCache,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fill {
    Leased,
    /// Any token in the lease will do.
    WithoutToken,
    /// Whether a value is there is not asked.
    OverAValue,
    /// No lease is taken at all.
    Stock,
}

/// When what was computed inside the transaction is stored.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Inside {
    OnCommit,
    AtOnce,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    ReadCommitted,
    RepeatableRead,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum SecondDelete {
    None,
    AnyTime,
    /// Nobody who has read before the first delete stores after the second one.
    AfterFills,
    /// The replica has what the first delete was for.
    AfterReplica,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fences {
    None,
    /// Where there is no fence, value and fence are set.
    MissingIsSet,
    /// Where there is no fence, the value is deleted and the fence is set.
    MissingIsRaised,
    /// Where there is no fence, the writer takes the lease, reads the topics to their ends, and fills.
    MissingIsLeased,
    /// The same where there is one that the write does not cover.
    UncoveredIsLeased,
}

/// Whether the delete of a warmed key raises the fence.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Raise {
    Never,
    /// Also one that is not there.
    Always,
    IfThere,
    /// It deletes the fence too.
    TakesItAlong,
}

/// What a warm write, and the delete of a warmed key, leaves of the lease.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum WarmLeaves {
    Nothing,
    TheLease,
    AHold,
}

/// When a fence expires or is evicted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum FencesGo {
    Never,
    /// Not while a command is late.
    BeforeLateCommands,
    /// Not before the value.
    AfterTheValue,
    AnyTime,
}

//! One history: the database goes on, copies read, the leader dies, in any order.

use std::mem;

use super::copy::{Copy, Deleted, bit_of};
use super::database::{BASE, State, TABLES};
use super::story::{Random, Record, Story};
use crate::batch::Backlog;
use crate::catalog::TableId;
use crate::change::Partition;
use crate::views::Evaluator;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    OneLeader,
    /// The leader is killed, and a standby that was there from the beginning takes over.
    Takeover,
    /// The standby joins while the leader leads.
    LateStandby,
}

/// What the same history comes to.
pub(super) const VARIANTS: usize = 5;
/// By the rules.
pub(super) const RIGHT: usize = 0;
/// Rows on the way to a hole do not fill it by themselves.
pub(super) const WITHOUT_DIRECT: usize = 1;
/// The keys of the old row stay.
pub(super) const WITHOUT_OLD: usize = 2;
/// Each partition's owner applies its effects.
pub(super) const OWNER_A_PARTITION: usize = 3;
/// The standby's queue is trimmed by what is committed of each partition.
pub(super) const TRIMMED_BY_PARTITION: usize = 4;

pub(super) type Keys = [u64; VARIANTS];

pub(super) struct Outcome {
    /// By variant.
    pub(super) stale: Keys,
    pub(super) taken_over: bool,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    Commit,
    Leader(usize),
    Standby(usize),
    /// What the leader has read is applied and committed.
    Apply,
    Trim,
    Join,
    Kill,
}

pub(super) struct Play<'p> {
    story: &'p Story,
    evaluator: &'p mut Evaluator,
    mode: Mode,
    /// Events that are committed in the database.
    now: usize,
    leader: Option<Copy>,
    /// Read and not applied.
    pending: Keys,
    committed: [usize; TABLES],
    standby: Option<Copy>,
    backlog: Backlog,
    /// For the wrong trimming: topic, offset and keys.
    queue: Vec<(usize, usize, u64)>,
    /// What went, and how many events were committed in the database by then.
    deletions: Vec<(usize, Keys)>,
}

impl<'p> Play<'p> {
    pub(super) fn new(story: &'p Story, mode: Mode, evaluator: &'p mut Evaluator) -> Self {
        let copy = || Some(Copy::load(story, [0; TABLES]));
        Self {
            story,
            evaluator,
            mode,
            now: 0,
            leader: copy(),
            pending: Keys::default(),
            committed: [0; TABLES],
            standby: if mode == Mode::LateStandby { None } else { copy() },
            backlog: Backlog::default(),
            queue: Vec::new(),
            deletions: Vec::new(),
        }
    }

    /// Plays to the end, each step told.
    pub(super) fn play(mut self, random: &mut Random, mut tell: impl FnMut(Step, usize)) -> Outcome {
        let mut steps = Vec::new();
        loop {
            steps.clear();
            self.possible(&mut steps);
            if steps.is_empty() {
                return Outcome { stale: self.stale(), taken_over: self.leader.is_none() };
            }
            let step = steps[random.below(steps.len())];
            tell(step, self.now);
            self.step(step, random);
        }
    }

    fn possible(&self, steps: &mut Vec<Step>) {
        let is_readable = |copy: &Copy, table: usize| {
            let next: Option<&Record> = self.story.topics[table].get(copy.read[table]);
            next.is_some_and(|record| record.from <= self.now)
        };
        if self.now < self.story.events.len() {
            steps.push(Step::Commit);
        }
        for table in 0..TABLES {
            if self.leader.as_ref().is_some_and(|leader| is_readable(leader, table)) {
                steps.push(Step::Leader(table));
            }
            if self.standby.as_ref().is_some_and(|standby| is_readable(standby, table)) {
                steps.push(Step::Standby(table));
            }
        }
        if self.leader.as_ref().is_some_and(|leader| leader.read != self.committed) {
            steps.push(Step::Apply);
        }
        // Each of the others only while something else is left to be done.
        if steps.is_empty() {
            return;
        }
        if self.leader.is_some() && self.mode != Mode::OneLeader {
            steps.push(if self.standby.is_some() { Step::Kill } else { Step::Join });
            steps.push(Step::Trim);
        }
    }

    fn step(&mut self, step: Step, random: &mut Random) {
        match step {
            Step::Commit => self.now += 1,
            Step::Leader(table) => self.read_by_leader(table),
            Step::Standby(table) => self.read_by_standby(table, random),
            Step::Apply => {
                self.deletions.push((self.now, mem::take(&mut self.pending)));
                self.committed = self.leader.as_ref().map_or(self.committed, |leader| leader.read);
            }
            Step::Trim => self.trim(),
            Step::Join => self.standby = Some(Copy::load(self.story, self.committed)),
            Step::Kill if random.percent(60) => {}
            Step::Kill => self.take_over(),
        }
    }

    fn read_by_leader(&mut self, table: usize) {
        let Some(leader) = &mut self.leader else { return };
        let Deleted { keys, without_direct, without_old } =
            leader.read(self.story, table, self.evaluator, None);
        let owned = if table == BASE { keys } else { 0 };
        let noted = [keys, without_direct, without_old, owned, keys];
        for (pending, keys) in self.pending.iter_mut().zip(noted) {
            *pending |= keys;
        }
    }

    fn read_by_standby(&mut self, table: usize, random: &mut Random) {
        let Some(standby) = &mut self.standby else { return };
        let offset = standby.read[table];
        if self.leader.is_none() {
            let Deleted { keys, .. } = standby.read(self.story, table, self.evaluator, None);
            let untrimmed = if offset < self.committed[table] { 0 } else { keys };
            self.deletions.push((self.now, [keys, keys, keys, keys, untrimmed]));
        } else if self.mode == Mode::OneLeader {
            let Deleted { keys, .. } = standby.read(self.story, table, self.evaluator, None);
            let owned = if table == BASE { 0 } else { keys };
            self.deletions.push((self.now, [0, 0, 0, owned, 0]));
        } else {
            let batch = self.backlog.open(1);
            let Deleted { keys, .. } = standby.read(self.story, table, self.evaluator, Some(&mut *batch));
            batch.reach(partition(table), offset_of(standby.read[table]));
            if random.percent(50) {
                self.backlog.seal();
            }
            self.queue.push((table, offset, keys));
        }
    }

    fn trim(&mut self) {
        let committed = self.committed;
        self.backlog.trim(|partition| Some(offset_of(committed[partition.table.index()])));
    }

    /// Commits are looked up anew, and everything left in the queue is applied.
    fn take_over(&mut self) {
        self.leader = None;
        self.pending = Keys::default();
        self.trim();
        let batches = self.backlog.take();
        let left = batches.fold(0, |left, batch| {
            batch.keys.iter().fold(left, |left, (view, key)| left | bit_of(view, key))
        });
        let untrimmed = self.queue.iter().filter(|(table, offset, _)| *offset >= self.committed[*table]);
        let untrimmed = untrimmed.fold(0, |left, (.., keys)| left | keys);
        self.deletions.push((self.now, [left, left, left, left, untrimmed]));
    }

    /// A reader may have filled a key as soon as the database was in a state; what was deleted no later than that did
    /// not help.
    fn stale(&self) -> Keys {
        let contents: Vec<_> = self.story.states.iter().map(State::contents).collect();
        let mut stale = Keys::default();
        let Some((last, earlier)) = contents.split_last() else { return stale };
        for (filled, content) in earlier.iter().enumerate() {
            let differing = State::differing(content, last);
            for (variant, stale) in stale.iter_mut().enumerate() {
                let later = self.deletions.iter().filter(|(when, _)| *when > filled);
                *stale |= differing & !later.fold(0, |gone, (_, keys)| gone | keys[variant]);
            }
        }
        stale
    }
}

fn partition(table: usize) -> Partition {
    Partition { table: TableId::from_index(table), number: 0 }
}

fn offset_of(records: usize) -> i64 {
    i64::try_from(records).expect("few")
}

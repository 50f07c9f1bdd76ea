//! One copy of freshet: its rows, how far it has read each topic, and what an event deletes there.

use std::sync::Arc;

use super::database::{BASE, CONFIGURED, MID, State, TABLES, bit, x_bit};
use super::story::{Event, Story};
use crate::batch::Batch;
use crate::catalog::ViewId;
use crate::rows::Rows;
use crate::views::{Does, Effects, Evaluator, Reason, Route, Why};

/// Keys as bits: those that go, and those that would go if a rule were missing.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Deleted {
    pub(super) keys: u64,
    pub(super) without_direct: u64,
    pub(super) without_old: u64,
}

pub(super) struct Copy {
    pub(super) rows: Rows,
    pub(super) read: [usize; TABLES],
    /// Only for the mixture of holes, which no rule knows.
    seen: State,
}

impl Copy {
    /// A copy that has read the initial rows and the beginnings of the topics.
    pub(super) fn load(story: &Story, read: [usize; TABLES]) -> Self {
        let mut rows = Rows::new(Arc::clone(&CONFIGURED));
        for change in &story.initial {
            rows.load(change);
        }
        let mut seen = story.states[0];
        for (topic, read) in story.topics.iter().zip(read) {
            for record in &topic[..read] {
                let event = &story.events[record.event];
                rows.load(&event.change);
                seen.set(event.table, event.id, event.new);
            }
        }
        Self { rows, read, seen }
    }

    /// Reads the next event of a topic. What it deletes is put into the batch, too.
    pub(super) fn read(
        &mut self,
        story: &Story,
        table: usize,
        evaluator: &mut Evaluator,
        batch: Option<&mut Batch>,
    ) -> Deleted {
        let event = &story.events[story.topics[table][self.read[table]].event];
        self.read[table] += 1;
        let mut noted = Noted { deleted: Deleted::default(), batch };
        evaluator.evaluate(&mut self.rows, &event.change, &mut noted);
        let mut deleted = noted.deleted;
        deleted.keys |= self.mixture(event);
        deleted
    }

    /// What is known at this event of keys with one hole in the base row and one behind a relation.
    fn mixture(&mut self, event: &Event) -> u64 {
        self.seen.set(event.table, event.id, event.new);
        let both = [event.old, event.new].into_iter().flatten();
        let mut keys = 0;
        for row in both {
            match event.table {
                BASE => {
                    let mid = self.seen.get(MID, row[1]);
                    keys |= mid.map_or(0, |mid| 1 << x_bit(row[0], mid[0]));
                }
                MID => {
                    let leads_there = |base: &&[i64; 3]| base[1] == event.id;
                    for base in self.seen.0[BASE].iter().flatten().filter(leads_there) {
                        keys |= 1 << x_bit(base[0], row[0]);
                    }
                }
                _ => {}
            }
        }
        keys
    }
}

struct Noted<'b> {
    deleted: Deleted,
    batch: Option<&'b mut Batch>,
}

impl Effects for Noted<'_> {
    fn key(&mut self, view: ViewId, key: &str, why: Why<'_>) {
        let key_bit = bit_of(view, key);
        let does = why.by.map(|because| &because.rule.does);
        let direct = matches!(does, Some(Does::Keys(Route { rest_of: Some(_), .. })));
        self.deleted.keys |= key_bit;
        self.deleted.without_direct |= if direct { 0 } else { key_bit };
        self.deleted.without_old |= if why.reason == Reason::OldRow { 0 } else { key_bit };
        if let Some(batch) = &mut self.batch {
            batch.key(view, key, why);
        }
    }

    fn family(&mut self, view: ViewId, why: Why<'_>) {
        panic!("the family of {} goes: {why}", CONFIGURED.view(view).name);
    }
}

/// Views are in the order of their bits, and holes are single digits.
pub(super) fn bit_of(view: ViewId, key: &str) -> u64 {
    let digit = key.bytes().last().expect("a key is not empty") - b'0';
    1 << bit(view.index(), i64::from(digit))
}

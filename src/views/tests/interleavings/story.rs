//! What happens in the database, and how the topics tell it.

use super::database::{BASE, Columns, FAR, IDS, MID, State, TABLES, change};
use crate::change::{Change, Operation};

/// Random numbers from a seed (`SplitMix64`).
#[derive(Debug, Clone)]
pub(super) struct Random(pub(super) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// Less than `bound`.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).expect("small");
        usize::try_from(self.next() % bound).expect("less than the bound")
    }

    pub(super) fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// From `low` to `high`.
    fn among(&mut self, low: i64, high: i64) -> i64 {
        low + i64::try_from(self.below(usize::try_from(high - low + 1).expect("a range"))).expect("small")
    }
}

pub(super) struct Event {
    pub(super) table: usize,
    pub(super) id: i64,
    pub(super) old: Option<Columns>,
    pub(super) new: Option<Columns>,
    pub(super) change: Change<'static>,
}

/// An event in a topic.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record {
    pub(super) event: usize,
    /// How many events are committed in the database when it can be read.
    pub(super) from: usize,
}

pub(super) struct Story {
    pub(super) initial: Vec<Change<'static>>,
    /// The database before each event and after the last one.
    pub(super) states: Vec<State>,
    pub(super) events: Vec<Event>,
    /// One topic a table; the source may send events again.
    pub(super) topics: [Vec<Record>; TABLES],
}

impl Story {
    pub(super) fn tell(random: &mut Random) -> Self {
        let mut state = State::default();
        let mut initial = Vec::new();
        for table in 0..TABLES {
            for id in 1..IDS {
                if random.percent(85) {
                    let row = random_row(random, table, 0);
                    state.set(table, id, Some(row));
                    let position = initial.len() as u64 + 1;
                    initial.push(change(table, id, (None, Some(row)), Operation::Snapshot, position));
                }
            }
        }
        let mut story = Self { initial, states: vec![state], events: Vec::new(), topics: Default::default() };
        let length = 3 + random.below(3);
        while story.events.len() < length {
            story.next(random);
        }
        for (at, event) in story.events.iter().enumerate() {
            story.topics[event.table].push(Record { event: at, from: at + 1 });
        }
        if random.percent(30) {
            let table = random.below(TABLES);
            send_again(random, &mut story.topics[table]);
        }
        story
    }

    fn next(&mut self, random: &mut Random) {
        let table = [BASE, BASE, BASE, BASE, MID, MID, MID, FAR, FAR][random.below(9)];
        let id = random.among(1, IDS);
        let old = state_of(&self.states).get(table, id);
        let name = i64::try_from(self.events.len()).expect("few") + 1;
        let Some(mut row) = old else {
            let row = random_row(random, table, name);
            return self.push(table, id, Some(row));
        };
        match random.below(10) {
            0 | 1 => self.push(table, id, None),
            // A primary-key change is a delete and a create.
            2 => {
                let other = random.among(1, IDS);
                self.push(table, id, None);
                if state_of(&self.states).get(table, other).is_none() {
                    self.push(table, other, Some(row));
                }
            }
            3 => self.push(table, id, Some(random_row(random, table, name))),
            _ => {
                let column = random.below(3);
                row[column] = random_row(random, table, name)[column];
                self.push(table, id, Some(row));
            }
        }
    }

    fn push(&mut self, table: usize, id: i64, new: Option<Columns>) {
        let mut state = *state_of(&self.states);
        let old = state.get(table, id);
        let operation = match (old, new) {
            (None, _) => Operation::Create,
            (Some(_), Some(_)) => Operation::Update,
            (Some(_), None) => Operation::Delete,
        };
        state.set(table, id, new);
        let position = 100 + self.events.len() as u64;
        let change = change(table, id, (old, new), operation, position);
        self.events.push(Event { table, id, old, new, change });
        self.states.push(state);
    }
}

fn state_of(states: &[State]) -> &State {
    states.last().expect("there is a first state")
}

fn random_row(random: &mut Random, table: usize, name: i64) -> Columns {
    match table {
        BASE => [random.among(1, 2), random.among(0, 2), random.among(0, 2)],
        MID => [random.among(1, 3), random.among(0, 2), 0],
        _ => [random.among(1, 3), name + 1, 0],
    }
}

/// The source sends the last one or two events once more.
fn send_again(random: &mut Random, topic: &mut Vec<Record>) {
    if topic.is_empty() {
        return;
    }
    let last = random.below(topic.len());
    let first = last - random.below(2).min(last);
    let from = topic[last].from;
    let again: Vec<Record> = topic[first..=last].iter().map(|record| Record { from, ..*record }).collect();
    let later = topic.split_off(last + 1);
    topic.extend(again);
    topic.extend(later);
}

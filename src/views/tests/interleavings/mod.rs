//! Random histories of a database, of copies that read its topics in any interleaving, and of readers that may fill any key
//! at any moment: which keys stay stale for ever.
//!
//! Rows, rules and the standby's queue are the real ones. Wrong variants of the design are judged by the same histories:
//! they must be found out, or the test would prove nothing.

mod copy;
mod database;
mod play;
mod story;

use std::fmt::{Arguments, Write as _};
use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread;

use database::{CONFIGURED, KINDS, kinds};
use play::{
    Mode, OWNER_A_PARTITION, Outcome, Play, RIGHT, TRIMMED_BY_PARTITION, VARIANTS, WITHOUT_DIRECT,
    WITHOUT_OLD,
};
use story::{Event, Random, Story};

use crate::views::Evaluator;

const HISTORIES: u64 = 1_000_000;
const THREADS: u8 = 2;
/// The last kind, which the configuration refuses.
const MIXTURE: usize = KINDS.len() - 1;

/// What many histories came to.
#[derive(Debug, Default, Clone, Copy)]
struct Counts {
    /// How many left a key stale, by variant and kind.
    stale: [[u64; KINDS.len()]; VARIANTS],
    takeovers: u64,
    late_takeovers: u64,
}

impl Counts {
    fn count(&mut self, mode: Mode, Outcome { stale, taken_over }: Outcome) {
        for (counts, bits) in self.stale.iter_mut().zip(stale) {
            for kind in kinds(bits) {
                counts[kind] += 1;
            }
        }
        self.takeovers += u64::from(taken_over && mode == Mode::Takeover);
        self.late_takeovers += u64::from(taken_over && mode == Mode::LateStandby);
    }

    fn join(&mut self, other: &Self) {
        for (count, other) in self.stale.iter_mut().flatten().zip(other.stale.iter().flatten()) {
            *count += other;
        }
        self.takeovers += other.takeovers;
        self.late_takeovers += other.late_takeovers;
    }

    /// Of the kinds that the configuration allows.
    fn of(&self, variant: usize) -> u64 {
        self.stale[variant][..MIXTURE].iter().sum()
    }
}

fn mode(seed: u64) -> Mode {
    match seed % 5 {
        0 | 1 => Mode::OneLeader,
        2 | 3 => Mode::Takeover,
        _ => Mode::LateStandby,
    }
}

fn history(seed: u64, evaluator: &mut Evaluator) -> Outcome {
    let mut random = Random(seed);
    let story = Story::tell(&mut random);
    let mut outcome = Play::new(&story, mode(seed), evaluator).play(&mut random, |_, _| {});
    let allowed = !database::of_kind(MIXTURE);
    if mode(seed) != Mode::OneLeader {
        // A standby's queue holds what rules say, and none of them knows the mixture.
        outcome.stale = outcome.stale.map(|bits| bits & allowed);
    }
    assert!(outcome.stale[RIGHT] & allowed == 0, "a stale key; {}", retold(seed));
    outcome
}

/// The history of this seed, step by step.
fn retold(seed: u64) -> String {
    let mut random = Random(seed);
    let story = Story::tell(&mut random);
    let mut evaluator = Evaluator::new(Arc::clone(&CONFIGURED));
    let mut text = format!("seed {seed}, {:?}\n{:?}\n", mode(seed), story.states[0]);
    let mut tell = |line: Arguments<'_>| writeln!(text, "{line}").expect("a string");
    for (at, Event { table, id, old, new, .. }) in story.events.iter().enumerate() {
        tell(format_args!("event {at}: table {table} id {id}: {old:?} → {new:?}"));
    }
    tell(format_args!("topics: {:?}", story.topics));
    let play = Play::new(&story, mode(seed), &mut evaluator);
    let Outcome { stale, .. } =
        play.play(&mut random, |step, now| tell(format_args!("{step:?} after {now} commits")));
    let letters: Vec<&str> = kinds(stale[RIGHT]).map(|kind| KINDS[kind]).collect();
    tell(format_args!("stale: {letters:?}"));
    text
}

#[test]
fn no_history_leaves_a_stale_key_and_the_wrong_variants_do() {
    let names: Vec<&str> = CONFIGURED.views.iter().map(|view| view.name.as_str()).collect();
    assert_eq!(names, KINDS[..MIXTURE], "views are in the order of their bits");
    let run = |first: u64| {
        let mut evaluator = Evaluator::new(Arc::clone(&CONFIGURED));
        let mut counts = Counts::default();
        for seed in (first..HISTORIES).step_by(THREADS.into()) {
            counts.count(mode(seed), history(seed, &mut evaluator));
        }
        counts
    };
    let counts = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|first| scope.spawn(move || run(first.into()))).collect();
        let mut all = Counts::default();
        for thread in threads {
            all.join(&thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        all
    });
    println!("{counts:?}");
    assert_eq!(counts.of(RIGHT), 0);
    for wrong in [WITHOUT_DIRECT, WITHOUT_OLD, OWNER_A_PARTITION, TRIMMED_BY_PARTITION] {
        assert!(counts.of(wrong) > 100, "variant {wrong} was not found out: {}", counts.of(wrong));
    }
    assert!(counts.stale[RIGHT][MIXTURE] > 100, "the mixture of holes was not found out");
    assert!(counts.takeovers.min(counts.late_takeovers) > HISTORIES / 20, "few takeovers: {counts:?}");
}

#[test]
fn a_seed_replays_one_history() {
    assert_eq!(retold(7), retold(7));
    assert_ne!(retold(7), retold(8));
}

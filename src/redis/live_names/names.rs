use std::collections::HashSet;
use std::mem;
use std::time::{Duration, Instant};

/// Beyond either, a family's names are no longer kept: memory does not grow with what readers store.
const MOST_NAMES: usize = 100_000;
const MOST_BYTES: usize = 16 << 20;

/// How long a family that had too many names is left to `SCAN` before its names are gathered again. Most of them may
/// have been names of expired keys.
const LEFT_ALONE: Duration = Duration::from_mins(1);

pub(super) type Name = Box<[u8]>;

/// The names of one family that are perhaps there: a superset of those that are, once they are known.
///
/// Redis tells of a set, a deletion and an expiry in the same words. So being told of a name only ever adds it, and it
/// leaves when it is about to be deleted.
#[derive(Debug, Default)]
pub(super) struct Names {
    kept: HashSet<Name>,
    bytes: usize,
    stage: Stage,
    /// Counts the times that gathering began, so that a walk which is over knows whether it still counts.
    gathering: u64,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nothing is kept.
    #[default]
    Unknown,
    /// What comes is kept, and what was there before is being looked for.
    Gathering,
    Known,
    TooMany(Instant),
}

/// A gathering that has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gathering(u64);

impl Names {
    pub(super) fn len(&self) -> usize {
        self.kept.len()
    }

    pub(super) fn are_known(&self) -> bool {
        self.stage == Stage::Known
    }

    /// Whether a walk should find the names.
    pub(super) fn are_sought(&self, now: Instant) -> bool {
        match self.stage {
            Stage::Unknown => true,
            Stage::Gathering | Stage::Known => false,
            Stage::TooMany(since) => now.duration_since(since) >= LEFT_ALONE,
        }
    }

    /// Forgets what is known and keeps what comes from now on. Names that are there already are for a walk to find that
    /// begins after this.
    pub(super) fn gather(&mut self) -> Gathering {
        self.forget();
        self.gathering += 1;
        self.stage = Stage::Gathering;
        Gathering(self.gathering)
    }

    /// Whether this gathering still goes on.
    pub(super) fn gathers(&self, gathering: Gathering) -> bool {
        self.stage == Stage::Gathering && self.gathering == gathering.0
    }

    /// The walk is over. False if its gathering did not last until now.
    pub(super) fn gathered(&mut self, gathering: Gathering) -> bool {
        let lasted = self.gathers(gathering);
        if lasted {
            self.stage = Stage::Known;
        }
        lasted
    }

    /// Adds a name that is perhaps there. False if it was one too many, and none is kept any more.
    pub(super) fn add(&mut self, name: Name, now: Instant) -> bool {
        if !matches!(self.stage, Stage::Gathering | Stage::Known) {
            return true;
        }
        let length = name.len();
        if self.kept.insert(name) {
            self.bytes += length;
        }
        let fits = self.kept.len() <= MOST_NAMES && self.bytes <= MOST_BYTES;
        if !fits {
            self.forget();
            self.stage = Stage::TooMany(now);
        }
        fits
    }

    /// All names, if they are known. They are no longer kept.
    pub(super) fn take(&mut self) -> Option<HashSet<Name>> {
        self.are_known().then(|| {
            self.bytes = 0;
            mem::take(&mut self.kept)
        })
    }

    /// Something went by unseen.
    pub(super) fn forget(&mut self) {
        self.kept = HashSet::new();
        self.bytes = 0;
        self.stage = Stage::Unknown;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        text.as_bytes().into()
    }

    fn known(texts: &[&str]) -> Names {
        let mut names = Names::default();
        let gathering = names.gather();
        for text in texts {
            assert!(names.add(name(text), Instant::now()));
        }
        assert!(names.gathered(gathering));
        names
    }

    #[test]
    fn names_are_taken_only_when_all_are_known() {
        let now = Instant::now();
        let mut names = Names::default();
        assert!(names.are_sought(now));
        assert!(names.add(name("early"), now));
        let gathering = names.gather();
        assert!(names.add(name("a"), now) && !names.are_sought(now));
        assert_eq!(names.take(), None);
        assert!(names.gathered(gathering));
        assert_eq!(names.take(), Some(HashSet::from([name("a")])));
        assert!(names.add(name("b"), now));
        assert_eq!(names.take(), Some(HashSet::from([name("b")])), "they stay known");
    }

    #[test]
    fn a_walk_that_something_interrupted_does_not_count() {
        let mut names = known(&["a"]);
        let first = names.gather();
        names.forget();
        assert!(!names.gathered(first), "something went by unseen");
        let second = names.gather();
        assert!(!names.gathered(first), "another gathering goes on");
        assert_eq!(names.take(), None);
        assert!(names.gathered(second));
        assert_eq!(names.take(), Some(HashSet::new()));
    }

    #[test]
    fn one_name_too_many_ends_it_for_a_while() {
        let now = Instant::now();
        let mut names = known(&[]);
        for number in 0..MOST_NAMES {
            assert!(names.add(name(&number.to_string()), now));
            assert!(names.add(name(&number.to_string()), now), "twice the same is one");
        }
        assert!(!names.add(name("one more"), now));
        assert!(names.add(name("another"), now), "it is said once");
        assert_eq!((names.len(), names.take()), (0, None));
        assert!(!names.are_sought(now) && names.are_sought(now + LEFT_ALONE));
    }

    #[test]
    fn long_names_count_by_their_bytes() {
        let now = Instant::now();
        let mut names = known(&[]);
        let long = |number: u8| vec![number; MOST_BYTES / 16].into_boxed_slice();
        assert!((0..16).all(|number| names.add(long(number), now)));
        assert_eq!(names.take().map(|taken| taken.len()), Some(16));
        assert!((0..16).all(|number| names.add(long(number), now)), "what was taken no longer counts");
        assert!(!names.add(name("one more"), now));
    }
}

use std::time::{Duration, Instant};

use super::super::suspect::{Stream, Suspect, Verdict};
use super::super::truth::Look;
use crate::audit::Difference;

const PATIENCE: Duration = Duration::from_secs(10);
const LSN: u64 = 100;

fn difference() -> Difference {
    Difference { path: "total".to_owned(), cached: "1".to_owned(), database: "2".to_owned() }
}

/// Looks at one suspect at these seconds: what the database says, what the source has received, whether all was applied.
fn check(looks: &[(u64, u64, u64, bool)], expected: Verdict) {
    let begun = Instant::now();
    let mut suspect = Suspect::new("key".to_owned(), difference(), 1, LSN);
    let mut last = Verdict::Open;
    for (seconds, database, received, applied) in looks {
        assert_eq!(last, Verdict::Open, "it was open until then: {looks:?}");
        let stream = Stream { received: *received, applied: *applied };
        let found = Some(Look::Differs(difference(), *database));
        let now = begun + Duration::from_secs(*seconds);
        last = suspect.look(found, LSN + seconds, stream, now, PATIENCE);
    }
    assert_eq!(last, expected, "{looks:?}");
}

#[test]
fn a_value_is_stale_a_patience_after_the_stream_has_passed() {
    check(&[(0, 1, LSN, true), (10, 1, LSN, true)], Verdict::Stale(difference()));
    check(&[(0, 1, LSN, true), (9, 1, LSN, true)], Verdict::Open);
    // Only then did the source receive it.
    check(
        &[(0, 1, LSN - 1, true), (50, 1, LSN - 1, true), (60, 1, LSN, true), (69, 1, LSN, true)],
        Verdict::Open,
    );
    check(&[(0, 1, LSN - 1, true), (60, 1, LSN, true), (70, 1, LSN, true)], Verdict::Stale(difference()));
    // It has it, and something is still to be applied.
    check(&[(0, 1, LSN, true), (60, 1, LSN, false), (90, 1, LSN, false)], Verdict::Open);
    check(&[(0, 1, LSN, false), (60, 1, LSN, false), (61, 1, LSN, true)], Verdict::Stale(difference()));
}

#[test]
fn a_database_that_moved_begins_anew() {
    let far = LSN + 1_000;
    check(&[(0, 1, far, true), (9, 2, far, true), (12, 2, far, true), (21, 2, far, true)], Verdict::Open);
    check(
        &[(0, 1, far, true), (9, 2, far, true), (12, 2, far, true), (22, 2, far, true)],
        Verdict::Stale(difference()),
    );
    // The source must have received where it was seen.
    check(&[(0, 1, LSN, true), (9, 2, LSN, true), (12, 2, LSN, true), (40, 2, LSN, true)], Verdict::Open);
    let moves: Vec<_> = (0..7).map(|number| (number * 20, number + 1, far, true)).collect();
    check(&moves, Verdict::Changing);
}

#[test]
fn what_agrees_or_is_gone_is_no_suspect() {
    let stream = Stream { received: u64::MAX, applied: true };
    for (found, expected) in [
        (Some(Look::True), Verdict::True),
        (None, Verdict::Gone),
        (Some(Look::NotComparable("why".to_owned())), Verdict::NotComparable("why".to_owned())),
    ] {
        let mut suspect = Suspect::new("key".to_owned(), difference(), 1, LSN);
        assert_eq!(suspect.look(found, LSN, stream, Instant::now(), PATIENCE), expected);
    }
}

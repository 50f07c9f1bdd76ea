//! Truncates and snapshots: events of one partition that concern rows of all.

use super::script::{ORDER, check};

#[test]
fn a_truncate_spares_newer_rows_and_stops_older_ones() {
    check(
        ORDER,
        &[
            ("c 1 7 new x @10", "absent -> 1 7 new x"),
            // Of another partition that is read ahead.
            ("c 2 7 new x @30", "absent -> 2 7 new x"),
            ("t @20", "unknown -> gone"),
            ("find 1", "absent"),
            ("pointing 7", "2"),
            ("len", "1"),
            // Of one that lags behind.
            ("c 3 7 new x @15", "absent -> 3 7 new x older"),
            ("d 3 @16", "absent -> gone older"),
            ("find 3", "absent"),
            ("c 3 7 new x @40", "absent -> 3 7 new x"),
            // Repeated, and an earlier one that comes late.
            ("t @20", "unknown -> gone"),
            ("t @12", "unknown -> gone older"),
            ("pointing 7", "2 3"),
            ("passed", "false"),
            ("passed", "false"),
            // It is remembered for ever.
            ("c 4 7 new x @15", "absent -> 4 7 new x older"),
        ],
    );
}

#[test]
fn a_truncate_takes_rows_of_which_nothing_says_that_they_are_newer() {
    check(
        ORDER,
        &[
            ("c 1 7 new x", "absent -> 1 7 new x"),
            ("c 2 7 new x @30/10", "absent -> 2 7 new x"),
            // Of a restored database.
            ("t @20/40", "unknown -> gone"),
            ("len", "0"),
        ],
    );
}

#[test]
fn the_first_snapshot_is_none_after_other_events() {
    check(
        ORDER,
        &[
            ("r 1 7 new x @10", "unknown -> 1 7 new x"),
            ("r 2 7 new x @10", "unknown -> 2 7 new x"),
            ("u 1 8 new x @20", "1 7 new x -> 1 8 new x"),
            // Of another partition.
            ("r 3 7 new x @10", "unknown -> 3 7 new x"),
            // Sent again after a crash.
            ("r 1 7 new x @10", "1 8 new x -> 1 7 new x older"),
            ("passed", "false"),
            ("passed", "false"),
            ("passed", "false"),
            ("len", "3"),
        ],
    );
}

#[test]
fn rows_that_a_second_snapshot_does_not_hold_are_dropped_at_its_end() {
    check(
        ORDER,
        &[
            ("r 1 7 new x @10", "unknown -> 1 7 new x"),
            ("r 2 7 new x @10", "unknown -> 2 7 new x"),
            ("u 2 7 old x @20", "2 7 new x -> 2 7 old x"),
            ("r 1 8 new x @30", "1 7 new x -> 1 8 new x SecondSnapshot"),
            ("r 3 7 new x @30", "unknown -> 3 7 new x"),
            ("c 4 7 new x @40", "absent -> 4 7 new x"),
            ("find 2", "2 7 old x"),
            ("passed", "false"),
            ("passed", "true"),
            ("find 2", "absent"),
            ("pointing 7", "3 4"),
            ("pointing 8", "1"),
            ("passed", "false"),
            // A ghost does not come back by an event from before the snapshot.
            ("u 2 7 old x @20", "absent -> 2 7 old x older"),
            // A third one.
            ("r 1 8 new x @50", "1 8 new x -> 1 8 new x SecondSnapshot"),
            ("passed", "false"),
            ("passed", "true"),
            ("len", "1"),
        ],
    );
}

#[test]
fn a_second_snapshot_that_was_loaded_drops_rows_and_is_no_doubt() {
    let loaded = &["load r 1 7 new x @10", "load u 1 7 old x @20", "load r 2 8 new x @30"];
    let passed = |middle: &[(&str, &str)], ended: &str| {
        let mut script: Vec<(&str, &str)> = loaded.iter().map(|event| (*event, "")).collect();
        script.extend(middle);
        script.extend([("passed", "false"), ("passed", ended), ("find 1", "absent")]);
        check(ORDER, &script);
    };
    passed(&[], "false");
    // It was not over where effects begin.
    passed(&[("r 3 9 new x @30", "unknown -> 3 9 new x")], "true");
}

#[test]
fn a_snapshot_before_whose_rows_older_events_are_read_is_a_second_one_too() {
    check(
        ORDER,
        &[
            // One partition is read to its end, then another one from its beginning.
            ("r 1 7 new x @30", "unknown -> 1 7 new x"),
            ("r 2 7 new x @10", "unknown -> 2 7 new x SecondSnapshot"),
            ("r 3 7 new x @10", "unknown -> 3 7 new x"),
            ("r 3 8 new x @30", "3 7 new x -> 3 8 new x"),
            ("passed", "false"),
            ("passed", "true"),
            ("find 2", "absent"),
            ("len", "2"),
        ],
    );
}

#[test]
fn a_second_snapshot_is_seen_behind_newer_events_of_other_partitions() {
    check(
        ORDER,
        &[
            ("c 1 7 new x @100", "absent -> 1 7 new x"),
            ("r 2 7 new x @10", "unknown -> 2 7 new x"),
            ("r 3 7 new x @50", "unknown -> 3 7 new x SecondSnapshot"),
            ("passed", "false"),
            ("passed", "true"),
            ("pointing 7", "1 3"),
            // A partition that lags behind, or a repeat, or it stood still: nothing tells them apart.
            ("r 4 7 new x @50", "unknown -> 4 7 new x SecondSnapshot"),
            ("passed", "false"),
            ("passed", "true"),
        ],
    );
}

#[test]
fn a_transaction_that_began_before_the_first_snapshot_makes_it_no_second_one() {
    check(
        ORDER,
        &[
            ("r 1 7 new x @50/20", "unknown -> 1 7 new x"),
            // The change is before the snapshot, its commit after.
            ("c 2 7 new x @49/21", "absent -> 2 7 new x"),
            ("r 3 7 new x @50/20", "unknown -> 3 7 new x"),
            ("passed", "false"),
            ("passed", "false"),
            ("len", "3"),
        ],
    );
}

#[test]
fn a_change_that_a_snapshot_missed_is_newer_than_the_row_it_read() {
    // Seen: the transaction is under way when the snapshot begins, and commits before the snapshot's time is taken, or after.
    for time in ["19:59", "20:0", "20:1"] {
        check(
            ORDER,
            &[
                ("r 1 7 new x @50/20", "unknown -> 1 7 new x"),
                ("r 2 7 new x @50/20", "unknown -> 2 7 new x"),
                (&format!("u 1 8 new x @48/{time}"), "1 7 new x -> 1 8 new x"),
                (&format!("c 3 7 new x @49/{time}"), "absent -> 3 7 new x"),
                (&format!("d 2 @49/{time}"), "2 7 new x -> gone"),
                ("r 4 7 new x @50/20", "unknown -> 4 7 new x"),
                ("passed", "false"),
                ("passed", "false"),
                ("pointing 8", "1"),
                ("pointing 7", "3 4"),
            ],
        );
        // The same of a second snapshot, and in another order of the partitions.
        check(
            ORDER,
            &[
                ("r 1 7 new x @10", "unknown -> 1 7 new x"),
                (&format!("c 3 7 new x @49/{time}"), "absent -> 3 7 new x"),
                ("r 1 7 new x @50/20", "1 7 new x -> 1 7 new x SecondSnapshot"),
                ("passed", "false"),
                ("passed", "true"),
                ("pointing 7", "1 3"),
            ],
        );
    }
    // Of an incremental snapshot, too; and what is further from it is older, or of another database.
    check(
        ORDER,
        &[
            ("ri 1 7 new x @50/20", "unknown -> 1 7 new x"),
            ("u 1 8 new x @48/19", "1 7 new x -> 1 8 new x older"),
            ("u 1 8 new x @48/21", "1 7 new x -> 1 8 new x OtherDatabase"),
            ("ri 1 7 new x @50/22", "1 8 new x -> 1 7 new x"),
            ("u 1 8 new x @49/21:30", "1 7 new x -> 1 8 new x"),
        ],
    );
}

#[test]
fn another_snapshot_before_the_end_of_the_last_begins_the_count_anew() {
    check(
        ORDER,
        &[
            ("r 1 7 new x @10", "unknown -> 1 7 new x"),
            ("r 2 7 new x @20", "unknown -> 2 7 new x SecondSnapshot"),
            ("passed", "false"),
            ("r 3 7 new x @30", "unknown -> 3 7 new x SecondSnapshot"),
            ("passed", "false"),
            ("len", "3"),
            ("passed", "true"),
            ("len", "1"),
        ],
    );
}

#[test]
fn a_snapshot_of_a_restored_database_is_a_second_one() {
    check(
        ORDER,
        &[
            ("r 1 7 new x @100/10", "unknown -> 1 7 new x"),
            ("r 2 7 new x @100/10", "unknown -> 2 7 new x"),
            ("c 3 7 new x @110/11", "absent -> 3 7 new x"),
            ("r 1 7 new x @50/20", "1 7 new x -> 1 7 new x OtherDatabase"),
            ("r 4 7 new x @50/20", "unknown -> 4 7 new x"),
            ("passed", "false"),
            ("r 3 7 new x @50/20", "3 7 new x -> 3 7 new x OtherDatabase"),
            ("c 5 7 new x @60/21", "absent -> 5 7 new x"),
            ("passed", "false"),
            ("passed", "true"),
            ("pointing 7", "1 3 4 5"),
        ],
    );
}

#[test]
fn an_incremental_snapshot_is_no_second_one() {
    check(
        ORDER,
        &[
            ("r 1 7 new x @10", "unknown -> 1 7 new x"),
            ("c 2 7 new x @20", "absent -> 2 7 new x"),
            ("ri 1 8 new x @30", "1 7 new x -> 1 8 new x"),
            ("ri 3 8 new x @30", "unknown -> 3 8 new x"),
            ("passed", "false"),
            ("passed", "false"),
            ("len", "3"),
        ],
    );
}

#[test]
fn an_incomplete_table_answers_with_doubt_and_keeps_what_it_knows() {
    check(
        ORDER,
        &[
            ("c 1 7 new x @10", "absent -> 1 7 new x"),
            ("incomplete?", "false"),
            ("incomplete", ""),
            ("incomplete?", "true"),
            ("find 1", "1 7 new x"),
            ("find 2", "unknown"),
            ("pointing 7", "unknown"),
            ("d 2 @20", "unknown -> gone"),
        ],
    );
}

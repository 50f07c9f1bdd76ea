//! When values are not computed from what is kept.

use super::script::{ORDER, check};

#[test]
fn a_table_is_a_part_of_itself_while_its_snapshot_is_read() {
    let row = ("r 1 7 new x @10", "unknown -> 1 7 new x");
    for (end, said) in [
        ("rl 2 7 new x @10", "unknown -> 2 7 new x"),
        ("c 2 7 new x @20", "absent -> 2 7 new x"),
        ("t @20", "unknown -> gone"),
    ] {
        check(
            ORDER,
            &[("doubtful?", "false"), row, ("doubtful?", "true"), (end, said), ("doubtful?", "false")],
        );
    }
}

#[test]
fn of_a_snapshot_that_has_ended_other_partitions_may_be_read_late() {
    check(
        ORDER,
        &[
            ("rl 1 7 new x @10", "unknown -> 1 7 new x"),
            ("r 2 7 new x @10", "unknown -> 2 7 new x"),
            ("doubtful?", "false"),
        ],
    );
}

#[test]
fn a_source_that_names_no_last_row_has_ended_when_nothing_came_for_long() {
    check(
        ORDER,
        &[
            ("r 1 7 new x @10", "unknown -> 1 7 new x"),
            ("passed", "false"),
            ("r 2 7 new x @10", "unknown -> 2 7 new x"),
            ("passed", "false"),
            ("doubtful?", "true"),
            ("passed", "false"),
            ("doubtful?", "false"),
        ],
    );
}

#[test]
fn what_is_loaded_is_whole_and_a_row_that_somebody_asked_for_is_one() {
    check(
        ORDER,
        &[
            ("load r 1 7 new x @10", ""),
            ("doubtful?", "false"),
            ("ri 2 7 new x @10", "unknown -> 2 7 new x"),
            ("doubtful?", "false"),
        ],
    );
}

#[test]
fn a_second_snapshot_that_stood_still_goes_on() {
    check(
        ORDER,
        &[
            ("c 1 7 new x @10", "absent -> 1 7 new x"),
            ("r 2 7 new x @30", "unknown -> 2 7 new x SecondSnapshot"),
            ("passed", "false"),
            ("r 3 7 new x @30", "unknown -> 3 7 new x"),
            ("passed", "false"),
            ("find 1", "1 7 new x"),
            ("passed", "true"),
            ("find 1", "absent"),
            ("doubtful?", "false"),
            // It stood still for longer than that.
            ("r 4 7 new x @30", "unknown -> 4 7 new x SecondSnapshot"),
            ("doubtful?", "true"),
            ("passed", "false"),
            ("passed", "true"),
            ("doubtful?", "false"),
            ("pointing 7", "2 3 4"),
        ],
    );
}

#[test]
fn an_event_that_names_no_row_may_have_changed_any() {
    check(
        ORDER,
        &[
            ("c 1 7 new x @10", "absent -> 1 7 new x"),
            ("forget", ""),
            ("find 1", "unknown"),
            ("pointing 7", "unknown"),
            ("u 1 8 new x @30", "unknown -> 1 8 new x UnknownRow"),
            ("find 1", "1 8 new x"),
            ("pointing 8", "unknown"),
        ],
    );
}

#[test]
fn rows_that_may_be_gone_for_ever_stay_in_doubt() {
    check(
        ORDER,
        &[
            ("c 1 7 new x @10", "absent -> 1 7 new x"),
            ("stale", ""),
            ("r 1 7 new x @30", "1 7 new x -> 1 7 new x SecondSnapshot"),
            ("passed", "false"),
            ("passed", "true"),
            ("doubtful?", "true"),
        ],
    );
}

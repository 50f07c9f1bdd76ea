//! Events that come again, late, or from another history.

use super::script::{ORDER, check};

#[test]
fn a_repeat_is_applied_as_usual() {
    check(
        ORDER,
        &[
            ("c 1 7 new x @10", "absent -> 1 7 new x"),
            ("c 1 7 new x @10", "1 7 new x -> 1 7 new x"),
            ("u 1 8 new x @20", "1 7 new x -> 1 8 new x"),
            ("u 1 8 new x @20", "1 8 new x -> 1 8 new x"),
            ("d 1 @30", "1 8 new x -> gone"),
            ("d 1 @30", "absent -> gone"),
        ],
    );
}

#[test]
fn an_older_event_changes_no_image() {
    for late in ["@10", "@10/20", "@10/", "@19/1"] {
        check(
            ORDER,
            &[
                ("c 1 7 new x @5", "absent -> 1 7 new x"),
                ("u 1 8 new x @20", "1 7 new x -> 1 8 new x"),
                (&format!("u 1 9 new ~ {late}"), "1 8 new x -> 1 9 new ~ older"),
                (&format!("u 1 6 new x > 1 9 new x {late}"), "1 8 new x or 1 6 new x -> 1 9 new x older"),
                (&format!("d 1 {late}"), "1 8 new x -> gone older"),
                ("find 1", "1 8 new x"),
                ("pointing 8", "1"),
                ("pointing 9", ""),
            ],
        );
    }
}

#[test]
fn without_an_lsn_what_is_read_last_counts() {
    check(
        ORDER,
        &[
            ("c 1 7 new x @/50", "absent -> 1 7 new x"),
            ("u 1 8 new x @/40", "1 7 new x -> 1 8 new x"),
            ("u 1 9 new x @10/5", "1 8 new x -> 1 9 new x"),
            ("u 1 6 new x @", "1 9 new x -> 1 6 new x"),
            ("d 1", "1 6 new x -> gone"),
            ("d 1", "absent -> gone"),
            ("t", "unknown -> gone"),
            ("c 1 7 new x", "absent -> 1 7 new x"),
            ("passed", "false"),
        ],
    );
}

#[test]
fn a_deleted_row_does_not_come_back_by_a_late_event() {
    check(
        ORDER,
        &[
            ("c 1 7 new x @10", "absent -> 1 7 new x"),
            ("d 1 @30", "1 7 new x -> gone"),
            ("u 1 8 new x @20", "absent -> 1 8 new x older"),
            ("passed", "false"),
            ("c 1 8 new x @20", "absent -> 1 8 new x older"),
            ("find 1", "absent"),
            ("passed", "false"),
            // Nothing that old can follow any more, and nothing is kept to tell.
            ("c 1 8 new x @20", "absent -> 1 8 new x"),
        ],
    );
    check(
        ORDER,
        &[
            ("d 1 @30", "unknown -> gone"),
            ("passed", "false"),
            // A later deletion is remembered for as long as the first one was.
            ("d 1 @40", "unknown -> gone"),
            ("passed", "false"),
            ("u 1 8 new x @35", "absent -> 1 8 new x older"),
            // A row that is created again is no longer deleted.
            ("c 1 9 new x @50", "absent -> 1 9 new x"),
            ("u 1 9 old x @60", "1 9 new x -> 1 9 old x"),
            ("d 1 @35", "1 9 old x -> gone older"),
        ],
    );
    // The create in between was lost.
    check(ORDER, &[("d 1 @30", "unknown -> gone"), ("u 1 7 new x @40", "unknown -> 1 7 new x UnknownRow")]);
}

#[test]
fn a_restored_database_counts_from_where_its_backup_was_taken() {
    check(
        ORDER,
        &[
            ("c 1 7 new x @100/10", "absent -> 1 7 new x"),
            ("c 2 7 new x @101/11", "absent -> 2 7 new x"),
            ("d 2 @102/12", "2 7 new x -> gone"),
            ("u 1 8 new x @50/20", "1 7 new x -> 1 8 new x OtherDatabase"),
            // From then on the row's own history is the new one's.
            ("u 1 9 new x @60/21", "1 8 new x -> 1 9 new x"),
            ("c 2 8 new x @61/22", "absent -> 2 8 new x OtherDatabase"),
            ("pointing 8", "2"),
            // A truncate of the former history says nothing of this one.
            ("t @200/30", "unknown -> gone"),
            ("c 3 7 new x @70/40", "absent -> 3 7 new x OtherDatabase"),
            ("c 4 7 new x @71/41", "absent -> 4 7 new x"),
        ],
    );
}

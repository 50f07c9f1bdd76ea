//! What a change says of a row, and what is kept of it.

use super::script::{CUSTOMER, LINE, ORDER, check};

#[test]
fn a_row_from_its_creation_to_its_deletion() {
    check(
        ORDER,
        &[
            ("c 1 7 new x @10", "absent -> 1 7 new x"),
            ("find 1", "1 7 new x"),
            ("pointing 7", "1"),
            // A move: the update itself does not say where the row was.
            ("u 1 8 new x @20", "1 7 new x -> 1 8 new x"),
            ("pointing 7", ""),
            ("pointing 8", "1"),
            ("len", "1"),
            // A delete's own old row is false in all but the key.
            ("d 1 null pending @30", "1 8 new x -> gone"),
            ("find 1", "absent"),
            ("pointing 8", ""),
            ("len", "0"),
            ("incomplete?", "false"),
        ],
    );
}

#[test]
fn an_unavailable_column_is_as_it_was_kept() {
    check(
        ORDER,
        &[
            ("c 1 7 new x @10", "absent -> 1 7 new x"),
            ("u 1 8 new ~ @20", "1 7 new x -> 1 8 new x"),
            ("find 1", "1 8 new x"),
            ("u 1 8 old y @30", "1 8 new x -> 1 8 old y"),
            // Nothing is kept to take it from.
            ("u 2 8 old ~ @40", "unknown -> 2 8 old ~ UnknownRow"),
            ("u 2 8 new ~ @50", "2 8 old ~ -> 2 8 new ~"),
        ],
    );
}

#[test]
fn a_primary_key_change_is_a_delete_and_a_create_in_either_order() {
    check(
        ORDER,
        &[
            ("c 1 7 new x @10", "absent -> 1 7 new x"),
            ("d 1 @20", "1 7 new x -> gone"),
            ("c 2 7 new x @20", "absent -> 2 7 new x"),
            ("c 3 7 new x @30", "absent -> 3 7 new x"),
            ("d 2 @30", "2 7 new x -> gone"),
            ("pointing 7", "3"),
        ],
    );
}

#[test]
fn a_compound_key_names_a_row_by_all_its_columns() {
    check(
        LINE,
        &[
            ("c 1 1 5 @10", "absent -> 1 1 5"),
            ("c 1 2 6 @11", "absent -> 1 2 6"),
            ("u 1 1 7 @12", "1 1 5 -> 1 1 7"),
            ("d 1 2 @13", "1 2 6 -> gone"),
            ("len", "1"),
            // 1 and 12 are not 11 and 2.
            ("c 1 12 0 @14", "absent -> 1 12 0"),
            ("c 11 2 0 @15", "absent -> 11 2 0"),
            ("len", "3"),
        ],
    );
}

#[test]
fn text_keys_and_integer_keys_are_different() {
    check(
        CUSTOMER,
        &[
            ("c 5 five @10", "absent -> 5 five"),
            ("c five 5 @11", "absent -> five 5"),
            ("find five", "five 5"),
            ("find 5", "5 five"),
            ("find 05x", "absent"),
        ],
    );
}

#[test]
fn what_is_not_kept_is_unknown_unless_the_event_says_that_there_was_nothing() {
    check(ORDER, &[("r 1 7 new x @10", "unknown -> 1 7 new x"), ("incomplete?", "false")]);
    check(ORDER, &[("d 1 @10", "unknown -> gone"), ("incomplete?", "false"), ("d 1 @10", "absent -> gone")]);
    check(
        ORDER,
        &[
            ("u 1 7 new x @10", "unknown -> 1 7 new x UnknownRow"),
            ("incomplete?", "true"),
            ("find 2", "unknown"),
            ("pointing 7", "unknown"),
            ("find 1", "1 7 new x"),
            ("c 2 7 new x @11", "absent -> 2 7 new x"),
        ],
    );
}

#[test]
fn while_loading_an_update_may_be_the_first_event_that_compaction_left() {
    check(
        ORDER,
        &[
            ("load u 1 7 new x @10", ""),
            ("load u 1 8 new ~ @20", ""),
            ("incomplete?", "false"),
            ("find 1", "1 8 new x"),
            ("u 1 9 new x @30", "1 8 new x -> 1 9 new x"),
        ],
    );
}

#[test]
fn soon_after_loading_compaction_may_have_taken_what_was_to_be_loaded_of_a_row() {
    check(
        ORDER,
        &[
            ("load c 1 7 new x @10", ""),
            // Its create lay below where effects begin, and went when this came.
            ("u 2 7 new x @20", "unknown -> 2 7 new x UnknownRow"),
            ("incomplete?", "false"),
            ("pointing 7", "1 2"),
            ("passed", "false"),
            ("u 3 7 new x @30", "unknown -> 3 7 new x UnknownRow"),
            ("incomplete?", "true"),
        ],
    );
}

#[test]
fn a_believed_old_row_counts_where_it_is_not_the_kept_one() {
    check(
        ORDER,
        &[
            ("c 1 7 new x @10", "absent -> 1 7 new x"),
            ("u 1 7 new x > 1 8 new x @20", "1 7 new x -> 1 8 new x"),
            ("u 1 9 new x > 1 8 old x @30", "1 8 new x or 1 9 new x -> 1 8 old x"),
            ("d 1 8 old y > @40", "1 8 old x or 1 8 old y -> gone"),
            ("u 2 7 new x > 2 8 new x @50", "unknown or 2 7 new x -> 2 8 new x UnknownRow"),
        ],
    );
}

#[test]
fn a_forgotten_row_is_unknown_until_it_is_seen_again() {
    check(
        ORDER,
        &[
            ("c 1 7 new x @10", "absent -> 1 7 new x"),
            ("c 2 7 new x @11", "absent -> 2 7 new x"),
            ("forget 1", ""),
            ("find 1", "unknown"),
            ("find 2", "2 7 new x"),
            ("find 3", "absent"),
            ("pointing 7", "unknown"),
            ("u 1 8 new x @20", "unknown -> 1 8 new x"),
            ("incomplete?", "false"),
            ("pointing 7", "2"),
            ("forget 2", ""),
            ("d 2 @30", "unknown -> gone"),
            ("pointing 7", ""),
            ("forget", ""),
            ("incomplete?", "true"),
            ("find 3", "unknown"),
        ],
    );
}

#[test]
fn an_event_without_a_whole_key_may_be_of_any_row() {
    for key in ["null", "?", "~"] {
        check(
            ORDER,
            &[
                ("c 1 7 new x @10", "absent -> 1 7 new x"),
                (&format!("u {key} 7 new x @20"), &format!("unknown -> {key} 7 new x UnknownRow")),
                ("incomplete?", "true"),
                ("len", "0"),
            ],
        );
    }
}

#[test]
fn a_row_whose_link_is_unknown_may_point_anywhere() {
    for link in ["?", "~"] {
        check(
            ORDER,
            &[
                ("c 1 7 new x @10", "absent -> 1 7 new x"),
                (&format!("c 2 {link} new x @11"), &format!("absent -> 2 {link} new x")),
                ("pointing 7", "unknown"),
                ("u 2 null new x @12", &format!("2 {link} new x -> 2 null new x")),
                ("pointing 7", "1"),
                ("pointing null", ""),
                (
                    &format!("u 2 {link} new x @13"),
                    &format!("2 null new x -> 2 {} new x", if link == "~" { "null" } else { "?" }),
                ),
            ],
        );
    }
}

//! Which registered sets count.

use super::{KEYS, MEMBERS, REGISTER, Scene};
use crate::harness::{eventually, update};

#[test]
fn a_set_counts_from_when_it_is_registered() {
    let mut scene = Scene::new();
    let _freshet = scene.start("");
    assert!(scene.left(&["sets::7", "sets::8"], &[update(1, 5, 6)]).is_empty());
    scene.register(&["[null,7]"]);
    assert_eq!(scene.left(&["sets::7", "sets::8"], &[update(1, 5, 6)]), ["sets::7"]);
    scene.register(&["[null,\"8\"]"]);
    assert_eq!(scene.left(&["sets::7", "sets::8"], &[update(1, 5, 6)]), ["sets::7", "sets::8"]);
}

#[test]
fn the_youngest_sets_count() {
    let mut scene = Scene::new();
    let _freshet = scene.start(", max_sets: 2");
    scene.register_at(20, &["[null,6]"]);
    scene.register_at(10, &["[null,7]"]);
    scene.register_at(0, &["[null,8]"]);
    assert_eq!(scene.left(&["sets::6", "sets::7", "sets::8"], &[update(1, 4, 5)]), ["sets::7", "sets::8"]);
}

#[test]
fn old_sets_are_forgotten() {
    let mut scene = Scene::new();
    scene.register_at(3_700, &["[null,1]", "no set"]);
    scene.register_at(3_000, &["[null,6]"]);
    scene.register_at(10, &["[null,7]"]);
    scene.register_at(5, &["[null,8]"]);
    let _freshet = scene.start(", max_sets: 2");
    let members = || -> Vec<String> {
        redis::cmd("ZRANGE").arg(REGISTER).arg(0).arg(-1).query(&mut scene.redis.connect()).expect("members")
    };
    eventually("old sets are gone", members, |left| *left == ["[null,7]", "[null,8]"]);
    // Until a minute later it keeps no key.
    scene.register_at(3_700, &["[null,1]"]);
    assert_eq!(scene.left(&["sets::1", "sets::7"], &[update(1, 4, 5)]), ["sets::7"]);
}

#[test]
fn something_else_than_a_set_keeps_no_key() {
    let mut scene = Scene::new();
    let freshet = scene.start("");
    scene.register(&MEMBERS);
    scene.register(&[
        "",
        "x",
        "{}",
        "[]",
        "[null]",
        "[null,8,9]",
        "[0,8]",
        "[\"\",8]",
        "[null,8.0]",
        "[null,[8]]",
    ]);
    for row in 1..=5 {
        assert_eq!(scene.left(&KEYS, &[update(row, 5, 6)]), ["sets:2026:7", "sets::7"]);
    }
    // Once a minute.
    assert!(
        (1..4)
            .contains(&freshet.log.with_message("no sets of the view's parameters; they keep no key").len())
    );
}

#[test]
fn where_the_sets_cannot_be_read_the_family_goes() {
    let mut scene = Scene::new();
    let freshet = scene.start("");
    scene.redis.fill(&[REGISTER]);
    for row in 1..=5 {
        assert!(scene.left(&KEYS, &[update(row, 5, 6)]).is_empty());
    }
    let refused = "redis refuses the registered sets of parameters; the whole family is deleted";
    assert!((1..4).contains(&freshet.log.with_message(refused).len()));
}

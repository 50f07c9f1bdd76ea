//! What a row's change deletes.

use serde_json::Value;

use super::{KEYS, MEMBERS, Scene, poison};
use crate::harness::{Freshet, change, create, eventually, update};

#[test]
fn a_row_that_moves_keeps_the_sets_that_it_affects_neither_before_nor_after() {
    let mut scene = Scene::new();
    let freshet = scene.start("");
    scene.register(&MEMBERS);
    // Twice: what was kept is still known to be there.
    for row in 1..=2 {
        assert_eq!(scene.left(&KEYS, &[update(row, 5, 6)]), ["sets:2026:7", "sets::7"]);
    }
    assert_eq!(scene.left(&KEYS, &[update(1, 7, 7)]), ["sets::5", "sets::6"]);
    assert_eq!(scene.left(&KEYS, &[create(3, 9)]), ["sets:2026:7", "sets::5", "sets::6", "sets::7"]);
    assert!(freshet.metric("freshet_kept_keys_total{view=\"sets\"}") > 9.5);
    assert!(freshet.metric("freshet_widenings_total{reason=\"un") < 0.5);
}

#[test]
fn many_rows_at_once_keep_what_none_of_them_affects() {
    let mut scene = Scene::new();
    let _freshet = scene.start("");
    scene.register(&MEMBERS);
    let rows: Vec<_> = (0..2_000).map(|row| update(row, 100 + row % 50, 5)).collect();
    assert_eq!(scene.left(&KEYS, &rows), ["sets:2026:7", "sets::6", "sets::7"]);
}

#[test]
fn by_scan_too() {
    let mut scene = Scene::new();
    scene.redis.run(&["ACL", "SETUSER", "default", "-client|tracking"]);
    let freshet = scene.start("");
    scene.register(&MEMBERS);
    assert_eq!(scene.left(&KEYS, &[update(1, 5, 6)]), ["sets:2026:7", "sets::7"]);
    assert!(freshet.metric("freshet_family_deletions_total{how=\"names\"") < 0.5);
    assert!(freshet.metric("freshet_kept_keys_total") > 1.5);
}

#[test]
fn a_doubt_deletes_every_set() {
    let mut scene = Scene::new();
    let _freshet = scene.start("");
    scene.register(&MEMBERS);
    assert!(scene.left(&KEYS, &[poison()]).is_empty());
    // Without the old row, which a full replica identity would tell.
    let new = serde_json::json!({ "id": 1, "shop_id": 5, "version": 1, "note": "" });
    assert!(scene.left(&KEYS, &[change("row", "u", Value::Null, new.clone())]).is_empty());
    assert!(scene.left(&KEYS, &[change("row", "r", Value::Null, new)]).is_empty());
}

#[test]
fn the_old_row_is_the_one_that_is_kept() {
    let mut scene = Scene::new();
    let configuration =
        scene.configuration("").replace("replica_identity: full", "replica_identity: default");
    let _freshet = Freshet::start_with(&configuration, &["run"], &[]).ready();
    scene.topic.wait_for_offsets(&[0]);
    scene.register(&MEMBERS);
    assert_eq!(scene.left(&KEYS, &[create(1, 5)]), ["sets:2026:7", "sets::6", "sets::7"]);
    // Under the default identity the row before is not what an event tells of it.
    assert_eq!(scene.left(&KEYS, &[update(1, 7, 6)]), ["sets:2026:7", "sets::7"]);
    let moved = |to| serde_json::json!({ "id": 1, "shop_id": to, "version": 2, "note": "" });
    assert_eq!(scene.left(&KEYS, &[change("row", "u", Value::Null, moved(7))]), ["sets::5"]);
}

#[test]
fn the_second_delete_keeps_them_too() {
    let mut scene = Scene::new();
    let freshet = scene.start(", settle: 1s");
    scene.register(&MEMBERS);
    scene.redis.fill(&KEYS);
    scene.topic.send(0, &[update(1, 5, 6)]);
    eventually("the first delete", || scene.keys(), |keys| *keys == ["sets:2026:7", "sets::7"]);
    // A reader that read before the change stores after the delete.
    scene.redis.fill(&["sets::5", "sets::6"]);
    scene.sent = 1;
    scene.topic.wait_for_offsets(&[1]);
    assert_eq!(scene.keys(), ["sets:2026:7", "sets::7"]);
    assert!(freshet.metric("freshet_second_deletes_total") > 0.5);
}

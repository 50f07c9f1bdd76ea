use super::{POISON, Raw, World, letters, send};
use crate::harness::{Freshet, assert_has, create, freshet, said};

/// A topic with two letters: an event under a configuration with a wrong primary key, and what is no event at all.
fn world() -> (World, String) {
    let world = World::new(1);
    let right = world.configuration(100);
    let wrong = right.replace("primary_key: id", "primary_key: uid");
    let copy = Freshet::start_with(&wrong, &["run"], &[]).ready();
    world.topic.wait_for_offsets(&[0]);
    world.topic.send(0, &[create(1, 7)]);
    send(
        &world.topic,
        0,
        &[Raw { key: None, value: Some(b"\xff\x00"), headers: &[("trace", Some(b"abc"))], ..POISON }],
    );
    world.topic.wait_for_offsets(&[2]);
    assert_eq!(letters(&world.letters).len(), 2);
    copy.kill();
    (world, right)
}

#[test]
fn letters_are_listed_shown_and_applied_again() {
    let (world, right) = world();
    let run =
        |arguments: &[&str], code| said(&freshet(&right, &[&["dead-letters"], arguments].concat()), code);
    let lies = |offset| format!("{} partition 0 offset {offset}", world.topic.name);
    let list = run(&["list"], 0);
    let lines: Vec<&str> = list.lines().collect();
    assert_eq!(lines.len(), 3, "{list}");
    for (line, place, cause, offset) in
        [(lines[0], "0:0 ", "other_key", 0), (lines[1], "0:1 ", "malformed", 1)]
    {
        assert!(line.starts_with(place) && line.ends_with(&lies(offset)), "{line}");
        assert_has(line, &[" row ", cause, "Z "]);
    }
    assert_eq!(lines[2], format!("2 letters in {}", world.letters.name));
    let malformed = run(&["list", "--table", "row", "--cause", "malformed"], 0);
    assert!(malformed.contains(&lies(1)) && !malformed.contains(&lies(0)), "{malformed}");
    run(&["list", "--table", "absent"], 64);

    let shown = run(&["show", "0:1"], 0);
    assert_has(
        &shown,
        &[
            "table      row\n",
            &format!("topic      {}\n", world.topic.name),
            "partition  0\n",
            "offset     1\n",
            "time       2026-11-18T",
            &format!("group      {}\n", world.topic.group),
            "cause      malformed\n",
            "error      the value cannot be read: it is not UTF-8 (byte 1)\n",
            "key        null\n",
            "value      0xff00\n",
            "header     trace: abc\n",
        ],
    );
    assert_has(&run(&["show", "0:0"], 0), &["key        {\"id\":1}\n", "value      {\"before\":null"]);
    assert_has(&run(&["show", "0:9"], 1), &["there is no letter 0:9"]);
    run(&["show", "nine"], 64);

    world.redis.fill(&["shop:7", "shop:8", "board:x", "other"]);
    let dry = run(&["replay", "--all", "--dry-run"], 1);
    let first = format!("letter 0:0: create of row ({}, partition 0, offset 0)", world.topic.name);
    assert_has(
        &dry,
        &[&first, "key      shop:7", "family   board:*", "letter 0:1: an event of row that cannot be"],
    );
    assert_has(&dry, &["1 letter would be applied", "1 letter still cannot be decoded"]);
    assert_eq!(world.redis.names().len(), 4);
    assert_has(&run(&["replay", "0:0"], 0), &["1 letter applied: 2 keys deleted"]);
    assert_eq!(world.redis.names(), ["other", "shop:8"]);
    assert_has(&run(&["replay", "0:1"], 1), &["still cannot be decoded"]);
    assert_eq!(world.redis.names(), ["other", "shop:8"]);
    run(&["replay"], 64);
    // Nothing was written anywhere.
    assert_eq!((letters(&world.letters).len(), world.topic.behind()), (2, 0));
}

#[test]
fn without_a_dead_letter_topic_there_is_nothing_to_list() {
    let world = World::planned(1);
    let right = world.configuration(100);
    let without =
        right.lines().filter(|line| !line.starts_with("dead_letters")).collect::<Vec<_>>().join("\n");
    assert_has(&said(&freshet(&without, &["dead-letters", "list"]), 64), &["has no `dead_letters`"]);
    assert_has(&said(&freshet(&right, &["dead-letters", "list"]), 1), &["there is no topic"]);
}

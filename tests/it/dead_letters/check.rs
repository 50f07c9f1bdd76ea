use super::{VIEWS, World, letters};
use crate::harness::{assert_has, configuration, freshet, said};

#[test]
fn a_topic_that_takes_letters_is_right_and_nothing_is_written() {
    let world = World::new(1);
    let said = said(&freshet(&world.configuration(100), &["check"]), 0);
    assert_has(&said, &[&format!("right    {} (dead letters): 1 partition, writable", world.letters.name)]);
    assert!(letters(&world.letters).is_empty());
}

#[test]
fn what_would_stop_a_partition_is_wrong() {
    let world = World::planned(1);
    let missing = said(&freshet(&world.configuration(100), &["check"]), 1);
    let command = format!("--create --topic {} ", world.letters.name);
    assert_has(&missing, &["WRONG", "(dead letters): there is no such topic", &command]);
    world.letters.make(&[("cleanup.policy", "compact")]);
    let compacted = said(&freshet(&world.configuration(100), &["check"]), 1);
    assert_has(&compacted, &["(dead letters): it is compacted", "set cleanup.policy=delete"]);
    let none = configuration(&world.topic, &world.redis.url(), VIEWS);
    assert_has(&said(&freshet(&none, &["check"]), 0), &["warning  there is no dead-letter topic"]);
}

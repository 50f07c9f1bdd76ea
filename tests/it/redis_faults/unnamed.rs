//! A Redis that may not be asked which node it is.

use super::{VIEWS, changes, end, wait_for_changes};
use crate::harness::{Freshet, RedisServer, Topic, assert_has, configuration, create, freshet, said};

#[test]
fn each_lost_connection_and_each_start_may_mean_another_node() {
    let (topic, redis) = (Topic::new(1), RedisServer::start());
    redis.run(&["ACL", "SETUSER", "default", "-info"]);
    let first = Freshet::start(&topic, &redis, VIEWS).ready();
    topic.wait_for_offsets(&[0]);
    redis.fill(&["shop:1", "shop:2"]);
    topic.send(0, &[create(1, 1)]);
    redis.wait_for_names(&["shop:2"]);
    topic.wait_for_offsets(&[1]);
    assert!(changes(&first) < 0.1);
    let told = first.log.lines();
    let told = told.iter().filter(|line| line["message"].as_str().is_some_and(|said| said.contains("+info")));
    assert_eq!(told.count(), 1);

    // The one that deletes keys.
    redis.run(&["CLIENT", "KILL", "TYPE", "normal"]);
    redis.wait_for_names(&[]);
    redis.fill(&["shop:3"]);
    let before = changes(&first);
    assert!((0.9..2.1).contains(&before), "{before}: either connection was lost");
    end(first);
    let second = Freshet::start(&topic, &redis, VIEWS).ready();
    redis.wait_for_names(&[]);
    wait_for_changes(&second, 1.0);
    topic.send(0, &[create(1, 1)]);
    topic.wait_for_offsets(&[2]);
}

#[test]
fn the_check_warns_of_it() {
    let (topic, redis) = (Topic::new(1), RedisServer::start());
    redis.run(&["ACL", "SETUSER", "default", "-info"]);
    let said = said(&freshet(&configuration(&topic, &redis.url(), VIEWS), &["check"]), 0);
    assert_has(&said, &["warning", "INFO fails", "ACL SETUSER default +info"]);
}

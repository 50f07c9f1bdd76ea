//! `freshet run --dry-run` says what would be deleted, and why, and touches nothing.

use serde_json::Value;

use crate::harness::{Freshet, RedisServer, Topic, configuration, create, eventually, update};

const VIEWS: &str = "  shop: { key: \"shop:{shop_id}\", from: { row: { reads: [version] } } }\n  board: { family: \"board:*\", from: row }";

#[test]
fn it_logs_each_key_with_its_reason_and_deletes_and_commits_nothing() {
    let (topic, redis) = (Topic::new(1), RedisServer::start());
    topic.send(0, &[create(1, 9)]);
    let names = ["board:x", "shop:1", "shop:2", "shop:9"];
    redis.fill(&names);
    let freshet =
        Freshet::start_with(&configuration(&topic, &redis.url(), VIEWS), &["run", "--dry-run"], &[]).ready();
    freshet.log.wait_for("its partition", |line| line["message"] == "assigned");
    topic.send(0, &[update(5, 1, 2)]);
    freshet.log.wait_for("the last effect", |line| line["family"] == "board:*");

    let said = freshet.log.with_message("would delete");
    let field = |name: &str| said.iter().map(|line| line[name].clone()).collect::<Vec<_>>();
    assert_eq!(field("key"), [Value::from("shop:1"), Value::from("shop:2"), Value::Null]);
    assert_eq!(field("view"), ["shop", "shop", "board"]);
    assert_eq!(field("reason"), ["old_row", "new_row", "declared_family"]);
    assert_eq!(field("offset"), [1, 1, 1], "what lay there before is not followed");
    assert_eq!(
        said[0]["why"],
        "the row before the change, by shop_id; update of row, changed: shop_id, version"
    );
    eventually(
        "counted",
        || freshet.metric("freshet_events_total{outcome=\"change\""),
        |events| *events > 0.5,
    );
    eventually("keys are counted", || freshet.metric("freshet_keys_total"), |keys| *keys > 1.5);
    let own_group = format!("{}-dry-run-{}", topic.group, freshet.pid());
    freshet.signal("TERM");
    assert_eq!(freshet.exit_code(), Some(0));
    assert_eq!(redis.names(), names);
    assert_eq!(topic.offsets(), [-1]);
    assert_eq!(topic.of_group(own_group).offsets(), [-1]);
}

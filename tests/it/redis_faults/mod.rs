//! Redis fails in each way that it knows: what it acknowledged is committed, nothing goes on while it refuses, readiness says
//! why, and all is caught up with after it.

mod changed;
mod cut;
mod refusals;
mod unnamed;

use crate::harness::{Freshet, RedisServer, Topic, eventually};

const VIEWS: &str = "  shop: { key: \"shop:{shop_id}\", from: { row: { reads: [version] } } }";

/// A topic, a Redis, and a copy of freshet that has started on both.
fn started() -> (Topic, RedisServer, Freshet) {
    let (topic, redis) = (Topic::new(1), RedisServer::start());
    let freshet = Freshet::start(&topic, &redis, VIEWS).ready();
    topic.wait_for_offsets(&[0]);
    (topic, redis, freshet)
}

/// How often families went because Redis was another node.
fn changes(freshet: &Freshet) -> f64 {
    freshet.metric("freshet_widenings_total{reason=\"redis_changed\"")
}

#[track_caller]
fn wait_for_changes(freshet: &Freshet, expected: f64) {
    eventually("families for a changed node", || changes(freshet), |seen| (seen - expected).abs() < 0.1);
}

/// The node that the committed offset names.
fn node(topic: &Topic) -> String {
    let committed = topic.committed().remove(0).expect("an offset");
    committed.metadata.split(':').nth(3).expect("a node").to_owned()
}

/// Waits until readiness gives a reason that holds this. Liveness holds meanwhile.
#[track_caller]
fn wait_for_reason(freshet: &Freshet, reason: &str) {
    eventually(
        reason,
        || freshet.get("/readyz"),
        |answer| answer.as_ref().is_some_and(|(status, why)| *status == 503 && why.contains(reason)),
    );
    assert_eq!(freshet.get("/livez").map(|(status, _)| status), Some(200));
}

/// Waits until freshet has tried some times in vain, by when several commits would have been due.
#[track_caller]
fn wait_for_retries(freshet: &Freshet, more: f64) {
    let retries = || freshet.metric("freshet_redis_retries_total");
    let before = retries();
    eventually("retries", retries, |retries| *retries >= before + more);
}

#[track_caller]
fn end(freshet: Freshet) {
    freshet.signal("TERM");
    assert_eq!(freshet.exit_code(), Some(0));
}

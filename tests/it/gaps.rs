//! Records that are missing before they were read. A transaction's marker leaves the same gap in the offsets as a record that
//! compaction took, so it stands for one here.

use std::time::{Duration, SystemTime};

use crate::harness::{Freshet, RedisServer, Topic, configuration, create};

const VIEWS: &str = "  item: { key: \"item:{id}\", from: { row: { reads: [version] } } }";

/// What of `item:7` and `other` is left after a gap before a record of this age, in a topic of this configuration.
fn left(settings: &[(&str, &str)], age: Duration, tracked: bool) -> Vec<String> {
    let (topic, redis) = (Topic::configured(1, settings), RedisServer::start());
    let configuration = configuration(&topic, &redis.url(), VIEWS)
        .replace("replica_identity: full", &format!("replica_identity: full, tracked: {tracked}"));
    let freshet = Freshet::start_with(&configuration, &["run"], &[]).ready();
    topic.wait_for_offsets(&[0]);
    redis.fill(&["item:7", "other"]);
    // It finds the gap and what follows at once: where a gap ends the log for a while, it was read up to there.
    freshet.signal("STOP");
    topic.send_in_transaction(0, &[create(1, 1)]);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a clock after 1970");
    topic.send_at(0, &[create(2, 1)], now.saturating_sub(age));
    freshet.signal("CONT");
    topic.wait_for_offsets(&[3]);
    freshet.signal("TERM");
    assert_eq!(freshet.exit_code(), Some(0));
    redis.names()
}

#[test]
fn a_gap_that_compaction_may_have_made_deletes_the_family() {
    const COMPACTED: [(&str, &str); 2] = [("cleanup.policy", "compact"), ("min.compaction.lag.ms", "60000")];
    let (old, young) = (Duration::from_mins(2), Duration::from_secs(30));
    for tracked in [false, true] {
        assert_eq!(left(&COMPACTED, old, tracked), ["other"], "tracked: {tracked}");
    }
    assert_eq!(left(&COMPACTED, young, false), ["item:7", "other"], "it was not compacted yet");
    assert_eq!(left(&[("cleanup.policy", "delete")], old, false), ["item:7", "other"]);
}

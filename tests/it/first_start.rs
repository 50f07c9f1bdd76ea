//! Where a group begins, and what it deletes for it.

use crate::harness::{Committed, Freshet, RedisServer, Topic, configuration, create, with_other_table};

const VIEWS: &str = "  shop: { key: \"shop:{shop_id}\", from: { row: { reads: [version] } } }";

#[test]
fn it_deletes_the_families_once_and_begins_at_the_ends() {
    let (topic, redis) = (Topic::new(3), RedisServer::start());
    topic.send(0, &[create(1, 7), create(2, 8)]);
    let others = ["shop:1:lock", "shop_v2:1", "shop:", "shop:x", "session"];
    redis.fill(&others);
    redis.fill(&["shop:1", "shop:7", "shop:-5"]);

    let first = Freshet::start(&topic, &redis, VIEWS).ready();
    redis.wait_for_names(&others);
    // The ends, at once, and of empty partitions too.
    topic.wait_for_offsets(&[2, 0, 0]);
    let metadata =
        topic.committed().into_iter().flatten().map(|committed| committed.metadata).collect::<Vec<_>>();
    for (text, is_empty) in metadata.iter().zip([false, true, true]) {
        // No record was read yet, the topic has three partitions, then the node, and one view is made of the table. Where
        // records lie below the offset, none of them is newer than the start.
        let fields: Vec<_> = text.split(':').collect();
        assert_eq!(
            (fields[0], fields[1].is_empty(), fields[2], fields[3].len(), fields[4].len()),
            ("3", is_empty, "3", 8, 8),
            "{metadata:?}"
        );
    }
    assert!(
        (first.metric("freshet_events_total") - 0.0).abs() < f64::EPSILON,
        "what lay there is not applied one by one"
    );
    first.signal("TERM");
    assert_eq!(first.exit_code(), Some(0));

    // Under the same definitions nothing is in doubt.
    redis.fill(&["shop:1"]);
    let second = Freshet::start(&topic, &redis, VIEWS).ready();
    topic.send(1, &[create(3, 9)]);
    topic.wait_for_offsets(&[2, 1, 0]);
    assert!(redis.names().contains(&"shop:1".to_owned()));
    assert!(second.metric("freshet_family_deletions_total") < 0.5);
}

#[test]
fn changed_definitions_delete_the_families_once_at_the_same_offset() {
    let (topic, redis) = (Topic::new(2), RedisServer::start());
    let first = Freshet::start(&topic, &redis, VIEWS).ready();
    topic.wait_for_offsets(&[0, 0]);
    topic.send(0, &[create(1, 7)]);
    topic.wait_for_offsets(&[1, 0]);
    let before = topic.committed();
    first.signal("TERM");
    assert_eq!(first.exit_code(), Some(0));

    redis.fill(&["shop:1", "other"]);
    let views = VIEWS.replace("[version]", "[version, note]");
    let second = Freshet::start(&topic, &redis, &views).ready();
    redis.wait_for_names(&["other"]);
    crate::harness::eventually(
        "new metadata",
        || topic.committed(),
        |now| {
            now.iter().zip(&before).all(|(now, before)| {
                now.as_ref().map(|n| &n.metadata) != before.as_ref().map(|b| &b.metadata)
            })
        },
    );
    assert_eq!(topic.offsets(), [1, 0]);
    assert!(second.metric("freshet_events_total") < 0.5, "no event is applied again");
}

#[test]
fn a_table_whose_definitions_did_not_change_keeps_its_families() {
    let (topic, redis) = (Topic::new(1), RedisServer::start());
    let other = topic.beside(1);
    let both = |views: &str| {
        let views = format!("{views}\n  stall: {{ key: \"stall:{{shop_id}}\", from: other }}");
        with_other_table(&configuration(&topic, &redis.url(), &views), &other)
    };
    let first = Freshet::start_with(&both(VIEWS), &["run"], &[]).ready();
    topic.wait_for_offsets(&[0]);
    other.wait_for_offsets(&[0]);
    let (changed, unchanged) = (topic.committed(), other.committed());
    first.signal("TERM");
    assert_eq!(first.exit_code(), Some(0));

    redis.fill(&["shop:1", "stall:1", "stall:2"]);
    let views = VIEWS.replace("[version]", "[version, note]");
    let _second = Freshet::start_with(&both(&views), &["run"], &[]).ready();
    // What opening a partition deletes is acknowledged before anything that is read of it.
    topic.send(0, &[create(1, 9)]);
    other.send(0, &[create(1, 2)]);
    topic.wait_for_offsets(&[1]);
    other.wait_for_offsets(&[1]);
    assert_eq!(redis.names(), ["stall:1"]);
    let digest = |committed: &Option<Committed>| {
        committed.as_ref().and_then(|committed| Some(committed.metadata.rsplit_once(':')?.1.to_owned()))
    };
    assert_ne!(digest(&topic.committed()[0]), digest(&changed[0]));
    assert_eq!(digest(&other.committed()[0]), digest(&unchanged[0]));
}

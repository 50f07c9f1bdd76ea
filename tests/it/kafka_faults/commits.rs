//! Commits that the coordinator refuses for a while. No real broker refuses on demand, so a false one does.

use rdkafka::mocking::MockCluster;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};

use crate::harness::{Freshet, RedisServer, Topic, configuration, create, eventually};

const VIEWS: &str = "  item: { key: \"item:{id}\", from: { row: { reads: [version] } } }";

#[test]
fn a_commit_that_is_refused_is_tried_again_and_nothing_goes_backward() {
    let cluster = MockCluster::new(1).expect("a false cluster");
    let (topic, redis) = (Topic::planned_at(&cluster.bootstrap_servers(), "row", 1), RedisServer::start());
    cluster.create_topic(&topic.name, 1, 1).expect("a topic");
    let freshet = Freshet::start_with(&configuration(&topic, &redis.url(), VIEWS), &["run"], &[]).ready();
    let mut committed = 0;
    for error in [
        RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
        RDKafkaRespErr::RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE,
        RDKafkaRespErr::RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
        RDKafkaRespErr::RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
        RDKafkaRespErr::RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS,
    ] {
        cluster.request_errors(RDKafkaApiKey::OffsetCommit, &[error; 4]);
        redis.fill(&["item:1", "other"]);
        topic.send(0, &[create(1, 1)]);
        redis.wait_for_names(&["other"]);
        let seen = eventually(
            "it is committed",
            || topic.offsets()[0],
            |offset| {
                assert!(*offset >= committed, "{error:?}: {committed} became {offset}");
                *offset == committed + 1
            },
        );
        committed = seen;
    }
    let alarms = freshet.log.lines();
    let alarms: Vec<_> =
        alarms.iter().filter(|line| line["level"] == "WARN" || line["level"] == "ERROR").collect();
    assert!(alarms.is_empty(), "{alarms:#?}");
}

//! Declared families go by their live names: all that was there before goes, whatever becomes of the connections.

mod storm;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use freshet::config;
use freshet::redis::LiveNames;
use freshet::telemetry::Metrics;
use redis::{Commands as _, Connection, InfoDict};

use crate::harness::{
    Freshet, RedisServer, Topic, assert_has, configuration, create, eventually, freshet, said,
};

const VIEWS: &str = "  board: { family: \"board:*\", from: row }\n  wall: { family: \"wall:*\", from: row }";
const BY_NAMES: &str = "freshet_family_deletions_total{how=\"names\"";
const BY_SCAN: &str = "freshet_family_deletions_total{how=\"scan\"";
const KNOWN: &str = "a family's names are known";
const REFUSED: &str = "redis does not tell of names; declared families are deleted by SCAN";
const LOST: &str = "names are no longer told; declared families are deleted by SCAN";

/// Started, with the names of both families known.
fn start(topic: &Topic, redis: &RedisServer) -> Freshet {
    let freshet = Freshet::start(topic, redis, VIEWS).ready();
    topic.wait_for_offsets(&[0]);
    wait_until_known(&freshet, 1);
    freshet
}

/// Waits until both families have been gathered this many times.
#[track_caller]
fn wait_until_known(freshet: &Freshet, times: usize) {
    eventually("names are known", || freshet.log.with_message(KNOWN).len(), |known| *known >= 2 * times);
}

/// How often Redis has been asked for this.
fn calls(redis: &mut Connection, command: &str) -> u64 {
    let info: InfoDict = redis::cmd("INFO").arg("commandstats").query(redis).expect("INFO");
    let text: String = info.get(&format!("cmdstat_{command}")).unwrap_or_default();
    text.strip_prefix("calls=").and_then(|rest| rest.split(',').next()?.parse().ok()).unwrap_or_default()
}

fn kill_clients(redis: &mut Connection, of: &[&str]) {
    redis::cmd("CLIENT").arg("KILL").arg(of).arg("SKIPME").arg("yes").exec(redis).expect("CLIENT KILL");
}

#[test]
fn a_family_goes_by_its_names_and_not_by_scan() {
    let (topic, redis) = (Topic::new(1), RedisServer::start());
    redis.fill(&["board:old", "wall:old", "other", "board"]);
    let freshet = Freshet::start(&topic, &redis, VIEWS).ready();
    topic.wait_for_offsets(&[0]);
    wait_until_known(&freshet, 1);
    redis.fill(&["board:old", "wall:old", "board:", "board:a", "board:a:b", "wall:\u{e9}", "boards"]);
    let mut connection = redis.connect();
    connection.set_ex::<_, _, ()>("board:expires", "cached", 100).expect("a key");
    connection.rename::<_, _, ()>("other", "board:renamed").expect("another name");
    let (scans, by_names) = (calls(&mut connection, "scan"), freshet.metric(BY_NAMES));
    topic.send(0, &[create(1, 1)]);
    topic.wait_for_offsets(&[1]);
    assert_eq!(redis.names(), ["board", "boards"]);
    assert_eq!(calls(&mut connection, "scan"), scans, "nothing was walked");
    assert!(freshet.metric(BY_NAMES) > by_names + 1.5, "both families");

    // Those that were deleted are told of too, once.
    redis.fill(&["board:a"]);
    topic.send(0, &[create(2, 1)]);
    topic.wait_for_offsets(&[2]);
    assert_eq!(redis.names(), ["board", "boards"]);
    topic.send(0, &[create(3, 1)]);
    topic.wait_for_offsets(&[3]);
    eventually("no name is left", || freshet.metric("freshet_live_names"), |names| *names < 0.5);
    assert_eq!(calls(&mut connection, "scan"), scans, "nothing was walked");
}

/// The race that two round trips are for, by force: a stopped server finds the reader's command and the first of the
/// deletion's questions in the same turn, and answers both before it tells of the name.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_set_in_the_turn_of_the_question_is_heard() {
    let redis = RedisServer::start();
    let text = format!(
        "kafka: {{ brokers: none, group: none }}\nredis: {{ url: \"{}\", key_format: \"{{}}\" }}\n\
         tables: {{ row: {{ topic: a.b.row, primary_key: id }} }}\nviews:\n{VIEWS}",
        redis.url()
    );
    let settings = config::parse("test", &text, &|_| None).expect("a right configuration");
    let names =
        Arc::new(LiveNames::new(settings.redis.url, &settings.catalog, &Metrics::new(&settings.catalog)));
    tokio::spawn(Arc::clone(&names).follow());
    let board = settings.catalog.view_by_name("board").expect("a view");
    eventually("names are known", || names.are_known(board), |known| *known);
    let client = redis::Client::open(redis.url()).expect("a client");
    let mut connection = client.get_multiplexed_async_connection().await.expect("Redis answers");
    let mut reader =
        TcpStream::connect(redis.url().replace("redis://", "").replace("/0", "")).expect("Redis");
    let mut left = 0;
    for round in 0..20 {
        redis.stop();
        reader.write_all(format!("SET board:{round} cached\r\n").as_bytes()).expect("sent");
        let resume = async {
            // Until the question is in the stopped server's hands, which nobody can see.
            tokio::time::sleep(Duration::from_millis(30)).await;
            redis.resume();
        };
        let (deleted, ()) = tokio::join!(names.delete(board, &mut connection), resume);
        assert!(deleted.is_some(), "by its names");
        left += i32::from(redis.names().contains(&format!("board:{round}")));
        reader.read_exact(&mut [0; 5]).expect("+OK");
    }
    assert_eq!(left, 0, "of 20 names");
}

#[test]
fn names_that_were_set_while_nothing_was_told_are_found_again() {
    let (topic, redis) = (Topic::new(1), RedisServer::start());
    let freshet = start(&topic, &redis);
    let mut connection = redis.connect();
    kill_clients(&mut connection, &["TYPE", "pubsub"]);
    redis.fill(&["board:unheard", "wall:unheard"]);
    wait_until_known(&freshet, 2);
    let scans = calls(&mut connection, "scan");
    topic.send(0, &[create(1, 1)]);
    topic.wait_for_offsets(&[1]);
    assert_eq!(redis.names(), [""; 0]);
    assert_eq!(calls(&mut connection, "scan"), scans, "nothing was walked");
}

#[test]
fn an_emptied_redis_and_a_restarted_one_are_gathered_anew() {
    let (topic, mut redis) = (Topic::new(1), RedisServer::start());
    let freshet = start(&topic, &redis);
    redis::cmd("FLUSHALL").exec(&mut redis.connect()).expect("FLUSHALL");
    wait_until_known(&freshet, 2);
    redis.kill();
    redis.restart();
    redis.fill(&["board:before it was told", "other"]);
    topic.send(0, &[create(1, 1)]);
    topic.wait_for_offsets(&[1]);
    assert_eq!(redis.names(), ["other"]);
    wait_until_known(&freshet, 3);
    let mut connection = redis.connect();
    let scans = calls(&mut connection, "scan");
    redis.fill(&["board:told"]);
    topic.send(0, &[create(2, 1)]);
    topic.wait_for_offsets(&[2]);
    assert_eq!(redis.names(), ["other"]);
    assert_eq!(calls(&mut connection, "scan"), scans, "nothing was walked");
}

#[test]
fn names_come_back_when_redis_refuses_their_deletion() {
    let (topic, redis) = (Topic::new(1), RedisServer::start());
    let freshet = start(&topic, &redis);
    redis.fill(&["board:a", "wall:a"]);
    let by_names = freshet.metric(BY_NAMES);
    let mut connection = redis.connect();
    // Neither is allowed, so that no walk deletes them meanwhile, and names do once only UNLINK is allowed again.
    let mut acl =
        |rules: &[&str]| redis::cmd("ACL").arg("SETUSER").arg("default").arg(rules).exec(&mut connection);
    acl(&["-unlink", "-scan"]).expect("ACL");
    topic.send(0, &[create(1, 1)]);
    eventually("a refusal", || freshet.metric("freshet_redis_retries_total"), |retries| *retries > 2.5);
    acl(&["+unlink"]).expect("ACL");
    topic.wait_for_offsets(&[1]);
    assert_eq!(redis.names(), [""; 0]);
    assert!(freshet.metric(BY_NAMES) > by_names + 1.5);
}

#[test]
fn who_may_not_follow_names_walks_and_says_so_once() {
    let (topic, redis) = (Topic::new(1), RedisServer::start());
    let rules = [
        "SETUSER",
        "cleaner",
        "on",
        ">secret",
        "~board:*",
        "~wall:*",
        "~freshet:lease:*",
        "+unlink",
        "+scan",
        "+ping",
    ];
    redis::cmd("ACL").arg(&rules).exec(&mut redis.connect()).expect("ACL");
    let url = redis.url().replace("redis://", "redis://cleaner:${REDIS_PASSWORD}@");
    let configuration = configuration(&topic, &url, VIEWS);
    let running = Freshet::start_with(&configuration, &["run"], &[("REDIS_PASSWORD", "secret")]).ready();
    topic.wait_for_offsets(&[0]);
    running.log.wait_for("the refusal", |line| line["message"] == REFUSED);
    for event in 1..3 {
        redis.fill(&["board:a", "wall:a", "other"]);
        topic.send(0, &[create(event, 1)]);
        topic.wait_for_offsets(&[event]);
        assert_eq!(redis.names(), ["other"]);
    }
    assert_eq!(running.log.with_message(REFUSED).len(), 1);
    assert!(running.metric(BY_NAMES) < 0.5 && running.metric(BY_SCAN) > 3.5);

    let check = || said(&freshet(&configuration, &["check"]), 0);
    assert_has(
        &check(),
        &[
            "warning  names cannot be followed, so declared families are deleted by SCAN",
            "ACL SETUSER cleaner +ping +info +subscribe +client|id +client|tracking &__redis__:invalidate",
        ],
    );
    let more = ["+ping", "+info", "+subscribe", "+client|id", "+client|tracking", "&__redis__:invalidate"];
    redis::cmd("ACL").arg("SETUSER").arg("cleaner").arg(&more).exec(&mut redis.connect()).expect("ACL");
    assert_has(&check(), &["right    CLIENT TRACKING is allowed, which declared families need"]);
}

#[test]
fn a_family_with_too_many_names_is_walked() {
    const MANY: usize = 100_500;
    let (topic, redis) = (Topic::new(1), RedisServer::start());
    let freshet = start(&topic, &redis);
    let mut connection = redis.connect();
    let mut names = redis::pipe();
    (0..MANY).for_each(|number| {
        names.set(format!("board:{number}"), "cached").ignore();
    });
    names.exec(&mut connection).expect("Redis takes the keys");
    redis.fill(&["wall:a"]);
    let by = |how: &str, view: &str| {
        let counter = format!("freshet_family_deletions_total{{how=\"{how}\",view=\"{view}\"}}");
        format!("{:.0}", freshet.metric(&counter)).parse::<i64>().expect("a count")
    };
    let before = [by("names", "board"), by("scan", "board"), by("names", "wall")];
    freshet.log.wait_for("the bound", |line| {
        line["message"] == "too many names to keep; its family is deleted by SCAN" && line["view"] == "board"
    });
    topic.send(0, &[create(1, 1)]);
    topic.wait_for_offsets(&[1]);
    assert_eq!(redis.names(), [""; 0]);
    let after = [by("names", "board"), by("scan", "board"), by("names", "wall")];
    assert_eq!(after, [before[0], before[1] + 1, before[2] + 1], "before {before:?}");
}

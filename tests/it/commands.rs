//! `check` and `invalidate` against real services, and `explain` as a person calls it.

use std::fs::File;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::harness::{RedisServer, Topic, assert_has, configuration, freshet, said, warnings};

const VIEWS: &str = "  shop: { key: \"shop:{shop_id}\", from: row }\n  \
                     load: { key: \"load:{shop_id}\", from: row }\n  \
                     board: { family: \"board:*\", from: row }\n\
                     invalidate: { both: [shop, load] }";

/// A configuration in whose Kafka nobody answers.
fn without_kafka(redis: &str) -> String {
    format!(
        "kafka: {{ brokers: \"127.0.0.1:1\", group: g }}\nredis: {{ url: \"{redis}\" }}\n\
         tables: {{ row: {{ topic: a.public.row, primary_key: id, columns: {{ shop_id: integer }} }} }}\nviews:\n{VIEWS}\n"
    )
}

#[test]
fn check_finds_everything_in_place_and_deletes_nothing() {
    let (topic, redis) = (Topic::new(3), RedisServer::start());
    let names = ["board:1", "load:1", "shop:1"];
    redis.fill(&names);
    let said = said(&freshet(&configuration(&topic, &redis.url(), VIEWS), &["check"]), 0);
    let partitions = format!("right    {}: 3 partitions", topic.name);
    assert_has(
        &said,
        &[
            &partitions,
            "it answers, version ",
            "UNLINK of board:* is allowed",
            "UNLINK of leases, freshet:lease:* is allowed",
        ],
    );
    assert!(!said.contains("WRONG") && warnings(&said).is_empty(), "{said}");
    assert_eq!(redis.names(), names);
}

#[test]
fn a_missing_topic_is_a_warning_of_check() {
    let (topic, redis) = (Topic::new(1), RedisServer::start());
    let configuration = configuration(&topic, &redis.url(), VIEWS).replace(&topic.name, "absent.public.row");
    for _ in 0..2 {
        // Twice, for the first question must not have created it.
        let said = said(&freshet(&configuration, &["check"]), 0);
        assert_has(
            &said,
            &["warning  absent.public.row: there is no such topic", "Debezium creates a topic"],
        );
    }
}

#[test]
fn check_says_which_permission_is_lacking() {
    let (topic, redis) = (Topic::new(1), RedisServer::start());
    let url = redis.url().replace("//", "//app:${REDIS_PASSWORD}@");
    for (rules, expected) in [
        ("~* +ping +info +scan", &["UNLINK fails", "ACL SETUSER app +unlink"][..]),
        ("~* +ping +info +unlink", &["SCAN fails", "ACL SETUSER app +scan"]),
        (
            "~shop:* ~load:* ~board:* +ping +scan +unlink",
            &["UNLINK of leases, freshet:lease:*, fails (view `shop`)", "ACL SETUSER app ~freshet:lease:*"],
        ),
        (
            "~shop:* ~board:* ~freshet:lease:* +ping +scan +unlink",
            &[
                "UNLINK of shop:{shop_id} is allowed",
                "UNLINK of load:{shop_id} is denied",
                "ACL SETUSER app ~load:*",
            ],
        ),
    ] {
        let mut set = redis::cmd("ACL");
        set.arg("SETUSER")
            .arg("app")
            .arg("reset")
            .arg("on")
            .arg(">secret")
            .arg(rules.split(' ').collect::<Vec<_>>());
        set.query::<()>(&mut redis.connect()).expect("a user");
        let said = said(&freshet(&configuration(&topic, &url, VIEWS), &["check"]), 1);
        assert_has(&said, expected);
        assert_has(&said, &["1 thing is wrong"]);
        assert!(!said.contains("secret"), "{said}");
    }
    let mut set = redis::cmd("ACL");
    set.arg("SETUSER").arg("app").arg("resetpass").arg(">another");
    set.query::<()>(&mut redis.connect()).expect("a user");
    assert_has(
        &said(&freshet(&configuration(&topic, &url, VIEWS), &["check"]), 1),
        &["the right user and password"],
    );
}

#[test]
fn check_does_not_wait_for_what_does_not_answer() {
    let redis = RedisServer::start();
    redis.stop();
    let started = Instant::now();
    let said = said(&freshet(&without_kafka(&redis.url()), &["check"]), 1);
    assert!(started.elapsed() < Duration::from_secs(12), "{:?}", started.elapsed());
    assert_has(&said, &["no broker answered", "it cannot be reached", "2 things are wrong"]);
    let offline = freshet(&without_kafka(&redis.url()), &["check", "--offline"]);
    assert_eq!(offline.status.code(), Some(0));
}

#[test]
fn a_property_that_librdkafka_does_not_know_is_a_wrong_configuration() {
    let configuration =
        without_kafka("redis://127.0.0.1:1/0").replace("group: g", "group: g, librdkafka: { sesion: 1 }");
    assert_has(&said(&freshet(&configuration, &["check", "--offline"]), 64), &["sesion", "1 thing is wrong"]);
}

#[test]
fn invalidate_deletes_just_what_it_is_told() {
    let redis = RedisServer::start();
    redis.fill(&["shop:5", "shop:6", "shop:5:lock", "load:5", "board:a", "board:b"]);
    let configuration = without_kafka(&redis.url());
    let run = |arguments: &[&str]| said(&freshet(&configuration, &[&["invalidate"], arguments].concat()), 0);

    assert_eq!(run(&["shop", "shop_id=5"]), "deleted    shop:5\n");
    assert_eq!(run(&["both", "shop_id=5"]), "not there  shop:5\ndeleted    load:5\n");
    assert_eq!(redis.names(), ["board:a", "board:b", "shop:5:lock", "shop:6"]);
    assert_eq!(run(&["board", "--family"]), "deleted    2 keys of board:*\n");
    assert_eq!(run(&["shop", "--family"]), "deleted    1 key of shop:{shop_id}\n");
    assert_eq!(redis.names(), ["shop:5:lock"]);
}

#[test]
fn invalidate_tells_a_wrong_word_from_a_failing_redis() {
    let configuration = without_kafka("redis://127.0.0.1:1/0");
    let wrong = said(&freshet(&configuration, &["invalidate", "shp", "shop_id=5"]), 64);
    assert_has(&wrong, &["did you mean `shop`?"]);
    let failed = said(&freshet(&configuration, &["invalidate", "shop", "shop_id=5"]), 1);
    assert_has(&failed, &["Redis at redis://127.0.0.1:1/0 failed: "]);
}

#[test]
fn explain_reads_a_file_and_standard_input_alike() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let events = fixtures.join("postgres-json.jsonl");
    let explain = |argument: &Path, input: &Path| {
        Command::new(env!("CARGO_BIN_EXE_freshet"))
            .args(["explain", "--json", "--config"])
            .args([&fixtures.join("samples.yaml"), argument])
            .stdin(File::open(input).expect("input"))
            .output()
            .expect("freshet starts")
    };
    let (file, piped) = (explain(&events, &events), explain(Path::new("-"), &events));
    assert_eq!(file.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&file.stdout).lines().count(), 194);
    assert_eq!(file.stdout, piped.stdout);

    // No line of the configuration is an event; all are read all the same.
    let wrong = explain(Path::new("-"), &fixtures.join("samples.yaml"));
    assert_has(&said(&wrong, 1), &["\"line\":1,", "\"line\":38,", "lines are no events"]);
    assert_eq!(explain(Path::new("/does/not/exist.jsonl"), &events).status.code(), Some(64));
}

//! Which names a family's deletion takes, and over which kinds of connection.

use std::path::Path;
use std::process::Command;

use crate::harness::{Event, Freshet, RedisServer, Topic, configuration, create};

/// A message that cannot be decoded deletes every family of the table.
fn poison() -> Event {
    Event { key: "{}".to_owned(), value: b"poison".to_vec() }
}

/// Fills Redis, lets all families go, and compares what is left.
#[track_caller]
fn check(views: &str, ours: &[&str], others: &[&str]) {
    let (topic, redis) = (Topic::new(1), RedisServer::start());
    let _freshet = Freshet::start(&topic, &redis, views).ready();
    topic.wait_for_offsets(&[0]);
    redis.fill(ours);
    redis.fill(others);
    topic.send(0, &[poison()]);
    redis.wait_for_names(others);
    topic.wait_for_offsets(&[1]);
}

#[test]
fn a_template_takes_whole_matches_only() {
    check(
        "  load: { key: \"load:{shop_id}\", from: row }",
        &["load:5", "load:-1", "load:007"],
        &["load:5:lock", "load_v2:5", "load:", "load:x", "load", "xload:5", "load:5 ", ":1:load:5"],
    );
}

#[test]
fn wildcards_in_a_literal_are_letters() {
    check(
        r#"  wild: { key: "a*b?[c]\\:{shop_id}", from: row }"#,
        &[r"a*b?[c]\:1"],
        &[r"aXb?[c]\:1", r"a*bX[c]\:1", r"a*b?c\:1", "a*b?[c]:1", r"a*b?[c]\:1:x"],
    );
}

#[test]
fn a_declared_family_is_every_name_with_its_prefix() {
    check(
        "  board: { family: \"board:*\", from: row }",
        &["board:", "board:x", "board:x:y", "board:*"],
        &["board", "boards:x", "xboard:x"],
    );
}

#[test]
fn a_text_hole_takes_the_rest_of_the_name() {
    let (topic, redis) = (Topic::new(1), RedisServer::start());
    let configuration = configuration(&topic, &redis.url(), "  note: { key: \"note:{note}\", from: row }")
        .replace("replica_identity: full", "replica_identity: full, columns: { note: text }");
    let _freshet = Freshet::start_with(&configuration, &["run"], &[]).ready();
    topic.wait_for_offsets(&[0]);
    redis.fill(&["note:no view reads it", "note:a:b*?[]", "notes:a"]);
    topic.send(0, &[create(1, 1)]);
    redis.wait_for_names(&["note:a:b*?[]", "notes:a"]);
    redis.fill(&["note:"]);
    topic.send(0, &[poison()]);
    redis.wait_for_names(&["notes:a"]);
}

#[test]
fn the_key_format_and_the_database_are_the_configured_ones() {
    let (topic, redis) = (Topic::new(1), RedisServer::start());
    let configuration = configuration(
        &topic,
        &redis.url().replace("/0", "/3"),
        "  load: { key: \"load:{shop_id}\", from: row }",
    )
    .replace("key_format: \"{}\"", "key_format: \"shop:1:{}\"");
    let _freshet = Freshet::start_with(&configuration, &["run"], &[]).ready();
    topic.wait_for_offsets(&[0]);
    redis.fill(&["shop:1:load:7"]);
    let mut third = redis.connect();
    redis::pipe()
        .cmd("SELECT")
        .arg(3)
        .ignore()
        .cmd("MSET")
        .arg(&["shop:1:load:7", "x", "shop:1:load:8", "x", "load:7", "x", ":1:load:7", "x"])
        .ignore()
        .exec(&mut third)
        .expect("another database");
    topic.send(0, &[create(1, 7)]);
    topic.wait_for_offsets(&[1]);
    let mut left: Vec<String> = redis::cmd("KEYS").arg("*").query(&mut third).expect("keys");
    left.sort();
    assert_eq!(left, [":1:load:7", "load:7", "shop:1:load:8"]);
    assert_eq!(redis.names(), ["shop:1:load:7"]);
}

#[test]
fn tls_with_user_and_password() {
    let folder = tempfile::tempdir().expect("a folder");
    let (certificate, key) = self_signed(folder.path());
    let (topic, redis) = (Topic::new(1), RedisServer::start_with_tls(&certificate, &key));
    let rules = [
        "SETUSER",
        "cleaner",
        "on",
        ">se/cret",
        "~load:*",
        "~freshet:lease:*",
        "+unlink",
        "+scan",
        "+ping",
        "+select",
    ];
    redis::cmd("ACL").arg(&rules).exec(&mut redis.connect()).expect("ACL");
    let url =
        format!("rediss://cleaner:${{PASSWORD}}@localhost:{}/0", redis.tls_port.expect("a port for TLS"));
    let configuration = configuration(&topic, &url, "  load: { key: \"load:{shop_id}\", from: row }");
    let environment = [("PASSWORD", "se%2Fcret"), ("SSL_CERT_FILE", certificate.as_str())];
    let freshet = Freshet::start_with(&configuration, &["run"], &environment).ready();
    topic.wait_for_offsets(&[0]);
    redis.fill(&["load:7", "load:8", "other"]);
    topic.send(0, &[create(1, 7)]);
    redis.wait_for_names(&["load:8", "other"]);
    topic.send(0, &[poison()]);
    redis.wait_for_names(&["other"]);
    assert!(!format!("{:?}", freshet.log.lines()).contains("cret"), "no log line has the password");
}

#[test]
fn a_family_is_found_among_many_names() {
    let (topic, redis) = (Topic::new(1), RedisServer::start());
    let _freshet = Freshet::start(&topic, &redis, "  load: { key: \"load:{shop_id}\", from: row }").ready();
    topic.wait_for_offsets(&[0]);
    // Far more than one step of SCAN, and one UNLINK, looks at.
    let mut names = redis::pipe();
    (0..20_000).for_each(|id| {
        names.set(format!("load:{id}"), "cached").set(format!("load:{id}:lock"), "held").ignore();
    });
    names.exec(&mut redis.connect()).expect("Redis takes the keys");
    topic.send(0, &[poison()]);
    topic.wait_for_offsets(&[1]);
    let left = redis.names();
    assert!(left.iter().all(|name| name.ends_with(":lock")), "keys of the family are left");
    assert_eq!(left.len(), 20_000);
}

#[test]
fn an_emptied_table_takes_its_families_along() {
    let (topic, redis) = (Topic::new(1), RedisServer::start());
    let _freshet = Freshet::start(&topic, &redis, "  load: { key: \"load:{shop_id}\", from: row }").ready();
    topic.wait_for_offsets(&[0]);
    redis.fill(&["load:1", "load:2", "load:2:lock"]);
    let value = br#"{"before":null,"after":null,"source":{"connector":"postgresql","ts_ms":1795397421160,"schema":"public","table":"row","lsn":1},"op":"t","ts_ms":1795397421191}"#;
    topic.send(0, &[Event { key: "{}".to_owned(), value: value.to_vec() }]);
    redis.wait_for_names(&["load:2:lock"]);
    topic.wait_for_offsets(&[1]);
}

/// A certificate of localhost that is its own authority, and its key.
fn self_signed(folder: &Path) -> (String, String) {
    let path = |name: &str| folder.join(name).display().to_string();
    let (certificate, key) = (path("certificate.pem"), path("key.pem"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"])
        .args(["-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE"])
        .args(["-keyout", &key, "-out", &certificate])
        .output()
        .expect("openssl");
    assert!(made.status.success(), "{made:?}");
    (certificate, key)
}

//! Kafka, Redis and HTTP.

use super::*;

const REST: &str = "tables: { a: { topic: t } }\nviews: { v: { family: 'v:*', from: a } }\n";

#[track_caller]
fn redis(url: &str, expect: &[&str]) {
    let text = format!("kafka: {{ brokers: b }}\nredis: {{ url: {url:?} }}\n{REST}");
    let env = |name: &str| (name == "REDIS_PASSWORD").then(|| "p%40ss".to_owned());
    let found = match parse("f", &text, &env) {
        Ok(_) => Vec::new(),
        Err(error) => error.problems().iter().map(ToString::to_string).collect(),
    };
    let expect: Vec<String> = expect.iter().map(|problem| format!("2:15: redis.url: {problem}")).collect();
    assert_eq!(found, expect, "{url}");
}

const SHAPE: &str = "write `redis://host:6379/0`, or `rediss://…` for TLS; special characters in a password are percent-encoded";

#[test]
fn redis_urls() {
    for url in [
        "redis://cache",
        "rediss://cache:6380/3",
        "redis://[::1]:6379/",
        "redis://:${REDIS_PASSWORD}@cache/0",
        "redis://user:${REDIS_PASSWORD}@cache/0",
        "redis://user@cache",
    ] {
        redis(url, &[]);
    }
    redis("cache:6379", &[&format!("this is no URL of Redis; {SHAPE}")]);
    redis("http://cache", &[&format!("this is no URL of Redis; {SHAPE}")]);
    redis("", &[&format!("this is no URL: relative URL without a base; {SHAPE}")]);
    redis("redis:///0", &[&format!("the URL names no host; {SHAPE}")]);
    redis("redis://cache/one", &["the database in the URL is no number; write a number, such as `/0`"]);
    redis("redis://cache/-1", &["the database in the URL is no number; write a number, such as `/0`"]);
}

#[test]
fn no_password_in_the_file() {
    const LITERAL: &str = "the password stands in the file; write `${REDIS_PASSWORD}` and set it in the environment, or \
                           `${file:/run/secrets/…}`";
    redis("redis://:hunter2@cache", &[LITERAL]);
    redis("redis://user:hunter2@cache/0", &[LITERAL]);
    redis("redis://user:${REDIS_PASSWORD}x@cache/0", &[LITERAL]);
    redis("${REDIS_URL:-redis://:hunter2@cache}", &[LITERAL]);
    redis("redis://:${NONE:-hunter2}@cache", &[LITERAL]);
}

#[test]
fn a_password_is_not_printed() {
    let text = format!(
        "kafka: {{ brokers: b, librdkafka: {{ sasl.password: \"${{P}}\", sasl.username: u, fetch.min.bytes: 007 }} }}\n\
         redis: {{ url: \"redis://user:${{P}}@cache:6379/2\" }}\n{REST}"
    );
    let settings =
        parse("f", &text, &|_| Some("hunter2".to_owned())).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(settings.redis.url.to_string(), "redis://user:***@cache:6379/2");
    assert_eq!(settings.redis.url.expose(), "redis://user:hunter2@cache:6379/2");
    assert_eq!(settings.kafka.librdkafka["sasl.password"], "hunter2");
    assert_eq!(settings.kafka.librdkafka["fetch.min.bytes"], "007", "a property is kept as it was written");
    let debug = format!("{settings:?}");
    assert!(!debug.contains("hunter2") && debug.contains(r#""sasl.username": "u""#), "{debug}");
}

#[test]
fn a_password_that_spoils_the_url_is_not_printed_either() {
    let text = format!("kafka: {{ brokers: b }}\nredis: {{ url: \"redis://:${{P}}@cache/0\" }}\n{REST}");
    for password in ["hunter2/hunter2", "hunter2:hunter2#", "hunter2?hunter2", "hunter2 [hunter2"] {
        let error = match parse("f", &text, &|_| Some(password.to_owned())) {
            Ok(settings) => settings.redis.url.to_string(),
            Err(error) => error.to_string(),
        };
        assert!(!error.contains("hunter2"), "{error}");
    }
}

#[test]
fn kafka() {
    check_file(
        &format!(
            "kafka:\n  brokers: ' '\n  group: ''\n  librdkafka:\n    group.id: a\n    ssl.key.password: b\n    \
             max.poll.interval.ms: 30000\n    security.protocol: SSL\nredis: {{ url: redis://r }}\n{REST}"
        ),
        &[
            "2:12: kafka.brokers: this is empty; write one, such as `localhost:9092`",
            "3:10: kafka.group: this is empty; write one, such as `freshet`",
            "5:5: kafka.librdkafka.group.id: `group.id` is set from `kafka.group`; remove it and set `kafka.group`",
            "6:23: kafka.librdkafka.ssl.key.password: `ssl.key.password` stands in the file; write `${KAFKA_PASSWORD}` and \
             set it in the environment, or `${file:/run/secrets/…}`",
            "7:5: kafka.librdkafka.max.poll.interval.ms: `max.poll.interval.ms: 30000` is too short to drain a revoked \
             partition in; write 60000 or more",
        ],
    );
}

#[test]
fn key_format_and_listen() {
    let file = |rest: &str| format!("kafka: {{ brokers: b }}\nredis: {{ url: redis://r, {rest}\n{REST}");
    for format in ["", "{", "{}{}", "{}:{x}"] {
        check_file(
            &file(&format!("key_format: {format:?} }}")),
            &[&format!(
                "2:38: redis.key_format: `{format}` does not hold `{{}}` once, without other braces; write it like `:1:{{}}`"
            )],
        );
    }
    check_file(
        &file("key_format: 'a{}5' }"),
        &["2:38: redis.key_format: a digit follows `{}` in `a{}5`, so that the \
                                                  end of a key cannot be told; put a separator such as `:` between them"],
    );
    check(
        &format!("{REST}http: {{ listen: 'localhost:80' }}\n"),
        &[
            "5:17: http.listen: `localhost:80` is no address and port; write an IP address and a port, such as `0.0.0.0:9090`",
        ],
    );
}

#[test]
fn a_file_that_is_not_there() {
    let error = load(Path::new("/nowhere/freshet.yaml"), &nothing_set).expect_err("no file");
    assert_eq!(
        error.to_string(),
        "the configuration `/nowhere/freshet.yaml` cannot be read: No such file or directory (os error 2); name another by --config"
    );
    assert!(error.problems().is_empty());
}

#[test]
fn dead_letters() {
    let settings = |text: &str| loaded(&format!("{REST}{text}")).dead_letters;
    let letters = |topic: &str, max_per_minute| Some(DeadLetters { topic: topic.to_owned(), max_per_minute });
    for (text, expected) in [
        ("", None),
        ("dead_letters: {}\n", letters("freshet.dead-letters", 100)),
        ("dead_letters: { topic: d, max_per_minute: 1 }\n", letters("d", 1)),
    ] {
        assert_eq!(settings(text), expected, "{text}");
    }
    for (text, expected) in [
        (
            "dead_letters: { topic: t }\n",
            "5:24: dead_letters.topic: the topic `t` is that of table `a`; name a topic that no table reads: freshet would read \
             its own letters",
        ),
        (
            "dead_letters: { topic: 'd d' }\n",
            "5:24: dead_letters.topic: `d d` is no name of a topic; use letters, digits, `.`, `_` and `-`, at most 249",
        ),
        ("dead_letters:\n", "5:13: dead_letters: this is nothing and must be a mapping; write a mapping"),
    ] {
        check(&format!("{REST}{text}"), &[expected]);
    }
}

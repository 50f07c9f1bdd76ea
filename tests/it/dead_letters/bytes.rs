use super::{Letter, POISON, Raw, World, letters, send, wait_for_letters};
use crate::harness::create;

#[test]
fn a_letter_holds_every_byte_of_its_event_and_where_it_lay() {
    let world = World::new(2);
    let freshet = world.start();
    world.redis.fill(&["shop:1", "shop:2", "board:x", "other"]);
    let good = create(1, 7);
    let (key, value) = (good.key.as_bytes(), good.value.as_slice());
    let many = [("trace", Some(&b"\xff\x00"[..])), ("null", None), ("trace", Some(b"again"))];
    let tombstone = Raw { value: None, ..POISON };
    send(
        &world.topic,
        1,
        &[
            Raw { headers: &many, ..POISON },
            tombstone,
            Raw { key: None, value: Some(b"\xff\xfe"), time: POISON.time + 1, ..POISON },
            Raw { key: Some(key), value: Some(value), ..POISON },
            Raw { key: Some(b"\x00\xff"), value: Some(b""), ..POISON },
        ],
    );
    let found = wait_for_letters(&world.letters, 3);
    world.topic.wait_for_offsets(&[0, 5]);
    let expected = |offset: &str, cause: &str, message: &str, time: i64, raw: &Raw<'_>| {
        let original = raw.headers.iter().map(|(name, value)| (*name, value.map(<[u8]>::to_vec)));
        let time = time.to_string();
        let ours = [
            ("topic", world.topic.name.as_str()),
            ("partition", "1"),
            ("offset", offset),
            ("group", world.topic.group.as_str()),
            ("message", message),
            ("cause", cause),
            ("timestamp", time.as_str()),
        ];
        let ours =
            ours.map(|(name, value)| (format!("__dlq.errors.{name}"), Some(value.as_bytes().to_vec())));
        Letter {
            key: raw.key.map(<[u8]>::to_vec),
            value: raw.value.map(<[u8]>::to_vec),
            headers: original.map(|(name, value)| (name.to_owned(), value)).chain(ours).collect(),
        }
    };
    let syntax = found[0].header("__dlq.errors.message");
    assert!(syntax.starts_with("the value cannot be read: ") && !syntax.contains("JSON"), "{syntax}");
    let utf8 = "the value cannot be read: it is not UTF-8 (byte 1)";
    let empty = "the value has zero bytes; a tombstone would be null";
    let binary = Raw { key: None, value: Some(b"\xff\xfe"), ..POISON };
    assert_eq!(
        found,
        [
            expected("0", "malformed", &syntax, POISON.time, &Raw { headers: &many, ..POISON }),
            expected("2", "malformed", utf8, POISON.time + 1, &binary),
            expected(
                "4",
                "empty",
                empty,
                POISON.time,
                &Raw { key: Some(b"\x00\xff"), value: Some(b""), ..POISON }
            ),
        ]
    );
    assert_eq!(world.redis.names(), ["other"]);
    assert!((freshet.metric("freshet_dead_letters_total{table=\"row\"}") - 3.0).abs() < 0.1);
    // The partition goes on.
    world.redis.fill(&["shop:7", "shop:8"]);
    world.topic.send(1, &[good]);
    world.redis.wait_for_names(&["other", "shop:8"]);
    assert_eq!(letters(&world.letters).len(), 3);
}

#[test]
fn a_letter_that_was_one_before_keeps_what_it_had() {
    let world = World::new(1);
    let _freshet = world.start();
    let before = [("__dlq.errors.topic", Some(&b"elsewhere"[..]))];
    send(&world.topic, 0, &[Raw { headers: &before, ..POISON }]);
    let found = wait_for_letters(&world.letters, 1);
    let topics: Vec<_> = found[0].headers.iter().filter(|(name, _)| name == "__dlq.errors.topic").collect();
    let text = |value: &str| Some(value.as_bytes().to_vec());
    assert_eq!(
        topics.iter().map(|(_, value)| value.clone()).collect::<Vec<_>>(),
        [text("elsewhere"), text(&world.topic.name)]
    );
}

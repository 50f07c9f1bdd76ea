use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, AlterConfig, ResourceSpecifier};
use rdkafka::client::DefaultClientContext;

use super::{GOES_ON, POISON, Raw, STOPPED, World, letters, send, wait_for_letters};
use crate::harness::{Freshet, Topic, eventually, kafka};

/// Sets a topic's limit of a record.
fn limit(topic: &Topic, bytes: &str) {
    let admin: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", kafka()).create().expect("an admin client");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let config = AlterConfig::new(ResourceSpecifier::Topic(&topic.name)).set("max.message.bytes", bytes);
    let done = runtime.block_on(admin.alter_configs([&config], &AdminOptions::new())).expect("an answer");
    for result in done {
        result.expect("a topic to alter");
    }
}

#[track_caller]
fn wait_until_stopped(freshet: &Freshet, topic: &Topic, remedy: &str) {
    let line = freshet.log.wait_for(remedy, |line| {
        line["message"] == STOPPED && line["remedy"].as_str().is_some_and(|text| text.contains(remedy))
    });
    assert_eq!((&line["level"], &line["partition"]), (&"ERROR".into(), &0.into()));
    assert_eq!(line["topic"], topic.name.as_str());
    let gauge = format!("freshet_partition_stopped{{partition=\"0\",topic=\"{}\"}} 1", topic.name);
    assert!(freshet.get("/metrics").expect("metrics").1.contains(&gauge));
    let (status, why) = freshet.get("/readyz").expect("an answer");
    assert_eq!(status, 503);
    let start = format!("dead letters: {} partition 0 is stopped: ", topic.name);
    assert!(why.contains(&start) && why.contains(remedy), "{why}");
}

#[track_caller]
fn wait_until_it_goes_on(freshet: &Freshet) {
    freshet.log.wait_for("that it goes on", |line| line["message"] == GOES_ON && line["partition"] == 0);
    assert!(!freshet.get("/metrics").expect("metrics").1.contains("freshet_partition_stopped{"));
    eventually(
        "ready",
        || freshet.get("/readyz"),
        |answer| answer.as_ref().is_some_and(|(status, _)| *status == 200),
    );
}

#[test]
fn without_the_topic_a_partition_stops_and_the_others_go_on() {
    let world = World::planned(2);
    let freshet = world.start();
    world.redis.fill(&["shop:1", "board:x", "other"]);
    send(&world.topic, 0, &[POISON]);
    wait_until_stopped(&freshet, &world.topic, &format!("--create --topic {}", world.letters.name));
    // What it may have touched does not wait.
    world.redis.wait_for_names(&["other"]);
    world.wait_until_only_the_second_partition_is_read();
    eventually("the second is committed", || world.topic.offsets(), |offsets| offsets[1] > 0);
    assert_eq!(world.topic.offsets()[0], 0);

    world.letters.make(&[]);
    wait_until_it_goes_on(&freshet);
    world.redis.wait_for_names(&["other"]);
    eventually("all is committed", || world.topic.behind(), |behind| *behind == 0);
    let found = letters(&world.letters);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].header("__dlq.errors.offset"), "0");
}

#[test]
fn a_copy_that_is_killed_before_the_letter_is_written_leaves_it_to_the_next() {
    let world = World::planned(1);
    let freshet = world.start();
    world.redis.fill(&["shop:1"]);
    send(&world.topic, 0, &[POISON]);
    wait_until_stopped(&freshet, &world.topic, "make the topic");
    world.redis.wait_for_names(&[]);
    freshet.kill();
    assert_eq!(world.topic.offsets(), [0]);
    world.letters.make(&[]);
    let _next = Freshet::start_with(&world.configuration(100), &["run"], &[]);
    world.topic.wait_for_offsets(&[1]);
    let found = letters(&world.letters);
    assert_eq!(found[0].value.as_deref(), POISON.value);
    assert_eq!(found.len(), 1);
}

#[test]
fn an_end_in_order_does_not_wait_for_a_letter_that_cannot_be_written() {
    let world = World::planned(1);
    let freshet = world.start();
    send(&world.topic, 0, &[POISON]);
    wait_until_stopped(&freshet, &world.topic, "make the topic");
    freshet.signal("TERM");
    assert_eq!(freshet.exit_code(), Some(0));
    assert_eq!(world.topic.offsets(), [0]);
}

#[test]
fn a_letter_that_is_too_large_stops_its_partition_until_the_limit_is_raised() {
    let world = World::planned(2);
    world.letters.make(&[("max.message.bytes", "10000")]);
    let freshet = world.start();
    let large = vec![b'x'; 5_000_000];
    send(&world.topic, 0, &[Raw { value: Some(&large), ..POISON }]);
    wait_until_stopped(&freshet, &world.topic, "raise `max.message.bytes`");
    world.wait_until_only_the_second_partition_is_read();
    assert_eq!((world.topic.offsets()[0], letters(&world.letters).len()), (0, 0));
    limit(&world.letters, "8000000");
    wait_until_it_goes_on(&freshet);
    assert_eq!(letters(&world.letters)[0].value.as_ref(), Some(&large));
    eventually("all is committed", || world.topic.behind(), |behind| *behind == 0);
}

#[test]
fn a_flood_stops_its_partition_instead_of_diverting_it() {
    let world = World::new(2);
    let freshet = Freshet::start_with(&world.configuration(5), &["run"], &[]).ready();
    world.topic.wait_for_offsets(&[0, 0]);
    world.redis.fill(&["shop:1", "board:x", "other"]);
    send(&world.topic, 0, &(0..20).map(|_| POISON).collect::<Vec<_>>());
    wait_until_stopped(&freshet, &world.topic, "raise `dead_letters.max_per_minute`");
    let line = freshet.log.with_message(STOPPED)[0].clone();
    assert_eq!(line["what"], "more than 5 events in a minute cannot be decoded");
    assert!(line["letters"].as_u64().is_some_and(|letters| letters > 0), "{line}");
    world.redis.wait_for_names(&["other"]);
    world.wait_until_only_the_second_partition_is_read();
    eventually("what was written is committed", || world.topic.offsets()[0], |offset| *offset == 5);
    assert_eq!(letters(&world.letters).len(), 5);
    // A person raises the limit.
    freshet.kill();
    let _next = Freshet::start_with(&world.configuration(100), &["run"], &[]);
    wait_for_letters(&world.letters, 20);
    eventually("all is committed", || world.topic.behind(), |behind| *behind == 0);
    let offsets =
        |letter: &super::Letter| letter.header("__dlq.errors.offset").parse::<u32>().expect("a number");
    assert_eq!(letters(&world.letters).iter().map(offsets).collect::<Vec<_>>(), (0..20).collect::<Vec<_>>());
}

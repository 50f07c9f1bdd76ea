//! Against a broker within the process; a real Redis and a real Kafka are asked by the integration tests.

use std::time::Instant;

use rdkafka::mocking::MockCluster;

use super::{ANSWER, GRACE, ask_kafka, kafka, meaning};
use crate::config::Settings;

fn settings(brokers: &str, properties: &str) -> Settings {
    let text = format!(
        r#"
        kafka: {{ brokers: "{brokers}", group: test, librdkafka: {{ {properties} }} }}
        redis: {{ url: "redis://127.0.0.1:1/0", key_format: ":1:{{}}" }}
        tables:
          order:    {{ topic: app.public.order, primary_key: id, replica_identity: full }}
          visit:    {{ topic: app.public.visit, primary_key: id }}
          customer: {{ topic: app.public.customer, primary_key: id, columns: {{ code: text }} }}
        relations:
          order.customer: {{ column: customer_id, to: customer }}
        views:
          shop:
            key: "shop:{{shop_id}}"
            from:
              order: {{ fill: {{ shop_id: shop_id }}, reads: [status, customer.name] }}
              visit: {{ fill: {{ shop_id: place_id }} }}
          code: {{ key: "code:{{code}}", from: {{ customer: {{ reads: [] }} }} }}
          customer: {{ key: "customer:{{id}}", from: {{ customer: {{ reads: [name] }} }} }}
          board: {{ family: "board:*", from: [visit] }}
        invalidate:
          one: [shop]
        "#
    );
    crate::config::parse("test", &text, &|_| None).expect("a right configuration")
}

#[test]
fn what_a_configuration_means() {
    insta::assert_snapshot!(meaning::of(&settings("localhost:9092", "").catalog), @r#"
    Tables
      order: topic app.public.order
        primary key id; full replica identity: events tell the whole old row
        columns needed: id, shop_id, status, customer_id
      visit: topic app.public.visit
        primary key id; default replica identity: of the old row events tell the primary key
        columns needed: id, place_id
      customer: topic app.public.customer
        primary key id; default replica identity: of the old row events tell the primary key
        columns needed: id, name, code

    Views, and what a change of a row deletes
      shop: :1:shop:{shop_id} (shop_id integer)
        order, on a change of shop_id, status, customer_id:
          the keys of the old and the new row, by shop_id
        visit, on any change:
          the key of a new row, by shop_id=place_id; else the family, because events do not tell the old place_id (a full replica identity would)
        customer, on any change (it reads name, but events do not tell what changed):
          the family, because the key or the value lies behind a relation: `customer.name`
      code: :1:code:{code} (code text)
        customer, on any change (it reads code, but events do not tell what changed):
          the key of a new row, by code; else the family, because events do not tell the old code (a full replica identity would)
      customer: :1:customer:{id} (id integer)
        customer, on any change (it reads id, name, but events do not tell what changed):
          the key, by id
      board: :1:board:*
        visit, on any change:
          the family, as declared

      A new or a deleted row changes all its columns. A truncate, and an event that cannot be decoded, deletes the family.
      So does a row that a snapshot read, unless its primary key alone makes the key.

    Groups, for `freshet invalidate`
      one: shop
    "#);
}

#[test]
fn a_missing_topic_is_a_warning() {
    let broker = MockCluster::new(1).expect("a broker");
    broker.create_topic("app.public.order", 4, 1).expect("a topic");
    broker.create_topic("app.public.visit", 1, 1).expect("a topic");
    let settings = settings(&broker.bootstrap_servers(), "");
    let found = kafka::ask(&settings.kafka, &kafka::names(&settings.catalog));
    let text: String = found.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(text, @r#"
    right    app.public.order: 4 partitions
    right    app.public.visit: 1 partition
    warning  app.public.customer: there is no such topic
             Debezium creates a topic at its table's first event; if the table has had one, the name is wrong
    "#);
    assert!(found.iter().all(|finding| !finding.is_wrong()));
}

#[test]
fn a_broker_that_is_not_there_is_said_in_time() {
    let started = Instant::now();
    let found = ask_kafka(&settings("127.0.0.1:1", ""))();
    assert!(started.elapsed() < ANSWER + GRACE, "{:?}", started.elapsed());
    let text: String = found.iter().map(ToString::to_string).collect();
    assert!(text.contains("no broker answered") && text.contains("Connection refused"), "{text}");
    assert!(found[0].is_wrong());
}

#[test]
fn the_client_refuses_a_misspelled_property() {
    let settings = settings("127.0.0.1:1", "sesion.timeout.ms: 6000");
    let found = kafka::properties(&settings.kafka).expect("refused");
    assert!(found.to_string().contains("sesion.timeout.ms"), "{found}");
    assert!(found.is_wrong());
}

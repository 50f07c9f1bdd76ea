//! Against a broker within the process; a real Redis and a real Kafka are asked by the integration tests.

use std::time::Instant;

use rdkafka::mocking::MockCluster;

use super::{ANSWER, GRACE, ask_kafka, kafka, meaning, tracking};
use crate::config::Settings;

fn settings(brokers: &str, properties: &str) -> Settings {
    let text = format!(
        r#"
        kafka: {{ brokers: "{brokers}", group: test, librdkafka: {{ {properties} }} }}
        redis: {{ url: "redis://127.0.0.1:1/0", key_format: ":1:{{}}" }}
        tables:
          order:    {{ topic: app.public.order, primary_key: id, replica_identity: full }}
          visit:    {{ topic: app.public.visit, primary_key: id }}
          customer: {{ topic: app.public.customer, primary_key: id, columns: {{ code: text, id: integer }} }}
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
        tracked: a path leads from it to other rows
        columns needed: id, shop_id, status, customer_id
      visit: topic app.public.visit
        primary key id; default replica identity: of the old row events tell the primary key
        tracked: its old rows are not in the events
        columns needed: id, place_id
      customer: topic app.public.customer
        primary key id; default replica identity: of the old row events tell the primary key
        tracked: a relation reaches it
        columns needed: id, name, code

    Tracked tables, those in a line led by one copy of freshet
      customer, order, visit

    Views, and what a change of a row deletes
      shop: :1:shop:{shop_id} (shop_id)
        order, path `customer.name`: followed row by row
        order, on a change of shop_id, status, customer_id:
          the keys of the old and the new row, by shop_id
        visit, on any change:
          the keys of the old and the new row, by shop_id=place_id
        customer, on a change of name:
          the keys of the rows that lead to it, by customer.name; the family if they are more than 10000
      code: :1:code:{code} (code text)
        customer, on a change of code:
          the keys of the old and the new row, by code
      customer: :1:customer:{id} (id integer)
        customer, on a change of id, name:
          the key, by id
      board: :1:board:*
        visit, on any change:
          the family, as declared

      A new or a deleted row changes all its columns. A truncate, and an event that cannot be decoded, deletes the family.
      So does a row that a snapshot read and that is not kept, unless its primary key alone makes the key.

    Groups, for `freshet invalidate`
      one: shop
    "#);
}

#[test]
fn what_is_tracked_and_why() {
    let text = r#"
        kafka: { brokers: "localhost:9092", group: test }
        redis: { url: "redis://127.0.0.1:1/0" }
        tables:
          order:    { topic: app.public.order, primary_key: id, replica_identity: full }
          customer: { topic: app.public.customer, primary_key: id }
          shop:     { topic: app.public.shop, primary_key: id, tracked: false }
          stock:    { topic: app.public.stock, primary_key: id, replica_identity: full, tracked: true }
          size:     { topic: app.public.size, primary_key: id, replica_identity: full }
          visit:    { topic: app.public.visit }
          line:     { topic: app.public.line, replica_identity: full }
        relations:
          order.customer: { column: customer_id, to: customer }
          customer.shop:  { column: shop_id, to: shop }
          line.order:     { column: order_id, to: order }
        views:
          day:   { key: "day:{day}", from: { order: { reads: [customer.name, customer.shop.name] } } }
          area:  { key: "area:{area}", from: { order: { fill: { area: customer.shop.area }, reads: [customer.name] } } }
          line:  { key: "line:{no}", from: { line: { reads: [order.total] } } }
          stock: { key: "stock:{id}", from: stock }
          size:  { key: "size:{size}", from: size }
          visit: { key: "visit:{day}", from: visit }
          board: { family: "board:*", from: { order: { reads: [customer.name] } } }
    "#;
    let catalog = crate::config::parse("test", text, &|_| None).expect("a right configuration").catalog;
    let table = |id| format!("{}: {}\n", catalog.table(id).name, tracking::of(&catalog, id));
    let mut said: String = catalog.table_ids().map(table).collect();
    said.extend(tracking::components(&catalog).map(|line| format!("together: {line}\n")));
    for view in &catalog.views {
        said.extend(tracking::paths(&catalog, view).iter().map(|line| format!("{}: {line}\n", view.name)));
    }
    said.extend(tracking::findings(&catalog).iter().map(ToString::to_string));
    insta::assert_snapshot!(said, @r"
    order: tracked: a relation reaches it
    customer: tracked: a relation reaches it
    shop: stateless: forced by `tracked`
    stock: tracked: forced by `tracked`
    size: stateless: its events tell all that is needed
    visit: stateless: without a primary key its rows cannot be told apart
    line: stateless: without a primary key its rows cannot be told apart
    together: customer, order
    together: stock
    day: order, path `customer.name`: followed row by row
    day: order, path `customer.shop.name`: not followed, because `shop` is not tracked: a change on it deletes the family
    area: order, path `customer.shop.area`: not followed, because `shop` is not tracked: a change on it deletes the family
    area: order, path `customer.name`: not followed, because `shop` is not tracked: a change on it deletes the family
    line: line, path `order.total`: not followed, because `line` is not tracked: a change on it deletes the family
      note     tables.shop.tracked: it is not tracked, though a relation reaches it; its changes delete families
               remove `tracked` to delete keys alone
      warning  tables.visit: without a primary key and under the default replica identity PostgreSQL refuses each UPDATE and DELETE of the table once it is published
               ALTER TABLE … REPLICA IDENTITY FULL and `replica_identity: full`, or give it a primary key
      note     tables.line: without a primary key it is not tracked, though a path leads from it to other rows; changes on that path delete families
               give it a primary key
    ");
}

#[test]
fn a_missing_topic_is_a_warning() {
    let broker = MockCluster::new(1).expect("a broker");
    broker.create_topic("app.public.order", 4, 1).expect("a topic");
    broker.create_topic("app.public.visit", 1, 1).expect("a topic");
    let settings = settings(&broker.bootstrap_servers(), "");
    let found = kafka::ask(&settings.kafka, &settings.catalog, None);
    let text: String = found.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(text, @r#"
    right    app.public.order: 4 partitions
    right    app.public.visit: 1 partition
    warning  app.public.customer: there is no such topic
             Debezium creates a topic at its table's first event; if the table has had one, the name is wrong
    note     the broker does not tell the configuration of app.public.order, app.public.visit: Admin operation error: OperationTimedOut (Local: Timed out)
             let the user describe the topics and their configurations, if it may not
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

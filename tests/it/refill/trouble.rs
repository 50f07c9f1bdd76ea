use super::{SQL, World, outcome};
use crate::harness::process::{pause, resume};
use crate::harness::{assert_has, eventually, freshet, said, update};

const LEASE: &str = "freshet:lease:{v:5}";

#[test]
fn a_deleted_key_is_filled_with_what_the_database_tells() {
    let world = World::new();
    let running = world.start("");
    world.redis.fill(&["v:5", "v:9"]);
    world.topic.send(0, &[update(1, 5, 5), update(2, 9, 9)]);
    world.wait_for_total("v:5", 4);
    let text: String = redis::Commands::get(&mut world.redis.connect(), "v:5").expect("a value");
    assert_eq!(
        text,
        r#"{"shop":5,"total":4,"quarter":1.0,"name":"Ü","nothing":null,"many":true,"tree":{"b":[1,2.0,"x"],"a":null}}"#
    );
    let lives: i64 = redis::cmd("PTTL").arg("v:5").query(&mut world.redis.connect()).expect("an answer");
    assert!((260_000..=300_000).contains(&lives), "{lives}");
    // Of a shop that is not there nothing is stored, and the lease is given back.
    eventually("no row", || outcome(&running, "empty"), |empty| *empty > 0.5);
    world.redis.wait_for_names(&["v:5"]);
    world.topic.wait_for_offsets(&[2]);
}

#[test]
fn a_value_that_is_overtaken_is_not_stored_and_asked_for_again() {
    let world = World::new();
    let running = world.start("");
    let url = world.stack["DATABASE_URL"].to_owned();
    let mut locking = postgres::Client::connect(&url, postgres::NoTls).expect("PostgreSQL");
    let mut lock = locking.transaction().expect("a transaction");
    lock.batch_execute("lock table shop in access exclusive mode").expect("a lock");
    world.topic.send(0, &[update(1, 5, 5)]);
    eventually("a lease", || world.redis.names(), |names| names.contains(&LEASE.to_owned()));
    world.topic.send(0, &[update(1, 5, 5)]);
    // Acknowledged although the statement still waits.
    world.topic.wait_for_offsets(&[2]);
    assert_eq!(world.redis.names(), [""; 0]);
    lock.batch_execute("update shop set total = 8 where id = 5").expect("a change");
    lock.commit().expect("a commit");
    world.wait_for_total("v:5", 8);
    assert!(outcome(&running, "overtaken") > 0.5 && outcome(&running, "filled") > 0.5);
}

#[test]
fn a_statement_that_takes_too_long_leaves_a_deletion_and_no_lease() {
    let world = World::new();
    let running = world.start("");
    let url = world.stack["DATABASE_URL"].to_owned();
    let mut locking = postgres::Client::connect(&url, postgres::NoTls).expect("PostgreSQL");
    let mut lock = locking.transaction().expect("a transaction");
    lock.batch_execute("lock table shop in access exclusive mode").expect("a lock");
    world.redis.fill(&["v:5"]);
    world.topic.send(0, &[update(1, 5, 5)]);
    eventually("a failure", || outcome(&running, "failed"), |failed| *failed > 0.5);
    assert_eq!(world.redis.names(), [""; 0]);
    let message = "the database tells no value; the key stays deleted";
    let said = running.log.with_message(message);
    assert!(said.len() == 1 && said[0]["error"].to_string().contains("statement timeout"), "{said:?}");
}

#[test]
fn a_database_that_stands_still_leaves_a_deletion_and_no_lease() {
    let world = World::new();
    let running = world.start("");
    let pid = world.stack.pid("postgres");
    world.redis.fill(&["v:5"]);
    pause(pid);
    world.topic.send(0, &[update(1, 5, 5)]);
    world.topic.wait_for_offsets(&[1]);
    eventually("a failure", || outcome(&running, "failed"), |failed| *failed > 0.5);
    assert_eq!(world.redis.names(), [""; 0]);
    resume(pid);
    world.topic.send(0, &[update(1, 5, 5)]);
    world.wait_for_total("v:5", 4);
    assert!(running.log.lines().iter().all(|line| !line.to_string().contains("hunter2")));
}

#[test]
fn a_key_whose_lease_is_anothers_is_left_to_it() {
    let world = World::new();
    // Nobody gets a lease until the hold ends.
    let running = world.start(", hold: 2s");
    world.topic.send(0, &[update(1, 5, 5)]);
    eventually("it was left", || outcome(&running, "elsewhere"), |left| *left > 0.5);
    assert_eq!(world.value("v:5"), None);
}

#[test]
fn check_prepares_the_statements() {
    let world = World::new();
    let check = |sql: &str, code| {
        let configuration = world.configuration(sql, "").replace(":${PASSWORD}", "");
        said(&freshet(&configuration, &["check"]), code)
    };
    let right = check(SQL, 0);
    assert_has(
        &right,
        &["(view `v`)", "filling keys under their leases is allowed", "once a key is deleted"],
    );
    assert_has(
        &check(&SQL.replace("name,", "nam,"), 1),
        &["fails (view `v`): column \"nam\" does not exist"],
    );
    assert_has(
        &check("select 1.5 as price", 1),
        &["the column `price` is of type numeric; cast it to text, float8, bigint, boolean or json"],
    );
}

/// The log tells of a commit that no other session sees until a standby has it.
#[test]
fn a_commit_that_is_in_the_log_and_not_visible_is_waited_for() {
    let world = World::new();
    let _running = world.start("");
    let url = world.stack["DATABASE_URL"].to_owned();
    let mut sql = postgres::Client::connect(&url, postgres::NoTls).expect("PostgreSQL");
    world.topic.send(0, &[update(1, 5, 5)]);
    world.wait_for_total("v:5", 4);
    let set = |sql: &mut postgres::Client, statement: &str| {
        sql.batch_execute(statement).expect("it is set");
        sql.batch_execute("select pg_reload_conf()").expect("it is read");
    };
    set(&mut sql, "alter system set synchronous_standby_names = 'nobody'");
    let named = "show synchronous_standby_names";
    eventually(
        "it holds",
        || sql.query_one(named, &[]).expect("a row").get(0),
        |name: &String| name == "nobody",
    );
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut writer = postgres::Client::connect(&url, postgres::NoTls).expect("PostgreSQL");
            writer.batch_execute("update shop set total = 11 where id = 5").expect("a change");
        });
        let count = "select count(*) from pg_stat_activity where wait_event = 'SyncRep'";
        eventually(
            "it waits",
            || sql.query_one(count, &[]).expect("a row").get(0),
            |count: &i64| *count == 1,
        );
        world.topic.send(0, &[update(1, 5, 5)]);
        world.topic.wait_for_offsets(&[2]);
        eventually("a lease", || world.redis.names(), |names| *names == [LEASE]);
        set(&mut sql, "alter system reset synchronous_standby_names");
    });
    // What was visible before would have been stored by now, and stay.
    world.wait_for_total("v:5", 11);
}

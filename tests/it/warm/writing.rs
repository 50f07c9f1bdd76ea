use super::{World, created, customer, deleted, fence, order, outcomes, updated};
use crate::harness::eventually;

#[test]
fn a_changed_value_replaces_the_old_one() {
    let world = World::new(2);
    world.customers.send(0, &[customer("c", 1, true), customer("c", 2, false)]);
    world.orders.send(0, &[created(order(1, 7, 1, 10))]);
    let freshet = world.start().ready();
    // What the topics held by then is written, too.
    world.wait_for("orders:7", [1, 10, 1]);
    world.orders.send(1, &[created(order(2, 7, 2, 5)), created(order(3, 8, 2, 1))]);
    world.wait_for("orders:7", [2, 15, 1]);
    world.wait_for("orders:8", [1, 1, 0]);
    // Through the relation.
    world.customers.send(0, &[customer("u", 2, true)]);
    world.wait_for("orders:7", [2, 15, 2]);
    world.wait_for("orders:8", [1, 1, 1]);
    // From one group to the other, which is left without rows.
    world.orders.send(1, &[updated(order(3, 7, 2, 1))]);
    world.wait_for("orders:7", [3, 16, 3]);
    world.wait_for_names(&["orders:7"]);
    world.orders.send(0, &[deleted(1)]);
    world.wait_for("orders:7", [2, 6, 2]);
    let seen = outcomes(&freshet);
    assert!(seen["written"] >= 4.0 && seen["leased"] >= 2.0 && seen["empty"] >= 1.0, "{seen:?}");
    assert!(freshet.metric("freshet_warm_groups{view=\"orders\"}") > 0.5);
}

#[test]
fn a_value_and_its_fence_expire_and_not_all_at_once() {
    let world = World::new(1);
    let events: Vec<_> = (0..40).map(|shop| created(order(shop, shop, 1, 1))).collect();
    world.customers.send(0, &[customer("c", 1, true)]);
    world.orders.send(0, &events);
    let _freshet = world.start().ready();
    let keys: Vec<String> = (0..40).map(|shop| format!("orders:{shop}")).collect();
    let lives = || keys.iter().map(|key| world.lives(key)).collect::<Vec<_>>();
    let lives = eventually("values that expire", lives, |lives| lives.iter().all(|life| *life > 0));
    assert!(lives.iter().all(|life| (200_000..=300_000).contains(life)), "{lives:?}");
    let (least, most) = (lives.iter().min().expect("some"), lives.iter().max().expect("some"));
    assert!(most - least > 5_000, "{lives:?}");
    for key in &keys {
        let expires = |name: &str| -> i64 {
            redis::cmd("PEXPIRETIME").arg(name).query(&mut world.redis.connect()).expect("an answer")
        };
        assert_eq!(expires(&fence(key)), expires(key), "{key}: so that one tells the other's");
    }
}

#[test]
fn what_could_not_be_decoded_leaves_no_value_until_its_row_is_known_again() {
    let world = World::new(1);
    world.customers.send(0, &[customer("c", 1, true)]);
    world
        .orders
        .send(0, &[created(order(1, 7, 1, 1)), created(order(2, 7, 1, 1)), created(order(3, 8, 1, 1))]);
    let freshet = world.start().ready();
    world.wait_for("orders:7", [2, 2, 2]);
    world.wait_for("orders:8", [1, 1, 1]);
    let mut poison = updated(order(2, 8, 1, 5));
    poison.value.truncate(40);
    world.orders.send(0, &[poison]);
    world.wait_for_names(&[]);
    // It may be in any group, so that nobody knows what is in this one.
    world.orders.send(0, &[updated(order(1, 7, 1, 2))]);
    world.orders.wait_for_offsets(&[5]);
    world.wait_for_names(&[]);
    assert!(outcomes(&freshet)["unknown"] >= 1.0);
    world.orders.send(0, &[updated(order(2, 8, 1, 9))]);
    world.wait_for("orders:8", [2, 10, 2]);
    world.orders.send(0, &[updated(order(1, 7, 1, 3))]);
    world.wait_for("orders:7", [1, 3, 1]);
}

//! What changes of tracked rows delete, rule by rule.

use super::history::check;

const NORTH: &str = "region c id=1 code=north name=n";
const SOUTH: &str = "region c id=2 code=south name=s";
const CUSTOMER: &str = "customer c id=7 region_id=1 name=x";
const OTHER: &str = "customer c id=8 region_id=2 name=y";
const ORDER: &str = "order c id=1 shop_id=2 customer_id=7 status=new";
const ALL: [&str; 5] = [NORTH, SOUTH, CUSTOMER, OTHER, ORDER];

/// After [`ALL`].
#[track_caller]
fn then(events: &[&str], expected: &[&str]) {
    check(&[&ALL[..], events].concat(), expected);
}

#[test]
fn a_row_deletes_the_keys_of_its_old_and_new_image() {
    then(&["order u id=1 shop_id=3 customer_id=7 status=new"], &["shop:2 old_row", "shop:3 new_row"]);
    then(&["order u id=1 shop_id=2 customer_id=7 status=paid"], &["shop:2 row"]);
    // The `before` of a delete is false in all but the key.
    then(
        &["order d id=1 shop_id=null customer_id=null status=new"],
        &["shop:2 old_row", "customer:7 old_row", "code:north old_row"],
    );
    check(
        &[
            "line c order_id=1 number=1 seat_id=5",
            "line c order_id=1 number=2 seat_id=6",
            "line u order_id=1 number=1 seat_id=7",
        ],
        &["seat:5 old_row", "seat:7 new_row"],
    );
    // A primary-key change is a delete and a create.
    let moved = ["order d id=1", "order c id=9 shop_id=2 customer_id=7 status=new"];
    then(&moved[..1], &["shop:2 old_row", "customer:7 old_row", "code:north old_row"]);
    then(&moved, &["shop:2 new_row", "customer:7 new_row", "code:north new_row"]);
}

#[test]
fn a_change_of_what_nothing_reads_deletes_nothing() {
    for unread in [
        "order u id=1 shop_id=2 customer_id=7 status=new",
        "customer u id=7 region_id=1 name=x",
        "region u id=1 code=north name=n",
    ] {
        then(&[unread], &[]);
    }
    check(
        &[
            "node c id=1 parent_id=null name=a",
            "node c id=2 parent_id=null name=b",
            "node u id=1 parent_id=null name=c",
        ],
        &[],
    );
}

#[test]
fn a_route_leads_to_the_key_through_the_rows_as_they_are() {
    then(
        &["order u id=1 shop_id=2 customer_id=8 status=new"],
        &[
            "shop:2 row",
            "customer:7 old_row",
            "customer:8 new_row",
            "code:north old_row",
            "code:south new_row",
        ],
    );
    then(&["visit c id=1 order_id=1 shop_id=5"], &["shop:5 new_row", "customer:7 new_row"]);
    let nobody = "order c id=2 shop_id=2 customer_id=null status=new";
    then(&[nobody], &["shop:2 new_row"]);
    then(
        &[
            "region c id=3 code=null name=t",
            "customer c id=9 region_id=3 name=z",
            "order u id=1 shop_id=2 customer_id=9 status=new",
        ],
        &["shop:2 row", "customer:7 old_row", "customer:9 new_row", "code:north old_row"],
    );
}

#[test]
fn a_far_row_that_comes_later_yields_the_key_itself() {
    let early = "order c id=3 shop_id=4 customer_id=99 status=new";
    then(&[early], &["shop:4 new_row", "customer:99 new_row"]);
    then(
        &[early, "customer c id=99 region_id=1 name=z"],
        &["customer:99 new_row", "code:north new_row", "shop:4 behind"],
    );
}

#[test]
fn a_far_row_fills_the_holes_whether_or_not_a_row_leads_to_it() {
    then(&["region u id=2 code=east name=s"], &["code:south old_row", "code:east new_row"]);
    check(&[SOUTH, "region d id=2"], &["code:south old_row"]);
    then(&["customer u id=8 region_id=1 name=y"], &["code:south old_row", "code:north new_row"]);
}

#[test]
fn a_row_that_is_read_deletes_the_keys_of_the_rows_that_lead_to_it() {
    then(&["region u id=1 code=north name=m"], &["shop:2 behind"]);
    then(
        &["customer u id=7 region_id=2 name=x"],
        &["shop:2 behind", "code:north old_row", "code:south new_row"],
    );
    // The base row's own key lies behind a relation too.
    then(
        &["visit c id=1 order_id=1 shop_id=5", "customer u id=7 region_id=1 name=z"],
        &["customer:7 behind", "customer:7 row"],
    );
    let nodes = [
        "node c id=1 parent_id=null name=a",
        "node c id=2 parent_id=1 name=b",
        "node c id=3 parent_id=2 name=c",
    ];
    check(
        &[&nodes[..], &["node u id=1 parent_id=null name=z"]].concat(),
        &["node:2 behind", "node:3 behind"],
    );
    check(&[&nodes[..], &["node u id=2 parent_id=null name=b"]].concat(), &["node:2 row", "node:3 behind"]);
    check(&[&nodes[..], &["node d id=1"]].concat(), &["node:1 old_row", "node:2 behind", "node:3 behind"]);
}

#[test]
fn above_the_limit_of_keys_the_family_goes() {
    let order = |id: u32, shop: u32| format!("order c id={id} shop_id={shop} customer_id=7 status=new");
    let renamed = "region u id=1 code=north name=m";
    let (second, third) = (order(2, 3), order(3, 4));
    then(&[&second, renamed], &["shop:2 behind", "shop:3 behind"]);
    then(&[&second, &third, renamed], &["family shop fan_out"]);
    // Many rows that fill the same keys: 201 visits are one too many of 2 × 100.
    for (orders, expected) in [(198, "shop:2 behind"), (200, "family shop fan_out")] {
        let orders: Vec<String> = (10..10 + orders).map(|id| order(id, 2)).collect();
        let mut events: Vec<&str> = orders.iter().map(String::as_str).collect();
        events.push(renamed);
        then(&events, &[expected]);
    }
}

#[test]
fn an_old_row_that_the_source_tells_otherwise_counts_too() {
    check(
        &["stock c id=1 shop_id=1", "stock u id=1 shop_id=3 < id=1 shop_id=2"],
        &["stock:1 old_row", "stock:2 old_row", "stock:3 new_row"],
    );
    check(
        &["stock c id=1 shop_id=1", "stock u id=1 shop_id=3 < id=1 shop_id=1"],
        &["stock:1 old_row", "stock:3 new_row"],
    );
}

#[test]
fn a_large_column_is_as_it_was_kept() {
    let kept = "note c id=1 title=a size=1";
    check(&[kept, "note u id=1 title=unavailable size=2"], &["title:a row"]);
    check(&[kept, "note u id=1 title=unavailable size=1"], &[]);
    check(
        &["note r id=1 title=unavailable size=1"],
        &["family title unavailable_column", "family title unknown_old_row"],
    );
}

#[test]
fn an_older_event_deletes_its_own_keys_and_those_of_the_kept_row() {
    then(
        &["order u @1/1 id=1 shop_id=9 customer_id=8 status=old"],
        &[
            "shop:2 old_row",
            "shop:9 new_row",
            "customer:7 old_row",
            "customer:8 new_row",
            "code:north old_row",
            "code:south new_row",
        ],
    );
    // It left no image.
    then(
        &["order u @1/1 id=1 shop_id=9 customer_id=8 status=old", "order d id=1"],
        &["shop:2 old_row", "customer:7 old_row", "code:north old_row"],
    );
}

#[test]
fn rows_in_doubt_delete_families() {
    let of_order = |reason: &str| ["shop", "customer", "code"].map(|view| format!("family {view} {reason}"));
    for (event, reason) in [
        ("order u id=77 shop_id=2 customer_id=7 status=new", "unknown_row"),
        ("order r @900/900 id=78 shop_id=2 customer_id=7 status=new", "second_snapshot"),
        ("order u @1/900 id=1 shop_id=2 customer_id=7 status=new", "other_database"),
        ("order t", "truncate"),
    ] {
        then(&[event], &of_order(reason).each_ref().map(String::as_str));
    }
}

#[test]
fn rows_that_are_not_known_delete_the_family() {
    let renamed = "region u id=1 code=north name=m";
    then(&["incomplete order", renamed], &["family shop incomplete"]);
    let to = |customer: u32| format!("order c id=2 shop_id=2 customer_id={customer} status=new");
    then(
        &["incomplete customer", &to(50)],
        &["shop:2 new_row", "customer:50 new_row", "family code unknown_far_row"],
    );
    then(&["incomplete customer", &to(8)], &["shop:2 new_row", "customer:8 new_row", "code:south new_row"]);
}

#[test]
fn a_row_that_could_not_be_read_is_unknown_until_it_is_seen_again() {
    let forgotten = "forget customer id=7";
    then(
        &[forgotten, "order d id=1"],
        &["shop:2 old_row", "customer:7 old_row", "family code unknown_far_row"],
    );
    then(&[forgotten, "region u id=2 code=south name=m"], &["family shop incomplete"]);
    let seen = "customer u id=7 region_id=1 name=x";
    then(
        &[forgotten, seen],
        &["customer:7 row", "shop:2 behind", "code:north new_row", "family code unknown_old_row"],
    );
    then(&[forgotten, seen, "order d id=1"], &["shop:2 old_row", "customer:7 old_row", "code:north old_row"]);
}

#[test]
fn a_row_that_does_not_come_deletes_the_family_once() {
    const LINKED: &str = "order c id=2 shop_id=2 customer_id=9 status=new";
    let (pass, came) = ("passed customer", "customer c id=9 region_id=1 name=z");
    then(&[LINKED], &["shop:2 new_row", "customer:9 new_row"]);
    then(&[LINKED, pass], &[]);
    then(&[LINKED, pass, pass], &["family code unresolved"]);
    then(&[LINKED, pass, pass, pass], &[]);
    then(&[LINKED, pass, "passed region", "passed region"], &[]);
    for late in [&[LINKED, came, pass, pass][..], &[LINKED, pass, came, pass]] {
        then(late, &[]);
    }
    // It came and was deleted.
    let gone = ["order d id=2", "customer d id=9"];
    for late in
        [&[LINKED, came, gone[0], gone[1], pass, pass][..], &[LINKED, pass, came, gone[0], gone[1], pass]]
    {
        then(late, &[]);
    }
    // It was deleted before the link to it was read.
    then(&["customer d id=7", "order u id=1 shop_id=2 customer_id=7 status=paid", pass, pass], &[]);
    // A link that was noted anew waits for its own time.
    let another = "order c id=3 shop_id=2 customer_id=9 status=new";
    then(&[LINKED, pass, another, pass], &["family code unresolved"]);
    then(&[LINKED, pass, another, pass, pass], &["family code unresolved"]);
}

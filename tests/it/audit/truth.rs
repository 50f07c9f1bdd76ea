use redis::Commands as _;

use super::{World, counts};
use crate::harness::{RedisServer, assert_has, eventually, freshet, said};

/// Of every kind, and many.
const STORM: &str = "
    UPDATE workorder_workordertask SET status = 'completed' WHERE id % 3 = 0;
    UPDATE workorder_workordertask SET assigned_department_id = 1 + id % 5 WHERE id % 7 = 0;
    UPDATE workorder_workorder SET priority = 'urgent' WHERE id % 5 = 0;
    UPDATE auth_user SET username = 'Ünal \"Z\"' WHERE id = 3;
    UPDATE auth_user SET is_active = false WHERE id = 4;
    UPDATE workorder_workordertask SET assigned_operator_id = NULL WHERE id % 13 = 0;
    UPDATE workorder_department SET name = 'Prints' WHERE id = 3;
    DELETE FROM workorder_workordertask WHERE id % 11 = 0;
";

#[test]
fn what_is_true_is_called_so_and_what_was_falsified_is_found() {
    let mut world = World::new();
    let freshet = world.run();

    // While changes are on their way, too.
    for _ in 0..3 {
        world.write(STORM);
        let text = said(&world.audit(&["--all"]), 0);
        for view in ["task_stats", "dept_workload"] {
            let [checked, right, stale, behind, changed, not_compared] = counts(&text, view);
            assert!(checked >= 5 && right + changed == checked, "{text}");
            assert_eq!([stale, behind, not_compared], [0; 3], "{text}");
        }
    }

    // Another department's value; what no row fills; what nobody can read.
    world.copy(":1:dept_workload:2", ":1:dept_workload:3");
    world.copy(":1:dept_workload:2", ":1:dept_workload:999");
    world.redis.set::<_, _, ()>(":1:task_stats:2", "junk").expect("an answer");
    let text = said(&world.audit(&["--patience", "1s"]), 1);
    assert_has(
        &text,
        &[
            ":1:dept_workload:3: department_id is 2 and in the database 3, written at most ",
            "not compared  1, such as :1:dept_workload:999: no row in the database fills the key",
            "not compared  1, such as :1:task_stats:2: it is no pickle",
            "values are stale",
        ],
    );
    assert_eq!(counts(&text, "dept_workload")[2..], [1, 0, 0, 1], "{text}");
    assert_eq!(counts(&text, "task_stats")[2..], [0, 0, 0, 1], "{text}");

    // So it is by whoever runs.
    let stale = |view: &str| freshet.metric(&format!("freshet_audit_stale_keys{{view=\"{view}\"}}"));
    eventually("a stale key of the last audit", || stale("dept_workload"), |keys| *keys > 0.5);
    assert!(stale("task_stats") < 0.5);
    for (view, outcome) in
        [("task_stats", "true"), ("dept_workload", "stale"), ("dept_workload", "not_compared")]
    {
        let counted = format!("freshet_audit_keys_total{{outcome=\"{outcome}\",view=\"{view}\"}}");
        assert!(freshet.metric(&counted) > 0.5, "{counted}");
    }
    assert!(freshet.metric("freshet_audit_last_timestamp_seconds{view=\"dept_workload\"}") > 1.7e9);
}

#[test]
fn a_database_that_is_away_is_told_with_the_remedy() {
    let redis = RedisServer::start();
    let configuration = |database: &str| {
        format!(
            "kafka: {{ brokers: \"localhost:1\", group: g }}\nredis: {{ url: \"{}\" }}\n{database}\
             tables:\n  order: {{ topic: app.public.order, primary_key: id, columns: {{ shop_id: integer }} }}\n\
             relations:\n  order.shop: {{ column: shop_id, to: order }}\n\
             views:\n  orders: {{ key: \"orders:{{shop_id}}\", from: order, value: {{ total: count(*) }} }}\n",
            redis.url(),
        )
    };
    let text = said(&freshet(&configuration(""), &["audit"]), 64);
    assert_has(&text, &["add `database: { url:"]);
    let away = configuration("database: { url: \"postgres://freshet@127.0.0.1:1/app\" }\n");
    let text = said(&freshet(&away, &["audit"]), 2);
    assert_has(
        &text,
        &["the database at postgres://freshet@127.0.0.1:1/app failed", "is `database.url` right"],
    );
    let text = said(&freshet(&away, &["audit", "shops"]), 64);
    assert_has(&text, &["no view `shops`"]);
}

use std::thread;

use super::{World, counts};
use crate::harness::{eventually, process, said};

const CHANGE: &str = "UPDATE workorder_workordertask SET status = 'cancelled' \
    WHERE assigned_department_id = 2 AND status <> 'cancelled'";
const BACK: &str = "UPDATE workorder_workordertask SET status = 'pending' WHERE assigned_department_id = 2";

/// Whoever is stopped: what is on its way is not called stale, however little patience there is, and is true once it has come.
#[test]
fn what_is_late_is_not_called_stale() {
    let mut world = World::new();
    let freshet = world.run();
    let connect = world.stack.pid("connect");
    world.write(BACK);
    said(&world.audit(&[]), 0);
    for (pid, change) in [(freshet.pid(), CHANGE), (connect, BACK)] {
        process::pause(pid);
        world.write(change);
        let text = said(&world.audit(&["--patience", "1s", "--wait", "12s"]), 2);
        for view in ["task_stats", "dept_workload"] {
            let [checked, right, stale, behind, ..] = counts(&text, view);
            assert_eq!([stale, behind, right], [0, 1, checked - 1], "{text}");
        }
        thread::scope(|scope| {
            let audit = scope.spawn(|| world.audit(&["--patience", "3s"]));
            eventually("an audit that waits", || audit.is_finished(), |finished| !finished);
            process::resume(pid);
            let text = said(&audit.join().expect("an audit"), 0);
            for view in ["task_stats", "dept_workload"] {
                let [checked, right, ..] = counts(&text, view);
                assert_eq!(right, checked, "{text}");
            }
        });
    }
}

use std::thread;
use std::time::Duration;

use super::{World, counts};
use crate::harness::{freshet as run, process, said};

/// Longer than the patience of an audit that has to wait for more than that.
const MEANWHILE: Duration = Duration::from_secs(6);

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
            let configuration = &world.configuration;
            let audit = scope.spawn(|| run(configuration, &["audit", "--patience", "3s"]));
            thread::sleep(MEANWHILE);
            assert!(!audit.is_finished(), "it waits");
            process::resume(pid);
            let text = said(&audit.join().expect("an audit"), 0);
            for view in ["task_stats", "dept_workload"] {
                let [checked, right, ..] = counts(&text, view);
                assert_eq!(right, checked, "{text}");
            }
        });
    }
}

//! Statements are run on a replica.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

use postgres::{Client, NoTls};
use tempfile::TempDir;

use super::{SQL, World, outcome};
use crate::harness::{Freshet, eventually, update};

/// A streaming replica of the world's PostgreSQL.
struct Replica {
    url: String,
    server: Child,
    _folder: TempDir,
}

/// PostgreSQL refuses to run as root, and its user may reach no folder of root's: it gets its data as an open folder.
const START: &str = r#"
set -e
as=
if [ "$(id -u)" = 0 ]; then chown postgres: "$1"; as='setpriv --reuid postgres --regid postgres --init-groups'; fi
chmod 700 "$1"; cd /
bin=$(ls -d /usr/lib/postgresql/*/bin | tail -n 1)
exec 7<"$1"
$as "$bin/pg_basebackup" -d "$2" -D /proc/self/fd/7 -X stream -R -c fast --no-sync
exec $as setpriv --pdeathsig KILL "$bin/postgres" -D /proc/self/fd/7 -c port="$3" -c listen_addresses=127.0.0.1 \
    -c unix_socket_directories= -c fsync=off -c shared_buffers=16MB
"#;

impl Replica {
    fn of(primary: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let port =
            TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port").port();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).expect("a folder");
        let server = Command::new("sh")
            .args(["-c", START, "replica"])
            .arg(&data)
            .args([primary, &port.to_string()])
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell");
        let url = format!("postgres://postgres@127.0.0.1:{port}/app");
        eventually("the replica answers", || Client::connect(&url, NoTls).is_ok(), |answers| *answers);
        Self { url, server, _folder: folder }
    }

    fn run(&self, sql: &str) {
        Client::connect(&self.url, NoTls)
            .and_then(|mut replica| replica.batch_execute(sql))
            .expect("it is done");
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

#[test]
fn a_replica_is_asked_once_it_shows_the_change() {
    let world = World::new();
    let primary = world.stack["DATABASE_URL"].to_owned();
    let replica = Replica::of(&primary);
    let configuration = world.configuration(SQL, "").replace(":${PASSWORD}", "");
    let both =
        configuration.replace("database: { ", &format!("database: {{ replica_url: \"{}\", ", replica.url));
    let running = Freshet::start_with(&both, &["run"], &[]).ready();
    world.topic.send(0, &[update(1, 5, 5)]);
    world.wait_for_total("v:5", 4);

    replica.run("select pg_wal_replay_pause()");
    let mut sql = Client::connect(&primary, NoTls).expect("PostgreSQL");
    let paused = || -> String {
        // It pauses with the next record.
        sql.batch_execute("select txid_current()").expect("a record");
        let mut replica = Client::connect(&replica.url, NoTls).expect("the replica");
        replica.query_one("select pg_get_wal_replay_pause_state()", &[]).expect("a row").get(0)
    };
    eventually("it is paused", paused, |state| state == "paused");
    sql.batch_execute("update shop set total = 9 where id = 5").expect("a change");
    let failed = outcome(&running, "failed");
    world.topic.send(0, &[update(1, 5, 5)]);
    world.topic.wait_for_offsets(&[2]);
    eventually("it lags for too long", || outcome(&running, "failed"), |now| *now > failed);
    assert_eq!(world.redis.names(), [""; 0], "nothing old, and no lease");

    world.topic.send(0, &[update(1, 5, 5)]);
    eventually("a lease", || world.redis.names(), |names| !names.is_empty());
    replica.run("select pg_wal_replay_resume()");
    world.wait_for_total("v:5", 9);
}

#[test]
fn a_replica_is_no_primary() {
    let world = World::new();
    let primary = world.stack["DATABASE_URL"].to_owned();
    let replica = Replica::of(&primary);
    let configuration = world.configuration(SQL, "").replace("postgres:${PASSWORD}@", "postgres@");
    let wrong = configuration.replace(&primary, &replica.url);
    let said = crate::harness::said(&crate::harness::freshet(&wrong, &["check"]), 1);
    crate::harness::assert_has(&said, &["name the primary as `database.url`"]);
}

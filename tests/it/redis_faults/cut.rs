//! The connection is cut in the middle of a pipeline.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::thread;

use super::{VIEWS, changes, wait_for_reason, wait_for_retries};
use crate::harness::{Freshet, RedisServer, Topic, configuration, create};

/// Between freshet and Redis.
#[derive(Clone)]
struct Proxy {
    listen: SocketAddr,
    /// How many bytes still go to Redis before the connection that sent them is cut.
    left: Arc<AtomicI64>,
    /// New connections are not taken.
    closed: Arc<AtomicBool>,
}

impl Proxy {
    fn start(redis: u16) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").expect("a port");
        let proxy = Self {
            listen: socket.local_addr().expect("an address"),
            left: Arc::new(AtomicI64::new(i64::MAX)),
            closed: Arc::default(),
        };
        let accepting = proxy.clone();
        thread::spawn(move || {
            for client in socket.incoming() {
                let Ok(client) = client else { return };
                if accepting.closed.load(Ordering::SeqCst) {
                    continue;
                }
                let server = TcpStream::connect(("127.0.0.1", redis)).expect("Redis takes connections");
                let (mut replies, mut back) = (
                    server.try_clone().expect("a second handle"),
                    client.try_clone().expect("a second handle"),
                );
                let passing = accepting.clone();
                thread::spawn(move || io::copy(&mut replies, &mut back));
                thread::spawn(move || passing.pass(client, server));
            }
        });
        proxy
    }

    /// What comes from freshet goes to Redis, as much of it as may.
    fn pass(&self, mut client: TcpStream, mut server: TcpStream) -> io::Result<()> {
        let mut buffer = [0; 1024];
        loop {
            let length = client.read(&mut buffer)?;
            let bytes = i64::try_from(length).expect("small");
            let left = self.left.fetch_sub(bytes, Ordering::SeqCst);
            let passed = usize::try_from(left.clamp(0, bytes)).expect("not negative");
            server.write_all(&buffer[..passed])?;
            if length == 0 || passed < length {
                self.closed.fetch_or(length > 0, Ordering::SeqCst);
                server.shutdown(Shutdown::Write)?;
                return client.shutdown(Shutdown::Both);
            }
        }
    }

    fn cut_after(&self, bytes: i64) {
        self.left.store(bytes, Ordering::SeqCst);
    }

    fn open(&self) {
        self.left.store(i64::MAX, Ordering::SeqCst);
        self.closed.store(false, Ordering::SeqCst);
    }
}

#[test]
fn what_was_behind_the_cut_is_sent_again() {
    const EVENTS: i64 = 5_000;
    let (topic, redis) = (Topic::new(1), RedisServer::start());
    let proxy = Proxy::start(redis.port());
    let url = format!("redis://{}/0", proxy.listen);
    let freshet = Freshet::start_with(&configuration(&topic, &url, VIEWS), &["run"], &[]).ready();
    topic.wait_for_offsets(&[0]);
    let mut connection = redis.connect();
    let mut fill = redis::pipe();
    (0..=EVENTS).for_each(|shop| {
        fill.set(format!("shop:{shop}"), "cached").ignore();
    });
    fill.exec(&mut connection).expect("Redis takes the keys");

    // A key takes some 15 bytes, and a command 128 keys.
    proxy.cut_after(20_000);
    topic.send(0, &(0..EVENTS).map(|id| create(id, id)).collect::<Vec<_>>());
    wait_for_reason(&freshet, "redis: ");
    wait_for_retries(&freshet, 4.0);
    let left = redis.names();
    assert!((100..5_000).contains(&left.len()), "{} keys are left, of {EVENTS}", left.len());
    // An event's offset is its row's number, and its shop's.
    let committed = topic.offsets()[0];
    assert!(committed < EVENTS, "all are committed");
    for shop in 0..committed {
        assert!(
            !left.contains(&format!("shop:{shop}")),
            "shop {shop} is left, and {committed} are committed"
        );
    }

    proxy.open();
    redis.wait_for_names(&["shop:5000"]);
    topic.wait_for_offsets(&[EVENTS]);
    assert!(changes(&freshet) < 0.1, "it is the same node");
    freshet.ready();
}

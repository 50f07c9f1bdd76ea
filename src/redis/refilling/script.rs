//! What a reader does that misses, without waiting: its scripts are in `deploy/django`.

use redis::Cmd;

use super::super::lease::lease_of;

/// Longer than all that a value may take.
pub(super) const LEASE_MS: u64 = 10_000;

/// `KEYS`: the value and its lease. A token, and the lease's time in milliseconds.
const TAKE: &str = "
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
if redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
return 0
";

/// The token, the value, its time in milliseconds.
const FILL: &str = "
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[2])
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
";

/// The token.
const RELEASE: &str = "
if redis.call('GET', KEYS[2]) == ARGV[1] then return redis.call('DEL', KEYS[2]) end
return 0
";

pub(super) fn take(key: &str, lease: &str, token: &str) -> Cmd {
    let mut command = script(TAKE, key, lease, token);
    command.arg(LEASE_MS);
    command
}

pub(super) fn fill(key: &str, lease: &str, token: &str, value: &[u8], ttl_ms: u64) -> Cmd {
    let mut command = script(FILL, key, lease, token);
    command.arg(value).arg(ttl_ms);
    command
}

pub(super) fn release(key: &str, lease: &str, token: &str) -> Cmd {
    script(RELEASE, key, lease, token)
}

/// A command that may do what the others may, and does nothing where there is no such key.
pub fn probe(key: &str) -> Option<Cmd> {
    const SCRIPT: &str = "
redis.call('EXISTS', KEYS[1])
redis.call('GET', KEYS[2])
redis.call('SET', KEYS[1], '', 'PX', 1, 'XX')
redis.call('SET', KEYS[2], '', 'PX', 1, 'XX')
return redis.call('DEL', KEYS[2])
";
    lease_of(key).map(|lease| script(SCRIPT, key, &lease, ""))
}

fn script(script: &str, key: &str, lease: &str, token: &str) -> Cmd {
    let mut command = redis::cmd("EVAL");
    command.arg(script).arg(2).arg(key).arg(lease).arg(token);
    command
}

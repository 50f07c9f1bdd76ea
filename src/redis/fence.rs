//! Fences: how a value that freshet has written is kept from being replaced by an older one.
//!
//! Beside a written value `K` lies its fence `F`: how far in each partition of its tables the rows had been read that the
//! value was computed from. What must hold: once the effect of a change is acknowledged, nobody writes or stores a value from
//! before it; neither a copy that led, fell asleep and wakes up, nor a command that a broken connection delivers late,
//! nor a reader.
//!
//! - **A value is written only over a fence that it covers**: it was made of rows that were read as far or further in every
//!   partition. Value and fence are set, and `K`'s lease goes, in one script.
//! - **A fence that is missing, or not covered, leads through the lease.** A missing one says nothing of who is late: it may
//!   have expired or been evicted. The script deletes `K` and `F` and gives the writer the lease. The writer asks for the ends of
//!   the topics, reads on to them, and fills as a reader does, if the lease still holds its token; with a fence this time.
//! - **A fence counts for the value that was written with it**, which expires when it does, to the millisecond. Beside another, a
//!   reader's that was stored once ours had been evicted, it is missing.
//! - **A delete takes the fence along**, and first. Whoever writes late finds none, and goes through the lease. So the offset
//!   of an event may be committed after either: `K` holds what it led to, or is absent.
//! - **A renewal replaces nothing that is not its own**: no row changed, so what stands there is as good as it was, or newer.
//!   Where the key is absent it takes the lease, if nobody has it, and a fill follows.
//! - While a fill waits, further changes of its key keep the lease ([`Reply::Kept`]): the value is computed when
//!   the fill is sent, so theirs are in it. Were the lease taken anew each time, a key that changes often would never be
//!   written. The token is one of a kind for each taking, or a fill might take another's lease for its own.
//!
//! `tests/protocol` has this in all its interleavings (`warming`), and what goes wrong without each rule.

use std::sync::LazyLock;
use std::time::Duration;

use redis::{Cmd, ErrorKind, RedisResult, Value, from_redis_value};

use super::{beside, lease};

/// What the name of each fence begins with.
pub(super) const PREFIX: &str = "freshet:fence:";

/// How long the lease of a fill lasts. As long as that of a reader: until then others wait for it.
pub(super) const LEASE: Duration = Duration::from_secs(10);

/// `KEYS`: the value, its fence, its lease. `ARGV`: value, fence, time to live and hold in milliseconds (0: none), `XX` if a
/// hold is only for a lease that is there; then what the script itself takes.
const STORE: &str = "
local function store()
  redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
  if ARGV[4] == '0' then
    redis.call('DEL', KEYS[3])
  elseif ARGV[5] == 'XX' then
    redis.call('SET', KEYS[3], 'hold', 'PX', ARGV[4], 'XX')
  else
    redis.call('SET', KEYS[3], 'hold', 'PX', ARGV[4])
  end
  return 1
end
";

/// A new token, or none if no fill can follow; the one that a fill of this writer waits with; the lease's time; `renew` if no row
/// has changed.
const WRITE: &str = "
local stored = redis.call('GET', KEYS[2])
local covers = false
if stored and math.abs(redis.call('PTTL', KEYS[1]) - redis.call('PTTL', KEYS[2])) > 1 then stored = false end
if stored then
  local theirs, ours = string.gmatch(stored, '%S+'), string.gmatch(ARGV[2], '%S+')
  covers = theirs() == ours()
  while covers do
    local t, o = theirs(), ours()
    if not t and not o then break end
    covers = t and o and (tonumber(t) or math.huge) <= tonumber(o)
  end
end
if covers then return store() end
if ARGV[9] == 'renew' then
  if stored or ARGV[6] == '' or redis.call('PTTL', KEYS[1]) ~= -2 then return 4 end
  local held = redis.call('GET', KEYS[3])
  if held then return held == ARGV[7] and 2 or 4 end
  redis.call('SET', KEYS[3], ARGV[6], 'PX', ARGV[8])
  return 3
end
redis.call('UNLINK', KEYS[1], KEYS[2])
if ARGV[6] == '' then return 5 end
if ARGV[7] ~= '' and redis.call('GET', KEYS[3]) == ARGV[7] then
  redis.call('PEXPIRE', KEYS[3], ARGV[8])
  return 2
end
redis.call('SET', KEYS[3], ARGV[6], 'PX', ARGV[8])
return 3
";

/// The token.
const FILL: &str = "
if redis.call('GET', KEYS[3]) ~= ARGV[6] then return 0 end
return store()
";

static WRITES: LazyLock<String> = LazyLock::new(|| format!("{STORE}{WRITE}"));
static FILLS: LazyLock<String> = LazyLock::new(|| format!("{STORE}{FILL}"));

/// What became of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reply {
    /// A fill that came without its lease. Somebody else has seen to the key since.
    Refused,
    Written,
    /// The key is gone, and the lease is still the one that this writer's fill waits with.
    Kept,
    /// The key is gone, and the lease is this writer's from now on.
    Leased,
    /// A renewal found what it could not replace.
    Left,
    /// The key is gone.
    Gone,
}

impl Reply {
    pub(super) fn read(reply: Value) -> RedisResult<Self> {
        match from_redis_value::<i64>(reply)? {
            0 => Ok(Self::Refused),
            1 => Ok(Self::Written),
            2 => Ok(Self::Kept),
            3 => Ok(Self::Leased),
            4 => Ok(Self::Left),
            5 => Ok(Self::Gone),
            _ => Err((ErrorKind::UnexpectedReturnType, "a script's reply is none of its own").into()),
        }
    }
}

/// How long a lease is held after a write, in milliseconds, and whether only one that is there.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Hold {
    pub(super) millis: u64,
    pub(super) if_there: bool,
}

/// A value to write.
#[derive(Debug)]
pub(super) struct Fresh<'f> {
    pub(super) key: &'f str,
    pub(super) value: &'f [u8],
    pub(super) fence: &'f str,
    pub(super) ttl_ms: u64,
    pub(super) hold: Hold,
}

/// Whether a key can have a fence and a lease.
pub(super) fn can_be_written(key: &str) -> bool {
    beside::push_name(PREFIX, key.as_bytes(), &mut Vec::new())
}

/// The command that writes a value, or takes the lease with `token`, where there is one. `waiting` is the token of a fill that
/// waits.
pub(super) fn write(fresh: &Fresh<'_>, token: &str, waiting: Option<&str>, renews: bool) -> Cmd {
    let mut command = store(&WRITES, fresh);
    command.arg(token).arg(waiting.unwrap_or_default());
    command.arg(u64::try_from(LEASE.as_millis()).unwrap_or(u64::MAX)).arg(if renews { "renew" } else { "" });
    command
}

/// The command that writes a value under a lease.
pub(super) fn fill(fresh: &Fresh<'_>, token: &str) -> Cmd {
    let mut command = store(&FILLS, fresh);
    command.arg(token);
    command
}

fn with_names(script: &str, key: &str) -> Cmd {
    let key = key.as_bytes();
    let (mut fence, mut leased) = (Vec::new(), Vec::new());
    beside::push_name(PREFIX, key, &mut fence);
    beside::push_name(lease::PREFIX, key, &mut leased);
    let mut command = redis::cmd("EVAL");
    command.arg(script).arg(3).arg(key).arg(fence).arg(leased);
    command
}

fn store(script: &str, fresh: &Fresh<'_>) -> Cmd {
    let mut command = with_names(script, fresh.key);
    command.arg(fresh.value).arg(fresh.fence).arg(fresh.ttl_ms).arg(fresh.hold.millis);
    command.arg(if fresh.hold.if_there { "XX" } else { "" });
    command
}

/// A command that may do what the others may, and does nothing where there is no such key.
pub fn probe(key: &str) -> Option<Cmd> {
    const SCRIPT: &str = "
redis.call('GET', KEYS[2])
redis.call('PTTL', KEYS[2])
redis.call('SET', KEYS[1], '', 'PX', 1, 'XX')
redis.call('SET', KEYS[2], '', 'PX', 1, 'XX')
redis.call('PEXPIRE', KEYS[3], 1)
redis.call('DEL', KEYS[3])
return redis.call('UNLINK', KEYS[1], KEYS[2])
";
    can_be_written(key).then(|| with_names(SCRIPT, key))
}

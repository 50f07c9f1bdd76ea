use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Cmd, ErrorKind, Pipeline, RedisError, RedisResult, Value, from_redis_value};

use super::{beside, fence, lease};
use crate::catalog::View;

/// Keys in one `UNLINK`: few enough that other clients' commands get between, enough that a reply is cheap.
const KEYS_PER_COMMAND: usize = 128;

/// What a hold holds: no reader's token is spelled so.
const HELD: &str = "hold";

/// How the leases that were given before a deletion are revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revoke {
    /// They go, and another may be given at once.
    Unlink,
    /// None is given for so long.
    Hold(Duration),
    /// The same where there is one. Where there is none, another may be given at once.
    HoldIfThere(Duration),
}

/// What goes along with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Along {
    pub lease: Revoke,
    /// Its fence does, since freshet writes values of the view.
    pub fence: bool,
}

impl Along {
    /// With a key that an event names.
    pub fn of_key(view: &View) -> Self {
        Self { lease: view.hold.map_or(Revoke::Unlink, Revoke::Hold), fence: view.warm.is_some() }
    }

    /// With a key that goes with its family, or a second time: it may not be there, and a hold would be kept for each that ever
    /// was; and of what a later event holds nothing is cut short.
    pub fn if_there(view: &View) -> Self {
        Self { lease: view.hold.map_or(Revoke::Unlink, Revoke::HoldIfThere), fence: view.warm.is_some() }
    }
}

/// What a deletion did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Deleted {
    /// How many keys existed. Leases do not count.
    pub keys: u64,
    /// How many holds Redis refused, so that their leases were deleted instead.
    pub refused_holds: u64,
}

impl Deleted {
    pub(super) fn add(&mut self, more: Self) {
        self.keys += more.keys;
        self.refused_holds += more.refused_holds;
    }
}

/// Deletes the fences of these keys, revokes their leases and deletes the keys, in this order. Each command's own reply is
/// read.
pub async fn delete<'k>(
    redis: &mut MultiplexedConnection,
    keys: impl Iterator<Item = (&'k [u8], Along)> + Clone,
) -> RedisResult<Deleted> {
    let (mut deleted, refused) = Commands::of(keys.clone()).send(redis).await?;
    if !refused.is_empty() {
        // Their keys were deleted before their leases, so a fill may have come between: both go, in the right order.
        let held = keys.enumerate().filter(|(place, _)| refused.binary_search(place).is_ok());
        let unlink = |along| Along { lease: Revoke::Unlink, ..along };
        let (again, _) = Commands::of(held.map(|(_, (key, along))| (key, unlink(along)))).send(redis).await?;
        deleted.add(Deleted { keys: again.keys, refused_holds: refused.len() as u64 });
    }
    Ok(deleted)
}

/// What a command is for, and so what its reply says.
#[derive(Debug, Clone, Copy)]
enum Of {
    Keys,
    /// Leases or fences.
    Beside,
    /// The hold of the key in this place.
    Hold(usize),
}

/// The commands that delete keys. The names of what lies beside them are written into one buffer, so that a key costs no allocation.
struct Commands {
    pipeline: Pipeline,
    of: Vec<Of>,
    name: Vec<u8>,
}

impl Commands {
    fn of<'k>(keys: impl Iterator<Item = (&'k [u8], Along)>) -> Self {
        let mut commands = Self { pipeline: redis::pipe(), of: Vec::new(), name: Vec::new() };
        // By default one error would hide the other replies.
        commands.pipeline.ignore_errors();
        let mut keys = keys.enumerate().peekable();
        while keys.peek().is_some() {
            let unlink = || redis::cmd("UNLINK");
            let (mut fences, mut leases, mut values) = (unlink(), unlink(), unlink());
            let (mut any_fence, mut any_lease) = (false, false);
            let mut holds = Vec::new();
            for (place, (key, along)) in keys.by_ref().take(KEYS_PER_COMMAND) {
                values.arg(key);
                commands.name.clear();
                if along.fence && beside::push_name(fence::PREFIX, key, &mut commands.name) {
                    fences.arg(&commands.name[..]);
                    any_fence = true;
                    commands.name.clear();
                }
                if !beside::push_name(lease::PREFIX, key, &mut commands.name) {
                    continue;
                }
                match along.lease {
                    Revoke::Unlink => {
                        leases.arg(&commands.name[..]);
                        any_lease = true;
                    }
                    Revoke::Hold(time) => holds.push((commands.hold(time, false), place)),
                    Revoke::HoldIfThere(time) => holds.push((commands.hold(time, true), place)),
                }
            }
            if any_fence {
                commands.push(fences, Of::Beside);
            }
            for (hold, place) in holds {
                commands.push(hold, Of::Hold(place));
            }
            if any_lease {
                commands.push(leases, Of::Beside);
            }
            commands.push(values, Of::Keys);
        }
        commands
    }

    fn hold(&self, time: Duration, if_there: bool) -> Cmd {
        let mut set = redis::cmd("SET");
        set.arg(&self.name[..]).arg(HELD).arg("PX").arg(u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
        if if_there {
            set.arg("XX");
        }
        set
    }

    fn push(&mut self, command: Cmd, of: Of) {
        self.pipeline.add_command(command);
        self.of.push(of);
    }

    /// Returns the places of the keys whose hold was refused too.
    async fn send(self, redis: &mut MultiplexedConnection) -> RedisResult<(Deleted, Vec<usize>)> {
        if self.of.is_empty() {
            return Ok(Default::default());
        }
        let replies: Vec<RedisResult<Value>> = self.pipeline.query_async(redis).await?;
        if replies.len() != self.of.len() {
            return Err(
                (ErrorKind::UnexpectedReturnType, "another number of replies than of commands").into()
            );
        }
        let (mut deleted, mut refused) = (Deleted::default(), Vec::new());
        for (of, reply) in self.of.iter().zip(replies) {
            match (of, reply) {
                (Of::Hold(place), Err(error)) if takes_no_write(&error) => refused.push(*place),
                (Of::Keys, reply) => deleted.keys += from_redis_value::<u64>(reply?)?,
                (Of::Beside | Of::Hold(_), reply) => drop(reply?),
            }
        }
        Ok((deleted, refused))
    }
}

/// Whether Redis refuses to write and would delete: its memory is full and it evicts nothing, or, behind a proxy or a later
/// Redis, what stands there is of another kind. Everything else stops a deletion as well.
pub(super) fn takes_no_write(error: &RedisError) -> bool {
    matches!(error.code(), Some("OOM" | "WRONGTYPE"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The commands as words, each on a line.
    fn words(keys: &[(&str, Revoke)]) -> Vec<String> {
        along(keys, false)
    }

    fn along(keys: &[(&str, Revoke)], fence: bool) -> Vec<String> {
        let keys = keys.iter().map(|(key, lease)| (key.as_bytes(), Along { lease: *lease, fence }));
        let commands = Commands::of(keys);
        assert_eq!(commands.of.len(), commands.pipeline.len());
        let word = |argument: redis::Arg<&[u8]>| match argument {
            redis::Arg::Simple(word) => String::from_utf8_lossy(word).into_owned(),
            _ => panic!("no word"),
        };
        let line = |command: &Cmd| command.args_iter().map(word).collect::<Vec<_>>().join(" ");
        commands.pipeline.cmd_iter().map(line).collect()
    }

    #[test]
    fn leases_go_before_their_keys() {
        assert_eq!(words(&[]), [""; 0]);
        assert_eq!(
            words(&[("shop:1", Revoke::Unlink), ("a}b", Revoke::Unlink), ("{a}:1", Revoke::Unlink)]),
            ["UNLINK freshet:lease:{shop:1} freshet:lease:{a}:1", "UNLINK shop:1 a}b {a}:1"]
        );
        assert_eq!(words(&[("a}b", Revoke::Unlink)]), ["UNLINK a}b"]);
    }

    #[test]
    fn a_hold_is_set_before_its_key_goes() {
        let hold = Duration::from_millis(500);
        assert_eq!(
            words(&[("a", Revoke::Hold(hold)), ("b", Revoke::Unlink), ("c", Revoke::HoldIfThere(hold))]),
            [
                "SET freshet:lease:{a} hold PX 500",
                "SET freshet:lease:{c} hold PX 500 XX",
                "UNLINK freshet:lease:{b}",
                "UNLINK a b c"
            ]
        );
    }

    #[test]
    fn a_fence_goes_before_all_else() {
        assert_eq!(
            along(&[("a", Revoke::Unlink), ("a}b", Revoke::Unlink)], true),
            ["UNLINK freshet:fence:{a}", "UNLINK freshet:lease:{a}", "UNLINK a a}b"]
        );
        let hold = Revoke::Hold(Duration::from_millis(500));
        assert_eq!(
            along(&[("a", hold)], true),
            ["UNLINK freshet:fence:{a}", "SET freshet:lease:{a} hold PX 500", "UNLINK a"]
        );
    }

    #[test]
    fn many_keys_are_several_commands() {
        let keys: Vec<String> = (0..=KEYS_PER_COMMAND).map(|n| n.to_string()).collect();
        let keys: Vec<_> = keys.iter().map(|key| (key.as_str(), Revoke::Unlink)).collect();
        let lengths: Vec<_> = words(&keys).iter().map(|line| line.split(' ').count() - 1).collect();
        assert_eq!(lengths, [KEYS_PER_COMMAND, KEYS_PER_COMMAND, 1, 1]);
    }

    #[test]
    fn a_full_redis_takes_no_hold_and_a_forbidden_one_is_an_error() {
        for (reply, expected) in [
            ("OOM command not allowed when used memory > 'maxmemory'.", true),
            ("WRONGTYPE Operation against a key holding the wrong kind of value", true),
            ("NOPERM User app has no permissions to run the 'set' command", false),
            ("READONLY You can't write against a read only replica.", false),
        ] {
            let error = redis::parse_redis_value(format!("-{reply}\r\n").as_bytes())
                .and_then(Value::extract_error)
                .expect_err("an error reply");
            assert_eq!(takes_no_write(&error), expected, "{reply}");
        }
    }
}

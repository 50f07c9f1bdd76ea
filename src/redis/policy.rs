use redis::{ErrorKind, RedisError, ServerErrorKind};

/// What to do about an error of Redis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// The connection is in doubt: connect anew and do it again.
    Reconnect,
    /// The server answered, and may answer otherwise soon: do it again.
    Retry,
    /// The server refuses for good. Nothing goes on until a person has changed that; until then it is tried again.
    Refused,
}

/// The one place where an error's kind decides.
pub fn policy(error: &RedisError) -> Policy {
    match error.kind() {
        ErrorKind::Server(
            ServerErrorKind::BusyLoading
            | ServerErrorKind::TryAgain
            | ServerErrorKind::MasterDown
            | ServerErrorKind::ClusterDown,
        ) => Policy::Retry,
        // After a failover the old primary is read-only; a new connection finds the new one.
        ErrorKind::Server(ServerErrorKind::ReadOnly) => Policy::Reconnect,
        ErrorKind::Server(_) | ErrorKind::AuthenticationFailed | ErrorKind::InvalidClientConfig => {
            Policy::Refused
        }
        // `-MISCONF`, `-BUSY` and the like end when their cause does; `-WRONGPASS` and `-NOAUTH` do not.
        ErrorKind::Extension => match error.code() {
            Some("WRONGPASS" | "NOAUTH") => Policy::Refused,
            _ => Policy::Retry,
        },
        _ => Policy::Reconnect,
    }
}

/// Whether the user may not do it, or not in a script.
pub fn is_denied(error: &RedisError) -> bool {
    let in_a_script = |detail: &str| detail.contains("user executing the script can't");
    error.kind() == ErrorKind::Server(ServerErrorKind::NoPerm) || error.detail().is_some_and(in_a_script)
}

/// What a person can do about it.
pub(super) fn remedy(error: &RedisError) -> &'static str {
    match error.code() {
        Some("WRONGPASS" | "NOAUTH") => "give the user's name and password in `redis.url`",
        _ if is_denied(error) => {
            "permit the user the command and the keys; `freshet check` says which it needs"
        }
        Some("OOM") => "raise `maxmemory`, or choose an eviction policy",
        Some("MISCONF") => "the server cannot save its data; its log says why",
        Some("READONLY") => "`redis.url` leads to a replica; name the primary",
        Some("LOADING") => "none is needed: it loads its data",
        _ if error.kind() == ErrorKind::AuthenticationFailed => {
            "give the user's name and password in `redis.url`"
        }
        _ if policy(error) == Policy::Reconnect => {
            "see that the server runs, and that `redis.url` leads to it"
        }
        _ => "see the server's log",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_of_an_error_decides() {
        for (code, expected) in [
            ("LOADING", Policy::Retry),
            ("TRYAGAIN", Policy::Retry),
            ("MISCONF", Policy::Retry),
            ("OOM", Policy::Retry),
            ("READONLY", Policy::Reconnect),
            ("NOPERM", Policy::Refused),
            ("ERR", Policy::Refused),
            ("WRONGPASS", Policy::Refused),
        ] {
            let error = redis::parse_redis_value(format!("-{code} detail\r\n").as_bytes())
                .and_then(redis::Value::extract_error)
                .expect_err("an error reply");
            assert_eq!(policy(&error), expected, "{code}");
        }
        let io = RedisError::from(std::io::Error::from(std::io::ErrorKind::BrokenPipe));
        assert_eq!(policy(&io), Policy::Reconnect);
    }
}

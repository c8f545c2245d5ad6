//! What Redis's answers mean: for the caller, and for the connection they came over.

use redis::{ErrorKind, RedisError};

use crate::store::StoreError;

/// What an error says about the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cure {
    /// The connection is fine.
    Keep,
    /// No answer in time: perhaps a slow server, perhaps a dead link. Some of these in a row replace
    /// the connection.
    Count,
    /// The connection is dead or leads to the wrong server: replace it.
    Replace,
}

/// What an error code means to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Away,
    /// Away, with what an operator can do about it.
    Hint(&'static str),
    Full,
    Corrupt,
    Misuse(&'static str),
}

const CLUSTER_HINT: &str = "if this Redis is a cluster, its address needs `?cluster=true`";

/// Every code of a server that has a meaning of its own, by the first word of its error. Any other
/// is tried later: `ERR` says everything from "max number of clients reached" to a proxy's mood.
const CODES: [(&str, Meaning, Cure); 20] = [
    // A failover has happened or is happening: the client alone never leaves a demoted primary.
    ("READONLY", Meaning::Away, Cure::Replace),
    ("MASTERDOWN", Meaning::Away, Cure::Replace),
    ("NOREPLICAS", Meaning::Away, Cure::Replace),
    ("UNBLOCKED", Meaning::Away, Cure::Replace),
    // The server is there and will recover.
    ("LOADING", Meaning::Away, Cure::Keep),
    ("BUSY", Meaning::Away, Cure::Keep),
    ("CLUSTERDOWN", Meaning::Away, Cure::Keep),
    ("TRYAGAIN", Meaning::Away, Cure::Keep),
    ("NOSCRIPT", Meaning::Away, Cure::Keep),
    ("NOTREADY", Meaning::Away, Cure::Keep),
    // An operator can repair these while we run.
    (
        "NOAUTH",
        Meaning::Hint("the address needs a password"),
        Cure::Replace,
    ),
    (
        "WRONGPASS",
        Meaning::Hint("the password is not taken"),
        Cure::Replace,
    ),
    (
        "NOPERM",
        Meaning::Hint("the user lacks a permission"),
        Cure::Keep,
    ),
    // No memory, or no disk for its snapshot.
    ("OOM", Meaning::Full, Cure::Keep),
    ("MISCONF", Meaning::Full, Cure::Keep),
    // Ours, from the scripts, and Redis's own.
    ("CORRUPT", Meaning::Corrupt, Cure::Keep),
    ("WRONGTYPE", Meaning::Corrupt, Cure::Keep),
    // A cluster's client follows these by itself and gives up only while slots move.
    ("MOVED", Meaning::Hint(CLUSTER_HINT), Cure::Replace),
    ("ASK", Meaning::Hint(CLUSTER_HINT), Cure::Replace),
    (
        "CROSSSLOT",
        Meaning::Misuse("keys of one call in several slots"),
        Cure::Keep,
    ),
];

/// Judges an error of a call.
pub(super) fn judge(error: RedisError) -> (StoreError, Cure) {
    if error.is_timeout() {
        return (StoreError::Away(error.into()), Cure::Count);
    }
    let Some(code) = error.code() else {
        return judge_client(error);
    };
    let known = CODES.iter().find(|(known, _, _)| *known == code);
    let (meaning, cure) = known.map_or((unknown(&error), Cure::Keep), |(_, m, c)| (*m, *c));
    let error = match meaning {
        Meaning::Away => StoreError::Away(error.into()),
        Meaning::Hint(hint) => StoreError::Away(anyhow::Error::from(error).context(hint)),
        Meaning::Full => StoreError::Full(error.into()),
        Meaning::Corrupt => StoreError::Corrupt(error.to_string()),
        Meaning::Misuse(why) => StoreError::Misuse(format!("{why} ({error})")),
    };
    (error, cure)
}

fn unknown(error: &RedisError) -> Meaning {
    // What Redis 6 says to the first line of every script.
    if error
        .detail()
        .is_some_and(|text| text.contains("compiling script"))
    {
        return Meaning::Misuse("Redis 7.0 or Valkey is needed");
    }
    Meaning::Away
}

/// The server's words where it answers and says no to us: an unknown user or password, a permission that
/// lacks. To a bot that serves it is away, because an operator can repair that while it runs.
pub fn refusal(error: &StoreError) -> Option<String> {
    let StoreError::Away(why) = error else {
        return None;
    };
    let said = why.downcast_ref::<RedisError>()?;
    let coded = |code| ["NOAUTH", "WRONGPASS", "NOPERM"].contains(&code);
    // So the client calls it where a new connection is refused.
    let says_no = said.code().is_some_and(coded) || said.kind() == ErrorKind::AuthenticationFailed;
    says_no.then(|| match said.detail() {
        Some(detail) => format!("{why}: {detail}"),
        None => why.to_string(),
    })
}

/// Errors that no server sent.
fn judge_client(error: RedisError) -> (StoreError, Cure) {
    match error.kind() {
        ErrorKind::UnexpectedReturnType => (StoreError::Corrupt(error.to_string()), Cure::Keep),
        ErrorKind::InvalidClientConfig => (StoreError::Misuse(error.to_string()), Cure::Keep),
        _ => (StoreError::Away(error.into()), Cure::Replace),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Retry;

    fn server(line: &str) -> RedisError {
        let text = format!("-{line}\r\n");
        redis::parse_redis_value(text.as_bytes())
            .and_then(redis::Value::extract_error)
            .unwrap_err()
    }

    #[test]
    fn codes_of_a_failover_replace_the_connection_and_are_tried_later() {
        for line in [
            "READONLY You can't write against a read only replica.",
            "MASTERDOWN Link with MASTER is down",
            "NOREPLICAS Not enough good replicas to write.",
        ] {
            let (error, cure) = judge(server(line));
            assert_eq!(
                (error.retry(), cure),
                (Retry::Later, Cure::Replace),
                "{line}"
            );
        }
    }

    #[test]
    fn a_full_server_is_told_from_one_that_is_away() {
        for (line, full) in [
            (
                "OOM command not allowed when used memory > 'maxmemory'.",
                true,
            ),
            ("MISCONF Redis is configured to save RDB snapshots", true),
            ("LOADING Redis is loading the dataset in memory", false),
            ("BUSY Redis is busy running a script.", false),
            ("ERR max number of clients reached", false),
        ] {
            let (error, cure) = judge(server(line));
            assert_eq!(matches!(error, StoreError::Full(_)), full, "{line}");
            assert_eq!((error.retry(), cure), (Retry::Later, Cure::Keep), "{line}");
        }
    }

    #[test]
    fn faults_in_data_and_use_are_never_tried_again() {
        for line in [
            "CORRUPT doc",
            "WRONGTYPE Operation against a key holding the wrong kind of value",
            "ERR Error compiling script (new function): user_script:1: unexpected symbol near '#'",
            "CROSSSLOT Keys in request don't hash to the same slot",
        ] {
            let (error, cure) = judge(server(line));
            assert_eq!((error.retry(), cure), (Retry::Never, Cure::Keep), "{line}");
        }
    }

    #[test]
    fn a_servers_no_is_told_from_its_absence() {
        let told = |line| refusal(&judge(server(line)).0);
        let lacks = told("NOPERM this user has no permissions to run the 'xadd' command");
        assert!(lacks.unwrap().starts_with("the user lacks a permission: "));
        assert!(told("WRONGPASS invalid username-password pair").is_some());
        for line in ["LOADING Redis is loading", "OOM command not allowed"] {
            assert_eq!(told(line), None, "{line}");
        }
    }

    #[test]
    fn time_outs_are_counted_and_broken_links_replaced() {
        let io = |kind: std::io::ErrorKind| RedisError::from(std::io::Error::from(kind));
        assert_eq!(judge(io(std::io::ErrorKind::TimedOut)).1, Cure::Count);
        assert_eq!(judge(io(std::io::ErrorKind::BrokenPipe)).1, Cure::Replace);
        assert_eq!(
            judge(io(std::io::ErrorKind::ConnectionReset)).1,
            Cure::Replace
        );
    }
}

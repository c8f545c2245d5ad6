//! Turns Redis's answers into the contract's types; what we did not write is `Corrupt`.

use redis::{Cmd, FromRedisValue, Value, from_redis_value};

use super::RedisStore;
use crate::id::RequestId;
use crate::store::lane::Millis;
use crate::store::{
    Claim, Claims, CommitId, Committed, Lane, Record, Result, Revision, Standing, StoreError,
    Token, Version,
};

impl RedisStore {
    /// Sends a command that only reads.
    pub(super) async fn read<T: FromRedisValue + Send>(&self, cmd: &Cmd) -> Result<T> {
        self.link
            .call(|mut conn| async move { cmd.query_async(&mut conn).await })
            .await
    }
}

/// The answer to a commit.
pub(super) fn committed(answer: &[String]) -> Result<Committed> {
    let word = answer.first().map(String::as_str).unwrap_or_default();
    let rest = answer.get(1).map(String::as_str).unwrap_or_default();
    match word {
        "applied" => Ok(Committed::Applied(revision(rest)?)),
        "already" => Ok(Committed::AlreadyApplied(revision(rest)?)),
        "duplicate" => Ok(Committed::Duplicate(id(rest)?)),
        "fenced" => Ok(Committed::Fenced),
        "conflict" => Ok(Committed::Conflict),
        _ => Err(corrupt("answer to a commit", word)),
    }
}

/// The fields of a document, in the order `revision commits body standing`.
pub(super) fn record(
    id: &RequestId,
    fields: (
        Option<String>,
        Option<String>,
        Option<String>,
        Option<String>,
    ),
) -> Result<Option<Record>> {
    let (count, commits, body, standing) = match fields {
        (None, None, None, None) => return Ok(None),
        (Some(count), Some(commits), Some(body), Some(standing)) => {
            (count, commits, body, standing)
        }
        _ => return Err(corrupt("document with missing fields", id.as_str())),
    };
    let mut commits = commits.split(' ').map(|id| CommitId(id.to_owned()));
    let newest = commits.next().unwrap_or_else(|| CommitId(String::new()));
    Ok(Some(Record {
        id: id.clone(),
        version: Version {
            revision: revision(&count)?,
            commit: newest,
        },
        past: commits.collect(),
        body,
        standing: Standing::named(&standing).ok_or_else(|| corrupt("standing", &standing))?,
    }))
}

/// The answer to a claim call: the clock, the next alarm, and the claims.
pub(super) fn claims(answer: Vec<Value>) -> Result<Claims> {
    let mut parts = answer.into_iter();
    let mut number = || -> Result<i64> {
        let value = parts.next().unwrap_or(Value::Nil);
        from_redis_value(value).map_err(|error| corrupt("answer to a claim", &error.to_string()))
    };
    let (now, next) = (number()?, number()?);
    Ok(Claims {
        now: Millis(now).time(),
        next_due: (next >= 0).then(|| Millis(next).time()),
        claims: parts.filter_map(claim).collect(),
    })
}

/// A shard's part of the answer to a call for several: claims, or what is wrong with its keys.
pub(super) fn claims_of_one(answer: Value) -> Result<Claims> {
    match answer {
        Value::Array(parts) => claims(parts),
        wrong => Err(StoreError::Corrupt(
            from_redis_value(wrong).unwrap_or_else(|error| error.to_string()),
        )),
    }
}

/// One claim. An alarm under a name that is no request's must not stop the others: it is passed
/// over, and its lease keeps it away for a while.
fn claim(value: Value) -> Option<Claim> {
    let parsed: Result<(String, String, u64, u32, i64), _> = from_redis_value(value);
    let (lane, id, token, attempt, due) = parsed
        .inspect_err(|error| tracing::warn!(%error, "a claim that cannot be read"))
        .ok()?;
    let lane = Lane::ALL.into_iter().find(|known| known.name() == lane)?;
    let id = id
        .parse()
        .inspect_err(|error| tracing::warn!(%error, "an alarm under a foreign name"))
        .ok()?;
    Some(Claim {
        id,
        lane,
        token: Token(token),
        attempt,
        due: Millis(due).time(),
    })
}

/// An id that Redis holds.
pub(super) fn id(text: &str) -> Result<RequestId> {
    text.parse().map_err(|_| corrupt("request id", text))
}

fn revision(text: &str) -> Result<Revision> {
    let number = text.parse().map_err(|_| corrupt("revision", text))?;
    Ok(Revision(number))
}

/// Redis holds what we did not write.
pub(super) fn corrupt(what: &str, found: &str) -> StoreError {
    StoreError::Corrupt(format!("{what}: `{found}`"))
}

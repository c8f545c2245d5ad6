//! Writes that count only when a replica has them: see [`super::replicas`].
//!
//! Where a replica was there lately, `WAIT` is sent right behind the write, so that a decision costs one trip to the
//! server. In a cluster, and where nobody knows of a replica yet, it costs two or three.

use redis::aio::ConnectionLike;
use redis::{ErrorKind, FromRedisValue, RedisResult, ServerErrorKind, Value};

use super::RedisStore;
use super::call::Call;
use super::conn::Conn;
use super::link::Counters;
use super::replicas::{Copies, Home, wait};
use crate::store::{Result, StoreError};

/// A script's own answer to a commit: a word, and what belongs to it.
pub(super) type Answer = Vec<String>;

/// Whether what was asked for is written, by this call or one before it; of another delivery's request (a duplicate)
/// that one is told.
pub(super) trait Stands {
    fn stands(&self) -> bool;
}

impl Stands for bool {
    fn stands(&self) -> bool {
        *self
    }
}

impl Stands for Answer {
    fn stands(&self) -> bool {
        !matches!(
            self.first().map(String::as_str),
            Some("fenced" | "conflict" | "duplicate")
        )
    }
}

impl RedisStore {
    /// Runs a change of what is at `home`, where `key` is one of the keys, and waits until a replica has it, where
    /// there is one; for a lane, `in_turn`.
    pub(super) async fn run_surely<T: FromRedisValue + Send + Stands>(
        &self,
        call: &Call<'_>,
        (home, key): (Home, &str),
        in_turn: bool,
    ) -> Result<T> {
        let home = self.together.home(home);
        let link = if in_turn { &self.lanes } else { &self.sure };
        let (answer, copies) = link
            .call(|conn| self.surely(conn, call, (home, key), in_turn))
            .await?;
        if copies == Copies::Safe {
            return Ok(answer);
        }
        Counters::add(&self.counters.unreplicated);
        if copies == Copies::Vanished {
            // Perhaps a failover: look for the primary again before anything else is written.
            self.link.dial_again();
            self.sure.dial_again();
            self.lanes.dial_again();
            self.replicas.look_again();
        }
        Err(StoreError::Unreplicated)
    }

    async fn surely<T: FromRedisValue + Stands>(
        &self,
        mut conn: Conn,
        call: &Call<'_>,
        (home, key): (Home, &str),
        in_turn: bool,
    ) -> RedisResult<(T, Copies)> {
        let replicas = &self.replicas;
        if !in_turn
            && replicas.are_expected_at(home)
            && let Some((answer, waited)) = with_wait::<T>(&mut conn, call).await?
        {
            let copies = if answer.stands() {
                replicas.judge_wait(waited, &mut conn, home, key).await?
            } else {
                Copies::Safe
            };
            return Ok((answer, copies));
        }
        let answer: T = call.invocation().invoke_async(&mut conn).await?;
        // Where nothing was written, that is the answer: nobody may be told that it was.
        let copies = match (answer.stands(), in_turn) {
            (false, _) => Copies::Safe,
            (true, false) => replicas.have(&mut conn, home, key).await?,
            (true, true) => replicas.have_in_turn(&mut conn, home, key).await?,
        };
        Ok((answer, copies))
    }
}

/// Sends a change and `WAIT` behind it, and gives both answers. `None`, and nothing was changed: the server does not
/// know the script, or a cluster's client would send `WAIT` elsewhere.
async fn with_wait<T: FromRedisValue>(
    conn: &mut Conn,
    call: &Call<'_>,
) -> RedisResult<Option<(T, Value)>> {
    if matches!(conn, Conn::Cluster(_)) {
        return Ok(None);
    }
    let mut both = redis::pipe();
    both.invoke_script(&call.invocation()).add_command(wait());
    let answers = conn.req_packed_commands(&both, 0, both.len()).await?;
    let [answer, waited] = <[Value; 2]>::try_from(answers)
        .map_err(|_| (ErrorKind::UnexpectedReturnType, "two commands, two answers"))?;
    match answer.extract_error() {
        Err(error) if error.kind() == ErrorKind::Server(ServerErrorKind::NoScript) => Ok(None),
        answer => Ok(Some((redis::from_redis_value(answer?)?, waited))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_written_under_the_id_that_was_asked_for_waits_for_a_copy() {
        for (word, stands) in [
            ("applied", true),
            ("already", true),
            ("fenced", false),
            ("conflict", false),
            // The id is another one: nobody may be told that theirs is recorded.
            ("duplicate", false),
        ] {
            let answer: Answer = vec![word.to_owned(), "1".to_owned()];
            assert_eq!(answer.stands(), stands, "{word}");
        }
    }
}

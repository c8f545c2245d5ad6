//! A Redis stream elsewhere: `XADD KEY <seq>-0 record <line>`.
//!
//! # Guarantees
//! Each record is in the stream once: the entry's id is the record's number, and Redis refuses an id that
//! is not larger than the last. A refused one counts as taken only if the stream has exactly this entry;
//! what somebody else adds makes the sink refuse, and never skip.
//!
//! # Assumptions
//! Nothing else writes to this key. How long entries stay is that Redis' matter: nothing is trimmed here.
//! The user may `XADD`, `XRANGE` and `XREVRANGE`.

use std::time::Duration;

use anyhow::{Context as _, anyhow};
use async_trait::async_trait;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisError, Value};

use super::{Batch, Sink, Trouble};
use crate::audit::{Head, Record};
use crate::secret::Secret;

/// Longest wait for a connection, and for each answer.
const ANSWER: Duration = Duration::from_secs(5);

/// The field of an entry that holds the line.
const FIELD: &str = "record";

/// Adds entries to a stream.
#[derive(Debug)]
pub struct StreamSink {
    redis: Secret,
    key: String,
    connection: Option<Connection>,
}

struct Connection(MultiplexedConnection);

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Connection")
    }
}

impl StreamSink {
    /// A sink at this address and key; it connects at its first call.
    pub const fn new(redis: Secret, key: String) -> Self {
        Self {
            redis,
            key,
            connection: None,
        }
    }

    async fn connected(&mut self) -> Result<MultiplexedConnection, Trouble> {
        if let Some(Connection(connection)) = &self.connection {
            return Ok(connection.clone());
        }
        // The error of an address may repeat it: it can hold a password.
        let client = Client::open(self.redis.expose())
            .map_err(|_| Trouble::Refused(anyhow!("the Redis address cannot be used")))?;
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(ANSWER))
            .set_response_timeout(Some(ANSWER));
        let connected = client.get_multiplexed_async_connection_with_config(&config);
        let connection = connected.await.map_err(trouble)?;
        self.connection = Some(Connection(connection.clone()));
        Ok(connection)
    }

    async fn ask(&mut self, command: &redis::Cmd) -> Result<Value, RedisOr> {
        let mut connection = self.connected().await.map_err(RedisOr::Trouble)?;
        let answer = command.query_async(&mut connection).await;
        answer.map_err(|error: RedisError| {
            if error.code() != Some("ERR") {
                // A new one may find the primary again.
                self.connection = None;
            }
            RedisOr::Redis(error)
        })
    }

    /// Whether the stream holds exactly this line there, as after a crash or beside another replica.
    async fn compare(&mut self, id: &str, line: &str) -> Result<(), Trouble> {
        let mut range = redis::cmd("XRANGE");
        range.arg(&self.key).arg(id).arg(id);
        let there = entries(self.ask(&range).await?)?;
        let told = |(name, text): &(String, String)| name == FIELD && text == line;
        match there.as_slice() {
            [(_, fields)] if matches!(fields.as_slice(), [field] if told(field)) => Ok(()),
            there => {
                let what = match there {
                    [] => "it goes beyond it without it",
                    _ => "its entry holds something else",
                };
                let why = anyhow!(
                    "the stream does not take record {id}: {what}; it is of another ledger, or somebody \
                     else writes to it"
                );
                Err(Trouble::Refused(why))
            }
        }
    }
}

/// Entries of a stream: ids and fields.
type Entries = Vec<(String, Vec<(String, String)>)>;

/// Why there is no answer: the error itself where its words matter.
enum RedisOr {
    Redis(RedisError),
    Trouble(Trouble),
}

impl From<RedisOr> for Trouble {
    fn from(error: RedisOr) -> Self {
        match error {
            RedisOr::Redis(error) => trouble(error),
            RedisOr::Trouble(trouble) => trouble,
        }
    }
}

fn trouble(error: RedisError) -> Trouble {
    let refused = matches!(
        error.code(),
        Some("WRONGTYPE" | "NOPERM" | "NOAUTH" | "WRONGPASS")
    );
    let error = anyhow::Error::from(error).context("the Redis of the sink");
    if refused {
        Trouble::Refused(error)
    } else {
        Trouble::Later(error, None)
    }
}

/// Whether Redis says that the stream has this number, or a larger one, already.
fn is_beyond(error: &RedisError) -> bool {
    let words = error.detail().unwrap_or_default();
    error.code() == Some("ERR")
        && words.contains("equal or smaller than the target stream top item")
}

fn entries(answer: Value) -> Result<Entries, Trouble> {
    redis::from_redis_value(answer)
        .map_err(|_| Trouble::Refused(anyhow!("the stream holds what is no text")))
}

#[async_trait]
impl Sink for StreamSink {
    fn keeps_place(&self) -> bool {
        true
    }

    fn compares(&self) -> bool {
        true
    }

    async fn end(&mut self) -> Result<Option<Head>, Trouble> {
        let last = redis::cmd("XREVRANGE")
            .arg(&self.key)
            .arg(&["+", "-", "COUNT", "1"])
            .to_owned();
        let answer = self.ask(&last).await?;
        let Some((_, fields)) = entries(answer)?.into_iter().next() else {
            return Ok(None);
        };
        let line = fields.into_iter().find(|(name, _)| name == FIELD);
        let record = line.and_then(|(_, line)| serde_json::from_str::<Record>(&line).ok());
        let record = record.context("the stream's last entry is no record of a ledger");
        record
            .map(|record| Some(record.head()))
            .map_err(Trouble::Refused)
    }

    async fn take(&mut self, batch: &Batch) -> Result<(), Trouble> {
        for (head, line) in &batch.records {
            let id = format!("{}-0", head.seq);
            let mut add = redis::cmd("XADD");
            add.arg(&self.key).arg(&id).arg(FIELD).arg(line);
            match self.ask(&add).await {
                Err(RedisOr::Redis(error)) if is_beyond(&error) => self.compare(&id, line).await?,
                Err(error) => return Err(error.into()),
                Ok(_) => {}
            }
        }
        Ok(())
    }
}

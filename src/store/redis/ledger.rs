//! The ledger's side of the Redis store.

use async_trait::async_trait;
use redis::Script;

use super::call::Call;
use super::replicas::Home;
use super::scripts::Scripts;
use super::{RedisStore, keys, read};
use crate::id::{RequestId, Shard};
use crate::store::lane::Millis;
use crate::store::ledger::{check, check_sink};
use crate::store::{Append, Appended, Head, Ledger, MAX_READ, Progress, Result, Tail};
use crate::units::Time;

impl Scripts {
    fn append_call(&self, step: &Append) -> Call<'_> {
        let Append { after, head, .. } = step;
        let told = step.recorded.iter();
        let told = told.flat_map(|Progress { id, from, to, .. }| {
            [id.to_string(), from.to_string(), to.to_string()]
        });
        Call::on(
            &self.append,
            [keys::records(), keys::head(), keys::recorded()],
        )
        .args([after.seq.to_string(), after.hash.clone()])
        .args([head.seq.to_string(), head.hash.clone()])
        .args([step.recorded.len().to_string()])
        .args(told)
        .args(step.records.iter().cloned())
    }

    fn trim_call(&self, upto: &Head) -> Call<'_> {
        let keep = upto.seq.saturating_add(1);
        Call::on(&self.trim, [keys::records(), keys::head()]).args([
            upto.seq.to_string(),
            upto.hash.clone(),
            keep.to_string(),
        ])
    }

    fn cursor_call(&self, sink: &str, seq: u64) -> Call<'_> {
        Call::on(&self.cursor, [keys::cursors()]).args([sink.to_owned(), seq.to_string()])
    }
}

/// A call about the waiting of a document.
fn waiting<'a>(script: &'a Script, id: &RequestId, number: u64) -> Call<'a> {
    Call::on(script, [keys::unrecorded(id.shard()), keys::events(id)])
        .args([id.to_string(), number.to_string()])
}

/// A head from two fields of a hash; both or none must be there.
fn head(seq: Option<String>, hash: Option<String>) -> Result<Option<Head>> {
    match (seq, hash) {
        (None, None) => Ok(None),
        (Some(seq), Some(hash)) => {
            let number = seq.parse().map_err(|_| read::corrupt("head", &seq))?;
            Ok(Some(Head { seq: number, hash }))
        }
        (seq, hash) => Err(read::corrupt("half a head", &format!("{seq:?} {hash:?}"))),
    }
}

/// An entry of the stream: its id, and names and values in turn.
type Entry = (String, Vec<String>);

fn record((id, fields): Entry) -> Result<String> {
    match <[String; 2]>::try_from(fields) {
        Ok([name, record]) if name == "record" => Ok(record),
        _ => Err(read::corrupt("entry of the ledger", &id)),
    }
}

#[async_trait]
impl Ledger for RedisStore {
    async fn unrecorded(&self, shard: Shard, limit: usize) -> Result<Vec<(RequestId, Time)>> {
        let mut range = redis::cmd("ZRANGE");
        range.arg(keys::unrecorded(shard)).arg("-inf").arg("+inf");
        range.arg("BYSCORE").arg("LIMIT").arg(0);
        range.arg(limit.min(MAX_READ)).arg("WITHSCORES");
        let found: Vec<(String, i64)> = self.read(&range).await?;
        let since = found.into_iter();
        since
            .map(|(id, at)| Ok((read::id(&id)?, Millis(at).time())))
            .collect()
    }

    async fn recorded(&self, ids: &[RequestId]) -> Result<Vec<u64>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut get = redis::cmd("HMGET");
        get.arg(keys::recorded());
        for id in ids {
            get.arg(id.as_str());
        }
        let found: Vec<Option<u64>> = self.read(&get).await?;
        Ok(found.into_iter().map(Option::unwrap_or_default).collect())
    }

    async fn append(&self, step: Append) -> Result<Appended> {
        check(&step)?;
        let call = self.scripts.append_call(&step);
        let done: bool = self
            .run_surely(&call, (Home::Ledger, &keys::head()), false)
            .await?;
        Ok(if done {
            Appended::Done
        } else {
            Appended::Conflict
        })
    }

    async fn settle(&self, id: &RequestId, number: u64) -> Result<bool> {
        self.run(&waiting(&self.scripts.settle, id, number)).await
    }

    async fn restore_unrecorded(&self, id: &RequestId, number: u64) -> Result<bool> {
        self.run(&waiting(&self.scripts.unsettle, id, number)).await
    }

    async fn head(&self) -> Result<Tail> {
        let mut get = redis::cmd("HMGET");
        get.arg(keys::head());
        get.arg(&["seq", "hash", "trimmed-seq", "trimmed-hash"]);
        let [seq, hash, gone, gone_hash]: [Option<String>; 4] = self.read(&get).await?;
        Ok(Tail::of(head(seq, hash)?, head(gone, gone_hash)?))
    }

    async fn records(&self, after: u64, limit: usize) -> Result<Vec<String>> {
        let limit = limit.min(MAX_READ);
        if limit == 0 {
            // To Redis a count of 0 is no answer at all.
            return Ok(Vec::new());
        }
        let mut range = redis::cmd("XRANGE");
        let from = format!("{}-0", after.saturating_add(1));
        range.arg(keys::records()).arg(from).arg("+");
        range.arg("COUNT").arg(limit);
        let found: Option<Vec<Entry>> = self.read(&range).await?;
        found.into_iter().flatten().map(record).collect()
    }

    async fn trim(&self, upto: &Head) -> Result<bool> {
        self.run(&self.scripts.trim_call(upto)).await
    }

    async fn cursor(&self, sink: &str) -> Result<u64> {
        let mut get = redis::cmd("HGET");
        get.arg(keys::cursors()).arg(sink);
        let found: Option<u64> = self.read(&get).await?;
        Ok(found.unwrap_or_default())
    }

    async fn set_cursor(&self, sink: &str, seq: u64) -> Result<()> {
        check_sink(sink, seq)?;
        let call = self.scripts.cursor_call(sink, seq);
        self.run::<u64>(&call).await.map(|_| ())
    }
}

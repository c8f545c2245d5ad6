//! The ledger's side, timed and counted alike.

use async_trait::async_trait;

use super::Observed;
use crate::id::{RequestId, Shard};
use crate::store::{Append, Appended, Head, Ledger, Result, Tail};
use crate::units::Time;

#[async_trait]
impl Ledger for Observed {
    async fn unrecorded(&self, shard: Shard, limit: usize) -> Result<Vec<(RequestId, Time)>> {
        self.time("unrecorded", self.store.unrecorded(shard, limit))
            .await
    }

    async fn recorded(&self, ids: &[RequestId]) -> Result<Vec<u64>> {
        self.time("recorded", self.store.recorded(ids)).await
    }

    async fn append(&self, step: Append) -> Result<Appended> {
        self.time("append", self.store.append(step)).await
    }

    async fn settle(&self, id: &RequestId, number: u64) -> Result<bool> {
        self.time("settle", self.store.settle(id, number)).await
    }

    async fn restore_unrecorded(&self, id: &RequestId, number: u64) -> Result<bool> {
        self.time(
            "restore_unrecorded",
            self.store.restore_unrecorded(id, number),
        )
        .await
    }

    async fn head(&self) -> Result<Tail> {
        self.time("head", self.store.head()).await
    }

    async fn records(&self, after: u64, limit: usize) -> Result<Vec<String>> {
        self.time("records", self.store.records(after, limit)).await
    }

    async fn trim(&self, upto: &Head) -> Result<bool> {
        self.time("trim", self.store.trim(upto)).await
    }

    async fn cursor(&self, sink: &str) -> Result<u64> {
        self.time("cursor", self.store.cursor(sink)).await
    }

    async fn set_cursor(&self, sink: &str, seq: u64) -> Result<()> {
        self.time("set_cursor", self.store.set_cursor(sink, seq))
            .await
    }
}

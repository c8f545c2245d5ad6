//! The outside of one bot process, which ends with it: a killed process reaches nothing any more and
//! hears nothing any more, from one instant to the next, whatever its tasks still wish to do.

use std::future::pending;
use std::task::{Context, Poll};

use async_trait::async_trait;
use futures::FutureExt;
use futures::future::BoxFuture;
use http::{Request, Response};
use hyper::body::Body;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use tower::{BoxError, Service};

use crate::id::{RequestId, Shard};
use crate::lane::{Alarms, Lane};
use crate::sim::cluster::{ApiServer, SimBody};
use crate::store::{Claim, Claims, Commit, Committed, Record, Result, Store, Wants};
use crate::units::{Seconds, Time};

/// Tells everything of one process that it is dead.
#[derive(Debug, Clone, Default)]
pub(super) struct Death(CancellationToken);

impl Death {
    /// Now.
    pub(super) fn come(&self) {
        self.0.cancel();
    }

    /// Does something until the process dies; then nobody hears of it, and nothing follows.
    pub(super) async fn or<T>(&self, doing: impl Future<Output = T>) -> T {
        tokio::select! {
            biased;
            () = self.0.cancelled() => pending().await,
            done = doing => done,
        }
    }

    /// Ends when the process dies.
    pub(super) async fn comes(&self) {
        self.0.cancelled().await;
    }
}

/// The store as one process has it.
#[derive(Debug)]
pub(super) struct MortalStore {
    pub(super) inner: Arc<dyn Store>,
    pub(super) death: Death,
}

#[async_trait]
impl Store for MortalStore {
    async fn commit(&self, step: Commit) -> Result<Committed> {
        self.death.or(self.inner.commit(step)).await
    }

    async fn load(&self, id: &RequestId) -> Result<Option<Record>> {
        self.death.or(self.inner.load(id)).await
    }

    async fn claim(&self, shard: Shard, wants: Wants) -> Result<Claims> {
        self.death.or(self.inner.claim(shard, wants)).await
    }

    async fn renew(&self, claim: &Claim, lease: Seconds) -> Result<bool> {
        self.death.or(self.inner.renew(claim, lease)).await
    }

    async fn release(&self, claim: &Claim, again_at: Time) -> Result<bool> {
        self.death.or(self.inner.release(claim, again_at)).await
    }

    async fn wake(&self, id: &RequestId, lane: Lane) -> Result<()> {
        self.death.or(self.inner.wake(id, lane)).await
    }

    async fn seen(&self, key: &str) -> Result<Option<RequestId>> {
        self.death.or(self.inner.seen(key)).await
    }

    async fn open(
        &self,
        shard: Shard,
        after: Option<&RequestId>,
        limit: usize,
    ) -> Result<Vec<RequestId>> {
        self.death.or(self.inner.open(shard, after, limit)).await
    }

    async fn of_owner(&self, owner: &str, limit: usize) -> Result<Vec<RequestId>> {
        self.death.or(self.inner.of_owner(owner, limit)).await
    }

    async fn events(&self, id: &RequestId, after: u64) -> Result<Vec<(u64, String)>> {
        self.death.or(self.inner.events(id, after)).await
    }

    async fn restore_alarms(&self, id: &RequestId, alarms: Alarms) -> Result<usize> {
        self.death.or(self.inner.restore_alarms(id, alarms)).await
    }

    async fn ping(&self) -> Result<()> {
        self.death.or(self.inner.ping()).await
    }
}

/// The API server as one process reaches it.
#[derive(Debug, Clone)]
pub(super) struct MortalApi {
    pub(super) inner: ApiServer,
    pub(super) death: Death,
}

impl<B> Service<Request<B>> for MortalApi
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    type Response = Response<SimBody>;
    type Error = BoxError;
    type Future = BoxFuture<'static, std::result::Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<std::result::Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (answer, death) = (self.inner.call(request), self.death.clone());
        async move { death.or(answer).await }.boxed()
    }
}

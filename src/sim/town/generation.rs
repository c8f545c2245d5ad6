//! One life of the bot process, cut off from the town at once when it dies.
//!
//! A process that is killed says no goodbye: its calls to the store are never answered, its
//! connections break. The tasks of a dead generation cannot be ended from outside; what they reach is
//! taken away instead, so that nothing they still do can be seen.

use std::future::{Future, pending};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures::FutureExt;
use futures::future::BoxFuture;
use http::Request;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tower::{BoxError, Service};

use crate::sim::cluster::ApiServer;

/// Whether a process lives, and how it dies. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Generation {
    dead: CancellationToken,
    crashed: Arc<Notify>,
}

impl Generation {
    /// A new one; `crashed` is told when it dies by itself.
    pub(super) fn new(crashed: Arc<Notify>) -> Self {
        let dead = CancellationToken::new();
        Self { dead, crashed }
    }

    /// From this instant nothing of it reaches anything.
    pub(super) fn kill(&self) {
        self.dead.cancel();
    }

    /// It dies of its own doing.
    pub(super) fn crash(&self) {
        self.kill();
        self.crashed.notify_one();
    }

    pub(super) fn is_dead(&self) -> bool {
        self.dead.is_cancelled()
    }

    /// Returns when it is dead.
    pub(super) async fn death(&self) {
        self.dead.cancelled().await;
    }

    /// The call's answer, or none ever when it dies before that.
    pub(super) async fn alive<T>(&self, call: impl Future<Output = T>) -> T {
        tokio::select! {
            biased;
            () = self.death() => pending().await,
            answer = call => match self.is_dead() {
                true => pending().await,
                false => answer,
            },
        }
    }

    /// A connection that breaks when it dies.
    pub(super) fn connection<IO>(&self, io: IO) -> Severable<IO> {
        let death = Box::pin(self.dead.clone().cancelled_owned());
        Severable { io, death }
    }

    /// An API server that it reaches while it lives.
    pub(super) fn api(&self, server: ApiServer) -> Reachable {
        let generation = self.clone();
        Reachable { server, generation }
    }
}

/// A connection of one generation.
#[derive(Debug)]
pub(super) struct Severable<IO> {
    io: IO,
    death: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl<IO: Unpin> Severable<IO> {
    /// The connection while it holds; asks to be woken when it breaks.
    fn whole(&mut self, cx: &mut Context<'_>) -> io::Result<Pin<&mut IO>> {
        match self.death.as_mut().poll(cx) {
            Poll::Ready(()) => Err(io::ErrorKind::ConnectionReset.into()),
            Poll::Pending => Ok(Pin::new(&mut self.io)),
        }
    }
}

impl<IO: AsyncRead + Unpin> AsyncRead for Severable<IO> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.whole(cx)?.poll_read(cx, buffer)
    }
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for Severable<IO> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.whole(cx)?.poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.whole(cx)?.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.whole(cx)?.poll_shutdown(cx)
    }
}

/// The API server, for one generation.
#[derive(Debug, Clone)]
pub(super) struct Reachable {
    server: ApiServer,
    generation: Generation,
}

impl<B> Service<Request<B>> for Reachable
where
    ApiServer: Service<Request<B>, Error = BoxError>,
    <ApiServer as Service<Request<B>>>::Future: Send + 'static,
    B: Send + 'static,
{
    type Response = <ApiServer as Service<Request<B>>>::Response;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(ready!(self.server.poll_ready(cx)))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (answer, generation) = (self.server.call(request), self.generation.clone());
        async move {
            tokio::select! {
                biased;
                () = generation.death() => {
                    Err(io::Error::from(io::ErrorKind::ConnectionReset).into())
                }
                answer = answer => answer,
            }
        }
        .boxed()
    }
}

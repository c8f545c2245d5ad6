//! One life of the bot process, cut off from the town at once when it dies.
//!
//! A process that is killed says no goodbye: its calls to the store are never answered, its
//! connections break. The tasks of a dead generation cannot be ended from outside; what they reach is
//! taken away instead, so that nothing they still do can be seen.

use std::future::{Future, pending};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::FutureExt;
use futures::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::links::Links;
use crate::store;

/// Whether a process lives, how it dies, and how it reaches the rest. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Generation {
    dead: CancellationToken,
    crashed: Arc<Notify>,
    links: Arc<Links>,
}

impl Generation {
    /// A new one; `crashed` is told when it dies by itself.
    pub(super) fn new(crashed: Arc<Notify>, links: Arc<Links>) -> Self {
        let dead = CancellationToken::new();
        Self {
            dead,
            crashed,
            links,
        }
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

    /// What lies between it and the rest.
    pub(super) fn links(&self) -> &Links {
        &self.links
    }

    /// It touches the outside, which may be the last that it does.
    pub(super) fn touch(&self) {
        if self.links.touch() {
            self.crash();
        }
    }

    /// The call's answer, or none ever when it dies before that.
    pub(super) async fn alive<T>(&self, call: impl Future<Output = T>) -> T {
        self.touch();
        tokio::select! {
            biased;
            () = self.death() => pending().await,
            answer = call => {
                self.touch();
                match self.is_dead() {
                    true => pending().await,
                    false => answer,
                }
            }
        }
    }

    /// A call to the store.
    pub(super) async fn store<T, F>(&self, call: impl Fn() -> F + Send + Sync) -> store::Result<T>
    where
        F: Future<Output = store::Result<T>> + Send,
        T: Send,
    {
        self.alive(self.links.to_store(false, call)).await
    }

    /// A call to the store that waits for a replica of it, or does not.
    pub(super) async fn lasting<T, F>(
        &self,
        lasts: bool,
        call: impl Fn() -> F + Send + Sync,
    ) -> store::Result<T>
    where
        F: Future<Output = store::Result<T>> + Send,
        T: Send,
    {
        self.alive(self.links.to_store(lasts, call)).await
    }

    /// A connection to Slack that breaks when it dies.
    pub(super) fn connection<IO>(&self, io: IO) -> Severable<IO> {
        let (generation, links) = (self.clone(), Arc::clone(&self.links));
        let end = async move {
            tokio::select! {
                biased;
                () = generation.death() => {}
                () = links.slack.is_cut() => {}
            }
        };
        Severable {
            io,
            generation: self.clone(),
            end: Some(end.boxed()),
        }
    }
}

/// A connection of one generation.
pub(super) struct Severable<IO> {
    io: IO,
    generation: Generation,
    /// When it breaks; `None`: it is broken.
    end: Option<BoxFuture<'static, ()>>,
}

impl<IO: Unpin> Severable<IO> {
    /// The connection while it holds; asks to be woken when it breaks.
    fn whole(&mut self, cx: &mut Context<'_>) -> io::Result<Pin<&mut IO>> {
        let end = self.end.as_mut();
        let broken = end.is_none_or(|end| end.as_mut().poll(cx).is_ready());
        if broken {
            self.end = None;
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        Ok(Pin::new(&mut self.io))
    }

    /// The same for a piece that is read or written, which may be the last.
    fn touched(&mut self, cx: &mut Context<'_>) -> io::Result<Pin<&mut IO>> {
        self.generation.touch();
        self.whole(cx)
    }
}

impl<IO: AsyncRead + Unpin> AsyncRead for Severable<IO> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = self.whole(cx)?.poll_read(cx, buffer);
        if read.is_ready() {
            self.touched(cx)?;
        }
        read
    }
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for Severable<IO> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.touched(cx)?.poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.whole(cx)?.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.whole(cx)?.poll_shutdown(cx)
    }
}

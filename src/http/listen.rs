//! The listener: what a stranger may cost before anybody knows who it is.
//!
//! # Guarantees
//! Connections, in all and of one network, the bytes of a header, and the time for a header, for a body and for
//! a whole call are bounded ([`Bounds`]); a connection has one call. So everything that strangers can hold fits
//! into what the container is given: header and body of every connection together stay under 150 MiB.
//!
//! One call a connection: who keeps idle ones holds them for nothing, and a proxy that reuses one just as it is
//! closed loses a delivery that Slack does not repeat.
//!
//! # Caveats
//! Two networks can hold all connections there may be, and keep others waiting in the system's backlog for as
//! long as [`Bounds`] lets them. Behind a proxy everybody is one network: limits of its own belong there.

mod seats;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::ConnectInfo;
use axum::response::Response;
use axum::{BoxError, Router};
use http::Request;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Sleep, sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use self::seats::Seats;
pub use self::seats::network;

/// How much of everything there is.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Connections at once: fewer than a process may usually have files open (1,024).
    pub connections: usize,
    /// Of these from one network ([`network`]); who comes with more is hung up on.
    pub each: usize,
    /// Bytes of what is read ahead, at least 8 KiB. A header has room in one that is being filled and one that is
    /// full: twice as much is always refused, half as much never.
    pub buffer: usize,
    /// From the start of a connection to the end of a header.
    pub head: Duration,
    /// For the rest of a body, from when it has to be waited for.
    pub body: Duration,
    /// From the start of a connection to the end of its answer.
    pub whole: Duration,
    /// How long a call under way has when the process is to stop.
    pub drain: Duration,
}

/// What `drawbridge serve` takes. The longest call waits for two minutes; shutdown takes 12 s at most.
pub const BOUNDS: Bounds = Bounds {
    connections: 512,
    each: 256,
    buffer: 16 * 1024,
    head: Duration::from_secs(10),
    body: Duration::from_secs(10),
    whole: Duration::from_secs(150),
    drain: Duration::from_secs(10),
};

/// Pause when no connection can be taken: out of descriptors, usually, and the next one is free in a moment.
const PAUSE: Duration = Duration::from_secs(1);

/// Serves until told to stop: then nothing new is taken, and what is being answered is answered. Connections
/// are tasks of the tracker, and know their callers by [`ConnectInfo`].
pub async fn serve(
    listener: TcpListener,
    router: Router,
    bounds: Bounds,
    (tracker, stop): (TaskTracker, CancellationToken),
) {
    let seats = Seats::new(bounds.connections, bounds.each);
    let taking = async {
        while let Some(free) = seats.free().await {
            let (socket, peer) = accept(&listener).await;
            let Some(seat) = seats.give(free, peer.ip()) else {
                tracing::debug!(%peer, "a connection was refused: its network has its share");
                continue;
            };
            let attending = attend((socket, peer), router.clone(), bounds, stop.clone());
            tracker.spawn(async move {
                attending.await;
                drop(seat);
            });
        }
    };
    stop.run_until_cancelled(taking).await;
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) => match error.kind() {
                // It was gone before it was taken.
                ConnectionAborted | ConnectionRefused | ConnectionReset => {}
                _ => {
                    tracing::error!(%error, "no connection can be taken");
                    sleep(PAUSE).await;
                }
            },
        }
    }
}

async fn attend(
    (socket, peer): (TcpStream, SocketAddr),
    router: Router,
    bounds: Bounds,
    stop: CancellationToken,
) {
    let service = service_fn(move |request| answer(router.clone(), request, peer, bounds));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.head)
        .max_buf_size(bounds.buffer)
        .keep_alive(false)
        .serve_connection(TokioIo::new(socket), service);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => return tell(peer, ended),
        () = sleep(bounds.whole) => {
            return tracing::info!(%peer, "a call was cut off: it took too long");
        }
        () = stop.cancelled() => {}
    }
    connection.as_mut().graceful_shutdown();
    tokio::select! {
        ended = connection => tell(peer, ended),
        () = sleep(bounds.drain) => tracing::info!(%peer, "a call was cut off: the process stops"),
    }
}

async fn answer(
    router: Router,
    mut request: Request<Incoming>,
    peer: SocketAddr,
    bounds: Bounds,
) -> Result<Response, Infallible> {
    request.extensions_mut().insert(ConnectInfo(peer));
    let request = request.map(|arriving| Punctual {
        arriving,
        within: bounds.body,
        over: None,
    });
    router.oneshot(request).await
}

/// Strangers hang up and send nonsense: that is no news.
fn tell(peer: SocketAddr, ended: hyper::Result<()>) {
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "a connection broke");
    }
}

/// A body that arrives in time, or fails.
struct Punctual {
    arriving: Incoming,
    within: Duration,
    /// Starts when it first has to be waited for: who reads it late takes no time from it.
    over: Option<Pin<Box<Sleep>>>,
}

impl Body for Punctual {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        if let Poll::Ready(frame) = Pin::new(&mut this.arriving).poll_frame(cx) {
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let within = this.within;
        let over = this.over.get_or_insert_with(|| Box::pin(sleep(within)));
        let late = || io::Error::new(io::ErrorKind::TimedOut, "the body did not arrive in time");
        over.as_mut().poll(cx).map(|()| Some(Err(late().into())))
    }

    fn is_end_stream(&self) -> bool {
        self.arriving.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.arriving.size_hint()
    }
}

//! How bytes reach Slack: real TCP and TLS, or pipes to a simulator in the same process.
//!
//! One [`Wire`] carries the Web API (as a connector of hyper's client) and the Socket Mode
//! connection (as a plain stream), so a simulator that answers on a [`MemoryListener`] exercises the
//! same clients, headers and frames as Slack does. It must never send a token over an unencrypted
//! connection that leaves the machine.

use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio::io::DuplexStream;
use tokio::sync::mpsc;
use tower::{Service, ServiceExt};

/// A connection attempt that takes longer has failed; Slack answers within a fraction of a second.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);

/// Bytes in flight in each direction of an in-memory connection, as a socket buffer would hold.
const PIPE_BYTES: usize = 64 * 1024;

/// How connections are opened. Cheap to clone; clones share the same far end.
#[derive(Debug, Clone)]
pub enum Wire {
    /// TCP, and TLS for `https` and `wss`. Without TLS only loopback addresses are reached.
    Tcp(HttpsConnector<HttpConnector>),
    /// Pipes to the [`MemoryListener`] that was made with it, whatever the host in the address.
    Memory(MemoryDialer),
}

/// The calling side of an in-memory network.
#[derive(Debug, Clone)]
pub struct MemoryDialer(mpsc::UnboundedSender<DuplexStream>);

/// The accepting side of an in-memory network: what a simulator serves.
#[derive(Debug)]
pub struct MemoryListener(mpsc::UnboundedReceiver<DuplexStream>);

impl MemoryListener {
    /// The next connection; `None` when every [`Wire`] to here is gone.
    ///
    /// Cancel safe: a connection is never taken and lost.
    pub async fn accept(&mut self) -> Option<DuplexStream> {
        self.0.recv().await
    }
}

/// An address that must not be called.
#[derive(Debug, thiserror::Error)]
#[error("unencrypted connections to `{0}` are refused: only a loopback address may do without TLS")]
pub struct Unencrypted(String);

impl Wire {
    /// The network, trusting the system's root certificates.
    ///
    /// Where there are none (a bare container), loopback still works and TLS fails when it is used:
    /// a test rig without certificates must not be unable to start.
    pub fn tcp() -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls())
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        Self::Tcp(connector)
    }

    /// A network inside this process, and its far end.
    pub fn memory() -> (Self, MemoryListener) {
        let (dialer, listener) = mpsc::unbounded_channel();
        (Self::Memory(MemoryDialer(dialer)), MemoryListener(listener))
    }

    /// Opens a connection to the address; `wss` counts as `https`, `ws` as `http`.
    ///
    /// # Errors
    /// [`Unencrypted`] (as an `io::Error`) or what the network says.
    pub async fn open(&self, to: Uri) -> io::Result<Stream> {
        match self {
            Self::Tcp(connector) => {
                let to = as_http(to);
                guard(&to).map_err(io::Error::other)?;
                let stream = connector
                    .clone()
                    .oneshot(to)
                    .await
                    .map_err(io::Error::other)?;
                Ok(Stream(Box::new(stream)))
            }
            Self::Memory(MemoryDialer(dialer)) => {
                let (ours, theirs) = tokio::io::duplex(PIPE_BYTES);
                let refused = |_| io::Error::from(io::ErrorKind::ConnectionRefused);
                dialer.send(theirs).map_err(refused)?;
                Ok(Stream(Box::new(TokioIo::new(ours))))
            }
        }
    }
}

/// TLS by ring, named explicitly: with two providers compiled in, rustls refuses to choose one.
fn tls() -> ClientConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider);
    let config = match config.with_safe_default_protocol_versions() {
        Ok(config) => config,
        // Cannot happen with ring's own provider; the default builder then says why.
        Err(_) => ClientConfig::builder(),
    };
    match config.clone().with_native_roots() {
        Ok(config) => config.with_no_client_auth(),
        Err(error) => {
            tracing::warn!(%error, "no root certificates: TLS connections to Slack will fail");
            let none = rustls::RootCertStore::empty();
            config.with_root_certificates(none).with_no_client_auth()
        }
    }
}

/// INVARIANT (no token in the clear): every real connection passes here.
fn guard(to: &Uri) -> Result<(), Unencrypted> {
    let encrypted = to.scheme_str() == Some("https");
    let host = to.host().unwrap_or_default();
    if encrypted || is_loopback(host) {
        Ok(())
    } else {
        Err(Unencrypted(host.to_owned()))
    }
}

/// Whether the address of Slack's Web API may be used.
///
/// # Errors
/// A sentence that begins after the setting's name.
pub fn check_api_url(url: &str) -> Result<(), String> {
    let parsed: Uri = url
        .parse()
        .map_err(|_| format!("is not an address: `{url}`"))?;
    if !matches!(parsed.scheme_str(), Some("http" | "https")) || url.ends_with('/') {
        return Err("must be `https://HOST/api` without a slash at the end".to_owned());
    }
    guard(&parsed).map_err(|refused| format!("is refused: {refused}"))
}

/// A loopback address, or `localhost`, which RFC 6761 §6.3 keeps on the machine.
pub fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost")
        || bare
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// hyper's connectors know `http` and `https` only; a WebSocket starts as one of them.
fn as_http(to: Uri) -> Uri {
    let scheme = match to.scheme_str() {
        Some("wss") => "https",
        Some("ws") => "http",
        _ => return to,
    };
    let mut parts = to.clone().into_parts();
    parts.scheme = scheme.parse().ok();
    Uri::from_parts(parts).unwrap_or(to)
}

/// What both kinds of connection have in common.
trait Pipe: Read + Write + Unpin + Send {}
impl<T: Read + Write + Unpin + Send> Pipe for T {}

/// An open connection. Speaks hyper's IO traits; wrap it in [`TokioIo`] for tokio's.
pub struct Stream(Box<dyn Pipe>);

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stream")
    }
}

impl Read for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl Write for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

/// Makes a [`Wire`] the connector of hyper's client, and so of the Web API client above it.
impl Service<Uri> for Wire {
    type Response = Stream;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Stream>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let wire = self.clone();
        Box::pin(async move { wire.open(to).await })
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[test]
    fn only_loopback_may_do_without_tls() {
        for (address, allowed) in [
            ("https://slack.com/api", true),
            ("wss://wss-primary.slack.com/link/?ticket=1", true),
            ("http://127.0.0.1:7474/api", true),
            ("ws://localhost:7474/link", true),
            ("http://[::1]:80/api", true),
            ("http://slack.com/api", false),
            ("ws://10.0.0.7/link", false),
            ("http://localhost.evil.example/api", false),
            ("http://127.0.0.1.evil.example/api", false),
        ] {
            let to = as_http(address.parse().unwrap());
            assert_eq!(guard(&to).is_ok(), allowed, "{address}");
        }
    }

    #[tokio::test]
    async fn an_unencrypted_call_is_refused_before_anything_is_sent() {
        let error = Wire::tcp()
            .open("http://192.0.2.1/api".parse().unwrap())
            .await
            .unwrap_err();
        assert!(error.to_string().contains("192.0.2.1"), "{error}");
    }

    #[tokio::test]
    async fn memory_connections_carry_bytes_both_ways() {
        let (wire, mut listener) = Wire::memory();
        let stream = wire
            .open("http://slack.sim/".parse().unwrap())
            .await
            .unwrap();
        let mut ours = TokioIo::new(stream);
        let mut theirs = listener.accept().await.unwrap();
        ours.write_all(b"ping").await.unwrap();
        let mut four = [0_u8; 4];
        theirs.read_exact(&mut four).await.unwrap();
        assert_eq!(&four, b"ping");
        theirs.write_all(b"pong").await.unwrap();
        ours.read_exact(&mut four).await.unwrap();
        assert_eq!(&four, b"pong");
    }

    #[tokio::test]
    async fn a_far_end_that_is_gone_refuses_connections() {
        let (wire, listener) = Wire::memory();
        drop(listener);
        let error = wire
            .open("http://slack.sim/".parse().unwrap())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    }
}

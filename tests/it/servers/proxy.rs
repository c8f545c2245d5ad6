//! A TCP proxy in front of a server, for faults that a server cannot have by itself.
//!
//! ```ignore
//! let proxy = Proxy::before(&server.address()).await;
//! let store = RedisStore::connect(&format!("redis://{}", proxy.address()))?;
//! proxy.swallow_answers(true);       // requests arrive, answers do not
//! proxy.cut();                       // all connections break
//! ```

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// A running proxy; it ends with the value.
#[derive(Debug)]
pub(crate) struct Proxy {
    address: SocketAddr,
    faults: Arc<Faults>,
    _accepting: JoinSet<()>,
}

#[derive(Debug, Default)]
struct Faults {
    swallow: AtomicBool,
    /// Answers vanish from the moment on when these bytes have arrived.
    trigger: std::sync::Mutex<Option<Vec<u8>>>,
    cut: std::sync::Mutex<CancellationToken>,
}

impl Proxy {
    /// Listens on a port of its own and forwards to `target`.
    pub(crate) async fn before(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its number");
        let faults = Arc::new(Faults::default());
        let mut accepting = JoinSet::new();
        accepting.spawn(accept(listener, target.to_owned(), Arc::clone(&faults)));
        Self {
            address,
            faults,
            _accepting: accepting,
        }
    }

    /// `127.0.0.1:<port>`.
    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }

    /// Lets answers vanish on connections that are open now; new ones are not concerned.
    pub(crate) fn swallow_answers(&self, swallow: bool) {
        self.faults.swallow.store(swallow, Ordering::SeqCst);
    }

    /// The same from the moment on when a request with this text in it has arrived.
    pub(crate) fn swallow_answers_from(&self, text: &str) {
        *self.faults.trigger.lock().expect("the proxy's own lock") = Some(text.into());
    }

    /// Breaks every open connection.
    pub(crate) fn cut(&self) {
        let mut cut = self.faults.cut.lock().expect("the proxy's own lock");
        std::mem::take(&mut *cut).cancel();
    }
}

async fn accept(listener: TcpListener, target: String, faults: Arc<Faults>) {
    let mut open = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let cut = faults.cut.lock().expect("the proxy's own lock").clone();
        let (target, faults) = (target.clone(), Arc::clone(&faults));
        open.spawn(async move {
            // A cut or an end: both sockets close with this task.
            cut.run_until_cancelled(forward(client, &target, &faults))
                .await;
        });
    }
}

async fn forward(client: TcpStream, target: &str, faults: &Faults) {
    let Ok(server) = TcpStream::connect(target).await else {
        return;
    };
    // A connection made while answers vanish is a new link and works.
    let born_under_fault = faults.swallow.load(Ordering::SeqCst);
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let mut requests = Vec::new();
    let request_passes = |bytes: &[u8]| {
        requests.extend_from_slice(bytes);
        faults.heard(&requests);
        // Enough for a text that was cut in two.
        requests.drain(..requests.len().saturating_sub(1024));
        true
    };
    let answer_passes = |_: &[u8]| born_under_fault || !faults.swallow.load(Ordering::SeqCst);
    tokio::select! {
        () = pump(from_client, to_server, request_passes) => {}
        () = pump(from_server, to_client, answer_passes) => {}
    }
}

impl Faults {
    /// Requests arrived, of which the last bytes are these.
    fn heard(&self, requests: &[u8]) {
        let mut trigger = self.trigger.lock().expect("the proxy's own lock");
        let is_it = |text: &mut Vec<u8>| requests.windows(text.len()).any(|part| part == text);
        if trigger.take_if(is_it).is_some() {
            self.swallow.store(true, Ordering::SeqCst);
        }
    }
}

async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut passes: impl FnMut(&[u8]) -> bool,
) {
    let mut bytes = vec![0_u8; 16 * 1024];
    while let Ok(n @ 1..) = from.read(&mut bytes).await {
        if passes(&bytes[..n]) && to.write_all(&bytes[..n]).await.is_err() {
            return;
        }
    }
}

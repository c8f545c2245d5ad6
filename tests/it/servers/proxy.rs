//! A TCP proxy in front of a server, for faults of the network between the two.
//!
//! ```ignore
//! let proxy = Proxy::before(&server.address()).await;
//! let store = RedisStore::connect(&format!("redis://{}", proxy.address()))?;
//! proxy.suffer(LinkFault::HalfOpen);     // open links: requests arrive, answers do not
//! proxy.cut();                           // all links break, new ones work
//! proxy.heal();                          // new links work; dead ones stay dead
//! ```

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// What goes wrong with links. A link is what one accepted connection and the one behind it make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LinkFault {
    /// All links break; new ones are accepted and closed at once.
    Unreachable,
    /// Everything takes so much longer, each way.
    Slow(Duration),
    /// Open links carry requests and no answers; new ones work. So it is when something between the
    /// two forgets its connections, or half of a route is lost for them.
    HalfOpen,
    /// The same the other way round: requests vanish, what the server says by itself arrives.
    Deaf,
    /// All links, new ones too, carry so many bytes of answers from now on and then no more.
    SilentAfter(usize),
    /// All links, new ones too, are accepted and carry nothing either way.
    BlackHole,
}

/// A running proxy; it ends with the value.
#[derive(Debug)]
pub(crate) struct Proxy {
    address: SocketAddr,
    faults: Arc<Faults>,
    _accepting: JoinSet<()>,
}

#[derive(Debug, Default)]
struct Faults {
    now: Mutex<Now>,
    /// Answers vanish from the moment on when these bytes have arrived.
    trigger: Mutex<Option<Vec<u8>>>,
    cut: Mutex<CancellationToken>,
    /// Links accepted so far.
    accepted: AtomicU64,
}

/// The fault in force, and how many links were accepted before it.
#[derive(Debug, Clone, Copy, Default)]
struct Now {
    fault: Option<LinkFault>,
    before: u64,
}

/// One direction of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Requests,
    Answers,
}

/// What becomes of some bytes.
enum Fate {
    Pass,
    Late(Duration),
    Vanish,
}

/// One link. Once bytes of a direction have vanished, all later ones do, also after the fault: a
/// stream with a hole in it is something that no network makes.
#[derive(Debug)]
struct Link {
    number: u64,
    dead: [AtomicBool; 2],
    answered: AtomicUsize,
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

    /// From now on links have this fault.
    pub(crate) fn suffer(&self, fault: LinkFault) {
        self.faults.set(Some(fault));
        if fault == LinkFault::Unreachable {
            self.cut();
        }
    }

    /// New links work from now on, and old ones that have lost nothing.
    pub(crate) fn heal(&self) {
        self.faults.set(None);
    }

    /// [`LinkFault::HalfOpen`] from the moment on when a request with this text in it has arrived.
    pub(crate) fn swallow_answers_from(&self, text: &str) {
        *self.faults.trigger.lock().expect("the proxy's own lock") = Some(text.into());
    }

    /// Breaks every open link.
    pub(crate) fn cut(&self) {
        let mut cut = self.faults.cut.lock().expect("the proxy's own lock");
        std::mem::take(&mut *cut).cancel();
    }
}

impl Faults {
    fn set(&self, fault: Option<LinkFault>) {
        let before = self.accepted.load(Ordering::SeqCst);
        *self.now.lock().expect("the proxy's own lock") = Now { fault, before };
    }

    fn now(&self) -> Now {
        *self.now.lock().expect("the proxy's own lock")
    }

    /// Requests arrived, of which the last bytes are these.
    fn heard(&self, requests: &[u8]) {
        let mut trigger = self.trigger.lock().expect("the proxy's own lock");
        let is_it = |text: &mut Vec<u8>| requests.windows(text.len()).any(|part| part == text);
        if trigger.take_if(is_it).is_some() {
            self.set(Some(LinkFault::HalfOpen));
        }
    }
}

impl Link {
    fn new(number: u64) -> Self {
        Self {
            number,
            dead: [AtomicBool::new(false), AtomicBool::new(false)],
            answered: AtomicUsize::new(0),
        }
    }

    fn fate(&self, way: Way, bytes: usize, now: Now) -> Fate {
        let dead = &self.dead[way as usize];
        let open_before = self.number < now.before;
        let dies = match now.fault {
            None | Some(LinkFault::Unreachable) => false,
            Some(LinkFault::Slow(by)) => return Fate::Late(by),
            Some(LinkFault::HalfOpen) => open_before && way == Way::Answers,
            Some(LinkFault::Deaf) => open_before && way == Way::Requests,
            Some(LinkFault::SilentAfter(most)) => {
                way == Way::Answers
                    && self.answered.fetch_add(bytes, Ordering::SeqCst) + bytes > most
            }
            Some(LinkFault::BlackHole) => true,
        };
        if dead.fetch_or(dies, Ordering::SeqCst) || dies {
            Fate::Vanish
        } else {
            Fate::Pass
        }
    }
}

async fn accept(listener: TcpListener, target: String, faults: Arc<Faults>) {
    let mut open = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        if faults.now().fault == Some(LinkFault::Unreachable) {
            continue;
        }
        let link = Link::new(faults.accepted.fetch_add(1, Ordering::SeqCst));
        let cut = faults.cut.lock().expect("the proxy's own lock").clone();
        let (target, faults) = (target.clone(), Arc::clone(&faults));
        open.spawn(async move {
            // A cut or an end: both sockets close with this task.
            cut.run_until_cancelled(forward(client, &target, (&link, &faults)))
                .await;
        });
    }
}

async fn forward(client: TcpStream, target: &str, (link, faults): (&Link, &Faults)) {
    let Ok(server) = TcpStream::connect(target).await else {
        return;
    };
    // As the two ends do: small answers must not wait for one another's acknowledgement.
    client.set_nodelay(true).expect("a socket's option");
    server.set_nodelay(true).expect("a socket's option");
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let mut requests = Vec::new();
    let of_request = |bytes: &[u8]| {
        requests.extend_from_slice(bytes);
        faults.heard(&requests);
        // Enough for a text that was cut in two.
        requests.drain(..requests.len().saturating_sub(1024));
        link.fate(Way::Requests, bytes.len(), faults.now())
    };
    let of_answer = |bytes: &[u8]| link.fate(Way::Answers, bytes.len(), faults.now());
    tokio::select! {
        () = pump(from_client, to_server, of_request) => {}
        () = pump(from_server, to_client, of_answer) => {}
    }
}

async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut fate: impl FnMut(&[u8]) -> Fate,
) {
    let mut bytes = vec![0_u8; 16 * 1024];
    while let Ok(n @ 1..) = from.read(&mut bytes).await {
        match fate(&bytes[..n]) {
            Fate::Pass => {}
            Fate::Late(by) => tokio::time::sleep(by).await,
            Fate::Vanish => continue,
        }
        if to.write_all(&bytes[..n]).await.is_err() {
            return;
        }
    }
}

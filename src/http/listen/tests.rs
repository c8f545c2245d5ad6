//! The listener over real connections: what is late, too large or too much goes, the others are served.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::routing::{get, post};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout};

use super::*;

/// Far longer than any bound that a test sets, far shorter than those it does not.
const SOON: Duration = Duration::from_secs(20);

const SHORT: Duration = Duration::from_millis(200);

const LONG: Duration = Duration::from_secs(600);

/// Nothing that ends a test by itself.
const ROOMY: Bounds = Bounds {
    head: LONG,
    body: LONG,
    whole: LONG,
    drain: LONG,
    ..BOUNDS
};

struct Open {
    address: SocketAddr,
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Open {
    async fn with(bounds: Bounds, router: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
        let loops = (tracker.clone(), stop.clone());
        tracker.spawn(serve(listener, router, bounds, loops));
        Self {
            address,
            tracker,
            stop,
        }
    }

    /// Sends these bytes and goes on holding the connection.
    async fn send(&self, bytes: &str) -> TcpStream {
        let mut socket = TcpStream::connect(self.address).await.unwrap();
        // Who is hung up on cannot send the rest: what is read says how it ended.
        let _sent = socket.write_all(bytes.as_bytes()).await;
        socket
    }

    /// Whether everything ends soon after it is told to.
    async fn ends(&self) -> bool {
        self.stop.cancel();
        self.tracker.close();
        timeout(SOON, self.tracker.wait()).await.is_ok()
    }
}

/// Everything until the connection is closed from over there; a reset is one way to close it.
async fn rest(mut socket: TcpStream) -> String {
    let mut read = Vec::new();
    let ended = timeout(SOON, socket.read_to_end(&mut read)).await;
    let _closed_or_reset = ended.expect("the connection is not closed");
    String::from_utf8(read).unwrap()
}

fn hello() -> Router {
    let echo = async |body: Bytes| body;
    Router::new()
        .route("/", get(async || "hello"))
        .route("/echo", post(echo))
}

const WHOLE: &str = "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

#[tokio::test]
async fn who_never_finishes_a_header_is_hung_up_on() {
    let bounds = Bounds {
        head: SHORT,
        ..ROOMY
    };
    let open = Open::with(bounds, hello()).await;
    for start in ["", "GET / HTTP/1.1\r\nhost: x\r\n", "GET"] {
        let read = rest(open.send(start).await).await;
        assert!(!read.contains("200 OK"), "{start:?}: {read}");
    }
    // Nor does a connection wait for a second call.
    let kept = rest(open.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await).await;
    assert!(
        kept.starts_with("HTTP/1.1 200 OK") && kept.ends_with("hello"),
        "{kept}"
    );
    assert!(open.ends().await);
}

#[tokio::test]
async fn a_header_that_is_too_large_is_refused() {
    let open = Open::with(ROOMY, hello()).await;
    let head = |size| {
        format!(
            "GET / HTTP/1.1\r\nconnection: close\r\nx: {}\r\n\r\n",
            "x".repeat(size)
        )
    };
    let fits = rest(open.send(&head(BOUNDS.buffer / 2)).await).await;
    assert!(fits.contains("200 OK"), "{fits}");
    let large = rest(open.send(&head(2 * BOUNDS.buffer)).await).await;
    assert!(!large.contains("200 OK"), "{large}");
    assert!(open.ends().await);
}

#[tokio::test]
async fn no_more_connections_are_taken_than_there_may_be_and_the_others_wait() {
    let (inside, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (counted, seen) = (Arc::clone(&inside), Arc::clone(&most));
    let slow = async move || {
        seen.fetch_max(counted.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        sleep(Duration::from_millis(20)).await;
        counted.fetch_sub(1, Ordering::SeqCst);
        "done"
    };
    let bounds = Bounds {
        connections: 2,
        ..ROOMY
    };
    let open = Open::with(bounds, Router::new().route("/", get(slow))).await;
    let calls = (0..12).map(async |_| rest(open.send(WHOLE).await).await);
    for read in futures::future::join_all(calls).await {
        assert!(read.contains("200 OK"), "{read}");
    }
    assert_eq!(most.load(Ordering::SeqCst), 2);
    // Silent ones count as well: they hold what there is until they go.
    let held = [open.send("").await, open.send("").await];
    let mut third = open.send(WHOLE).await;
    let early = timeout(SHORT, third.read_u8()).await;
    assert!(early.is_err(), "{early:?}");
    drop(held);
    assert!(rest(third).await.contains("200 OK"));
    assert!(open.ends().await);
}

#[tokio::test]
async fn a_body_arrives_in_time_or_not_at_all() {
    let bounds = Bounds {
        body: SHORT,
        ..ROOMY
    };
    let open = Open::with(bounds, hello()).await;
    let head = "POST /echo HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 5\r\n\r\n";
    let whole = rest(open.send(&format!("{head}hello")).await).await;
    assert!(whole.ends_with("hello"), "{whole}");
    let late = rest(open.send(&format!("{head}hel")).await).await;
    assert!(late.starts_with("HTTP/1.1 400"), "{late}");
    assert!(open.ends().await);
}

#[tokio::test]
async fn a_call_ends_in_time() {
    let bounds = Bounds {
        whole: SHORT,
        ..ROOMY
    };
    let router = hello().route("/never", get(std::future::pending::<()>));
    let open = Open::with(bounds, router).await;
    let never = open.send("GET /never HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert_eq!(rest(never).await, "");
    assert!(open.ends().await);
}

#[tokio::test]
async fn one_network_has_its_share_and_no_more() {
    let bounds = Bounds { each: 2, ..ROOMY };
    let open = Open::with(bounds, hello()).await;
    let held = [open.send("").await, open.send("").await];
    assert_eq!(rest(open.send(WHOLE).await).await, "", "it is hung up on");
    drop(held);
    // As soon as it is seen that they are gone.
    let served = async {
        while !rest(open.send(WHOLE).await).await.contains("200 OK") {
            tokio::task::yield_now().await;
        }
    };
    timeout(SOON, served).await.expect("there is room again");
    assert!(open.ends().await);
}

#[test]
fn what_counts_as_one_network() {
    let of = |address: &str| network(address.parse().unwrap());
    assert_eq!(of("192.0.2.7"), "192.0.2.7");
    assert_eq!(of("::ffff:192.0.2.7"), "192.0.2.7");
    assert_eq!(of("2001:db8:1:2:3::4"), of("2001:db8:1:2::"));
    assert_ne!(of("2001:db8:1:2::"), of("2001:db8:1:3::"));
}

#[test]
fn what_strangers_can_hold_fits_into_the_container() {
    let bounds = BOUNDS;
    let held = bounds.connections * (2 * bounds.buffer + crate::slack::http::LARGEST_BODY);
    assert!(held < 150 * 1024 * 1024, "{held}");
    assert!(bounds.each <= bounds.connections / 2);
}

#[tokio::test]
async fn stopping_answers_what_hears_of_it_and_cuts_off_what_does_not() {
    let bounds = Bounds {
        drain: SHORT,
        ..ROOMY
    };
    let (begun, mut calls) = tokio::sync::mpsc::unbounded_channel();
    let (said, stop) = (begun.clone(), CancellationToken::new());
    let told = stop.clone();
    let poll = async move || {
        said.send(()).unwrap();
        told.cancelled().await;
        "nothing new"
    };
    let never = async move || {
        begun.send(()).unwrap();
        std::future::pending::<()>().await;
    };
    let router = hello()
        .route("/poll", get(poll))
        .route("/never", get(never));
    let open = Open::with(bounds, router).await;
    let call = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n");
    let held = [
        open.send("").await,
        open.send("GET / HT").await,
        open.send(&call("/never")).await,
    ];
    let polling = open.send(&call("/poll")).await;
    // Both are being answered.
    calls.recv().await.unwrap();
    calls.recv().await.unwrap();
    stop.cancel();
    let before = Instant::now();
    assert!(open.ends().await, "it goes on");
    assert!(before.elapsed() < SOON);
    let read = rest(polling).await;
    assert!(read.ends_with("nothing new"), "{read}");
    for one in held {
        rest(one).await;
    }
    let refused = TcpStream::connect(open.address).await;
    assert!(refused.is_err(), "it still listens");
}

#[tokio::test]
async fn the_address_of_the_caller_is_told() {
    let who = async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.to_string();
    let open = Open::with(ROOMY, Router::new().route("/", get(who))).await;
    let socket = open.send(WHOLE).await;
    let own = socket.local_addr().unwrap().to_string();
    let read = rest(socket).await;
    assert!(read.ends_with(&own), "{read}");
    assert!(open.ends().await);
}

//! A stream in a real Redis.

use std::sync::Arc;

use drawbridge::clock::SystemClock;
use drawbridge::ledger::sinks::{Delivery, Step, StreamSink, Trouble};
use drawbridge::secret::Secret;

use super::{appender, deliver, delivery, happen, ledger_of, lines};
use crate::servers::redis::{Product, RedisServer};

type Entries = Vec<(String, Vec<(String, String)>)>;

const KEY: &str = "audit:drawbridge";

fn sink(server: &RedisServer) -> StreamSink {
    StreamSink::new(Secret::new(server.url()), KEY.to_owned())
}

/// The stream holds these records, each once, in order, under its number.
async fn holds(server: &RedisServer, lines: &[String]) {
    let entries: Entries = server.query(&["XRANGE", KEY, "-", "+"]).await;
    let wanted = (1..).zip(lines).map(|(seq, line)| {
        let fields = vec![("record".to_owned(), line.clone())];
        (format!("{seq}-0"), fields)
    });
    assert!(
        entries.iter().cloned().eq(wanted),
        "{} entries",
        entries.len()
    );
}

#[tokio::test]
async fn a_stream_has_each_record_once_whoever_brings_it_and_whatever_was_noted() {
    let server = RedisServer::start(Product::Redis).await;
    let store = ledger_of(1_100).await;
    let (mut one, mut two) = (
        delivery("audit", sink(&server), &store),
        delivery("audit", sink(&server), &store),
    );
    tokio::join!(deliver(&mut one), deliver(&mut two));
    let lines = lines(&*store).await;
    holds(&server, &lines).await;
    // As after a crash before the note: nothing is noted under this name.
    let mut forgot = delivery("noted-nowhere", sink(&server), &store);
    deliver(&mut forgot).await;
    holds(&server, &lines).await;
}

#[tokio::test]
async fn a_redis_that_was_away_gets_the_rest() {
    let mut server = RedisServer::start(Product::Redis).await;
    let store = ledger_of(700).await;
    let mut delivery = delivery("audit", sink(&server), &store);
    assert_eq!(delivery.step().await.unwrap(), Step::Went);
    server.kill();
    let away = delivery.step().await.unwrap_err();
    assert!(matches!(away, Trouble::Later(..)), "{away:?}");
    server.restart().await;
    while store.cursor("audit").await.unwrap() < 700 {
        // The first call may still meet the broken connection.
        delivery.turn().await;
    }
    holds(&server, &lines(&*store).await).await;
}

#[tokio::test]
async fn what_belongs_to_another_ledger_or_is_no_stream_is_left_alone() {
    let server = RedisServer::start(Product::Redis).await;
    let (ours, theirs) = (ledger_of(30).await, ledger_of(20).await);
    deliver(&mut delivery("audit", sink(&server), &theirs)).await;
    let refused = delivery("audit", sink(&server), &ours).step().await;
    let Err(Trouble::Refused(why)) = refused else {
        panic!("{refused:?}");
    };
    assert!(why.to_string().contains("of another ledger"), "{why}");
    holds(&server, &lines(&*theirs).await).await;

    let () = server.query(&["DEL", KEY]).await;
    let () = server.query(&["SET", KEY, "a text"]).await;
    let refused = delivery("audit", sink(&server), &ours).step().await;
    assert!(matches!(refused, Err(Trouble::Refused(_))), "{refused:?}");
}

async fn refuses(delivery: &mut Delivery, words: &str) {
    let refused = delivery.step().await;
    let Err(Trouble::Refused(why)) = refused else {
        panic!("{refused:?}");
    };
    assert!(why.to_string().contains(words), "{why}");
}

#[tokio::test]
async fn what_somebody_else_adds_makes_the_sink_refuse_and_never_skip() {
    let server = RedisServer::start(Product::Redis).await;
    let store = ledger_of(30).await;
    let mut running = delivery("audit", sink(&server), &store);
    deliver(&mut running).await;
    happen(&appender(&store, Arc::new(SystemClock)), 10).await;
    let lines = lines(&*store).await;
    let _: u64 = server.query(&["COPY", KEY, "kept"]).await;
    // Nonsense at the far end, a record that is not due yet, and one that is due but forged.
    let forged = lines[30].replacen("ab", "ba", 1);
    for (id, line, from_the_start) in [
        ("9007199254740991-0", "nonsense", "no record of a ledger"),
        ("9007199254740991-0", lines[29].as_str(), "31-0"),
        ("40-0", lines[39].as_str(), "31-0"),
        ("31-0", forged.as_str(), "something else"),
    ] {
        let _: String = server.query(&["XADD", KEY, id, "record", line]).await;
        // The one that knows where it was, and one that has just started.
        for _ in 0..2 {
            refuses(&mut running, "the stream does not take record 31-0").await;
        }
        let mut started = delivery("audit", sink(&server), &store);
        refuses(&mut started, from_the_start).await;
        assert_eq!(store.cursor("audit").await.unwrap(), 30, "{id}");
        // Somebody looked, and put it right.
        let _: u64 = server.query(&["COPY", "kept", KEY, "REPLACE"]).await;
    }
    deliver(&mut running).await;
    holds(&server, &lines).await;
    assert_eq!(store.cursor("audit").await.unwrap(), 40);
}

//! Turns and places, on a clock that only the tests move.

use std::collections::BTreeSet;

use super::*;

const POST: &str = "chat.postMessage";

fn time(second: i64) -> Time {
    Time::from_timestamp(second, 0).unwrap()
}

/// A card of a request that was made in that second.
fn card<'a>(channel: &'a str, key: &'a str, second: i64) -> Wanted<'a> {
    Wanted {
        channel,
        rank: Rank::Since(time(second)),
        key,
    }
}

fn urgent(key: &str) -> Wanted<'_> {
    let rank = Rank::Urgent(time(0));
    Wanted {
        channel: "C1",
        rank,
        key,
    }
}

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// Fills all slots for which a call waits itself.
fn fill(pace: &Pace, now: Instant) {
    for key in ["a", "b", "c"] {
        pace.reserve(POST, Some(&card("C1", key, 0)), now).unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn one_channel_gets_a_message_a_second_and_others_do_not_wait() {
    let pace = Pace::default();
    let start = Instant::now();
    for (channel, at) in [
        ("C1", 0),
        ("C2", 0),
        ("C3", 0),
        ("C1", 1),
        ("C1", 2),
        ("C2", 2),
    ] {
        pace.turn(POST, Some(&card(channel, "k", 0))).await.unwrap();
        assert_eq!(start.elapsed().as_secs(), at, "{channel}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_long_line_of_one_channel_holds_up_no_other() {
    let pace = Pace::default();
    let now = Instant::now();
    for n in 0..100 {
        let _ = pace.reserve(POST, Some(&card("C1", &n.to_string(), n)), now);
    }
    let other = pace.reserve(POST, Some(&card("C2", "k", 100)), now);
    assert_eq!(other, Ok(now));
}

#[tokio::test(start_paused = true)]
async fn a_long_queue_is_told_to_come_back_instead_of_waiting() {
    let pace = Pace::default();
    let now = Instant::now();
    fill(&pace, now);
    let told = pace.turn(POST, Some(&card("C1", "d", 0))).await;
    assert_eq!(told, Err(seconds(3)));
    assert_eq!(now.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_pause_holds_one_method_for_every_channel() {
    let pace = Pace::default();
    pace.pause(POST, seconds(30));
    pace.pause(POST, seconds(1));
    let card = card("C9", "k", 0);
    assert_eq!(pace.turn(POST, Some(&card)).await, Err(seconds(30)));
    assert_eq!(pace.turn("chat.update", None).await, Ok(()));
    tokio::time::advance(seconds(29)).await;
    pace.turn(POST, Some(&card)).await.unwrap();
}

/// Plays whoever waits: comes back when it was told to, as one that keeps whole seconds. When each went, and how often
/// anybody asked.
fn play(pace: &Pace, cards: &[Wanted<'_>], start: Instant) -> (Vec<(u64, String)>, usize) {
    let mut due: BTreeSet<(Instant, usize)> = (0..cards.len()).map(|n| (start, n)).collect();
    let (mut went, mut asked) = (Vec::new(), 0);
    while let Some((now, n)) = due.pop_first() {
        asked += 1;
        match pace.reserve(POST, Some(&cards[n]), now) {
            Ok(at) => went.push(((at - start).as_secs(), cards[n].key.to_owned())),
            Err(wait) => {
                due.insert((now + seconds(wait.as_secs().max(1)), n));
            }
        }
    }
    went.sort();
    (went, asked)
}

#[tokio::test(start_paused = true)]
async fn everybody_asks_twice_and_goes_in_order_without_an_idle_second() {
    let pace = Pace::default();
    let keys: Vec<String> = (0..500).map(|n| format!("k{n:03}")).collect();
    let cards: Vec<Wanted<'_>> = (0..)
        .zip(&keys)
        .map(|(n, key)| card("C1", key, n))
        .collect();
    let (went, asked) = play(&pace, &cards, Instant::now());
    let expected: Vec<(u64, String)> = (0..).zip(keys.clone()).collect();
    assert_eq!(went, expected);
    assert!(asked <= 2 * keys.len(), "{asked} calls");
}

#[tokio::test(start_paused = true)]
async fn whoever_comes_later_does_not_take_a_place_that_is_kept() {
    let pace = Pace::default();
    let now = Instant::now();
    fill(&pace, now);
    let waits = card("C1", "waits", 10);
    let told = pace.reserve(POST, Some(&waits), now);
    assert_eq!(told, Err(seconds(3)));
    for n in 0..20 {
        let told = pace.reserve(POST, Some(&card("C1", &format!("new{n}"), 20 + n)), now);
        assert!(told.is_err(), "{n}");
    }
    // Asked too early it is told the same turn again.
    let early = pace.reserve(POST, Some(&waits), now + Duration::from_millis(500));
    assert_eq!(early, Err(Duration::from_millis(2500)));
    let back = pace.reserve(POST, Some(&waits), now + seconds(3));
    assert_eq!(back, Ok(now + seconds(3)));
}

#[tokio::test(start_paused = true)]
async fn what_is_urgent_goes_before_the_line() {
    let pace = Pace::default();
    let now = Instant::now();
    fill(&pace, now);
    for n in 0..50 {
        let _ = pace.reserve(POST, Some(&card("C1", &format!("k{n}"), n)), now);
    }
    let told = pace.reserve(POST, Some(&urgent("end")), now);
    assert_eq!(told, Err(seconds(3)));
    let at = now + seconds(3);
    assert_eq!(pace.reserve(POST, Some(&urgent("end")), at), Ok(at));
    // Those behind it are put off by one second, and lose nothing else.
    let first = pace.reserve(POST, Some(&card("C1", "k0", 0)), at);
    assert_eq!(first, Ok(at + seconds(1)));
}

#[tokio::test(start_paused = true)]
async fn a_place_that_nobody_comes_back_for_holds_up_nobody() {
    let pace = Pace::default();
    let now = Instant::now();
    fill(&pace, now);
    for key in ["gone", "gone too", "here"] {
        let _ = pace.reserve(POST, Some(&card("C1", key, 1)), now);
    }
    let later = now + seconds(60);
    let new = pace.reserve(POST, Some(&card("C1", "new", 99)), later);
    assert_eq!(new, Ok(later));
    assert_eq!(pace.0.lock().unwrap().channels["C1"].places.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_waited_at_another_replica_stands_where_it_stood() {
    let (here, there) = (Pace::default(), Pace::default());
    let now = Instant::now();
    let old = card("C1", "old", 5);
    for pace in [&here, &there] {
        fill(pace, now);
        for n in 0..50 {
            let _ = pace.reserve(POST, Some(&card("C1", &format!("k{n}"), 10 + n)), now);
        }
    }
    assert_eq!(there.reserve(POST, Some(&old), now), Err(seconds(3)));
    let back = now + seconds(3);
    assert_eq!(here.reserve(POST, Some(&old), back), Ok(back));
}

#[tokio::test(start_paused = true)]
async fn after_a_pause_those_who_waited_come_one_after_the_other() {
    let pace = Pace::default();
    let now = Instant::now();
    pace.pause(POST, seconds(30));
    let keys: Vec<String> = (0..40).map(|n| format!("k{n:02}")).collect();
    let cards: Vec<Wanted<'_>> = (0..)
        .zip(&keys)
        .map(|(n, key)| card("C1", key, n))
        .collect();
    let (went, asked) = play(&pace, &cards, now);
    let expected: Vec<(u64, String)> = (30..).zip(keys.clone()).collect();
    assert_eq!(went, expected);
    assert!(asked <= 2 * keys.len(), "{asked} calls");
}

#[tokio::test(start_paused = true)]
async fn no_number_of_messages_takes_more_than_its_memory() {
    let pace = Pace::default();
    let now = Instant::now();
    for n in 0..20_000 {
        let (channel, key) = (format!("C{}", n % 2), format!("k{n}"));
        let _ = pace.reserve(POST, Some(&card(&channel, &key, n)), now);
    }
    let places = |pace: &Pace| {
        let turns = pace.0.lock().unwrap();
        turns
            .channels
            .values()
            .map(|line| line.places.len())
            .sum::<usize>()
    };
    assert_eq!(places(&pace), PLACES);
    // Whoever has no place is told when the line ends.
    let told = pace.reserve(POST, Some(&card("C1", "k", 20_000)), now);
    assert_eq!(told, Err(seconds(3 + 8_192)));
    let later = now + seconds(20_000);
    for n in 0..2 * REMEMBERED {
        let _ = pace.reserve(
            POST,
            Some(&card(&format!("D{n}"), "k", 0)),
            later + seconds(n as u64),
        );
    }
    assert!(pace.0.lock().unwrap().channels.len() <= REMEMBERED);
    assert_eq!(places(&pace), 0);
}

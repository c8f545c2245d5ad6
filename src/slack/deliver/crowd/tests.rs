//! Lines: how long, how many, and who is told.

use super::*;
use crate::rules::UserId;

fn said(by: &str, channel: &str) -> Inbound {
    Inbound {
        key: "k".to_owned(),
        by: UserId(by.to_owned()),
        team: None,
        what: What::Said {
            text: "mine".to_owned(),
            surface: Surface::Mention {
                channel: channel.to_owned(),
                thread: "1.1".to_owned(),
                ts: "1.1".to_owned(),
            },
        },
    }
}

fn let_in(crowd: &Arc<Crowd>, inbound: &Inbound) -> Result<Place, bool> {
    match crowd.enter(inbound, Some(&TeamId("T1".to_owned()))) {
        Entry::In(place) => Ok(place),
        Entry::TooFast { tell } => Err(tell),
        Entry::Full => panic!("full"),
    }
}

#[tokio::test(start_paused = true)]
async fn a_thousand_of_one_person_are_a_short_line_and_one_word() {
    let crowd = Arc::new(Crowd::default());
    let (mut places, mut told) = (Vec::new(), 0);
    for _ in 0..1_000 {
        match let_in(&crowd, &said("U0DANA", "C1")) {
            Ok(place) => places.push(place),
            Err(tell) => told += u32::from(tell),
        }
    }
    assert_eq!((places.len(), told), (PERSON.most, 1));
    assert!(crowd.lines().len() <= 2);
    // Another one is in at once, and has a turn at once.
    let other = let_in(&crowd, &said("U0SAM", "C1")).unwrap();
    let mut turns = Vec::new();
    for place in &places {
        let turn = tokio::time::timeout(Duration::from_millis(1), place.turn()).await;
        turns.extend(turn.ok());
    }
    assert_eq!(turns.len(), PERSON.at_once);
    let turn = tokio::time::timeout(Duration::from_millis(1), other.turn()).await;
    assert!(turn.is_ok(), "sam waits for dana");
}

#[tokio::test(start_paused = true)]
async fn everybody_in_line_gets_a_turn_in_order() {
    let crowd = Arc::new(Crowd::default());
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut tasks = Vec::new();
    for n in 0..PERSON.most {
        let place = let_in(&crowd, &said("U0DANA", "C1")).unwrap();
        let order = Arc::clone(&order);
        tasks.push(async move {
            let _turn = place.turn().await;
            tokio::time::sleep(Duration::from_secs(1)).await;
            order.lock().unwrap().push(n);
        });
    }
    let began = Instant::now();
    futures::future::join_all(tasks).await;
    let expected: Vec<usize> = (0..PERSON.most).collect();
    assert_eq!(*order.lock().unwrap(), expected);
    let rounds = PERSON.most.div_ceil(PERSON.at_once);
    assert_eq!(began.elapsed().as_secs(), u64::try_from(rounds).unwrap());
    assert!(crowd.lines().is_empty(), "nobody is left");
}

#[tokio::test(start_paused = true)]
async fn who_was_told_is_told_again_after_a_minute_and_may_come_in_when_there_is_room() {
    let crowd = Arc::new(Crowd::default());
    let inbound = said("U0DANA", "D1");
    let mut places: Vec<Place> = Vec::new();
    while places.len() < PERSON.most {
        places.push(let_in(&crowd, &inbound).unwrap());
    }
    assert!(let_in(&crowd, &inbound).unwrap_err());
    assert!(!let_in(&crowd, &inbound).unwrap_err());
    places.pop();
    places.push(let_in(&crowd, &inbound).unwrap());
    assert!(!let_in(&crowd, &inbound).unwrap_err());
    tokio::time::advance(TOLD_FOR).await;
    assert!(let_in(&crowd, &inbound).unwrap_err());
}

#[tokio::test(start_paused = true)]
async fn a_channel_of_many_has_a_line_of_its_own() {
    let crowd = Arc::new(Crowd::default());
    let mut places = Vec::new();
    let mut told = 0;
    for n in 0..CHANNEL.most + 50 {
        match let_in(&crowd, &said(&format!("U{n}"), "C1")) {
            Ok(place) => places.push(place),
            Err(tell) => told += usize::from(tell),
        }
    }
    assert_eq!((places.len(), told), (CHANNEL.most, 50));
    assert!(let_in(&crowd, &said("U0SAM", "C2")).is_ok());
}

#[tokio::test(start_paused = true)]
async fn strangers_in_a_shared_channel_fill_no_line_of_members() {
    let crowd = Arc::new(Crowd::default());
    let from = |team: &str, by: &str| Inbound {
        team: Some(TeamId(team.to_owned())),
        ..said(by, "C1")
    };
    let mut places = Vec::new();
    while let Ok(place) = let_in(&crowd, &from("T2", &format!("U{}", places.len()))) {
        places.push(place);
    }
    assert_eq!(places.len(), CHANNEL.most);
    let member = let_in(&crowd, &from("T1", "U0DANA")).unwrap();
    let turn = tokio::time::timeout(Duration::from_millis(1), member.turn()).await;
    assert!(turn.is_ok(), "dana waits for strangers");
}

#[tokio::test(start_paused = true)]
async fn strangers_without_end_are_not_remembered() {
    let crowd = Arc::new(Crowd::default());
    for n in 0..LINES * 2 {
        drop(let_in(&crowd, &said(&format!("U{n}"), &format!("C{n}"))).unwrap());
    }
    assert!(crowd.lines().is_empty());
    let mut places = Vec::new();
    let full = (0..=LINES).any(|n| match crowd.enter(&said(&format!("U{n}"), "D1"), None) {
        Entry::In(place) => {
            places.push(place);
            false
        }
        Entry::TooFast { .. } => panic!("too fast"),
        Entry::Full => true,
    });
    assert!(full && crowd.lines().len() == LINES);
}

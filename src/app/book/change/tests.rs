//! Changes from what was read before, and under a claim that goes on.

use std::sync::Arc;

use super::*;
use crate::clock::Clock;
use crate::request::fixtures::dana_asks;
use crate::sim::town::{Plan, Town};
use crate::store::memory::MemoryStore;
use crate::store::{Lane, Wants};
use crate::units::Seconds;

/// A book with one request in it, which is due, and the town whose clock it has.
async fn with_one_request() -> (Town, Book, RequestId) {
    let store = Box::new(|clock| Ok(Arc::new(MemoryStore::new(clock)) as _));
    let town = Town::found(&Plan::of_stories(1, store)).await.unwrap();
    let clock: Arc<dyn Clock> = town.clock();
    let store = Arc::new(MemoryStore::new(Arc::clone(&clock)));
    let entropy = town.parts().unwrap().entropy.clone();
    let book = Book::new(store, entropy);
    let created = book.create_kept("delivery", |id| {
        let mut request = dana_asks().request().approved();
        request.id = id;
        request.asked.at = clock.now();
        if let crate::request::State::Granting { retry_at, .. } = &mut request.state {
            *retry_at = clock.now();
        }
        Outcome {
            request,
            events: Vec::new(),
        }
    });
    let crate::app::Created::New(request) = created.await.unwrap() else {
        panic!("it is new");
    };
    (town, book, request.id)
}

fn renamed(request: &Request, to: &str) -> Outcome {
    let mut request = request.clone();
    request.asked.reason = Some(to.to_owned());
    Outcome {
        request,
        events: Vec::new(),
    }
}

fn reason(request: &Request) -> &str {
    request.asked.reason.as_deref().unwrap_or_default()
}

type Answer = Result<Outcome, &'static str>;

#[tokio::test(start_paused = true)]
async fn what_was_read_before_is_loaded_anew_where_it_is_out_of_date_and_before_a_no() {
    let (town, book, id) = with_one_request().await;
    let old = book.load(&id).await.unwrap().unwrap();
    let first = |request: &Request| -> Answer { Ok(renamed(request, "first")) };
    let done = book.change_page(old.clone(), None, first).await.unwrap();
    assert!(matches!(done, Changed::Done(_)), "{done:?}");
    let second = |request: &Request| -> Answer {
        let text = format!("{} and second", reason(request));
        Ok(renamed(request, &text))
    };
    let Changed::Done(done) = book.change_page(old.clone(), None, second).await.unwrap() else {
        panic!("it is decided again");
    };
    assert_eq!(reason(&done.request), "first and second");
    let only_of_new = |request: &Request| -> Answer {
        match reason(request) {
            "first and second" => Ok(renamed(request, "third")),
            _ => Err("old"),
        }
    };
    let done = book
        .change_page(old.clone(), None, only_of_new)
        .await
        .unwrap();
    assert!(matches!(done, Changed::Done(_)), "{done:?}");
    let never = |_: &Request| -> Answer { Err("no") };
    let refused = book.change_page(old, None, never).await.unwrap();
    assert!(matches!(refused, Changed::Refused("no")), "{refused:?}");
    town.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_held_claim_outlives_a_change_and_ends_with_the_next() {
    let (town, book, id) = with_one_request().await;
    let wants = Wants {
        gate: 1,
        card: 0,
        lease: Seconds(3),
    };
    let claims = book.store().claim(id.shard(), wants).await.unwrap().claims;
    let [claim] = claims.as_slice() else {
        panic!("one is due: {claims:?}");
    };
    assert_eq!(claim.lane, Lane::Gate);
    let page = book.load(&id).await.unwrap().unwrap();
    let change = |request: &Request| -> Answer { Ok(renamed(request, "held")) };
    let Changed::Done(page) = book.change_held(page, change).await.unwrap() else {
        panic!("it is changed");
    };
    assert_eq!(reason(&page.request), "held");
    assert!(book.store().renew(claim, Seconds(3)).await.unwrap());
    // What it answers is the newest: it is not loaded again.
    let change = |request: &Request| -> Answer {
        assert_eq!(reason(request), "held");
        Ok(renamed(request, "ended"))
    };
    let done = book.change_page(page, Some(claim), change).await.unwrap();
    assert!(matches!(done, Changed::Done(_)), "{done:?}");
    assert!(!book.store().renew(claim, Seconds(3)).await.unwrap());
    town.close().await;
}

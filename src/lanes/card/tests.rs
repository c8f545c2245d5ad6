//! What is looked for, and what is shown already.

use super::*;
use crate::request::fixtures::{at, dana_asks};

#[test]
fn what_was_under_way_when_the_store_went_back_is_looked_for_by_its_old_key_first() {
    let mut request = dana_asks().request();
    let id = request.id.clone();
    let plain = format!("{id}/3");
    assert_eq!(
        keys_since(&request, PostKey(3), at(60)),
        std::slice::from_ref(&plain)
    );
    request.back = Some(Back {
        at: at(100),
        upto: 9,
    });
    let renamed = format!("{plain}/{}", at(100).timestamp());
    let before = keys_since(&request, PostKey(3), at(60));
    assert_eq!(before, [plain, renamed.clone()]);
    assert_eq!(keys_since(&request, PostKey(3), at(100)), [renamed]);
}

#[test]
fn a_request_is_current_when_every_message_shows_what_it_should() {
    let mut request = dana_asks().request();
    assert!(!is_current(&request), "nothing is posted");
    let shown = request.clone();
    for post in &mut request.posts.list {
        let shows = view::digest(&view::render(&shown, post));
        post.status = PostStatus::Posted {
            channel: "C1".to_owned(),
            ts: "1.1".to_owned(),
            shows,
        };
    }
    assert!(is_current(&request));
    let mut other = request.clone();
    other.asked.reason = Some("INC-43".to_owned());
    assert!(!is_current(&other), "another picture");
    let mut under_way = request.clone();
    under_way.posts.list[0].status = PostStatus::Posting { since: at(0) };
    assert!(!is_current(&under_way));
    request.posts.list[0].status = PostStatus::GivenUp {
        code: "is_archived".to_owned(),
    };
    assert!(is_current(&request), "there is nothing to be done about it");
}

#[test]
fn a_copy_is_waited_for_before_anything_is_shown_but_updates_of_a_closing() {
    let open = dana_asks().request().opened();
    let closing = open.closed(crate::request::End::Done);
    for (request, waited) in [(open, true), (closing, false)] {
        let with = |status: &dyn Fn(&Post) -> PostStatus| {
            let mut with = request.clone();
            for post in &mut with.posts.list {
                post.status = status(post);
            }
            waits(&with)
        };
        let shown = |shows: String| PostStatus::Posted {
            channel: "C1".to_owned(),
            ts: "1.1".to_owned(),
            shows,
        };
        assert!(!with(&|post| shown(view::digest(&view::render(
            &request, post
        )))));
        assert_eq!(with(&|_| shown("an earlier picture".to_owned())), waited);
        // The commit that announces it waits in any state.
        assert_eq!(with(&|_| PostStatus::Due), waited);
        // Announced by a step that may have ended before a copy had it.
        assert!(with(&|_| PostStatus::Posting { since: at(0) }));
    }
}

#[test]
fn a_change_does_not_wait_for_what_waits_for_its_turn() {
    let mut posts = dana_asks().request().posts;
    let face = posts.face;
    let mut pass = Pass::default();
    pass.retry_in(Seconds(600));
    note(&mut posts, face, &pass, at(0));
    assert_eq!(posts.retry_at, Some(at(600)));
    posts.touch();
    assert_eq!(posts.retry_at, None);
    note(&mut posts, face, &pass, at(1));
    assert_eq!((posts.retry_at, posts.lag()), (None, true));
}

#[test]
fn what_failed_does_not_wait_for_what_waits_for_its_turn() {
    let mut pass = Pass::default();
    pass.retry_in(Seconds(600));
    pass.retry_in(Seconds(2));
    pass.retry_in(Seconds(64));
    assert_eq!(pass.wait, Some(Seconds(2)));
}

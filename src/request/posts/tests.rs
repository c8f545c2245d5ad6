//! Each message is one post's.

use super::*;
use crate::request::fixtures::dana_asks;

#[test]
fn an_adopted_message_that_is_found_to_be_another_posts_is_that_posts_alone() {
    let mut posts = dana_asks().request().posts;
    let place = ("C1".to_owned(), "1.1".to_owned());
    let key = posts.list[0].key;
    posts.adopt(
        Subject::Notice(Notice::Undone, Audience::Others),
        place.clone(),
    );
    let adopted = posts.list.last().unwrap().key;
    posts.set(
        key,
        PostStatus::Posted {
            channel: place.0.clone(),
            ts: place.1.clone(),
            shows: String::new(),
        },
    );
    let at = |key: PostKey| posts.get(key).unwrap().is_at(("C1", "1.1"));
    assert!(at(key) && !at(adopted));
    assert!(matches!(
        posts.get(adopted).unwrap().status,
        PostStatus::GivenUp { .. }
    ));
}

#[test]
fn whichever_is_set_last_the_adopted_one_is_given_up() {
    let mut posts = dana_asks().request().posts;
    let key = posts.list[0].key;
    let place = ("C1".to_owned(), "1.1".to_owned());
    posts.adopt(Subject::Notice(Notice::Undone, Audience::Others), place);
    let adopted = posts.list.last().unwrap().key;
    let posted = |shows: &str| PostStatus::Posted {
        channel: "C1".to_owned(),
        ts: "1.1".to_owned(),
        shows: shows.to_owned(),
    };
    // One pass found the message for the post, and had updated it as the adopted one's.
    posts.set(key, posted("found"));
    posts.set(adopted, posted("updated"));
    let status = |key: PostKey| posts.get(key).unwrap().status.clone();
    assert_eq!(status(key), posted("found"));
    assert!(matches!(status(adopted), PostStatus::GivenUp { .. }));
}

//! The store went back: what was lost opens nothing, what was over stays over, and every message is told.

use super::notices;
use crate::audit::Fact;
use crate::request::fixtures::{DANA, LEE, approve, at, dana_asks, user};
use crate::request::{
    Back, Command, End, Lost, Notice, PostStatus, Refusal, Request, State, Subject,
};

/// What was known of a later version, with one message that the record does not have.
fn lost(was: &Request) -> Command {
    Command::WentBack {
        lost: Lost {
            upto: 9,
            face: was.posts.face,
            was: was.state.word().to_owned(),
            lets_go: was.state.lets_go(),
            over: was.state.is_final(),
            places: vec![("C1".to_owned(), "7.1".to_owned())],
        },
    }
}

#[test]
fn an_approval_that_was_lost_is_asked_for_again() {
    let asked = dana_asks().request();
    let open = asked.opened();
    let back = asked.after(99, lost(&open));
    assert!(matches!(back.state, State::Pending { .. }));
    assert!(back.votes.is_empty());
    assert_eq!(notices(&back).last(), Some(&&Notice::WentBack));
    let at = at(99);
    assert_eq!(back.back, Some(Back { at, upto: 9 }));
    // No picture that was shown counts any more; the next one does.
    for seen in [&asked, &open] {
        let stale = back.try_at(100, approve(LEE, seen)).unwrap_err();
        assert_eq!(stale, Refusal::Stale);
    }
    let again = back.after(100, approve(LEE, &back));
    assert!(matches!(again.state, State::Granting { .. }));
}

#[test]
fn what_was_ended_or_over_stays_so() {
    let asked = dana_asks().request();
    let open = asked.opened();
    let by = user(DANA);
    let cancelled = asked.after(5, Command::Cancel { by });
    let back = asked.after(99, lost(&cancelled));
    assert!(matches!(back.state, State::Denied { by: None, .. }));
    for later in [open.closing(End::Done), open.closed(End::Done)] {
        let back = open.after(99, lost(&later));
        let State::Ending { why, .. } = back.state else {
            panic!("{:?}", back.state);
        };
        assert!(matches!(why, End::Withdrawn { .. }));
    }
}

#[test]
fn an_open_path_goes_on_and_every_message_is_shown_again() {
    let open = dana_asks().request().opened();
    let warned = open.after(1560, Command::Warn);
    let outcome = open.try_at(1600, lost(&warned)).unwrap();
    let told = outcome.events.iter().map(|event| &event.fact);
    let fact = Fact::WentBack {
        was: "active".to_owned(),
        revision: 9,
    };
    assert_eq!(told.collect::<Vec<_>>(), [&fact]);
    let back = outcome.request;
    assert!(matches!(back.state, State::Active { .. }));
    assert!(back.posts.face > warned.posts.face && back.posts.lag());
    let undone = |subject: &Subject| matches!(subject, Subject::Notice(Notice::Undone, _));
    let adopted = back.posts.list.iter().find(|post| undone(&post.subject));
    let status = PostStatus::Posted {
        channel: "C1".to_owned(),
        ts: "7.1".to_owned(),
        shows: String::new(),
    };
    assert_eq!(adopted.map(|post| &post.status), Some(&status));
}

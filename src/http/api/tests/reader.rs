//! What the server writes of a request is what our own client reads.

use std::iter::successors;

use super::super::shape::{Stage, View, Word};
use crate::client;
use crate::units::Time;

/// A request in which nothing is as it would be by itself.
fn view(state: Word) -> View {
    let at = |text: &str| text.parse::<Time>().unwrap();
    let stage = |name: &str, need, approved, waiting| Stage {
        name: name.to_owned(),
        need,
        approved,
        waiting,
    };
    View {
        id: "k7m3xq".to_owned(),
        state,
        ask: "shop/web to orders/db:5432 for 30m because INC-42".to_owned(),
        flow: "shop/web -> orders/db:5432".to_owned(),
        cluster: "prod-eu".to_owned(),
        requested_by: "ci/deployer".to_owned(),
        owner: Some("U0SAM".to_owned()),
        rule: Some("orders".to_owned()),
        stages: vec![stage("owners", 1, 1, false), stage("security", 3, 2, true)],
        created_at: at("2026-11-26T11:30:00Z"),
        expires_at: Some(at("2026-11-26T12:00:00Z")),
        duration_seconds: 1800,
        reason: Some("INC-42".to_owned()),
        ended: Some("revoked".to_owned()),
        detail: Some("INC-42 is over".to_owned()),
        targets: vec!["10.0.3.7:5432".to_owned(), "10.0.3.8:5432".to_owned()],
    }
}

fn read(view: &View) -> client::Told {
    serde_json::from_str(&serde_json::to_string(view).unwrap()).unwrap()
}

#[test]
fn the_client_reads_every_field_that_it_knows_as_the_server_wrote_it() {
    let written = view(Word::Active);
    // Taken apart: a field that is added to either of both is missed here.
    let client::Told {
        id,
        state,
        flow,
        cluster,
        owner,
        stages,
        expires_at,
        targets,
        detail,
    } = read(&written);
    assert_eq!(
        (id, state, flow, cluster, owner),
        (
            written.id,
            client::State::Active,
            written.flow,
            written.cluster,
            written.owner
        )
    );
    assert_eq!(
        (expires_at, targets, detail),
        (written.expires_at, written.targets, written.detail)
    );
    let stages: Vec<Stage> = stages
        .into_iter()
        .map(
            |client::Stage {
                 name,
                 need,
                 approved,
                 waiting,
             }| Stage {
                name,
                need: need as usize,
                approved: approved as usize,
                waiting,
            },
        )
        .collect();
    assert_eq!(stages, written.stages);
}

/// The state that is listed after it.
fn next(word: &Word) -> Option<Word> {
    match word {
        Word::Pending => Some(Word::Granting),
        Word::Granting => Some(Word::Active),
        Word::Active => Some(Word::Ending),
        Word::Ending => Some(Word::Ended),
        Word::Ended => Some(Word::Denied),
        Word::Denied => Some(Word::Cancelled),
        Word::Cancelled => Some(Word::Lapsed),
        Word::Lapsed => Some(Word::Refused),
        Word::Refused => Some(Word::Failed),
        Word::Failed => None,
    }
}

#[test]
fn the_client_knows_every_state_by_the_servers_word() {
    let words: Vec<Word> = successors(Some(Word::Pending), next).collect();
    assert_eq!(words.len(), 10);
    for word in words {
        let state = read(&view(word)).state;
        assert_ne!(state, client::State::Unknown, "{word:?}");
        assert_eq!(state.word(), word.word());
        // What the client waits for is a word that the server reads.
        let waited: Word = serde_json::from_value(state.word().into()).unwrap();
        assert_eq!(waited, word);
    }
}

//! The stories of `tests/scenarios`, told with a tape: what the town's Slack delivers and answers, and
//! what the bot says, are held against Slack's SDKs.

use std::path::PathBuf;
use std::sync::OnceLock;

use drawbridge::cli::simulate;
use drawbridge::sim::slack::{Crossing, Setup, Tape, Taped};

use super::check::assert_sound;

/// The tape of all stories: told once for all tests.
pub(super) fn tape() -> &'static [Taped] {
    static TAPE: OnceLock<Vec<Taped>> = OnceLock::new();
    TAPE.get_or_init(|| {
        let mut stories: Vec<PathBuf> = std::fs::read_dir("tests/scenarios")
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|end| end == "txt"))
            .collect();
        stories.sort();
        let tape = Tape::default();
        for story in stories {
            let setup = Setup {
                tape: Some(tape.clone()),
                ..Setup::default()
            };
            let played = simulate::play_in(&story, setup).unwrap();
            assert!(played.failures.is_empty(), "{}", story.display());
        }
        tape.read()
    })
}

#[test]
fn whatever_crosses_the_wire_in_the_stories_is_as_slacks_own_sdks_have_it() {
    let tape = tape();
    for (crossing, names) in [
        (
            Crossing::Frame,
            &["hello", "events_api", "interactive", "slash_commands"][..],
        ),
        (Crossing::Call, &["chat.postMessage", "chat.update"]),
        (
            Crossing::Answer,
            &["chat.postMessage", "users.info", "usergroups.users.list"],
        ),
    ] {
        for name in names {
            let there = tape
                .iter()
                .any(|t| t.crossing == crossing && t.name == *name);
            assert!(there, "the stories have no {crossing:?} {name}");
        }
    }
    assert_sound(tape);
}

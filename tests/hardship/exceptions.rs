//! Stories whose point contradicts a hardship, each with the reason.

use drawbridge::sim::town::Hardship;

/// The story, the hardship, and why the story cannot go on as it does under it.
const EXCEPTIONS: &[(&str, Hardship, &str)] = &[
    (
        "a_cluster_that_stays_away_fails_the_request",
        Hardship::CrashAfterCommits,
        "the process that replaces the approval's never saw the cluster, so it begins nothing, and has \
         nothing to take back or to say so of",
    ),
    (
        "a_slow_store_keeps_nobody_waiting",
        Hardship::Repeat,
        "with 0.7 s a call and every call twice, no attempt is verified within its five seconds: the \
         request fails as it must",
    ),
    (
        "killed_between_approval_and_opening",
        Hardship::LoseAnswers,
        "the story kills at the next commit, and that is the retry of a message, not the approval",
    ),
    (
        "the_bot_restarts_in_between",
        Hardship::LoseAnswers,
        "an update whose answer was lost is made again seconds later: after the restart that the story \
         expects to change nothing",
    ),
];

/// Why the story is excepted; `None`: it is not.
pub(crate) fn of(name: &str, hardship: Hardship) -> Option<&'static str> {
    let found = EXCEPTIONS
        .iter()
        .find(|(story, under, _)| *story == name && *under == hardship);
    found.map(|(.., reason)| *reason)
}

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
        "a_denial_carries_the_approvers_words",
        Hardship::CrashAfterCommits,
        "Slack keeps the form open and says that it could not be sent: a person would press once more",
    ),
    (
        "a_wrong_form_stays_and_says_where",
        Hardship::CrashAfterCommits,
        "Slack keeps the form open and says that it could not be sent: a person would press once more",
    ),
    (
        "an_incident_ends_what_was_opened_for_it",
        Hardship::CrashAfterCommits,
        "what is said once in an incident's channel is lost with the process that was to say it; the \
         incident itself is kept, and Slack says that the command failed",
    ),
    (
        "an_incident_has_its_own_approvers",
        Hardship::CrashAfterCommits,
        "as for the incident that ends what was opened for it",
    ),
    (
        "kept_open_for_longer",
        Hardship::CrashAfterCommits,
        "that the request before goes on is told to it after the extension is open, as a courtesy: a \
         process that dies in between does not tell it",
    ),
    (
        "somebody_stands_in_for_who_is_away",
        Hardship::CrashAfterCommits,
        "the absence is kept, but who stands in is written to once, after it: Slack says that the command \
         failed, and a person would say it once more",
    ),
    (
        "the_form_asks_like_a_typed_line",
        Hardship::CrashAfterCommits,
        "Slack keeps the form open and says that it could not be sent: a person would press once more",
    ),
    (
        "the_store_lost_an_end",
        Hardship::CrashAfterCommits,
        "the process that knew of the end died with its commit, and the one that replaced it saw an open path \
         whose objects are gone: it takes that for somebody else's deed, and says so",
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

//! Every form that a line can have: one table for the parser, its errors and the documentation.

mod acts;
mod expectations;

use super::pattern::{Fields, fit};
use super::story::Trouble;

pub use acts::ACTS;
pub use expectations::{EXPECTATIONS, PLAIN_EXPECTATIONS};

/// One form of line.
#[derive(Debug)]
pub struct Form<T: 'static> {
    /// Fixed words, with placeholders in capitals.
    pub usage: &'static str,
    /// A line of this form.
    pub example: &'static str,
    /// What it says.
    pub meaning: &'static str,
    build: fn(&Fields<'_>) -> Result<T, String>,
}

/// Reads a text by the first form that fits it; `None`: none does.
pub(super) fn read<T>(forms: &[Form<T>], text: &str) -> Option<Result<T, String>> {
    forms
        .iter()
        .find_map(|form| Some((form.build)(&fit(form.usage, text)?)))
}

/// What can break, by name.
pub static TROUBLES: &[(&str, Trouble, &str)] = &[
    (
        "slack",
        Trouble::Slack,
        "every connection is cut and none accepted",
    ),
    (
        "slack with 429",
        Trouble::SlackBusy,
        "the next two messages are refused for five seconds",
    ),
    (
        "slack with 500",
        Trouble::SlackFails,
        "the next two messages fail",
    ),
    (
        "slack's answers",
        Trouble::SlackAnswers,
        "the next message is posted, and nobody hears of it",
    ),
    ("the cluster", Trouble::Cluster, "the API server is gone"),
    (
        "the cluster's answers",
        Trouble::ClusterAnswers,
        "the next write is done, the answer lost",
    ),
    (
        "the cluster by policy",
        Trouble::Admission,
        "an admission policy refuses our objects",
    ),
    ("the store", Trouble::Store, "it does not answer"),
    (
        "the store's speed",
        Trouble::StoreSpeed,
        "every call takes 0.7 s",
    ),
];

fn trouble(name: &str) -> Result<Trouble, String> {
    let found = TROUBLES.iter().find(|(known, ..)| *known == name);
    found.map(|(_, trouble, _)| *trouble).ok_or_else(|| {
        let names: Vec<String> = TROUBLES
            .iter()
            .map(|(known, ..)| format!("`{known}`"))
            .collect();
        format!("`{name}` cannot break: try {}", names.join(", "))
    })
}

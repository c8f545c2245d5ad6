//! Hostile input: everything that comes from outside, read by the code that reads it.
//!
//! Each target is a plain function of bytes that asserts what must hold for *any* bytes (`TARGETS` names
//! all of them). The driver feeds it arbitrary bytes and mutations of real inputs, and itself asserts
//! that none takes more time or memory than its size allows.
//!
//! `FUZZ_SECONDS=600 cargo test --test fuzz` looks longer and elsewhere (`FUZZ_SEED` repeats a run). An
//! input that breaks something is made small, printed, and kept under `target/tmp`: put it into
//! `tests/fuzz/corpus/<target>`, where every file is tried first in every run.

#![cfg(test)]

#[path = "fuzz/api.rs"]
mod api;
#[path = "fuzz/config.rs"]
mod config;
#[expect(dead_code, reason = "what is stored of versions is more than seeds")]
#[path = "versions/corpus.rs"]
mod corpus;
#[path = "fuzz/driver.rs"]
mod driver;
#[path = "fuzz/growth.rs"]
mod growth;
#[path = "fuzz/ledger.rs"]
mod ledger;
#[path = "fuzz/limits.rs"]
mod limits;
#[path = "fuzz/manifests.rs"]
mod manifests;
#[path = "fuzz/mutate.rs"]
mod mutate;
#[path = "fuzz/rules.rs"]
mod rules;
#[path = "fuzz/seeds.rs"]
mod seeds;
#[path = "fuzz/signed.rs"]
mod signed;
#[path = "fuzz/slack.rs"]
mod slack;
#[path = "fuzz/stored.rs"]
mod stored;
#[path = "fuzz/text.rs"]
mod text;
#[path = "fuzz/town.rs"]
mod town;

use driver::Target;

/// Counts what is held, so that "small input, much memory" is a failure.
#[global_allocator]
static MEMORY: peak_alloc::PeakAlloc = peak_alloc::PeakAlloc;

/// One line a target: its name, which is its folder of the corpus too, and its function.
macro_rules! targets {
    ($($name:ident: $target:expr,)*) => {
        const TARGETS: &[Target] = &[$($target.named(stringify!($name)),)*];
        $(
            #[test]
            fn $name() {
                driver::drive(&$target.named(stringify!($name)), TARGETS.len());
            }
        )*
    };
}

targets! {
    what_people_type: text::PHRASES,
    slack_events: slack::EVENTS,
    slack_interactions: slack::INTERACTIONS,
    slack_commands: slack::COMMANDS,
    slack_signatures: signed::SIGNATURES,
    manifests_of_a_cluster: manifests::MANIFESTS,
    rules_and_templates: rules::RULES,
    conditions_and_patterns: rules::CONDITIONS,
    stored_requests: stored::REQUESTS,
    stored_notes: stored::NOTES,
    stored_events: stored::EVENTS,
    the_ledger: ledger::LEDGER,
    calls_of_services: api::CALLS,
    bearer_tokens: api::TOKENS,
    the_configuration: config::SETTINGS,
}

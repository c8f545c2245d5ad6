//! The town's Slack, held honest by Slack's own SDKs: bots on Bolt for Python and for JavaScript live in
//! it, and whatever crosses its wire is held against the official types and the documentation.
//!
//! `tests/servers/slack-sdk.sh` installs what is needed into `target/servers/slack-sdk`. The code that
//! runs there is in `tests/slack-sdk`.

mod adapter;
mod bot;
mod check;
mod faults;
mod manifest;
mod place;
mod plays;
mod stories;

//! `drawbridge slack-manifest`: the app's manifest for Socket Mode or, with `--http`, for signed HTTP.

use clap::{Args, ValueEnum};

use super::{Status, complain, say};
use crate::slack::manifest::{self, Mode};
use crate::slack::transport;

/// Stands in for the address that people enter afterwards (RFC 2606 keeps the name free).
const PLACE_HOLDER: &str = "https://drawbridge.example.com";

/// What `slack-manifest` is given.
#[derive(Debug, Args)]
pub struct Given {
    /// For signed HTTP instead of Socket Mode, at this address, without a final slash.
    #[arg(long, value_name = "URL", num_args = 0..=1, default_missing_value = PLACE_HOLDER)]
    http: Option<String>,
    /// Slack's page takes both.
    #[arg(short, long, value_enum, default_value_t = Output::Yaml)]
    output: Output,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    Yaml,
    Json,
}

/// Runs the command.
pub fn run(given: &Given) -> Status {
    let mode = match &given.http {
        None => Mode::Socket,
        Some(base) => match transport::check_api_url(base) {
            Ok(()) => Mode::Http(base.clone()),
            Err(_) => {
                complain(&format!(
                    "`--http` must be `https://HOST` without a slash at the end: `{base}`"
                ));
                return Status::Misused;
            }
        },
    };
    let manifest = manifest::manifest(&mode);
    let text = match given.output {
        Output::Json => serde_json::to_string_pretty(&manifest).map_err(|e| e.to_string()),
        Output::Yaml => serde_saphyr::to_string(&manifest).map_err(|e| e.to_string()),
    };
    match text {
        Ok(text) => {
            say(text.trim_end());
            Status::Done
        }
        Err(error) => {
            complain(&format!("the manifest cannot be written: {error}"));
            Status::Unavailable
        }
    }
}

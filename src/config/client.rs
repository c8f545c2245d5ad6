//! What `request`, `done` and `approve` need of the environment: where the bot is, and the token's file.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::{Problems, Reader, vars};
use crate::client::Place;

/// The bot to ask, and who asks it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientChoice {
    /// Where the bot is.
    pub place: Place,
    /// The file that the token is read from for every call.
    pub token_file: PathBuf,
}

/// Reads it; what was given on the command line goes before the environment.
///
/// # Errors
/// All problems at once.
pub fn read(
    env: &BTreeMap<String, String>,
    server: Option<&str>,
    token_file: Option<PathBuf>,
) -> Result<ClientChoice, Problems> {
    let mut reader = Reader {
        env,
        problems: vars::unknown(env),
    };
    let place = match server {
        Some(text) => text
            .parse::<Place>()
            .map_err(|why| reader.problem("--server", &why))
            .ok(),
        None => reader.parsed("DRAWBRIDGE_SERVER", str::parse),
    };
    let token_file =
        token_file.or_else(|| reader.value("DRAWBRIDGE_TOKEN_FILE").map(PathBuf::from));
    match (place, token_file, reader.problems.is_empty()) {
        (Some(place), Some(token_file), true) => Ok(ClientChoice { place, token_file }),
        _ => Err(Problems(reader.problems)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        let owned = |(k, v): &(&str, &str)| ((*k).to_owned(), (*v).to_owned());
        pairs.iter().map(owned).collect()
    }

    #[test]
    fn a_pod_needs_to_be_told_nothing() {
        let choice = read(&env(&[]), None, None).unwrap();
        assert_eq!(choice.place.to_string(), "http://drawbridge.drawbridge.svc");
        assert_eq!(
            choice.token_file,
            PathBuf::from("/var/run/secrets/drawbridge/token")
        );
    }

    #[test]
    fn the_command_line_goes_before_the_environment() {
        let set = env(&[
            ("DRAWBRIDGE_SERVER", "https://one.example"),
            ("DRAWBRIDGE_TOKEN_FILE", "/one"),
            // What a command that we started inherits.
            ("DRAWBRIDGE_REQUEST_ID", "k7m3xq"),
            ("DRAWBRIDGE_EXPIRES_AT", "2026-11-26T12:00:00Z"),
        ]);
        let choice = read(&set, None, None).unwrap();
        assert_eq!(choice.place.to_string(), "https://one.example");
        let choice = read(&set, Some("https://two.example"), Some("/two".into())).unwrap();
        assert_eq!(choice.place.to_string(), "https://two.example");
        assert_eq!(choice.token_file, PathBuf::from("/two"));
    }

    #[test]
    fn a_token_is_not_sent_to_a_wrong_address() {
        let problems = read(
            &env(&[("DRAWBRIDGE_SERVERS", "x")]),
            Some("http://far.example"),
            None,
        );
        let problems = problems.unwrap_err().to_string();
        assert!(problems.contains("`--server` must be https"), "{problems}");
        assert!(
            problems.contains("did you mean `DRAWBRIDGE_SERVER`?"),
            "{problems}"
        );
    }
}

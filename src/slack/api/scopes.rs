//! The scopes of a token: Slack tells them in a header of every answer, and the client library hides
//! headers. So `auth.test` is asked once more by itself.

use std::collections::BTreeSet;
use std::time::Duration;

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue, Request};
use http_body_util::Empty;
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

use super::SlackError;
use crate::slack::SlackConfig;
use crate::slack::transport::Wire;

/// The method whose answer is looked at: any would do.
const METHOD: &str = "auth.test";

/// Where the scopes stand, separated by commas.
const HEADER: &str = "x-oauth-scopes";

/// As for any other call.
const LIMIT: Duration = Duration::from_secs(5);

/// What the bot token may do; `None`: the answer does not tell.
///
/// # Errors
/// [`SlackError::Away`], or [`SlackError::Auth`] for a token that no header can hold. Whether Slack
/// accepts the token is for [`super::SlackApi::auth_test`] to say.
pub async fn scopes(
    config: &SlackConfig,
    wire: &Wire,
) -> Result<Option<BTreeSet<String>>, SlackError> {
    let request = request(config)?;
    let client = Client::builder(TokioExecutor::new())
        .pool_max_idle_per_host(0)
        .build(wire.clone());
    let answer = tokio::time::timeout(LIMIT, client.request(request)).await;
    let answer = answer.map_err(|_| away("no answer in time"))?;
    let answer = answer.map_err(|_| away("it cannot be reached"))?;
    Ok(told(answer.headers()))
}

fn request(config: &SlackConfig) -> Result<Request<Empty<Bytes>>, SlackError> {
    let bearer = HeaderValue::from_str(&format!("Bearer {}", config.bot_token.expose()));
    let mut bearer = bearer.map_err(|_| SlackError::Auth {
        method: METHOD,
        code: "invalid_auth".to_owned(),
    })?;
    bearer.set_sensitive(true);
    Request::get(format!("{}/{METHOD}", config.api_url))
        .header(AUTHORIZATION, bearer)
        .body(Empty::new())
        .map_err(|_| away("its address cannot be called"))
}

fn told(headers: &HeaderMap) -> Option<BTreeSet<String>> {
    let text = headers.get(HEADER)?.to_str().ok()?;
    let names = text.split(',').map(str::trim);
    Some(
        names
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect(),
    )
}

fn away(cause: &str) -> SlackError {
    SlackError::Away {
        method: METHOD,
        cause: cause.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn config(token: &str) -> SlackConfig {
        SlackConfig {
            bot_token: Secret::new(token),
            app_token: None,
            signing_secret: None,
            api_url: "https://slack.com/api".to_owned(),
        }
    }

    #[test]
    fn scopes_are_read_from_the_header() {
        let mut headers = HeaderMap::new();
        assert_eq!(told(&headers), None);
        headers.insert(
            HEADER,
            HeaderValue::from_static("chat:write,commands, im:read"),
        );
        let expected = ["chat:write", "commands", "im:read"].map(str::to_owned);
        assert_eq!(told(&headers), Some(expected.into()));
        headers.insert(HEADER, HeaderValue::from_static(""));
        assert_eq!(told(&headers), Some(BTreeSet::new()));
    }

    #[test]
    fn the_token_goes_into_one_header_that_is_never_printed() {
        let request = request(&config("xoxb-do-not-print")).unwrap();
        assert_eq!(request.uri(), "https://slack.com/api/auth.test");
        assert!(!format!("{request:?}").contains("do-not-print"));
        assert!(matches!(request_error(), SlackError::Auth { .. }));
    }

    fn request_error() -> SlackError {
        request(&config("xoxb-\n")).unwrap_err()
    }
}

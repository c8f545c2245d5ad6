//! The part of the environment that says how to reach Slack.

use super::Reader;
use crate::secret::Secret;
use crate::slack::SlackConfig;

impl Reader<'_> {
    /// Calling Slack and receiving from it.
    pub(super) fn slack(&mut self) -> SlackConfig {
        let app_token = self.secret("SLACK_APP_TOKEN");
        let signing_secret = self.secret("SLACK_SIGNING_SECRET");
        if app_token.is_none() && signing_secret.is_none() {
            self.problem(
                "SLACK_APP_TOKEN",
                "is not set and neither is `SLACK_SIGNING_SECRET`: set the first for Socket Mode, \
                 the second for signed HTTP",
            );
        }
        SlackConfig {
            app_token,
            signing_secret,
            ..self.slack_calls()
        }
    }

    /// What calling Slack takes, without receiving anything.
    pub(super) fn slack_calls(&mut self) -> SlackConfig {
        let bot_token = self.secret("SLACK_BOT_TOKEN");
        if bot_token.is_none() {
            self.problem("SLACK_BOT_TOKEN", "is not set");
        }
        let api_url = self.value("SLACK_API_URL").unwrap_or_default();
        if let Err(problem) = crate::slack::transport::check_api_url(&api_url) {
            self.problem("SLACK_API_URL", &problem);
        }
        let bot_token = bot_token.unwrap_or_else(|| Secret::new(String::new()));
        SlackConfig {
            bot_token,
            app_token: None,
            signing_secret: None,
            api_url,
        }
    }
}

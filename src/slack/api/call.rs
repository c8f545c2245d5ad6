//! One call to the Web API: its turn, its time-out, and what its failure means.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use slack_morphism::prelude::*;
use slack_morphism::{SlackClientApiCallContext, SlackClientHttpConnector};
use tokio::time::Instant;
use tracing::Span;
use url::Url;

use super::error::{Called, Effect, SlackError};
use super::pace::{Pace, Wanted};
use super::silence::Silence;
use crate::metrics::Metrics;
use crate::slack::SlackConfig;
use crate::slack::transport::Wire;

/// Slack answers in well under a second; after this an answer is not coming.
const CALL_TIMEOUT: Duration = Duration::from_secs(5);

/// Query parameters; absent ones are left out.
pub(super) type Params<'a> = Vec<(&'a str, Option<String>)>;

/// Makes calls. Holds the tokens; nothing else does.
pub(super) struct Caller {
    client: SlackClient<SlackClientHyperConnector<Wire>>,
    bot: SlackApiToken,
    app: Option<SlackApiToken>,
    pace: Pace,
    pub(super) metrics: Arc<Metrics>,
    pub(super) silence: Silence,
}

impl Caller {
    pub(super) fn new(config: &SlackConfig, wire: Wire) -> Self {
        let token = |text: &str| SlackApiToken::new(SlackApiTokenValue(text.to_owned()));
        let address = config.api_url.trim_end_matches('/');
        let connector = SlackClientHyperConnector::with_connector(wire);
        Self {
            client: SlackClient::new(connector.with_slack_api_url(address)),
            bot: token(config.bot_token.expose()),
            app: config.app_token.as_ref().map(|t| token(t.expose())),
            pace: Pace::default(),
            metrics: Arc::default(),
            silence: Silence::default(),
        }
    }

    /// A GET: asking twice changes nothing. So one that broke is asked once more at once, within the
    /// time of one call: otherwise a single lost answer would cost a person their ask.
    pub(super) async fn get<R>(
        &self,
        method: &'static str,
        params: Params<'_>,
    ) -> Result<R, SlackError>
    where
        R: DeserializeOwned + Send,
    {
        let called = Called {
            method,
            effect: Effect::Reads,
        };
        let session = self.client.open_session(&self.bot);
        let ask = || session.http_session_api.http_get(method, &params, None);
        let asked = Instant::now();
        match self.run(called, None, CALL_TIMEOUT, ask()).await {
            Err(SlackError::Away { .. }) if asked.elapsed() < CALL_TIMEOUT => {
                let left = CALL_TIMEOUT.saturating_sub(asked.elapsed());
                self.run(called, None, left, ask()).await
            }
            answer => answer,
        }
    }

    /// A POST with the bot's token. `message`: it is a new message, which takes its channel's turn.
    pub(super) async fn post<Q, R>(
        &self,
        method: &'static str,
        message: Option<&Wanted<'_>>,
        request: &Q,
    ) -> Result<R, SlackError>
    where
        Q: Serialize + Send + Sync,
        R: DeserializeOwned + Send,
    {
        let called = Called {
            method,
            effect: Effect::Writes,
        };
        let session = self.client.open_session(&self.bot);
        let call = session.http_session_api.http_post(method, request, None);
        self.run(called, message, CALL_TIMEOUT, call).await
    }

    /// A POST with the app's token; only `apps.connections.open` takes one, and a lost answer costs
    /// nothing but an unused address.
    pub(super) async fn post_as_app<R>(&self, method: &'static str) -> Result<R, SlackError>
    where
        R: DeserializeOwned + Send,
    {
        let called = Called {
            method,
            effect: Effect::Reads,
        };
        let app = self.app.as_ref().ok_or_else(|| SlackError::Auth {
            method,
            code: "not_authed".to_owned(),
        })?;
        let session = self.client.open_session(app);
        let nothing = serde_json::json!({});
        let call = session.http_session_api.http_post(method, &nothing, None);
        self.run(called, None, CALL_TIMEOUT, call).await
    }

    /// A POST to an address that Slack gave us, without a token: the address is the permission.
    pub(super) async fn post_to<Q, R>(
        &self,
        name: &'static str,
        address: Url,
        request: &Q,
    ) -> Result<R, SlackError>
    where
        Q: Serialize + Send + Sync,
        R: DeserializeOwned + Send,
    {
        let called = Called {
            method: name,
            effect: Effect::Writes,
        };
        let span = Span::none();
        let context = SlackClientApiCallContext {
            rate_control_params: None,
            token: None,
            tracing_span: &span,
            is_sensitive_url: true,
        };
        let connector = &self.client.http_api.connector;
        let call = connector.http_post_uri(address, request, context);
        self.run(called, None, CALL_TIMEOUT, call).await
    }

    async fn run<R>(
        &self,
        called: Called,
        message: Option<&Wanted<'_>>,
        within: Duration,
        call: impl Future<Output = ClientResult<R>>,
    ) -> Result<R, SlackError> {
        let began = Instant::now();
        let result = self.in_turn(called, message, within, call).await;
        let outcome = result.as_ref().err().map_or("ok", SlackError::class);
        self.metrics
            .slack_called(called.method, outcome, began.elapsed());
        result
    }

    async fn in_turn<R>(
        &self,
        called: Called,
        message: Option<&Wanted<'_>>,
        within: Duration,
        call: impl Future<Output = ClientResult<R>>,
    ) -> Result<R, SlackError> {
        let method = called.method;
        let too_early = |after| SlackError::RateLimited { method, after };
        self.pace.turn(method, message).await.map_err(too_early)?;
        let answer = tokio::time::timeout(within, call)
            .await
            .map_err(|_| called.unanswered("no answer in time"))?;
        let result = answer.map_err(|error| called.failed(error));
        if let Err(SlackError::RateLimited { after, .. }) = &result {
            self.pace.pause(method, *after);
        }
        if !matches!(
            result,
            Err(SlackError::Away { .. } | SlackError::Ambiguous { .. })
        ) {
            self.silence.hear();
        }
        result
    }
}

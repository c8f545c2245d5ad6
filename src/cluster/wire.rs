//! One bounded call to an API server.
//!
//! kube's own client waits for ever by default and retries up to 15 times over minutes; on the path
//! that opens and closes gates every call must end in known time instead. So retries are ours, few,
//! and only for calls that are safe to repeat.

use std::time::Duration;

use http::{Request, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Bytes;
use kube::client::Body;
use kube::core::Status;
use serde::de::DeserializeOwned;

use super::error::ClusterError;
use super::needs::Asked;

/// How long any single unary call may take, connection included. A healthy API server answers in
/// milliseconds; one that does not within 10 s is treated as away.
pub const CALL_LIMIT: Duration = Duration::from_secs(10);

/// How long an apply may take with all its tries: a grant's clock starts with it, and what is not
/// verified by then is renewed.
pub const APPLY_LIMIT: Duration = Duration::from_secs(5);

/// Pauses before the second and third try of a call that is safe to repeat: enough to get over a
/// replaced connection or one overload answer, short against every limit above.
pub(crate) const PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_millis(800)];

/// The two clients of one cluster.
///
/// # Guarantees
/// Every unary call ends within its limit. Nothing is retried below this module.
#[derive(Clone)]
pub(crate) struct Wire {
    /// Short calls: time-outs at every level.
    pub(crate) unary: kube::Client,
    /// Watches only: idle time is normal there.
    pub(crate) watch: kube::Client,
}

/// What a call answered.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    body: Bytes,
}

impl Answer {
    /// Reads the body.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, ClusterError> {
        serde_json::from_slice(&self.body).map_err(|e| ClusterError::Unreadable(e.into()))
    }
}

impl Wire {
    /// One try, within `limit`.
    ///
    /// # Errors
    /// [`ClusterError::Timeout`], or what the answer's status means.
    pub(crate) async fn once(
        &self,
        request: Request<Vec<u8>>,
        asked: &Asked,
        limit: Duration,
    ) -> Result<Answer, ClusterError> {
        let answer = async {
            let response = self
                .unary
                .send(request.map(Body::from))
                .await
                .map_err(|e| ClusterError::of_client(e, asked))?;
            let status = response.status();
            let body = response
                .into_body()
                .collect()
                .await
                .map_err(|e| ClusterError::Away(e.into()))?
                .to_bytes();
            Ok::<_, ClusterError>((status, body))
        };
        let (status, body) = tokio::time::timeout(limit, answer)
            .await
            .map_err(|_| ClusterError::Timeout(limit))??;
        if status.is_success() {
            Ok(Answer { status, body })
        } else {
            Err(ClusterError::of_status(&failure(status, &body), asked))
        }
    }

    /// The same for a call that is safe to repeat: up to three tries while the server is away, all
    /// within `limit`. One try gets half of it, so that a connection that died unnoticed costs a
    /// try and not the call.
    ///
    /// # Errors
    /// As [`Self::once`]; the last try's.
    pub(crate) async fn repeatable(
        &self,
        request: &Request<Vec<u8>>,
        asked: &Asked,
        limit: Duration,
    ) -> Result<Answer, ClusterError> {
        let tries = async {
            for pause in PAUSES {
                match self.once(request.clone(), asked, limit / 2).await {
                    Err(error @ (ClusterError::Away(_) | ClusterError::Timeout(_))) => {
                        tracing::debug!(%asked, %error, "call failed, trying again");
                        tokio::time::sleep(pause).await;
                    }
                    done => return done,
                }
            }
            self.once(request.clone(), asked, limit).await
        };
        tokio::time::timeout(limit, tries)
            .await
            .unwrap_or(Err(ClusterError::Timeout(limit)))
    }
}

/// The status object in a failed answer's body; proxies and unknown paths answer in plain text.
fn failure(status: StatusCode, body: &Bytes) -> Status {
    let read: Result<Status, _> = serde_json::from_slice(body);
    let mut failure = read.unwrap_or_else(|_| {
        let text = String::from_utf8_lossy(body);
        Status::failure(text.trim(), status.canonical_reason().unwrap_or_default())
    });
    failure.code = status.as_u16();
    failure
}

//! One bounded call to an API server.
//!
//! kube's own client waits for ever by default and retries up to 15 times over minutes; on the path
//! that opens and closes gates every call must end in known time instead. So retries are ours, few,
//! and only for calls that are safe to repeat.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Bytes;
use kube::client::Body;
use kube::core::Status;
use serde::Deserialize;
use serde::de::{DeserializeOwned, DeserializeSeed};
use tokio::sync::Mutex;

use super::error::ClusterError;
use super::needs::Asked;

/// How long any single unary call may take, connection included. A healthy API server answers in
/// milliseconds; one that does not within 10 s is treated as away.
pub const CALL_LIMIT: Duration = Duration::from_secs(10);

/// How long an apply may take with all its tries: a grant's clock starts with it, and what is not
/// verified by then is renewed.
pub const APPLY_LIMIT: Duration = Duration::from_secs(5);

/// Largest answer, in bytes: a page of a list is 500 objects of a few kilobytes each.
const MAX_ANSWER: usize = 64 * 1024 * 1024;

/// Most that is told of a refusal, in characters: a ValidatingAdmissionPolicy's message and its path have a few
/// hundred, a proxy's page may have any number.
const LONGEST_REASON: usize = 4_000;

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
    pub(crate) unary: Unary,
    /// Watches only: idle time is normal there.
    pub(crate) watch: kube::Client,
}

/// The client for short calls, which is left with all its connections when one of them is silent.
///
/// A firewall that forgets its connections, or a server that was frozen, leaves a pool full of links that
/// take requests and answer nothing. Without this each call that follows would wait for one of them.
#[derive(Clone)]
pub(crate) struct Unary {
    client: Arc<ArcSwap<kube::Client>>,
    /// Makes another one; `None`: there is no network in between.
    another: Option<Arc<Another>>,
    /// Held while another one is made.
    making: Arc<Mutex<()>>,
    /// Whether the last call that ended had no answer in time.
    silent: Arc<AtomicBool>,
}

type Another = dyn Fn() -> Result<kube::Client, ClusterError> + Send + Sync;

impl Unary {
    /// Clients that `another` makes.
    ///
    /// # Errors
    /// As `another`.
    pub(crate) fn made_by(
        another: impl Fn() -> Result<kube::Client, ClusterError> + Send + Sync + 'static,
    ) -> Result<Self, ClusterError> {
        Ok(Self {
            client: Arc::new(ArcSwap::from_pointee(another()?)),
            another: Some(Arc::new(another)),
            making: Arc::default(),
            silent: Arc::default(),
        })
    }

    /// This client for good.
    pub(crate) fn always(client: kube::Client) -> Self {
        let client = Arc::new(ArcSwap::from_pointee(client));
        Self {
            client,
            another: None,
            making: Arc::default(),
            silent: Arc::default(),
        }
    }

    /// Whether the server said nothing when it was last waited for.
    pub(crate) fn is_silent(&self) -> bool {
        self.silent.load(Ordering::Relaxed)
    }

    /// A call of this client had no answer: later ones start with new connections, as soon as there is a new client.
    /// Nothing waits for that: a kubeconfig's `exec` plugin is a program, which may hang on the same silent network,
    /// and kube runs it to its end before it answers. So it has a thread of its own.
    ///
    /// INVARIANT (left once): while one client is made no other is, and of the calls that fail together with one the
    /// first alone leaves it.
    fn leave(&self, silent: &Arc<kube::Client>) {
        let Some(another) = self.another.clone() else {
            return;
        };
        let Ok(making) = Arc::clone(&self.making).try_lock_owned() else {
            return;
        };
        if !Arc::ptr_eq(&self.client.load(), silent) {
            return;
        }
        let client = Arc::clone(&self.client);
        tokio::task::spawn_blocking(move || {
            match another() {
                Ok(made) => client.store(Arc::new(made)),
                // The old one still dials when its connections have all died.
                Err(error) => tracing::warn!(%error, "no new client for the API server"),
            }
            drop(making);
        });
    }
}

/// What a call answered.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    body: Bytes,
}

/// What a `Status` says of a delete.
#[derive(Deserialize)]
struct Told {
    kind: String,
    status: String,
    details: Deleted,
}

#[derive(Deserialize)]
struct Deleted {
    uid: String,
}

impl Answer {
    /// Reads the body.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, ClusterError> {
        serde_json::from_slice(&self.body).map_err(|e| ClusterError::Unreadable(e.into()))
    }

    /// Reads the body in a way of its own.
    pub(crate) fn read_by<'a, S: DeserializeSeed<'a>>(
        &'a self,
        way: S,
    ) -> Result<S::Value, ClusterError> {
        let mut text = serde_json::Deserializer::from_slice(&self.body);
        let read = way.deserialize(&mut text);
        let whole = read.and_then(|value| text.end().map(|()| value));
        whole.map_err(|e| ClusterError::Unreadable(e.into()))
    }

    /// Whether a delete took the object with this uid out of the store: then the API server answers with a `Status` of
    /// success that names it, and with the object itself where that is only marked (apiserver's generic store,
    /// `finalizeDelete`: "that the object was actually deleted and not waiting for finalizers"). `false`: it is still
    /// there, or the answer does not tell.
    pub(crate) fn says_gone(&self, uid: &str) -> bool {
        let Ok(told) = self.read::<Told>() else {
            return false;
        };
        let succeeded = self.status == StatusCode::OK && told.status == "Success";
        succeeded && told.kind == "Status" && told.details.uid == uid
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
        let client = self.unary.client.load_full();
        let answer = async {
            let response = client
                .send(request.map(Body::from))
                .await
                .map_err(|e| ClusterError::of_client(e, asked))?;
            let status = response.status();
            let body = Limited::new(response.into_body(), MAX_ANSWER);
            let body = body.collect().await.map_err(cut_off)?.to_bytes();
            Ok::<_, ClusterError>((status, body))
        };
        let answer = tokio::time::timeout(limit, answer).await;
        self.unary.silent.store(answer.is_err(), Ordering::Relaxed);
        let (status, body) = answer.map_err(|_| {
            self.unary.leave(&client);
            ClusterError::Timeout(limit)
        })??;
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

/// Why a body did not arrive whole.
fn cut_off(error: Box<dyn std::error::Error + Send + Sync>) -> ClusterError {
    match error.is::<LengthLimitError>() {
        true => ClusterError::Unreadable(anyhow::Error::from_boxed(error)),
        false => ClusterError::Away(anyhow::Error::from_boxed(error)),
    }
}

/// The status object in a failed answer's body; proxies and unknown paths answer in plain text. Of a long one
/// the beginning: it is logged, and told to people.
fn failure(status: StatusCode, body: &Bytes) -> Status {
    let read: Result<Status, _> = serde_json::from_slice(body);
    let mut failure = read.unwrap_or_else(|_| {
        let text = String::from_utf8_lossy(body);
        Status::failure(text.trim(), status.canonical_reason().unwrap_or_default())
    });
    if let Some((end, _)) = failure.message.char_indices().nth(LONGEST_REASON) {
        failure.message.truncate(end);
        failure.message.push('…');
    }
    failure.code = status.as_u16();
    failure
}

#[cfg(test)]
mod tests;

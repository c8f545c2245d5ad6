//! Asks a Drawbridge for a path over HTTP, as a service: what `drawbridge request`, `done` and `approve` speak.
//!
//! # Guarantees
//! - The token is read from its file for every call, because projected tokens are replaced while a job waits,
//!   and is sent only over TLS, to a loopback address, or to a name inside the cluster ([`Place`]). Redirects are
//!   not followed.
//! - Asking carries one idempotency key over all its retries: an answer that was lost never makes two requests.
//! - Calls are repeated, with growing pauses and jitter, when the server is away, busy or failing
//!   ([`Patience`]), and never when it said no; a page of another program on the way is no word of it. That a server cannot be asked, and that it is back, is told at once
//!   ([`Contact`]).
//!
//! # Never
//! It decides nothing, prints nothing and takes no word of the server for markup or terminal codes.

use std::path::PathBuf;
use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use crate::id::RequestId;
use crate::secret::Secret;

mod command;
mod contact;
mod exchange;
mod follow;
mod patience;
mod place;
mod probe;
mod program;
mod sent;
mod told;
mod trouble;

pub use command::{Outcome, Signals, run};
pub use contact::{Contact, News};
pub use follow::{closing, until_decided};
pub use patience::Patience;
pub use place::Place;
pub use probe::{SETTLING, Unreached, reach};
pub use program::{NoProgram, Program};
pub use sent::Sent;
pub use told::{Stage, State, Told};
pub use trouble::{Problem, Trouble};

use exchange::{Call, Exchange};

/// Longest that the server is asked to hold one answer back; also how late a change of an approval is seen at
/// most, because only an opening or an end makes it answer earlier.
pub const ROUND: Duration = Duration::from_secs(30);

/// Where a Drawbridge is, and who asks it.
#[derive(Debug)]
pub struct Client {
    place: Place,
    token_file: PathBuf,
    exchange: Exchange,
}

/// How long an answer may be held back, and for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hold {
    /// Until the request is in this state, or over.
    pub until: State,
    /// At most this long, in whole seconds.
    pub longest: Duration,
}

/// The server's answer, and its words as it wrote them.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// What was understood of it.
    pub told: Told,
    /// All of it.
    pub whole: Value,
    /// Whether this very call made the request: it was not there before.
    pub made: bool,
}

impl Client {
    /// A client of one server. Nothing is asked yet.
    pub fn new(place: Place, token_file: PathBuf) -> Self {
        let exchange = Exchange::new();
        Self {
            place,
            token_file,
            exchange,
        }
    }

    /// What is known where a call did not even reach the server.
    pub fn unconnected(&self, why: &str) -> Trouble {
        Trouble::Unconnected {
            origin: self.place.origin(),
            why: why.to_owned(),
        }
    }

    /// Asks for a path; the same key gives the same request. It is noted as soon as it is sent, so also of a
    /// call that is cut off it is known whether a request may have been made.
    ///
    /// # Errors
    /// One call's, not repeated.
    pub async fn ask(&self, ask: &str, key: &str, sent: &Sent) -> Result<Answer, Trouble> {
        let call = Call {
            body: Some(json!({"ask": ask})),
            key: Some(key),
            sent: sent.clone(),
            ..Call::to(Method::POST, "/v1/requests")
        };
        self.answer(call).await
    }

    /// What has become of a request.
    ///
    /// # Errors
    /// One call's, not repeated.
    pub async fn look(&self, id: &str, hold: Hold) -> Result<Answer, Trouble> {
        let id = segment(id)?;
        let (state, seconds) = (hold.until.word(), hold.longest.as_secs());
        let path = format!("/v1/requests/{id}?wait={state}&timeout={seconds}s");
        let call = Call {
            held_back: hold.longest,
            ..Call::to(Method::GET, &path)
        };
        self.answer(call).await
    }

    /// Ends a request: closes what is open, takes back what waits.
    ///
    /// # Errors
    /// One call's, not repeated.
    pub async fn done(&self, id: &str) -> Result<Answer, Trouble> {
        let path = format!("/v1/requests/{}/done", segment(id)?);
        self.answer(Call::to(Method::POST, &path)).await
    }

    /// Approves a request, where its rule names this service for when Slack is away.
    ///
    /// # Errors
    /// One call's, not repeated.
    pub async fn approve(&self, id: &str) -> Result<Answer, Trouble> {
        let path = format!("/v1/requests/{}/approve", segment(id)?);
        self.answer(Call::to(Method::POST, &path)).await
    }

    async fn answer(&self, call: Call<'_>) -> Result<Answer, Trouble> {
        let token = self.token().await?;
        let (whole, made) = self.exchange.send(&self.place, &token, call).await?;
        let told = serde_json::from_value(whole.clone()).map_err(|_| Trouble::Words)?;
        Ok(Answer { told, whole, made })
    }

    async fn token(&self) -> Result<Secret, Trouble> {
        let file = || self.token_file.display().to_string();
        let text = tokio::fs::read_to_string(&self.token_file).await;
        let text = text.map_err(|why| Trouble::Token(format!("`{}`: {why}", file())))?;
        let text = text.trim();
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(Trouble::Token(format!("`{}` holds no token", file())));
        }
        Ok(Secret::new(text))
    }
}

/// An id as a part of a path. What is no id is nobody's request, and is not sent.
fn segment(id: &str) -> Result<String, Trouble> {
    let read: Result<RequestId, _> = id.trim().parse();
    match read {
        Ok(id) => Ok(id.to_string()),
        Err(_) => Err(Trouble::NoId(id.to_owned())),
    }
}

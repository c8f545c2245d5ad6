//! The course of `request`: asked, waited for, probed, used, closed.

mod left;

use std::process::ExitCode;
use std::time::Duration;

use super::Given;
use super::print::{self, Progress, course};
use crate::cli::{Status, complain};
use crate::client::{
    self, Answer, Client, Contact, NoProgram, Patience, Program, SETTLING, Sent, Signals, Told,
    Trouble,
};
use crate::entropy::Entropy;

/// How long closing a path is tried after its command ended, and how long before that a request is looked for
/// whose id did not come; what is open ends by itself in any case.
const CLOSING: Duration = Duration::from_secs(20);

/// Why nothing is used at the end of waiting.
enum Stop {
    /// Said no.
    Over(Answer),
    /// Neither yes nor no.
    Failed(Trouble),
    /// Open, and the target does not answer, which was told; the status for it.
    Unreached(Status),
    /// Told to end.
    Interrupted,
}

/// A request whose id came.
#[derive(Debug, PartialEq, Eq)]
struct Found {
    id: String,
    /// Whether this run made it for certain. Else an earlier run with the same key may have made it.
    made: bool,
}

impl Found {
    fn of(answer: &Answer) -> Self {
        Self {
            id: answer.told.id.clone(),
            made: answer.made,
        }
    }
}

/// Everything that stays the same on the way.
struct Way<'a> {
    given: &'a Given,
    client: &'a Client,
    entropy: &'a Entropy,
    contact: &'a Contact<'a>,
    patience: Patience<'a>,
    key: String,
    program: Option<Program>,
    /// Whether an ask was sent that no certain answer came to: it may have made a request.
    in_doubt: Sent,
}

/// Runs all of it, with the program of the command where there is one; the exit status is the command's, or ours.
pub(super) async fn run(given: &Given, client: &Client, program: Option<Program>) -> ExitCode {
    let entropy = Entropy::from_os();
    let progress = given.waits().then(|| Progress::new(given.patience()));
    let contact = Contact::telling(print::teller(progress.as_ref()));
    let way = Way {
        given,
        client,
        entropy: &entropy,
        contact: &contact,
        patience: Patience::lasting(given.patience(), &entropy, &contact),
        key: given.key.clone().unwrap_or_else(|| entropy.commit_id().0),
        program,
        in_doubt: Sent::default(),
    };
    if let Some(progress) = progress {
        // Caught before anything is asked for, so that nothing asked for is left behind.
        return match Signals::catch() {
            Ok(signals) => way.wait(signals, progress).await,
            Err(error) => {
                complain(&format!("cannot start: {error}"));
                Status::Unavailable.into()
            }
        };
    }
    match way.ask(&way.patience).await {
        Ok(answer) => {
            print::asked(&answer, given.output);
            without_waiting(&answer.told).into()
        }
        Err(trouble) => way.no_answer(&trouble).into(),
    }
}

/// Asked is enough, unless the answer is no already.
fn without_waiting(told: &Told) -> Status {
    match told.state.is_over() {
        true => Status::No,
        false => Status::Done,
    }
}

impl Way<'_> {
    async fn ask(&self, patience: &Patience<'_>) -> Result<Answer, Trouble> {
        let call = async || {
            // Noted when it is sent: a call that is cut off hears no answer. A later no does not undo an earlier
            // call, unless it names the request that the key stands for.
            let before = self.in_doubt.get();
            let asked = self.client.ask(&self.given.ask, &self.key, &self.in_doubt);
            let asked = asked.await;
            if !asked.as_ref().is_err_and(Trouble::in_doubt) {
                let settled = asked.as_ref().is_err_and(Trouble::settles);
                self.in_doubt.set(before && !settled);
            }
            asked
        };
        match patience.persist(call).await {
            // The very first call was cut off on its way to the server.
            Err(Trouble::Late) if !self.in_doubt.get() => {
                Err(self.client.unconnected("no answer in time"))
            }
            asked => asked,
        }
    }

    async fn wait(&self, mut signals: Signals, mut progress: Progress) -> ExitCode {
        let mut found = None;
        let opened = tokio::select! {
            opened = self.open(&mut found, &mut progress) => opened,
            () = signals.end() => Err(Stop::Interrupted),
        };
        let opened = match opened {
            Ok(answer) => self.probe(answer, &mut progress, &mut signals).await,
            Err(stop) => Err(stop),
        };
        progress.close();
        match opened {
            Ok(answer) => self.opened(&answer, &mut signals).await,
            Err(stop) => self.not_used(found, stop).await.into(),
        }
    }

    /// Asks, and waits until the path is open.
    async fn open(
        &self,
        found: &mut Option<Found>,
        progress: &mut Progress,
    ) -> Result<Answer, Stop> {
        let asked = self.ask(&self.patience).await.map_err(Stop::Failed)?;
        *found = Some(Found::of(&asked));
        progress.asked(&asked.told);
        let seen = |answer: &Answer| progress.seen(&answer.told);
        let decided = match asked.told.is_open() || asked.told.state.is_over() {
            true => asked,
            false => client::until_decided(self.client, &asked.told.id, &self.patience, seen)
                .await
                .map_err(Stop::Failed)?,
        };
        match decided.told.is_open() {
            true => Ok(decided),
            false => Err(Stop::Over(decided)),
        }
    }

    /// Connects to the targets, where that is wanted.
    async fn probe(
        &self,
        answer: Answer,
        progress: &mut Progress,
        signals: &mut Signals,
    ) -> Result<Answer, Stop> {
        let Some(given) = &self.given.probe else {
            return Ok(answer);
        };
        let targets = match given.as_str() {
            "" => answer.told.targets.clone(),
            one => vec![one.to_owned()],
        };
        if targets.is_empty() {
            complain("the bot names no address of the target: give one, `--probe=HOST:PORT`");
            return Err(Stop::Unreached(Status::No));
        }
        progress.says(&format!("{}: connecting", course(&answer.told)));
        let left = self.patience.left();
        let reached = tokio::select! {
            reached = client::reach(&targets, left.min(SETTLING)) => reached,
            () = signals.end() => return Err(Stop::Interrupted),
        };
        let Err(unreached) = reached else {
            return Ok(answer);
        };
        let unreached = print::plain(&unreached.to_string());
        if left < SETTLING {
            complain(&format!(
                "the path is open, but the time is over and the target was not reached: {unreached}"
            ));
            return Err(Stop::Unreached(Status::Unavailable));
        }
        complain(&format!(
            "the path is open, but there is {unreached}: the network may enforce it later than the API server \
             has it, or nothing listens there"
        ));
        Err(Stop::Unreached(Status::No))
    }

    /// The path is open: reports it, or runs the command and closes.
    async fn opened(&self, answer: &Answer, signals: &mut Signals) -> ExitCode {
        let Some(program) = &self.program else {
            print::answer(answer, self.given.output);
            return Status::Done.into();
        };
        let id = &answer.told.id;
        let expires_at = answer.told.expires_at;
        let expires_at = expires_at.map(|at| at.format("%Y-%m-%dT%H:%M:%SZ").to_string());
        let variables = [
            ("DRAWBRIDGE_REQUEST_ID", id.clone()),
            ("DRAWBRIDGE_EXPIRES_AT", expires_at.unwrap_or_default()),
        ];
        let closes = async {
            let closed = client::closing(self.client, id, self.contact).await;
            complain(&format!(
                "drawbridge: {} while the command runs",
                course(&closed.told)
            ));
        };
        let ran = client::run(program, &variables, signals, closes).await;
        self.close(id).await;
        match ran {
            Ok(outcome) => ExitCode::from(outcome.code()),
            Err(error) => {
                let name = print::plain(program.name());
                complain(&format!("`{name}` cannot be run: {error}"));
                ExitCode::from(NoProgram::because(&error, program).code())
            }
        }
    }

    /// Closes or takes back. What cannot be told to the bot ends by itself.
    async fn close(&self, id: &str) {
        let patience = Patience::lasting(CLOSING, self.entropy, self.contact);
        let ended = patience.persist(async || self.client.done(id).await).await;
        if let Err(trouble) = ended {
            complain(&format!(
                "drawbridge: `{id}` could not be ended: {}",
                print::plain(&trouble.to_string())
            ));
            complain(&format!(
                "  what is open closes by itself at its end; `drawbridge done {id}` ends it now"
            ));
        }
    }
}

#[cfg(test)]
mod tests;

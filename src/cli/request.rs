//! `drawbridge request "ASK"`: a service asks, waits, and runs a command while the path is open.
//!
//! What stands when it ends early: without a command the request is left as it is, because people may still
//! approve it and the same `--key` finds it again; with a command nobody would use it any more, so it is taken
//! back or closed. Whoever waits and ends before the id came asks once more under the same key, and ends what that
//! gives: of a request that may have been made nobody would know. Under a `--key` that was given an earlier run may
//! have made the request, and may be using it: it is ended only by a run with a command, and only where the server
//! says that this run made it. A command is looked up before anything is asked.

mod course;
mod print;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::{Status, complain};
use crate::client::{Answer, Client, Contact, Patience, Program, Trouble};
use crate::config;
use crate::entropy::Entropy;
use crate::grammar::length;
use crate::retry::Retry;
use crate::units::Seconds;

/// How long is waited where nothing is said.
const WAIT: Seconds = Seconds::minutes(15);

/// How long one call is repeated where nothing is said and nothing is waited for.
const CALL: Seconds = Seconds::minutes(1);

/// What `request` is given.
#[derive(Debug, Args)]
pub struct Given {
    /// What is asked for, as in chat: `shop/web to orders/db:5432 for 30m because INC-42`. The source `self`
    /// is the pod that the token belongs to.
    ask: String,
    /// Wait until the path is open, or will not be.
    #[arg(long)]
    wait: bool,
    /// For how long to wait, and to try to reach the bot and the target. Default: 15m where something is waited
    /// for, else 1m.
    #[arg(long, value_name = "LENGTH", value_parser = length::read)]
    timeout: Option<Seconds>,
    /// Before success is reported, connect (TCP) to the target, or to this address: for 30s, and no longer than
    /// `--timeout`. Waits.
    #[arg(long, value_name = "HOST:PORT", num_args = 0..=1, require_equals = true,
          default_missing_value = "")]
    probe: Option<String>,
    /// The same key makes the same request, however often it is asked. Default: a new one for each run.
    #[arg(long, value_parser = key)]
    key: Option<String>,
    #[command(flatten)]
    server: Server,
    /// How to print it.
    #[arg(short, long, default_value = "text", conflicts_with = "command")]
    output: Form,
    /// Runs while the path is open, with `DRAWBRIDGE_REQUEST_ID` and `DRAWBRIDGE_EXPIRES_AT` in its
    /// environment; then the path is closed, however the command ended. Waits. The exit status is the command's.
    /// It is looked up before anything is asked: 127 if it is not found, 126 if it cannot be executed.
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

/// Where the bot is.
#[derive(Debug, Args)]
pub struct Server {
    /// Where the bot is; default: `DRAWBRIDGE_SERVER`. `https`, because the token is sent there; plain `http` only
    /// to a loopback address or to a Service, `NAME.NAMESPACE.svc`, which no name outside the cluster can be.
    /// Redirects are not followed.
    #[arg(long = "server", value_name = "URL")]
    url: Option<String>,
    /// File with the token to send, read anew for every call; default: `DRAWBRIDGE_TOKEN_FILE`.
    #[arg(long, value_name = "PATH")]
    token_file: Option<PathBuf>,
}

/// How an answer is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// Id and state.
    Text,
    /// The request as the bot tells it.
    Json,
}

impl Given {
    fn waits(&self) -> bool {
        self.wait || self.probe.is_some() || !self.command.is_empty()
    }

    fn patience(&self) -> Duration {
        let usual = if self.waits() { WAIT } else { CALL };
        self.timeout.unwrap_or(usual).std()
    }
}

impl Server {
    /// The client, and what wants a runtime.
    fn client(&self) -> Result<Client, Status> {
        let env = config::environment();
        let choice = config::client::read(&env, self.url.as_deref(), self.token_file.clone());
        match choice {
            Ok(choice) => Ok(Client::new(choice.place, choice.token_file)),
            Err(problems) => {
                complain(&problems.to_string());
                Err(Status::Misused)
            }
        }
    }
}

/// Runs the command.
pub fn run(given: &Given) -> ExitCode {
    let client = match given.server.client() {
        Ok(client) => client,
        Err(status) => return status.into(),
    };
    let env = config::environment();
    let path = env.get("PATH").map(String::as_str);
    let program = match Program::find(&given.command, path) {
        Ok(program) => program,
        Err(none) => {
            complain(&format!("drawbridge: {}", print::plain(&none.to_string())));
            complain("  nothing was asked");
            return ExitCode::from(none.code());
        }
    };
    match block_on(course::run(given, &client, program)) {
        Ok(code) => code,
        Err(status) => status.into(),
    }
}

/// Runs a command that is one call, tried for this long, and prints what it gave.
pub(super) fn one_call(
    server: &Server,
    form: Form,
    timeout: Option<Seconds>,
    call: impl AsyncFnOnce(&Client, &Patience<'_>) -> Result<Answer, Trouble>,
) -> Status {
    let client = match server.client() {
        Ok(client) => client,
        Err(status) => return status,
    };
    let called = block_on(async {
        let entropy = Entropy::from_os();
        let contact = Contact::telling(|news| complain(&print::news(news)));
        let patience = Patience::lasting(timeout.unwrap_or(CALL).std(), &entropy, &contact);
        match call(&client, &patience).await {
            Ok(answer) => {
                print::answer(&answer, form);
                Status::Done
            }
            Err(trouble) => failed(&trouble),
        }
    });
    called.unwrap_or_else(|status| status)
}

fn block_on<T>(work: impl Future<Output = T>) -> Result<T, Status> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().build().map_err(|error| {
        complain(&format!("cannot start: {error}"));
        Status::Unavailable
    })?;
    let done = runtime.block_on(work);
    // A name that is still being looked up cannot be called off, and is not waited for.
    runtime.shutdown_background();
    Ok(done)
}

/// Says what went wrong.
fn failed(trouble: &Trouble) -> Status {
    complain(&format!(
        "drawbridge: {}",
        print::plain(&trouble.to_string())
    ));
    if let Trouble::Said(problem) = trouble
        && let Some(hint) = &problem.hint
    {
        complain(&format!("  {}", print::plain(hint)));
    }
    if let Trouble::Unconnected { .. } = trouble {
        complain("  the address is set by `--server`, else by `DRAWBRIDGE_SERVER`");
    }
    status(trouble)
}

/// The exit status for what went wrong: what may pass is unavailable, a no is a no, and what was given wrongly
/// is misuse.
fn status(trouble: &Trouble) -> Status {
    match trouble {
        trouble if trouble.retry() != Retry::Never => Status::Unavailable,
        Trouble::Said(problem) => match problem.status {
            // 403: not allowed. 404: not there for this service. 409: not in this state, or the key is taken.
            403 | 404 | 409 => Status::No,
            _ => Status::Misused,
        },
        Trouble::Words => Status::Unavailable,
        _ => Status::Misused,
    }
}

/// A key: what a header can carry, and no more than is needed.
fn key(text: &str) -> Result<String, String> {
    let plain = text.bytes().all(|b| b.is_ascii_graphic());
    match (1..=128).contains(&text.len()) && plain {
        true => Ok(text.to_owned()),
        false => Err("must be 1 to 128 letters, digits and signs without spaces".to_owned()),
    }
}

#[cfg(test)]
mod tests;

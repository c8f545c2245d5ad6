//! A command that runs while a path is open.

use std::io::{self, IsTerminal};
use std::process::ExitStatus;

use rustix::process::{Pid, Signal};
use tokio::process::{Child, Command};
use tokio::signal::unix::{self, SignalKind};

use super::Program;

/// The signals that end a job or speak to it, caught from the moment this is made: from then on none of them ends
/// this process before the path was closed.
#[derive(Debug)]
pub struct Signals {
    terminate: unix::Signal,
    interrupt: unix::Signal,
    quit: unix::Signal,
    hangup: unix::Signal,
    user: [unix::Signal; 2],
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// With this exit status.
    Exited(u8),
    /// By this signal.
    Killed(u8),
}

impl Outcome {
    /// The exit status that says the same, as shells write it: 128 and the signal.
    pub const fn code(self) -> u8 {
        match self {
            Self::Exited(code) => code,
            Self::Killed(signal) => signal.saturating_add(128),
        }
    }
}

impl Signals {
    /// Catches them.
    ///
    /// # Errors
    /// The system refuses.
    pub fn catch() -> io::Result<Self> {
        Ok(Self {
            terminate: unix::signal(SignalKind::terminate())?,
            interrupt: unix::signal(SignalKind::interrupt())?,
            quit: unix::signal(SignalKind::quit())?,
            hangup: unix::signal(SignalKind::hangup())?,
            user: [
                unix::signal(SignalKind::user_defined1())?,
                unix::signal(SignalKind::user_defined2())?,
            ],
        })
    }

    /// Waits for one that asks this process to end.
    ///
    /// Cancel safe.
    pub async fn end(&mut self) {
        loop {
            match self.next().await {
                Signal::USR1 | Signal::USR2 => {}
                _ => return,
            }
        }
    }

    /// The next one. Cancel safe.
    async fn next(&mut self) -> Signal {
        let [one, two] = &mut self.user;
        tokio::select! {
            _ = self.terminate.recv() => Signal::TERM,
            _ = self.interrupt.recv() => Signal::INT,
            _ = self.quit.recv() => Signal::QUIT,
            _ = self.hangup.recv() => Signal::HUP,
            _ = one.recv() => Signal::USR1,
            _ = two.recv() => Signal::USR2,
        }
    }
}

/// Runs a command with further variables, passes signals on to it, and waits for its end. `news` is told to the
/// person when it comes, and changes nothing.
///
/// It is never ended by us: whoever ends us ends it, with the same signal.
///
/// # Errors
/// It cannot be started.
pub async fn run(
    program: &Program,
    variables: &[(&str, String)],
    signals: &mut Signals,
    news: impl Future<Output = ()>,
) -> io::Result<Outcome> {
    let mut command = Command::new(&program.file);
    command.arg0(&program.name).args(&program.arguments);
    command.envs(variables.iter().map(|(name, value)| (*name, value)));
    let mut child = command.spawn()?;
    let mut news = std::pin::pin!(news);
    let mut told = false;
    loop {
        tokio::select! {
            status = child.wait() => return Ok(outcome(status?)),
            signal = signals.next() => pass_on(&child, signal),
            () = &mut news, if !told => told = true,
        }
    }
}

/// At a terminal, Ctrl-C and Ctrl-\ reach the command by themselves, because it is of the same group; a second
/// one would look like impatience to it.
fn pass_on(child: &Child, signal: Signal) {
    let typed = matches!(signal, Signal::INT | Signal::QUIT) && io::stdin().is_terminal();
    let pid = child.id().and_then(|id| i32::try_from(id).ok());
    if let Some(pid) = pid.and_then(Pid::from_raw)
        && !typed
    {
        // It may have ended in this very moment.
        let _ = rustix::process::kill_process(pid, signal);
    }
}

fn outcome(status: ExitStatus) -> Outcome {
    use std::os::unix::process::ExitStatusExt;
    let small = |n: i32| u8::try_from(n).unwrap_or(u8::MAX);
    match (status.code(), status.signal()) {
        (Some(code), _) => Outcome::Exited(small(code)),
        (None, Some(signal)) => Outcome::Killed(small(signal)),
        (None, None) => Outcome::Exited(u8::MAX),
    }
}

//! What a person or a log reads while something is waited for: one line that changes at a terminal, a line for
//! each change elsewhere. Everything goes to the standard error stream, apart from the answer itself.

use std::fmt::Write as _;
use std::io::{self, IsTerminal};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::Form;
use crate::cli::{complain, say};
use crate::client::{Answer, News, Told};
use crate::units::Seconds;

/// How often the line at a terminal moves.
const TICK: Duration = Duration::from_millis(120);

/// Shows how far a request is.
pub(super) enum Progress {
    /// At a terminal.
    Line(ProgressBar),
    /// Into a file or a log: what was last said.
    Log(Option<String>),
}

impl Progress {
    /// For whatever the standard error stream is; `limit` is how long is waited in all.
    pub(super) fn new(limit: Duration) -> Self {
        if !io::stderr().is_terminal() {
            return Self::Log(None);
        }
        let left = move |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            let left = limit.saturating_sub(state.elapsed()).as_secs();
            // A minute and more is told by minutes: seconds would only flicker.
            let left = if left >= 60 { left / 60 * 60 } else { left };
            let _ = write!(out, "{} left", Seconds(left));
        };
        let style = ProgressStyle::with_template("{spinner} {wide_msg} {left}");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_spinner());
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        bar.set_style(style.with_key("left", left));
        bar.set_message("asking");
        bar.enable_steady_tick(TICK);
        Self::Line(bar)
    }

    /// The first look at the request: what was asked stays above the line that changes.
    pub(super) fn asked(&mut self, told: &Told) {
        let line = first(told);
        match self {
            Self::Line(bar) => {
                bar.suspend(|| complain(&line));
                bar.set_message(course(told));
            }
            Self::Log(last) => {
                complain(&line);
                *last = Some(course(told));
            }
        }
    }

    /// A later look at it.
    pub(super) fn seen(&mut self, told: &Told) {
        self.says(&course(told));
    }

    /// Says something that holds until something else is said.
    pub(super) fn says(&mut self, line: &str) {
        match self {
            Self::Line(bar) => bar.set_message(line.to_owned()),
            Self::Log(last) if last.as_deref() == Some(line) => {}
            Self::Log(last) => {
                complain(line);
                *last = Some(line.to_owned());
            }
        }
    }

    /// Clears the line at a terminal, so that what follows stands alone.
    pub(super) fn close(self) {
        if let Self::Line(bar) = self {
            bar.finish_and_clear();
        }
    }
}

/// Tells whether the server can be asked; a line at a terminal stays below what is told.
pub(super) fn teller(progress: Option<&Progress>) -> impl Fn(News<'_>) + Send + Sync + use<> {
    let bar = match progress {
        Some(Progress::Line(bar)) => Some(bar.clone()),
        _ => None,
    };
    move |news_of_it| {
        let tell = || complain(&news(news_of_it));
        match &bar {
            Some(bar) => bar.suspend(tell),
            None => tell(),
        }
    }
}

/// Whether the server can be asked, in words.
pub(super) fn news(news: News<'_>) -> String {
    match news {
        News::Lost(trouble) => {
            let why = plain(&trouble.to_string());
            format!("drawbridge: the server cannot be asked now, and is asked again: {why}")
        }
        News::Back => "drawbridge: the server answers again".to_owned(),
    }
}

/// How far a request is: `k7m3xq pending: owners (0 of 1)`.
pub(super) fn course(told: &Told) -> String {
    let mut line = format!("{} {}", plain(&told.id), told.state.word());
    if let Some(stage) = told.waiting_for() {
        let name = plain(&stage.name);
        let _ = write!(line, ": {name} ({} of {})", stage.approved, stage.need);
    }
    if let Some(until) = told.expires_at.filter(|_| told.is_open()) {
        let _ = write!(line, " until {}", until.format("%Y-%m-%dT%H:%M:%SZ"));
    }
    if let Some(why) = told.detail.as_ref().filter(|_| told.state.is_over()) {
        let _ = write!(line, ": {}", plain(why));
    }
    line
}

/// The same with what was asked, which is told once:
/// `k7m3xq pending: owners (0 of 1); shop/web -> orders/db:5432 in prod-eu, owner U0SAM`.
pub(super) fn first(told: &Told) -> String {
    let mut line = course(told);
    if !told.flow.is_empty() {
        let _ = write!(line, "; {}", plain(&told.flow));
    }
    if !told.cluster.is_empty() {
        let _ = write!(line, " in {}", plain(&told.cluster));
    }
    if let Some(owner) = &told.owner {
        let _ = write!(line, ", owner {}", plain(owner));
    }
    line
}

/// Prints the answer of a request that is not waited for.
pub(super) fn asked(answer: &Answer, form: Form) {
    print(answer, form, first);
}

/// Prints the answer itself.
pub(super) fn answer(answer: &Answer, form: Form) {
    print(answer, form, course);
}

fn print(answer: &Answer, form: Form, line: fn(&Told) -> String) {
    match form {
        Form::Json => say(&answer.whole.to_string()),
        Form::Text => say(&line(&answer.told)),
    }
}

/// Without control characters: a server's words move no cursor, and take one line.
pub(super) fn plain(text: &str) -> String {
    let seen = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(seen).collect()
}

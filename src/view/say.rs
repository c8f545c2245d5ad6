//! Private answers: to what a person typed or pressed, for their eyes only, never updated later.

use super::blocks::{Draft, Message};
use super::card::{lapses, substance, terms};
use super::effect;
use super::markup::Markup;
use super::outcome;
use super::stages::{self, Voice};
use super::summary::summary;
use super::text::tidy;
use crate::grammar::{ParseError, scrub, table};
use crate::id::RequestId;
use crate::request::{Crowd, Refusal, Request, State};
use crate::rules::{Aside, Pass, Route, StagePlan};

/// Requests listed by `mine` before the rest is counted: one screen.
const MOST_LISTED: usize = 20;

/// Limits and groups in one small line before the rest is counted.
const MOST_LIMITS: usize = 4;

/// One phrase of the grammar, for the help text: usage, example, meaning.
pub type Entry = (&'static str, &'static str, &'static str);

/// What is open between two ends, and why. The names are those that the person used.
#[derive(Debug, Clone, Copy)]
pub struct ReachAnswer<'a> {
    /// The source.
    pub from: &'a str,
    /// The target, with its ports.
    pub to: &'a str,
    /// Whether all of it is open.
    pub open: bool,
    /// The policies and sides that block, one sentence each.
    pub blocked_by: &'a [String],
    /// Why it is as it is, one sentence each.
    pub why: &'a [String],
}

/// The text was not understood: the spot, the reason, and the nearest text that would be.
pub fn parse_error(text: &str, error: &ParseError) -> Message {
    let draft = Draft::new()
        .line(Markup::from("Not understood").bold() + " · nothing was asked")
        .mono(&error.pointing(text))
        .sentence(&error.message);
    // The nearest text says more than a hint about it.
    let draft = match &error.nearest {
        Some(nearest) => draft.line("Did you mean").mono(nearest),
        None => draft.maybe_sentence(error.hint.as_deref()),
    };
    // What it is filled in with comes back with the click: never with a password in it.
    let draft = match tidy(&scrub(text)) {
        text if !may_be_an_ask(&text) => draft,
        text => draft.form_button(&text),
    };
    draft.send(Markup::from("Not understood: ") + Markup::typed(&error.message))
}

/// Whether a form for asks may help: not where another phrase was begun.
fn may_be_an_ask(text: &str) -> bool {
    let Some(first) = text.split(' ').next().filter(|word| !word.is_empty()) else {
        return false;
    };
    let begins = |phrase: &table::Entry| phrase.word.eq_ignore_ascii_case(first);
    let other = table::PHRASES.iter().find(|phrase| begins(phrase));
    other.is_none_or(|phrase| phrase.word == "using")
}

/// No, and what to do next: for asks that a rule or a fact refuses. Nothing was opened.
pub fn refused(message: &str, hint: Option<&str>) -> Message {
    no("Refused · nothing opened", message, hint)
}

/// No to a command or a click. Nothing was changed.
pub fn unchanged(refusal: &Refusal) -> Message {
    let hint = refusal.hint();
    no("Nothing changed", &refusal.to_string(), hint.as_deref())
}

/// The same with how the request stands now: whoever pressed a button on an older picture need not look
/// for the card. Only where the person may know it.
pub fn unchanged_now(refusal: &Refusal, request: &Request) -> Message {
    let tells = matches!(
        refusal,
        Refusal::Over { .. }
            | Refusal::NotYet { .. }
            | Refusal::Stale
            | Refusal::AlreadyApproved
            | Refusal::SlotTaken
            | Refusal::NotAnApprover { .. }
    );
    if !tells {
        return unchanged(refusal);
    }
    let title = Markup::from("Nothing changed");
    let line = outcome::of(request);
    let now = Markup::from("Now: ") + line.markup() + " · " + effect::path(request);
    let progress = match request.state {
        State::Pending { .. } => stages::progress(request, Voice::Name),
        _ => Markup::default(),
    };
    // What the card shows is said right here.
    let hint = refusal
        .hint()
        .filter(|_| !matches!(refusal, Refusal::Over { .. } | Refusal::Stale));
    Draft::new()
        .line(title.clone().bold())
        .sentence(&refusal.to_string())
        .maybe_sentence(hint.as_deref())
        .line(now)
        .line(progress)
        .send(title + ": " + Markup::typed(&refusal.to_string()))
}

/// There is no such request, or it is none of the person's business.
pub fn unknown(id: &RequestId) -> Message {
    let title = Markup::from("No request ") + Markup::code(id.as_str());
    Draft::new()
        .line(title.clone().bold())
        .small(
            "There never was one, or a failure of the store lost it. `mine` lists yours",
            None,
        )
        .send(title)
}

fn no(title: &'static str, message: &str, hint: Option<&str>) -> Message {
    Draft::new()
        .line(Markup::from(title).bold())
        .sentence(message)
        .maybe_sentence(hint)
        .send(Markup::from(title) + ": " + Markup::typed(message))
}

/// What can be said, from the grammar's phrase table.
pub fn help(table: &[Entry]) -> Message {
    let start = Draft::new().line(
        Markup::from("Drawbridge").bold() + " opens one network path for a while, once approved",
    );
    let widest = table.iter().map(|(usage, ..)| usage.chars().count()).max();
    let lines = table.iter().map(|(usage, _, meaning)| {
        let gap = widest.unwrap_or_default() - usage.chars().count();
        format!("{usage}{}   {meaning}", " ".repeat(gap))
    });
    // A phrase without placeholders is its own example.
    let examples = table.iter().filter(|(usage, example, _)| usage != example);
    let examples = examples.map(|(_, example, _)| *example);
    start
        .mono(&lines.collect::<Vec<_>>().join("\n"))
        .line("For example")
        .mono(&examples.collect::<Vec<_>>().join("\n"))
        .send("Drawbridge opens one network path for a while, once approved")
}

/// The request was made: who is asked, where, and until when; or why it goes nowhere.
pub fn asked(request: &Request) -> Message {
    if let State::Refused { reason, hint } = &request.state {
        return refused(reason, hint.as_deref());
    }
    let title = match request.state {
        State::Pending { .. } => Markup::from("Asked"),
        _ => outcome::of(request).title,
    };
    let head = title.clone().bold() + " · " + effect::path(request);
    let draft = Draft::new().line(head + "\n" + terms(request));
    let draft = match request.waiting_stage() {
        Some((stage, _)) => draft
            .line(Markup::from("Waits for ") + who_and_where(request, stage))
            .small(lapses(request), None),
        None => draft.line(stages::approved_by(request)),
    };
    draft.send(summary(title, request))
}

fn who_and_where(request: &Request, stage: usize) -> Markup {
    let who = stages::asked(request, stage, Voice::Name);
    let channel = request.route.as_ref().and_then(|r| r.channel.as_deref());
    match channel {
        Some(channel) => who + ", asked in " + Markup::channel(channel),
        None => who + ", asked directly",
    }
}

/// A person's requests, newest first, one line each.
pub fn mine(requests: &[Request]) -> Message {
    if requests.is_empty() {
        return Draft::new()
            .line("You have no requests")
            .send("You have no requests");
    }
    let lines = requests.iter().take(MOST_LISTED).map(|request| {
        let line = outcome::of(request);
        let id = Markup::code(request.id.as_str());
        let cluster = Markup::typed(&request.asked.cluster);
        let parts = [id, line.markup(), effect::path(request), cluster];
        Markup::join(parts, " · ")
    });
    let title = Markup::from("Your requests").bold();
    let draft = lines.fold(Draft::new().line(title), Draft::line);
    let more = requests.len().saturating_sub(MOST_LISTED);
    let draft = match more {
        0 => draft,
        _ => draft.small(Markup::from("and ") + more + " older", None),
    };
    draft.send(Markup::from("Your requests: ") + requests.len())
}

/// All about one request.
pub fn show(request: &Request) -> Message {
    let line = outcome::of(request);
    let head = line.markup() + " · " + effect::path(request) + "\n" + terms(request);
    let draft = Draft::new()
        .line(head)
        .maybe_typed("", line.words.as_deref());
    let draft = match request.state {
        // Nothing was planned: there is no effect to show.
        State::Refused { .. } => draft,
        _ => substance(draft, request),
    };
    let draft = match request.state {
        State::Pending { .. } => draft
            .line(stages::progress(request, Voice::Name))
            .small(lapses(request), None),
        State::Refused { ref hint, .. } => draft.maybe_typed("", hint.as_deref()),
        _ => draft.line(stages::approved_by(request)),
    };
    draft.send(summary(line.title, request))
}

/// Who would be asked, and why.
pub fn approvers(route: &Route, crowds: &[Crowd], aside: &Aside) -> Message {
    let title = Markup::from("Rule ") + Markup::code(&route.rule);
    let aside = besides(route, aside);
    if route.stages.is_empty() {
        let all = title + " approves it at once";
        return Draft::new().line(all.clone()).small(aside, None).send(all);
    }
    let nobody = Crowd::default();
    let lines = route.stages.iter().enumerate().map(|(at, plan)| {
        let crowd = crowds.get(at).unwrap_or(&nobody);
        who_may(at, plan, crowd)
    });
    let order = if route.stages.len() > 1 {
        " asks, one after the other"
    } else {
        " asks"
    };
    Draft::new()
        .line(title.clone().bold() + order)
        .line(Markup::join(lines, "\n"))
        .small(aside, None)
        .send(title + " asks " + route.stages.len())
}

/// Why this rule, why it asks or does not, and who need not wait.
fn besides(route: &Route, aside: &Aside) -> Markup {
    let why = match &aside.when {
        Some(when) => Markup::from("The first rule that matches: ") + Markup::code(when),
        None => "The first rule that matches".into(),
    };
    let automatic = match &route.pass {
        Pass::Automatic { why } => Markup::typed(why),
        Pass::Stages | Pass::Emergency => {
            let limits = aside.not_automatic.iter();
            let limits = Markup::list(limits.map(|limit| Markup::typed(limit)), MOST_LIMITS);
            if limits.is_empty() {
                limits
            } else {
                Markup::from("not automatic: ") + limits
            }
        }
    };
    let emergency = route.emergency.as_ref().map(|plan| {
        let names = plan.by.parts().map(|name| Markup::code(&name));
        let names = Markup::list(names, MOST_LIMITS);
        Markup::from("in an emergency ") + names + " may open it at once, for " + plan.max
    });
    Markup::join([why, automatic, emergency.unwrap_or_default()], " · ")
}

fn who_may(at: usize, plan: &StagePlan, crowd: &Crowd) -> Markup {
    let head = Markup::from(at + 1) + ". " + Markup::typed(&plan.name) + " · " + plan.need;
    let groups = crowd
        .groups
        .iter()
        .map(|(handle, _)| Markup::handle(handle));
    let people = crowd.people.iter().map(Markup::person);
    let names = Markup::list(groups.chain(people), MOST_LISTED);
    if names.is_empty() {
        head + " of nobody"
    } else {
        head + " of " + names
    }
}

/// Whether a flow is open now.
pub fn reach(answer: &ReachAnswer<'_>) -> Message {
    let path = Markup::code(answer.from) + " → " + Markup::code(answer.to);
    let title = if answer.open { "Open" } else { "Closed" };
    let draft = Draft::new().line(Markup::from(title).bold() + " · " + path);
    let sentences = answer.blocked_by.iter().chain(answer.why).take(MOST_LISTED);
    let flow = Markup::typed(answer.from) + " → " + Markup::typed(answer.to);
    sentences
        .fold(draft, |draft, sentence| draft.sentence(sentence))
        .send(Markup::from(title) + " · " + flow)
}

/// The answer takes longer than Slack waits.
pub fn working() -> Message {
    Draft::new()
        .small("Working on it", None)
        .send("Working on it")
}

/// Something of ours is away. Says whether anything was begun.
pub fn sorry(id: Option<&RequestId>) -> Message {
    let text = match id {
        Some(id) => {
            Markup::from("Sorry, this did not work just now. If anything was begun, it is request ")
                + Markup::code(id.as_str())
                + "; it goes on or ends by itself. Please look again in a minute"
        }
        None => {
            "Sorry, this did not work just now, and nothing was changed. Please try again in a \
                 minute"
                .into()
        }
    };
    Draft::new().line(text.clone()).send(text)
}

//! The home tab: what waits for a person, what is theirs, and what they may ask for.

use slack_morphism::prelude::{SlackActionsBlock, SlackBlock, SlackBlockButtonStyle};

use super::super::blocks::Draft;
use super::super::button::{Action, Button, ask_form};
use super::super::card::{lapses, substance, terms};
use super::super::markup::Markup;
use super::super::screen::Screen;
use super::super::stages::{self, Voice};
use super::super::{effect, outcome};
use super::sheet::Sheet;
use crate::request::{Request, State};

/// Requests shown that wait for the reader. Each takes up to seven of the 100 blocks.
const MOST_WAITING: usize = 6;

/// Own requests shown that are not over. Each takes up to three blocks.
const MOST_OWN: usize = 6;

/// Own requests shown that are over. Each takes two blocks.
const MOST_RECENT: usize = 10;

/// Templates shown that the reader may ask for, all in one block.
const MOST_TEMPLATES: usize = 10;

/// Rules named for each of them.
const MOST_RULES: usize = 3;

/// What a home tab is about.
#[derive(Debug, Clone, Default)]
pub struct Home {
    /// Requests that wait for the reader, the longest wait first.
    pub waiting: Vec<Request>,
    /// Whether there may be more of them than were looked at.
    pub waiting_cut: bool,
    /// The reader's own requests, newest first, finished or not.
    pub own: Vec<Request>,
    /// Templates that rules let the reader ask for: name, summary, rules.
    pub may_ask: Vec<(String, String, Vec<String>)>,
}

/// The home tab of a member.
pub fn home(model: &Home) -> Screen {
    let (open, over): (Vec<&Request>, Vec<&Request>) = model
        .own
        .iter()
        .filter(|request| !matches!(request.state, State::Refused { .. }))
        .partition(|request| !request.state.is_final());
    let sheet = Sheet::new()
        .text(Draft::new().line(
            Markup::from("Drawbridge").bold()
                + " opens one network path for a while, once approved",
        ))
        .block(ask_button())
        .text(heading("Waiting for you"));
    let sheet = waiting(sheet, model);
    let sheet = own(sheet.text(heading("Yours")), &open);
    let sheet = recent(sheet, &over);
    may_ask(sheet, model)
        .text(Draft::new().small("Or type it: `/access shop/web to orders/db:5432 for 30m because INC-42`; `/access help` lists all phrases", None))
        .home()
}

/// The home tab of somebody who may not use the bot: one sentence, and nothing of what it knows.
pub fn closed() -> Screen {
    let text = "Only full members of this workspace can use Drawbridge";
    Sheet::new().text(Draft::new().line(text)).home()
}

fn heading(title: &'static str) -> Draft {
    Draft::new().line(Markup::from(title).bold())
}

fn ask_button() -> SlackBlock {
    let mut button = ask_form("Ask for access", None);
    button.style = Some(SlackBlockButtonStyle::Primary);
    SlackActionsBlock::new(vec![button.into()]).into()
}

fn waiting(sheet: Sheet, model: &Home) -> Sheet {
    if model.waiting.is_empty() {
        return sheet.text(Draft::new().small("Nothing", None));
    }
    let shown = model.waiting.iter().take(MOST_WAITING);
    let sheet = shown.fold(sheet, |sheet, request| {
        let mut approve = Button::new(Action::Approve, request);
        if let Some(question) = effect::second_look(request) {
            approve = approve.confirm(question);
        }
        let head = effect::path(request).bold() + "\n" + terms(request);
        let draft = substance(Draft::new().line(head), request)
            .line(stages::progress(request, Voice::You))
            .small(lapses(request), None)
            .button(approve)
            .button(Button::new(Action::Deny, request))
            .button(Button::new(Action::More, request));
        sheet.text(draft)
    });
    more(sheet, model.waiting.len(), MOST_WAITING, model.waiting_cut)
}

fn own(sheet: Sheet, open: &[&Request]) -> Sheet {
    if open.is_empty() {
        return sheet.text(Draft::new().small("Nothing waits and nothing is open", None));
    }
    let shown = open.iter().take(MOST_OWN);
    let sheet = shown.fold(sheet, |sheet, request| {
        let line = outcome::of(request);
        let head = line.markup() + " · " + effect::path(request) + "\n" + terms(request);
        let button = |action| Button::new(action, request);
        let draft = Draft::new().line(head);
        sheet.text(match request.state {
            State::Pending { .. } => draft
                .line(stages::progress(request, Voice::Name))
                .button(button(Action::Cancel)),
            State::Granting { .. } => draft.button(button(Action::Cancel)),
            State::Active { .. } => draft
                .button(button(Action::Done))
                .button(button(Action::Extend)),
            _ => draft,
        })
    });
    more(sheet, open.len(), MOST_OWN, false)
}

fn recent(sheet: Sheet, over: &[&Request]) -> Sheet {
    if over.is_empty() {
        return sheet;
    }
    let shown = over.iter().take(MOST_RECENT);
    shown.fold(sheet.text(heading("Recent")), |sheet, request| {
        let line = outcome::of(request);
        let parts = [line.markup(), effect::path(request), terms(request)];
        let draft = Draft::new()
            .small(Markup::join(parts, " · "), line.words.as_deref())
            .button(Button::new(Action::Again, request));
        sheet.text(draft)
    })
}

fn may_ask(sheet: Sheet, model: &Home) -> Sheet {
    let sheet = sheet.text(heading("What you may ask for"));
    if model.may_ask.is_empty() {
        let text = "No rule names you: ask those who look after the rules";
        return sheet.text(Draft::new().small(text, None));
    }
    let lines = model.may_ask.iter().take(MOST_TEMPLATES);
    let lines = lines.map(|(name, summary, rules)| {
        let rules = Markup::list(rules.iter().map(|rule| Markup::code(rule)), MOST_RULES);
        Markup::code(name) + " · " + Markup::typed(summary) + " · by " + rules
    });
    let sheet = sheet.text(Draft::new().line(Markup::join(lines, "\n")));
    more(sheet, model.may_ask.len(), MOST_TEMPLATES, false)
}

/// `and 3 more`
fn more(sheet: Sheet, all: usize, most: usize, cut: bool) -> Sheet {
    let rest = all.saturating_sub(most);
    let line = match (rest, cut) {
        (0, false) => return sheet,
        (0, true) => "and perhaps more".into(),
        (rest, false) => Markup::from("and ") + rest + " more",
        (rest, true) => Markup::from("and ") + rest + " more, or yet more",
    };
    sheet.text(Draft::new().small(line, None))
}

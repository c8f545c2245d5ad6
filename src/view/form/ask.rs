//! The ask form: a template's inputs, for how long and why, and what would come of it.

use super::super::blocks::Draft;
use super::super::effect;
use super::super::markup::Markup;
use super::super::screen::{Choice, Screen};
use super::super::stages::{self, Voice};
use super::field::{Field, Lines};
use super::id;
use super::lengths::{self, between, length_value};
use super::sheet::{Sheet, Words};
use crate::request::{Request, State};
use crate::rules::InputKind;
use crate::units::Seconds;

/// Most characters of a template's text input.
const LONGEST_INPUT: usize = 500;

/// Most characters of a reason, as the grammar reads it.
const LONGEST_REASON: usize = crate::grammar::LONGEST_REASON;

/// What the ids of a template's inputs begin with.
const INPUT: &str = "in.";

/// The ask form as it stands.
#[derive(Debug, Clone)]
pub struct AskForm {
    /// Names of the templates and what each is for; asked for when there are several.
    pub templates: Vec<(String, String)>,
    /// The one chosen.
    pub template: String,
    /// Names of the clusters; asked for when there are several.
    pub clusters: Vec<String>,
    /// The one chosen.
    pub cluster: Option<String>,
    /// The template's inputs, in its order.
    pub inputs: Vec<Blank>,
    /// For how long it may be open: the shortest, the longest, and what is taken when nothing is said.
    pub lengths: (Seconds, Seconds, Seconds),
    /// The length chosen.
    pub length: Option<Seconds>,
    /// Why.
    pub reason: Option<String>,
    /// The pattern that the rule demands of a reason, when it is known.
    pub pattern: Option<String>,
    /// What would come of it.
    pub preview: Preview,
    /// What the form notes (at most 3,000 characters; more is left out).
    pub notes: String,
}

/// One input of a template.
#[derive(Debug, Clone)]
pub struct Blank {
    /// Its name in the template.
    pub name: String,
    /// What it must be.
    pub kind: InputKind,
    /// One line of the template's author.
    pub description: Option<String>,
    /// Whether it may stay empty.
    pub optional: bool,
    /// What stands in it.
    pub value: Option<String>,
    /// Shown while it is empty.
    pub example: Option<String>,
}

/// What would come of an ask.
#[derive(Debug, Clone)]
pub enum Preview {
    /// Too little is filled in to tell.
    Waiting,
    /// It would become this request; its id means nothing.
    Would(Box<Request>),
    /// It would not become a request.
    Wrong {
        /// Why not.
        message: String,
        /// What to do next.
        hint: Option<String>,
    },
}

/// The id of a template's input. It holds the kind: an input of the same name in another template keeps
/// what stands in it only where it means the same.
pub fn input_id(kind: InputKind, name: &str) -> String {
    format!("{INPUT}{}.{name}", kind.name())
}

/// Reads [`input_id`].
pub fn parse_input_id(id: &str) -> Option<(InputKind, &str)> {
    let (kind, name) = id.strip_prefix(INPUT)?.split_once('.')?;
    let kind = InputKind::ALL
        .into_iter()
        .find(|known| known.name() == kind)?;
    (!name.is_empty()).then_some((kind, name))
}

/// The form. Every change of an input but the reason's letters is told to the bot, which shows what would
/// come of it.
pub fn ask(form: &AskForm) -> Screen {
    let words = Words {
        title: "Ask for access",
        submit: "Ask",
        close: "Cancel",
    };
    let sheet = form.inputs.iter().fold(choices(form), |sheet, blank| {
        sheet.field(input(blank).dispatches())
    });
    let why = Field::text(id::WHY, "Why", reason(form)).dispatches();
    let why = match &form.pattern {
        Some(pattern) => why.hint(&format!("Something like `{pattern}`; approvers read it")),
        None => why.hint("Approvers read it"),
    };
    // Whether it is needed depends on the rule, which is known only when all else is.
    sheet
        .field(length(form).dispatches())
        .field(why.optional())
        .text(preview(&form.preview))
        .form(id::ASK, &form.notes, &words)
}

fn reason(form: &AskForm) -> Lines<'_> {
    Lines {
        most: LONGEST_REASON,
        initial: form.reason.as_deref(),
        ..Lines::default()
    }
}

fn choices(form: &AskForm) -> Sheet {
    let templates: Vec<Choice> = form
        .templates
        .iter()
        .map(|(name, summary)| Choice::new(&format!("{name}: {summary}"), name))
        .collect();
    let template = (templates.len() > 1).then(|| {
        let chosen = Some(form.template.as_str());
        Field::menu(id::TEMPLATE, "What", &templates, chosen).dispatches()
    });
    let clusters: Vec<Choice> = form
        .clusters
        .iter()
        .map(|name| Choice::new(name, name))
        .collect();
    let cluster = (clusters.len() > 1).then(|| {
        let chosen = form.cluster.as_deref();
        Field::menu(id::CLUSTER, "Cluster", &clusters, chosen).dispatches()
    });
    Sheet::new().maybe_field(template).maybe_field(cluster)
}

fn input(blank: &Blank) -> Field {
    let id = input_id(blank.kind, &blank.name);
    let value = blank.value.as_deref();
    let label = capital(&blank.name);
    let field = match blank.kind {
        InputKind::Endpoint | InputKind::Workload => {
            let chosen = value.and_then(whole_choice);
            Field::search(&id, &label, chosen.as_ref())
        }
        InputKind::Ports | InputKind::Cidr | InputKind::String => {
            let lines = Lines {
                most: LONGEST_INPUT,
                many: false,
                initial: value,
                placeholder: blank.example.as_deref(),
            };
            Field::text(&id, &label, lines)
        }
    };
    let field = match &blank.description {
        Some(description) => field.hint(&capital(description)),
        None => field,
    };
    if blank.optional {
        field.optional()
    } else {
        field
    }
}

/// A choice whose value is not cut: a cut one would be another.
pub fn whole_choice(value: &str) -> Option<Choice> {
    let choice = Choice::new(value, value);
    (choice.value == value && !value.is_empty()).then_some(choice)
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}

fn length(form: &AskForm) -> Field {
    let (least, most, usual) = form.lengths;
    // What was chosen stays, even if the rule turns out to allow less: the preview says so.
    let own = [usual.min(most).max(least)].into_iter().chain(form.length);
    let all = lengths::with(between(least, most), own);
    let choices: Vec<Choice> = all
        .iter()
        .map(|length| lengths::choice(*length, ""))
        .collect();
    let chosen = length_value(form.length.unwrap_or_else(|| usual.min(most).max(least)));
    Field::menu(id::LENGTH, "For", &choices, Some(&chosen))
}

fn preview(preview: &Preview) -> Draft {
    match preview {
        Preview::Waiting => Draft::new().small("Who would be asked shows here", None),
        Preview::Wrong { message, hint } => no(message, hint.as_deref()),
        Preview::Would(request) => match &request.state {
            State::Refused { reason, hint } => no(reason, hint.as_deref()),
            _ => would(request),
        },
    }
}

fn no(message: &str, hint: Option<&str>) -> Draft {
    Draft::new()
        .line(Markup::from("Would be refused").bold())
        .typed("", message)
        .maybe_typed("", hint)
}

fn would(request: &Request) -> Draft {
    let title = Markup::from("Would open").bold() + " " + effect::path(request);
    effect::shown(Draft::new().line(title), request).line(asks(request))
}

fn asks(request: &Request) -> Markup {
    let Some(route) = &request.route else {
        return Markup::default();
    };
    if !matches!(request.state, State::Pending { .. }) {
        return Markup::from("Rule ") + Markup::code(&route.rule) + " approves it at once";
    }
    let lines = route.stages.iter().enumerate().map(|(at, plan)| {
        let lead = if at == 0 { "Asks " } else { "then " };
        let who = stages::asked(request, at, Voice::Name);
        Markup::from(lead) + plan.need + " of " + who + " (" + Markup::typed(&plan.name) + ")"
    });
    Markup::join(lines, "\n")
}

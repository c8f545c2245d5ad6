//! The weekly digest, as a channel reads it. No person is named.

use super::Markup;
use super::blocks::{Draft, Message};
use crate::id::RequestId;
use crate::units::{Seconds, Time};

/// Lines of the longer lists: a digest is read in a minute.
const SHOWN: usize = 5;

/// How access was used in a week.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Week {
    /// The first instant.
    pub from: Time,
    /// The first instant after.
    pub until: Time,
    /// Asks of this week, refused ones and those that lengthen others too; what follows, up to `waiting`, is
    /// what became of them.
    pub asked: u64,
    /// Paths that were opened.
    pub opened: u64,
    /// Asks that a rule or a fact refused at once.
    pub refused: u64,
    /// Requests that somebody, or the rules as they had become, denied.
    pub denied: u64,
    /// Requests that nobody answered in time.
    pub lapsed: u64,
    /// Requests that were taken back.
    pub cancelled: u64,
    /// Requests that were approved and never open.
    pub not_opened: u64,
    /// Requests that waited still when the week ended.
    pub waiting: u64,
    /// Requests that a rule approved by itself.
    pub automatic: u64,
    /// Paths that were opened at once, as emergencies.
    pub emergencies: u64,
    /// Emergencies of the last four weeks whose review is still missing, oldest first.
    pub unreviewed: Vec<RequestId>,
    /// How long people waited for a decision in half of the cases, or less; `None`: nothing was decided
    /// by people.
    pub decision: Option<Seconds>,
    /// The paths that were opened most often, busiest first.
    pub busiest: Vec<Used>,
    /// The paths that became a habit this week.
    pub habits: Vec<Used>,
}

/// How often a path was used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Used {
    /// The cluster.
    pub cluster: String,
    /// From where to where, as recorded: `shop/web -> orders/db:5432`.
    pub flow: String,
    /// How often it was opened; of a habit, on how many days.
    pub times: u64,
}

/// The digest.
pub fn message(week: &Week) -> Message {
    let title = Markup::from("Access in the last week");
    let counted = [
        (week.opened, "opened"),
        (week.refused, "refused at once"),
        (week.denied, "denied"),
        (week.lapsed, "without an answer"),
        (week.cancelled, "taken back"),
        (week.not_opened, "approved and not opened"),
        (week.waiting, "still waiting"),
    ];
    let counted = counted.map(|(count, what)| some(count, what));
    let ways = [
        some(week.automatic, "approved by a rule alone"),
        some(week.emergencies, "opened as emergencies"),
    ];
    let decided = week
        .decision
        .map(|length| Markup::from("Half of the decisions took ") + length + " or less");
    let quiet = (week.asked == 0).then_some("Nobody asked for anything");
    let asked = some(week.asked, "asked for");
    let outcome = Markup::join([vec![asked.clone()], counted.into()].concat(), " · ");
    let mut draft = Draft::new()
        .line(title.clone().bold())
        .line(quiet.unwrap_or_default())
        .line(outcome)
        .line(Markup::join(ways, " · "))
        .line(decided.unwrap_or_default());
    if !week.unreviewed.is_empty() {
        let ids = week.unreviewed.iter().map(|id| Markup::code(id.as_str()));
        let ids = Markup::list(ids, SHOWN);
        draft = draft.line(Markup::from("*Not reviewed yet:* ") + ids);
    }
    draft = paths(draft, "Busiest paths", &week.busiest, ("time", "times"));
    draft = paths(
        draft,
        "Became a habit",
        &week.habits,
        ("day in four weeks", "days in four weeks"),
    );
    if !week.habits.is_empty() {
        let hint =
            "A permanent NetworkPolicy may serve these better: `drawbridge report` drafts it";
        draft = draft.small(hint, None);
    }
    let told = if week.asked == 0 {
        title + ": nobody asked"
    } else {
        title + ": " + Markup::join([asked, some(week.opened, "opened")], ", ")
    };
    draft.send(told)
}

fn some(count: u64, what: &'static str) -> Markup {
    match count {
        0 => Markup::default(),
        _ => Markup::from(count) + " " + what,
    }
}

/// A list of paths, its unit for one and for more.
fn paths(
    draft: Draft,
    title: &'static str,
    paths: &[Used],
    (one, more_than_one): (&'static str, &'static str),
) -> Draft {
    if paths.is_empty() {
        return draft;
    }
    let more = paths.len().saturating_sub(SHOWN);
    let draft = draft.line(Markup::from(title).bold());
    let lines = paths.iter().take(SHOWN).map(|path| {
        let flow = Markup::code(&path.flow.replace(" -> ", " → "));
        let unit = if path.times == 1 { one } else { more_than_one };
        let times = Markup::from(path.times) + " " + unit;
        Markup::join([flow, Markup::typed(&path.cluster), times], " · ")
    });
    let draft = lines.fold(draft, Draft::line);
    match more {
        0 => draft,
        _ => draft.small(Markup::from("and ") + more + " more", None),
    }
}

//! Forms and home tabs in a transcript: what opened, changed and closed since the last scene.

use std::collections::BTreeMap;

use crate::sim::slack::Slack;

/// A screen's name and its lines.
type Lines = BTreeMap<String, Vec<String>>;

/// What was on people's screens when a scene last showed them.
#[derive(Debug, Default)]
pub(super) struct Screens(Lines);

impl Screens {
    /// What changed since the last time, one entry a screen, each with its lines.
    pub(super) fn changes(&mut self, slack: &Slack) -> Vec<Vec<String>> {
        let now = look(slack);
        let before = std::mem::replace(&mut self.0, now);
        let mut changes = Vec::new();
        for (screen, lines) in &self.0 {
            let sign = match before.get(screen) {
                None => "+",
                Some(shown) if shown != lines => "~",
                Some(_) => continue,
            };
            let mut entry = vec![format!("{sign} {screen}")];
            entry.extend(lines.iter().map(|line| format!("    {line}")));
            changes.push(entry);
        }
        let closed = before.keys().filter(|screen| !self.0.contains_key(*screen));
        changes.extend(closed.map(|screen| vec![format!("- {screen}")]));
        changes
    }
}

fn look(slack: &Slack) -> Lines {
    let mut screens = Lines::new();
    for person in slack.people() {
        if let Some(form) = slack.form(&person.id) {
            let mut lines = vec![form.title];
            lines.extend(form.lines);
            lines.extend(form.errors.into_iter().map(|error| format!("! {error}")));
            screens.insert(format!("form of {}", person.name), lines);
        }
        if let Some(lines) = slack.home(&person.id) {
            screens.insert(format!("home of {}", person.name), lines);
        }
    }
    screens
}

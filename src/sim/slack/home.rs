//! The app's home tab, opened by people. (docs.slack.dev, "App Home", `app_home_opened`)

use serde_json::json;

use super::Slack;
use super::cannot::Cannot;
use super::screens::view;
use super::state::State;
use super::wire::set;

impl Slack {
    /// Opens the app's home tab: the app is told, and what it has published shows.
    ///
    /// # Errors
    /// When the person is not there, or the app has no home tab.
    pub fn open_home(&self, person: &str) -> Result<(), Cannot> {
        self.with(|state| {
            let person = state.somebody(person)?;
            if !state.setup.home_tab {
                return Err(Cannot::NoHome);
            }
            let channel = state.open_direct(&person.id);
            let now = state.now();
            let event_ts = state.mint.ts(now);
            let mut event = json!({
                "type": "app_home_opened", "user": person.id, "channel": channel,
                "event_ts": event_ts, "tab": "home",
            });
            if let Some(home) = state.screens.homes.get(&person.id) {
                set(&mut event, "view", view::delivered(&home.view));
            }
            let parcel = state.event(event);
            state.outbox.push(parcel);
            Ok(())
        })
    }

    /// A person's home tab line by line; `None` while the app has published none.
    pub fn home(&self, person: &str) -> Option<Vec<String>> {
        self.read(|state: &State| {
            let person = state.world.person(person)?;
            let pane = state.screens.homes.get(&person.id)?;
            Some(state.view_lines(person, pane))
        })
    }
}

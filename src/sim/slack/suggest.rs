//! Typeahead: menus whose options the app looks up while a person types.
//! (docs.slack.dev, "Select menu element", `block_suggestion`)

use serde_json::{Value, json};

use super::Slack;
use super::blocks;
use super::cannot::Cannot;
use super::deliver::{Failed, Parcel, What};
use super::element::{self, text_of};
use super::place::Spot;
use super::state::State;
use super::surface::element_at;
use super::wire::set;

/// Characters that have to be typed before the app is asked, unless the menu says otherwise.
const MIN_QUERY: u64 = 3;

impl Slack {
    /// Types into a menu that the app fills, and hands back what it offers:
    /// `{"options": […], "groups": […]}`. A query that is too short asks nobody and offers nothing;
    /// `"least"` then says how many characters are needed.
    ///
    /// # Errors
    /// When the person sees no such menu; when the app does not answer in time, or badly.
    pub async fn suggest(&self, person: &str, spot: &Spot, query: &str) -> Result<Value, Cannot> {
        let (person, parcel) = match self.with(|state| state.suggestion(person, spot, query))? {
            Asking::Nobody { least } => {
                return Ok(json!({"options": [], "groups": [], "least": least}));
            }
            Asking::TheApp { person, parcel } => (person, *parcel),
        };
        let answer = self.ask(&parcel).await;
        self.with(|state| {
            let answer = answer.map_err(|failed| Cannot::NoOptions(said(failed)))?;
            let problems = blocks::check_suggestions(&answer);
            if !problems.is_empty() {
                let problems = problems.join("; ");
                state.complain(format!("a typeahead was answered badly: {problems}"));
                return Err(Cannot::NoOptions(problems));
            }
            let offered = element::options(&answer).into_iter().cloned().collect();
            let suggested = &mut state.screens.suggested;
            suggested.insert((person, spot.clone()), offered);
            let listed = |name: &str| answer.get(name).cloned().unwrap_or_else(|| json!([]));
            Ok(json!({"options": listed("options"), "groups": listed("option_groups")}))
        })
    }
}

/// Who is asked for options.
enum Asking {
    Nobody { least: u64 },
    TheApp { person: String, parcel: Box<Parcel> },
}

fn said(failed: Failed) -> String {
    match failed {
        Failed::TimedOut => "the app did not answer in time".to_owned(),
        Failed::Unreachable => "the app is not there".to_owned(),
        Failed::Status { status, .. } => format!("the app answered {status}"),
    }
}

impl State {
    fn suggestion(&mut self, person: &str, spot: &Spot, query: &str) -> Result<Asking, Cannot> {
        let surface = self.surface(person, &spot.at)?;
        let element = element_at(&surface, spot)?;
        if !text_of(element, "type").ends_with("external_select") {
            return Err(Cannot::Unfit(
                "its options are all there: no search".to_owned(),
            ));
        }
        let least = element.get("min_query_length").and_then(Value::as_u64);
        let least = least.unwrap_or(MIN_QUERY);
        if (query.encode_utf16().count() as u64) < least {
            return Ok(Asking::Nobody { least });
        }
        let mut payload = self.bare_interaction("block_suggestion", &surface.person);
        self.describe(&surface, &mut payload);
        for (name, value) in [("block_id", &spot.block_id), ("action_id", &spot.action_id)] {
            set(&mut payload, name, json!(value));
        }
        set(&mut payload, "value", json!(query));
        let parcel = Parcel {
            what: What::Suggestion,
            key: self.mint.uuid(),
            payload,
            from: None,
        };
        Ok(Asking::TheApp {
            person: surface.person.id,
            parcel: Box::new(parcel),
        })
    }
}

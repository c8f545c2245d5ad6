//! What becomes of a form that was sent off: its app's answer closes it, changes it, covers it or says
//! what is wrong. (docs.slack.dev, "Modals", `response_action`)

use serde_json::{Map, Value};

use super::super::blocks;
use super::super::element::text_of;
use super::super::state::State;

/// What Slack says in a form whose app answered badly, late or not at all.
const TROUBLE: &str = "We had some trouble connecting. Try again?";

impl State {
    /// The app answered a form that was sent off.
    pub(in super::super) fn form_answered(&mut self, person: &str, sent: &Value, answer: &Value) {
        let id = sent.pointer("/view/id").and_then(Value::as_str);
        let id = id.unwrap_or_default().to_owned();
        let Some(pane) = self.screens.pane_mut(&id) else {
            // The person has closed it meanwhile.
            return;
        };
        pane.sending = false;
        let root = pane.root().to_owned();
        self.stir();
        let view = || answer.get("view").cloned().unwrap_or_default();
        let done = match answer.get("response_action") {
            None if says_nothing(answer) => {
                self.close_from(person, &id);
                Ok(())
            }
            Some(Value::String(action)) => match action.as_str() {
                "clear" => {
                    self.screens.stacks.remove(person);
                    Ok(())
                }
                "errors" => self.objected(&id, answer),
                "update" => self.checked(&view()).and_then(|view| {
                    let shown = self.change_view(&id, &view);
                    shown.map(|_| ()).map_err(|refused| format!("{refused:?}"))
                }),
                "push" => self.checked(&view()).and_then(|view| {
                    let shown = self.push_form(person, &root, &view);
                    shown.map(|_| ()).map_err(|refused| format!("{refused:?}"))
                }),
                other => Err(format!("unknown response_action {other}")),
            },
            _ => Err(format!("no answer to a form: {answer}")),
        };
        if let Err(why) = done {
            self.complain(format!("a form was answered badly: {why}"));
            self.form_failed(&id);
        }
    }

    /// An empty answer closes the view that was sent. A view that the app has pushed onto it meanwhile
    /// goes too: clients close what is on top, so an app that answers like that has made a mistake.
    fn close_from(&mut self, person: &str, id: &str) {
        let Some(stack) = self.screens.stacks.get(person) else {
            return;
        };
        let ids: Vec<String> = stack.iter().map(|pane| pane.id().to_owned()).collect();
        let closed: Vec<_> = ids.into_iter().skip_while(|there| there != id).collect();
        if closed.len() > 1 {
            self.complain("a form was covered with views.push and then closed by its answer");
        }
        for id in closed {
            self.screens.remove(person, &id);
        }
    }

    /// Nobody answered a form, or badly: it stays open and says so.
    pub(in super::super) fn form_failed(&mut self, id: &str) {
        if let Some(pane) = self.screens.pane_mut(id) {
            pane.sending = false;
        }
        self.view_failed(id);
    }

    /// Nobody answered something that was used in a view: the view says so.
    pub(in super::super) fn view_failed(&mut self, id: &str) {
        if let Some(pane) = self.screens.pane_mut(id) {
            pane.trouble = Some(TROUBLE.to_owned());
            self.stir();
        }
    }

    fn checked(&self, view: &Value) -> Result<Value, String> {
        let problems = blocks::check_modal(view);
        match problems.is_empty() {
            true => Ok(view.clone()),
            false => Err(problems.join("; ")),
        }
    }

    /// Every error stands under an input of the view.
    fn objected(&mut self, id: &str, answer: &Value) -> Result<(), String> {
        let errors = answer.get("errors").and_then(Value::as_object);
        let errors = errors.cloned().unwrap_or_default();
        if errors.is_empty() {
            return Err("`errors` without an error".to_owned());
        }
        let Some(pane) = self.screens.pane_mut(id) else {
            return Ok(());
        };
        let input = |block_id: &str| {
            let is_it = |b: &Value| text_of(b, "block_id") == block_id;
            pane.blocks()
                .iter()
                .any(|b| is_it(b) && text_of(b, "type") == "input")
        };
        for (block_id, error) in &errors {
            if !input(block_id) {
                return Err(format!(
                    "`errors` names `{block_id}`, which is no input block"
                ));
            }
            if error.as_str().is_none_or(str::is_empty) {
                return Err(format!("the error of `{block_id}` is no text"));
            }
        }
        pane.errors = errors;
        Ok(())
    }
}

/// An empty acknowledgement: nothing, or an empty object.
fn says_nothing(answer: &Value) -> bool {
    answer.is_null() || answer.as_object().is_some_and(Map::is_empty)
}

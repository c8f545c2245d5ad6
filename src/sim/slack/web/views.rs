//! `views.*`: forms opened and changed by the app.

use serde_json::{Value, json};

use super::super::blocks;
use super::super::state::State;
use super::answer::Refused;
use super::args::Args;

/// A view may not be larger than this as JSON.
const MAX_VIEW: usize = 250 * 1024;

/// `views.open`: exchanges a trigger for a modal on the screen of whoever made it.
pub(super) fn open(town: &mut State, args: &Args) -> Result<Value, Refused> {
    let view = view(args)?;
    let trigger = args.needed("trigger_id")?;
    let (person, channel) = town.exchange(trigger)?;
    // A new form, not a change of one that is still open.
    town.modals.open.remove(&person);
    town.show(&person, &channel, &view);
    shown(town, &person)
}

/// `views.update`.
pub(super) fn update(town: &mut State, args: &Args) -> Result<Value, Refused> {
    let view = view(args)?;
    let (name, wanted) = match (args.text("view_id"), args.text("external_id")) {
        (Some(id), _) => ("id", id),
        (None, Some(id)) => ("external_id", id),
        (None, None) => return Err(Refused::missing("view_id")),
    };
    let field = |view: &Value, name: &str| view.get(name).and_then(Value::as_str) == Some(wanted);
    let open = town.modals.open.values().find(|m| field(&m.view, name));
    let open = open.ok_or(Refused::Code("not_found"))?.clone();
    let hash = args.text("hash");
    if hash.is_some() && open.view.get("hash").and_then(Value::as_str) != hash {
        return Err(Refused::Code("hash_conflict"));
    }
    town.show(&open.person, &open.channel, &view);
    shown(town, &open.person)
}

fn view(args: &Args) -> Result<Value, Refused> {
    let given = args.structure("view").ok_or(Refused::missing("view"))?;
    let view = given.map_err(|()| Refused::Code("invalid_arguments"))?;
    if view.to_string().len() > MAX_VIEW {
        return Err(Refused::Code("view_too_large"));
    }
    let messages = blocks::check_modal(&view);
    match messages.is_empty() {
        true => Ok(view),
        false => Err(Refused::Detailed {
            code: "invalid_arguments",
            messages,
        }),
    }
}

fn shown(town: &State, person: &str) -> Result<Value, Refused> {
    let modal = town.modals.open.get(person);
    let modal = modal.ok_or(Refused::Code("internal_error"))?;
    Ok(json!({"view": modal.view}))
}

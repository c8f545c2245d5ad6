//! `views.*`: forms and home tabs, opened and changed by the app.

use serde_json::{Value, json};

use super::super::blocks;
use super::super::screens::view;
use super::super::state::State;
use super::answer::Refused;
use super::args::Args;

/// A view may not be larger than this as JSON.
const MAX_VIEW: usize = 250 * 1024;

/// `views.open`: exchanges a trigger for a form on the screen of whoever made it, in place of the one
/// that is open.
pub(super) fn open(town: &mut State, args: &Args) -> Result<Value, Refused> {
    let view = view_of(args, blocks::check_modal)?;
    let behind = town.exchange(args.needed("trigger_id")?)?;
    let top = town.screens.top(&behind.person);
    if top.is_some_and(|top| behind.form.as_deref() == Some(top.root())) {
        // "It's not guaranteed to work properly": some clients show the new form, some do not.
        town.complain("views.open out of a form that is open: views.push or an answer is meant");
    }
    let shown = town.open_form(&behind, &view)?;
    Ok(json!({"view": shown}))
}

/// `views.push`: exchanges a trigger that came from a form for one more view on top of it.
pub(super) fn push(town: &mut State, args: &Args) -> Result<Value, Refused> {
    let view = view_of(args, blocks::check_modal)?;
    let behind = town.exchange(args.needed("trigger_id")?)?;
    // A trigger from elsewhere has no form to push onto.
    let form = behind.form.ok_or(Refused::Code("not_found"))?;
    let shown = town.push_form(&behind.person, &form, &view)?;
    Ok(json!({"view": shown}))
}

/// `views.update`.
pub(super) fn update(town: &mut State, args: &Args) -> Result<Value, Refused> {
    let new = view_of(args, blocks::check_view)?;
    let (name, wanted) = match (args.text("view_id"), args.text("external_id")) {
        (Some(id), _) => ("id", id),
        (None, Some(id)) => ("external_id", id),
        (None, None) => return Err(Refused::missing("view_id")),
    };
    let found = town
        .screens
        .find(|pane| view::text(&pane.view, name) == wanted);
    let old = found.ok_or(Refused::Code("not_found"))?.1.clone();
    check_hash(args, &old.view)?;
    if old.view.get("type") != new.get("type") {
        return Err(Refused::Detailed {
            code: "invalid_arguments",
            messages: vec![
                "[ERROR] a view cannot change its type [json-pointer:/view/type]".to_owned(),
            ],
        });
    }
    let shown = town.change_view(old.id(), &new)?;
    Ok(json!({"view": shown}))
}

/// `views.publish`: shows a person's home tab.
pub(super) fn publish(town: &mut State, args: &Args) -> Result<Value, Refused> {
    let view = view_of(args, blocks::check_home)?;
    let person = args.needed("user_id")?;
    if !town.setup.home_tab {
        return Err(Refused::Code("not_enabled"));
    }
    if town.world.people.iter().all(|p| p.id != person) {
        return Err(Refused::Detailed {
            code: "invalid_arguments",
            messages: vec!["[ERROR] invalid `user_id`".to_owned()],
        });
    }
    let person = person.to_owned();
    if let Some(home) = town.screens.homes.get(&person) {
        check_hash(args, &home.view)?;
    }
    let shown = town.publish_home(&person, &view)?;
    Ok(json!({"view": shown}))
}

/// A call that says what it has read is refused when that is not the latest.
fn check_hash(args: &Args, there: &Value) -> Result<(), Refused> {
    match args.text("hash") {
        Some(hash) if view::text(there, "hash") != hash => Err(Refused::Code("hash_conflict")),
        _ => Ok(()),
    }
}

fn view_of(args: &Args, check: fn(&Value) -> Vec<String>) -> Result<Value, Refused> {
    let given = args.structure("view").ok_or(Refused::missing("view"))?;
    let view = given.map_err(|()| Refused::Code("invalid_arguments"))?;
    if view.to_string().len() > MAX_VIEW {
        return Err(Refused::Code("view_too_large"));
    }
    let messages = check(&view);
    match messages.is_empty() {
        true => Ok(view),
        false => Err(Refused::Detailed {
            code: "invalid_arguments",
            messages,
        }),
    }
}

//! What modals and home tabs may hold.

use serde_json::{Value, json};

use super::strict_blocks::{plain, words};
use crate::sim::slack::blocks::{check_home, check_modal};

#[test]
fn modals_have_limits_of_their_own() {
    let input = json!({"type": "input", "block_id": "b", "label": plain("Why"),
                       "element": {"type": "plain_text_input", "action_id": "why"}});
    let good = json!({"type": "modal", "title": plain(&words(24)), "submit": plain("Send"),
                      "callback_id": words(255), "private_metadata": words(3000), "blocks": [input]});
    assert_eq!(check_modal(&good), Vec::<String>::new());
    let with = |name: &str, value: Value| {
        let mut view = good.clone();
        view[name] = value;
        check_modal(&view)
    };
    for (name, value) in [
        ("title", plain(&words(25))),
        ("submit", plain(&words(25))),
        ("close", plain(&words(25))),
        ("callback_id", json!(words(256))),
        ("private_metadata", json!(words(3001))),
        ("blocks", json!(vec![json!({"type": "divider"}); 101])),
        ("colour", json!("red")),
    ] {
        assert_eq!(with(name, value).len(), 1, "{name}");
    }
    let mut unsendable = good.clone();
    unsendable.as_object_mut().unwrap().remove("submit");
    assert_eq!(check_modal(&unsendable).len(), 1);
}

#[test]
fn homes_are_no_modals_and_may_be_empty() {
    let home = |more: Value| {
        let mut home = json!({"type": "home", "blocks": []});
        for (name, value) in more.as_object().unwrap() {
            home[name] = value.clone();
        }
        check_home(&home)
    };
    let input = json!({"type": "input", "label": plain("Why"), "dispatch_action": true,
                       "element": {"type": "plain_text_input", "dispatch_action_config":
                           {"trigger_actions_on": ["on_character_entered"]}}});
    assert_eq!(
        home(json!({"blocks": [input], "private_metadata": words(3000)})),
        [""; 0]
    );
    for (name, value) in [
        ("private_metadata", json!(words(3001))),
        ("callback_id", json!(words(256))),
        ("external_id", json!(words(256))),
        ("blocks", json!(vec![json!({"type": "divider"}); 101])),
        ("title", plain("Home")),
        ("submit", plain("Send")),
        ("type", json!("modal")),
    ] {
        assert_eq!(home(json!({name: value})).len(), 1, "{name}");
    }
}

//! Values of a form's inputs as they were sent. All of them may be forged.

use crate::request::{Request, Terms};
use crate::slack::{Entered, OnScreen};
use crate::units::Seconds;
use crate::view::form::{id, length_of};

/// The text or the one choice in an input, trimmed; `None` where it is empty or not there.
pub fn text(screen: &OnScreen, action: &str) -> Option<String> {
    screen.entered.get(action).and_then(of)
}

/// The length chosen under [`id::LENGTH`]; `None` also for what is no length.
pub fn length(screen: &OnScreen) -> Option<Seconds> {
    length_of(&text(screen, id::LENGTH)?)
}

/// With what somebody approves who sent the form *More* off. The whole length is no shortening; any
/// other is for the core to judge, which refuses one that is not shorter.
pub fn terms(screen: &OnScreen, request: &Request) -> Terms {
    let chosen = length(screen);
    let yes = |values: &Vec<String>| values.iter().any(|value| value == id::REPEAT_YES);
    let ticked = screen.entered.get(id::REPEAT);
    Terms {
        shorter: chosen.filter(|length| *length != request.length()),
        repeat: matches!(ticked, Some(Entered::Many(values)) if yes(values)),
    }
}

pub(super) fn of(entered: &Entered) -> Option<String> {
    match entered {
        Entered::Text(text) | Entered::One(text) => {
            let text = text.trim();
            (!text.is_empty()).then(|| text.to_owned())
        }
        Entered::Nothing | Entered::Many(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::fixtures::dana_asks;

    fn screen(entered: &[(&str, Entered)]) -> OnScreen {
        let entered = entered.iter().cloned();
        OnScreen {
            id: "V1".into(),
            root: "V1".into(),
            hash: String::new(),
            callback: id::MORE.into(),
            notes: String::new(),
            is_home: false,
            entered: entered.map(|(id, value)| (id.to_owned(), value)).collect(),
        }
    }

    #[test]
    fn an_approver_shortens_only_by_choosing_another_length() {
        let request = dana_asks().request();
        let one = |value: &str| Entered::One(value.to_owned());
        for (chosen, shorter) in [
            (one("1800"), None),
            (one("300"), Some(Seconds(300))),
            // Longer: not taken for the whole length, but left to the core to refuse.
            (one("7200"), Some(Seconds(7200))),
            (one("30m"), None),
            (Entered::Nothing, None),
        ] {
            let terms = terms(&screen(&[(id::LENGTH, chosen.clone())]), &request);
            assert_eq!(terms.shorter, shorter, "{chosen:?}");
            assert!(!terms.repeat);
        }
    }

    #[test]
    fn only_the_one_option_counts_as_a_tick() {
        let request = dana_asks().request();
        for (held, repeat) in [
            (Entered::Many(vec!["yes".into()]), true),
            (Entered::Many(vec!["no".into()]), false),
            (Entered::One("yes".into()), false),
            (Entered::Text("yes".into()), false),
            (Entered::Nothing, false),
        ] {
            let terms = terms(&screen(&[(id::REPEAT, held.clone())]), &request);
            assert_eq!(terms.repeat, repeat, "{held:?}");
        }
    }
}

//! Values of the inputs of the ask form and of the small ones, as they were sent. All of them may be forged.

use crate::grammar;
use crate::request::{Request, Terms};
use crate::slack::{Entered, OnScreen};
use crate::units::Seconds;
use crate::view::form::{id, length_of};

/// The text or the one choice in an input, trimmed; `None` where it is empty or not there.
pub(super) fn text(screen: &OnScreen, action: &str) -> Option<String> {
    screen.entered.get(action).and_then(of)
}

/// The length chosen under [`id::LENGTH`]; `None` also for what is no length.
pub(super) fn length(screen: &OnScreen) -> Option<Seconds> {
    length_of(&text(screen, id::LENGTH)?)
}

/// The same of what stands in it.
pub(super) fn of(entered: &Entered) -> Option<String> {
    match entered {
        Entered::Text(text) | Entered::One(text) => {
            let text = text.trim();
            (!text.is_empty()).then(|| text.to_owned())
        }
        Entered::Nothing | Entered::Many(_) => None,
    }
}

/// Typed words; blank is nothing. Credentials are dropped before anything is stored.
pub(super) fn typed(screen: &OnScreen, action: &str) -> Option<String> {
    match screen.entered.get(action) {
        Some(Entered::Text(text)) if !text.trim().is_empty() => {
            let text = grammar::scrub(text.trim());
            Some(text.chars().take(grammar::LONGEST_REASON).collect())
        }
        _ => None,
    }
}

pub(super) fn chosen<'a>(screen: &'a OnScreen, action: &str) -> Option<&'a str> {
    match screen.entered.get(action) {
        Some(Entered::One(value)) => Some(value),
        _ => None,
    }
}

/// Whether the box under [`id::REPEAT`] is ticked.
fn repeats(screen: &OnScreen) -> bool {
    match screen.entered.get(id::REPEAT) {
        Some(Entered::Many(values)) => values.iter().any(|value| value == id::REPEAT_YES),
        _ => false,
    }
}

/// With what somebody approves who sent the form *More* off. What is not shorter than the whole length is no
/// shortening.
pub(super) fn terms(screen: &OnScreen, request: &Request) -> Terms {
    Terms {
        shorter: chosen(screen, id::LENGTH)
            .and_then(length_of)
            .filter(|length| *length < request.length()),
        repeat: repeats(screen),
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
            // Longer is nothing that the form offers: the whole length.
            (one("7200"), None),
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

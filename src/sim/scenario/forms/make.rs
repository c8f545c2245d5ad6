//! Acts that several forms of line make of their fields.

use super::super::pattern::Fields;
use super::super::story::{Act, Picture, Press, Way};

pub(super) fn say(who: String, way: Way, text: String) -> Act {
    Act::Say { who, way, text }
}

pub(super) fn click(presses: &[(String, String)], picture: Picture) -> Act {
    let press = |(who, label): &(String, String)| Press {
        who: who.clone(),
        label: label.clone(),
    };
    Act::Click {
        presses: presses.iter().map(press).collect(),
        picture,
    }
}

pub(super) const fn fill(who: String, label: String, text: String) -> Act {
    Act::Fill { who, label, text }
}

pub(super) const fn admin_deny(name: String, namespace: Option<String>) -> Act {
    Act::AdminDeny { name, namespace }
}

pub(super) fn member(fields: &Fields<'_>, present: bool) -> Act {
    Act::Member {
        who: fields.text(0),
        group: fields.text(1),
        present,
    }
}

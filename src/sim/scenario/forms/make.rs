//! Acts that several forms of line make of their fields.

use chrono::NaiveTime;

use super::super::pattern::Fields;
use super::super::story::{Act, Picture, Press, Way};

pub(super) fn say(who: String, way: Way, text: String) -> Act {
    Act::Say { who, way, text }
}

pub(super) fn flood(f: &Fields<'_>) -> Result<Act, String> {
    let times = f.text(1);
    let number = times.parse().ok().filter(|times| *times <= 2_000);
    Ok(Act::Flood {
        who: f.text(0),
        times: number.ok_or_else(|| format!("`{times}` is no number up to 2000"))?,
        then: f.text(2),
        channel: f.text(3),
        text: f.text(4),
    })
}

pub(super) fn serve(f: &Fields<'_>) -> Act {
    Act::Serve {
        rule: f.text(0),
        who: f.text(1),
        owner: f.text(2),
    }
}

pub(super) const fn ask(who: String, text: String) -> Act {
    Act::Ask { who, text }
}

pub(super) const fn done(who: String, id: String) -> Act {
    Act::Done { who, id }
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

pub(super) fn digest(channel: &str, time: &str) -> Result<Act, String> {
    let at = NaiveTime::parse_from_str(time, "%H:%M");
    let at = at.map_err(|_| format!("`{time}` is no time such as `11:00`"))?;
    let channel = channel.to_owned();
    Ok(Act::Digest { channel, at })
}

//! Slack's text markup: what a client makes of typed text, and what a reader sees of stored text.
//!
//! Stored text has exactly `&`, `<` and `>` escaped; everything in `<…>` is a reference.
//! (docs.slack.dev, "Formatting message text")

use serde_json::{Value, json};

use crate::units::Time;
use crate::zone::Zone;

use super::world::World;

/// A piece of stored text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Plain text, still escaped.
    Text(&'a str),
    /// `<@U…>`.
    Person(&'a str),
    /// `<#C…>`.
    Channel(&'a str),
    /// `<!subteam^S…>`.
    Group(&'a str),
    /// `<!here>`, `<!channel>`, `<!everyone>`.
    Everyone(&'a str),
    /// `<!date^seconds^format|fallback>`.
    Date {
        at: i64,
        format: &'a str,
        fallback: &'a str,
    },
    /// `<url|label>`.
    Link { url: &'a str, label: &'a str },
    /// A reference Slack does not know: it shows it as it is.
    Unknown(&'a str),
}

/// Cuts stored text into pieces.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        let Some((inner, after)) = after.split_once('>') else {
            break;
        };
        if !before.is_empty() {
            found.push(Piece::Text(before));
        }
        found.push(reference(inner));
        rest = after;
    }
    if !rest.is_empty() {
        found.push(Piece::Text(rest));
    }
    found
}

fn reference(inner: &str) -> Piece<'_> {
    let (target, label) = inner.split_once('|').unwrap_or((inner, ""));
    if let Some(id) = target.strip_prefix('@') {
        return Piece::Person(id);
    }
    if let Some(id) = target.strip_prefix('#') {
        return Piece::Channel(id);
    }
    if let Some(id) = target.strip_prefix("!subteam^") {
        return Piece::Group(id);
    }
    if let Some(date) = target.strip_prefix("!date^") {
        return date_reference(date, label).unwrap_or(Piece::Unknown(inner));
    }
    if let Some(all @ ("here" | "channel" | "everyone")) = target.strip_prefix('!') {
        return Piece::Everyone(all);
    }
    if target.contains("://") || target.starts_with("mailto:") {
        return Piece::Link { url: target, label };
    }
    Piece::Unknown(inner)
}

fn date_reference<'a>(date: &'a str, fallback: &'a str) -> Option<Piece<'a>> {
    let (seconds, format) = date.split_once('^')?;
    let format = format.split('^').next()?;
    let at = seconds.parse().ok()?;
    (!fallback.is_empty()).then_some(Piece::Date {
        at,
        format,
        fallback,
    })
}

/// Undoes the three escapes.
pub(super) fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

/// Makes the three escapes.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// Who reads, and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a> {
    pub(super) world: &'a World,
    pub(super) zone: Zone,
    pub(super) now: Time,
}

impl Reader<'_> {
    /// Stored text as this reader's client shows it; `*bold*` and back-ticks stay as they are.
    pub(super) fn read(&self, text: &str) -> String {
        pieces(text).iter().map(|piece| self.show(piece)).collect()
    }

    fn show(&self, piece: &Piece<'_>) -> String {
        match piece {
            Piece::Text(text) => unescape(text),
            Piece::Person(id) => match self.world.person(id) {
                Some(person) => format!("@{}", person.name),
                None => format!("@{id}"),
            },
            Piece::Channel(id) => match self.world.channel(id) {
                Some(channel) => format!("#{}", channel.name),
                None => format!("#{id}"),
            },
            Piece::Group(id) => match self.world.group(id) {
                Some(group) => format!("@{}", group.handle),
                None => format!("@{id}"),
            },
            Piece::Everyone(all) => format!("@{all}"),
            Piece::Date {
                at,
                format,
                fallback,
            } => self.date(*at, format, fallback),
            Piece::Link { url, label: "" } => unescape(url),
            Piece::Link { label, .. } => unescape(label),
            Piece::Unknown(inner) => format!("<{inner}>"),
        }
    }

    fn date(&self, at: i64, format: &str, fallback: &str) -> String {
        let Some(instant) = Time::from_timestamp(at, 0) else {
            return unescape(fallback);
        };
        let there = instant.with_timezone(&self.zone);
        let days =
            (there.date_naive() - self.now.with_timezone(&self.zone).date_naive()).num_days();
        let near = match days {
            -1 => Some("yesterday"),
            0 => Some("today"),
            1 => Some("tomorrow"),
            _ => None,
        };
        let mut shown = format.to_owned();
        for (token, pattern) in DATE_TOKENS {
            let text = match near {
                Some(word) if token.ends_with("pretty}") => word.to_owned(),
                _ => there.format(pattern).to_string(),
            };
            shown = shown.replace(token, &text);
        }
        unescape(&shown)
    }
}

/// Slack's date tokens in chrono's words. The `pretty` ones say today, yesterday and tomorrow.
const DATE_TOKENS: &[(&str, &str)] = &[
    ("{date_num}", "%Y-%m-%d"),
    ("{date_slash}", "%Y/%m/%d"),
    ("{date_long_pretty}", "%A, %B %-d, %Y"),
    ("{date_short_pretty}", "%b %-d, %Y"),
    ("{date_pretty}", "%B %-d, %Y"),
    ("{date_long}", "%A, %B %-d, %Y"),
    ("{date_short}", "%b %-d, %Y"),
    ("{date_long_full}", "%A, %B %-d, %Y"),
    ("{date}", "%B %-d, %Y"),
    ("{time_secs}", "%H:%M:%S"),
    ("{time}", "%H:%M"),
];

/// Whether references carry a readable label, as in slash commands (`<@U…|dana>`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Labels {
    With,
    Without,
}

/// What a client stores for typed text: escapes, and names turned into references. Code (between
/// back-ticks) is only escaped.
pub(super) fn typed(world: &World, text: &str, labels: Labels) -> String {
    let part = |(n, part): (usize, &str)| match n % 2 {
        0 => words(world, part, labels),
        _ => escape(part),
    };
    text.split('`')
        .enumerate()
        .map(part)
        .collect::<Vec<_>>()
        .join("`")
}

fn words(world: &World, text: &str, labels: Labels) -> String {
    text.split_inclusive(char::is_whitespace)
        .map(|word| {
            let bare = word.trim_end_matches(|c: char| c.is_whitespace() || ".,:;!?)".contains(c));
            let tail = word.get(bare.len()..).unwrap_or_default();
            match refer(world, bare, labels) {
                Some(reference) => reference + &escape(tail),
                None => escape(word),
            }
        })
        .collect()
}

fn refer(world: &World, word: &str, labels: Labels) -> Option<String> {
    let with = |target: String, label: &str| match labels {
        Labels::With => format!("<{target}|{label}>"),
        Labels::Without => format!("<{target}>"),
    };
    if let Some(name) = word.strip_prefix('@') {
        if let "here" | "channel" | "everyone" = name {
            return Some(format!("<!{name}>"));
        }
        if let Some(group) = world.group(name) {
            return Some(with(format!("!subteam^{}", group.id), word));
        }
        let person = world.person(name)?;
        return Some(with(format!("@{}", person.id), name));
    }
    if let Some(name) = word.strip_prefix('#') {
        let channel = world.channel(name)?;
        return Some(with(format!("#{}", channel.id), name));
    }
    let web = word.starts_with("https://") || word.starts_with("http://");
    web.then(|| format!("<{}>", escape(word)))
}

/// The `rich_text` block that a client sends along with typed text.
pub(super) fn rich_text(text: &str, block_id: &str) -> Value {
    let element = |piece: &Piece<'_>| match piece {
        Piece::Text(text) => json!({"type": "text", "text": unescape(text)}),
        Piece::Person(id) => json!({"type": "user", "user_id": id}),
        Piece::Channel(id) => json!({"type": "channel", "channel_id": id}),
        Piece::Group(id) => json!({"type": "usergroup", "usergroup_id": id}),
        Piece::Everyone(range) => json!({"type": "broadcast", "range": range}),
        Piece::Link { url, .. } => json!({"type": "link", "url": unescape(url)}),
        Piece::Date {
            at,
            format,
            fallback,
        } => {
            json!({"type": "date", "timestamp": at, "format": format, "fallback": fallback})
        }
        Piece::Unknown(inner) => json!({"type": "text", "text": format!("<{inner}>")}),
    };
    let elements: Vec<Value> = pieces(text).iter().map(element).collect();
    json!({
        "type": "rich_text",
        "block_id": block_id,
        "elements": [{"type": "rich_text_section", "elements": elements}],
    })
}

/// What is wrong with stored text, though Slack would show it somehow.
pub(super) fn faults(world: &World, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for piece in pieces(text) {
        match piece {
            Piece::Text(plain) => {
                // `>` opens a quotation at the start of a line; elsewhere it has to be escaped.
                let stray = plain
                    .lines()
                    .any(|line| line.contains('<') || line.trim_start_matches('>').contains('>'));
                if stray {
                    found.push(format!("unescaped `<` or `>` in `{plain}`"));
                }
            }
            Piece::Unknown(inner) => found.push(format!("unknown reference `<{inner}>`")),
            Piece::Person(id) if world.person(id).is_none() => {
                found.push(format!("mention of an unknown person `{id}`"));
            }
            Piece::Channel(id) if world.channel(id).is_none() => {
                found.push(format!("mention of an unknown channel `{id}`"));
            }
            Piece::Group(id) if world.group(id).is_none() => {
                found.push(format!("mention of an unknown user group `{id}`"));
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests;

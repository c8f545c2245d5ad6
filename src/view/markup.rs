//! Slack's mrkdwn, written by us alone.
//!
//! [`Markup`] can be made from our own literals and through the functions here, which escape; there is
//! no way in for a `String` as it is. INVARIANT (typed): what a person typed is never markup. Sources:
//! Slack, "Formatting message text": `& < >` are the only characters to escape; `<@U…>`,
//! `<!subteam^S…>` and `<!date^…>` are tokens.

use std::ops::Add;

use chrono::SubsecRound;

use super::text::{clip, middle, tidy, units};
use crate::rules::{Principal, UserId};
use crate::units::{Seconds, Time};

/// Longest name shown in one piece; label selectors can be longer than any reader wants.
const LONGEST_NAME: usize = 120;

/// From this length on, a time of day alone could mean two days.
const NEEDS_DATE: Seconds = Seconds::hours(12);

/// Slack's mrkdwn, written by us.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Markup(String);

impl From<&'static str> for Markup {
    fn from(ours: &'static str) -> Self {
        Self(ours.to_owned())
    }
}

impl From<Seconds> for Markup {
    fn from(length: Seconds) -> Self {
        Self(length.to_string())
    }
}

impl From<u64> for Markup {
    fn from(number: u64) -> Self {
        Self(number.to_string())
    }
}

impl From<usize> for Markup {
    fn from(number: usize) -> Self {
        Self(number.to_string())
    }
}

impl<T: Into<Self>> Add<T> for Markup {
    type Output = Self;

    fn add(mut self, more: T) -> Self {
        self.0.push_str(&more.into().0);
        self
    }
}

impl Markup {
    /// The text that goes to Slack.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Typed text, escaped; for notification text, where no plain-text element is possible. An
    /// invisible joiner after each `@` keeps `@channel` from being one where a client links names.
    pub fn typed(text: &str) -> Self {
        Self(escape(&tidy(text)).replace('@', "@\u{2060}"))
    }

    /// Escaped, with its blanks as they are: for parts of a sentence that was tidied as a whole.
    pub(super) fn typed_as_is(text: &str) -> Self {
        Self(escape(text))
    }

    /// A name in monospace. Long ones lose their middle: both ends tell more than the start.
    pub fn code(name: &str) -> Self {
        let inside = middle(&tidy(name).replace('`', "'"), LONGEST_NAME);
        let shown = if inside.is_empty() { "?" } else { &inside };
        Self(format!("`{}`", escape(shown)))
    }

    /// The same in bold.
    #[must_use]
    pub fn bold(self) -> Self {
        Self(format!("*{}*", self.0))
    }

    /// A mention of a person; Slack shows the name. What is no Slack id is shown as a name.
    pub fn person(user: &UserId) -> Self {
        if is_id(&user.0) {
            Self(format!("<@{user}>"))
        } else {
            Self::code(&user.0)
        }
    }

    /// Whoever asked: a person as a mention, a service as `namespace/name`.
    pub fn principal(who: &Principal) -> Self {
        match who {
            Principal::Person(user) => Self::person(user),
            Principal::Service { .. } => Self::code(&who.to_string()),
        }
    }

    /// A mention of a user group by its Slack id, which notifies its members.
    pub fn group(handle: &str, id: &str) -> Self {
        if is_id(id) {
            Self(format!("<!subteam^{id}>"))
        } else {
            Self::handle(handle)
        }
    }

    /// A user group by name; notifies nobody.
    pub fn handle(handle: &str) -> Self {
        Self::code(&format!("@{}", handle.trim_start_matches('@')))
    }

    /// A channel: a link by its Slack id, else its name as the rule writes it.
    pub fn channel(name: &str) -> Self {
        if name.starts_with(['C', 'G']) && is_id(name) {
            Self(format!("<#{name}>"))
        } else {
            Self::code(name)
        }
    }

    /// The time of day in the reader's zone, with the date when `from` is long before it.
    pub fn moment(at: Time, from: Time) -> Self {
        let at = at.trunc_subsecs(0);
        let stamp = at.timestamp();
        if at - from < NEEDS_DATE.delta() {
            Self(format!(
                "<!date^{stamp}^{{time}}|{} UTC>",
                at.format("%H:%M")
            ))
        } else {
            let utc = at.format("%-d %b %H:%M");
            Self(format!(
                "<!date^{stamp}^{{date_short_pretty}} {{time}}|{utc} UTC>"
            ))
        }
    }

    /// The parts that are not empty, with `separator` between them.
    pub fn join(parts: impl IntoIterator<Item = Self>, separator: &'static str) -> Self {
        let parts: Vec<String> = parts
            .into_iter()
            .map(|part| part.0)
            .filter(|part| !part.is_empty())
            .collect();
        Self(parts.join(separator))
    }

    /// The first `most` parts with commas, and how many more there are.
    pub fn list(parts: impl IntoIterator<Item = Self>, most: usize) -> Self {
        let mut parts: Vec<Self> = parts.into_iter().collect();
        let more = parts.len().saturating_sub(most);
        parts.truncate(most);
        let shown = Self::join(parts, ", ");
        if more == 0 {
            shown
        } else {
            shown + " and " + more + " more"
        }
    }

    /// The same within `max` UTF-16 units: cut where no token, entity or code span is torn apart.
    #[must_use]
    pub fn clip(&self, max: usize) -> Self {
        if units(&self.0) <= max {
            return self.clone();
        }
        let cut = clip(&self.0, max);
        let mut kept = cut.strip_suffix('…').unwrap_or(&cut);
        // Each of the three may uncover another, so until nothing is torn.
        while let Some(torn) = torn_at(kept) {
            kept = kept.get(..torn).unwrap_or_default();
        }
        Self(format!("{kept}…"))
    }
}

impl From<Markup> for String {
    fn from(markup: Markup) -> Self {
        markup.0
    }
}

/// Where a cut text has an open token, entity or code span.
fn torn_at(text: &str) -> Option<usize> {
    let open = |start: char, end: char| {
        let at = text.rfind(start)?;
        let closed = text.get(at..).is_some_and(|tail| tail.contains(end));
        (!closed).then_some(at)
    };
    let odd_tick = || {
        let ticks = text.matches('`').count();
        (ticks % 2 == 1).then(|| text.rfind('`')).flatten()
    };
    open('<', '>').or_else(|| open('&', ';')).or_else(odd_tick)
}

fn is_id(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// Escapes what Slack would read as markup.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn typed_markup_comes_out_as_text() {
        for (typed, shown) in [
            (
                "<!channel> & <@U1>",
                "&lt;!channel&gt; &amp; &lt;@\u{2060}U1&gt;",
            ),
            ("<http://x|Approve>", "&lt;http://x|Approve&gt;"),
            ("@channel", "@\u{2060}channel"),
            ("a\nb\u{202e}c\u{200b}d\u{7}", "a bcd"),
            ("&lt;", "&amp;lt;"),
        ] {
            assert_eq!(Markup::typed(typed).as_str(), shown);
        }
    }

    #[test]
    fn a_name_cannot_leave_its_code_span() {
        assert_eq!(Markup::code("a`*b*`<c>").as_str(), "`a'*b*'&lt;c&gt;`");
        assert_eq!(Markup::code(" \n").as_str(), "`?`");
    }

    #[test]
    fn only_slack_ids_become_mentions() {
        let person = |id: &str| Markup::person(&UserId(id.into()));
        assert_eq!(person("U0DANA").as_str(), "<@U0DANA>");
        assert_eq!(person("U1> <!channel").as_str(), "`U1&gt; &lt;!channel`");
        assert_eq!(Markup::group("oncall", "S1").as_str(), "<!subteam^S1>");
        assert_eq!(Markup::group("@oncall", "?").as_str(), "`@oncall`");
    }

    #[test]
    fn a_distant_moment_names_its_day() {
        let at = Time::UNIX_EPOCH + Seconds::hours(27).delta();
        let near = at - Seconds::minutes(30).delta();
        assert_eq!(
            Markup::moment(at, near).as_str(),
            "<!date^97200^{time}|03:00 UTC>"
        );
        assert_eq!(
            Markup::moment(at, Time::UNIX_EPOCH).as_str(),
            "<!date^97200^{date_short_pretty} {time}|2 Jan 03:00 UTC>"
        );
    }

    #[test]
    fn a_cut_tears_no_token_apart() {
        let text = Markup::from("see ") + Markup::person(&UserId("U0DANA".into()));
        assert_eq!(text.clip(8).as_str(), "see …");
        assert_eq!(Markup::typed("a & b").clip(6).as_str(), "a …");
        let code = Markup::from("x ") + Markup::code("abcdef");
        assert_eq!(code.clip(6).as_str(), "x …");
    }

    proptest! {
        #[test]
        fn nothing_typed_survives_as_a_token(text in any::<String>(), max in 1_usize..40) {
            let shown = Markup::typed(&text);
            prop_assert!(!shown.as_str().contains(['<', '>', '\n']));
            let code = Markup::code(&text);
            prop_assert_eq!(code.as_str().matches('`').count(), 2);
            prop_assert!(units(shown.clip(max).as_str()) <= max);
        }
    }
}

//! Slack's message text, turned back into what the person typed.
//!
//! Slack escapes `&`, `<` and `>` once, and writes mentions and links as `<…>`
//! (docs.slack.dev, formatting message text). A real `<` can therefore only be Slack's own.

/// Undoes Slack's markup and its escapes, once, and removes mentions of ourselves.
///
/// | Slack writes | becomes |
/// |---|---|
/// | `-&gt;` | `->` |
/// | `<https://db.orders\|db.orders>` | `db.orders`, what was typed |
/// | `<https://db.orders>` | `https://db.orders` |
/// | `<@U1\|dana>`, `<@U1>` | `<@U1>`: ids stay, names are anybody's |
/// | `<#C1\|payments>` | `#payments` |
/// | `<!subteam^S1\|@ops>` | `@ops` |
/// | `<!here>` | `@here` |
pub(super) fn typed(text: &str, me: Option<&str>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        unescape(before, &mut out);
        match token(after).and_then(|(token, left)| Some((plain(token, me)?, left))) {
            Some((plain, left)) => {
                unescape(&plain, &mut out);
                rest = left;
            }
            // Not Slack's: an unescaped command text may hold any `<`.
            None => {
                out.push('<');
                rest = after;
            }
        }
    }
    unescape(rest, &mut out);
    out.trim().to_owned()
}

/// What stands before the next `>`, and what behind it. A token holds no `<`: one that is never closed is not
/// looked for to the end of the text, from each of many.
fn token(after: &str) -> Option<(&str, &str)> {
    let end = after.find(['<', '>'])?;
    let (token, rest) = after.split_at_checked(end)?;
    Some((token, rest.strip_prefix('>')?))
}

/// What stands for a token between `<` and `>`; `None` when it is none of Slack's.
fn plain(token: &str, me: Option<&str>) -> Option<String> {
    let (target, label) = match token.split_once('|') {
        Some((target, label)) => (target, Some(label).filter(|l| !l.is_empty())),
        None => (token, None),
    };
    if let Some(user) = target.strip_prefix('@') {
        let ours = me == Some(user);
        return is_id(user).then(|| {
            if ours {
                String::new()
            } else {
                format!("<@{user}>")
            }
        });
    }
    if let Some(channel) = target.strip_prefix('#') {
        let named = || label.map_or_else(|| format!("<#{channel}>"), |l| format!("#{l}"));
        return is_id(channel).then(named);
    }
    if let Some(special) = target.strip_prefix('!') {
        return Some(match (label, special.contains('^')) {
            (Some(label), _) => label.to_owned(),
            (None, true) => format!("<{target}>"),
            (None, false) => format!("@{special}"),
        });
    }
    is_link(target).then(|| label.unwrap_or(target).to_owned())
}

/// An id of Slack's: capitals and digits.
fn is_id(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// A scheme and a colon, as in `https:`, `mailto:`, `tel:`.
fn is_link(target: &str) -> bool {
    let scheme = target.split_once(':').map_or("", |(scheme, _)| scheme);
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.');
    scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.bytes().all(fits)
}

/// Undoes the three escapes in one pass, so that `&amp;lt;` becomes `&lt;` and no further.
fn unescape(text: &str, out: &mut String) {
    const ESCAPES: [(&str, char); 3] = [("&lt;", '<'), ("&gt;", '>'), ("&amp;", '&')];
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let known = ESCAPES
            .iter()
            .find_map(|(escape, c)| Some((from.strip_prefix(escape)?, *c)));
        let (left, c) = known.unwrap_or((from.get(1..).unwrap_or_default(), '&'));
        out.push(c);
        rest = left;
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn slacks_markup_becomes_what_was_typed() {
        for (slack, expected) in [
            (
                "shop/web -&gt; orders/db:5432",
                "shop/web -> orders/db:5432",
            ),
            ("a &amp;lt; b &amp; c", "a &lt; b & c"),
            ("<@UBOT> shop/web to orders/db", "shop/web to orders/db"),
            ("<@UBOT|drawbridge> mine", "mine"),
            ("show k7m3xq <@UBOT>", "show k7m3xq"),
            ("because <@U1|dana> asked", "because <@U1> asked"),
            (
                "to <http://db.orders.svc|db.orders.svc>:5432",
                "to db.orders.svc:5432",
            ),
            (
                "to postgres://<mailto:user:pw@db.orders|user:pw@db.orders>:5432/x",
                "to postgres://user:pw@db.orders:5432/x",
            ),
            (
                "see <https://x.example/a?b=1&amp;c=2>",
                "see https://x.example/a?b=1&c=2",
            ),
            ("in <#C1|payments> or <#C2>", "in #payments or <#C2>"),
            (
                "<!subteam^S1|@ops> <!here> <!subteam^S2>",
                "@ops @here <!subteam^S2>",
            ),
            ("<!date^1^{time}|18:00>", "18:00"),
            ("a < b > c <", "a < b > c <"),
            ("<shop/web> to", "<shop/web> to"),
            ("", ""),
        ] {
            assert_eq!(typed(slack, Some("UBOT")), expected, "{slack}");
        }
    }

    #[test]
    fn a_label_cannot_smuggle_markup_past_the_escapes() {
        assert_eq!(typed("<https://x|a&lt;@UEVE&gt;b>", None), "a<@UEVE>b");
    }

    #[test]
    fn a_bracket_that_opens_inside_another_is_the_one_that_counts() {
        for (slack, expected) in [
            ("<<@U1>", "<<@U1>"),
            ("<@U1 <#C1|dev>", "<@U1 #dev"),
            ("<https://x|a<https://y|b.c>>", "<https://x|ab.c>"),
        ] {
            assert_eq!(typed(slack, None), expected);
        }
    }

    #[test]
    fn brackets_that_are_never_closed_are_read_once() {
        // Quadratic reading of this takes minutes.
        let open = "<@U1|".repeat(800_000);
        assert_eq!(typed(&open, None).len(), open.len());
    }

    proptest! {
        #[test]
        fn text_that_slack_escaped_comes_back_as_it_was(text in "[ -~äß→]{0,60}") {
            let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            prop_assert_eq!(typed(&escaped, Some("UBOT")), text.trim());
        }

        #[test]
        fn no_text_breaks_it(text in "\\PC{0,80}") {
            let _ = typed(&text, Some("U1"));
        }
    }
}

//! Typed text: measured, cut and cleaned of what cannot be seen.

/// Length as Slack's strictest reading counts it: UTF-16 units.
pub fn units(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// The text within `max` UTF-16 units, cut at a character with `…`.
pub fn clip(text: &str, max: usize) -> String {
    if units(text) <= max {
        return text.to_owned();
    }
    let mut kept = head(text, max.saturating_sub(1));
    if max > 0 {
        kept.push('…');
    }
    kept
}

fn head(text: &str, max: usize) -> String {
    let mut used = 0;
    let fits = |c: &char| {
        used += c.len_utf16();
        used <= max
    };
    text.chars().take_while(fits).collect()
}

/// The text within `max` UTF-16 units, with `…` for what was taken from its middle.
pub fn middle(text: &str, max: usize) -> String {
    if units(text) <= max {
        return text.to_owned();
    }
    let room = max.saturating_sub(1);
    let start = head(text, room - room / 2);
    let backwards: String = text.chars().rev().collect();
    let end: String = head(&backwards, room / 2).chars().rev().collect();
    format!("{start}…{end}")
}

/// Typed text on one line, without anything invisible: no control characters, no zero-width ones,
/// none that turn the direction of reading, so that what is read is what was typed.
pub fn tidy(text: &str) -> String {
    let spaced = |c: char| {
        if c.is_control() || c.is_whitespace() {
            ' '
        } else {
            c
        }
    };
    let seen: String = text
        .chars()
        .map(spaced)
        .filter(|c| !is_invisible(*c))
        .collect();
    seen.split(' ')
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Characters that print nothing or change how others print (Unicode `Default_Ignorable_Code_Point`,
/// bidirectional controls and annotations).
pub fn is_invisible(c: char) -> bool {
    const RANGES: [(u32, u32); 14] = [
        (0x00AD, 0x00AD),
        (0x034F, 0x034F),
        (0x061C, 0x061C),
        (0x115F, 0x1160),
        (0x17B4, 0x17B5),
        (0x180B, 0x180F),
        (0x200B, 0x200F),
        (0x202A, 0x202E),
        (0x2060, 0x206F),
        (0x3164, 0x3164),
        (0xFEFF, 0xFEFF),
        (0xFFA0, 0xFFA0),
        (0xFFF0, 0xFFFB),
        (0xE0000, 0xE0FFF),
    ];
    let code = u32::from(c);
    RANGES
        .iter()
        .any(|(first, last)| (*first..=*last).contains(&code))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn cuts_fall_between_characters() {
        assert_eq!(clip("𝒳𝒳𝒳", 5), "𝒳𝒳…");
        assert_eq!(clip("abc", 3), "abc");
        assert_eq!(middle("abcdefghij", 5), "ab…ij");
    }

    #[test]
    fn what_cannot_be_seen_is_left_out() {
        assert_eq!(tidy(" a\nb\u{202e}c\u{200b}d\u{7}\u{2028}e "), "a bcd e");
    }

    proptest! {
        #[test]
        fn every_cut_keeps_its_bound(text in any::<String>(), max in 0_usize..40) {
            prop_assert!(units(&clip(&text, max)) <= max);
            prop_assert!(units(&middle(&text, max.max(1))) <= max.max(1));
        }

        #[test]
        fn tidying_twice_changes_nothing_more(text in any::<String>()) {
            let once = tidy(&text);
            prop_assert_eq!(tidy(&once), once);
        }
    }
}

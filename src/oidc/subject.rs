//! Patterns for the `sub` of a token, and what is doubtful about one.

/// A subject as it is written in the configuration.
///
/// `*` stands for one or more characters other than `:` and `/`; everything else stands for itself, case
/// included, from the first character to the last. So `repo:acme/shop:ref:refs/heads/*` means every branch
/// without a slash in its name, and no star reaches from one part of a subject into the next: a branch named
/// like the rest of another subject gains nothing. Without a star it is that one subject, which is best.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// A sentence without its beginning: what is wrong with it.
    pub fn read(text: &str) -> Result<Self, String> {
        let first = text.split([':', '/']).next().unwrap_or_default();
        if text.is_empty() || text.len() > 512 {
            Err("must be 1 to 512 characters".to_owned())
        } else if text.contains("**") {
            Err(format!("holds two stars in a row: `{text}`"))
        } else if first.contains('*') {
            Err(format!("must begin with a fixed part: `{text}`"))
        } else if text.chars().any(char::is_control) {
            Err("holds a control character".to_owned())
        } else {
            Ok(Self(text.to_owned()))
        }
    }

    /// Whether it means this subject.
    pub fn fits(&self, subject: &str) -> bool {
        let mut ours = self.0.split_inclusive([':', '/']);
        let mut theirs = subject.split_inclusive([':', '/']);
        loop {
            match (ours.next(), theirs.next()) {
                (None, None) => return true,
                (Some(our), Some(their)) if part_fits(our, their) => {}
                _ => return false,
            }
        }
    }

    /// As written.
    pub fn written(&self) -> &str {
        &self.0
    }

    /// What is doubtful about it: sentences that begin after the pattern.
    pub fn doubts(&self) -> Vec<&'static str> {
        let mut doubts = Vec::new();
        let mut fields = self.0.split(':');
        let place = fields.nth(1).unwrap_or_default();
        let last = self.0.rsplit(':').next().unwrap_or_default();
        if place.contains('*') {
            doubts.push(
                "lets in every repository whose name fits, also one that somebody makes tomorrow",
            );
        }
        if part_fits(last, "pull_request") {
            doubts.push(
                "lets in pull requests: their code was not reviewed, and a fork's may be anybody's",
            );
        } else if last.contains('*') && !place.contains('*') {
            doubts.push("lets in every ref that fits, also one that nobody reviewed");
        }
        doubts
    }
}

/// One part, its separator included.
fn part_fits(pattern: &str, text: &str) -> bool {
    let Some((before, after)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(rest) = text.strip_prefix(before) else {
        return false;
    };
    // The star takes at least one character; the shortest that lets the rest fit is looked for.
    let starts = rest.char_indices().skip(1).map(|(at, _)| at);
    let mut ends = starts.chain([rest.len()]).filter(|at| *at > 0);
    ends.any(|at| {
        let (taken, left) = rest.split_at(at);
        !taken.contains([':', '/']) && part_fits(after, left)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(pattern: &str, subject: &str) -> bool {
        Pattern::read(pattern).unwrap().fits(subject)
    }

    #[test]
    fn a_star_stays_within_its_part() {
        let main = "repo:acme/shop:ref:refs/heads/main";
        for (pattern, subject, expected) in [
            (main, main, true),
            (main, "repo:acme/shop:ref:refs/heads/mainly", false),
            (main, "repo:acme/shop:ref:refs/heads/Main", false),
            (main, "xrepo:acme/shop:ref:refs/heads/main", false),
            (main, "repo:acme/shop:ref:refs/heads/main:x", false),
            (main, "repo:acme/shop:ref:refs/heads/", false),
            ("repo:acme/shop:ref:refs/heads/*", main, true),
            ("repo:acme/*:ref:refs/heads/main", main, true),
            (
                "repo:acme/shop:ref:refs/heads/*",
                "repo:acme/shop:ref:refs/heads/a/b",
                false,
            ),
            (
                "repo:acme/shop:ref:refs/heads/*",
                "repo:acme/shop:ref:refs/heads/",
                false,
            ),
            (
                "repo:acme/*:ref:refs/heads/main",
                "repo:acme/evil:environment:x:ref:refs/heads/main",
                false,
            ),
            (
                "repo:acme/*:ref:refs/heads/main",
                "repo:acme/a/b:ref:refs/heads/main",
                false,
            ),
            ("repo:acme/shop:*", "repo:acme/shop:pull_request", true),
            ("a:rel-*-x", "a:rel-1-x", true),
            ("a:rel-*-x", "a:rel-1-2-x", true),
            ("a:rel-*-x", "a:rel--x", false),
            ("a:*b*c", "a:1b2c", true),
            ("a:*b*c", "a:bbc", false),
            ("a:*b*c", "a:bbbc", true),
            ("a:ü*", "a:üé", true),
        ] {
            assert_eq!(fits(pattern, subject), expected, "{pattern} {subject}");
        }
    }

    #[test]
    fn a_pattern_that_means_everybody_is_no_pattern() {
        for (text, word) in [
            ("*", "fixed part"),
            ("*:x", "fixed part"),
            ("re*o:acme/shop:x", "fixed part"),
            ("", "1 to 512"),
            ("a:**", "two stars"),
            ("a:\n", "control"),
        ] {
            let problem = Pattern::read(text).unwrap_err();
            assert!(problem.contains(word), "{text}: {problem}");
        }
    }

    #[test]
    fn what_lets_in_more_than_one_reviewed_place_is_doubted() {
        for (text, words) in [
            ("repo:acme/shop:ref:refs/heads/main", &[][..]),
            ("repo:acme/shop:environment:prod", &[]),
            ("repo:acme/shop:pull_request", &["pull requests"]),
            ("repo:acme/shop:*", &["pull requests"]),
            ("repo:acme/*:ref:refs/heads/main", &["every repository"]),
            ("repo:acme/*:*", &["every repository", "pull requests"]),
            ("repo:acme/shop:ref:refs/heads/*", &["every ref"]),
            (
                "project_path:acme/shop:ref_type:branch:ref:*",
                &["pull requests"],
            ),
        ] {
            let doubts = Pattern::read(text).unwrap().doubts();
            assert_eq!(doubts.len(), words.len(), "{text}: {doubts:?}");
            for (doubt, word) in doubts.iter().zip(words) {
                assert!(doubt.contains(word), "{text}: {doubt}");
            }
        }
    }
}

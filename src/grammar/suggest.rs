//! "Did you mean": the known word that a typo is nearest to.

/// The candidates that `word` may be a slip for, nearest first.
///
/// One slip is allowed in a short word, one for every three letters in a longer one; a swap of two
/// neighbours counts as one. Only words of letters are compared: `5432` is nobody's `to`.
pub(super) fn near<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Vec<&'c str> {
    let typed = word.to_ascii_lowercase();
    let length = typed.chars().count();
    // The upper bound keeps a long paste from costing anything.
    if !(2..=20).contains(&length) || !typed.chars().all(char::is_alphabetic) {
        return Vec::new();
    }
    let allowed = (length / 3).max(1);
    let mut found: Vec<(usize, &str)> = candidates
        .into_iter()
        .map(|candidate| (strsim::osa_distance(&typed, candidate), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .collect();
    found.sort_by_key(|(distance, _)| *distance);
    found.into_iter().map(|(_, candidate)| candidate).collect()
}

/// The candidate that `word` is most likely a slip for.
pub(super) fn nearest<'c>(
    word: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<&'c str> {
    near(word, candidates).into_iter().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLAUSES: [&str; 4] = ["for", "until", "on", "because"];

    #[test]
    fn slips_find_their_word() {
        for (typed, meant) in [
            ("form", "for"),
            ("fro", "for"),
            ("UNITL", "until"),
            ("becuase", "because"),
            ("bcause", "because"),
        ] {
            assert_eq!(nearest(typed, CLAUSES), Some(meant), "{typed}");
        }
    }

    #[test]
    fn other_words_find_nothing() {
        for typed in ["", "x", "5432", "please", "shop/web", "fo0", "INC-42"] {
            assert_eq!(nearest(typed, CLAUSES), None, "{typed}");
        }
    }
}

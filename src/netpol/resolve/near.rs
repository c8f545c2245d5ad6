//! Did you mean: the known name nearest to a typed one.

/// The nearest of `known`: within one slip per four letters, else the shortest that contains the
/// typed name (people type `db` for `orders-db`). Ties go to the first in order.
pub(super) fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let length = typed.chars().count();
    let slips = 1 + length / 4;
    known
        .into_iter()
        .filter(|name| *name != typed)
        .filter_map(|name| {
            // Names of another length are none of its slips: a long text is not compared with thousands.
            let alike = name.chars().count().abs_diff(length) <= slips;
            let distance = match alike {
                true => strsim::osa_distance(typed, name),
                false => usize::MAX,
            };
            let close = distance <= slips && distance < length;
            let holds = !typed.is_empty() && name.contains(typed);
            match (close, holds) {
                (true, _) => Some((0, distance, name)),
                (false, true) => Some((1, name.len(), name)),
                (false, false) => None,
            }
        })
        .min()
        .map(|(_, _, name)| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_a_slip_away_or_holds_the_typed_one() {
        for (typed, known, expected) in [
            ("ordres", &["orders", "shop"][..], Some("orders")),
            ("db", &["orders-db", "web"], Some("orders-db")),
            ("db", &["web", "api"], None),
            ("x", &["y", "z"], None),
            ("payments", &["payment", "payments-v2"], Some("payment")),
            ("", &["a"], None),
            ("abcdefgh", &["abcde", "abcdefghijk"], Some("abcde")),
            ("abcdefgh", &["abcd", "xbcdefghijkl"], None),
        ] {
            let nearest = nearest(typed, known.iter().copied());
            assert_eq!(nearest.as_deref(), expected, "{typed}");
        }
    }
}

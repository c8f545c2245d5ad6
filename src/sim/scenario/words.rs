//! Words in braces that stand for others: `{id}` and `{x 10000 times}`.

use anyhow::{Context, Result};

use crate::id::RequestId;

/// Puts in what the words in braces stand for. `asked`: every request so far, oldest first. Other braces stay
/// as they are.
///
/// # Errors
/// A request that nobody asked for, or a number that is none.
pub(super) fn expand(text: &str, asked: &[RequestId]) -> Result<String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let inside = after.split_once('}');
        let meant = inside
            .map(|(words, _)| meaning(words, asked))
            .transpose()?
            .flatten();
        if let (Some(meant), Some((_, tail))) = (meant, inside) {
            out.push_str(&meant);
            rest = tail;
        } else {
            // A brace that somebody typed.
            out.push('{');
            rest = after;
        }
    }
    out.push_str(rest);
    Ok(out)
}

fn meaning(words: &str, asked: &[RequestId]) -> Result<Option<String>> {
    let id = |found: Option<&RequestId>| {
        let id = found.with_context(|| format!("`{{{words}}}`: nobody asked for it yet"))?;
        Ok(Some(id.to_string()))
    };
    let words: Vec<&str> = words.split(' ').collect();
    match words.as_slice() {
        ["id"] => id(asked.last()),
        ["ID"] => Ok(id(asked.last())?.map(|id| id.to_uppercase())),
        ["id", number] => {
            let index = number
                .parse::<usize>()
                .context("which request?")?
                .checked_sub(1);
            id(index.and_then(|index| asked.get(index)))
        }
        [what, count, "times"] => Ok(Some(what.repeat(count.parse().context("how many times?")?))),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_repetitions_are_put_in() {
        let asked: Vec<RequestId> = ["k7m3xq", "k7m3xr"].map(|id| id.parse().unwrap()).into();
        for (text, expanded) in [
            ("done {id}", "done k7m3xr"),
            ("done {ID}", "done K7M3XR"),
            (
                "done {id 1} because {ab 3 times}!",
                "done k7m3xq because ababab!",
            ),
            ("nothing ${here} {", "nothing ${here} {"),
        ] {
            assert_eq!(expand(text, &asked).unwrap(), expanded);
        }
        for wrong in ["{id 3}", "{id 0}", "{id x}", "{x many times}"] {
            assert!(expand(wrong, &asked).is_err(), "{wrong}");
        }
    }
}

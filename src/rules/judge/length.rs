//! How long a grant may be. A length that is out of bounds is refused, never clamped: nobody should find
//! out at half past that an hour was not granted.

use super::Reason;
use super::case::Case;
use crate::rules::problem::suggest;
use crate::rules::set::Bounds;
use crate::units::Seconds;

/// A bound, and whose it is, for sentences.
struct Longest {
    length: Seconds,
    whose: String,
}

/// The longest grant, by the template and by the rule's own bound `limit`, which `whose` names.
pub(in crate::rules) fn longest(
    case: &Case<'_>,
    limit: Option<Seconds>,
    whose: &str,
) -> Result<Seconds, Reason> {
    let Some(template) = case.rules.template(&case.ask.template) else {
        let known: Vec<&str> = case.rules.templates().map(|t| t.name.as_str()).collect();
        return Err(Reason {
            message: format!("there is no template `{}`", case.ask.template),
            hint: suggest(&case.ask.template, known.iter().copied()),
        });
    };
    let Bounds { min, max, .. } = template.bounds;
    let by_template = format!("template `{}`", template.name);
    let longest = match limit.filter(|limit| *limit < max) {
        Some(limit) => Longest {
            length: limit,
            whose: whose.to_owned(),
        },
        None => Longest {
            length: max,
            whose: by_template.clone(),
        },
    };
    let asked = case.ask.duration;
    if asked < min {
        return Err(Reason::new(
            format!("{asked} is shorter than the {min} that {by_template} allows"),
            format!("ask for {min} to {}", longest.length),
        ));
    }
    match case.ask.extends {
        Some(extends) => extension(asked, extends.so_far, min, &longest)?,
        None if asked > longest.length => {
            return Err(Reason::new(
                format!(
                    "{asked} is longer than the {} that {} allows",
                    longest.length, longest.whose
                ),
                format!("ask for {min} to {}", longest.length),
            ));
        }
        None => {}
    }
    Ok(longest.length)
}

/// What was granted before counts: else many short extensions would make an endless grant.
fn extension(
    asked: Seconds,
    so_far: Seconds,
    min: Seconds,
    longest: &Longest,
) -> Result<(), Reason> {
    let total = Seconds(so_far.0.saturating_add(asked.0));
    if total <= longest.length {
        return Ok(());
    }
    let left = Seconds(longest.length.0.saturating_sub(so_far.0));
    let hint = if left < min {
        "let it close, and ask for the path again".to_owned()
    } else {
        format!("extend it by {min} to {left}")
    };
    Err(Reason::new(
        format!(
            "{asked} more after {so_far} is longer than the {} that {} allows",
            longest.length, longest.whose
        ),
        hint,
    ))
}

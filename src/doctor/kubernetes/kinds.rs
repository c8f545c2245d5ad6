//! Kinds of objects that templates in force state: whether the cluster has them, and lets us make them.

use crate::doctor::{About, Answer, Finding};

/// A kind that a template in force states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stated {
    /// `RoleBinding`.
    pub kind: &'static str,
    /// The folder of manifests that grants what it takes.
    pub component: &'static str,
    /// Whether it is there.
    pub there: Answer<There>,
    /// Namespaces that let us make objects of it, out of those that were asked about.
    pub opted: Answer<Vec<String>>,
}

/// Whether a kind is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum There {
    /// It is, and we may see its objects.
    Yes,
    /// The cluster has no such kind.
    Absent,
    /// It is, and we may not see its objects.
    Forbidden,
}

/// Namespaces named before the rest is counted.
const NAMED: usize = 5;

/// One finding for each kind.
pub(super) fn judge(about: &About, kinds: &[Stated]) -> Vec<Finding> {
    kinds.iter().map(|kind| one(about, kind)).collect()
}

fn one(about: &About, stated: &Stated) -> Finding {
    const CHECK: &str = "stated objects";
    let Stated {
        kind, component, ..
    } = stated;
    let apply = format!("apply `manifests/{component}`");
    let (there, opted) = match (&stated.there, &stated.opted) {
        (Err(no), _) | (Ok(There::Yes), Err(no)) => {
            let mend = "run `drawbridge doctor` again when the API server answers";
            return about.unknown(CHECK, format!("{kind}: {no}"), mend);
        }
        (Ok(there), opted) => (*there, opted.as_deref().unwrap_or_default()),
    };
    match there {
        There::Absent => about.warn(
            CHECK,
            format!(
                "a template makes objects of the kind {kind}, which this cluster does not have"
            ),
            "nobody can use that template here; bind it to other clusters by its rules",
        ),
        There::Forbidden => about.fail(
            CHECK,
            format!("a template makes objects of the kind {kind}, and we may not see any"),
            apply,
        ),
        There::Yes if opted.is_empty() => about.warn(
            CHECK,
            format!("no namespace lets us make objects of the kind {kind}"),
            format!("{apply} and bind its grant role in the namespaces that opt in"),
        ),
        There::Yes => {
            let first: Vec<&str> = opted.iter().take(NAMED).map(String::as_str).collect();
            let more = match opted.len().saturating_sub(first.len()) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let why = format!("{kind} can be made in {}{more}", first.join(", "));
            about.ok(CHECK, why)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::{Area, No, State};

    #[test]
    fn what_a_template_makes_must_be_there_seen_and_let_in() {
        let about = About::new(Area::Kubernetes, "default");
        let away = || No::Away("gone".to_owned());
        let some: Answer<Vec<String>> = Ok(vec!["orders".to_owned()]);
        for (there, opted, state, words) in [
            (
                Ok(There::Yes),
                some.clone(),
                State::Ok,
                "RoleBinding can be made in orders",
            ),
            (
                Ok(There::Yes),
                Ok(vec![]),
                State::Warn,
                "no namespace lets us",
            ),
            (Ok(There::Absent), Ok(vec![]), State::Warn, "does not have"),
            (
                Ok(There::Forbidden),
                some.clone(),
                State::Fail,
                "may not see any",
            ),
            (Err(away()), some, State::Unknown, "gone"),
            (Ok(There::Yes), Err(away()), State::Unknown, "gone"),
        ] {
            let stated = Stated {
                kind: "RoleBinding",
                component: "components/role-binding-grants",
                there,
                opted,
            };
            let found = judge(&about, std::slice::from_ref(&stated));
            assert_eq!(found.len(), 1);
            assert_eq!(found[0].state, state, "{stated:?}");
            assert!(found[0].why.contains(words), "{:?}", found[0]);
        }
        assert_eq!(judge(&about, &[]), []);
    }
}

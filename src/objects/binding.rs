//! RoleBindings as templates state them: their bounds, and what they say.

use serde_json::Value;

use super::essence::{Essence, listed};
use super::shape::{Fault, Look, entries, exactly, literal, shown};
use super::{Manifest, Said};

const GROUP: &str = "rbac.authorization.k8s.io";

/// Most people that one gate gives a role.
const MAX_SUBJECTS: usize = 5;

/// Longest name of a person.
const MAX_NAME: usize = 253;

/// ClusterRoles that are never given, whatever the configuration says: who has one can give roles.
pub const NEVER: [&str; 2] = ["admin", "cluster-admin"];

pub(super) fn check(role: &Value, subjects: &Value, look: Look<'_>) -> Result<(), Fault> {
    let fields = exactly(role, "roleRef", &["apiGroup", "kind", "name"])?;
    let field = |name: &str| {
        let value = fields.get(name).unwrap_or(&Value::Null);
        literal(value, &format!("roleRef.{name}"))
    };
    let (group, kind, name) = (field("apiGroup")?, field("kind")?, field("name")?);
    if (group, kind) != (GROUP, "ClusterRole") {
        return Err(Fault::new(
            format!("a gate gives a ClusterRole, and `roleRef` is the {kind} of `{group}`"),
            format!("write `apiGroup: {GROUP}` and `kind: ClusterRole`"),
        ));
    }
    if NEVER.contains(&name) {
        return Err(Fault::plain(format!(
            "the ClusterRole `{name}` is never given: who has it can give roles"
        )));
    }
    if !look.bounds.cluster_roles.contains(name) {
        return Err(Fault::new(
            format!("the ClusterRole `{name}` is not on the list"),
            "add it to `clusterRoles` of DRAWBRIDGE_CONFIG, to `bind` and to the admission policy of \
             components/role-binding-grants",
        ));
    }
    let subjects = entries(Some(subjects), "subjects")?;
    if subjects.len() > MAX_SUBJECTS {
        return Err(Fault::plain(format!(
            "`subjects` is a list of at most {MAX_SUBJECTS}"
        )));
    }
    subjects.iter().try_for_each(|one| subject(one, look))
}

fn subject(subject: &Value, look: Look<'_>) -> Result<(), Fault> {
    let fields = exactly(subject, "subjects", &["apiGroup", "kind", "name"])?;
    let field = |name: &str| fields.get(name).unwrap_or(&Value::Null);
    let group = literal(field("apiGroup"), "subjects.apiGroup")?;
    let kind = literal(field("kind"), "subjects.kind")?;
    if (group, kind) != (GROUP, "User") {
        return Err(Fault::new(
            "a gate gives a role to people, and to no group and no account",
            format!("write `apiGroup: {GROUP}` and `kind: User`"),
        ));
    }
    let name = field("name");
    if look.is_open(name) {
        return Ok(());
    }
    let text = name.as_str().unwrap_or_default();
    // Of letters that look alike only some are ASCII: approvers see who it is.
    let fits = |c: u8| c.is_ascii_alphanumeric() || b"@._+:=/,|#~-".contains(&c);
    let readable = text.bytes().all(fits);
    if text.is_empty() || text.len() > MAX_NAME || !readable {
        return Err(Fault::plain(format!(
            "`{}` is not the name of a person",
            shown(name)
        )));
    }
    if text.starts_with("system:") {
        return Err(Fault::plain(format!(
            "`{text}` is an account of the system, and no person"
        )));
    }
    Ok(())
}

/// What a binding says: which role, and for whom.
pub(super) fn essence(object: &Manifest) -> Essence {
    let body = |field: &str| object.body().find(|(name, _)| *name == field);
    let role = body("roleRef").and_then(|(_, role)| role.get("name")?.as_str());
    let role = role.unwrap_or_default().to_owned();
    let subjects = body("subjects").and_then(|(_, subjects)| subjects.as_array());
    let people = subjects.into_iter().flatten();
    let people = people.filter_map(|one| Some(one.get("name")?.as_str()?.to_owned()));
    let people: Vec<String> = people.collect();
    let mut says = vec![
        Said::Words("ClusterRole".to_owned()),
        Said::Typed(role.clone()),
        Said::Words("for".to_owned()),
    ];
    for (index, person) in people.iter().enumerate() {
        if index > 0 {
            says.push(Said::Words("and".to_owned()));
        }
        says.push(Said::Typed(person.clone()));
    }
    Essence {
        who: listed(&people),
        what: format!("{} as {role}", object.namespace()),
        name: role,
        says,
        people: people.into_iter().collect(),
    }
}

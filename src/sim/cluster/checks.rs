//! What a write is refused for before anything is computed: paths that disagree, fields that do not
//! exist, identities and preconditions that do not hold.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::fields::{How, Owner, Path};
use super::kinds::Kind;
use super::reply::{Cause, Reply};
use super::route::Verb;
use super::schema::{self, Misfit};
use super::world::{Key, Stored, meta, stamp};
use super::write::Write;

impl Write<'_> {
    /// Which object; refuses a body that disagrees with the path.
    pub(super) fn key(&self) -> Result<Key, Reply> {
        let call = self.call;
        let told = meta(&self.body, "name");
        let name = if call.name.is_empty() {
            told
        } else {
            &call.name
        };
        if !told.is_empty() && told != name {
            return Err(Reply::bad(&format!(
                "the name of the object ({told}) does not match the name on the URL ({name})"
            )));
        }
        let namespace = call.namespace.clone().unwrap_or_default();
        let said = meta(&self.body, "namespace");
        if call.kind.namespaced && !said.is_empty() && said != namespace {
            return Err(Reply::bad(
                "the namespace of the provided object does not match the namespace sent on the request",
            ));
        }
        Ok(Key {
            plural: call.kind.plural,
            namespace,
            name: name.to_owned(),
        })
    }

    /// Fields that do not exist: an error for server-side apply, and for others when asked to be
    /// strict; dropped otherwise.
    pub(super) fn check_shape(&mut self, key: &Key) -> Result<(), Reply> {
        let call = self.call;
        let Some(misfit) = schema::misfit(call.kind, &self.body) else {
            return Ok(());
        };
        let strict = call.query("fieldValidation") == "Strict";
        match (call.verb, misfit) {
            (Verb::Apply, Misfit::Unknown(at)) => {
                let object = described(call.kind, key);
                Err(Reply::schema(
                    &object,
                    &format!("{at}: field not declared in schema"),
                ))
            }
            (Verb::Apply, Misfit::Type(words)) => {
                Err(Reply::schema(&described(call.kind, key), &words))
            }
            (_, Misfit::Unknown(at)) if strict => {
                let field = at.trim_start_matches('.');
                Err(Reply::bad(&format!(
                    "{0} in version \"{1}\" cannot be handled as a {0}: strict decoding error: \
                     unknown field \"{field}\"",
                    call.kind.name, call.kind.version
                )))
            }
            (_, Misfit::Type(words)) => Err(Reply::bad(&words)),
            (_, Misfit::Unknown(_)) => {
                schema::prune(call.kind, &mut self.body);
                Ok(())
            }
        }
    }

    pub(super) fn owner(&self, fields: BTreeSet<Path>) -> Owner {
        let named = self.call.query("fieldManager");
        Owner {
            name: if named.is_empty() {
                "unknown".to_owned()
            } else {
                named.to_owned()
            },
            how: if self.call.verb == Verb::Apply {
                How::Apply
            } else {
                How::Update
            },
            time: stamp(self.now),
            fields,
        }
    }
}

fn described(kind: &Kind, key: &Key) -> String {
    let Key {
        namespace, name, ..
    } = key;
    format!(
        "{namespace}/{name}; {}, Kind={}",
        kind.api_version(),
        kind.name
    )
}

/// A uid or version in the body is a precondition.
pub(super) fn check_identity(write: &Write<'_>, live: &Stored) -> Result<(), Reply> {
    let uid = meta(&write.body, "uid");
    if !uid.is_empty() && uid != live.meta("uid") {
        let cause = Cause::invalid("metadata.uid".into(), &json!(uid), "field is immutable");
        return Err(Reply::invalid(live.kind, live.meta("name"), &[cause]));
    }
    let version = meta(&write.body, "resourceVersion");
    if !version.is_empty() && version != live.meta("resourceVersion") {
        let why = "the object has been modified; please apply your changes to the latest version \
                   and try again";
        return Err(Reply::conflict(live.kind, live.meta("name"), why));
    }
    Ok(())
}

pub(super) fn check_preconditions(body: &Value, live: &Stored) -> Result<(), Reply> {
    for (field, called) in [("uid", "UID"), ("resourceVersion", "ResourceVersion")] {
        let wanted = body
            .pointer(&format!("/preconditions/{field}"))
            .and_then(Value::as_str);
        let is = live.meta(field);
        if let Some(wanted) = wanted.filter(|w| *w != is) {
            let why = format!(
                "the {called} in the precondition ({wanted}) does not match the {called} in record ({is})"
            );
            return Err(Reply::conflict(live.kind, live.meta("name"), &why));
        }
    }
    Ok(())
}

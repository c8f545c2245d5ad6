//! Creating, applying, changing and deleting, with the real server's refusals.

use serde_json::{Value, json};

use super::checks::{check_identity, check_preconditions};
use super::fields::{self, How};
use super::kinds::{BINDINGS, Kind, POLICIES};
use super::reply::{Cause, Reply};
use super::route::{Call, Verb};
use super::world::{Key, Stored, World, meta, set_meta, set_type, stamp};
use super::{apply, binding, meta as metadata, policy};
use crate::units::Time;

/// What refuses an object after it was found valid: admission.
pub(super) type Admission<'a> = &'a dyn Fn(&Call, &Value) -> Result<(), Reply>;

/// One write.
pub(super) struct Write<'a> {
    pub(super) call: &'a Call,
    pub(super) body: Value,
    pub(super) now: Time,
    pub(super) admit: Admission<'a>,
}

/// A write's outcome; both sides are answers, `Err` so that `?` can end a step.
type Done = Result<Reply, Reply>;

impl World {
    /// Does a write. Nothing changes on `Err`, nor in a dry run.
    pub(super) fn write(&mut self, mut write: Write<'_>) -> Done {
        let call = write.call;
        if call.verb == Verb::Delete {
            return self.delete(&write);
        }
        if call.verb == Verb::Apply && call.query("fieldManager").is_empty() {
            let cause = Cause::required("fieldManager".into(), "is required for apply patch");
            return Err(Reply::failure(
                422,
                "Invalid",
                &format!(
                    "PatchOptions.meta.k8s.io \"\" is invalid: {}: {}",
                    cause.field, cause.message
                ),
            ));
        }
        let key = write.key()?;
        write.check_shape(&key)?;
        match (call.verb, self.objects.get(&key).cloned()) {
            (Verb::Update | Verb::Merge, None) => Err(Reply::not_found(call.kind, &key.name)),
            // The real server validates a POST before it looks whether the name is taken.
            (Verb::Create, _) | (_, None) => self.create(&write, key),
            (_, Some(live)) => self.change(&write, key, live),
        }
    }

    fn create(&mut self, write: &Write<'_>, key: Key) -> Done {
        self.check_namespace(write, &key)?;
        if !meta(&write.body, "uid").is_empty() && write.call.verb == Verb::Apply {
            let uid = meta(&write.body, "uid");
            let why = format!(
                "uid mismatch: the provided object specified uid {uid}, and no existing object was found"
            );
            return Err(Reply::conflict(write.call.kind, &key.name, &why));
        }
        let mut object = write.body.clone();
        set_type(&mut object, write.call.kind);
        // An apply owns what it says; any other write owns what is stored, defaults included.
        let mut owned = fields::leaves(&object);
        if write.call.verb != Verb::Apply {
            normalise(write.call.kind, &mut object);
            owned = fields::leaves(&object);
            // A selector of everything is what a policy has before anybody says something.
            owned.retain(|path| fields::get(&object, path) != Some(&json!({})));
            owned.append(&mut fields::made(&Value::Null, &object));
        }
        let owner = write.owner(owned);
        set_meta(&mut object, "name", json!(key.name));
        if write.call.kind.namespaced {
            set_meta(&mut object, "namespace", json!(key.namespace));
        }
        set_meta(&mut object, "uid", json!(self.uid()));
        set_meta(&mut object, "creationTimestamp", json!(stamp(write.now)));
        set_meta(&mut object, "generation", json!(1));
        fields::remove(&mut object, &["metadata".into(), "resourceVersion".into()]);
        fields::remove(&mut object, &["metadata".into(), "managedFields".into()]);
        let stored = Stored {
            kind: write.call.kind,
            object,
            owners: vec![owner],
        };
        self.finish(write, key, stored, None)
    }

    fn change(&mut self, write: &Write<'_>, key: Key, live: Stored) -> Done {
        check_identity(write, &live)?;
        let stored = match write.call.verb {
            Verb::Apply => apply::applied(write, &live)?,
            Verb::Merge => {
                let mut object = live.object.clone();
                fields::merge(&mut object, &write.body);
                apply::updated(write, &live, object)
            }
            _ => apply::updated(write, &live, write.body.clone()),
        };
        self.finish(write, key, stored, Some(live))
    }

    /// Defaults, validation, admission, and the write itself unless nothing changed.
    fn finish(
        &mut self,
        write: &Write<'_>,
        key: Key,
        mut stored: Stored,
        live: Option<Stored>,
    ) -> Done {
        let kind = stored.kind;
        normalise(kind, &mut stored.object);
        let mut causes = metadata::problems(&stored.object);
        if kind.plural == POLICIES {
            causes.extend(policy::problems(&stored.object));
        }
        if kind.plural == BINDINGS {
            let before = live.as_ref().map(|live| &live.object);
            causes.extend(binding::problems(&stored.object, before));
        }
        if !causes.is_empty() {
            return Err(Reply::invalid(kind, &key.name, &causes));
        }
        (write.admit)(write.call, &stored.object)?;
        if live.is_none() && self.objects.contains_key(&key) {
            return Err(Reply::exists(kind, &key.name));
        }
        let code = if live.is_some() { 200 } else { 201 };
        if let Some(live) = &live {
            if unchanged(&stored, live) {
                return Ok(Reply::ok(code, live.shown()));
            }
            if stored.object.get("spec") != live.object.get("spec") {
                let next = live
                    .object
                    .pointer("/metadata/generation")
                    .and_then(Value::as_u64);
                set_meta(
                    &mut stored.object,
                    "generation",
                    json!(next.unwrap_or(0) + 1),
                );
            }
        }
        if write.call.is_dry_run() {
            return Ok(Reply::ok(code, stored.shown()));
        }
        if is_released(&stored.object) {
            let shown = stored.shown();
            self.commit(key, None);
            return Ok(Reply::ok(code, shown));
        }
        Ok(Reply::ok(code, self.commit(key, Some(stored))))
    }

    fn delete(&mut self, write: &Write<'_>) -> Done {
        let call = write.call;
        let key = write.key()?;
        let live = self
            .objects
            .get(&key)
            .cloned()
            .ok_or_else(|| Reply::not_found(call.kind, &key.name))?;
        check_preconditions(&write.body, &live)?;
        let uid = live.meta("uid").to_owned();
        // Options in the body make the server ignore those in the query.
        let rehearsed = if write.body.is_null() {
            call.is_dry_run()
        } else {
            write
                .body
                .pointer("/dryRun/0")
                .is_some_and(|all| all == "All")
        };
        if rehearsed {
            return Ok(Reply::deleted(call.kind, &key.name, &uid));
        }
        let mut going = live.clone();
        wait_for_collector(&mut going.object, &write.body);
        if has_finalizers(&going.object) {
            if !live.meta("deletionTimestamp").is_empty() && going.object == live.object {
                return Ok(Reply::ok(200, live.shown()));
            }
            let now = json!(stamp(write.now));
            set_meta(&mut going.object, "deletionTimestamp", now);
            return Ok(Reply::ok(200, self.commit(key, Some(going))));
        }
        self.remove(&key);
        Ok(Reply::deleted(call.kind, &key.name, &uid))
    }

    /// Removes an object; a namespace takes its objects with it, as its controller would do.
    pub(super) fn remove(&mut self, key: &Key) {
        if key.plural == "namespaces" {
            let inside = |k: &&Key| k.namespace == key.name;
            let keys: Vec<Key> = self.objects.keys().filter(inside).cloned().collect();
            for one in keys {
                self.commit(one, None);
            }
        }
        if self.objects.contains_key(key) {
            self.commit(key.clone(), None);
        }
    }

    fn check_namespace(&self, write: &Write<'_>, key: &Key) -> Result<(), Reply> {
        if !write.call.kind.namespaced {
            return Ok(());
        }
        let namespace = Key {
            plural: "namespaces",
            namespace: String::new(),
            name: key.namespace.clone(),
        };
        match self.objects.get(&namespace) {
            None => Err(Reply::failure(
                404,
                "NotFound",
                &format!("namespaces \"{}\" not found", key.namespace),
            )),
            Some(one) if !one.meta("deletionTimestamp").is_empty() => {
                let why = format!(
                    "unable to create new content in namespace {} because it is being terminated",
                    key.namespace
                );
                Err(Reply::forbidden(write.call.kind, &key.name, &why))
            }
            Some(_) => Ok(()),
        }
    }
}

/// What the server does to every object it stores.
pub(super) fn normalise(kind: &Kind, object: &mut Value) {
    fields::tidy_metadata(object);
    if kind.plural == POLICIES {
        policy::default(object);
    }
    if kind.plural == BINDINGS {
        binding::default(object);
    }
    if kind.plural == "namespaces" {
        let name = json!(meta(object, "name"));
        let label = ["metadata", "labels", "kubernetes.io/metadata.name"].map(str::to_owned);
        fields::set(object, &label, name);
    }
}

fn unchanged(new: &Stored, live: &Stored) -> bool {
    let sets = |s: &Stored| -> Vec<_> {
        s.owners
            .iter()
            .map(|o| (o.name.clone(), o.how == How::Apply, o.fields.clone()))
            .collect()
    };
    new.object == live.object && sets(new) == sets(live)
}

/// What a delete says of dependents: in the background nothing waits for the garbage collector, not even what
/// waited before.
fn wait_for_collector(object: &mut Value, options: &Value) {
    let policy = options.get("propagationPolicy").and_then(Value::as_str);
    let added = match policy {
        None => return,
        Some("Foreground") => Some("foregroundDeletion"),
        Some("Orphan") => Some("orphan"),
        Some(_) => None,
    };
    let held = object
        .pointer("/metadata/finalizers")
        .and_then(Value::as_array);
    let mut held: Vec<Value> = held.cloned().unwrap_or_default();
    held.retain(|one| one != "foregroundDeletion" && one != "orphan");
    held.extend(added.map(Value::from));
    if held.is_empty() {
        fields::remove(object, &["metadata".to_owned(), "finalizers".to_owned()]);
    } else {
        set_meta(object, "finalizers", Value::Array(held));
    }
}

fn has_finalizers(object: &Value) -> bool {
    let list = object
        .pointer("/metadata/finalizers")
        .and_then(Value::as_array);
    list.is_some_and(|l| !l.is_empty())
}

/// Asked to go, and nothing holds it any more.
fn is_released(object: &Value) -> bool {
    !meta(object, "deletionTimestamp").is_empty() && !has_finalizers(object)
}

//! Server-side apply, and how other writes change who owns what.

use std::collections::BTreeSet;

use serde_json::Value;

use super::fields::{self, How, Owner, Path};
use super::reply::Reply;
use super::world::{Stored, meta_value, set_meta, set_type};
use super::write::{Write, normalise};

/// Server-side apply onto an object that is there.
pub(super) fn applied(write: &Write<'_>, live: &Stored) -> Result<Stored, Reply> {
    let mine = fields::leaves(&write.body);
    let owner = write.owner(mine.clone());
    let is_me = |o: &Owner| o.name == owner.name && o.how == How::Apply;
    let force = write.call.query("force") == "true";
    let api_version = live.kind.api_version();
    let differs = |path: &&Path| fields::get(&write.body, path) != fields::get(&live.object, path);
    let touched: BTreeSet<Path> = mine
        .union(&fields::made(&live.object, &write.body))
        .cloned()
        .collect();
    let mut conflicts = Vec::new();
    for other in live.owners.iter().filter(|o| !is_me(o)) {
        for path in touched.intersection(&other.fields).filter(differs) {
            conflicts.push((other.called(&api_version), fields::dotted(path)));
        }
    }
    if !conflicts.is_empty() && !force {
        return Err(Reply::owned_by_others(&conflicts));
    }
    let mut object = live.object.clone();
    let mut owners = live.owners.clone();
    for path in &mine {
        if let Some(value) = fields::get(&write.body, path) {
            if force && fields::get(&object, path) != Some(value) {
                owners
                    .iter_mut()
                    .for_each(|o| o.fields.retain(|p| p != path));
            }
            fields::set(&mut object, path, value.clone());
        }
    }
    let before = owners.iter().position(is_me).map(|n| owners.remove(n));
    // What I applied before and no longer do goes, unless somebody else wants it too.
    for path in before.iter().flat_map(|o| o.fields.difference(&mine)) {
        if !owners.iter().any(|o| o.fields.contains(path)) {
            fields::remove(&mut object, path);
        }
    }
    let same = before.filter(|o| o.fields == owner.fields);
    owners.push(same.unwrap_or(owner));
    owners.retain(|o| !o.fields.is_empty());
    Ok(Stored {
        kind: live.kind,
        object,
        owners,
    })
}

/// A write that takes what it changes from whoever owned it.
pub(super) fn updated(write: &Write<'_>, live: &Stored, mut object: Value) -> Stored {
    for field in [
        "uid",
        "creationTimestamp",
        "generation",
        "resourceVersion",
        "namespace",
        "name",
    ] {
        if let Some(value) = meta_value(&live.object, field) {
            set_meta(&mut object, field, value.clone());
        }
    }
    set_type(&mut object, live.kind);
    fields::remove(&mut object, &["metadata".into(), "managedFields".into()]);
    normalise(live.kind, &mut object);
    let now = fields::leaves(&object);
    let changed: BTreeSet<Path> = now
        .iter()
        .filter(|path| fields::get(&object, path) != fields::get(&live.object, path))
        .cloned()
        .chain(fields::made(&live.object, &object))
        .collect();
    // An owner of an empty list, which is not stored, keeps it: only what was there can go.
    let gone: BTreeSet<Path> = fields::leaves(&live.object)
        .difference(&now)
        .cloned()
        .collect();
    let mut owner = write.owner(changed.clone());
    let mut owners = live.owners.clone();
    for other in &mut owners {
        other
            .fields
            .retain(|path| !gone.contains(path) && !changed.contains(path));
    }
    if let Some(n) = owners
        .iter()
        .position(|o| o.name == owner.name && o.how == How::Update)
    {
        owner.fields.extend(owners.remove(n).fields);
    }
    owners.push(owner);
    owners.retain(|o| !o.fields.is_empty());
    Stored {
        kind: live.kind,
        object,
        owners,
    }
}

//! Reading, and the reviews: who somebody is, and what they may do.

use std::collections::VecDeque;

use hyper::body::Bytes;
use serde_json::{Value, json};

use super::SimCluster;
use super::reply::Reply;
use super::route::{Call, Verb};
use super::select::Selection;
use super::world::{Key, Rest, World};
use super::write::Write;

/// Whom the server takes everybody for: it asks for no credentials.
const EVERYBODY: &str = "admin";

impl SimCluster {
    /// Answers everything about objects but watches.
    pub(super) fn answer(&self, call: &Call, body: &Bytes) -> Reply {
        let read = match call.verb {
            Verb::Get => self.with(|world| get(world, call)),
            Verb::List => self.with(|world| list(world, call)),
            _ => self.write(call, body),
        };
        read.unwrap_or_else(|refused| refused)
    }

    fn write(&self, call: &Call, body: &Bytes) -> Result<Reply, Reply> {
        let body = match serde_json::from_slice(body) {
            Ok(object @ Value::Object(_)) => object,
            _ if call.verb == Verb::Delete && body.is_empty() => Value::Null,
            _ => return Err(Reply::bad("the object provided is unrecognized")),
        };
        self.write_value(call, body)
    }

    pub(super) fn write_value(&self, call: &Call, body: Value) -> Result<Reply, Reply> {
        let now = self.now();
        let admit = |call: &Call, object: &Value| {
            super::binding::escalation(self.faults(), call, object)?;
            self.faults()
                .admit(call, super::world::meta(object, "name"))
        };
        self.change(|world| {
            world.write(Write {
                call,
                body,
                now,
                admit: &admit,
            })
        })
    }

    pub(super) fn review(&self, review: &str, body: &Bytes) -> Reply {
        let Ok(mut object) = serde_json::from_slice::<Value>(body) else {
            return Reply::bad("the object provided is unrecognized");
        };
        let status = match review {
            "tokenreviews" => self.token_status(&object),
            "selfsubjectreviews" => json!({"userInfo": {
                "username": EVERYBODY, "groups": ["system:masters", "system:authenticated"],
            }}),
            _ => json!({"allowed": self.allows(&object)}),
        };
        super::fields::set(&mut object, &["status".to_owned()], status);
        Reply::ok(201, object)
    }

    fn allows(&self, review: &Value) -> bool {
        let text = |field: &str| {
            let at = format!("/spec/resourceAttributes/{field}");
            review.pointer(&at).and_then(Value::as_str)
        };
        let resource = text("resource").unwrap_or_default();
        self.faults().may(
            text("verb").unwrap_or_default(),
            resource,
            text("namespace"),
        )
    }

    fn token_status(&self, review: &Value) -> Value {
        let token = review
            .pointer("/spec/token")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let audiences = review.pointer("/spec/audiences").and_then(Value::as_array);
        let account = self.with(|world| world.tokens.get(token).cloned());
        let wanted = |audience: &str| audiences.is_none_or(|all| all.iter().any(|a| a == audience));
        match account {
            Some(a) if wanted(&a.audience) => json!({
                "authenticated": true,
                "audiences": [a.audience],
                "user": {
                    "username": format!("system:serviceaccount:{}:{}", a.namespace, a.name),
                    "uid": a.uid,
                    "groups": ["system:serviceaccounts", "system:authenticated"],
                    "extra": {"authentication.kubernetes.io/credential-id": [format!("JTI={token}")]},
                },
            }),
            _ => json!({"user": {}, "error": "invalid bearer token"}),
        }
    }
}

fn get(world: &World, call: &Call) -> Result<Reply, Reply> {
    let key = Key {
        plural: call.kind.plural,
        namespace: call.namespace.clone().unwrap_or_default(),
        name: call.name.clone(),
    };
    let found = world
        .objects
        .get(&key)
        .ok_or_else(|| Reply::not_found(call.kind, &call.name))?;
    Ok(Reply::ok(200, found.shown()))
}

/// Pages after the first come from the same version, as the real server's do.
fn list(world: &mut World, call: &Call) -> Result<Reply, Reply> {
    let token = call.query("continue");
    let rest = if token.is_empty() {
        fresh(world, call)?
    } else {
        world.pages.remove(token).ok_or_else(|| {
            let words = "The provided continue parameter is too old to display a consistent list \
                         result. You must start a new list without the continue parameter.";
            Reply::expired(words)
        })?
    };
    let Rest { mut items, version } = rest;
    let limit = call
        .query("limit")
        .parse()
        .ok()
        .filter(|n| *n > 0)
        .unwrap_or(items.len());
    let later = items.split_off(limit.min(items.len()));
    let mut metadata = json!({"resourceVersion": version.to_string()});
    if !later.is_empty() {
        let token = world.draw();
        super::fields::set(&mut metadata, &["continue".to_owned()], json!(token));
        super::fields::set(
            &mut metadata,
            &["remainingItemCount".to_owned()],
            json!(later.len()),
        );
        world.pages.insert(
            token,
            Rest {
                items: later,
                version,
            },
        );
    }
    let body = json!({
        "kind": format!("{}List", call.kind.name), "apiVersion": call.kind.api_version(),
        "metadata": metadata, "items": items,
    });
    Ok(Reply::ok(200, body))
}

fn fresh(world: &World, call: &Call) -> Result<Rest, Reply> {
    let selection = Selection::of(call)?;
    let here = |key: &Key| {
        key.plural == call.kind.plural
            && call.namespace.as_ref().is_none_or(|n| *n == key.namespace)
    };
    let found = world
        .objects
        .iter()
        .filter(|(key, _)| here(key))
        .map(|(_, o)| o.shown());
    let items: VecDeque<Value> = found
        .filter(|o| selection.selects(o))
        .map(|mut o| {
            // Items of a list say neither; the list does.
            super::fields::remove(&mut o, &["kind".to_owned()]);
            super::fields::remove(&mut o, &["apiVersion".to_owned()]);
            o
        })
        .collect();
    Ok(Rest {
        items,
        version: world.version,
    })
}

//! One case of `tests/admission/cases.yaml`: what it puts there, what it does, what must come of it.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use drawbridge::clock::{Clock, SystemClock};
use drawbridge::netpol::marks;
use kube::api::{Api, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::core::{ApiResource, GroupVersionKind};
use serde::Deserialize;
use serde_json::Value;

use crate::servers::kube::{KubeServer, Who};

/// The whole file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Cases {
    gate: Value,
    foreign: Value,
    kinds: BTreeMap<String, Value>,
    pub(crate) cases: Vec<Case>,
    pub(crate) component_cases: Vec<Case>,
}

/// A row of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Case {
    pub(crate) name: String,
    who: Person,
    act: Act,
    there: Option<String>,
    #[serde(default)]
    there_change: Value,
    #[serde(default)]
    pub(crate) closing: bool,
    object: Option<String>,
    #[serde(default)]
    change: Value,
    #[serde(rename = "in")]
    place: Option<String>,
    #[serde(default)]
    namespace: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) with: Vec<String>,
    expect: Expect,
    says: Option<String>,
}

/// Who acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Person {
    Bot,
    Reaper,
    Collector,
    Admin,
    BreakGlass,
    Dev,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Act {
    Create,
    Post,
    Update,
    Delete,
    DeleteCollection,
    Release,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Expect {
    Allowed,
    Refused,
}

impl Person {
    pub(crate) const ALL: [Self; 6] = [
        Self::Bot,
        Self::Reaper,
        Self::Collector,
        Self::Admin,
        Self::BreakGlass,
        Self::Dev,
    ];

    /// Name and group as the API server knows them.
    pub(crate) const fn identity(self) -> (&'static str, &'static str) {
        match self {
            Self::Bot => (
                "system:serviceaccount:drawbridge:drawbridge",
                "system:serviceaccounts:drawbridge",
            ),
            Self::Reaper => (
                "system:serviceaccount:drawbridge:drawbridge-reaper",
                "system:serviceaccounts:drawbridge",
            ),
            Self::Collector => (
                "system:serviceaccount:kube-system:generic-garbage-collector",
                "system:serviceaccounts:kube-system",
            ),
            Self::Admin => ("root", "system:masters"),
            Self::BreakGlass => ("omar", "drawbridge:break-glass"),
            Self::Dev => ("dana", "developers"),
        }
    }

    /// A client that acts as this person, by impersonation.
    pub(crate) async fn client(self, server: &KubeServer) -> kube::Client {
        let mut config = server.config(Who::Admin).await;
        let (user, group) = self.identity();
        config.auth_info.impersonate = Some(user.to_owned());
        config.auth_info.impersonate_groups = Some(vec![group.to_owned()]);
        kube::Client::try_from(config).unwrap()
    }
}

impl Cases {
    pub(crate) fn read() -> Self {
        serde_saphyr::from_str(include_str!("../../../admission/cases.yaml")).unwrap()
    }

    /// The object of this name in the file, changed.
    fn made(&self, name: &str, change: &Value) -> DynamicObject {
        let mut object = match name {
            "gate" => self.gate.clone(),
            "foreign" => self.foreign.clone(),
            kind => self.kinds[kind].clone(),
        };
        merge(&mut object, change);
        on_the_clock(&mut object);
        serde_json::from_value(object).unwrap()
    }

    /// What stands there before.
    pub(crate) fn there(&self, case: &Case) -> Option<DynamicObject> {
        let name = case.there.as_ref()?;
        Some(self.made(name, &case.there_change))
    }

    /// What the act is about.
    fn object(&self, case: &Case) -> DynamicObject {
        match &case.object {
            Some(name) => self.made(name, &case.change),
            None => self.there(case).unwrap(),
        }
    }

    /// Acts; what the API server says where it refuses.
    pub(crate) async fn act(
        &self,
        case: &Case,
        client: &kube::Client,
        (namespace, dry): (&str, bool),
    ) -> Result<(), kube::Error> {
        let object = self.object(case);
        let api = api(client, namespace, &object);
        let name = object.metadata.name.as_deref().unwrap();
        let delete = DeleteParams {
            dry_run: dry,
            ..DeleteParams::default()
        };
        match case.act {
            Act::Create | Act::Update => put(&api, &object, dry).await,
            Act::Post => {
                let parameters = PostParams {
                    dry_run: dry,
                    field_manager: Some(MANAGER.to_owned()),
                };
                api.create(&parameters, &object).await.map(drop)
            }
            Act::Release => {
                let parameters = PatchParams {
                    dry_run: dry,
                    ..PatchParams::default()
                };
                let none = serde_json::json!({"metadata": {"finalizers": null}});
                let patch = Patch::Merge(none);
                api.patch(name, &parameters, &patch).await.map(drop)
            }
            Act::Delete => api.delete(name, &delete).await.map(drop),
            Act::DeleteCollection => api
                .delete_collection(&delete, &ListParams::default())
                .await
                .map(drop),
        }
    }

    /// What stands at the object's place, as the administrator sees it.
    pub(crate) async fn seen(
        &self,
        case: &Case,
        admin: &kube::Client,
        namespace: &str,
    ) -> Option<DynamicObject> {
        let object = self.object(case);
        let name = object.metadata.name.as_deref().unwrap();
        api(admin, namespace, &object).get_opt(name).await.unwrap()
    }
}

impl Case {
    pub(crate) const fn who(&self) -> Person {
        self.who
    }

    /// Where it plays: its `n`th namespace, or the one it names.
    pub(crate) fn place(&self, n: usize) -> String {
        self.place.clone().unwrap_or_else(|| format!("case-{n}"))
    }

    /// The labels of a namespace of its own; `None` where it plays in one that is there.
    pub(crate) const fn labels(&self) -> Option<&BTreeMap<String, String>> {
        match self.place {
            None => Some(&self.namespace),
            Some(_) => None,
        }
    }

    pub(crate) fn refused(&self) -> bool {
        self.expect == Expect::Refused
    }

    /// Whether the answer is the one that must come; else what is wrong.
    pub(crate) fn judge(&self, answer: &Result<(), kube::Error>) -> Result<(), String> {
        match (self.expect, answer) {
            (Expect::Allowed, Ok(())) => Ok(()),
            (Expect::Allowed, Err(error)) => Err(format!("is refused: {error}")),
            (Expect::Refused, Ok(())) => Err("is allowed".to_owned()),
            (Expect::Refused, Err(error)) => {
                let says = self.says.as_deref().unwrap();
                let kube::Error::Api(status) = error else {
                    return Err(format!("gets no answer: {error}"));
                };
                // An error inside an expression refuses too, and comes as 422.
                let code = if says == ERROR_IN_A_RULE { 422 } else { 403 };
                let told = &status.message;
                let fits =
                    status.code == code && told.contains("denied request: ") && told.contains(says);
                fits.then_some(())
                    .ok_or_else(|| format!("is refused otherwise: {} {told}", status.code))
            }
        }
    }

    /// Whether the act, had it been done, did to what was there what it says.
    pub(crate) fn done(
        &self,
        before: Option<&DynamicObject>,
        after: Option<&DynamicObject>,
    ) -> Result<(), String> {
        let version = |o: &DynamicObject| o.metadata.resource_version.clone();
        let changed = before.map(version) != after.map(version);
        let fits = match (self.expect, self.act) {
            (Expect::Refused, _) => !changed,
            (Expect::Allowed, Act::Delete | Act::DeleteCollection | Act::Release) => {
                after.is_none()
            }
            (Expect::Allowed, _) => changed && after.is_some(),
        };
        fits.then_some(())
            .ok_or_else(|| format!("left behind {after:?}"))
    }
}

/// Says that a rule could not be computed.
const ERROR_IN_A_RULE: &str = "resulted in error";

/// Who manages the fields: one for all, so that what an act leaves out goes.
const MANAGER: &str = "case";

pub(crate) fn api(
    client: &kube::Client,
    namespace: &str,
    object: &DynamicObject,
) -> Api<DynamicObject> {
    let types = object.types.as_ref().unwrap();
    let kind = ApiResource::from_gvk(&GroupVersionKind::try_from(types).unwrap());
    Api::namespaced_with(client.clone(), namespace, &kind)
}

/// Server-side apply.
pub(crate) async fn put(
    api: &Api<DynamicObject>,
    object: &DynamicObject,
    dry: bool,
) -> Result<(), kube::Error> {
    let parameters = PatchParams {
        dry_run: dry,
        ..PatchParams::apply(MANAGER).force().validation_strict()
    };
    let name = object.metadata.name.as_deref().unwrap();
    api.patch(name, &parameters, &Patch::Apply(object))
        .await
        .map(drop)
}

/// RFC 7386: null removes.
fn merge(into: &mut Value, change: &Value) {
    let Value::Object(change) = change else {
        return;
    };
    let into = into.as_object_mut().unwrap();
    for (key, value) in change {
        match value {
            Value::Null => {
                into.remove(key);
            }
            Value::Object(_) if into.get(key).is_some_and(Value::is_object) => {
                merge(&mut into[key], value);
            }
            // As if merged into an empty object: what it removes is not there.
            Value::Object(_) => {
                let mut empty = Value::Object(serde_json::Map::new());
                merge(&mut empty, value);
                into.insert(key.clone(), empty);
            }
            _ => {
                into.insert(key.clone(), value.clone());
            }
        }
    }
}

/// Turns an end such as `+1h` into that time from now.
fn on_the_clock(object: &mut Value) {
    let Some(end) = object.pointer_mut("/metadata/annotations/drawbridge.dev~1expires-at") else {
        return;
    };
    let text = end.as_str().unwrap_or_default();
    let after = text
        .strip_suffix('h')
        .and_then(|hours| hours.parse().ok().map(TimeDelta::hours))
        .or_else(|| {
            let seconds = text.strip_suffix('s')?;
            seconds.parse().ok().map(TimeDelta::seconds)
        });
    if let Some(after) = after {
        *end = marks::rfc3339(SystemClock.now() + after).into();
    }
}

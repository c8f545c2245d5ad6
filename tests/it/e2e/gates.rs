//! Our objects as the API server tells of them: a watch of the administrator's, from before the
//! first ask. A gate that was here for a moment only is not missed.

use std::pin::pin;
use std::time::Duration;

use drawbridge::objects::Kind;
use drawbridge::units::Time;
use futures::TryStreamExt;
use kube::api::{Api, DynamicObject};
use kube::core::{ApiResource, GroupVersionKind};
use kube::runtime::watcher::{self, Event, watcher};
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::wait::{SOON, now, within};

/// The label that everything of ours carries.
const OURS: &str = "app.kubernetes.io/managed-by=drawbridge";

/// One object's life.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Gate {
    pub(crate) kind: &'static str,
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) uid: String,
    /// As it was seen last.
    pub(crate) object: Value,
    /// When it was seen first.
    pub(crate) came: Time,
    /// When it was seen to be gone.
    pub(crate) gone: Option<Time>,
}

impl Gate {
    /// An annotation `drawbridge.dev/<name>`.
    pub(crate) fn mark(&self, name: &str) -> &str {
        let key = format!("drawbridge.dev/{name}");
        let marks = &self.object["metadata"]["annotations"];
        marks[&key]
            .as_str()
            .unwrap_or_else(|| panic!("no {key} in {marks}"))
    }

    /// The request it belongs to.
    pub(crate) fn request(&self) -> &str {
        let labels = &self.object["metadata"]["labels"];
        labels["drawbridge.dev/request"].as_str().unwrap()
    }

    /// When it has to go.
    pub(crate) fn expires_at(&self) -> Time {
        self.mark("expires-at").parse().unwrap()
    }

    /// How long after its time it went; negative when before.
    pub(crate) fn late(&self) -> chrono::TimeDelta {
        self.gone.expect("it is still there") - self.expires_at()
    }
}

/// All lives in some namespaces.
#[derive(Debug)]
pub(crate) struct Gates {
    lives: watch::Receiver<Vec<Gate>>,
    _watching: JoinSet<()>,
}

impl Gates {
    /// Watches from now on, what every server has.
    pub(crate) fn watch(admin: &kube::Client, namespaces: &[&str]) -> Self {
        Self::watch_kinds(admin, namespaces, &[Kind::NetworkPolicy, Kind::RoleBinding])
    }

    /// Watches these kinds from now on.
    pub(crate) fn watch_kinds(admin: &kube::Client, namespaces: &[&str], kinds: &[Kind]) -> Self {
        let (told, lives) = watch::channel(Vec::new());
        let mut watching = JoinSet::new();
        for namespace in namespaces {
            for kind in kinds {
                let (group, version) = kind.api_version().split_once('/').unwrap();
                let named = GroupVersionKind::gvk(group, version, kind.name());
                let resource = ApiResource::from_gvk_with_plural(&named, kind.plural());
                let api = Api::namespaced_with(admin.clone(), namespace, &resource);
                let place = (*kind, (*namespace).to_owned());
                watching.spawn(follow(api, place, told.clone()));
            }
        }
        Self {
            lives,
            _watching: watching,
        }
    }

    /// Every life so far, in the order of arrival.
    pub(crate) fn lives(&self) -> Vec<Gate> {
        self.lives.borrow().clone()
    }

    /// Those that are there.
    pub(crate) fn here(&self) -> Vec<Gate> {
        let mut lives = self.lives();
        lives.retain(|gate| gate.gone.is_none());
        lives
    }

    /// Waits until `look` finds something in the lives.
    pub(crate) async fn until<T>(
        &self,
        limit: Duration,
        what: &str,
        mut look: impl FnMut(&[Gate]) -> Option<T>,
    ) -> T {
        let mut lives = self.lives.clone();
        let finding = async {
            loop {
                let found = look(&lives.borrow_and_update());
                if let Some(found) = found {
                    return found;
                }
                lives.changed().await.unwrap();
            }
        };
        within(limit, what, finding).await
    }

    /// Waits until exactly so many are there.
    pub(crate) async fn open(&self, count: usize) -> Vec<Gate> {
        let what = format!("{count} objects of ours are there");
        self.until(SOON, &what, |lives| {
            let here: Vec<Gate> = lives.iter().filter(|g| g.gone.is_none()).cloned().collect();
            (here.len() == count).then_some(here)
        })
        .await
    }

    /// Waits until everything that ever was there is gone.
    pub(crate) async fn all_gone(&self, limit: Duration) -> Vec<Gate> {
        self.until(limit, "all objects of ours are gone", |lives| {
            lives
                .iter()
                .all(|gate| gate.gone.is_some())
                .then(|| lives.to_vec())
        })
        .await
    }
}

async fn follow(
    api: Api<DynamicObject>,
    (kind, namespace): (Kind, String),
    told: watch::Sender<Vec<Gate>>,
) {
    let config = watcher::Config::default().labels(OURS);
    let mut events = pin!(watcher(api, config));
    let mut listed: Vec<String> = Vec::new();
    loop {
        // An error (a server that was stopped) is followed by a new list. In a runtime that ends every
        // call fails at once: without a place to stop, this would keep it from ending.
        let Ok(event) = events.try_next().await else {
            tokio::task::yield_now().await;
            continue;
        };
        let at = now();
        told.send_modify(|lives| match event {
            Some(Event::Init) => listed.clear(),
            Some(Event::InitApply(object)) => {
                listed.push(object.metadata.uid.clone().unwrap());
                seen(lives, kind, object, at);
            }
            Some(Event::InitDone) => {
                let here =
                    |gate: &&mut Gate| gate.namespace == namespace && gate.kind == kind.name();
                for gate in lives.iter_mut().filter(here) {
                    if !listed.contains(&gate.uid) {
                        gate.gone.get_or_insert(at);
                    }
                }
            }
            Some(Event::Apply(object)) => seen(lives, kind, object, at),
            Some(Event::Delete(object)) => {
                let uid = object.metadata.uid.unwrap();
                let gate = lives.iter_mut().find(|gate| gate.uid == uid).unwrap();
                gate.gone = Some(at);
            }
            None => {}
        });
    }
}

fn seen(lives: &mut Vec<Gate>, kind: Kind, seen: DynamicObject, at: Time) {
    let mut object = serde_json::to_value(&seen).unwrap();
    // The items of a list do not say what they are.
    object["apiVersion"] = kind.api_version().into();
    object["kind"] = kind.name().into();
    let meta = seen.metadata;
    let uid = meta.uid.unwrap();
    match lives.iter_mut().find(|gate| gate.uid == uid) {
        Some(gate) => gate.object = object,
        None => lives.push(Gate {
            kind: kind.name(),
            namespace: meta.namespace.unwrap(),
            name: meta.name.unwrap(),
            uid,
            object,
            came: at,
            gone: None,
        }),
    }
}

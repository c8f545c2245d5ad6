//! Opening and closing: server-side apply, quorum reads, and deletes that cannot hit anything else.

use std::time::Duration;

use http::StatusCode;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, Preconditions};
use kube::core::{ApiResource, DynamicObject, Resource};
use serde_json::Value;
use tokio::sync::SemaphorePermit;

use super::Cluster;
use super::error::ClusterError;
use super::list::EachOf;
use super::needs::Asked;
use super::object::{ObjectRef, SeenObject};
use super::wire::{APPLY_LIMIT, Answer, CALL_LIMIT, PAUSES};
use crate::netpol::marks;

/// Who we are to server-side apply: the owner of every field we set.
pub const FIELD_MANAGER: &str = "drawbridge";

/// How often a delete is tried when the object keeps changing under it. Each try reads it again, so
/// only somebody who edits it in a loop gets past this; then the caller's back-off takes over.
const DELETE_TRIES: usize = 4;

/// Longest a closing may take, all its looks and tries together.
const CLOSE_LIMIT: Duration = CALL_LIMIT.saturating_mul(2);

/// Gates that are rehearsed at once: a healthy API server answers in milliseconds, so that this is a hundred a second.
/// More would take its processors from what is opened and closed.
pub(super) const REHEARSALS: usize = 1;

/// What an apply did.
#[derive(Debug, Clone, PartialEq)]
pub struct Applied {
    /// The object's identity; an update and the withdrawal must name it.
    pub uid: String,
    /// Its version now.
    pub resource_version: String,
    /// Whether this call created it. `false`: it was there, by an earlier try of ours.
    pub created: bool,
    /// The object as the server stored it.
    pub seen: SeenObject,
}

/// How a withdrawal ended: in each case but the last two nothing of ours is there any more.
#[derive(Debug, Clone, PartialEq)]
pub enum Withdrawn {
    /// We deleted it and saw that it is gone.
    Closed,
    /// It was not there.
    AlreadyGone,
    /// Something stands in its place that we did not make; it was left alone.
    NotOurs(Box<SeenObject>),
    /// The caller's condition does not hold for the object as it is now; it was left alone.
    Kept(Box<SeenObject>),
}

impl Cluster {
    /// Creates or updates a gate's object by server-side apply.
    ///
    /// With a `uid`, only that very object is updated: if it is gone or was replaced nothing is
    /// written and the answer is [`ClusterError::Gone`], so a revoked grant cannot be brought back.
    ///
    /// # Guarantees
    /// Ends within [`APPLY_LIMIT`]. Fields that others own are never taken over.
    ///
    /// # Retries
    /// Safe to repeat with the same manifest: the name is drawn once per object.
    ///
    /// # Errors
    /// After `Away` or `Timeout` the object may exist: [`Cluster::read`] tells.
    pub async fn apply(
        &self,
        manifest: &Value,
        uid: Option<&str>,
    ) -> Result<Applied, ClusterError> {
        self.timed_apply(self.patch(manifest, uid)).await
    }

    /// Asks the API server, admission policies included, whether it would take this object; nothing
    /// is written.
    ///
    /// # Errors
    /// What [`Cluster::apply`] would answer.
    pub async fn rehearse(&self, manifest: &Value) -> Result<(), ClusterError> {
        let parameters = PatchParams::apply(FIELD_MANAGER)
            .validation_strict()
            .dry_run();
        let (at, answer) = self.send_patch(manifest, None, &parameters).await?;
        // A dry run stores nothing, so the answer lacks what stored objects have: only the status
        // counts.
        tracing::debug!(%at, status = %answer.status, "rehearsed");
        Ok(())
    }

    /// A place for one gate's rehearsal, held until it is dropped; `None`: all places are taken, perhaps by a dry run that
    /// hangs.
    pub fn rehearsal(&self) -> Option<SemaphorePermit<'_>> {
        self.rehearsals.try_acquire().ok()
    }

    async fn patch(&self, manifest: &Value, uid: Option<&str>) -> Result<Applied, ClusterError> {
        let parameters = PatchParams::apply(FIELD_MANAGER).validation_strict();
        let (at, answer) = self.send_patch(manifest, uid, &parameters).await?;
        let seen = SeenObject::read(&at.resource(), answer.read()?)?;
        Ok(Applied {
            uid: seen.uid().to_owned(),
            resource_version: seen.resource_version.clone(),
            created: answer.status == StatusCode::CREATED,
            seen,
        })
    }

    async fn send_patch(
        &self,
        manifest: &Value,
        uid: Option<&str>,
        parameters: &PatchParams,
    ) -> Result<(ObjectRef, Answer), ClusterError> {
        let at = ObjectRef::of_manifest(manifest)
            .ok_or_else(|| ClusterError::Invalid("a manifest without a name".to_owned()))?;
        let kind = at.resource();
        let body = with_uid(manifest.clone(), uid);
        let request = requests(&kind, Some(&at.namespace))
            .patch(&at.name, parameters, &Patch::Apply(&body))
            .map_err(misbuilt)?;
        let asked = Asked::new("patch", &kind.group, &kind.plural, Some(&at.namespace));
        let answer = self.wire.repeatable(&request, &asked, APPLY_LIMIT).await?;
        Ok((at, answer))
    }

    /// The object as it stands now, read from the quorum and never from a cache; `None`: nothing
    /// has that name. The uid is not compared.
    ///
    /// # Errors
    /// [`ClusterError`]; never answers `None` for want of an answer.
    pub async fn read(&self, at: &ObjectRef) -> Result<Option<SeenObject>, ClusterError> {
        let kind = at.resource();
        // A list of one: whoever may list and delete can close. No resourceVersion parameter: that is
        // what makes the API server answer from the quorum.
        let named = ListParams::default().fields(&format!("metadata.name={}", at.name));
        let request = requests(&kind, Some(&at.namespace))
            .list(&named)
            .map_err(misbuilt)?;
        let asked = Asked::new("list", &kind.group, &kind.plural, Some(&at.namespace));
        let answer = self.wire.repeatable(&request, &asked, CALL_LIMIT).await?;
        let mut seen = Vec::new();
        answer.read_by(EachOf::to(|it| seen.push(SeenObject::read(&kind, it))))?;
        let seen: Vec<SeenObject> = seen.into_iter().collect::<Result<_, _>>()?;
        Ok(seen.into_iter().find(|seen| seen.at.name == at.name))
    }

    /// Closes a gate: deletes its object and makes sure that it is gone.
    ///
    /// # Guarantees
    /// Deletes only the object with the recorded uid or, when no uid is recorded or another stands
    /// there, one that bears our marks and a name that fits them. The delete names uid and version,
    /// so an object changed or replaced meanwhile is looked at again first. It is called gone on the API
    /// server's word alone: the delete's answer, or a read from the quorum.
    ///
    /// # Retries
    /// Safe to repeat.
    ///
    /// # Errors
    /// [`ClusterError::Conflict`] when it is still there after the delete: a finalizer holds it, or
    /// somebody keeps changing it.
    pub async fn withdraw(&self, at: &ObjectRef) -> Result<Withdrawn, ClusterError> {
        self.withdraw_if(at, |_| true).await
    }

    /// The same, for the reaper: the condition is asked again for every version that is met, so an
    /// object that was prolonged in between stays ([`Withdrawn::Kept`]).
    ///
    /// # Errors
    /// As [`Cluster::withdraw`].
    pub async fn withdraw_if(
        &self,
        at: &ObjectRef,
        overdue: impl Fn(&SeenObject) -> bool + Send,
    ) -> Result<Withdrawn, ClusterError> {
        let closing = tokio::time::timeout(CLOSE_LIMIT, self.close(at.clone(), overdue));
        let closed = self.timed_withdrawal(closing).await;
        closed.unwrap_or(Err(ClusterError::Timeout(CLOSE_LIMIT)))
    }

    async fn close(
        &self,
        mut at: ObjectRef,
        overdue: impl Fn(&SeenObject) -> bool + Send,
    ) -> Result<Withdrawn, ClusterError> {
        let (mut absent, mut pauses) = (Withdrawn::AlreadyGone, PAUSES.into_iter());
        if let Some(seen) = self.shown(&at, &overdue) {
            match self.delete(&seen, CALL_LIMIT / 2).await {
                Ok(answer) if answer.says_gone(seen.uid()) => return Ok(Withdrawn::Closed),
                // It may have been done: what is gone at the first read was closed by us.
                Ok(_) | Err(ClusterError::Away(_) | ClusterError::Timeout(_)) => {
                    at.uid.clone_from(&seen.at.uid);
                    absent = Withdrawn::Closed;
                }
                // It is not what the watch showed, or the careful way meets the same.
                Err(error) => tracing::debug!(%at, %error, "looked at before it is deleted"),
            }
        }
        for _ in 0..DELETE_TRIES {
            let Some(seen) = self.read(&at).await? else {
                return Ok(absent);
            };
            match is_ours(&at, &seen) {
                // From now on this very object: it stays ours should somebody take its marks away.
                true => at.uid.clone_from(&seen.at.uid),
                false if absent == Withdrawn::Closed => return Ok(absent),
                false => return Ok(Withdrawn::NotOurs(Box::new(seen))),
            }
            if !overdue(&seen) {
                return Ok(Withdrawn::Kept(Box::new(seen)));
            }
            if seen.is_held() {
                let words = "a finalizer holds the object".to_owned();
                return Err(ClusterError::Conflict(words));
            }
            match self.delete(&seen, CALL_LIMIT).await {
                Ok(answer) if answer.says_gone(seen.uid()) => return Ok(Withdrawn::Closed),
                Ok(_) => absent = Withdrawn::Closed,
                Err(ClusterError::Nowhere(words)) if is_absence(&words) => {}
                Err(ClusterError::Conflict(words)) => tracing::debug!(%at, words, "delete again"),
                // The next read tells whether it was done: what is gone then was closed by us.
                Err(e @ (ClusterError::Away(_) | ClusterError::Timeout(_))) => {
                    absent = Withdrawn::Closed;
                    tokio::time::sleep(pauses.next().ok_or(e)?).await;
                }
                Err(e) => return Err(e),
            }
        }
        Err(ClusterError::Conflict(format!("{at} keeps changing")))
    }

    /// Whether the watch shows an object of this kind, namespace and name.
    pub fn shows(&self, at: &ObjectRef) -> bool {
        self.sight.gate(at).is_some()
    }

    /// The object as the watch shows it, where nothing but a delete is to be done about it. It saves a read: the
    /// delete names this uid and version, so what is not as shown any more is left alone, and read after all. Such a
    /// delete may take as long as a read's first try, so that a connection that died unnoticed costs no more. A server
    /// that was silent is asked first: a delete that it does much later would pass for somebody else's.
    fn shown(&self, at: &ObjectRef, overdue: impl Fn(&SeenObject) -> bool) -> Option<SeenObject> {
        if self.wire.unary.is_silent() {
            return None;
        }
        let seen = self.sight.gate(at)?;
        let plain = is_ours(at, &seen) && !seen.deleting && overdue(&seen);
        plain.then(|| SeenObject::clone(&seen))
    }

    /// One delete of exactly this version of this object. Repeated, a lost answer would look like
    /// somebody else's deed.
    async fn delete(&self, seen: &SeenObject, limit: Duration) -> Result<Answer, ClusterError> {
        let kind = seen.at.resource();
        // An API server answers 409 to any version of an object whose finalizers the delete itself drops.
        let version = (!seen.deleting).then(|| seen.resource_version.clone());
        let parameters = DeleteParams::background().preconditions(Preconditions {
            uid: seen.at.uid.clone(),
            resource_version: version,
        });
        let request = requests(&kind, Some(&seen.at.namespace))
            .delete(&seen.at.name, &parameters)
            .map_err(misbuilt)?;
        let asked = Asked::new(
            "delete",
            &kind.group,
            &kind.plural,
            Some(&seen.at.namespace),
        );
        self.wire.once(request, &asked, limit).await
    }
}

/// The selector of our objects, `app.kubernetes.io/managed-by=drawbridge`.
pub(crate) fn managed_selector() -> String {
    let (key, value) = marks::MANAGED_BY;
    format!("{key}={value}")
}

/// A builder for the requests of one kind, in one namespace or in all.
pub(crate) fn requests(kind: &ApiResource, namespace: Option<&str>) -> kube::core::Request {
    kube::core::Request::new(DynamicObject::url_path(kind, namespace))
}

pub(crate) fn misbuilt(error: kube::core::request::Error) -> ClusterError {
    ClusterError::Invalid(error.to_string())
}

fn with_uid(mut manifest: Value, uid: Option<&str>) -> Value {
    if let (Some(meta), Some(uid)) = (
        manifest.get_mut("metadata").and_then(Value::as_object_mut),
        uid,
    ) {
        meta.insert("uid".to_owned(), Value::from(uid));
    }
    manifest
}

/// 404 has two meanings: the object is not there, or there is no such kind. A namespace that is gone
/// has taken its objects with it.
fn is_absence(words: &str) -> bool {
    words.ends_with("\" not found")
}

/// Whether the object that was found may be deleted for `at`.
///
/// INVARIANT (nothing foreign is deleted). The recorded uid alone is enough: it is the API server's
/// own identity of what we created. (Where our admission policies hold, the API server refuses the bot an object
/// without our label; only a cluster administrator takes it away there.)
fn is_ours(at: &ObjectRef, seen: &SeenObject) -> bool {
    let same = at.uid.is_some() && at.uid == seen.at.uid;
    same || seen.bears_our_marks()
}

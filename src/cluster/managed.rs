//! All our objects at once, from the quorum: for whoever compares, and for whoever closes.

use std::time::Duration;

use futures::future::join_all;

use super::Cluster;
use super::error::ClusterError;
use super::gate::managed_selector;
use super::kinds::{Sees, is_needed, resource, unseen};
use super::object::SeenObject;
use crate::objects::Kind;

/// Our objects, and the kinds that were not looked at.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Managed {
    /// Every object of ours, of the kinds that were looked at.
    pub objects: Vec<SeenObject>,
    /// Kinds that are absent or forbidden. Nothing may be concluded about their objects.
    pub unseen: Vec<(Kind, Sees)>,
    /// Kinds of which not everything could be read, and why: what was read is among the objects.
    pub failures: Vec<(Kind, String)>,
}

impl Managed {
    /// Whether objects of this kind would be among them.
    pub fn looked_at(&self, kind: Kind) -> bool {
        let unseen = self.unseen.iter().map(|(unseen, _)| unseen);
        let failed = self.failures.iter().map(|(failed, _)| failed);
        !unseen.chain(failed).any(|other| *other == kind)
    }

    fn take(&mut self, kind: Kind, objects: Vec<Read>) {
        for object in objects {
            match object {
                Ok(object) => self.objects.push(object),
                Err(error) => self.failures.push((kind, error.to_string())),
            }
        }
    }
}

/// How long all namespaces of a kind may take to be listed: less than half of what the CronJob's pod has.
const LIST_LIMIT: Duration = Duration::from_secs(20);

/// One object of a list.
type Read = Result<SeenObject, ClusterError>;

/// The objects of a kind at one place, or why there are none to be seen.
type Listed = Result<Result<Vec<Read>, Sees>, ClusterError>;

impl Cluster {
    /// Every object of ours in the cluster, of every kind that is there and may be listed, from the quorum.
    ///
    /// INVARIANT (nothing stays open): a kind, a namespace or an object that cannot be read keeps no other from
    /// being closed, and none is waited for longer than 20 s; it is among the failures.
    ///
    /// # Errors
    /// [`ClusterError`] where nothing could be listed.
    pub async fn managed(&self) -> Result<Managed, ClusterError> {
        let kinds = Kind::ALL.map(|kind| self.managed_everywhere(kind));
        let (mut all, mut listed, mut first) = (Managed::default(), false, None);
        for (kind, found) in Kind::ALL.into_iter().zip(join_all(kinds).await) {
            for answer in found {
                match answer {
                    Ok(Ok(objects)) => {
                        listed = true;
                        all.take(kind, objects);
                    }
                    Ok(Err(unseen)) if all.looked_at(kind) => all.unseen.push((kind, unseen)),
                    Ok(Err(_)) => {}
                    Err(error) => {
                        all.failures.push((kind, error.to_string()));
                        first.get_or_insert(error);
                    }
                }
            }
        }
        match first {
            Some(error) if !listed => Err(error),
            _ => Ok(all),
        }
    }

    /// One answer for each place that was reached in time.
    async fn managed_everywhere(&self, kind: Kind) -> Vec<Listed> {
        let (places, mut found) = (self.scope.places(), Vec::new());
        let looking = async {
            for at in &places {
                found.push(self.managed_of(kind, at.as_deref()).await);
            }
        };
        if tokio::time::timeout(LIST_LIMIT, looking).await.is_err() {
            found.push(Err(ClusterError::Timeout(LIST_LIMIT)));
        }
        found
    }

    async fn managed_of(&self, kind: Kind, at: Option<&str>) -> Listed {
        if !is_needed(kind) {
            match self.presence(kind, at).await? {
                Sees::Yes => {}
                unseen => return Ok(Err(unseen)),
            }
        }
        let resource = resource(kind);
        let listed = match self.list(&resource, at, Some(&managed_selector())).await {
            Ok(listed) => listed.items,
            Err(error) if is_needed(kind) => return Err(error),
            Err(error) => return unseen(error).map(Err),
        };
        let objects = listed.into_iter().map(|it| SeenObject::read(&resource, it));
        Ok(Ok(objects.collect()))
    }
}

//! What can go wrong between us and an API server, one variant per meaning.
//!
//! The API server answers the same fault with different codes on different paths (an unknown field
//! is 500 by server-side apply and 400 by POST; a uid that is not there is 409, one that differs is
//! 422), so meaning is read from code, reason, causes and message here and nowhere else.

use std::time::Duration;

use kube::core::Status;

use super::needs::{self, Asked};
use super::sight::NotReady;
pub use crate::retry::Retry;

/// Why a call to a cluster failed. After `Away` and `Timeout` a write *may* have been done.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// No connection, a broken one, an overloaded or restarting server.
    #[error("the API server did not answer")]
    Away(#[source] anyhow::Error),
    /// No answer within the time allowed for the call.
    #[error("the API server did not answer within {} s", .0.as_secs())]
    Timeout(Duration),
    /// The server does not know us: a token that expired or was never valid.
    #[error("the API server does not accept our credentials")]
    Unauthenticated,
    /// RBAC refuses; `grant` says what an administrator has to grant.
    #[error("not permitted in the cluster: {grant}")]
    Forbidden {
        /// The missing permission and the role that holds it.
        grant: String,
    },
    /// Admission refuses: a policy, a webhook, a quota, a namespace that is going away.
    #[error("the cluster refused it: {0}")]
    Denied(String),
    /// The object itself is wrong; the API server's own words.
    #[error("the API server finds it invalid: {0}")]
    Invalid(String),
    /// Somebody else owns these fields, or changed the object meanwhile.
    #[error("somebody else changed it: {0}")]
    Conflict(String),
    /// The object that the call is about, by uid, is not there any more.
    #[error("the object is gone")]
    Gone,
    /// There is no such namespace or kind.
    #[error("the cluster has no such place: {0}")]
    Nowhere(String),
    /// The server has forgotten the version that a list or watch wanted to go on from.
    #[error("the API server has forgotten this version")]
    Expired,
    /// The answer is not what the API promises.
    #[error("the API server's answer cannot be read")]
    Unreadable(#[source] anyhow::Error),
    /// What to connect to cannot be made sense of (kubeconfig, certificate, address).
    #[error("cannot connect to the cluster: {0}")]
    Misconfigured(String),
}

impl ClusterError {
    /// Whether and when the same call makes sense again. A gate that must close is tried again
    /// whatever this says: permissions and policies change, and giving up leaves it open.
    pub const fn retry(&self) -> Retry {
        match self {
            Self::Expired => Retry::Now,
            Self::Away(_) | Self::Timeout(_) | Self::Unauthenticated | Self::Conflict(_) => {
                Retry::Later
            }
            Self::Forbidden { .. }
            | Self::Denied(_)
            | Self::Invalid(_)
            | Self::Gone
            | Self::Nowhere(_)
            | Self::Unreadable(_)
            | Self::Misconfigured(_) => Retry::Never,
        }
    }

    /// The sentence for people in chat: what is wrong, without the server's own words where those
    /// could hold anything.
    pub fn for_people(&self) -> String {
        self.to_string()
    }

    /// There is no cluster of this name any more.
    pub fn unknown(name: &str) -> Self {
        Self::Misconfigured(format!("no cluster is named `{name}`"))
    }

    /// A call that ended before a status came.
    pub(crate) fn of_client(error: kube::Error, asked: &Asked) -> Self {
        match error {
            kube::Error::Api(status) => Self::of_status(&status, asked),
            kube::Error::SerdeError(e) => Self::Unreadable(e.into()),
            kube::Error::FromUtf8(e) => Self::Unreadable(e.into()),
            kube::Error::BuildRequest(e) => Self::Invalid(e.to_string()),
            other => Self::Away(other.into()),
        }
    }

    /// A status that says failure.
    pub(crate) fn of_status(status: &Status, asked: &Asked) -> Self {
        let message = || status.message.clone();
        match status.code {
            400 | 405 | 406 | 413 | 415 => Self::Invalid(message()),
            401 => Self::Unauthenticated,
            403 if is_rbac(&status.message) => Self::Forbidden {
                grant: needs::grant_for(asked, &status.message),
            },
            403 => Self::Denied(message()),
            404 => Self::Nowhere(message()),
            // Without our object the server refuses the uid that the update carried.
            409 if status.message.contains("uid mismatch") => Self::Gone,
            409 => Self::Conflict(message()),
            410 => Self::Expired,
            422 if has_cause(status, "metadata.uid") => Self::Gone,
            422 => Self::Invalid(message()),
            500 if is_schema(&status.message) => Self::Invalid(message()),
            _ => Self::Away(anyhow::anyhow!(
                "status {}: {}",
                status.code,
                status.message
            )),
        }
    }
}

impl From<NotReady> for ClusterError {
    fn from(not_ready: NotReady) -> Self {
        Self::Away(not_ready.into())
    }
}

/// RBAC's sentence, as opposed to an admission plugin's, which shares code and reason with it.
fn is_rbac(message: &str) -> bool {
    (message.contains(" cannot ") && message.contains(" resource \""))
        || needs::is_escalation(message)
}

/// Server-side apply reports a field that the kind does not have, or of a wrong type, as 500.
fn is_schema(message: &str) -> bool {
    [
        "failed to create typed patch object",
        "failed to convert new object",
    ]
    .iter()
    .any(|words| message.starts_with(words))
}

fn has_cause(status: &Status, field: &str) -> bool {
    let causes = status.details.iter().flat_map(|d| &d.causes);
    causes.into_iter().any(|c| c.field == field)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(code: u16, message: &str) -> ClusterError {
        let asked = Asked::new(
            "patch",
            "networking.k8s.io",
            "networkpolicies",
            Some("orders"),
        );
        let status = Status::failure(message, "").with_code(code);
        ClusterError::of_status(&status, &asked)
    }

    /// Messages as kube-apiserver 1.36.3 wrote them.
    #[test]
    fn each_answer_of_the_api_server_gets_its_meaning() {
        let cases: &[(u16, &str, &str)] = &[
            (401, "Unauthorized", "Unauthenticated"),
            (
                403,
                "networkpolicies.networking.k8s.io \"q\" is forbidden: User \"x\" cannot patch \
                 resource \"networkpolicies\" in API group \"networking.k8s.io\" in the namespace \"t\"",
                "Forbidden",
            ),
            (
                403,
                "networkpolicies.networking.k8s.io \"c\" is forbidden: unable to create new content \
                 in namespace dying because it is being terminated",
                "Denied",
            ),
            (
                403,
                "admission webhook \"x\" denied the request: you cannot do that",
                "Denied",
            ),
            (404, "namespaces \"nope\" not found", "Nowhere"),
            (
                409,
                "Apply failed with 1 conflict: conflict with \"kubectl\": .spec",
                "Conflict",
            ),
            (
                409,
                "Operation cannot be fulfilled on networkpolicies.networking.k8s.io \"absent\": uid \
                 mismatch: the provided object specified uid 1, and no existing object was found",
                "Gone",
            ),
            (410, "The provided continue parameter is too old", "Expired"),
            (
                422,
                "NetworkPolicy.networking.k8s.io \"c\" is invalid: spec.ingress",
                "Invalid",
            ),
            (
                500,
                "failed to create typed patch object (t/c; networking.k8s.io/v1, \
                 Kind=NetworkPolicy): .spec.foo: field not declared in schema",
                "Invalid",
            ),
            (500, "etcdserver: request timed out", "Away"),
            (
                503,
                "the server is currently unable to handle the request",
                "Away",
            ),
            (429, "Too many requests, please try again later.", "Away"),
        ];
        for (code, message, meaning) in cases {
            let got = format!("{:?}", of(*code, message));
            assert!(got.starts_with(meaning), "{code} {message}: {got}");
        }
    }

    #[test]
    fn a_uid_that_differs_means_the_object_is_gone() {
        let status: Status = serde_json::from_value(serde_json::json!({
            "status": "Failure", "code": 422, "reason": "Invalid", "message": "is invalid",
            "details": {"causes": [{
                "field": "metadata.uid", "reason": "FieldValueInvalid",
                "message": "field is immutable",
            }]},
        }))
        .unwrap();
        let asked = Asked::new("patch", "", "x", None);
        assert!(matches!(
            ClusterError::of_status(&status, &asked),
            ClusterError::Gone
        ));
    }

    #[test]
    fn a_missing_permission_says_what_to_grant_and_where() {
        let text = of(
            403,
            "x is forbidden: User \"u\" cannot patch resource \"networkpolicies\"",
        );
        assert_eq!(
            text.to_string(),
            "not permitted in the cluster: patch networkpolicies.networking.k8s.io in namespace \
             `orders`; bind the ClusterRole `drawbridge-grant` there"
        );
    }

    #[test]
    fn the_reapers_account_needs_a_role_of_its_own() {
        let status = Status::failure(
            "x is forbidden: User \"system:serviceaccount:drawbridge:drawbridge-reaper\" cannot delete \
             resource \"networkpolicies\"",
            "",
        );
        let asked = Asked::new("delete", "networking.k8s.io", "networkpolicies", Some("a"));
        assert_eq!(
            ClusterError::of_status(&status.with_code(403), &asked).to_string(),
            "not permitted in the cluster: delete networkpolicies.networking.k8s.io in namespace `a`; \
             bind the ClusterRole `drawbridge-reaper` in the cluster"
        );
    }
}

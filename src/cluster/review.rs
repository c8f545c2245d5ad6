//! Questions about permissions: whose token is this, and may we do that?

use kube::api::PostParams;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Cluster;
use super::error::ClusterError;
use super::needs::Asked;
use super::wire::CALL_LIMIT;

/// A ServiceAccount that the API server vouches for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vouched {
    /// The account's namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Its uid: an account made anew under the same name is another one.
    pub uid: String,
    /// The token's own id (`jti`), for the ledger; older servers give none.
    pub token_id: Option<String>,
    /// The pod that the token is bound to.
    pub pod: Option<String>,
}

/// The path of the review that tells us who we are; stable since Kubernetes 1.28.
const MYSELF: &str = "/apis/authentication.k8s.io/v1/selfsubjectreviews";

impl Cluster {
    /// The API server's version, such as `v1.36.3`.
    ///
    /// # Errors
    /// [`ClusterError`].
    pub async fn version(&self) -> Result<String, ClusterError> {
        let request = http::Request::get("/version").body(Vec::new());
        let request = request.map_err(|error| ClusterError::Invalid(error.to_string()))?;
        let asked = Asked::new("get", "", "version", None);
        let answer = self.wire.repeatable(&request, &asked, CALL_LIMIT).await?;
        Ok(answer.read::<Version>()?.git_version)
    }

    /// Whom the API server takes us for, such as `system:serviceaccount:drawbridge:drawbridge`.
    ///
    /// # Errors
    /// [`ClusterError`].
    pub async fn myself(&self) -> Result<String, ClusterError> {
        let review = json!({
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "SelfSubjectReview",
        });
        let group = "authentication.k8s.io";
        let asked = Asked::new("create", group, "selfsubjectreviews", None);
        let answer: Reviewed<SelfStatus> = self.post(MYSELF, &review, &asked).await?;
        Ok(answer.status.user_info.username)
    }

    /// Whose token this is; `None`: not valid for this audience, or no ServiceAccount's.
    ///
    /// The audience is always asked for: without it a pod's default token would do, and a token
    /// stolen from us would be one for the API server.
    ///
    /// # Caveats
    /// The API server remembers its answer for about 10 s, also for an account just deleted.
    ///
    /// # Errors
    /// [`ClusterError`]; never `None` for want of an answer. The token is in no message.
    pub async fn whose(
        &self,
        token: &str,
        audience: &str,
    ) -> Result<Option<Vouched>, ClusterError> {
        let review = json!({
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenReview",
            "spec": {"token": token, "audiences": [audience]},
        });
        let path = "/apis/authentication.k8s.io/v1/tokenreviews";
        let asked = Asked::new("create", "authentication.k8s.io", "tokenreviews", None);
        let answer: Reviewed<TokenStatus> = self.post(path, &review, &asked).await?;
        Ok(vouched(answer.status, audience))
    }

    /// Whether RBAC lets us do this. A subresource is asked about as `pods/exec`.
    ///
    /// # Errors
    /// [`ClusterError`].
    pub async fn may(&self, asked: &Asked) -> Result<bool, ClusterError> {
        let (resource, subresource) = match asked.resource.split_once('/') {
            Some((resource, part)) => (resource, Some(part)),
            None => (asked.resource.as_str(), None),
        };
        let review = json!({
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {
                "verb": asked.verb,
                "group": asked.group,
                "resource": resource,
                "subresource": subresource,
                "namespace": asked.namespace,
            }},
        });
        let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
        let itself = Asked::new(
            "create",
            "authorization.k8s.io",
            "selfsubjectaccessreviews",
            None,
        );
        let answer: Reviewed<AccessStatus> = self.post(path, &review, &itself).await?;
        Ok(answer.status.allowed)
    }

    async fn post<T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        body: &Value,
        asked: &Asked,
    ) -> Result<T, ClusterError> {
        let request = kube::core::Request::new(path)
            .create(&PostParams::default(), body.to_string().into_bytes())
            .map_err(super::gate::misbuilt)?;
        self.wire
            .repeatable(&request, asked, CALL_LIMIT)
            .await?
            .read()
    }
}

#[derive(Deserialize)]
struct Reviewed<T> {
    status: T,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    git_version: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SelfStatus {
    user_info: User,
}

#[derive(Deserialize)]
struct AccessStatus {
    #[serde(default)]
    allowed: bool,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct TokenStatus {
    authenticated: bool,
    audiences: Vec<String>,
    user: User,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct User {
    username: String,
    uid: String,
    extra: std::collections::BTreeMap<String, Vec<String>>,
}

/// Authenticated alone is not enough: a static token passes without the audience, and only
/// ServiceAccounts are services.
fn vouched(status: TokenStatus, audience: &str) -> Option<Vouched> {
    if !status.authenticated || !status.audiences.iter().any(|a| a == audience) {
        return None;
    }
    let account = status
        .user
        .username
        .strip_prefix("system:serviceaccount:")?;
    let (namespace, name) = account.split_once(':')?;
    let extra = |what: &str| {
        let key = format!("authentication.kubernetes.io/{what}");
        status.user.extra.get(&key)?.first().cloned()
    };
    Some(Vouched {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
        uid: status.user.uid.clone(),
        token_id: extra("credential-id"),
        pod: extra("pod-name"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(authenticated: bool, audience: &str, username: &str) -> TokenStatus {
        TokenStatus {
            authenticated,
            audiences: vec![audience.into()],
            user: User {
                username: username.into(),
                uid: "u".into(),
                ..User::default()
            },
        }
    }

    #[test]
    fn only_an_authenticated_service_account_with_our_audience_is_believed() {
        let of = |s| vouched(s, "drawbridge").map(|v| format!("{}/{}", v.namespace, v.name));
        let account = "system:serviceaccount:ci:deployer";
        assert_eq!(
            of(status(true, "drawbridge", account)),
            Some("ci/deployer".into())
        );
        assert_eq!(of(status(false, "drawbridge", account)), None);
        assert_eq!(of(status(true, "kubernetes", account)), None);
        assert_eq!(of(status(true, "drawbridge", "admin")), None);
    }
}

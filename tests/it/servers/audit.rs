//! What the API server's own audit log says of the accounts in the namespace `drawbridge`.
//!
//! Blocking: an event is in the file before its answer ends. [`KubeServer::fence`] waits until everything
//! before it is.

use std::time::Duration;

use http::Request;
use serde_json::Value;

use super::kube::{KubeServer, Who};

/// The policy of the log: those accounts, and the fence.
pub(super) const POLICY: &str = r#"
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: Metadata
    userGroups: ["system:serviceaccounts:drawbridge"]
  - level: Metadata
    users: [admin]
    resources: [{group: "", resources: [configmaps], resourceNames: [fence]}]
  - level: None
"#;

/// Where the fence is asked for; it is not there.
const FENCE: &str = "/api/v1/namespaces/default/configmaps/fence";

/// One request, as the API server decided on it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Used {
    /// The account's name as RBAC has it.
    pub(crate) user: String,
    pub(crate) verb: String,
    pub(crate) group: String,
    /// With its subresource. Empty for a path that is no resource.
    pub(crate) resource: String,
    pub(crate) namespace: Option<String>,
    pub(crate) code: u64,
    /// The ClusterRole that allowed it.
    pub(crate) role: String,
    pub(crate) path: String,
}

impl Used {
    fn of(event: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let about = &event["objectRef"];
        let mut resource = text(&about["resource"]);
        if let Some(part) = about["subresource"].as_str() {
            resource = format!("{resource}/{part}");
        }
        let reason = text(&event["annotations"]["authorization.k8s.io/reason"]);
        let role = reason
            .split_once("of ClusterRole \"")
            .and_then(|(_, rest)| rest.split('"').next());
        Self {
            user: text(&event["user"]["username"]),
            verb: text(&event["verb"]),
            group: text(&about["apiGroup"]),
            resource,
            namespace: about["namespace"].as_str().map(str::to_owned),
            code: event["responseStatus"]["code"].as_u64().unwrap_or_default(),
            role: role.unwrap_or_default().to_owned(),
            path: text(&event["requestURI"]),
        }
    }
}

impl KubeServer {
    /// Everything so far, each event of it. A line that is being written is left out.
    pub(crate) fn audit(&self) -> Vec<Used> {
        let text = std::fs::read_to_string(self.audit_log()).unwrap_or_default();
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        whole
            .lines()
            .map(|line| Used::of(&serde_json::from_str(line).unwrap()))
            .collect()
    }

    /// Waits until everything that ended before is in the log.
    pub(crate) async fn fence(&self) {
        let admin = self.client(Who::Admin).await;
        let request = Request::get(FENCE).body(Vec::new()).unwrap();
        admin.request_text(request).await.unwrap_err();
        let written = async {
            while !self.audit().iter().any(|used| used.path == FENCE) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let limit = Duration::from_secs(30);
        tokio::time::timeout(limit, written)
            .await
            .expect("the fence is not in the log");
    }
}

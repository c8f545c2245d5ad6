//! The world of the end-to-end tests, as they make it.

#[path = "../../tests/it/e2e/bot.rs"]
pub(crate) mod bot;
#[path = "../../tests/it/e2e/gates.rs"]
pub(crate) mod gates;
#[path = "../../tests/it/e2e/links.rs"]
pub(crate) mod links;
#[path = "../../tests/it/e2e/plan.rs"]
pub(crate) mod plan;
#[path = "../../tests/it/e2e/talk.rs"]
pub(crate) mod talk;
#[path = "../../tests/it/e2e/town.rs"]
pub(crate) mod town;
#[path = "../../tests/it/e2e/wait.rs"]
pub(crate) mod wait;
#[path = "../../tests/it/e2e/world.rs"]
pub(crate) mod world;

/// Worlds that are audited are not measured.
pub(crate) mod rights_used {
    use crate::servers::kube::KubeServer;

    pub(crate) async fn server() -> KubeServer {
        KubeServer::audited().await
    }
}

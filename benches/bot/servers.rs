//! The servers of the integration tests, started the same way.

#[path = "../../tests/it/servers/audit.rs"]
pub(crate) mod audit;
#[path = "../../tests/it/servers/kube.rs"]
pub(crate) mod kube;
#[path = "../../tests/it/servers/proxy.rs"]
pub(crate) mod proxy;
#[path = "../../tests/it/servers/redis.rs"]
pub(crate) mod redis;

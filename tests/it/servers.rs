//! Real servers that tests start for themselves: each with its own port, data folder and process, and
//! ended with the test binary, also when that is killed.

pub(crate) mod audit;
pub(crate) mod cluster;
pub(crate) mod kube;
pub(crate) mod kubectl;
pub(crate) mod proxy;
pub(crate) mod redis;
pub(crate) mod sentinel;

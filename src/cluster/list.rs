//! Whole lists, fetched page by page. A part of a list must never pass for all of it.

use kube::api::ListParams;
use kube::core::ApiResource;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::Cluster;
use super::error::ClusterError;
use super::gate::{misbuilt, requests};
use super::needs::Asked;
use super::wire::CALL_LIMIT;

mod page;

pub(super) use page::EachOf;

/// Objects a list call returns at most; more are fetched page by page.
const PAGE: u32 = 500;

/// A complete list and the version it shows, from which a watch goes on.
pub(crate) struct Listed<T> {
    pub(crate) items: Vec<T>,
    pub(crate) version: String,
}

/// What a page says of the list.
#[derive(Deserialize)]
pub(super) struct PageMeta {
    #[serde(rename = "resourceVersion")]
    resource_version: String,
    #[serde(rename = "continue")]
    next: Option<String>,
}

impl Cluster {
    /// A whole list, fetched page by page. A page token that the server forgot starts it over, once.
    pub(crate) async fn list<T: DeserializeOwned>(
        &self,
        kind: &ApiResource,
        at: Option<&str>,
        selector: Option<&str>,
    ) -> Result<Listed<T>, ClusterError> {
        self.list_each(kind, at, selector, |item| item).await
    }

    /// The same, with each object handed to `keep` as soon as it was read: only what that makes of it is
    /// held until the list is complete. After a start-over it is handed all objects again.
    pub(crate) async fn list_each<T: DeserializeOwned, K>(
        &self,
        kind: &ApiResource,
        at: Option<&str>,
        selector: Option<&str>,
        mut keep: impl FnMut(T) -> K,
    ) -> Result<Listed<K>, ClusterError> {
        match self.list_once(kind, at, selector, &mut keep).await {
            Err(ClusterError::Expired) => self.list_once(kind, at, selector, &mut keep).await,
            done => done,
        }
    }

    async fn list_once<T: DeserializeOwned, K>(
        &self,
        kind: &ApiResource,
        at: Option<&str>,
        selector: Option<&str>,
        keep: &mut impl FnMut(T) -> K,
    ) -> Result<Listed<K>, ClusterError> {
        let asked = Asked::new("list", &kind.group, &kind.plural, at);
        let mut parameters = ListParams::default().limit(PAGE);
        parameters.label_selector = selector.map(str::to_owned);
        let mut items = Vec::new();
        loop {
            let request = requests(kind, at).list(&parameters).map_err(misbuilt)?;
            let answer = self.wire.repeatable(&request, &asked, CALL_LIMIT).await?;
            let page = answer.read_by(EachOf::to(|item| items.push(keep(item))))?;
            match page.next {
                Some(token) if !token.is_empty() => parameters.continue_token = Some(token),
                _ => {
                    let version = page.resource_version;
                    return Ok(Listed { items, version });
                }
            }
        }
    }
}

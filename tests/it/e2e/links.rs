//! A proxy before each thing that the bot depends on.

use drawbridge::sim::slack::Setup;
use serde_json::Value;

use super::bot::Env;
use super::plan::Plan;
use crate::servers::proxy::Proxy;

/// The links of a world whose plan says `links`.
pub(crate) struct Links {
    /// To Redis.
    pub(crate) redis: Proxy,
    /// To the API server; the test's own watches do not go through it.
    pub(crate) api: Proxy,
    /// To Slack's Web API.
    pub(crate) calls: Proxy,
    /// To Slack's sockets and response URLs.
    pub(crate) socket: Proxy,
}

/// The two proxies before a Slack at this address, if the plan wants them.
pub(super) async fn before_slack(plan: &Plan, slack: &str) -> Option<(Proxy, Proxy)> {
    match plan.links {
        true => Some(tokio::join!(Proxy::before(slack), Proxy::before(slack))),
        false => None,
    }
}

impl Links {
    /// Puts proxies between the bots of this environment and everything; the kubeconfig is changed.
    pub(super) async fn lead(
        (calls, socket): (Proxy, Proxy),
        (env, setup): (&mut Env, &Setup),
        redis: &str,
    ) -> Self {
        let file = &env["KUBECONFIG"];
        let text = std::fs::read_to_string(file).unwrap();
        let mut ours: Value = serde_json::from_str(&text).unwrap();
        let server = &mut ours["clusters"][0]["cluster"]["server"];
        let address = server.as_str().unwrap().replace("https://", "");
        let (redis_link, api) = tokio::join!(Proxy::before(redis), Proxy::before(&address));
        *server = format!("https://{}", api.address()).into();
        std::fs::write(file, ours.to_string()).unwrap();
        let mut leads = |name: &str, from: &str, to: &Proxy| {
            let value = env.get_mut(name).unwrap();
            assert!(value.contains(from), "{name} is {value}");
            *value = value.replace(from, &to.address());
        };
        leads("REDIS_URL", redis, &redis_link);
        let base = setup.base_url.replace("http://", "");
        leads("SLACK_API_URL", &base, &calls);
        Self {
            redis: redis_link,
            api,
            calls,
            socket,
        }
    }
}

//! Asks Slack what `doctor` judges, and whether the names in the rules are there.

use super::told;
use crate::cli::check::Loaded;
use crate::cli::check::online::look_up;
use crate::cli::workspace;
use crate::config::online::Online;
use crate::doctor::slack::{Delivery, Observed, Wanted};
use crate::doctor::{Answer, No, rules};
use crate::rules::UserId;
use crate::slack::{SlackApi, SlackConfig, SlackError, Wire, manifest, scopes};

/// Asks; the second answer is about the names in the rules, `None` where they could not be asked about.
///
/// # Errors
/// There can be no runtime.
pub(super) fn observe(
    online: &Online,
    greet: Option<&str>,
    loaded: Option<&Loaded>,
) -> std::io::Result<(Observed, Option<Vec<rules::Told>>)> {
    workspace::ask(online, async |directory, api| {
        let seen = app(&online.slack, api, greet).await;
        let names = match loaded {
            Some(loaded) if loaded.errors() == 0 && seen.team.is_ok() => {
                let found = look_up(&loaded.rules, directory, api).await.ok();
                found.map(|found| told(&found.problems))
            }
            _ => None,
        };
        (seen, names)
    })
}

async fn app(config: &SlackConfig, api: &SlackApi, greet: Option<&str>) -> Observed {
    let team = api.auth_test().await;
    let team = answer(team.map(|me| me.team.unwrap_or_else(|| "the workspace".to_owned())));
    let delivery = match (&config.app_token, &config.signing_secret) {
        (Some(token), _) => Delivery::Socket {
            looks_right: token.expose().starts_with("xapp-"),
            opened: answer(api.can_connect().await),
        },
        (None, Some(_)) => Delivery::Http,
        (None, None) => Delivery::Neither,
    };
    let greeted = match greet {
        Some(user) => Some(answer(api.greet(&UserId(user.to_owned())).await)),
        None => None,
    };
    Observed {
        looks_right: config.bot_token.expose().starts_with("xoxb-"),
        team,
        scopes: answer(scopes(config, &Wire::tcp()).await),
        wanted: manifest::SCOPES.map(wanted).to_vec(),
        delivery,
        groups: answer(api.usergroups_list().await.map(|groups| groups.len())),
        greeted,
    }
}

const fn wanted(scope: manifest::Scope) -> Wanted {
    Wanted {
        scope: scope.name,
        optional: scope.optional,
    }
}

fn answer<T>(asked: Result<T, SlackError>) -> Answer<T> {
    asked.map_err(|error| match error.code() {
        Some(code) => No::Refused(code.to_owned()),
        None => No::Away(error.to_string()),
    })
}

//! What the cluster's admission would refuse is refused when it is asked for.

use k8s_openapi::api::networking::v1::NetworkPolicy;
use kube::api::{Api, PostParams};
use serde_json::json;

use super::plan::Plan;
use super::wait::{ANSWER, SLACK, SOON, now, until, within};
use super::world::World;

const NO_GATES: &str = r#"
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata:
  name: no-gates
spec:
  failurePolicy: Fail
  matchConstraints:
    resourceRules:
      - apiGroups: [networking.k8s.io]
        apiVersions: [v1]
        resources: [networkpolicies]
        operations: [CREATE]
  validations:
    - expression: "!object.metadata.name.startsWith('drawbridge-')"
      message: gates are *closed* for <https://example.com|the holidays>
      reason: Forbidden
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata:
  name: no-gates
spec:
  policyName: no-gates
  validationActions: [Deny]
"#;

const POLICIES: &str = "admissionregistration.k8s.io/v1";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_policy_would_refuse_is_refused_when_it_is_asked_for_in_the_policys_words() {
    let plan = Plan {
        own_api: true,
        ..Plan::default()
    };
    let (world, _bot) = World::with_bot(plan).await;
    world.own_api().apply(NO_GATES).await;
    policy_is_in_force(&world, true).await;
    let since = world.listen();
    world.types(
        "dana",
        &format!("{} for 10m because INC-42", world.path_text()),
    );
    let answer = since.answered("dana", "Refused").await;
    let said = "the cluster refuses such a gate: gates are *closed* for <https://example.com|the holidays>";
    assert!(answer.says(said), "{answer:?}");
    assert_eq!(since.count("lee", ""), 0, "nobody is asked");
    let binding = "ValidatingAdmissionPolicyBinding";
    world
        .town
        .remove_everywhere(POLICIES, binding, "no-gates")
        .await;
    policy_is_in_force(&world, false).await;

    // An API server that hangs refuses nobody, and holds no answer up for longer than one may take.
    world.own_api().freeze();
    let asked = now();
    let card = world.asks("dana", "10m").await;
    let took = (now() - asked).to_std().unwrap();
    world.own_api().thaw();
    assert!(took <= ANSWER + SLACK, "asked after {took:?}");
    world.denies("lee", &card).await;
    world.shows(&card, "lee", "*Refused* by").await;
    assert_eq!(world.gates.lives(), [], "nothing was ever opened");
    world.ends_well().await;
}

/// Waits until the API server has heard of the policy, or of its end.
async fn policy_is_in_force(world: &World, forced: bool) {
    let api: Api<NetworkPolicy> = Api::namespaced(world.town.admin.clone(), &world.town.orders);
    let probe = serde_json::from_value(json!({
        "metadata": {"name": "drawbridge-probe"}, "spec": {"podSelector": {}},
    }));
    let (probe, rehearsed) = (
        probe.unwrap(),
        PostParams {
            dry_run: true,
            ..PostParams::default()
        },
    );
    let known = until(async || {
        let refused = api.create(&rehearsed, &probe).await.is_err();
        (refused == forced).then_some(())
    });
    within(SOON, "the API server knows the policy", known).await;
}

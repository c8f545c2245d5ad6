//! Whether anything makes the cluster's nodes obey NetworkPolicies, as far as the DaemonSets that run
//! tell: the bot may not look at nodes, and no API says it.

use std::collections::BTreeSet;

use super::super::{About, Finding, State};

/// What a network agent that runs on every node means.
struct Agent {
    /// The DaemonSet's name.
    name: &'static str,
    state: State,
    why: &'static str,
    mend: &'static str,
}

const fn enforces(name: &'static str, why: &'static str) -> Agent {
    Agent {
        name,
        state: State::Ok,
        why,
        mend: "",
    }
}

const CALICO: &str =
    "Calico enforces them; a policy of an earlier tier, or of a lower order, beats every gate";

/// By the names that their makers ship. Limits: see the makers' pages on NetworkPolicy.
const AGENTS: &[Agent] = &[
    enforces(
        "cilium",
        "Cilium enforces them; a deny of a Cilium policy beats every gate, and address ranges match only what \
         is outside of the cluster",
    ),
    enforces(
        "anetd",
        "Dataplane V2 (Cilium) enforces them; address ranges match only what is outside of the cluster",
    ),
    enforces("calico-node", CALICO),
    // Flannel carries and Calico enforces, in one DaemonSet.
    enforces("canal", CALICO),
    enforces("rke2-canal", CALICO),
    enforces(
        "antrea-agent",
        "Antrea enforces them; its own tiers can beat a gate",
    ),
    enforces(
        "ovnkube-node",
        "OVN-Kubernetes enforces them; admin policies beat every gate",
    ),
    enforces("kube-ovn-cni", "Kube-OVN enforces them"),
    enforces("kube-router", "kube-router enforces them"),
    enforces(
        "kube-network-policies",
        "kube-network-policies enforces them",
    ),
    enforces("weave-net", "Weave Net enforces them"),
    enforces("azure-npm", "Azure's policy manager enforces them"),
    enforces(
        "kindnet",
        "kindnet enforces them, in versions of kind since 0.24",
    ),
    Agent {
        name: "aws-node",
        state: State::Warn,
        why: "the AWS VPC CNI enforces them only where `enableNetworkPolicy` is set; in its standard mode a new pod \
              is open until its policies arrive",
        mend: "see that the add-on's `enableNetworkPolicy` is true, and consider the strict mode",
    },
    Agent {
        name: "kube-flannel-ds",
        state: State::Fail,
        why: "flannel alone enforces no NetworkPolicy: everything is open already, and gates change nothing",
        mend: "install an agent that enforces them beside it, or another network",
    },
];

/// Judges it: one line for each agent known. One that enforces makes those that do not harmless.
pub(super) fn judge(about: &About, agents: Option<&BTreeSet<String>>) -> Vec<Finding> {
    const CHECK: &str = "enforcement";
    const PROBE: &str = "try it: a pod with a policy that permits nothing must not be reached";
    let Some(agents) = agents else {
        return vec![about.unknown(CHECK, "the DaemonSets cannot be read", PROBE)];
    };
    let running: Vec<&Agent> = AGENTS
        .iter()
        .filter(|agent| agents.contains(agent.name))
        .collect();
    let enforced = running.iter().any(|agent| agent.state == State::Ok);
    let telling = running
        .iter()
        .filter(|agent| !enforced || agent.state == State::Ok);
    let found: Vec<Finding> = telling
        .map(|agent| match agent.state {
            State::Ok => about.ok(CHECK, agent.why),
            State::Fail => about.fail(CHECK, agent.why, agent.mend),
            State::Warn | State::Unknown => about.warn(CHECK, agent.why, agent.mend),
        })
        .collect();
    if found.is_empty() {
        let why = "no network agent that is known runs here: a NetworkPolicy has an effect only where one enforces it";
        return vec![about.unknown(CHECK, why, PROBE)];
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::super::Area;
    use super::*;

    fn states(names: &[&str]) -> Vec<State> {
        let about = About::new(Area::Kubernetes, "default");
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        judge(&about, Some(&names))
            .iter()
            .map(|f| f.state)
            .collect()
    }

    #[test]
    fn agents_are_known_by_name_with_their_limits() {
        for (names, expected) in [
            (&["cilium", "fluent-bit"][..], State::Ok),
            (&["calico-node"][..], State::Ok),
            (&["rke2-canal"][..], State::Ok),
            (&["aws-node"][..], State::Warn),
            (&["kube-flannel-ds"][..], State::Fail),
            (&["fluent-bit"][..], State::Unknown),
        ] {
            assert_eq!(states(names), [expected], "{names:?}");
        }
    }

    #[test]
    fn an_agent_that_enforces_makes_up_for_one_that_does_not() {
        // Canal in two parts. EKS with Cilium chained onto the VPC CNI.
        assert_eq!(states(&["kube-flannel-ds", "calico-node"]), [State::Ok]);
        assert_eq!(states(&["aws-node", "cilium"]), [State::Ok]);
    }

    #[test]
    fn what_cannot_be_read_is_not_known() {
        let about = About::new(Area::Kubernetes, "default");
        assert_eq!(
            judge(&about, None).first().map(|f| f.state),
            Some(State::Unknown)
        );
    }
}

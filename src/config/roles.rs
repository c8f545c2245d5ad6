//! `clusterRoles`: which ClusterRoles templates may give for a while.

use std::collections::BTreeSet;

use super::{ConfigFile, Reader};
use crate::objects::NEVER;
use crate::rules::Allowed;

/// Most of them: each is named by RBAC and by an admission policy too.
const MOST: usize = 20;

/// Longest name of one (a DNS subdomain would do; the API server takes more).
const MAX_NAME: usize = 253;

impl Reader<'_> {
    /// The ClusterRoles of the file; without a list the one that the manifests let Drawbridge give.
    pub(super) fn cluster_roles(&mut self, file: &ConfigFile) -> BTreeSet<String> {
        let Some(written) = &file.cluster_roles else {
            return Allowed::default().cluster_roles;
        };
        let mut roles = BTreeSet::new();
        for name in written.iter().take(MOST) {
            let fits = |c: u8| c.is_ascii_alphanumeric() || b"-_.:".contains(&c);
            if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(fits) {
                self.problem(
                    "DRAWBRIDGE_CONFIG",
                    "has no name of a ClusterRole in `clusterRoles`",
                );
            } else if NEVER.contains(&name.as_str()) {
                let problem =
                    format!("names `{name}` in `clusterRoles`: who has it can give roles");
                self.problem("DRAWBRIDGE_CONFIG", &problem);
            } else {
                roles.insert(name.clone());
            }
        }
        if written.len() > MOST {
            let problem = format!("names more than {MOST} ClusterRoles in `clusterRoles`");
            self.problem("DRAWBRIDGE_CONFIG", &problem);
        }
        roles
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(names: Option<&[&str]>) -> (Vec<String>, Vec<String>) {
        let env = std::collections::BTreeMap::new();
        let mut reader = Reader {
            env: &env,
            problems: Vec::new(),
        };
        let file = ConfigFile {
            cluster_roles: names.map(|names| names.iter().map(|n| (*n).to_owned()).collect()),
            ..ConfigFile::default()
        };
        let roles = reader.cluster_roles(&file);
        (roles.into_iter().collect(), reader.problems)
    }

    #[test]
    fn the_manifests_and_the_default_name_the_same_roles() {
        let access = include_str!("../../manifests/components/role-binding-grants/access.yaml");
        let admission =
            include_str!("../../manifests/components/role-binding-grants/admission.yaml");
        let (roles, _) = read(None);
        let bind = format!("resourceNames: [{}]\n    verbs: [bind]", roles.join(", "));
        assert!(access.contains(&bind), "{access}");
        let named: Vec<String> = roles.iter().map(|role| format!("'{role}'")).collect();
        let bound = format!("object.roleRef.name in [{}]", named.join(", "));
        assert!(admission.contains(&bound), "{admission}");
    }

    #[test]
    fn without_a_list_only_view_may_be_given() {
        assert_eq!(read(None), (vec!["view".to_owned()], Vec::new()));
        assert_eq!(read(Some(&[])), (Vec::new(), Vec::new()));
    }

    #[test]
    fn roles_that_give_roles_are_refused_and_so_is_what_is_no_name() {
        for name in ["admin", "cluster-admin", "", "a b", "a\nb", "${role}"] {
            let (roles, problems) = read(Some(&["edit", name]));
            assert_eq!(roles, ["edit"], "{name}");
            assert_eq!(problems.len(), 1, "{name}");
        }
        let many: Vec<String> = (0..=MOST).map(|n| format!("r{n}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(read(Some(&many)).1.len(), 1);
    }
}

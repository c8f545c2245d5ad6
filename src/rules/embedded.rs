//! The templates that come with the program: the files of `templates/`.

/// The templates that come with the program.
pub const EMBEDDED: &[(&str, &str)] = &[
    (
        "templates/cilium-fqdn-egress.yaml",
        include_str!("../../templates/cilium-fqdn-egress.yaml"),
    ),
    (
        "templates/connect.yaml",
        include_str!("../../templates/connect.yaml"),
    ),
    (
        "templates/database-console.yaml",
        include_str!("../../templates/database-console.yaml"),
    ),
    (
        "templates/debug-ingress.yaml",
        include_str!("../../templates/debug-ingress.yaml"),
    ),
    (
        "templates/egress-cidr.yaml",
        include_str!("../../templates/egress-cidr.yaml"),
    ),
    (
        "templates/metrics-scrape.yaml",
        include_str!("../../templates/metrics-scrape.yaml"),
    ),
    (
        "templates/temporary-role-binding.yaml",
        include_str!("../../templates/temporary-role-binding.yaml"),
    ),
];

/// The templates that come with the program, as files for [`super::load()`].
pub fn embedded() -> Vec<(String, String)> {
    EMBEDDED
        .iter()
        .map(|(file, text)| ((*file).to_owned(), (*text).to_owned()))
        .collect()
}

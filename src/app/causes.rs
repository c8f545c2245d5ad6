//! An error in one line of a log, with everything that caused it. Never for people: they read what it means to them.

/// An error with all its sources, for logs.
pub fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// The same for `anyhow`.
pub fn causes_of(error: &anyhow::Error) -> String {
    format!("{error:#}")
}

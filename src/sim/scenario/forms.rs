//! Every form that a line can have: one table for the parser, its errors and the documentation.

mod acts;
mod expectations;
mod make;
mod world;

use super::pattern::{Fields, fit};

pub use acts::acts;
pub use expectations::{EXPECTATIONS, PLAIN_EXPECTATIONS};

/// One form of line.
#[derive(Debug)]
pub struct Form<T: 'static> {
    /// Fixed words, with placeholders in capitals.
    pub usage: &'static str,
    /// A line of this form.
    pub example: &'static str,
    /// What it says.
    pub meaning: &'static str,
    build: fn(&Fields<'_>) -> Result<T, String>,
}

/// Reads a text by the first form that fits it; `None`: none does.
pub(super) fn read<'a, T: 'static>(
    forms: impl IntoIterator<Item = &'a Form<T>>,
    text: &str,
) -> Option<Result<T, String>> {
    let mut forms = forms.into_iter();
    forms.find_map(|form| Some((form.build)(&fit(form.usage, text)?)))
}

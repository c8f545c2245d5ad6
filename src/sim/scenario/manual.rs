//! The manual of scenario files, written from the tables that the parser reads by.

use std::fmt::Write as _;

use super::forms::{EXPECTATIONS, Form, PLAIN_EXPECTATIONS, acts};
use crate::sim::town::trouble::TROUBLES;

const BEGINNING: &str = "\
# Scenarios

Each `.txt` file here is a story: a test, a bug report and documentation at once. Its `.transcript` is
what people saw and what changed in the cluster. `cargo test --test scenarios` plays every story twice
on a manual clock and compares; `UPDATE_TRANSCRIPTS=1` writes transcripts (and this page) anew, to be
read before they are committed. `drawbridge simulate FILE…` plays any file.

Every story plays in the default town: `src/sim/town/people.rs` says who lives there (dana and lee are
in Berlin, an hour ahead of the transcript's UTC), `src/sim/town/cluster.yaml` what runs there and
`src/sim/town/rules.yaml` what the rules say.

| who | is | |
|---|---|---|
| dana, max | developers | `@backend`; dana owns payments, too |
| lee, mia | on call for orders | `@orders-oncall` |
| pat | owns payments | `@payments-owners` |
| sam | security | `@security` |
| kim | in no group | |
| gus, eve, rob, bo | a guest, a stranger, a closed account, a bot | in `@orders-oncall`, and count for nothing |

A line starting with `#` is a remark; the first says why the story is told. `after 5m` before a line
(or alone) lets time pass, counted from the line before. TEXT in
an expectation is any part of what is shown; capitals count. In texts, `{id}` is the newest request's id,
`{ID}` the same in capitals, `{id 1}` the first one's, and `{x 10000 times}` is what it says.

When a story ends, it is checked without being told that Slack had nothing to complain about, that
nothing of ours is left in the cluster, that every gate was approved and closed within 2 s of its end,
and that every message is current.

`cargo test --test hardship` plays every story three more times: with every lane step done twice
(`repeat`), with the first answer to every call of Slack and of the API server lost (`lose-answers`),
and with a crash after every commit (`crash`). All that a story expects must come true, and what is left
in the end may differ only as `tests/hardship/differences.rs` states; `tests/hardship/exceptions.rs`
names the stories that cannot, with the reasons. What is expected after a while may then have come
while the line before was waited for. `drawbridge simulate --hardship NAME FILE…` shows one.
";

/// The whole page.
pub fn page() -> String {
    let mut page = BEGINNING.to_owned();
    heading(&mut page, "What happens", "");
    rows(&mut page, "", acts());
    let about = "About messages, an expectation looks at what is new or changed since the last line \
                 that did something or let time pass.";
    heading(&mut page, "What is expected", about);
    rows(&mut page, "expect ", EXPECTATIONS);
    rows(&mut page, "expect ", PLAIN_EXPECTATIONS);
    let _ = write!(
        page,
        "\nThose without a text may follow each other with commas.\n"
    );
    let _ = write!(
        page,
        "\n## What can break\n\n| trouble | meaning |\n|---|---|\n"
    );
    for (name, _, meaning) in TROUBLES {
        let _ = writeln!(page, "| `{name}` | {meaning} |");
    }
    page
}

fn heading(page: &mut String, title: &str, about: &str) {
    let gap = if about.is_empty() { "" } else { "\n\n" };
    let _ = write!(
        page,
        "\n## {title}\n\n{about}{gap}| form | meaning | example |\n|---|---|---|\n"
    );
}

fn rows<'a, T: 'static>(
    page: &mut String,
    before: &str,
    forms: impl IntoIterator<Item = &'a Form<T>>,
) {
    for Form {
        usage,
        meaning,
        example,
        ..
    } in forms
    {
        let _ = writeln!(
            page,
            "| `{before}{usage}` | {meaning} | `{before}{example}` |"
        );
    }
}

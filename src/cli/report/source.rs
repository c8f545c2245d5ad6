//! Where the records come from: a file, the standard input, or the store that `serve` keeps them in.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::Path;

use anyhow::{Context as _, Result};

use super::{Report, STDIN};
use crate::audit::verify::MAX_LINE;
use crate::cli::ledger;
use crate::config::StoreChoice;
use crate::store::{MAX_READ, Store};

/// Reads a file, or the standard input, line by line.
///
/// # Errors
/// It cannot be read.
pub(super) fn lines(file: &Path, each: impl FnMut(&str)) -> Result<()> {
    if file == Path::new(STDIN) {
        return each_line(io::stdin().lock(), each).context("cannot read the standard input");
    }
    let reading = || format!("cannot read `{}`", file.display());
    let open = File::open(file).with_context(reading)?;
    each_line(BufReader::new(open), each).with_context(reading)
}

/// What is no UTF-8 is made some: the line is then told as unreadable, not the whole file. So is each part of a
/// line that is longer than any record: a file without line ends is not held whole.
fn each_line(mut from: impl BufRead, mut each: impl FnMut(&str)) -> io::Result<()> {
    let most = u64::try_from(MAX_LINE).unwrap_or(u64::MAX);
    let mut line = Vec::new();
    while from.by_ref().take(most).read_until(b'\n', &mut line)? > 0 {
        each(&String::from_utf8_lossy(&line));
        line.clear();
    }
    Ok(())
}

/// Reads the ledger of the configured store, as far as it goes now.
///
/// # Errors
/// The store cannot be opened or read.
pub(super) fn store(choice: &StoreChoice, report: &mut Report) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start")?;
    runtime.block_on(async {
        let store = ledger::open(choice)?;
        kept(&*store, report).await.context("reading the ledger")
    })
}

/// Reads what is kept up to the head of now: what is appended meanwhile is the next report's.
pub(super) async fn kept(store: &dyn Store, report: &mut Report) -> Result<()> {
    let tail = store.head().await?;
    let newest = tail.head.map_or(0, |head| head.seq);
    let mut after = tail.first.saturating_sub(1);
    while after < newest {
        let page = store.records(after, MAX_READ).await?;
        if page.is_empty() {
            break;
        }
        // There are no gaps: a record that cannot be read has a number all the same.
        after = after.saturating_add(page.len() as u64);
        for line in &page {
            report.line(line);
        }
        after = after.max(report.last_seq());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_longer_than_any_record_is_read_in_parts() {
        let long = vec![b'x'; MAX_LINE + 7];
        let file = [&long[..], b"\nshort\n"].concat();
        let mut sizes = Vec::new();
        each_line(&file[..], |line| sizes.push(line.len())).unwrap();
        assert_eq!(sizes, [MAX_LINE, 8, 6]);
    }
}

//! `drawbridge ledger verify`: reads, and tells people.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::Path;

use anyhow::{Result, bail};

use super::misused;
use crate::audit::heads::{PublicKey, Signed, Watch};
use crate::audit::verify::{Check, Extent, MAX_LINE, Place, Report};
use crate::audit::{Fault, Finding, Head};
use crate::cli::{Status, complain, say};
use crate::store::{MAX_READ, Store};

/// How often the store is read again when old records were trimmed meanwhile.
const TRIES: usize = 3;

/// Verifies a file, or `-`.
pub(super) fn file(path: &Path, growing: bool, heads: Option<&Path>, key: Option<&str>) -> Status {
    let mut watch = match watch(heads, key) {
        Ok(watch) => watch,
        Err(why) => return misused(&why),
    };
    let extent = match growing {
        true => Extent::Growing,
        false => Extent::Export,
    };
    let read = if path == Path::new("-") {
        read(io::stdin().lock(), extent, &mut watch)
    } else {
        let opened = File::open(path);
        opened.and_then(|file| read(BufReader::new(file), extent, &mut watch))
    };
    match read {
        Ok((report, findings)) => match findings.as_slice() {
            [only] if is_untyped(&report, only) => {
                say(&only.to_string());
                Status::No
            }
            _ => tell(&report, &findings, watch, key),
        },
        Err(error) => misused(&format!("cannot read `{}`: {error}", path.display())),
    }
}

/// Verifies the ledger of a store.
///
/// # Errors
/// The store failed.
pub(super) async fn store(
    store: &dyn Store,
    heads: Option<&Path>,
    key: Option<&str>,
) -> Result<Status> {
    for _ in 0..TRIES {
        let mut watch = match watch(heads, key) {
            Ok(watch) => watch,
            Err(why) => return Ok(misused(&why)),
        };
        let tail = store.head().await?;
        let Some(head) = tail.head.clone() else {
            say("the ledger is empty: nothing was recorded yet");
            return Ok(Status::Done);
        };
        let before = tail.before.clone().unwrap_or_else(Head::origin);
        let mut seq = before.seq;
        let mut check = Check::of(Extent::Store { before, head });
        let mut findings = Vec::new();
        let newest = tail.head.as_ref().map_or(0, |head| head.seq);
        while seq < newest {
            let left = usize::try_from(newest.saturating_sub(seq)).unwrap_or(MAX_READ);
            let page = store.records(seq, MAX_READ.min(left)).await?;
            if page.is_empty() {
                break;
            }
            for line in &page {
                findings.extend(check.record(line.as_bytes()));
                see(&check, &mut watch);
            }
            // By what the records say; where they say nothing, by their count.
            let said = check.report().last.as_ref().map_or(0, |last| last.head.seq);
            let counted = u64::try_from(page.len()).unwrap_or(u64::MAX);
            seq = said.max(seq.saturating_add(counted));
        }
        if store.head().await?.before != tail.before {
            continue;
        }
        let (report, last) = check.finish();
        findings.extend(last);
        return Ok(tell(&report, &findings, watch, key));
    }
    bail!("old records were dropped while they were read, several times: try again")
}

/// The signed heads to compare with, if any.
fn watch(heads: Option<&Path>, key: Option<&str>) -> Result<Watch, String> {
    let Some(path) = heads else {
        return Ok(Watch::default());
    };
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|error| format!("cannot read `{}`: {error}", path.display()))?;
    let key: Option<PublicKey> = key
        .map(str::parse)
        .transpose()
        .map_err(|why| format!("`--key` {why}"))?;
    let watch = Watch::over(&text, key.as_ref());
    if watch.is_empty() {
        return Err(format!("`{}` holds no signed head", path.display()));
    }
    Ok(watch)
}

fn see(check: &Check, watch: &mut Watch) {
    if let Some(last) = &check.report().last {
        watch.see(&last.head);
    }
}

fn read(
    mut input: impl BufRead,
    extent: Extent,
    watch: &mut Watch,
) -> io::Result<(Report, Vec<Finding>)> {
    let mut check = Check::of(extent);
    let mut findings = Vec::new();
    let mut line = Vec::new();
    // A line end, and one byte more, so that a line too long is known as such.
    let most = u64::try_from(MAX_LINE)
        .unwrap_or(u64::MAX)
        .saturating_add(2);
    loop {
        line.clear();
        if input.by_ref().take(most).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        findings.extend(check.line(&line));
        see(&check, watch);
        if let [only] = findings.as_slice()
            && is_untyped(check.report(), only)
        {
            return Ok((check.report().clone(), findings));
        }
    }
    let (report, last) = check.finish();
    findings.extend(last);
    Ok((report, findings))
}

/// Whether the first line says that the whole export is without typed texts: every further line would be the
/// same finding.
fn is_untyped(report: &Report, finding: &Finding) -> bool {
    report.records == 0 && (finding.line, finding.fault) == (1, Fault::LeftOut)
}

/// Tells the findings, one a line, and the sum.
fn tell(report: &Report, findings: &[Finding], watch: Watch, key: Option<&str>) -> Status {
    let compared = !watch.is_empty();
    let signed = watch.finish(report);
    for finding in findings.iter().chain(&signed.findings) {
        say(&finding.to_string());
    }
    let count = findings.len().saturating_add(signed.findings.len());
    let verdict = match count {
        0 => "sound".to_owned(),
        1 => "1 finding".to_owned(),
        n => format!("{n} findings"),
    };
    say(&format!("{verdict}: {}", summary(report)));
    if compared {
        say(&covered(report, &signed));
        if key.is_none() {
            complain(
                "any key was accepted (no `--key`), which proves little: whoever rewrites a ledger can sign it anew",
            );
        }
    } else {
        complain(
            "no signed head was given (`--head`): a ledger that was rewritten as a whole looks sound",
        );
    }
    match count {
        0 if compared && signed.met == 0 => Status::No,
        0 => Status::Done,
        _ => Status::No,
    }
}

/// One sentence: how much, from when to when, and the head.
fn summary(report: &Report) -> String {
    let (Some(first), Some(last)) = (&report.first, &report.last) else {
        return "no record".to_owned();
    };
    let when = |place: &Place| {
        let at = place
            .at
            .map(|at| at.format("%Y-%m-%d %H:%M:%S UTC").to_string());
        at.unwrap_or_else(|| "no time".to_owned())
    };
    let older = match first.head.seq {
        1 => String::new(),
        seq => {
            format!("; what was before record {seq} is not here: look where the sinks brought it")
        }
    };
    let chain = report.chain.as_deref().unwrap_or("unknown");
    let records = match report.records {
        1 => "1 record".to_owned(),
        n => format!("{n} records"),
    };
    format!(
        "{records} ({} to {}) from {} to {} of ledger {chain}; head {}{older}",
        first.head.seq,
        last.head.seq,
        when(first),
        when(last),
        last.head.hash,
    )
}

/// What the signed heads say for it.
fn covered(report: &Report, signed: &Signed) -> String {
    let older = match signed.older {
        0 => String::new(),
        1 => "; 1 is of an older record".to_owned(),
        n => format!("; {n} are of older records"),
    };
    let Some(newest) = &signed.newest else {
        return format!(
            "no signed head is of a record that was read{older}: nothing vouches for it"
        );
    };
    let last = report.last.as_ref().map_or(0, |last| last.head.seq);
    let newer = match last.saturating_sub(newest.seq) {
        0 => "none is newer".to_owned(),
        1 => "1 is newer".to_owned(),
        n => format!("{n} are newer"),
    };
    let agree = match signed.met {
        1 => "1 signed head agrees".to_owned(),
        n => format!("{n} signed heads agree"),
    };
    format!(
        "{agree}; the newest, signed on {} with key {}, covers records up to {}; {newer}{older}",
        newest.at.format("%Y-%m-%d %H:%M UTC"),
        newest.key,
        newest.seq,
    )
}

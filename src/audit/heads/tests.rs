//! What a signed head finds that nothing else does, and which heads count for nothing.

use super::{BadHead, BadKey, PublicKey, Signed, SignedHead, Signer, Watch};
use crate::audit::chain::Linked;
use crate::audit::samples::{CHAIN, at, export, ledger, ledger_on};
use crate::audit::verify::{Check, Extent};
use crate::audit::{Actor, Event, Fact, Fault, Head, chain::link_own};

fn signer() -> Signer {
    Signer::read(&"07".repeat(32)).unwrap()
}

fn compare(heads: &str, key: Option<&PublicKey>, records: &[Linked]) -> Signed {
    let mut watch = Watch::over(heads, key);
    let mut check = Check::of(Extent::Growing);
    for line in export(records).iter().take(records.len()) {
        assert_eq!(check.line(line), []);
        watch.see(&check.report().last.as_ref().unwrap().head);
    }
    watch.finish(check.report())
}

fn line(chain: &str, head: &Head) -> String {
    let signed = signer().sign(chain, head, at(5)).unwrap();
    format!("{}\n", signed.line().unwrap())
}

#[test]
fn a_key_is_read_from_hex_and_base64_and_never_printed() {
    // RFC 8032 §7.1, test 1.
    let hex = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    let public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    for text in [
        hex,
        "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=",
        " nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A\n",
    ] {
        let signer = Signer::read(text).unwrap();
        assert_eq!(signer.public(), public);
        assert_eq!(format!("{signer:?}"), format!("Signer({public})"));
    }
    for wrong in [
        "",
        "00",
        "zz",
        &"0".repeat(63),
        &"0".repeat(66),
        &"g".repeat(64),
    ] {
        assert_eq!(Signer::read(wrong).unwrap_err(), BadKey::Secret, "{wrong}");
    }
    assert_eq!("00".parse::<PublicKey>().unwrap_err(), BadKey::Public);
}

#[test]
fn a_signed_head_is_one_canonical_line_and_any_change_of_it_counts_for_nothing() {
    let key: PublicKey = signer().public().parse().unwrap();
    let signed = signer().sign(CHAIN, &ledger(3)[2].head, at(5)).unwrap();
    let text = signed.line().unwrap();
    let start = format!("{{\"at\":\"2026-03-02T09:00:05Z\",\"chain\":\"{CHAIN}\",\"hash\":\"");
    assert!(text.starts_with(&start), "{text}");
    assert_eq!(SignedHead::read(&text), Ok(signed.clone()));
    assert_eq!(signed.verify(Some(&key)), Ok(()));
    assert_eq!(signed.verify(None), Ok(()));
    let hex = |text: &str| text.bytes().all(|b| b.is_ascii_hexdigit());
    for at in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[at] = if bytes[at] == b'1' { b'2' } else { b'1' };
        let changed = String::from_utf8(bytes).unwrap();
        let read = SignedHead::read(&changed);
        let verified = read.and_then(|head| head.verify(Some(&key)));
        assert!(verified.is_err(), "byte {at}: {changed}");
    }
    assert!(hex(&signed.key) && hex(&signed.signature));
}

#[test]
fn the_head_of_another_key_is_told_from_a_forged_one() {
    let head = ledger(3)[2].head.clone();
    let other: PublicKey = Signer::read(&"08".repeat(32))
        .unwrap()
        .public()
        .parse()
        .unwrap();
    let mut signed = signer().sign(CHAIN, &head, at(5)).unwrap();
    let refused = signed.verify(Some(&other));
    assert_eq!(refused, Err(BadHead::OtherKey(signer().public())));
    signed.seq += 1;
    assert_eq!(signed.verify(None), Err(BadHead::Signature));
    let found = compare(&line(CHAIN, &head), Some(&other), &ledger(3));
    assert_eq!(found.met, 0);
    assert!(
        found.findings[0]
            .sentence
            .contains("not with the expected one")
    );
}

#[test]
fn heads_that_the_ledger_agrees_with_are_counted() {
    let made = ledger(20);
    let heads: String = [4, 9, 19].map(|n| line(CHAIN, &made[n].head)).concat();
    let signed = compare(&format!("\n{heads}\n"), None, &made);
    assert_eq!(
        (signed.met, signed.older, &signed.findings[..]),
        (3, 0, &[][..])
    );
    assert_eq!(signed.newest.unwrap().seq, 20);
    let signed = compare(&heads, None, &made[10..]);
    assert_eq!((signed.met, signed.older, signed.findings), (1, 2, vec![]));
}

#[test]
fn a_truncated_a_rewritten_and_another_ledger_are_told_apart_in_words() {
    let made = ledger(20);
    let heads = line(CHAIN, &made[14].head);
    // Somebody who owns the store builds the chain again, without a fault in it.
    let mut rewritten = made[..10].to_vec();
    for linked in &made[11..] {
        let record = &linked.record;
        let (head, document) = (rewritten.last().unwrap().head.clone(), &record.document);
        let event = record.event.clone();
        let linked = crate::audit::chain::link(&head, document.as_ref(), record.number, event);
        rewritten.push(linked.unwrap());
    }
    // The numbers of one document have a gap now, which is told apart from this.
    let others = ledger_on("other", 20);
    let cases: [(&[Linked], &str); 3] = [
        (&made[..12], "record 15: the ledger is truncated"),
        (&others, "record 15: the head is of another ledger"),
        (&made[15..], ""),
    ];
    for (records, words) in cases {
        let found = compare(&heads, None, records).findings;
        let told = found.last().map(ToString::to_string).unwrap_or_default();
        assert!(told.starts_with(words), "{told}");
        assert_eq!(found.is_empty(), words.is_empty(), "{told}");
    }
    let mut watch = Watch::over(&heads, None);
    rewritten.iter().for_each(|linked| watch.see(&linked.head));
    let mut check = Check::of(Extent::Growing);
    for linked in &rewritten {
        check.record(linked.line.as_bytes());
    }
    let found = watch.finish(check.report()).findings;
    assert!(
        found[0].to_string().contains("was rewritten"),
        "{}",
        found[0]
    );
    assert_eq!(found[0].fault, Fault::Head);
}

#[test]
fn a_trimmed_ledger_has_to_build_on_what_was_signed() {
    let (made, others) = (ledger(20), ledger_on("other", 20));
    let signed = compare(&line(CHAIN, &others[9].head), None, &made[10..]);
    assert!(
        signed.findings[0]
            .sentence
            .contains("does not build on what was signed")
    );
    assert_eq!(
        compare(&line(CHAIN, &made[9].head), None, &made[10..]).findings,
        []
    );
}

#[test]
fn a_trimming_has_to_be_covered_by_a_head_that_was_signed_before_it() {
    let made = ledger(20);
    let dropped = made[9].head.clone();
    let event = Event {
        at: at(99),
        by: Actor::Drawbridge,
        fact: Fact::Trimmed {
            seq: dropped.seq,
            hash: dropped.hash,
            chain: Some(CHAIN.to_owned()),
        },
    };
    let trimmed = link_own(&made[19].head, &event).unwrap();
    let whole: Vec<Linked> = made.iter().chain([&trimmed]).cloned().collect();
    let sentence = "record 21: records up to 10 were dropped, and no head that covers them had been signed \
                    (expected a signed head of record 10 or later, before record 21, found none)";
    for (heads, covered) in [
        (vec![10], true),
        (vec![3, 20], true),
        (vec![9, 21], false),
        (vec![21], false),
    ] {
        let head = |n: &usize| line(CHAIN, &whole[n - 1].head);
        let heads: String = heads.iter().map(head).collect();
        let found = compare(&heads, None, &whole[10..]).findings;
        let told: Vec<String> = found.iter().map(ToString::to_string).collect();
        let wanted: &[&str] = if covered { &[] } else { &[sentence] };
        assert_eq!(told, wanted, "{heads}");
        // What was dropped in the store is all there in what a sink wrote.
        assert_eq!(compare(&heads, None, &whole).findings, []);
    }
}

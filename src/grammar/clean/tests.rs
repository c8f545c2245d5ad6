//! What is dropped, what stays, and where the rest stood before.

use super::*;

#[test]
fn credentials_are_dropped_and_the_rest_stays() {
    for (text, clean) in [
        (
            "postgres://user:secret@db.orders:5432/x",
            "postgres://db.orders:5432/x",
        ),
        ("postgres://user:p@ss@db.orders/x", "postgres://db.orders/x"),
        (
            "postgres://user:p/a@#s?s@db.orders/x?a=b",
            "postgres://db.orders/x?a=b",
        ),
        (
            "postgres://user:12/34@db.orders/x",
            "postgres://db.orders/x",
        ),
        ("redis://:secret@db.orders", "redis://db.orders"),
        ("https://token@db.orders/x", "https://db.orders/x"),
        ("https://user:pa/ss@db.orders/x", "https://db.orders/x"),
        (
            "jdbc:postgresql://db.orders/x?user=a&password=secret&b=1",
            "jdbc:postgresql://db.orders/x?user=a&password=&b=1",
        ),
        (
            "see user:secret@db.orders:5432 now",
            "see db.orders:5432 now",
        ),
        ("dsn=\"user:secret@db.orders\"", "dsn=\"db.orders\""),
        ("host=db PGPASSWORD=secret", "host=db PGPASSWORD="),
        (
            "https://a.example/,https://u:p@b.example",
            "https://a.example/,https://b.example",
        ),
    ] {
        assert_eq!(scrub(text), clean);
    }
}

#[test]
fn what_only_looks_like_a_credential_stays() {
    for text in [
        "https://example.com/@dana",
        "https://example.com:8080/@dana?page=2",
        "postgres://[2001:db8::1]:5432/x?a=b@c",
        "oci://ghcr.io/team/api@sha256:abc",
        "registry:5000/api@sha256:abc",
        "mailto:dana@example.com",
        "dana@example.com said so: ask @lee",
        "asked:<@U123> in <#C1|ops>",
        "git@github.com:team/repo",
        "token budget=3 p99<a:b>c",
    ] {
        assert_eq!(scrub(text), text);
    }
}

#[test]
fn links_show_what_was_typed() {
    for (text, clean) in [
        ("<http://db.orders:5432|db.orders:5432>", "db.orders:5432"),
        ("<https://db.orders/x>", "https://db.orders/x"),
        ("orders/<http://db.io|db.io>:80", "orders/db.io:80"),
        (
            "see <https://grafana.example/d/1|the dashboard>",
            "see https://grafana.example/d/1",
        ),
        (
            "<mailto:dana@example.com|dana@example.com>",
            "dana@example.com",
        ),
        // Slack takes the end of a password and the host for a mail address.
        (
            "postgres://user:<mailto:secret@db.example.com|secret@db.example.com>:5432/x",
            "postgres://db.example.com:5432/x",
        ),
        (
            "<https://u:p@db.orders|https://u:p@db.orders>:80",
            "https://db.orders:80",
        ),
    ] {
        assert_eq!(scrub(text), clean);
    }
}

#[test]
fn invisible_characters_go_and_joiners_stay() {
    assert_eq!(scrub("shop\u{200b}/web\u{feff} \u{202e}x"), "shop/web x");
    assert_eq!(scrub("👩\u{200d}💻"), "👩\u{200d}💻");
}

#[test]
fn spans_are_mapped_both_ways_around_a_cut() {
    let text = "é postgres://u:p@db x";
    let clean = Clean::of(text);
    assert_eq!(clean.text(), "é postgres://db x");
    let host = clean.text().find("db").unwrap();
    let original = clean.to_original(host..host + 2);
    assert_eq!(&text[original.clone()], "db");
    assert_eq!(clean.of_original(original), host..host + 2);
    let scheme = clean.text().find("postgres://").unwrap();
    assert_eq!(&text[clean.to_original(scheme..host)], "postgres://");
    let end = clean.text().len();
    assert_eq!(clean.to_original(end..end), text.len()..text.len());
}

#[test]
fn a_long_text_ends_before_the_login_that_would_be_cut_in_half() {
    let text = format!(
        "{} postgres://user:secret@db",
        "x".repeat(LONGEST_TEXT - 20)
    );
    assert_eq!(scrub(&text), "x".repeat(LONGEST_TEXT - 20));
    assert_eq!(scrub(&"x".repeat(LONGEST_TEXT + 1)), "");
}

#[test]
fn of_a_text_that_is_all_wrappers_nothing_is_kept() {
    let wrapped = |times| "<a://".repeat(times) + "db" + &">".repeat(times);
    let clean = Clean::of(&wrapped(MOST_PASSES - 1));
    assert!(!clean.is_tangled() && clean.text().ends_with("a://db"));
    let tangled = Clean::of(&wrapped(MOST_PASSES));
    assert!(tangled.is_tangled() && tangled.text().is_empty());
    // The end of a login that a wrapper too many would have hidden is not kept either.
    let hidden = wrapped(600).replace("db", "user:secret@db");
    assert_eq!(scrub(&hidden), "");
}

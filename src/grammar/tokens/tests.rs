//! How a text falls into words.

use super::*;

fn words(reader: &Reader<'_>) -> Vec<String> {
    let texts = reader.rest().iter().map(|token| token.word.text());
    texts.map(str::to_owned).collect()
}

#[test]
fn words_lose_the_punctuation_around_them() {
    let reader = Reader::of_ask("`shop/web`\u{a0}->\n(“orders/db:5432”), for: 30m .");
    assert_eq!(
        words(&reader),
        ["shop/web", "->", "orders/db:5432", "for", "30m"]
    );
}

#[test]
fn arrows_need_no_space_around_them() {
    for arrow in ["->", "-->", "=>", "→", "⇒"] {
        let text = format!("shop/web{arrow}orders/db");
        let reader = Reader::of_ask(&text);
        assert_eq!(words(&reader), ["shop/web", arrow, "orders/db"]);
        assert!(reader.peek_at(1).unwrap().is_arrow());
    }
}

#[test]
fn an_address_keeps_its_colons() {
    assert_eq!(words(&Reader::of_ask("2001:db8::, x")), ["2001:db8::", "x"]);
    assert_eq!(words(&Reader::of_ask("orders/db:")), ["orders/db"]);
}

#[test]
fn every_word_stands_where_its_span_says() {
    let text = "é (shop/web)→ `x`  ü";
    for token in Reader::of_ask(text).rest() {
        assert_eq!(&text[token.word.span()], token.word.text());
    }
    let word = Word::new("a:b:c", 10);
    let spans: Vec<_> = word.split(':').map(Word::start).collect();
    assert_eq!(spans, [10, 12, 14]);
    assert_eq!(
        word.rsplit_once(':').map(|(_, last)| last.start()),
        Some(14)
    );
}

#[test]
fn quoted_values_hold_together() {
    let reader = Reader::of_inputs("using t note=\"two -> words\" x='a b', y=1; for 5m");
    assert_eq!(
        words(&reader),
        [
            "using",
            "t",
            "note=\"two -> words\"",
            "x='a b'",
            "y=1",
            "for",
            "5m"
        ]
    );
}

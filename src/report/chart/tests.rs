//! What charts look like in numbers: nothing outside, nothing that overlaps, text as text.

use super::*;

/// Every `<tag …>` of an SVG with an attribute's value.
fn values(svg: &str, tag: &str, name: &str) -> Vec<i32> {
    let tags = svg.split('<').filter(|part| part.starts_with(tag));
    let value = |part: &str| -> Option<i32> {
        let (_, rest) = part.split_once(&format!(" {name}=\""))?;
        rest.split('"').next()?.parse().ok()
    };
    tags.filter_map(value).collect()
}

/// Left and right end of each text in the lowest line, from left to right.
fn axis_labels(picture: &Picture) -> Vec<(i32, i32)> {
    let texts: Vec<&str> = picture.inside.split("<text").skip(1).collect();
    let y = |text: &str| values(&format!("<text{text}"), "text", "y")[0];
    let lowest = texts.iter().map(|text| y(text)).max().unwrap();
    let ends = texts.iter().filter(|text| y(text) == lowest).map(|text| {
        let x = values(&format!("<text{text}"), "text", "x")[0];
        let (_, words) = text.split_once('>').unwrap();
        let width = width_of(words.split('<').next().unwrap().trim());
        if text.contains("\"middle\"") {
            (x - width / 2, x + width / 2)
        } else if text.contains("\"end\"") {
            (x - width, x)
        } else {
            (x, x + width)
        }
    });
    let mut ends: Vec<_> = ends.collect();
    ends.sort_unstable();
    ends
}

#[test]
fn labels_of_columns_never_overlap_and_stay_inside() {
    for count in [1, 2, 7, 11, 31, 53, 62, 104, 200] {
        let labels: Vec<String> = (0..count).map(|n| format!("{} Nov", n % 30 + 1)).collect();
        let values = (0..count).map(|n| n * 37 % 101).collect();
        for picture in columns(
            &labels,
            &[Series {
                ink: Ink::Good,
                values,
            }],
        ) {
            let ends = axis_labels(&picture);
            let width = i32::try_from(picture.width).unwrap();
            assert!(!ends.is_empty());
            assert!(
                ends.windows(2).all(|two| two[0].1 < two[1].0),
                "{count}: {ends:?}"
            );
            assert!(
                ends.iter().all(|(from, to)| *from >= 0 && *to <= width),
                "{count}: {ends:?}"
            );
        }
    }
}

#[test]
fn columns_stand_on_the_zero_line_and_are_as_high_as_their_values() {
    let labels = ["a", "b", "c"].map(str::to_owned);
    let series = [
        Series {
            ink: Ink::Good,
            values: vec![100, 50, 0],
        },
        Series {
            ink: Ink::No,
            values: vec![100, 0, 1],
        },
    ];
    for picture in columns(&labels, &series) {
        let heights = values(&picture.inside, "rect", "height");
        // 200 at the top: 100 is half of the height, 50 a quarter, 1 is seen all the same.
        assert_eq!(heights.len(), 4);
        assert_eq!(heights[0], 102);
        assert!((heights[1] - heights[0] / 2).abs() <= 1, "{heights:?}");
        assert!((heights[2] - heights[0]).abs() <= 1, "{heights:?}");
        assert_eq!(heights[3], 1);
    }
}

#[test]
fn bars_begin_at_zero_and_what_is_written_behind_them_fits() {
    let bar = |name: &str, value, reaches| Bar {
        name: name.to_owned(),
        parts: vec![(Ink::Good, value)],
        reaches,
        says: "35 min 10 s, 2 h 5 min".to_owned(),
    };
    let all = [
        bar("orders · owners", 600, Some(7_000)),
        bar(&"long-".repeat(60), 7_200, None),
    ];
    for picture in bars(&all, Scale::Time) {
        let width = i32::try_from(picture.width).unwrap();
        let rects = values(&picture.inside, "rect", "x");
        let ends = values(&picture.inside, "rect", "width");
        for (x, length) in rects.iter().zip(ends) {
            assert!(x + length + 6 + width_of(&all[0].says) <= width);
        }
        let names = picture
            .inside
            .split("<text")
            .filter(|text| text.contains("long-"));
        assert_eq!(names.filter(|text| text.contains('…')).count(), 1);
        let labels = axis_labels(&picture);
        assert!(
            labels.windows(2).all(|two| two[0].1 < two[1].0),
            "{labels:?}"
        );
    }
}

#[test]
fn capitals_and_digits_are_reckoned_as_wide_as_usual_fonts_draw_them() {
    // Pixels at 13 px, of DejaVu Sans, the widest of the usual ones.
    for (text, drawn) in [
        ("U0A1B2C3D4", 86),
        ("MMWW", 50),
        ("10,000", 47),
        ("shop/web", 58),
        ("支付", 26),
    ] {
        let reckoned = width_of(text);
        assert!(
            reckoned >= drawn && reckoned < drawn * 3 / 2,
            "{text}: {reckoned}"
        );
        assert!(width_of(&cut(&text.repeat(9), drawn * 2)) <= drawn * 2);
    }
}

#[test]
fn nothing_in_a_chart_is_markup() {
    let hostile = "</text><script>alert(1)</script>&\"'";
    let bar = Bar {
        name: hostile.to_owned(),
        parts: vec![(Ink::Good, 1)],
        reaches: None,
        says: hostile.to_owned(),
    };
    let labels = [hostile.to_owned()];
    let series = [Series {
        ink: Ink::Good,
        values: vec![1],
    }];
    for picture in [bars(&[bar], Scale::Count), columns(&labels, &series)].concat() {
        assert!(!picture.inside.contains("<script"), "{}", picture.inside);
        assert!(picture.inside.contains("&lt;script"));
    }
}

#[test]
fn nothing_at_all_is_drawn_without_harm() {
    for picture in [bars(&[], Scale::Time), columns(&[], &[])].concat() {
        assert!(picture.inside.contains("<text"), "an axis is there");
    }
}

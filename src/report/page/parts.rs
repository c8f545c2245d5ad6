//! What every section is made of: a lead, charts with their keys, tables.

use maud::{Markup, PreEscaped, html};

use crate::report::chart::{Ink, Picture};
use crate::report::words::number;

/// A section: its first sentence says what it shows, the second what to do about it.
pub(super) fn section(id: &str, title: &str, lead: &str, body: &Markup) -> Markup {
    html! {
        section id=(id) aria-labelledby={ (id) "-title" } {
            h2 id={ (id) "-title" } { (title) }
            p.lead { (lead) }
            (body)
        }
    }
}

/// A chart with its caption and, where there are several colours, its key. `says` is read out instead.
pub(super) fn chart(
    id: &str,
    caption: &str,
    says: &str,
    key: &[(Ink, &str)],
    pictures: &[Picture],
) -> Markup {
    html! {
        figure.chart {
            figcaption { (caption) }
            @if !key.is_empty() {
                ul.key {
                    @for (ink, name) in key {
                        li { span.swatch.(ink.class()) {} (name) }
                    }
                }
            }
            @for (picture, form) in pictures.iter().zip(["wide", "narrow"]) {
                @let title = format!("{id}-{form}");
                svg.(form) role="img" aria-label=(says) viewBox={ "0 0 " (picture.width) " " (picture.height) }
                    width=(picture.width) height=(picture.height) {
                    title id=(title) { (caption) }
                    // Written by plotters, which escapes all text.
                    (PreEscaped(&picture.inside))
                }
            }
        }
    }
}

/// A column of a table: its title, and whether it holds numbers.
pub(super) type Column = (&'static str, bool);

/// Text.
pub(super) const fn text(title: &'static str) -> Column {
    (title, false)
}

/// Numbers.
pub(super) const fn digits(title: &'static str) -> Column {
    (title, true)
}

/// From so many columns on a table is wider than a phone.
const WIDE: usize = 5;

/// A table; the first cell of a row names it. `others`: how many rows are not shown.
pub(super) fn table(
    caption: &str,
    columns: &[Column],
    rows: &[Vec<Markup>],
    others: usize,
) -> Markup {
    html! {
        @if columns.len() >= WIDE {
            p.swipe { "Wide table: scroll it sideways." }
        }
        div.scroll role="region" aria-label=(caption) tabindex="0" {
            table {
                caption { (caption) }
                thead {
                    tr {
                        @for (title, numbers) in columns {
                            th scope="col" class=[numbers.then_some("num")] { (title) }
                        }
                    }
                }
                tbody {
                    @for row in rows {
                        tr {
                            @for (at, (cell, (_, numbers))) in row.iter().zip(columns).enumerate() {
                                @if at == 0 {
                                    th scope="row" { (cell) }
                                } @else {
                                    td class=[numbers.then_some("num")] { (cell) }
                                }
                            }
                        }
                    }
                }
            }
        }
        (more(others))
    }
}

/// That there is more than was shown.
pub(super) fn more(others: usize) -> Markup {
    html! {
        @if others > 0 {
            p.more { "and " (number(others as u64)) " others; the CSV and JSON of this report have all of them" }
        }
    }
}

/// A table that is there for those who cannot see the chart above it, or want its numbers.
pub(super) fn numbers_of(
    caption: &str,
    columns: &[Column],
    rows: &[Vec<Markup>],
    others: usize,
) -> Markup {
    html! {
        details {
            summary { "The numbers of this chart" }
            (table(caption, columns, rows, others))
        }
    }
}

/// A number in a cell.
pub(super) fn cell(value: u64) -> Markup {
    html! { (number(value)) }
}

/// A text in a cell.
pub(super) fn words(text: &str) -> Markup {
    html! { (text) }
}

/// A path with its cluster.
pub(super) fn path(cluster: &str, flow: &str) -> Markup {
    html! { code { (flow.replace(" -> ", " → ")) } " " span.faint { (cluster) } }
}

/// How many of a list are not shown.
pub(super) fn rest<T>(list: &[T], top: usize) -> usize {
    list.len().saturating_sub(top)
}

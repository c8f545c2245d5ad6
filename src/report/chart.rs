//! Charts as SVG, drawn with plotters. Each is drawn twice, for a desk and for a phone: text that is scaled
//! down with a picture cannot be read.
//!
//! Colours are written as fixed values and stand for roles ([`Ink`]): the page's style sheet gives each role
//! its colour for light, dark and paper. Nothing in a chart is markup but what plotters writes: it escapes
//! all text.

mod bars;
mod columns;
mod ticks;

use plotters::coord::Shift;
use plotters::prelude::{
    DrawingArea, IntoDrawingArea as _, IntoFont as _, PathElement, RGBColor, Rectangle, SVGBackend,
    Text,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, TextStyle};

pub(super) use self::bars::{Bar, Scale, bars};
pub(super) use self::columns::{Series, columns};

/// Widths of the two drawings, in pixels.
pub(super) const WIDE: u32 = 860;
/// See [`WIDE`].
pub(super) const NARROW: u32 = 350;

/// Size of all text; plotters writes 1/1.24 of it, which makes 13 pixels.
const FONT: u32 = 16;

/// What is drawn, as a role that the style sheet colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    /// Axis and text.
    Text,
    /// Less important text.
    Faint,
    /// Lines to read values by.
    Grid,
    /// What went well.
    Good,
    /// What took too long, or was not answered.
    Slow,
    /// A no by people.
    No,
    /// A no by rules.
    Rule,
    /// Everything else.
    Rest,
}

impl Ink {
    /// All of them, with the class that colours legends.
    pub(super) const ALL: [(Self, &'static str); 8] = [
        (Self::Text, "text"),
        (Self::Faint, "faint"),
        (Self::Grid, "grid"),
        (Self::Good, "good"),
        (Self::Slow, "slow"),
        (Self::No, "no"),
        (Self::Rule, "rule"),
        (Self::Rest, "rest"),
    ];

    /// The class that colours legends.
    pub(super) fn class(self) -> &'static str {
        let mut all = Self::ALL.iter();
        all.find(|(ink, _)| *ink == self)
            .map_or("", |(_, class)| class)
    }

    /// The colour that stands for it in the SVG.
    const fn colour(self) -> RGBColor {
        match self {
            Self::Text => RGBColor(0x1A, 0x24, 0x33),
            Self::Faint => RGBColor(0x52, 0x60, 0x70),
            Self::Grid => RGBColor(0xDF, 0xE4, 0xEA),
            Self::Good => RGBColor(0x2B, 0x6C, 0xB0),
            Self::Slow => RGBColor(0xC9, 0x6A, 0x04),
            Self::No => RGBColor(0xB8, 0x32, 0x32),
            Self::Rule => RGBColor(0x6B, 0x5B, 0x95),
            Self::Rest => RGBColor(0x7F, 0x8A, 0x99),
        }
    }

    /// The same as the SVG says it: the style sheet looks for it.
    pub(super) fn written(self) -> String {
        let RGBColor(red, green, blue) = self.colour();
        format!("#{red:02X}{green:02X}{blue:02X}")
    }
}

/// Why nothing was drawn: only a fault in the drawing itself; the table below the chart says the same.
type Drawn = Result<(), Box<dyn std::error::Error>>;

/// Something to draw on, in pixels from the top left corner.
struct Canvas<'s>(DrawingArea<SVGBackend<'s>, Shift>);

impl Canvas<'_> {
    fn rect(&self, ink: Ink, from: (i32, i32), to: (i32, i32)) -> Drawn {
        let style = ink.colour().filled();
        Ok(self
            .0
            .draw(&Rectangle::new([from, to], style))
            .map_err(Box::new)?)
    }

    fn line(&self, ink: Ink, from: (i32, i32), to: (i32, i32)) -> Drawn {
        let style = ink.colour().stroke_width(1);
        Ok(self
            .0
            .draw(&PathElement::new([from, to], style))
            .map_err(Box::new)?)
    }

    fn text(&self, ink: Ink, text: &str, at: (i32, i32), anchor: Pos) -> Drawn {
        let style: TextStyle<'_> = ("sans-serif", FONT).into_font().color(&ink.colour());
        let style = style.pos(anchor);
        Ok(self.0.draw(&Text::new(text, at, style)).map_err(Box::new)?)
    }
}

const RIGHT: Pos = Pos {
    h_pos: HPos::Right,
    v_pos: VPos::Center,
};
const LEFT: Pos = Pos {
    h_pos: HPos::Left,
    v_pos: VPos::Center,
};
const BELOW: Pos = Pos {
    h_pos: HPos::Center,
    v_pos: VPos::Top,
};
const BELOW_LEFT: Pos = Pos {
    h_pos: HPos::Left,
    v_pos: VPos::Top,
};
const BELOW_RIGHT: Pos = Pos {
    h_pos: HPos::Right,
    v_pos: VPos::Top,
};

/// The inside of an SVG of that size: what plotters drew, without its outer element.
fn drawn(width: u32, height: u32, draw: impl FnOnce(&Canvas<'_>) -> Drawn) -> Option<String> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (width, height)).into_drawing_area();
        let canvas = Canvas(area);
        draw(&canvas).ok()?;
        canvas.0.present().ok()?;
    }
    let (_, inside) = svg.split_once('>')?;
    let (inside, _) = inside.rsplit_once("</svg>")?;
    Some(inside.trim().to_owned())
}

/// A drawn chart.
#[derive(Debug, Clone)]
pub(super) struct Picture {
    pub(super) width: u32,
    pub(super) height: u32,
    /// Everything inside the `svg` element.
    pub(super) inside: String,
}

/// Draws a chart for a desk and for a phone.
fn twice(draw: impl Fn(u32) -> Option<Picture>) -> Vec<Picture> {
    [WIDE, NARROW].into_iter().filter_map(draw).collect()
}

/// How wide a text is drawn, in pixels, at most: no font is measured here. Tenths of a pixel, of the widest
/// usual fonts.
fn width_of(text: &str) -> i32 {
    let units = text.chars().map(|c| match c {
        'M' | 'W' | 'm' | 'w' | '@' | '%' => 125_u32,
        'A'..='Z' => 98,
        '0'..='9' => 84,
        c if c.is_ascii() => 74,
        // From here on, those of East Asia: they are as wide as high.
        '\u{2E80}'.. => 132,
        _ => 105,
    });
    i32::try_from(units.sum::<u32>() / 10).unwrap_or(i32::MAX)
}

/// The text cut to a width, in pixels.
fn cut(text: &str, width: i32) -> String {
    if width_of(text) <= width {
        return text.to_owned();
    }
    let mut cut = String::new();
    for c in text.chars() {
        cut.push(c);
        if width_of(&cut) + width_of("…") > width {
            cut.pop();
            break;
        }
    }
    cut + "…"
}

/// A length in pixels for a part of a whole.
fn part(value: u64, of: u64, pixels: i32) -> i32 {
    let pixels = u64::try_from(pixels).unwrap_or(0);
    let scaled = u128::from(value) * u128::from(pixels) / u128::from(of.max(1));
    i32::try_from(scaled).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests;

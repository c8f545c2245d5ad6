//! Bars from left to right, one for each name, with their values written beside them.

use super::ticks::{lengths, numbers};
use super::{
    BELOW, BELOW_RIGHT, Canvas, Drawn, Ink, LEFT, NARROW, Picture, RIGHT, cut, drawn, part, twice,
    width_of,
};
use crate::report::words::{number, short_length};

/// A row: name and bar beside each other, or, on a phone, above each other.
const ROW: i32 = 30;
const TALL_ROW: i32 = 46;
const THICK: i32 = 14;
/// Most width for names beside bars.
const NAMES: i32 = 300;
/// Between a name and its bar, and left of the longest name.
const GAP: i32 = 14;
const AXIS: i32 = 26;

/// One bar.
#[derive(Debug, Clone)]
pub(in crate::report) struct Bar {
    pub(in crate::report) name: String,
    /// Its parts from the left.
    pub(in crate::report) parts: Vec<(Ink, u64)>,
    /// A thin line goes on from the bar's end to here.
    pub(in crate::report) reaches: Option<u64>,
    /// What is written behind it.
    pub(in crate::report) says: String,
}

impl Bar {
    fn end(&self) -> u64 {
        let parts: u64 = self.parts.iter().map(|(_, value)| value).sum();
        parts.max(self.reaches.unwrap_or(0))
    }
}

/// What the values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Scale {
    /// Numbers of something.
    Count,
    /// Seconds.
    Time,
}

impl Scale {
    fn ticks(self, largest: u64, most: u64) -> Vec<u64> {
        match self {
            Self::Count => numbers(largest, most),
            Self::Time => lengths(largest, most),
        }
    }

    fn written(self, value: u64) -> String {
        match self {
            Self::Count => number(value),
            Self::Time => short_length(value),
        }
    }
}

/// Draws the bars, the first at the top.
pub(in crate::report) fn bars(bars: &[Bar], scale: Scale) -> Vec<Picture> {
    twice(|width| {
        let frame = Frame::of(bars, scale, width);
        let height = u32::try_from(frame.floor + AXIS).ok()?;
        let inside = drawn(width, height, |canvas| frame.draw(canvas, bars))?;
        Some(Picture {
            width,
            height,
            inside,
        })
    })
}

struct Frame {
    narrow: bool,
    scale: Scale,
    left: i32,
    /// Where the largest tick is; right of it there is room for what is written behind a bar.
    right: i32,
    width: i32,
    row: i32,
    floor: i32,
    ticks: Vec<u64>,
}

impl Frame {
    fn of(bars: &[Bar], scale: Scale, width: u32) -> Self {
        let narrow = width <= NARROW;
        let largest = bars.iter().map(Bar::end).max().unwrap_or(0);
        let ticks = scale.ticks(largest, if narrow { 3 } else { 5 });
        let said = bars.iter().map(|bar| width_of(&bar.says)).max();
        let named = bars.iter().map(|bar| width_of(&bar.name)).max();
        let names = (named.unwrap_or(0) + GAP).min(NAMES);
        let width = i32::try_from(width).unwrap_or(0);
        let row = if narrow { TALL_ROW } else { ROW };
        let rows = i32::try_from(bars.len()).unwrap_or(0);
        Self {
            narrow,
            scale,
            left: if narrow { 1 } else { names },
            right: width - said.unwrap_or(0) - 10,
            width,
            row,
            floor: row * rows + 4,
            ticks,
        }
    }

    fn x(&self, value: u64) -> i32 {
        let last = self.ticks.last().copied().unwrap_or(1);
        self.left + part(value, last, self.right - self.left)
    }

    fn draw(&self, canvas: &Canvas<'_>, bars: &[Bar]) -> Drawn {
        let last = self.ticks.len().saturating_sub(1);
        for (at, tick) in self.ticks.iter().enumerate() {
            let x = self.x(*tick);
            let ink = if *tick == 0 { Ink::Faint } else { Ink::Grid };
            canvas.line(ink, (x, 0), (x, self.floor))?;
            let text = self.scale.written(*tick);
            let label = (x, self.floor + 8);
            match at {
                0 if self.narrow => canvas.text(Ink::Faint, &text, label, super::BELOW_LEFT)?,
                _ if at == last && x + width_of(&text) / 2 > self.width => {
                    canvas.text(Ink::Faint, &text, label, BELOW_RIGHT)?;
                }
                _ => canvas.text(Ink::Faint, &text, label, BELOW)?,
            }
        }
        for (at, bar) in (0_i32..).zip(bars) {
            self.bar(canvas, at * self.row, bar)?;
        }
        Ok(())
    }

    fn bar(&self, canvas: &Canvas<'_>, top: i32, bar: &Bar) -> Drawn {
        let middle = if self.narrow {
            let name = cut(&bar.name, self.width - 8);
            canvas.text(Ink::Text, &name, (6, top + 14), LEFT)?;
            top + 32
        } else {
            let name = cut(&bar.name, self.left - GAP);
            canvas.text(Ink::Text, &name, (self.left - 10, top + ROW / 2), RIGHT)?;
            top + ROW / 2
        };
        let (mut value, mut end) = (0, self.left);
        for (ink, part) in bar.parts.iter().filter(|(_, part)| *part > 0) {
            let from = self.x(value) + i32::from(value > 0);
            value += part;
            // What happened once is seen too.
            end = self.x(value).max(from + 1);
            canvas.rect(*ink, (from, middle - THICK / 2), (end, middle + THICK / 2))?;
        }
        if let Some(reaches) = bar.reaches {
            let far = self.x(reaches).max(end);
            canvas.rect(Ink::Rest, (end, middle - 1), (far, middle + 1))?;
            canvas.rect(Ink::Rest, (far, middle - 5), (far + 2, middle + 5))?;
            end = far + 2;
        }
        canvas.text(Ink::Text, &bar.says, (end + 6, middle), LEFT)
    }
}

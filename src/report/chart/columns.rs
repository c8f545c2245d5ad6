//! Columns over steps of time, or over classes; stacked where there are several series.

use super::ticks::numbers;
use super::{
    BELOW, BELOW_LEFT, BELOW_RIGHT, Canvas, Drawn, Ink, Picture, RIGHT, drawn, part, twice,
    width_of,
};
use crate::report::words::number;

const HEIGHT: i32 = 240;
/// Space below the columns for their labels, and above them.
const BELOW_AXIS: i32 = 26;
const ABOVE: i32 = 10;
/// Between two labels, at least.
const APART: i32 = 14;

/// One layer of all columns.
#[derive(Debug, Clone)]
pub(in crate::report) struct Series {
    pub(in crate::report) ink: Ink,
    /// One value for each label.
    pub(in crate::report) values: Vec<u64>,
}

/// Draws the columns; the first series is at the bottom.
pub(in crate::report) fn columns(labels: &[String], series: &[Series]) -> Vec<Picture> {
    let height = u32::try_from(HEIGHT).unwrap_or(0);
    twice(|width| {
        let inside = drawn(width, height, |canvas| {
            Frame::of(labels, series, width).draw(canvas, labels, series)
        })?;
        Some(Picture {
            width,
            height,
            inside,
        })
    })
}

struct Frame {
    left: i32,
    right: i32,
    ticks: Vec<u64>,
    top_value: u64,
    columns: i32,
}

impl Frame {
    fn of(labels: &[String], series: &[Series], width: u32) -> Self {
        let total = |at| series.iter().filter_map(|s| s.values.get(at)).sum::<u64>();
        let largest = (0..labels.len()).map(total).max().unwrap_or(0);
        let ticks = numbers(largest, 4);
        let widest = ticks.iter().map(|tick| width_of(&number(*tick))).max();
        Self {
            left: widest.unwrap_or(0) + 10,
            right: i32::try_from(width).unwrap_or(0) - 2,
            top_value: ticks.last().copied().unwrap_or(1),
            ticks,
            columns: i32::try_from(labels.len()).unwrap_or(i32::MAX).max(1),
        }
    }

    /// The left edge of a column; the one after the last is the right end.
    fn x(&self, at: i32) -> i32 {
        let width = i64::from(self.right - self.left) * i64::from(at) / i64::from(self.columns);
        self.left + i32::try_from(width).unwrap_or(0)
    }

    fn y(&self, value: u64) -> i32 {
        let floor = HEIGHT - BELOW_AXIS;
        floor - part(value, self.top_value, floor - ABOVE)
    }

    fn draw(&self, canvas: &Canvas<'_>, labels: &[String], series: &[Series]) -> Drawn {
        for tick in &self.ticks {
            let y = self.y(*tick);
            canvas.line(Ink::Grid, (self.left, y), (self.right, y))?;
            canvas.text(Ink::Faint, &number(*tick), (self.left - 8, y), RIGHT)?;
        }
        let mut floors = vec![0_u64; labels.len()];
        for layer in series {
            for ((at, value), floor) in (0_i32..).zip(&layer.values).zip(&mut floors) {
                if *value > 0 {
                    self.column(canvas, layer.ink, at, (*floor, *floor + value))?;
                }
                *floor += value;
            }
        }
        let floor = self.y(0);
        canvas.line(Ink::Faint, (self.left, floor), (self.right, floor))?;
        self.labels(canvas, labels)
    }

    fn column(&self, canvas: &Canvas<'_>, ink: Ink, at: i32, (from, to): (u64, u64)) -> Drawn {
        let (left, right) = (self.x(at), self.x(at + 1));
        // A quarter of a column is air, but at least a pixel, so that neighbours can be told apart.
        let air = ((right - left) / 8).max(i32::from(right - left > 1));
        let right = (right - air).max(left + 1);
        let left = (left + air.saturating_sub(1)).min(right - 1);
        let bottom = self.y(from);
        // What happened once is seen too.
        let top = self.y(to).min(bottom - 1);
        // A line of the ground between two layers.
        let bottom = if from > 0 && bottom - top > 2 {
            bottom - 1
        } else {
            bottom
        };
        canvas.rect(ink, (left, top), (right, bottom))
    }

    /// As many labels as fit beside each other.
    fn labels(&self, canvas: &Canvas<'_>, labels: &[String]) -> Drawn {
        let widest = labels
            .iter()
            .map(|label| width_of(label))
            .max()
            .unwrap_or(0);
        let room = (self.right - self.left) / self.columns;
        let every = [1, 2, 4, 5, 7, 10, 13, 26, 52, 104].into_iter();
        let every = every
            .into_iter()
            .find(|every| room * every >= widest + APART);
        let every = every.unwrap_or(self.columns);
        let y = HEIGHT - BELOW_AXIS + 8;
        for (at, label) in (0_i32..).zip(labels) {
            if at % every != 0 {
                continue;
            }
            let middle = i32::midpoint(self.x(at), self.x(at + 1));
            let half = width_of(label) / 2;
            // At the ends a label stays inside the picture.
            if middle - half < 0 {
                canvas.text(Ink::Faint, label, (0, y), BELOW_LEFT)?;
            } else if middle + half > self.right {
                canvas.text(Ink::Faint, label, (self.right, y), BELOW_RIGHT)?;
            } else {
                canvas.text(Ink::Faint, label, (middle, y), BELOW)?;
            }
        }
        Ok(())
    }
}

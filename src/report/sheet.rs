//! The figures as CSV for a spreadsheet: one long table, so that one file holds all sections and a pivot
//! table or a filter brings each of them back.
//!
//! Columns: `section`, `item` (the rule, stage, person, path or date that a figure is about; empty for the
//! whole), `cluster` (of paths), `metric`, `value`, `unit` (`count`, `s`, `time`, `text`). A figure that is
//! not known has an empty value. Text cells that a spreadsheet would take for a formula begin with `'`, as
//! OWASP advises.

mod rows;

use super::figures::Figures;

/// The first line.
pub const COLUMNS: [&str; 6] = ["section", "item", "cluster", "metric", "value", "unit"];

/// Writes the figures as CSV.
///
/// # Errors
/// None that can occur while writing to memory; the writer's error all the same.
pub fn sheet(figures: &Figures) -> Result<String, csv::Error> {
    let mut sheet = Sheet {
        // A comma is not the separator everywhere: unquoted, a `;` within a cell would begin another one.
        out: csv::WriterBuilder::new()
            .quote_style(csv::QuoteStyle::Always)
            .from_writer(Vec::new()),
        done: Ok(()),
    };
    sheet.row(COLUMNS);
    rows::all(&mut sheet, figures);
    sheet.done?;
    let bytes = sheet.out.into_inner().map_err(|error| error.into_error())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The file on its way; the first fault ends it.
struct Sheet {
    out: csv::Writer<Vec<u8>>,
    done: Result<(), csv::Error>,
}

impl Sheet {
    fn row(&mut self, cells: [&str; 6]) {
        if self.done.is_ok() {
            let cells = cells.map(defused);
            self.done = self
                .out
                .write_record(cells.iter().map(|cell| cell.as_bytes()));
        }
    }
}

/// A text that no spreadsheet takes for a formula: what begins with `=`, `+`, `-`, `@`, a tabulator or a
/// line's end gets a `'` before it. Numbers here are never negative.
pub(crate) fn defused(text: &str) -> std::borrow::Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
        format!("'{text}").into()
    } else {
        text.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_defused_and_other_text_is_not_touched() {
        for (text, cell) in [
            ("=1+1", "'=1+1"),
            ("+cmd", "'+cmd"),
            ("-2", "'-2"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("\r=1", "'\r=1"),
            ("＝1", "'＝1"),
            ("shop/web -> orders/db:5432", "shop/web -> orders/db:5432"),
            ("", ""),
        ] {
            assert_eq!(defused(text), cell);
        }
    }
}

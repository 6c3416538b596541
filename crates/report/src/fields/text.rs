//! A field a line, and the columns of `dump --format csv` that are no fields.

use crate::dump::csv::COLUMNS;
use crate::figures::{grouped, plural};
use pgwal_query::fields::FieldRow;
use std::fmt::Write;

/// The table.
pub fn table(rows: &[FieldRow]) -> String {
    let count = rows.iter().filter(|row| row.field.is_some()).count() as u128;
    let mut out = format!(
        "{} {} of records; --fields names them data.NAME. Every record has these:\n\n",
        grouped(count),
        plural(count, "field")
    );
    for (name, kind, meaning) in COLUMNS {
        let _ = writeln!(out, "{name:<14} {kind:<9} {meaning}");
    }
    let types: Vec<String> = rows.iter().map(|row| format!("{}/{}", row.rmgr, row.record)).collect();
    let wide = |texts: &mut dyn Iterator<Item = usize>, least: usize| texts.max().unwrap_or(0).max(least);
    let first = wide(&mut types.iter().map(String::len), 4);
    let second = wide(&mut rows.iter().filter_map(|row| row.field).map(|(name, _)| name.len()), 5);
    let _ = writeln!(out, "\n{:<first$} {:<second$} {:<9} versions", "type", "field", "kind");
    for (name, row) in types.iter().zip(rows) {
        let (field, kind) = row.field.unwrap_or(("-", "-"));
        let _ = write!(out, "{name:<first$} {field:<second$} {kind:<9} {}", row.since);
        if row.since != row.until {
            let _ = write!(out, "-{}", row.until);
        }
        out.push('\n');
    }
    out
}

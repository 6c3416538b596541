//! A distance for people.

use super::LagAnswer;
use crate::figures::{bytes, grouped, plural};
use crate::outside::Lines;
use std::io;

/// Writes it, and what was assumed.
pub fn write(out: &mut Lines<'_>, lag: &LagAnswer<'_>, assumed: &[String]) -> io::Result<()> {
    let (a, b) = (lag.a.input, lag.b.input);
    let version = lag.version.as_deref().unwrap_or_default();
    let Some((distance, segments)) = lag.bytes.zip(lag.segments) else {
        writeln!(out, "PostgreSQL {version} refuses to compare {a} and {b}.")?;
        return writeln!(out, "  ERROR:  {}", lag.error.as_deref().unwrap_or_default());
    };
    let size = distance.unsigned_abs();
    let whole = segments.unsigned_abs();
    let figure = format!("{}, {} {}", bytes(size), grouped(whole), plural(whole, "segment"));
    match distance.signum() {
        0 => writeln!(out, "{b} and {a} are the same position.")?,
        1 => writeln!(out, "{b} is behind {a}: {figure}; B is behind A.")?,
        _ => writeln!(out, "{b} is ahead of {a}: {figure}; A is behind B.")?,
    }
    writeln!(out, "  bytes     {}{}", if distance < 0 { "-" } else { "" }, grouped(size))?;
    if let (Some(records), Some(commits)) = (lag.records, lag.commits) {
        let signed = |n: i128| format!("{}{}", if n < 0 { "-" } else { "" }, grouped(n.unsigned_abs()));
        writeln!(out, "  records   {}", signed(records))?;
        writeln!(out, "  commits   {}", signed(commits))?;
        match lag.seconds {
            Some(seconds) => writeln!(out, "  seconds   {seconds:.3}, between the last commits at or before each")?,
            None => writeln!(out, "  seconds   unknown: no commit at or before one of them")?,
        }
        if lag.complete == Some(false) {
            writeln!(
                out,
                "  note      not every record between the two is in the archive: walproof verify says what is wrong"
            )?;
        }
    }
    if !assumed.is_empty() {
        writeln!(out, "  assumed   {}", assumed.join(", "))?;
    }
    Ok(())
}

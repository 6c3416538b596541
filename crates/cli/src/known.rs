//! The files of `--known` and `--write-known`.

use crate::input::plain;
use crate::output::deliver;
use anyhow::Context;
use pgwal::verify::Outcome;
use pgwal_report::known::KnownFile;
use std::path::Path;

/// More than any list of accepted losses has.
const LIMIT: u64 = 64 << 20;

/// Reads one.
pub fn read(path: &Path) -> anyhow::Result<KnownFile> {
    let shown = path.display().to_string();
    let text = String::from_utf8(plain(path, LIMIT)?).with_context(|| shown.clone())?;
    Ok(KnownFile::parse(shown, &text)?)
}

/// Writes what an outcome has to accept, in place of what was there; a reader sees either of both, whole. Returns what
/// is to be said of it.
pub fn write(path: &Path, outcome: &Outcome, known: Option<&KnownFile>) -> anyhow::Result<String> {
    let old = if path.exists() { Some(read(path)?) } else { None };
    let (bytes, told) = KnownFile::of(outcome, old.as_ref(), known);
    deliver(&bytes, path)?;
    Ok(format!("{}: {told}", path.display()))
}

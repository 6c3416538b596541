//! The files of `--known` and `--write-known`.

use crate::output::deliver;
use anyhow::{Context, bail};
use pgwal::verify::Outcome;
use pgwal_report::known::KnownFile;
use std::fs;
use std::path::Path;

/// Reads one.
pub fn read(path: &Path) -> anyhow::Result<KnownFile> {
    let shown = path.display().to_string();
    if fs::metadata(path).is_ok_and(|m| !m.is_file()) {
        bail!("{shown} is no plain file");
    }
    let text = fs::read_to_string(path).with_context(|| shown.clone())?;
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

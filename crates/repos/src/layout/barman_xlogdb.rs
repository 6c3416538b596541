//! Barman's list of its WAL.
//!
//! ```text
//! wals/xlog.db, wals/SERVER-xlog.db (3.13 and later)      NAME <tab> size <tab> time <tab> compression …
//! ```
//! `get-wal` does not ask it; `recover` without `--get-wal` copies what it lists and nothing else.

use crate::defect::{DefectKind, RepoDefect};
use crate::store::{Items, Store, join};
use pgwal_format::FileName;
use pgwal_source::SourceError;
use pgwal_source::name::is_log_folder;
use std::collections::HashSet;

/// A longer list is not looked at.
const LONGEST: u64 = 256 << 20;

/// The list that lies among WAL, by its name there.
pub(crate) fn name(wals: &Items) -> Option<&str> {
    let files = || wals.files().map(|(name, _)| name);
    files().find(|name| name.ends_with("-xlog.db")).or_else(|| files().find(|name| *name == "xlog.db"))
}

/// What lies in `wals` and is not in its list.
pub(super) fn look(store: &dyn Store, wals: &str) -> Result<Option<RepoDefect>, SourceError> {
    let items = Items::of(store, wals)?;
    let Some(file) = name(&items).map(|name| join(wals, name)) else { return Ok(None) };
    let Some(bytes) = store.read(&file, LONGEST + 1)?.filter(|bytes| bytes.len() as u64 <= LONGEST) else {
        return Ok(None);
    };
    let lines = bytes.split(|byte| *byte == b'\n');
    let listed: HashSet<&[u8]> = lines.filter_map(|line| line.split(|byte| *byte == b'\t').next()).collect();
    let is_wanted = |name: &str| {
        let asked = matches!(FileName::parse(name), Some(FileName::Segment(_) | FileName::History(_)));
        asked && !listed.contains(name.as_bytes())
    };
    let mut lacking: Vec<String> =
        items.files().map(|(name, _)| name).filter(|name| is_wanted(name)).map(str::to_owned).collect();
    for log in items.folders().filter(|name| is_log_folder(name)) {
        let inside = Items::of(store, &join(wals, log))?;
        lacking.extend(inside.files().map(|(name, _)| name).filter(|name| is_wanted(name)).map(str::to_owned));
    }
    lacking.sort();
    let Some(first) = lacking.first() else { return Ok(None) };
    let what = format!(
        "does not list {} of the files that lie here, the first of them {first}: barman recover copies only what is \
         listed, but for --get-wal (barman rebuild-xlogdb writes the list anew)",
        lacking.len()
    );
    Ok(Some(RepoDefect { file, kind: DefectKind::Contradicts(what), fatal: false }))
}

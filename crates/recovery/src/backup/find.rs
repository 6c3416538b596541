//! A backup by its name in the archive.

use super::assemble::assemble;
use super::chain::BackupChain;
use super::flaw::FlawKind;
use super::parts::BackupParts;
use super::{Backup, BackupKind};
use pgwal_archive::Error;
use pgwal_format::text::backup_label::IncrementalFrom;
use pgwal_format::{FileName, Lsn, TimelineId};
use pgwal_source::Source;

/// More than any chain of backups has.
const LONGEST: usize = 1000;

/// The backup of this name: a backup history file's, with `.backup` or without, or a backup's label; `latest` is the
/// newest one. Of several with one label the newest. `None` where the archive knows none of that name.
///
/// # Errors
/// The archive cannot be looked at.
pub fn find(archive: &dyn Source, name: &str) -> Result<Option<Backup>, Error> {
    let mut best: Option<Backup> = None;
    for entry in &archive.list()?.entries {
        let Some(file @ FileName::BackupHistory(..)) = entry.name else { continue };
        let own = file.to_string();
        let (bytes, _) = archive.small(entry, 64 << 10)?;
        let backup = assemble(Backup::of(entry.shown(), BackupKind::History), BackupParts::one("history", bytes));
        // By the segment in which it began, too.
        let of_segment = matches!(file, FileName::BackupHistory(segment, _) if segment.to_string() == name);
        if own == name || own.strip_suffix(".backup") == Some(name) || entry.shown() == name || of_segment {
            return Ok(Some(chained(archive, backup)?));
        }
        let Some(history) = &backup.history else { continue };
        if name != "latest" && history.label.as_deref() != Some(name) {
            continue;
        }
        if best.as_ref().is_none_or(|best| best.age() <= backup.age()) {
            best = Some(backup);
        }
    }
    best.map(|best| chained(archive, best)).transpose()
}

/// With the names of those on which an incremental one builds.
fn chained(archive: &dyn Source, backup: Backup) -> Result<Backup, Error> {
    match backup.incremental_from() {
        Some(_) => Ok(backup.on_chain(&all(archive)?)),
        None => Ok(backup),
    }
}

/// The files of the backups that have this label, the newest first, where no file has it for its name.
///
/// # Errors
/// The archive cannot be looked at.
pub fn labelled(archive: &dyn Source, label: &str) -> Result<Vec<String>, Error> {
    let mut files = Vec::new();
    for entry in &archive.list()?.entries {
        let Some(file @ FileName::BackupHistory(..)) = entry.name else { continue };
        let own = file.to_string();
        if label == "latest" || own == label || own.strip_suffix(".backup") == Some(label) || entry.shown() == label {
            return Ok(Vec::new());
        }
        let (bytes, _) = archive.small(entry, 64 << 10)?;
        let backup = assemble(Backup::of(entry.shown(), BackupKind::History), BackupParts::one("history", bytes));
        if backup.history.is_some_and(|history| history.label.as_deref() == Some(label)) {
            files.push(entry.shown());
        }
    }
    files.sort_unstable_by(|a, b| b.cmp(a));
    Ok(files)
}

/// All backups that the archive knows of, the newest first.
///
/// # Errors
/// The archive cannot be looked at.
pub fn newest_first(archive: &dyn Source) -> Result<Vec<Backup>, Error> {
    let mut all = all(archive)?;
    all.sort_by(|a, b| (b.age(), &b.name).cmp(&(a.age(), &a.name)));
    Ok(all)
}

/// All backups that the archive knows of, as their history files tell of them.
///
/// # Errors
/// The archive cannot be looked at.
fn all(archive: &dyn Source) -> Result<Vec<Backup>, Error> {
    let mut out = Vec::new();
    for entry in archive.list()?.entries.iter().filter(|e| matches!(e.name, Some(FileName::BackupHistory(..)))) {
        let (bytes, _) = archive.small(entry, 64 << 10)?;
        out.push(assemble(Backup::of(entry.shown(), BackupKind::History), BackupParts::one("history", bytes)));
    }
    Ok(out)
}

/// The backups that the archive knows, the newest first: names with labels, as [`find`] takes them.
///
/// # Errors
/// The archive cannot be looked at.
pub fn known(archive: &dyn Source) -> Result<Vec<String>, Error> {
    let listing = archive.list()?;
    let mut entries: Vec<_> =
        listing.entries.iter().filter(|entry| matches!(entry.name, Some(FileName::BackupHistory(..)))).collect();
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.shown()));
    let mut names = Vec::new();
    for entry in entries {
        let (bytes, _) = archive.small(entry, 64 << 10)?;
        let backup = assemble(Backup::of(entry.shown(), BackupKind::History), BackupParts::one("history", bytes));
        let label = backup.history.and_then(|history| history.label);
        names.push(label.map_or_else(|| entry.shown(), |label| format!("{} (label {label})", entry.shown())));
    }
    Ok(names)
}

impl Backup {
    /// Orders backups as they were taken: a timeline begins after those before it, and where it begins at an earlier
    /// point than they came to, positions do not tell.
    fn age(&self) -> (Option<TimelineId>, Option<Lsn>) {
        (self.timeline(), self.start())
    }

    /// With the names of those on which it builds, of those that are known.
    pub(crate) fn on_chain(mut self, all: &[Backup]) -> Backup {
        for flaw in &mut self.flaws {
            if let FlawKind::Incremental(chain) = &mut flaw.kind {
                *chain = chain_among(chain.from, all);
            }
        }
        self
    }
}

/// Down to the full one, among these.
fn chain_among(from: IncrementalFrom, all: &[Backup]) -> BackupChain {
    let mut chain = BackupChain::of(from);
    while let Some(next) = chain.unknown.filter(|_| chain.files.len() < LONGEST) {
        let is_next = |b: &&Backup| {
            b.start() == Some(next.start) && next.timeline.is_none_or(|timeline| b.timeline() == Some(timeline))
        };
        let Some(found) = all.iter().find(is_next) else { break };
        chain.files.push(found.name.clone());
        chain.unknown = found.incremental_from();
        // One that builds on itself, or on a later one, is none that a server wrote.
        if chain.unknown.is_some_and(|further| further.start >= next.start) {
            break;
        }
    }
    chain
}

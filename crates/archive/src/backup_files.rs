//! Backup history files: the base backups that an archive tells of.

use crate::fresh::settled;
use crate::names::Inventory;
use pgwal_format::text::backup_history::{self, BackupHistory};
use pgwal_format::text::backup_label::IncrementalFrom;
use pgwal_format::{Layout, Lsn, SegmentName, TimelineId};
use pgwal_source::{Entry, ReadState, Source};
use std::time::Duration;

/// A base backup, as its backup history file tells of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BackupFile {
    /// The file.
    pub file: String,
    /// The timeline on which it began.
    pub timeline: TimelineId,
    /// Where its WAL begins.
    pub start: Lsn,
    /// Where it is consistent.
    pub stop: Lsn,
    /// The checkpoint from which it was taken.
    pub checkpoint: Option<Lsn>,
    /// Its label.
    pub label: Option<String>,
    /// When it began, as written: local time of the server and the zone's name.
    pub start_time: Option<String>,
    /// The backup on which this incremental one builds: by itself it restores to nothing.
    pub incremental_from: Option<IncrementalFrom>,
}

/// A backup history file that cannot be used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BackupFileFlaw {
    /// The file.
    pub file: String,
    /// The timeline in its name.
    pub timeline: TimelineId,
    /// Refused by the operating system, or else what is wrong with its content.
    pub refused: bool,
    /// What.
    pub what: String,
}

/// More than any backup history file has.
const LIMIT: u64 = 1 << 20;

/// Reads the backup history files, and what is wrong with them.
pub(crate) fn backup_files(
    source: &dyn Source,
    entries: &[Entry],
    inventory: &Inventory,
    layout: &Layout,
    settle: Duration,
) -> (Vec<BackupFile>, Vec<BackupFileFlaw>) {
    let (mut out, mut flaws): (Vec<BackupFile>, Vec<BackupFileFlaw>) = (Vec::new(), Vec::new());
    for &(name, index) in &inventory.backups {
        let Some(entry) = entries.get(index) else { continue };
        let (file, timeline) = (entry.shown(), name.timeline);
        let flaw = |refused, what| BackupFileFlaw { file: file.clone(), timeline, refused, what };
        let read = || match source.small(entry, LIMIT) {
            Ok((_, read)) if read.state == ReadState::Vanished => None,
            Ok((bytes, _)) => {
                let read = backup_history::parse(&bytes).map_err(|fault| fault.to_string());
                Some(read.and_then(|backup| fits(backup, name, layout)).map_err(|what| flaw(false, what)))
            }
            Err(error) => Some(Err(flaw(true, error.to_string()))),
        };
        match settled(source, entry, settle, Result::is_err, read) {
            Some(Ok(BackupHistory { start, stop, checkpoint, label, start_time, incremental_from, .. })) => {
                let file = file.clone();
                out.push(BackupFile { file, timeline, start, stop, checkpoint, label, start_time, incremental_from });
            }
            Some(Err(flaw)) => flaws.push(flaw),
            None => {}
        }
    }
    out.sort_by_key(|b| (b.start, b.file.clone()));
    (out, flaws)
}

/// The start in a backup history file must be the one in its name, and must lie there where segments have this size.
fn fits(backup: BackupHistory, name: SegmentName, layout: &Layout) -> Result<BackupHistory, String> {
    if backup.start_file != name {
        return Err(format!("it names {} as its first segment, against its own name", backup.start_file));
    }
    let number = layout.address().segment(backup.start, layout.segment);
    if name.number(layout.address(), layout.segment).is_some_and(|own| own != number) {
        let (start, bytes) = (backup.start, layout.segment.bytes());
        return Err(format!(
            "it says that {start} lies in {name}, where segments of {bytes} bytes do not have it: the backup is of a time when segments had another size, and this WAL does not restore it"
        ));
    }
    Ok(backup)
}

//! What is to be said of a start without `backup_label` ([`Unlabelled`]): from files before, and once it is known where
//! replay gets to.

use crate::at_hand::FilesAtHand;
use crate::backup::{Backup, BackupKind};
use crate::outcome::Restore;
use crate::start::Start;
use crate::start::unlabelled::{BackupUnderWay, BackupWitness, Unlabelled};
use pgwal_format::SegmentName;
use pgwal_format::text::backup_history::{self, BackupHistory};
use pgwal_format::text::control::ControlState;

/// Backup history files that are read: those that start last in front of the checkpoint.
const READ: usize = 16;

/// Backups that were being taken at a checkpoint, as files tell, the surest first.
pub(crate) fn under_way(
    shelf: &FilesAtHand<'_>,
    backup: &Backup,
    start: &Start,
    same_cluster: bool,
) -> Vec<BackupUnderWay> {
    if start.label || !is_whole(backup.kind) {
        return Vec::new();
    }
    let (redo, timeline) = (start.redo, start.timeline);
    let manifest = backup.manifest.iter().flat_map(|manifest| &manifest.wal_ranges);
    let covers = manifest.filter(|range| range.timeline == timeline && range.start <= redo && redo < range.end);
    let told_by = || BackupWitness::Manifest;
    let mut out: Vec<BackupUnderWay> =
        covers.map(|range| BackupUnderWay { start: range.start, stop: range.end, told_by: told_by() }).collect();
    for place in shelf.places.iter().filter(|place| same_cluster || !place.archive) {
        let number = shelf.layout.address().segment(redo, shelf.layout.segment);
        let in_front = |(name, _): &&(SegmentName, usize)| {
            let own = name.number(shelf.layout.address(), shelf.layout.segment);
            name.timeline == timeline && own.is_some_and(|own| own <= number)
        };
        let mut files: Vec<_> = place.inventory.backups.iter().filter(in_front).collect();
        files.sort_unstable_by_key(|(name, _)| std::cmp::Reverse((name.log, name.seg)));
        for entry in files.iter().take(READ).filter_map(|(_, entry)| place.entries.get(*entry)) {
            let history = place.source.small(entry, 64 << 10).ok();
            let history = history.and_then(|(bytes, _)| backup_history::parse(&bytes).ok());
            let during = |h: &BackupHistory| h.start <= redo && redo < h.stop && h.start_file.timeline == timeline;
            out.extend(history.filter(during).map(|h| BackupUnderWay {
                start: h.start,
                stop: h.stop,
                told_by: BackupWitness::History(entry.shown()),
            }));
        }
    }
    out
}

/// What is to be said of a start, once it is known where replay gets to. `known`: backups of which files tell.
pub(crate) fn judge(backup: &Backup, start: &Start, known: &[BackupUnderWay], restore: &Restore) -> Option<Unlabelled> {
    let control = start.control.as_ref().filter(|_| !start.label && is_whole(backup.kind))?;
    let state = control.state;
    if state == ControlState::ShutDown {
        return None;
    }
    let record = restore.other_backup.filter(|(from, _)| *from <= start.redo).map(|(from, stop)| BackupUnderWay {
        start: from,
        stop,
        told_by: BackupWitness::Record,
    });
    // A standby goes on where its own recovery was; only the list of a backup's own files tells that it is a copy that
    // was never started.
    let recovers = matches!(state, ControlState::InArchiveRecovery | ControlState::ShutDownInRecovery);
    let counts = |b: &&BackupUnderWay| {
        let untouched = !recovers || b.told_by == BackupWitness::Manifest && !backup.label_was_used;
        // A recovery of before came behind its end: a standby's backup says so, too, by the server that it is of.
        let passed = control.min_recovery_point.is_some_and(|point| point >= b.stop);
        // From the start of the backup on everything is replayed, provided that its end is reached.
        let whole = b.start == start.redo && (passed || restore.replay_end.is_some_and(|end| end >= b.stop));
        untouched && !whole && (recovers || !passed)
    };
    let during = known.iter().chain(&record).find(counts).cloned();
    let own = during.as_ref().is_none_or(|b| b.told_by != BackupWitness::Manifest);
    let lived_in = backup.lived_in && own;
    (during.is_some() || !recovers).then_some(Unlabelled { during, lived_in })
}

fn is_whole(kind: BackupKind) -> bool {
    matches!(kind, BackupKind::DataDirectory | BackupKind::Tar)
}

//! What is found of how a recovery begins, and of what it reads again.

use crate::codes::{Code, Severity};
use crate::failed::code_of;
use crate::finding::{Detail, Finding};
use pgwal_archive::Error;
use pgwal_recovery::failure::{Failure, Lacking};
use pgwal_recovery::outcome::{AsksArchive, Ending, Restore};
use pgwal_recovery::settings::Settings;
use pgwal_recovery::{SettingsError, Site};

/// A start without `backup_label`: an error where it is known to be wrong, a warning where that is likely or where the
/// server's own WAL comes first.
pub(crate) fn unlabelled(restore: &Restore) -> Option<Finding> {
    let unlabelled = restore.unlabelled.as_ref()?;
    let own_wal = restore.own_wal.map(|own| own.to);
    let (code, severity) = match &unlabelled.during {
        Some(_) if unlabelled.lived_in => (Code::LabelMissing, Severity::Warning),
        Some(_) => (Code::LabelMissing, Severity::Error),
        None => match restore.asks_archive {
            AsksArchive::BehindOwnWal => (Code::OwnWalFirst, Severity::Warning),
            AsksArchive::Never => (Code::OwnWalFirst, Severity::Info),
            AsksArchive::AtOnce => return None,
        },
    };
    let (redo, asks_archive) = (restore.redo_start, restore.asks_archive);
    let detail = Detail::Unlabelled { unlabelled: unlabelled.clone(), redo, own_wal, asks_archive };
    let (lsn, file) = (Some(restore.redo_start), Some("backup_label".to_owned()));
    Some(Finding { severity, timeline: Some(restore.timeline), lsn, file, detail, ..Finding::of(code) })
}

/// A server takes the end of what it can read in its own `pg_wal` for the end of WAL, and its data for consistent.
pub(crate) fn own_wal_short(restore: &Restore) -> Option<Finding> {
    let detail = Detail::OwnWalShort { next: restore.own_wal_behind? };
    let lsn = restore.own_wal.map_or(restore.replay_end, |own| Some(own.to));
    Some(Finding { timeline: Some(restore.timeline), lsn, at: lsn, detail, ..Finding::of(Code::RestoreShort) })
}

/// What was loaded or made meanwhile without WAL is missing, and a server up to 13 without hot standby only warns.
pub(crate) fn minimal_replayed(restore: &Restore) -> Option<Finding> {
    let lsn = Some(restore.minimal?);
    let (timeline, detail) = (Some(restore.timeline), Detail::MinimalReplayed);
    Some(Finding { timeline, lsn, at: lsn, detail, ..Finding::of(Code::RestoreDies) })
}

/// Data files were written up to a place in front of which replay ends, and a server without a signal does not look.
pub(crate) fn short_of_minimum(restore: &Restore) -> Option<Finding> {
    let detail = Detail::ShortOfMinimum(restore.short_of_minimum?);
    let (timeline, lsn, file) = (Some(restore.timeline), restore.replay_end, Some("global/pg_control".to_owned()));
    Some(Finding { timeline, lsn, at: lsn, file, detail, ..Finding::of(Code::RestoreInconsistent) })
}

/// The directory is of another history than the WAL that is replayed on it, and no server notices.
pub(crate) fn other_checkpoint(restore: &Restore) -> Option<Finding> {
    let other = restore.other_checkpoint?;
    let (timeline, file) = (Some(other.own.0), Some("global/pg_control".to_owned()));
    let detail = Detail::OtherCheckpoint(other);
    Some(Finding { timeline, lsn: Some(other.at), file, detail, ..Finding::of(Code::BackupContradicts) })
}

/// A server replays from a position on, and the data files lack what was written in front of it.
pub(crate) fn stale_pages(site: &Site<'_>, restore: &Restore) -> Result<Option<Finding>, Error> {
    // Where no checkpoint is read, WAL of this place may be that of another history.
    let is_other = matches!(
        restore.failure,
        Some(
            Failure::NoCheckpoint { .. }
                | Failure::NoRedo { .. }
                | Failure::Waits { lacks: Lacking::Checkpoint | Lacking::Redo, .. }
        )
    );
    if is_other {
        return Ok(None);
    }
    let found = site.stale_pages(restore)?.map(|stale| {
        let severity = if stale.healed { Severity::Warning } else { Severity::Error };
        let (timeline, lsn, file) = (Some(restore.timeline), Some(stale.lsn), Some(stale.file.clone()));
        let (at, more) = (Some(restore.redo_start), stale.count.saturating_sub(1));
        let detail = Detail::StalePages(stale, site.backup().label.is_some());
        Finding { severity, timeline, lsn, at, file, more, detail, ..Finding::of(Code::StaleData) }
    });
    Ok(found)
}

/// The server pauses, and dies once it is told to go on: of a prepared transaction, or of the last record, which it
/// reads once more.
pub(crate) fn dies_at_promotion(restore: &Restore) -> Option<Finding> {
    let failure = restore.dies_at_promotion.clone()?;
    let code = code_of(&failure);
    let detail = Detail::Restore { failure, missing: None, beside: None, hidden: None, missed: None, instead: None };
    let (severity, lsn) = (Severity::Warning, restore.replay_end);
    Some(Finding { severity, timeline: Some(restore.timeline), lsn, detail, ..Finding::of(code) })
}

/// What a standby waits for may come from its primary.
pub(crate) fn waits_for_primary(restore: &Restore, settings: Result<&Settings, &SettingsError>) -> bool {
    restore.ending == Ending::Waits && !restore.is_good() && settings.is_ok_and(|settings| settings.streams)
}

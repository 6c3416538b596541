//! From where recovery starts: what the backup says.

pub(crate) mod in_place;
pub(crate) mod off_way;
pub(crate) mod twin;
pub mod unlabelled;

use crate::backup::{Backup, SlotThere};
use pgwal_format::recovery::RecoveryRules;
use pgwal_format::text::backup_label::BackupFrom;
use pgwal_format::text::control::{ControlFile, ControlState};
use pgwal_format::{Lsn, TimelineId};
use std::collections::BTreeSet;

/// The start.
#[derive(Clone, Debug)]
pub struct Start {
    /// The checkpoint record; where nothing says it, where replay begins.
    pub checkpoint: Lsn,
    /// Where the checkpoint record is, is not said: only WAL tells.
    pub seeks_checkpoint: bool,
    /// Where replay begins, as far as the backup says.
    pub redo: Lsn,
    /// The timeline of the start.
    pub timeline: TimelineId,
    /// Where the backup lies: its data directory.
    pub data: String,
    /// A backup label, or a backup history file in its place, names it.
    pub label: bool,
    /// The end of the backup is in WAL only.
    pub streamed: bool,
    /// The label says nothing of how the backup was taken: it is cut, or written down by hand.
    pub is_cut: bool,
    /// The backup was taken from a standby.
    pub from_standby: bool,
    /// Where the backup ended, where a backup history file says so.
    pub stop: Option<Lsn>,
    /// The control file.
    pub control: Option<ControlFile>,
    /// Tablespaces that are folders in `pg_tblspc`.
    pub in_place: BTreeSet<u32>,
    /// Tablespaces whose place is not on the machine on which a server will be started.
    pub nowhere: BTreeSet<u32>,
    /// Tablespaces that have no link.
    pub unlinked: BTreeSet<u32>,
    /// Databases that have no folder.
    pub no_folder: BTreeSet<u32>,
    /// The signal is a folder of this name.
    pub signal_folder: Option<&'static str>,
    /// Replication slots.
    pub slots: Vec<SlotThere>,
    /// Replication origins of which it keeps how far they came.
    pub origins: Vec<u16>,
    /// Transactions that are prepared in it.
    pub two_phase: Vec<u32>,
}

impl Start {
    /// Of a backup; `None` where it does not say where replay starts.
    pub fn of(backup: &Backup) -> Option<Start> {
        let control = backup.control;
        let history = backup.history.as_ref();
        let (checkpoint, redo, timeline, label) = match (&backup.label, history, &control) {
            (Some(label), _, _) => (label.checkpoint, label.start, label.start_file.timeline, true),
            (None, Some(history), _) => {
                (history.checkpoint.unwrap_or(history.start), history.start, history.start_file.timeline, true)
            }
            (None, None, Some(control)) => (control.checkpoint, control.redo, control.timeline, false),
            (None, None, None) => return None,
        };
        let method = backup.label.as_ref().and_then(|l| l.method.as_deref());
        let from_standby = backup.label.as_ref().is_some_and(|l| l.from == Some(BackupFrom::Standby));
        let silent = history.is_some_and(|history| history.checkpoint.is_none());
        Some(Start {
            checkpoint,
            seeks_checkpoint: backup.label.is_none() && silent,
            redo,
            timeline,
            data: backup.name.clone(),
            label,
            // A history file without a label says nothing of the method: a record ends all of them.
            streamed: method.is_none_or(|m| m == "streamed") && !from_standby || method == Some("streamed"),
            is_cut: backup.label.is_some() && method.is_none(),
            from_standby,
            stop: history.map(|h| h.stop),
            control,
            in_place: backup.in_place.clone(),
            nowhere: backup.nowhere.clone(),
            unlinked: backup.unlinked.clone(),
            no_folder: backup.no_folder.clone(),
            signal_folder: backup.signal_folder,
            slots: backup.slots.clone(),
            origins: backup.origins.clone(),
            two_phase: backup.two_phase.clone(),
        })
    }

    /// The timeline from which the latest is looked for: that of the control file, or the label's.
    pub fn own_timeline(&self) -> TimelineId {
        self.control.as_ref().map_or(self.timeline, |c| c.timeline.max(c.min_recovery_timeline.unwrap_or(c.timeline)))
    }

    /// Recovery that was asked to be one from an archive is that from its first record on: what it needs to be
    /// consistent is known (`InitWalRecovery`).
    pub fn in_archive_recovery(&self, rules: &RecoveryRules) -> bool {
        let said = |c: &ControlFile| {
            c.min_recovery_point.is_some()
                || c.backup_end_required == Some(true)
                || c.backup_end.is_some()
                || c.state == ControlState::ShutDown
        };
        self.label || !rules.own_wal_first || self.control.as_ref().is_none_or(said)
    }

    /// Nothing is to be recovered: a server that was shut down, and is asked for no recovery, goes on behind its last
    /// checkpoint, whatever lies there.
    pub fn is_clean(&self) -> bool {
        !self.label && self.control.as_ref().is_some_and(|c| c.state == ControlState::ShutDown)
    }
}

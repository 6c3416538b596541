//! What records say to a server that replays from a backup of which nothing but its history file is known.
//!
//! The records that decide are noted while an archive is read ([`ReplayNote`]); here they are taken in order, as
//! [`Replay`] takes the events of a whole prediction. Settings are as high as needed; the backup's own files are not at
//! hand, so that nothing is said of blocks.

use crate::events::{EventKind, RecoveryEvent};
use crate::failure::Failure;
use crate::replay::{Goal, Replay, ReplayStop, Side};
use crate::sum::{EventSum, RecordSpan};
use pgwal_archive::lineage::Descent;
use pgwal_archive::{NoteKind, ReplayNote};
use pgwal_format::recovery::BackupEnd;
use pgwal_format::recovery::settings::SettingRules;
use pgwal_format::text::control::ServerParameters;
use pgwal_format::{Dialect, Lsn, TimelineId};

/// From where replay comes.
#[derive(Clone, Copy, Debug)]
pub struct KnownStart {
    /// The timeline of the start.
    pub timeline: TimelineId,
    /// The start.
    pub start: Lsn,
    /// Where the backup ended.
    pub stop: Lsn,
}

/// The first record behind a start that a server does not survive, and how it dies. `notes` are those of the way along
/// `line`, in order.
pub fn stopped_by<'n>(
    dialect: &'static Dialect,
    line: &Descent,
    from: KnownStart,
    notes: impl Iterator<Item = &'n ReplayNote>,
) -> Option<(Lsn, Failure)> {
    let hot_standby = SettingRules::of(dialect.version).hot_standby.unwrap_or(false);
    let goal = Goal {
        immediate: false,
        side: Side::After,
        hot_standby,
        from_archive: true,
        loads_nothing: false,
        parameters: Vec::new(),
    };
    let mut replay = Replay::new(dialect, line, &goal, from.timeline, from.start);
    match dialect.recovery.backup_end {
        BackupEnd::Record => {
            replay.backup_start = Some(from.start);
            replay.minimum = Some((from.start, from.timeline));
        }
        BackupEnd::HistoryFile => replay.minimum = Some((from.stop, from.timeline)),
    }
    // The checkpoint from which replay starts is not replayed itself.
    let is_start = |note: &&ReplayNote| note.lsn == from.start && matches!(note.what, NoteKind::Shutdown { .. });
    for note in notes.filter(|note| note.lsn >= from.start && !is_start(note)) {
        if note.lsn >= from.stop {
            // The backup's own file says that it ended.
            (replay.backup_start, replay.backup_end) = (None, None);
        }
        let event = event(note);
        if let Some(ReplayStop::Dies(failure) | ReplayStop::Stuck(failure)) = replay.replay(&event, None) {
            return Some((note.lsn, failure));
        }
        replay.replayed = note.end;
        let _ = replay.check_consistency();
    }
    None
}

fn event(note: &ReplayNote) -> RecoveryEvent {
    let what = match note.what {
        NoteKind::Shutdown { timeline, previous } => {
            EventKind::Checkpoint { shutdown: true, redo: note.lsn, timeline, previous, time: None, next_xid: None }
        }
        NoteKind::EndOfRecovery { timeline, previous } => EventKind::EndOfRecovery { timeline, previous },
        NoteKind::TimeBack { .. } => EventKind::Mark,
        NoteKind::BackupEnd { start } => EventKind::BackupEnd(start),
        NoteKind::WalLevel { level } => {
            let mut parameters = ServerParameters::default();
            parameters.wal_level = Some(level);
            EventKind::Parameters(parameters)
        }
    };
    RecoveryEvent {
        span: RecordSpan { lsn: note.lsn, end: note.end },
        what,
        hit: false,
        of_transaction: false,
        before: EventSum::default(),
        next: None,
    }
}

//! Why a server dies in recovery, and its words for it.

use crate::SettingsError;
use crate::slots::SlotRefusal;
use pgwal_format::recovery::settings::SettingRules;
use pgwal_format::recovery::{Minimal, NotAChild};
use pgwal_format::{Dialect, Lsn, TimelineId};

/// What a standby waits for before it accepts connections.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lacking {
    /// The checkpoint from which to start.
    Checkpoint,
    /// The record at which replay starts.
    Redo,
    /// WAL up to where the data are consistent.
    Consistency,
    /// The target; connections are accepted.
    Target,
}

/// Why a server dies.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Failure {
    /// The settings themselves.
    Settings(SettingsError),
    /// The files of the backup itself: what the server says of them.
    Backup(String),
    /// The timeline asked for has no history file.
    NoTimeline(TimelineId),
    /// The history file of the target makes no sense: what the server says of it.
    History(String),
    /// The target does not descend from the timeline of the backup.
    NotAChild {
        /// The target.
        target: TimelineId,
        /// The backup's timeline.
        own: TimelineId,
        /// The checkpoint of the backup.
        checkpoint: Lsn,
        /// Where the target's history leaves the backup's timeline.
        left: Option<Lsn>,
    },
    /// The target's history does not pass the minimum recovery point.
    WithoutMinimum {
        /// The target.
        target: TimelineId,
        /// The point.
        point: Lsn,
        /// Its timeline.
        timeline: TimelineId,
    },
    /// The checkpoint record from which to start cannot be read.
    NoCheckpoint {
        /// Where it should be.
        lsn: Lsn,
        /// The backup label names it; otherwise `pg_control`.
        label: bool,
    },
    /// The record at which replay starts cannot be read.
    NoRedo {
        /// Where it should be.
        redo: Lsn,
        /// The checkpoint that names it.
        checkpoint: Lsn,
        /// A backup label names the checkpoint.
        label: bool,
    },
    /// A replication slot in the data directory is one that it does not start with.
    Slot(SlotRefusal),
    /// The backup label speaks of a standby, `pg_control` of none.
    StandbyLabel,
    /// A file of wrong size came from the archive.
    Size {
        /// Its name.
        file: String,
        /// Its bytes.
        found: u64,
        /// Those of a segment.
        expected: u64,
    },
    /// A file of wrong size was asked for ahead of replay, before the target.
    SizeAhead {
        /// Its name.
        file: String,
        /// Its bytes.
        found: u64,
        /// Those of a segment.
        expected: u64,
        /// It is asked for whatever is in memory.
        certain: bool,
    },
    /// A page of a timeline that is not in the history was read ahead of replay, before the target: recovery ends.
    TimelineAhead {
        /// The timeline.
        found: TimelineId,
        /// The file.
        file: String,
        /// The first record that needs the page.
        at: Lsn,
        /// It is read whatever is in memory.
        certain: bool,
    },
    /// `walproof archive-get` as `restore_command` does not deliver a file that is missing in the middle or damaged,
    /// and stops the server.
    NotDelivered {
        /// Its name.
        file: String,
        /// It is asked for whatever is in memory: in front of the end, or at it.
        certain: bool,
    },
    /// `restore_command` ends with a code above 125 for want of a file, and the server with it.
    CommandEnds {
        /// Its name.
        file: String,
        /// The code.
        exit: u8,
        /// It is asked for whatever is in memory: in front of the end, or at it.
        certain: bool,
    },
    /// `recovery_end_command` ends with a code above 125, and the server with it, once it has recovered.
    EndCommand {
        /// The command.
        command: String,
        /// The code.
        exit: u8,
    },
    /// WAL was written with `wal_level = minimal`.
    Minimal,
    /// Hot standby is on, and WAL was written with a `wal_level` that does not allow it.
    NotReplica,
    /// A setting is lower than on the primary.
    Insufficient {
        /// In `postgresql.conf`.
        setting: &'static str,
        /// Here.
        here: i32,
        /// There.
        there: i32,
    },
    /// A record is of an extension's resource manager, and none is loaded.
    NoManager(u8),
    /// More replication origins come than the progress is kept of.
    OriginsFull {
        /// The one too many.
        origin: u16,
        /// The setting that limits them ([`SettingRules::origins_by`]).
        most: i32,
        /// It lies in the directory already: a PANIC.
        at_start: bool,
    },
    /// More transactions are prepared at one time than may be.
    PreparedFull {
        /// The one too many.
        xid: u32,
        /// `max_prepared_transactions`
        most: i32,
        /// What it should be at least.
        needed: i32,
    },
    /// A tablespace lies in the data directory itself, and that is not allowed.
    InPlaceTablespace(u32),
    /// A directory in which WAL makes a tablespace is not there.
    TablespaceFolder(String),
    /// Files of a tablespace are changed whose place is not there: its link leads nowhere.
    TablespaceNowhere(u32),
    /// The target lies before the point of consistency.
    BeforeConsistency,
    /// The end of the backup was not reached.
    BackupEnd,
    /// The minimum recovery point was not reached.
    Consistency,
    /// The target was not reached.
    NotReached,
    /// A standby does not die for want of WAL; it waits for it.
    Waits {
        /// What it lacks.
        lacks: Lacking,
        /// Where it looks for it.
        at: Lsn,
    },
    /// The last record is read once more from another file of its segment, which holds other WAL there.
    LastRecord {
        /// The record.
        at: Lsn,
        /// The file.
        file: String,
        /// The timeline that the record is of.
        timeline: TimelineId,
    },
    /// The state of a prepared transaction is looked for in a segment that recovery did not need.
    PreparedGone {
        /// The transaction.
        xid: u32,
        /// The segment.
        file: String,
    },
    /// A record says that another timeline was in force before it.
    PreviousTimeline {
        /// What it says.
        found: TimelineId,
        /// The one in force.
        current: TimelineId,
    },
    /// A record opens a timeline that is not in the history.
    OtherTimeline {
        /// The one that it opens.
        found: TimelineId,
        /// The one in force.
        after: TimelineId,
    },
    /// A timeline begins before the minimum recovery point.
    BeforeMinimum {
        /// The timeline.
        found: TimelineId,
        /// The point.
        point: Lsn,
        /// Its timeline.
        timeline: TimelineId,
    },
    /// A checkpoint is of another timeline than the one in force.
    CheckpointTimeline {
        /// Its own.
        found: TimelineId,
        /// The one in force.
        expected: TimelineId,
    },
    /// The server was shut down during the backup.
    Canceled,
    /// The signal file of this name is a folder, which a server does not remove when recovery is over.
    SignalFolder(&'static str),
    /// Blocks of relations are changed that do not exist, and were not dropped later.
    InvalidPages,
    /// An incremental backup that was not combined with those before it.
    Incremental,
}

impl Failure {
    /// A server says it in words that are known; of a record that it reads once more, they depend on what lies there,
    /// and of a command that was asked to stop it says nothing.
    pub fn is_in_its_words(&self) -> bool {
        !matches!(
            self,
            Failure::LastRecord { .. }
                | Failure::CommandEnds { exit: ASKED_TO_STOP, .. }
                | Failure::EndCommand { exit: ASKED_TO_STOP, .. }
        )
    }

    /// It is a PANIC, not a FATAL.
    pub fn is_panic(&self) -> bool {
        match self {
            Failure::PreviousTimeline { .. }
            | Failure::OtherTimeline { .. }
            | Failure::BeforeMinimum { .. }
            | Failure::CheckpointTimeline { .. }
            | Failure::Canceled
            | Failure::LastRecord { .. }
            | Failure::InPlaceTablespace(_)
            | Failure::InvalidPages => true,
            Failure::NoCheckpoint { label, .. } | Failure::NoRedo { label, .. } => !label,
            Failure::Slot(refusal) => refusal.is_panic(),
            Failure::OriginsFull { at_start, .. } => *at_start,
            _ => false,
        }
    }

    /// What the server says.
    pub fn server_says(&self, dialect: &Dialect) -> String {
        let rules = &dialect.recovery;
        let lsn = |lsn: Lsn| if dialect.wording.padded { lsn.to_string() } else { lsn.unpadded().to_string() };
        match self {
            Failure::Settings(error) => error.server_says().unwrap_or_default(),
            Failure::Backup(text) | Failure::History(text) => text.clone(),
            Failure::NoTimeline(t) => format!("recovery target timeline {t} does not exist"),
            Failure::NotAChild { target, own, .. } if rules.not_a_child == NotAChild::OfTimeline => {
                format!("requested timeline {target} is not a child of database system timeline {own}")
            }
            // Where a history leaves a timeline that it does not name, no server can say (`tliSwitchPoint`).
            Failure::NotAChild { own, left: None, .. } => {
                format!("requested timeline {own} is not in this server's history")
            }
            Failure::NotAChild { target, .. } => {
                format!("requested timeline {target} is not a child of this server's history")
            }
            Failure::WithoutMinimum { target, point, timeline } => {
                format!(
                    "requested timeline {target} does not contain minimum recovery point {} on timeline {timeline}",
                    lsn(*point)
                )
            }
            Failure::NoCheckpoint { lsn: at, label } => {
                let which = if *label { "required checkpoint record" } else { "a valid checkpoint record" };
                let at = if rules.names_missing_checkpoint { format!(" at {}", lsn(*at)) } else { String::new() };
                format!("could not locate {which}{at}")
            }
            Failure::NoRedo { redo, checkpoint, label: true } if rules.names_missing_checkpoint => {
                format!(
                    "could not find redo location {} referenced by checkpoint record at {}",
                    lsn(*redo),
                    lsn(*checkpoint)
                )
            }
            Failure::NoRedo { label: true, .. } => {
                "could not find redo location referenced by checkpoint record".into()
            }
            Failure::NoRedo { redo, checkpoint, .. } => {
                format!("could not find redo location {redo} referenced by checkpoint record at {checkpoint}")
            }
            Failure::Slot(refusal) => refusal.server_says(rules.quoted_minimal),
            Failure::StandbyLabel => "backup_label contains data inconsistent with control file".into(),
            Failure::Size { file, found, expected } | Failure::SizeAhead { file, found, expected, .. } => {
                format!("archive file \"{file}\" has wrong size: {found} instead of {expected}")
            }
            Failure::NotDelivered { file, .. } => not_restored(file, 126, rules.names_exits),
            Failure::CommandEnds { file, exit, .. } => not_restored(file, *exit, rules.names_exits),
            Failure::EndCommand { command, exit } => {
                format!("recovery_end_command \"{command}\": {}", exit_said(*exit, rules.names_exits))
            }
            Failure::Minimal if rules.quoted_minimal => {
                "WAL was generated with \"wal_level=minimal\", cannot continue recovering".into()
            }
            Failure::Minimal => "WAL was generated with wal_level=minimal, cannot continue recovering".into(),
            Failure::NotReplica => {
                let level = if dialect.wal_levels.contains(&"replica") { "replica" } else { "hot_standby" };
                format!(
                    "hot standby is not possible because wal_level was not set to \"{level}\" or higher on the {} server",
                    rules.primary
                )
            }
            Failure::Insufficient { .. } if rules.minimal == Minimal::Fatal => {
                "recovery aborted because of insufficient parameter settings".into()
            }
            Failure::Insufficient { setting, here, there } => {
                let server = rules.primary;
                format!(
                    "hot standby is not possible because {setting} = {here} is a lower setting than on the {server} server (its value was {there})"
                )
            }
            Failure::NoManager(id) => format!("resource manager with ID {id} not registered"),
            Failure::OriginsFull { at_start: true, .. } => {
                let settings = SettingRules::of(dialect.version);
                let quote = if settings.quotes_names { "\"" } else { "" };
                format!("could not find free replication state, increase {quote}{}{quote}", settings.origins_by)
            }
            Failure::OriginsFull { origin, .. } => {
                let what = if SettingRules::of(dialect.version).names_origin_id { "ID" } else { "OID" };
                format!("could not find free replication state slot for replication origin with {what} {origin}")
            }
            Failure::PreparedFull { .. } => "maximum number of prepared transactions reached".into(),
            Failure::BeforeConsistency if !rules.says_consistent => {
                "requested recovery stop point is before end time of backup dump".into()
            }
            Failure::BeforeConsistency => "requested recovery stop point is before consistent recovery point".into(),
            Failure::BackupEnd => "WAL ends before end of online backup".into(),
            Failure::Consistency if !rules.says_consistent => "WAL ends before end time of backup dump".into(),
            Failure::Consistency => "WAL ends before consistent recovery point".into(),
            Failure::Waits { lacks, at } => {
                let what = match lacks {
                    Lacking::Checkpoint => "the checkpoint record",
                    Lacking::Redo => "the record at which replay starts",
                    Lacking::Consistency => "WAL up to where the data are consistent",
                    Lacking::Target => return format!("the standby waits for more WAL at {}", lsn(*at)),
                };
                format!("the standby waits for {what} and accepts no connections: nothing can be read at {}", lsn(*at))
            }
            Failure::LastRecord { at, file, .. } => {
                format!("the last record, at {}, is read once more, and {file} holds other WAL there", lsn(*at))
            }
            Failure::PreparedGone { file, .. } => {
                format!("requested WAL segment pg_wal/{file} has already been removed")
            }
            Failure::NotReached | Failure::TimelineAhead { .. } => {
                "recovery ended before configured recovery target was reached".into()
            }
            Failure::PreviousTimeline { found, current } => {
                format!("unexpected previous timeline ID {found} (current timeline ID {current}) in checkpoint record")
            }
            Failure::OtherTimeline { found, after } => {
                format!("unexpected timeline ID {found} (after {after}) in checkpoint record")
            }
            Failure::BeforeMinimum { found, point, timeline } => format!(
                "unexpected timeline ID {found} in checkpoint record, before reaching minimum recovery point {} on timeline {timeline}",
                lsn(*point)
            ),
            Failure::CheckpointTimeline { found, expected } => {
                format!("unexpected timeline ID {found} (should be {expected}) in checkpoint record")
            }
            Failure::Canceled => "online backup was canceled, recovery cannot continue".into(),
            Failure::SignalFolder(name) => format!("could not remove file \"{name}\": Is a directory"),
            Failure::InvalidPages => "WAL contains references to invalid pages".into(),
            Failure::InPlaceTablespace(oid) => {
                format!("unexpected directory entry \"{oid}\" found in {}", dialect.wording.tablespaces)
            }
            // A server makes the folder where a link stands that leads nowhere (11 to 18).
            Failure::TablespaceNowhere(oid) => format!("could not create directory \"pg_tblspc/{oid}\": File exists"),
            Failure::TablespaceFolder(place) => format!("directory \"{place}\" does not exist"),
            Failure::Incremental => "this is an incremental backup, not a data directory".into(),
        }
    }
}

/// The code of a shell whose program got SIGTERM (128 + 15): a server takes it for a request to stop.
const ASKED_TO_STOP: u8 = 143;

fn not_restored(file: &str, exit: u8, names_exits: bool) -> String {
    format!("could not restore file \"{file}\" from archive: {}", exit_said(exit, names_exits))
}

fn exit_said(exit: u8, names_exits: bool) -> String {
    match exit {
        // As wait() has it.
        _ if !names_exits => format!("return code {}", u32::from(exit) << 8),
        126 => "command not executable".to_owned(),
        127 => "command not found".to_owned(),
        _ => format!("child process exited with exit code {exit}"),
    }
}

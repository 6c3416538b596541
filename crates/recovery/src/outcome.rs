//! What a restore would come to.

pub(crate) mod chosen;
pub(crate) mod instead;
pub(crate) mod missed;

use crate::command::archive_get::ArchiveGet;
use crate::events::acts::EarlyAct;
use crate::failure::Failure;
use crate::outcome::chosen::BackupChoice;
use crate::outcome::instead::Alternative;
use crate::outcome::missed::UnmetTarget;
use crate::pages::{Blind, InvalidPages};
use crate::replay::making::OthersTablespace;
use crate::start::twin::OtherCheckpoint;
use crate::start::unlabelled::Unlabelled;
use crate::sum::{EventSum, ReplayedCommit};
use crate::target::Target;
use crate::time::said::Respelled;
use crate::values::fault::PlacedSetting;
pub use crate::way::LeftBranch;
use crate::way::WalkEnd;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::{Dialect, Lsn, TimelineId};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// How a recovery ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ending {
    /// The server takes writes, on a new timeline.
    Promotes,
    /// It waits at the target until someone decides.
    Pauses,
    /// It stops at the target.
    ShutsDown,
    /// A standby waits for more WAL.
    Waits,
    /// It does not start, or dies.
    Fatal,
    /// It dies, with the word that is kept for the worst.
    Panic,
}

impl Ending {
    /// As JSON names it.
    pub const fn name(self) -> &'static str {
        match self {
            Ending::Promotes => "promotes",
            Ending::Pauses => "pauses",
            Ending::ShutsDown => "shuts_down",
            Ending::Waits => "waits",
            Ending::Fatal => "fatal",
            Ending::Panic => "panic",
        }
    }
}

/// What a restore would come to, as far as bytes tell.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub struct Restore {
    /// Consistency is reached and connections are accepted, even if the server dies later.
    pub starts: bool,
    /// Where data files are consistent.
    pub consistent_at: Option<Lsn>,
    /// Where replay begins.
    pub redo_start: Lsn,
    /// The lowest position that means the same: the header of a page may lie in front of it.
    pub earliest: Lsn,
    /// Start of the last record read: what the server logs as "redo done at".
    pub redo_end: Option<Lsn>,
    /// End of the last record replayed.
    pub replay_end: Option<Lsn>,
    /// The timeline of the last record replayed.
    pub timeline: TimelineId,
    /// The timeline that a promotion would select.
    pub new_timeline: Option<TimelineId>,
    /// The timeline whose history is followed.
    pub target_timeline: TimelineId,
    /// The target, and whether it is reached.
    pub target: Option<Reached>,
    /// How it ends.
    pub ending: Ending,
    /// Why the server dies, or is stuck.
    pub failure: Option<Failure>,
    /// In its words.
    pub server_says: Option<String>,
    /// Defaults taken, by PostgreSQL's names.
    pub assumed: Vec<(String, String)>,
    /// A time of the command line that is to be spelled otherwise in the server's configuration.
    pub respelled: Option<Respelled>,
    /// Libraries that the server loads when it starts.
    pub libraries: Option<PlacedSetting>,
    /// Settings that hot standby needs as high as the primary's were compared with nothing: those here or those there
    /// are not known.
    pub settings_unknown: bool,
    /// What was replayed.
    pub replayed: EventSum,
    /// The first commit behind the last record replayed that is here.
    pub first_dropped: Option<ReplayedCommit>,
    /// It was looked for in the next segments only, and there are more.
    pub dropped_cut: bool,
    /// The `.partial` of the segment for want of which it ends.
    pub partial: Option<String>,
    /// There is WAL behind the file for want of which it ends.
    pub more_behind: bool,
    /// Why the target is not met, where more than the end of WAL is known of it.
    pub missed: Option<UnmetTarget>,
    /// Where the transaction that is the target was rolled back.
    pub rolled_back: Option<Lsn>,
    /// Records that act before their commits and are replayed without them.
    pub early_acts: Vec<EarlyAct>,
    /// Commits behind the end that are not later than the time that is the target.
    pub left_out: Option<LeftOut>,
    /// Other restore points of the target's name, behind the end.
    pub same_points: Vec<Lsn>,
    /// Names that the server asks for, in order.
    pub files: Vec<FileAsked>,
    /// Why there was no more WAL, where there was none.
    pub end: Option<WalkEnd>,
    /// Something could not be looked into: encrypted, or a codec that is not read.
    pub closed: bool,
    /// When the checkpoint was made from which it starts, in whole seconds: the data of the backup are of then and
    /// later.
    pub began: Option<Timestamp>,
    /// Other ways, best first, where this one does not come where it is to come.
    pub alternatives: Vec<Alternative>,
    /// Blocks that WAL changes and that are not there.
    pub invalid_pages: Option<InvalidPages>,
    /// Why such blocks may have escaped notice.
    pub blind: Vec<Blind>,
    /// It ends in front of the end of its backup, and accepts connections: its data are not of one moment.
    pub is_inside_backup: bool,
    /// It pauses, and would die of this once it is told to go on.
    pub dies_at_promotion: Option<Failure>,
    /// When the archive is asked for WAL.
    pub asks_archive: AsksArchive,
    /// What lay in `pg_wal` was replayed before the archive was asked.
    pub own_wal: Option<OwnWal>,
    /// WAL in `pg_wal` behind a place where it could not be read on, which replay does not come to: where it begins.
    pub own_wal_behind: Option<Lsn>,
    /// From here on WAL was written with `wal_level = minimal`, and the server only warns: data that were loaded
    /// without WAL are missing.
    pub minimal: Option<Lsn>,
    /// Crash recovery ends in front of this, the minimum recovery point of the control file: data files were written up
    /// to there, and no server looks.
    pub short_of_minimum: Option<Lsn>,
    /// Directories in which tablespaces are made on the way, which must be there and were not looked at: the first 20.
    pub makes_tablespaces: Vec<String>,
    /// The first tablespace that is made where a server that runs has one.
    pub others_tablespace: Option<OthersTablespace>,
    /// Tablespaces that the data directory's catalogs list and that have no link, where WAL neither makes nor drops
    /// them on the way.
    pub unlinked: BTreeSet<u32>,
    /// Databases that the data directory's catalogs list and that have no folder, where WAL neither makes nor drops
    /// them on the way.
    pub no_folder: BTreeSet<u32>,
    /// It starts without a `backup_label`, from the control file of a server that ran.
    pub unlabelled: Option<Unlabelled>,
    /// WAL has another checkpoint where the directory has its own.
    pub other_checkpoint: Option<OtherCheckpoint>,
    /// A backup that ended on the way and is not the one that is being restored: where it started, and the record of
    /// its end.
    pub other_backup: Option<(Lsn, Lsn)>,
    /// Replay went on along a timeline behind the point where it was left.
    pub left_branch: Option<LeftBranch>,
    /// Likewise, and the point lies inside of a record, which starts there: the history is not this WAL's, and replay
    /// comes to where it should.
    pub others_history: Option<(LeftBranch, Lsn)>,
    /// Why it starts from this backup, where nobody named one.
    pub chosen: Option<BackupChoice>,
    /// Folders of which its `restore_command` copies the first file that is there, good or bad, in this order.
    pub first_there: Vec<PathBuf>,
    /// `walproof archive-get` is its `restore_command`: with these options.
    pub command: Option<ArchiveGet>,
}

/// When a server asks the archive for WAL.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AsksArchive {
    /// From the first record on.
    AtOnce,
    /// Behind what lies in its own `pg_wal`, which it replays first.
    BehindOwnWal,
    /// Never: it recovers from a crash.
    Never,
}

/// WAL in `pg_wal` that a server replays before it asks the archive.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OwnWal {
    /// Where it ends, and the data are taken for consistent.
    pub to: Lsn,
    /// Segments that were read.
    pub segments: u64,
}

/// Commits that a time as the target leaves out, although they are not later.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LeftOut {
    /// How many.
    pub count: u64,
    /// The last of them.
    pub last: ReplayedCommit,
}

/// A target and whether it is reached.
#[derive(Clone, PartialEq, Debug)]
pub struct Reached {
    /// The target, as it was understood.
    pub target: Target,
    /// Whether it is reached.
    pub reached: bool,
}

/// A file that the server asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileAsked {
    /// Its name.
    pub name: String,
    /// Whether it is there.
    pub status: Status,
    /// Recovery needs it to come where it is to come.
    pub needed: bool,
    /// Where it is, as a user would type it.
    pub file: Option<String>,
    /// Bytes, as stored.
    pub size: Option<u64>,
}

/// Whether a file is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// It is, and was used.
    Present,
    /// It is not.
    Missing,
    /// It is, and cannot be used, or replay ends in it for what is wrong with it.
    Damaged,
    /// It is, and was not needed.
    Unneeded,
}

impl Status {
    /// As JSON names it.
    pub const fn name(self) -> &'static str {
        match self {
            Status::Present => "present",
            Status::Missing => "missing",
            Status::Damaged => "damaged",
            Status::Unneeded => "unneeded",
        }
    }
}

impl Restore {
    /// It comes where it is to come: the target is reached, or there is none and nothing is lost; and not along a
    /// branch that was left.
    pub fn is_good(&self) -> bool {
        self.comes_to_its_end() && self.left_branch.is_none()
    }

    /// The same, whichever branch it takes.
    pub fn comes_to_its_end(&self) -> bool {
        let ends_well = !matches!(self.ending, Ending::Fatal | Ending::Panic) && self.failure.is_none();
        ends_well && !self.is_late() && self.target.as_ref().is_none_or(|t| t.reached)
    }

    /// It dies after all, when everything is replayed and before it promotes.
    pub(crate) fn dies_at_end(&mut self, failure: Failure, dialect: &Dialect, hot_standby: bool) {
        self.ending = if failure.is_panic() { Ending::Panic } else { Ending::Fatal };
        self.server_says = failure.is_in_its_words().then(|| failure.server_says(dialect));
        (self.failure, self.new_timeline) = (Some(failure), None);
        self.starts &= hot_standby;
    }

    /// What data files hold is not of one moment, whatever is replayed: WAL is left out that they may hold in part.
    pub fn is_torn(&self) -> bool {
        let short = self.own_wal_behind.or(self.short_of_minimum).is_some();
        short || self.unlabelled.as_ref().is_some_and(Unlabelled::lacks_wal)
    }

    /// The backup was taken after the target: a server stops at once, with data that are newer.
    pub fn is_late(&self) -> bool {
        self.data_from().is_some()
    }

    /// The target lies in the second in which the backup was begun: what was committed in it before may be in the data.
    pub fn may_be_late(&self) -> bool {
        let time = match self.target.as_ref().map(|target| &target.target) {
            Some(Target::Time(time)) => *time,
            _ => return false,
        };
        self.began.is_some_and(|began| time.unix_micros() < began.unix_micros().saturating_add(1_000_000))
    }

    /// Of what the data are that a restore begins with, where that is later than the target.
    pub fn data_from(&self) -> Option<DataFrom> {
        match &self.target.as_ref()?.target {
            Target::Time(time) => self.began.filter(|began| time < began).map(DataFrom::Time),
            Target::Lsn(lsn) if *lsn < self.earliest => Some(DataFrom::Position(self.redo_start)),
            _ => None,
        }
    }
}

/// Of what data are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DataFrom {
    /// Of this time and later, in whole seconds.
    Time(Timestamp),
    /// Of this position and behind it.
    Position(Lsn),
}

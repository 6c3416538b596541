//! The facts of a finding.

use super::doubt::{DoubtedCommand, Unasked};
use super::packing::{MisfiledAt, PackingFlaw};
use crate::beside::Beside;
use crate::reach::{Age, Reach};
use crate::restored_report::RestoredReport;
use crate::verdict::LineReport;
use pgwal_archive::TwinFault;
use pgwal_format::image::Unrestorable;
use pgwal_format::record::RelFileLocator;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::text::history::Switch;
use pgwal_format::{Lsn, PageSize, SegmentSize, TimelineId, Version};
use pgwal_recovery::acts::EarlyAct;
use pgwal_recovery::backup::FlawKind;
use pgwal_recovery::failure::Failure;
use pgwal_recovery::outcome::{AsksArchive, DataFrom, LeftOut};
use pgwal_recovery::pages::{InvalidPages, StalePages};
use pgwal_recovery::sum::ReplayedCommit;
use pgwal_recovery::unlabelled::Unlabelled;
use pgwal_recovery::{
    Instead, NewerBeside, OffWay, OtherCheckpoint, OthersTablespace, PlacedSetting, TimeSaid, UnmetTarget, ZoneDoubt,
};
use pgwal_source::Codec;
use pgwal_walk::{Fault, SlackKind};
use std::time::Duration;

/// The facts of a finding.
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum Detail {
    /// Up to where a backup needs WAL that ends before.
    EndsInBackup {
        /// The backup history file.
        backup: String,
        /// Where the backup ended.
        stop: Lsn,
    },
    /// A backup that the way of recovery does not come from.
    BackupBeside {
        /// Why, and what to ask for.
        beside: Beside,
        /// Its timeline was left while it was taken.
        during: bool,
    },
    /// A restore that does not come where it is to come.
    Restore {
        /// Why.
        failure: Failure,
        /// The file for want of which it does not.
        missing: Option<String>,
        /// The timeline that is asked for does not come from where the backup stands.
        beside: Option<OffWay>,
        /// The checkpoint of `pg_control`, where the label of a crashed primary hides it.
        hidden: Option<Lsn>,
        /// Why the target is not met, where more is known of it, and the target in words.
        missed: Option<(UnmetTarget, String)>,
        /// What comes to it.
        instead: Option<Instead>,
    },
    /// A restore to a target before its backup.
    RestoreLater {
        /// Of what the backup's data are.
        from: DataFrom,
        /// What comes to it.
        instead: Option<Instead>,
    },
    /// A standby has neither `restore_command` nor `primary_conninfo`.
    NoSource {
        /// The archive that is looked at, where it is one place.
        archive: Option<String>,
    },
    /// Commits are held back until long after their times (`recovery_min_apply_delay`).
    HeldBack {
        /// By so many milliseconds.
        delay: i64,
        /// The last one that is replayed.
        last: ReplayedCommit,
        /// When that is.
        until: Timestamp,
    },
    /// The server archives into the archive that it is restored from: its `archive_command`.
    ArchivesHere(PlacedSetting),
    /// A target that was rolled back: the transaction.
    RolledBack(u32),
    /// A record that acts before its commit, which is not replayed; whether a position can be a target.
    EarlyAct(EarlyAct, bool),
    /// Commits in a `.partial` file.
    PartialCommits {
        /// How many.
        count: u64,
        /// The last one.
        last: Option<ReplayedCommit>,
    },
    /// Commits that a time as the target leaves out.
    LeftOut(LeftOut),
    /// A target time without a zone, as it was read, and what it would be in the server's.
    ZoneDoubt(TimeSaid, ZoneDoubt),
    /// Other restore points of the target's name.
    SamePoints {
        /// Its name.
        name: String,
        /// Where they lie.
        others: Vec<Lsn>,
    },
    /// A restore without a target ends although more is here.
    RestoreShort {
        /// Start of the next segment that is here.
        next: Lsn,
    },
    /// A timeline with WAL here left the one along which recovery ends behind that end.
    ShortOfFork {
        /// The timeline.
        child: TimelineId,
        /// Where it left the other.
        fork: Lsn,
    },
    /// A server's own WAL breaks off in front of more of it.
    OwnWalShort {
        /// Where that begins.
        next: Lsn,
    },
    /// WAL that was written with `wal_level = minimal` is replayed, and the server only warns.
    MinimalReplayed,
    /// Crash recovery ends in front of the minimum recovery point.
    ShortOfMinimum(Lsn),
    /// A restore starts without a `backup_label`.
    Unlabelled {
        /// Whether that is right.
        unlabelled: Unlabelled,
        /// Where replay starts.
        redo: Lsn,
        /// Up to where `pg_wal` is replayed before the archive is asked.
        own_wal: Option<Lsn>,
        /// When that is.
        asks_archive: AsksArchive,
    },
    /// Blocks that are changed and not there.
    InvalidPages(InvalidPages),
    /// WAL of another cluster, version or size lies in the same place.
    Meeting {
        /// The line that decides.
        own: Box<LineReport>,
        /// The other.
        other: Box<LineReport>,
    },
    /// A history file of another cluster.
    OthersHistory {
        /// The timeline on which this WAL begins.
        own: TimelineId,
        /// Where that is left, by the file; `None`: it does not name it.
        left: Option<Switch>,
    },
    /// A history file that leaves the WAL here before all of it.
    Astray {
        /// The timeline of that WAL.
        own: TimelineId,
        /// Where the file says that it was left.
        left: Switch,
        /// In front of all of it; else in front of every backup that is known.
        before_all: bool,
    },
    /// A history file that leaves a timeline inside of a record, as no server does.
    InsideRecord {
        /// The timeline.
        own: TimelineId,
        /// Where the file says that it was left.
        at: Lsn,
        /// The record.
        record: Lsn,
        /// Another timeline that left it, with WAL, to which a server that follows the file does not come.
        beside: Option<TimelineId>,
    },
    /// A timeline has just begun, and its first segment is not here yet.
    NotYet {
        /// The timeline.
        timeline: TimelineId,
        /// How long ago the newest file here was written, where that is known.
        newest: Option<Duration>,
    },
    /// A timeline's own files are taken behind the point where it was left.
    LeftBranch {
        /// The timeline that left it.
        child: TimelineId,
        /// Where.
        switch: Switch,
        /// Where its WAL ends on the way.
        to: Lsn,
    },
    /// A history file says otherwise than the first records of the timeline.
    Disproved {
        /// The timeline.
        child: TimelineId,
        /// The timeline that was left, as the file says.
        says: TimelineId,
        /// The timeline before it, as its first record says.
        after: TimelineId,
        /// Where that stands.
        begins: Lsn,
    },
    /// Commit times go back.
    TimeBack {
        /// The last commit before.
        before: Timestamp,
        /// The first one behind.
        after: Timestamp,
    },
    /// What a record says ends replay.
    Stopped {
        /// How.
        failure: Failure,
        /// The backups from which replay comes to it; `None`: none is known.
        backups: Option<Vec<String>>,
    },
    /// Segments are missing.
    Gap {
        /// The last of them.
        last: String,
        /// How many.
        count: u64,
        /// A `.partial` of the first is there.
        partial: bool,
    },
    /// A file of wrong size.
    Size {
        /// Its size in bytes.
        found: u64,
        /// The size of a segment in bytes.
        expected: u64,
    },
    /// A compressed file.
    Packed {
        /// In which way.
        codec: Codec,
        /// Bytes of WAL that came out.
        bytes: u64,
        /// The stream ends too early; otherwise it is damaged.
        cut: bool,
    },
    /// What is wrong with how a file is packed.
    Packing(PackingFlaw),
    /// WAL was begun anew.
    Reset {
        /// The checkpoint with which it begins.
        begins: Lsn,
        /// The last segment that is missing in front of it, and how many are, where any is.
        missing: Option<(String, u64)>,
        /// What a server finds there.
        fault: Option<Fault>,
    },
    /// Two histories of one timeline meet.
    Parted {
        /// What a server finds there.
        fault: Fault,
        /// The segment alone is of another history than those on both sides.
        alone: bool,
    },
    /// A file that belongs elsewhere.
    Belongs {
        /// The position on its first page.
        address: Lsn,
        /// The name that it should have.
        name: String,
    },
    /// Another cluster.
    Cluster {
        /// The identifier found.
        found: u64,
        /// That of the archive.
        expected: u64,
    },
    /// Another version.
    Version {
        /// The version found.
        found: Version,
        /// That of the archive.
        expected: Version,
    },
    /// Other sizes.
    Geometry {
        /// The sizes found.
        found: (SegmentSize, PageSize),
        /// Those of the archive.
        expected: (SegmentSize, PageSize),
    },
    /// A copy that was passed over for one in another place.
    BadCopy {
        /// The one that was taken.
        good: String,
        /// What is wrong with this one.
        why: String,
    },
    /// Two files of one name.
    Copies {
        /// The other file.
        other: String,
        /// What is wrong with either by itself, the finding's file first.
        faults: [Option<TwinFault>; 2],
        /// Who keeps the archive gives out neither.
        withheld: bool,
    },
    /// A checksum in a file's name.
    NameChecksum {
        /// SHA-1 of the plain content.
        found: [u8; 20],
    },
    /// A fault in WAL.
    Wal(Fault),
    /// Bytes outside records.
    Slack(SlackKind),
    /// A `.partial` file.
    Partial {
        /// The complete file of that name.
        complete: Option<String>,
    },
    /// A `.partial` file that the tool which keeps the place gives out as the whole one.
    PartialGiven {
        /// It fills it up with zeros.
        filled: bool,
    },
    /// A file without a byte, of which whoever unpacks it makes an error.
    Nothing {
        /// What it should be packed in.
        codec: Codec,
    },
    /// A magic that is not read.
    Magic {
        /// The magic.
        found: u16,
    },
    /// WAL under a name that no server asks for.
    Miswritten {
        /// The name that it should have.
        right: String,
    },
    /// WAL that lies where the tool which keeps the place does not look for it.
    Misfiled(Box<MisfiledAt>),
    /// A segment that was stored although it is damaged.
    Noted {
        /// The note beside it.
        note: String,
    },
    /// Something else than WAL.
    Content(&'static str),
    /// The operating system's refusal.
    Refused(String),
    /// A history file.
    History {
        /// What is wrong with it.
        what: String,
    },
    /// A history file that is not here, so that a server does not look for those behind it.
    Hidden {
        /// The latest timeline that it finds.
        latest: TimelineId,
        /// A timeline behind it that is here.
        hides: TimelineId,
    },
    /// Two history files.
    Disagree {
        /// The timeline that was left.
        parent: TimelineId,
        /// Where, this file says.
        says: Switch,
        /// The other file.
        other: String,
        /// Where, that one says.
        other_says: Switch,
    },
    /// A history file and the WAL.
    Switched {
        /// The timeline that was left.
        parent: TimelineId,
        /// Where, the history says.
        says: Switch,
        /// Where the new timeline begins in WAL.
        begins: Lsn,
    },
    /// Two promotions to one timeline's number.
    OthersBegin {
        /// Where the timeline of the history begins.
        begins: Lsn,
        /// Where the other one does.
        other: Lsn,
    },
    /// A timeline out of reach.
    Unreachable {
        /// The timeline whose WAL ends too early.
        parent: TimelineId,
        /// Where it is left, the history says.
        switch: Switch,
    },
    /// WAL behind a switch.
    Diverged {
        /// Where it was left.
        switch: Switch,
        /// The timeline that left.
        child: TimelineId,
        /// Where its WAL ends.
        to: Lsn,
    },
    /// A file of an older timeline.
    OldTimeline {
        /// The newest timeline on its pages.
        found: TimelineId,
    },
    /// An image that is no page.
    Image {
        /// The relation.
        rel: RelFileLocator,
        /// The block.
        block: u32,
        /// Why not.
        why: Unrestorable,
    },
    /// A file of a base backup.
    Flaw(FlawKind),
    /// A file of a repository: what is wrong with it.
    OfRepository {
        /// As what follows its name.
        what: String,
    },
    /// A backup in a tool's keeping.
    OfListedBackup {
        /// The tool's name for it.
        label: String,
        /// Why it does not restore.
        why: String,
        /// So many reasons more.
        more: u64,
        /// No backup of the repository restores.
        none_left: bool,
    },
    /// A tablespace that the catalogs list has no link in `pg_tblspc`.
    TablespaceUnlinked(u32),
    /// A database that the catalogs list has no folder.
    DatabaseGone(u32),
    /// WAL makes a tablespace where a server that runs has one.
    OthersTablespace(OthersTablespace),
    /// A setting of a file of which the restore asked for says otherwise.
    SettingBeside(PlacedSetting),
    /// A target of another kind than the one that is asked for, which counts more (up to 9.3).
    TargetOutranked(PlacedSetting),
    /// Nothing asks for a recovery from the archive.
    NoSignal(Unasked),
    /// A `restore_command` that does not deliver.
    Command(Box<DoubtedCommand>),
    /// The data of a record is shorter than its type needs.
    Short {
        /// Resource manager.
        rmid: u8,
        /// `xl_info`.
        info: u8,
        /// The field that it ends before.
        before: &'static str,
    },
    /// Replay does not get where it must.
    TooShort {
        /// Where it must.
        wanted: Reach,
        /// The timeline on which that lies, where replay does not come onto it.
        off: Option<TimelineId>,
        /// Where it comes; `None`: no record, or no commit, was read.
        reached: Option<Reach>,
    },
    /// The age of the last commit.
    Age(Age),
    /// An accepted finding that is not there.
    KnownGone {
        /// As what precedes "was accepted".
        what: String,
    },
    /// Files that an expiry took away while we read.
    Expired {
        /// How many.
        count: u64,
        /// The oldest segment that is left, where one is.
        oldest: Option<String>,
    },
    /// What became of a restore.
    Restored(Box<RestoredReport>),
    /// WAL has another checkpoint where the data directory has its own.
    OtherCheckpoint(OtherCheckpoint),
    /// A timeline beside the way of a restore has newer commits.
    /// The timeline on which that ends, and the last commit that it keeps, stand behind it.
    NewerBeside(NewerBeside, TimelineId, Option<ReplayedCommit>),
    /// No record in the WAL of a backup ends it where its file says.
    /// From where it starts to there.
    BackupOverwritten(Lsn, Lsn),
    /// Data files hold blocks as they were before the start of replay; whether `backup_label` says where that is.
    StalePages(StalePages, bool),
    /// A history file that lies in the `pg_wal` of the directory alone.
    /// The timeline of the archive that has commits behind the point where its own left that.
    OwnHistory(Option<TimelineId>),
    /// Nothing more to say than the code does.
    Plain,
}

//! What a run came to.

use crate::beside::Beside;
use crate::codes::Severity;
use crate::contents::BackupContents;
use crate::finding::Finding;
use crate::place_report::PlaceReport;
use crate::reach::Fresh;
use crate::repository_facts::RepositoryFacts;
use crate::restored_report::RestoredReport;
pub use crate::verdict::{LineReport, Verdict};
use pgwal_archive::index::{IndexUse, PartsUse};
use pgwal_archive::{Branch, Depth, Facts, Tally};
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::text::backup_label::IncrementalFrom;
use pgwal_format::text::history::Switch;
use pgwal_format::{Layout, Lsn, TimelineId};
use pgwal_recovery::failure::Failure;
use pgwal_recovery::outcome::Restore;
use pgwal_recovery::pages::Blind;
use pgwal_source::Ignored;

/// How a timeline's WAL ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WalEnd {
    /// A segment switch: WAL goes on in the next segment, which is not here.
    Switch,
    /// Zeros behind the last record.
    ZeroTail,
    /// The pages of an older segment behind the last record.
    RecycledTail,
    /// WAL goes on in a segment that is not here.
    Continues,
    /// The last record is incomplete.
    Torn,
    /// The last segment cannot be read to its end.
    Damage,
    /// Segments are missing in front of the last ones, or the last files cannot be used.
    Gap,
}

impl WalEnd {
    /// As JSON names it.
    pub const fn name(self) -> &'static str {
        match self {
            WalEnd::Switch => "switch",
            WalEnd::ZeroTail => "zero_tail",
            WalEnd::RecycledTail => "recycled_tail",
            WalEnd::Continues => "continues",
            WalEnd::Torn => "torn",
            WalEnd::Damage => "damage",
            WalEnd::Gap => "gap",
        }
    }
}

/// A timeline that has WAL here.
#[derive(Clone, Debug)]
pub struct TimelineReport {
    /// The timeline.
    pub timeline: TimelineId,
    /// Where it came from.
    pub parent: Option<TimelineId>,
    /// Where it left its parent: what the history says, or where its WAL begins.
    pub switch: Option<Switch>,
    /// Start of its first segment.
    pub from: Lsn,
    /// End of its last record.
    pub to: Lsn,
    /// How it ends.
    pub end: WalEnd,
    /// Complete segments.
    pub segments: u64,
    /// What the records in them came to.
    pub tally: Tally,
    /// Records in `.partial` files.
    pub partial_records: u64,
    /// Time of the last commit in the one that goes on behind its last segment.
    pub partial_commit: Option<Timestamp>,
    /// Stretches without a gap or damage, as positions of their first record and behind their last.
    pub islands: Vec<(Lsn, Lsn)>,
}

/// A base backup that the archive knows of.
#[derive(Clone, Debug)]
pub struct KnownBackup {
    /// Its file.
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
    /// Every record between the two is here and right; `None` where not all of it was looked at.
    pub complete: Option<bool>,
    /// How far replay from it comes, on this way.
    pub reaches: Option<Lsn>,
    /// The way of recovery does not come from it; it needs another one.
    pub beside: Option<Beside>,
    /// The record that ends every replay from it, by what it says, and how.
    pub stopped: Option<(Lsn, Failure)>,
    /// The backup on which this incremental one builds: it restores only as what `pg_combinebackup` makes of both.
    pub incremental_from: Option<IncrementalFrom>,
}

/// What was not looked at.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[non_exhaustive]
pub enum NotChecked {
    /// The records, at a lesser depth.
    Records,
    /// The pages, at a lesser depth.
    Pages,
    /// Data files and configuration.
    DataFiles,
    /// Configuration.
    Configuration,
    /// Whether the server has newer WAL.
    NewerWal,
    /// Whether a base backup fits.
    Backups,
    /// What lies outside the range asked for.
    OutsideRange,
    /// Files of the archive that a restore does not ask for.
    OtherFiles,
    /// Settings in files that the configuration includes and that are not at hand.
    IncludedSettings,
    /// Names and values of settings, of a version whose settings are not known here.
    SettingNames,
    /// Settings that a hot standby needs as high as its primary, where one of the two is not known.
    StandbySettings,
    /// The page flag `XLP_BKP_REMOVABLE` (9.2 to 18), which no reader uses and no checksum covers.
    RemovableFlag,
    /// Whether the directories are there in which WAL creates tablespaces.
    TablespaceFolders,
    /// Databases that a selective restore left out, of which the directory has files that hold nothing.
    DatabasesLeftOut,
    /// Whether the libraries are there that a server loads when it starts.
    Libraries,
    /// Whether blocks that WAL changes are there.
    Blocks(Blind),
}

/// The whole answer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Outcome {
    /// The answer in a word.
    pub verdict: Verdict,
    /// How thoroughly was looked.
    pub depth: Depth,
    /// How the WAL is laid out; `None` where no file could be read.
    pub layout: Option<Layout>,
    /// The cluster.
    pub system_id: Option<u64>,
    /// The timelines that replay takes, oldest first.
    pub path: Vec<TimelineId>,
    /// WAL of several clusters, versions or sizes: each judged for itself, the one that this outcome tells of first.
    pub lines: Vec<LineReport>,
    /// Every timeline with WAL here.
    pub timelines: Vec<TimelineReport>,
    /// Every timeline that a history file names, lowest first.
    pub branches: Vec<Branch>,
    /// Every backup known.
    pub backups: Vec<KnownBackup>,
    /// What was found, worst first, then in the order of WAL.
    pub findings: Vec<Finding>,
    /// Errors that [`Options::severities`](crate::Options::severities) made into less, or ignored.
    pub lowered: u64,
    /// What replay covers: from the first record to where it stops.
    pub replay: Option<(Lsn, Lsn)>,
    /// Records on the path up to where replay stops.
    pub replayed: Tally,
    /// Times of every segment on the path, that behind the end of replay as well, where they were asked for.
    pub(crate) facts: Vec<Facts>,
    /// What was not looked at.
    pub not_checked: Vec<NotChecked>,
    /// Files of other tools, left out.
    pub ignored: u64,
    /// Files whose names say nothing.
    pub unknown: Ignored,
    /// Segments on the path up to where replay stops.
    pub replay_segments: u64,
    /// A server may be writing there.
    pub live: bool,
    /// What a restore would come to, where a backup was given.
    pub restore: Option<Box<Restore>>,
    /// What became of the cluster that was restored so, where one was named.
    pub restored: Option<Box<RestoredReport>>,
    /// What an index saved, where one was given.
    pub index: Option<IndexUse>,
    /// Of which parts the archive was joined, where it was.
    pub parts: Option<PartsUse>,
    /// How far and how fresh, where that was asked.
    pub fresh: Option<Fresh>,
    /// The repository of a backup tool in which the WAL lies.
    pub repository: Option<RepositoryFacts>,
    /// What each place has, where the archive lies in several.
    pub places: Vec<PlaceReport>,
    /// What was read of backups' contents, where that was asked for.
    pub contents: Vec<BackupContents>,
}

impl Outcome {
    /// Findings that count: not those that are accepted.
    pub fn counted(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|f| !f.accepted)
    }

    /// The first error that counts: of an archive that is refuted, the first that refutes it.
    pub fn worst(&self) -> Option<&Finding> {
        let errors = || self.counted().filter(|f| f.severity == Severity::Error);
        let refutes = |f: &&Finding| !f.code.is_could_not_look();
        errors().find(|f| self.verdict != Verdict::Refuted || refutes(f)).or_else(|| errors().next())
    }

    /// How many errors and warnings are accepted.
    pub fn accepted(&self) -> u64 {
        self.findings.iter().filter(|f| f.accepted && f.severity >= Severity::Warning).count() as u64
    }
}

//! What a caller may ask for.

use crate::codes::{CodePattern, Severity};
use crate::index::Index;
use crate::known::AcceptedFindings;
use crate::repository::JudgedRepository;
use pgwal_archive::whose::Cluster;
use pgwal_archive::{Depth, Look, Progress, Which};
use pgwal_format::Lsn;
use pgwal_recovery::{RestoredCluster, SiteOptions};
use pgwal_source::guard::MapGuard;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// What to verify, and how. By default, on this thread alone, without waiting for anything:
///
/// ```
/// let mut options = pgwal_verify::Options::default();
/// (options.jobs, options.settle) = (4, pgwal_verify::SETTLE);
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct Options<'a> {
    /// How thoroughly.
    pub depth: Depth,
    /// Which timeline.
    pub timeline: Which,
    /// Whose WAL is asked for, where the archive holds that of several; `None`: the newest.
    pub cluster: Option<Cluster>,
    /// Only segments that hold something from here on.
    pub start: Option<Lsn>,
    /// Only segments that hold something before this.
    pub end: Option<Lsn>,
    /// Threads: no more than [`MOST_JOBS`](pgwal_archive::MOST_JOBS), nor than there are segments, are started; 0 is
    /// 1.
    pub jobs: usize,
    /// Memory-map plain files: the proof that the guard against vanishing bytes is installed.
    pub map: Option<MapGuard>,
    /// Severities that differ from the table; the last that matches counts.
    pub severities: Vec<(CodePattern, Severity)>,
    /// Findings that are accepted.
    pub known: Option<&'a AcceptedFindings>,
    /// Who wants to know how far it is.
    pub progress: Option<&'a dyn Progress>,
    /// What earlier runs proved; counts where every record is looked at.
    pub index: Option<&'a Index>,
    /// The cluster that was restored, for a verdict on a restore: whether it ended where it should.
    pub restored: Option<&'a RestoredCluster>,
    /// Gather where transactions end and restore points stand: [`Tally::facts`](crate::Tally::facts).
    pub facts: bool,
    /// How long to wait, without news, for what is missing or not whole because others write the archive at this
    /// moment: zero, as by default, not at all; [`SETTLE`](crate::SETTLE) is what the program waits. What is still so
    /// then is told as it is ([`Code::StillCopied`](crate::Code::StillCopied)).
    pub settle: Duration,
    /// The repository in which the archive lies: what is wrong with it is judged, too.
    pub repository: Option<JudgedRepository<'a>>,
    /// Lists take the records of the unfinished segment (`.partial`) that goes on behind the last whole one, too. No
    /// server restores them, unless its `restore_command` hands them out: a verdict never counts them.
    pub unfinished: bool,
    /// Set to stop early.
    pub interrupt: Option<&'a AtomicBool>,
    /// The number in `timeline` is the one that a server comes to by itself, which follows the latest.
    pub(crate) followed: bool,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Options {
            depth: Depth::Records,
            timeline: Which::Latest,
            cluster: None,
            start: None,
            end: None,
            jobs: 1,
            map: None,
            severities: Vec::new(),
            known: None,
            progress: None,
            index: None,
            restored: None,
            facts: false,
            settle: Duration::ZERO,
            repository: None,
            unfinished: false,
            interrupt: None,
            followed: false,
        }
    }
}

impl<'a> Options<'a> {
    /// How the archive is to be looked at.
    pub fn look(&self) -> Look<'a> {
        Look {
            depth: self.depth,
            timeline: self.timeline,
            cluster: self.cluster,
            start: self.start,
            end: self.end,
            jobs: self.jobs,
            map: self.map,
            progress: self.progress,
            facts: self.facts,
            settle: self.settle,
            interrupt: self.interrupt,
        }
    }

    /// How a restore is to be looked at ([`recovery::Site`](crate::recovery::Site)).
    pub fn site(&self) -> SiteOptions<'a> {
        SiteOptions { jobs: self.jobs, map: self.map, settle: self.settle, interrupt: self.interrupt }
    }

    /// The same records, read in the same way: what is accepted or remembered, how findings weigh and who is told of
    /// progress are left out. For a question beside the one that is asked.
    pub fn beside(&self) -> Options<'a> {
        let (depth, timeline, cluster) = (self.depth, self.timeline, self.cluster);
        let (start, end, interrupt) = (self.start, self.end, self.interrupt);
        let (jobs, map, settle, unfinished) = (self.jobs, self.map, self.settle, self.unfinished);
        Options { depth, timeline, cluster, start, end, jobs, map, settle, unfinished, interrupt, ..Options::default() }
    }

    /// The same, of names alone.
    pub fn names(&self) -> Options<'a> {
        Options { depth: Depth::Names, ..self.beside() }
    }

    /// In the same way, all of an archive: whose it is and how it is laid out.
    pub fn any_names(&self) -> Options<'a> {
        Options { timeline: Which::Latest, start: None, end: None, jobs: 1, ..self.names() }
    }
}

//! Findings come first, the verdict last, and once: on the archive as a whole, or on what somebody means to do with it.
//!
//! ```text
//! what was seen ─► findings, reports ─► RulingCase ─► ruling ─► Ruled ─► Outcome
//!                                               │ none: the archive replays (`reports`)
//!                                               └ a restore: it comes where it should (`crate::restore`)
//! ```

use crate::codes::Code;
use crate::contents::BackupContents;
use crate::finding::{Detail, Finding, set_severities};
use crate::options::Options;
use crate::outcome::{KnownBackup, NotChecked, Outcome, TimelineReport, Verdict};
use crate::repository::OfBackups;
use crate::repository_facts::RepositoryFacts;
use pgwal_archive::{Branch, Depth, Error, Facts, Tally};
use pgwal_format::{Layout, Lsn, TimelineId};
use pgwal_source::Ignored;

/// Weighs what was found, and gives the verdict.
pub(crate) trait Ruling {
    /// Called once: says what the findings count for here, adds what else there is to say, and decides.
    ///
    /// # Errors
    /// An early end was asked for, or nothing can be looked at any more.
    fn rule(&mut self, case: &mut RulingCase) -> Result<Ruled, Error>;
}

/// All of an outcome but what is decided.
pub(crate) struct RulingCase {
    pub depth: Depth,
    pub layout: Option<Layout>,
    pub system_id: Option<u64>,
    pub path: Vec<TimelineId>,
    pub timelines: Vec<TimelineReport>,
    pub branches: Vec<Branch>,
    pub backups: Vec<KnownBackup>,
    /// Worst first, then in the order of WAL.
    pub findings: Vec<Finding>,
    /// Errors that count for less, because the caller says so.
    pub lowered: u64,
    /// Of every segment on the way.
    pub facts: Vec<Facts>,
    pub not_checked: Vec<NotChecked>,
    pub ignored: u64,
    pub unknown: Ignored,
    pub live: bool,
    /// The repository in which the archive lies.
    pub repository: Option<RepositoryFacts>,
    /// What was read of backups' contents.
    pub contents: Vec<BackupContents>,
}

/// What was decided.
pub(crate) struct Ruled {
    pub verdict: Verdict,
    pub replay: Option<(Lsn, Lsn)>,
    pub replayed: Tally,
    pub replay_segments: u64,
}

impl Ruled {
    /// Nothing was read.
    pub fn unread(verdict: Verdict) -> Ruled {
        Ruled { verdict, replay: None, replayed: Tally::default(), replay_segments: 0 }
    }
}

impl RulingCase {
    /// Of a run that found nobody's WAL.
    pub fn without_wal(findings: Vec<Finding>, depth: Depth) -> RulingCase {
        RulingCase {
            depth,
            layout: None,
            system_id: None,
            path: Vec::new(),
            timelines: Vec::new(),
            branches: Vec::new(),
            backups: Vec::new(),
            findings,
            lowered: 0,
            facts: Vec::new(),
            not_checked: vec![NotChecked::Records, NotChecked::DataFiles],
            ignored: 0,
            unknown: Ignored::default(),
            live: false,
            repository: None,
            contents: Vec::new(),
        }
    }

    /// What is answered.
    pub fn decided(self, ruled: Ruled) -> Outcome {
        Outcome {
            verdict: ruled.verdict,
            depth: self.depth,
            layout: self.layout,
            system_id: self.system_id,
            path: self.path,
            lines: Vec::new(),
            timelines: self.timelines,
            branches: self.branches,
            backups: self.backups,
            findings: self.findings,
            lowered: self.lowered,
            replay: ruled.replay,
            replayed: ruled.replayed,
            facts: self.facts,
            not_checked: self.not_checked,
            ignored: self.ignored,
            unknown: self.unknown,
            replay_segments: ruled.replay_segments,
            live: self.live,
            restore: None,
            restored: None,
            index: None,
            parts: None,
            fresh: None,
            places: Vec::new(),
            repository: self.repository,
            contents: self.contents,
        }
    }

    /// Takes in what was seen of the repository in which the archive lies.
    pub fn take_repository(&mut self, options: &Options<'_>) {
        let Some(judged) = &options.repository else { return };
        let mut findings = judged.findings();
        self.lowered += set_severities(&mut findings, &options.severities);
        // Of a backup that was named, what is wrong with it goes before what is wrong with its WAL.
        let first = matches!(judged.which, OfBackups::One(_));
        let at = if first { 0 } else { self.findings.len() };
        self.findings.splice(at..at, findings);
        self.findings.sort_by_key(|f| std::cmp::Reverse(f.severity));
        self.repository = Some(RepositoryFacts::of(judged.repository));
        self.take_contents(judged.contents());
    }

    /// Takes in what was read of the contents of backups.
    pub fn take_contents(&mut self, read: impl IntoIterator<Item = BackupContents>) {
        self.contents.extend(read);
        let looked = !self.contents.is_empty();
        for what in &mut self.not_checked {
            if looked && *what == NotChecked::DataFiles {
                *what = NotChecked::Configuration;
            }
        }
    }
}

impl Outcome {
    /// That of a run that could look at nothing in `place`, and why.
    pub fn unseen(place: &str, why: String) -> Outcome {
        let finding =
            Finding { file: Some(place.to_owned()), detail: Detail::Refused(why), ..Finding::of(Code::Unreadable) };
        RulingCase::without_wal(vec![finding], Depth::Records).decided(Ruled::unread(Verdict::Unproven))
    }
}

//! Whether `pg_rewind` could make one side go on as the other, and from which checkpoint.
//!
//! ```text
//! ──── checkpoint ──── fork ──── WAL of this side, which goes away
//!      └── what is changed from here on is copied from the other side; that then replays WAL from its redo on
//! ```
//! Source: `pg_rewind.c` (`findCommonAncestorTimeline`, `sanityChecks`), `parsexlog.c` (`findLastCheckpoint`) of 9.5 to
//! 18, and the chapter on pg_rewind of the documentation.

use super::prints::SidePrints;
use pgwal_archive::lineage::Descent;
use pgwal_format::text::control::{ControlFile, ControlState};
use pgwal_format::{Layout, Lsn, SegmentName, TimelineId};

/// A checkpoint from which `pg_rewind` starts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RewindCheckpoint {
    /// The record.
    pub lsn: Lsn,
    /// Where replay from it begins.
    pub redo: Lsn,
    /// The timeline of its file.
    pub timeline: TimelineId,
    /// The first segment that the server to be rewound needs in its own `pg_wal`, up to its last one.
    pub needs_from: SegmentName,
}

/// What keeps `pg_rewind` from being of use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RewindHindrance {
    /// Both are on one timeline: `pg_rewind` says that nothing is to be done, and leaves this side as it is.
    OneTimeline,
    /// Its histories say that the lines part at another position than records do.
    OtherFork(Option<Lsn>),
    /// Neither `wal_log_hints` nor data checksums are on.
    NoHints,
    /// `full_page_writes` is off in the other one.
    NoImages,
    /// It was not shut down: up to 12 that is refused; from 13 on `pg_rewind` has it recover first.
    NotShutDown,
    /// No checkpoint before the fork is in the WAL that is here.
    NoCheckpoint,
    /// The other side has not been promoted by a checkpoint: its control file is on the old timeline still.
    NotCheckpointed,
}

/// What `pg_rewind` would do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RewindOutlook {
    /// Nothing of this side lies behind the fork: it follows the other one as it is.
    pub needless: bool,
    /// Where it would start.
    pub checkpoint: Option<RewindCheckpoint>,
    /// What keeps it from being of use.
    pub hindrances: Vec<RewindHindrance>,
    /// Hints are logged (`wal_log_hints`, or data checksums); `None`: nothing here says so.
    pub hints: Option<bool>,
}

impl RewindOutlook {
    /// It can be done: `None` where nothing here says whether hints are logged.
    pub fn is_possible(&self) -> Option<bool> {
        if !self.hindrances.is_empty() {
            return Some(false);
        }
        self.hints.filter(|hints| *hints)
    }
}

/// What is known of the two.
pub(super) struct RewindPair<'a> {
    pub control: Option<&'a ControlFile>,
    pub other: Option<&'a ControlFile>,
    /// The timelines of both, that of the side to be rewound first.
    pub lines: [Descent; 2],
    pub prints: &'a SidePrints,
    pub fork: Lsn,
    /// The end of the last record that both have, where there is one.
    pub last_end: Option<Lsn>,
    pub layout: Layout,
}

/// Says what `pg_rewind` would do. `None` up to 9.4, which has none.
pub(super) fn outlook(pair: &RewindPair<'_>) -> Option<RewindOutlook> {
    let rules = pair.layout.dialect.rewind?;
    let RewindPair { control, other, prints, fork, layout, .. } = pair;
    let [own_line, other_line] = &pair.lines;
    let needless = prints.range().is_none_or(|(_, end)| end <= *fork);
    let hints = hints(*control, prints);
    let mut hindrances = Vec::new();
    let history_fork = history_fork(own_line, other_line);
    if own_line.target == other_line.target {
        hindrances.push(RewindHindrance::OneTimeline);
    } else if history_fork.is_none_or(|at| Some(at) < pair.last_end || at > *fork) {
        hindrances.push(RewindHindrance::OtherFork(history_fork));
    }
    let before = prints.checkpoints.iter().rev().find(|checkpoint| checkpoint.lsn < *fork);
    let checkpoint = before.map(|checkpoint| {
        let timeline = own_line.at(checkpoint.lsn);
        let number = layout.address().segment(checkpoint.lsn, layout.segment);
        let needs_from = SegmentName::new(timeline, number, layout.address(), layout.segment);
        RewindCheckpoint { lsn: checkpoint.lsn, redo: checkpoint.redo, timeline, needs_from }
    });
    // It is the source that is asked.
    let without_images = other.and_then(|other| other.full_page_writes) == Some(false);
    let is_shut_down =
        |control: &ControlFile| matches!(control.state, ControlState::ShutDown | ControlState::ShutDownInRecovery);
    let found = [
        (hints == Some(false), RewindHindrance::NoHints),
        (without_images, RewindHindrance::NoImages),
        (!rules.recovers_first && control.is_some_and(|own| !is_shut_down(own)), RewindHindrance::NotShutDown),
        (checkpoint.is_none(), RewindHindrance::NoCheckpoint),
        (
            !rules.knows_promotion && other.is_some_and(|other| other.timeline < other_line.target),
            RewindHindrance::NotCheckpointed,
        ),
    ];
    hindrances.extend(found.into_iter().filter(|(is_so, _)| *is_so).map(|(_, hindrance)| hindrance));
    Some(RewindOutlook { needless, checkpoint, hindrances, hints })
}

/// Whether hint bits are logged. WAL alone can say that they are: it does not tell of checksums that are off.
fn hints(control: Option<&ControlFile>, prints: &SidePrints) -> Option<bool> {
    let said = control.and_then(|control| {
        let checksums = control.data_checksum_version.map(|version| version != 0)?;
        Some(checksums || control.parameters.wal_log_hints == Some(true))
    });
    let seen = prints.hints_logged == Some(true) || prints.has_hint_images;
    said.or_else(|| seen.then_some(true))
}

/// Where two lines part by their histories: the end of the last timeline that both have and that begins at one place.
pub(super) fn history_fork(own: &Descent, other: &Descent) -> Option<Lsn> {
    let same = own.timelines.iter().zip(&other.timelines).take_while(|(a, b)| a == b).count();
    let ends = [own, other].map(|line| line.timelines.get(same).map(|(_, begin)| begin.and_then(|begin| begin.lsn)));
    let known = |end: Option<Option<Lsn>>| end.flatten();
    match ends {
        _ if same == 0 => None,
        [a, b] => known(a).into_iter().chain(known(b)).min(),
    }
}

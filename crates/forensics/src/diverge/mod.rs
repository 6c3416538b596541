//! Where two lines of WAL part, and what each has behind that: two archives, two data directories, two timelines of one
//! archive.
//!
//! ```text
//! each side, read once ──► prints: a sum for each MiB of WAL, checkpoints ──► the first MiB whose sums differ
//!     that MiB of both, record by record ──► the last record that both have, the first of each behind it
//! each side, read once more ──► what is behind that: transactions, rows, times
//! ```
//! Records tell, never numbers: two servers that both went on on one timeline have parted as well.

mod behind;
mod meeting;
mod prints;
mod rewind;

pub use behind::{BehindFork, CommitBehind, RelationBehind};
pub use meeting::{PartedRecord, SidesMeeting};
pub use rewind::{RewindCheckpoint, RewindHindrance, RewindOutlook};

use crate::look::NoteFinding;
use behind::behind;
use meeting::meet;
use pgwal_archive::lineage::Descent;
use pgwal_catalog::Names;
use pgwal_format::text::control::ControlFile;
use pgwal_format::text::history::Ancestor;
use pgwal_format::{Layout, Lsn, TimelineId};
use pgwal_source::Source;
use pgwal_verify::records::{Gathered, ListError};
use pgwal_verify::{Options, Outcome};
use prints::{SidePrints, prints};

/// A line of WAL.
pub struct DivergeSide<'a> {
    /// Where it lies.
    pub source: &'a dyn Source,
    /// How to read it, and along which timeline.
    pub options: Options<'a>,
    /// The control file of the cluster that it belongs to, where that is at hand.
    pub control: Option<ControlFile>,
}

/// What was found.
#[derive(Debug)]
pub struct Divergence {
    /// How the WAL is laid out.
    pub layout: Option<Layout>,
    /// Whose WAL each side is.
    pub system_ids: [Option<u64>; 2],
    /// The timelines of each, oldest first.
    pub ways: [Vec<TimelineId>; 2],
    /// The start of the first record of each, and the end of its last one.
    pub ranges: [Option<(Lsn, Lsn)>; 2],
    /// Where they part.
    pub meeting: SidesMeeting,
    /// What each has behind that.
    pub behind: [Option<BehindFork>; 2],
    /// Where they part: what `pg_rewind` would do to each, with the other as its source.
    pub rewind: [Option<RewindOutlook>; 2],
    /// What was read of each.
    pub gathered: [Gathered; 2],
}

/// Finds where two lines of WAL part. Findings of a side are told with `tell`, and handed to `note` with its number.
///
/// # Errors
/// A side cannot be looked at.
pub fn diverge(
    sides: [&DivergeSide<'_>; 2],
    names: &Names,
    tell: &NoteFinding<'_>,
    note: &mut dyn FnMut(usize, &[u8]),
) -> Result<Divergence, ListError> {
    let [a, b] = sides;
    let (first, of_a) = prints(a, tell, &mut |text| note(0, text))?;
    let (second, of_b) = prints(b, tell, &mut |text| note(1, text))?;
    let read = [&first, &second];
    let gathered = [of_a, of_b];
    let layouts = gathered.each_ref().map(|gathered| gathered.outcome.layout);
    let system_ids = gathered.each_ref().map(|gathered| gathered.outcome.system_id);
    let is_foreign = match (layouts, system_ids) {
        ([Some(a), Some(b)], [one, other]) => {
            a.dialect != b.dialect || a.segment != b.segment || one.zip(other).is_some_and(|(a, b)| a != b)
        }
        _ => false,
    };
    let mut meeting = if is_foreign { SidesMeeting::Foreign } else { meet(sides, read)? };
    if let (SidesMeeting::Nothing, Some(layout)) = (&meeting, layouts[0]) {
        let lines = gathered.each_ref().map(|gathered| line(&gathered.outcome, &layout));
        let told = told_by_histories(&lines, read.map(SidePrints::range));
        meeting = told.map_or(meeting, SidesMeeting::Told);
    }
    if let (SidesMeeting::Apart { .. }, Some(layout)) = (&meeting, layouts[0]) {
        let [a, b] = gathered.each_ref().map(|gathered| line(&gathered.outcome, &layout));
        meeting.told_by(rewind::history_fork(&a, &b).filter(|_| a.target != b.target), &layout);
    }
    let fork = meeting.fork();
    let mut found = [None, None];
    if let Some(fork) = fork {
        for (side, found) in sides.into_iter().zip(&mut found) {
            *found = Some(behind(side, fork, names)?);
        }
    }
    let outlook = |own: usize| {
        let (fork, layout) = (fork.filter(|_| meeting.is_apart())?, layouts.first().copied().flatten()?);
        let line = |at: usize| Some(line(&gathered.get(at)?.outcome, &layout));
        rewind::outlook(&rewind::RewindPair {
            control: sides.get(own)?.control.as_ref(),
            other: sides.get(1 - own)?.control.as_ref(),
            lines: [line(own)?, line(1 - own)?],
            prints: read.get(own).copied()?,
            fork,
            last_end: meeting.last_end(),
            layout,
        })
    };
    Ok(Divergence {
        layout: layouts[0].or(layouts[1]),
        system_ids,
        ways: gathered.each_ref().map(|gathered| gathered.outcome.path.clone()),
        ranges: read.map(SidePrints::range),
        meeting,
        rewind: [outlook(0), outlook(1)],
        behind: found,
        gathered,
    })
}

/// The timelines of a side, as history files tell of them, also those of which it has no WAL.
fn line(outcome: &Outcome, layout: &Layout) -> Descent {
    let target = outcome.path.last().copied().unwrap_or(TimelineId::FIRST);
    let (mut ancestors, mut own) = (Vec::new(), target);
    while let Some(branch) = outcome.branches.iter().find(|branch| branch.timeline == own)
        && let Some((parent, switch)) = branch.parent.zip(branch.switch)
        && parent < own
    {
        ancestors.push(Ancestor { timeline: parent, switch, reason: String::new() });
        own = parent;
    }
    ancestors.reverse();
    Descent::of(target, &ancestors, layout)
}

/// Where two lines part by their histories, of which each has WAL behind that.
fn told_by_histories([a, b]: &[Descent; 2], ranges: [Option<(Lsn, Lsn)>; 2]) -> Option<Lsn> {
    let fork = rewind::history_fork(a, b).filter(|_| a.target != b.target)?;
    ranges.iter().all(|range| range.is_some_and(|(_, end)| end > fork)).then_some(fork)
}

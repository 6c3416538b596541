//! Timelines that have WAL which is not on the way of recovery.
//!
//! ```text
//! way     ──── 1 ────┬──── 2 ────►
//! aside              └╌╌╌╌ 1 ╌╌╌╌►    behind the point where 2 left it, and 3, which is not on the way at all
//! ```

use crate::outcome::{Outcome, TimelineReport};
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::text::history::Switch;
use pgwal_format::{Lsn, TimelineId};

/// WAL of a timeline that is not on the way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TimelineAside {
    /// The timeline.
    pub timeline: TimelineId,
    /// From where on it is not.
    pub from: Lsn,
    /// End of its last record.
    pub to: Lsn,
    /// The timeline of the way that left it there; `None` where the way was never on it.
    pub left_by: Option<TimelineId>,
    /// Time of its last commit, where that is later than the last one on the way.
    pub newer_commit: Option<Timestamp>,
    /// How many commits it has at least more than the way has behind the point where they part; `None` where the way
    /// was on it, or has as many.
    pub more_commits: Option<u64>,
}

impl Outcome {
    /// Timelines that hold WAL which the way of recovery leaves out: behind where it left them, or of which it never
    /// was.
    pub fn asides(&self) -> impl Iterator<Item = TimelineAside> {
        let on_way = |report: &&TimelineReport| self.path.contains(&report.timeline);
        // What lies behind the way's end on its last timeline is no other timeline's.
        let last = self.timelines.iter().filter(on_way).filter(|own| self.path.last() == Some(&own.timeline));
        let known = last.filter_map(|report| report.tally.last_commit).chain(self.replayed.last_commit).max();
        self.timelines.iter().filter_map(move |report| {
            let (from, left_by) = match self.path.iter().position(|timeline| *timeline == report.timeline) {
                None => (self.begin(report.timeline).filter(|lsn| *lsn < report.to).unwrap_or(report.from), None),
                Some(at) => {
                    let next = *self.path.get(at + 1)?;
                    (self.begin(next).filter(|lsn| *lsn < report.to)?, Some(next))
                }
            };
            let newer_commit = report.tally.last_commit.filter(|last| known.is_none_or(|known| *last > known));
            let more_commits = self.more_commits(report.timeline);
            Some(TimelineAside { timeline: report.timeline, from, to: report.to, left_by, newer_commit, more_commits })
        })
    }

    /// How many commits a timeline that the way never was on has more than the way has behind the point where they
    /// part. What the way has of the timeline that they share counts as a whole: how much of it lies in front of that
    /// point was not counted.
    fn more_commits(&self, timeline: TimelineId) -> Option<u64> {
        let commits = |of: TimelineId| self.timelines.iter().filter(move |r| r.timeline == of).map(|r| r.tally.commits);
        let parting = |of: TimelineId| self.branches.iter().find(|branch| branch.timeline == of);
        let (mut own, mut count, mut left) = (timeline, 0, None);
        let at = loop {
            match self.path.iter().position(|on_way| *on_way == own) {
                Some(at) => break at,
                None => {
                    count += commits(own).sum::<u64>();
                    let branch = parting(own)?;
                    left = branch.switch;
                    // A parent has a lower number, so this ends whatever the files say.
                    own = branch.parent.filter(|parent| *parent < own)?;
                }
            }
        };
        let way_left = self.path.get(at + 1).and_then(|next| parting(*next)?.switch);
        let is_shared = match (way_left, left?) {
            (Some(Switch::At(way)), Switch::At(own)) => own < way,
            (None, _) => true,
            _ => return None,
        };
        let behind = self.path.get(at + usize::from(!is_shared)..).unwrap_or_default();
        let kept: u64 = behind.iter().flat_map(|on_way| commits(*on_way)).sum();
        count.checked_sub(kept).filter(|more| *more > 0)
    }

    /// Where a timeline left its parent, as a position.
    fn begin(&self, timeline: TimelineId) -> Option<Lsn> {
        let report = self.timelines.iter().find(|report| report.timeline == timeline)?;
        if let Some(Switch::At(lsn)) = report.switch { Some(lsn) } else { None }
    }
}

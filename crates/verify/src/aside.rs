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
            Some(TimelineAside { timeline: report.timeline, from, to: report.to, left_by, newer_commit })
        })
    }

    /// Where a timeline left its parent, as a position.
    fn begin(&self, timeline: TimelineId) -> Option<Lsn> {
        let report = self.timelines.iter().find(|report| report.timeline == timeline)?;
        if let Some(Switch::At(lsn)) = report.switch { Some(lsn) } else { None }
    }
}

//! What was asked for and is not on the way that is read, on the timelines beside it.

use super::Times;
use crate::aside::TimelineAside;
use crate::options::Options;
use pgwal_archive::{Error, Facts};
use pgwal_format::{Lsn, TimelineId};
use pgwal_source::Source;

/// Segments of a timeline that are read for a transaction.
const READ: usize = 4;

impl Times {
    /// Where a transaction ends on timelines beside the way. One number is given out again where a timeline is left.
    ///
    /// # Errors
    /// A segment cannot be read now.
    pub fn xid_elsewhere(
        &self,
        source: &dyn Source,
        options: &Options<'_>,
        xid: u32,
    ) -> Result<Vec<(TimelineId, Lsn)>, Error> {
        let mut out = Vec::new();
        for aside in self.outcome.asides() {
            let may_end = |facts: &&Facts| facts.span.as_ref().is_some_and(|span| span.may_end(xid));
            for facts in self.facts_of(&aside).filter(may_end).take(READ) {
                let seen = self.records(source, options, aside.timeline, facts, aside.to)?;
                if let Some(end) = seen.ends.iter().find(|end| end.xid == xid && end.lsn >= aside.from) {
                    out.push((aside.timeline, end.lsn));
                    break;
                }
            }
        }
        Ok(out)
    }

    /// Where a restore point lies on timelines beside the way.
    pub fn name_elsewhere(&self, name: &str) -> Vec<(TimelineId, Lsn)> {
        let first = |aside: TimelineAside| {
            let mut points = self.facts_of(&aside).flat_map(|facts| &facts.points);
            let own = points.find(|point| point.name == name && point.lsn >= aside.from)?;
            Some((aside.timeline, own.lsn))
        };
        self.outcome.asides().filter_map(first).collect()
    }

    /// The segments of a timeline that hold what is not on the way.
    fn facts_of(&self, aside: &TimelineAside) -> impl Iterator<Item = &Facts> {
        let (timeline, first) = (aside.timeline, self.number(aside.from));
        let own = self.outcome.timelines.iter().filter(move |report| report.timeline == timeline);
        own.flat_map(|report| &report.tally.facts).filter(move |facts| self.number(facts.from) >= first)
    }
}

//! What has to be known of a whole range before its first record can be judged: the subtransactions of a transaction,
//! and where the times lie. One pass, in parallel, before the one that shows or counts.
//!
//! A record without a time of its own counts as of the last one before it that has one: `--since` and `--until` become
//! stretches of WAL. Clocks go back, and a commit gets its time before its place: there may be several stretches.

use super::facts::{RecordFacts, time_of};
use pgwal_format::record::{Block, Record};
use pgwal_format::rmgr::TRANSACTION;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::{Lsn, TimelineId};
use pgwal_verify::records::{ListPart, NoEvent, Render, Rendered};
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// What a range came to.
#[derive(Debug, Default)]
pub struct Survey {
    /// The transaction and its subtransactions.
    pub xids: HashSet<u32>,
    /// From each position on, up to the next: whether records are of the time asked for.
    changes: Vec<(Lsn, bool)>,
    /// What holds before the first.
    before: bool,
}

impl Survey {
    /// Whether a record that starts there is of the time asked for.
    pub fn in_time(&self, lsn: Lsn) -> bool {
        let behind = self.changes.partition_point(|(from, _)| *from <= lsn);
        behind.checked_sub(1).and_then(|i| self.changes.get(i)).map_or(self.before, |(_, inside)| *inside)
    }
}

/// Looks at every record of the range.
pub struct Surveyor {
    transaction: Option<u32>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    sum: Mutex<Survey>,
}

/// What a segment came to.
#[derive(Default)]
pub struct SurveyPart {
    blocks: Vec<Block>,
    xids: Vec<u32>,
    changes: Vec<(Lsn, bool)>,
}

impl Surveyor {
    /// For these filters.
    pub fn new(transaction: Option<u32>, since: Option<Timestamp>, until: Option<Timestamp>) -> Surveyor {
        let sum = Survey { xids: transaction.into_iter().collect(), changes: Vec::new(), before: since.is_none() };
        Surveyor { transaction, since, until, sum: Mutex::new(sum) }
    }

    /// What it came to.
    pub fn finish(self) -> Survey {
        self.sum.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Render for Surveyor {
    type Scratch = SurveyPart;
    type Event = NoEvent;

    fn record(
        &self,
        record: &Record<'_>,
        _: TimelineId,
        part: &mut SurveyPart,
        _: &mut ListPart<NoEvent>,
    ) -> Option<Rendered> {
        let shape = record.blocks(&mut part.blocks).unwrap_or_default();
        if let Some(asked) = self.transaction {
            if shape.top_xid == Some(asked) {
                part.xids.push(record.header.xid);
            }
            if record.header.rmid == TRANSACTION {
                let facts = RecordFacts::of(record, &part.blocks);
                if facts.top.or(facts.xid).unwrap_or(record.header.xid) == asked {
                    part.xids.extend(facts.subxacts);
                }
            }
        }
        if (self.since.is_some() || self.until.is_some())
            && let Some(time) = time_of(record, &part.blocks)
        {
            let inside = self.since.is_none_or(|since| time >= since) && self.until.is_none_or(|until| time <= until);
            if part.changes.last().is_none_or(|(_, last)| *last != inside) {
                part.changes.push((record.lsn, inside));
            }
        }
        Some(0.into())
    }

    fn done(&self, part: &mut SurveyPart) {
        let mut sum = self.sum.lock().unwrap_or_else(PoisonError::into_inner);
        sum.xids.extend(part.xids.drain(..));
        for (from, inside) in part.changes.drain(..) {
            if sum.changes.last().map_or(sum.before, |(_, last)| *last) != inside {
                sum.changes.push((from, inside));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_has_the_time_of_the_last_one_before_it_that_has_one() {
        let surveyor = Surveyor::new(None, Some(Timestamp(10)), None);
        surveyor.done(&mut SurveyPart {
            changes: vec![(Lsn::new(100), false), (Lsn::new(200), true)],
            ..SurveyPart::default()
        });
        surveyor.done(&mut SurveyPart {
            changes: vec![(Lsn::new(300), true), (Lsn::new(400), false)],
            ..SurveyPart::default()
        });
        let survey = surveyor.finish();
        assert_eq!(survey.changes, [(Lsn::new(200), true), (Lsn::new(400), false)]);
        for (lsn, inside) in [(0, false), (199, false), (200, true), (350, true), (400, false), (9999, false)] {
            assert_eq!(survey.in_time(Lsn::new(lsn)), inside, "{lsn}");
        }
        assert!(Surveyor::new(None, None, Some(Timestamp(10))).finish().in_time(Lsn::new(5)));
    }
}

//! What is to be known of a point beside what is kept and dropped there: the same that a restore to it is told.

use super::{Moment, Times};
use crate::options::Options;
use crate::records::{ListPart, NoEvent, Render, Rendered};
use crate::wording;
use pgwal_archive::Error;
use pgwal_archive::facts::{TransactionEnd, end_of};
use pgwal_format::record::{Block, Record, RecordHeader};
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::rmgr::{DATABASE, HEAP, TABLESPACE, TRANSACTION, heap};
use pgwal_format::{Lsn, SegmentNo, TimelineId};
use pgwal_recovery::acts::{DatabaseMark, EarlyAct, EarlyActs, FileAct};
use pgwal_source::Source;
use std::sync::{Mutex, PoisonError};

/// What is to be known of a point.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct PointNotes {
    /// Records just in front of it that act before their commits, which are left out.
    pub early: Vec<EarlyAct>,
    /// A commit behind it that is not later than the time that was asked for: the last one known.
    pub left_out: Option<TransactionEnd>,
    /// Other restore points of the name.
    pub same_points: Vec<Lsn>,
}

impl PointNotes {
    /// In words.
    pub fn lines(&self) -> Vec<String> {
        let left = self.left_out.map(|end| {
            format!("{} of {} is not later, and is left out: times do not rise with positions", end.xid, end.lsn)
        });
        let points: Vec<String> = self.same_points.iter().map(ToString::to_string).collect();
        let same = (!points.is_empty())
            .then(|| format!("the name is there more than once; the others are at {}", points.join(", ")));
        self.early.iter().map(wording::early_act).chain(left).chain(same).collect()
    }
}

impl Times {
    /// What is to be known of a point; `time`: the time that was asked for, where it was one.
    ///
    /// # Errors
    /// A segment cannot be read now.
    pub fn notes(
        &self,
        source: &dyn Source,
        options: &Options<'_>,
        moment: &Moment,
        time: Option<Timestamp>,
    ) -> Result<PointNotes, Error> {
        // At a time, all is replayed that stands in front of the first end that is later.
        let stop = time.and(moment.dropped).map(|end| end.lsn);
        let replayed = |lsn: Lsn| stop.map_or(lsn <= moment.lsn, |stop| lsn < stop);
        let number = self.number(stop.unwrap_or(moment.lsn));
        let (address, size) = (self.layout.address(), self.layout.segment);
        let from = address.segment_start(SegmentNo(number.0.saturating_sub(1)), size);
        let to = address.segment_start(number.next().next(), size);
        let catch = NoteCatcher(Mutex::default());
        self.list(source, options, self.timeline, (Some(from), Some(to)), &catch)?;
        let NotesCaught { acts, marks, ends } = catch.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut early = EarlyActs::of(acts, marks).replayed(replayed);
        early.retain(|act| !ends.iter().any(|end| end.xid == act.xid && replayed(end.lsn)));
        for act in &mut early {
            act.end = ends.iter().find(|end| end.xid == act.xid && end.lsn > act.lsn).map(|end| end.lsn);
        }
        let known = self.way.iter().filter_map(|facts| facts.span.as_ref()).map(|span| span.earliest);
        let not_later = |end: &TransactionEnd| end.committed && time.is_some_and(|time| end.time <= time);
        let behind = |end: &TransactionEnd| !replayed(end.lsn) && self.reaches(end.lsn);
        let left_out = known.chain(ends).filter(|end| not_later(end) && behind(end)).max_by_key(|end| end.lsn);
        let same_points = match &moment.point {
            Some(point) => {
                let all = self.way.iter().flat_map(|facts| &facts.points);
                all.filter(|other| other.name == point.name && other.lsn > point.lsn).map(|other| other.lsn).collect()
            }
            None => Vec::new(),
        };
        Ok(PointNotes { early, left_out, same_points })
    }
}

/// Renders nothing, and keeps what acts at once and where transactions end.
struct NoteCatcher(Mutex<NotesCaught>);

/// In any order.
#[derive(Default)]
struct NotesCaught {
    acts: Vec<EarlyAct>,
    marks: Vec<DatabaseMark>,
    ends: Vec<TransactionEnd>,
}

impl Render for NoteCatcher {
    type Scratch = Vec<Block>;
    type Event = NoEvent;

    /// Of a database that goes away, the image of a page may say so.
    fn whole(&self) -> bool {
        true
    }

    fn wants(&self, header: &RecordHeader) -> bool {
        matches!(header.rmid, TRANSACTION | DATABASE | TABLESPACE) || header.is(HEAP, heap::INPLACE)
    }

    fn record(
        &self,
        record: &Record<'_>,
        _: TimelineId,
        blocks: &mut Vec<Block>,
        _: &mut ListPart<NoEvent>,
    ) -> Option<Rendered> {
        let act = FileAct::of(record).filter(|act| act.is_loss() && record.header.xid != 0);
        let (mark, end) = (DatabaseMark::of(record, blocks), end_of(record));
        if act.is_some() || mark.is_some() || end.is_some() {
            let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let (xid, lsn) = (record.header.xid, record.lsn);
            seen.acts.extend(act.map(|act| EarlyAct { act, xid, lsn, saved_before: lsn, end: None }));
            seen.marks.extend(mark);
            seen.ends.extend(end);
        }
        Some(0.into())
    }
}

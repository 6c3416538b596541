//! What a segment says of times: where transactions end, and restore points.
//!
//! Enough to find the segment that holds a time, a transaction or a restore point without reading another one.

use pgwal_format::record::Record;
use pgwal_format::rmgr::xact::{self, Timestamp, XactEnd, XactOutcome};
use pgwal_format::rmgr::xlog;
use pgwal_format::{Lsn, TimelineId, wire_fields};

/// The end of a transaction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TransactionEnd {
    /// The record.
    pub lsn: Lsn,
    /// When.
    pub time: Timestamp,
    /// Which transaction.
    pub xid: u32,
    /// It committed.
    pub committed: bool,
}

/// A restore point (`pg_create_restore_point`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RestorePoint {
    /// The record.
    pub lsn: Lsn,
    /// When.
    pub time: Timestamp,
    /// Its name.
    pub name: String,
}

/// Where transactions end in a segment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TransactionSpan {
    /// The first end.
    pub first: TransactionEnd,
    /// The last end.
    pub last: TransactionEnd,
    /// The end with the lowest time; the first of equals.
    pub earliest: TransactionEnd,
    /// The end with the highest time; the first of equals.
    pub latest: TransactionEnd,
    /// The lowest transaction that ends here, counted as transactions are: before its first, at most two thousand
    /// million.
    pub lowest_xid: u32,
    /// The highest.
    pub highest_xid: u32,
}

/// The facts of a segment: of the records that start in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Facts {
    /// The timeline in the segment's name.
    pub timeline: TimelineId,
    /// Where the segment starts.
    pub from: Lsn,
    /// Transactions; `None` where none ends.
    pub span: Option<TransactionSpan>,
    /// Restore points in order, at most [`Facts::POINTS`].
    pub points: Vec<RestorePoint>,
    /// There are more.
    pub more_points: bool,
}

wire_fields!(TransactionEnd { lsn, time, xid, committed });
wire_fields!(RestorePoint { lsn, time, name });
wire_fields!(TransactionSpan { first, last, earliest, latest, lowest_xid, highest_xid });
wire_fields!(Facts { timeline, from, span, points, more_points });

impl Facts {
    /// How many restore points are kept of a segment.
    pub const POINTS: usize = 16;

    /// Those of a segment of which nothing was read yet.
    pub fn of(timeline: TimelineId, from: Lsn) -> Facts {
        Facts { timeline, from, span: None, points: Vec::new(), more_points: false }
    }

    /// Takes a record in.
    pub fn note(&mut self, record: &Record<'_>) {
        if let Some(end) = end_of(record) {
            self.end(end);
        } else if let Some(point) = point_of(record) {
            if self.points.len() < Facts::POINTS {
                self.points.push(point);
            } else {
                self.more_points = true;
            }
        }
    }

    /// Of the segment in which replay stops: takes what lies before that for all.
    pub fn keep(&mut self, ends: &[TransactionEnd], points: Vec<RestorePoint>) {
        self.span = None;
        ends.iter().for_each(|end| self.end(*end));
        self.more_points = points.len() > Facts::POINTS;
        self.points = points;
        self.points.truncate(Facts::POINTS);
    }

    fn end(&mut self, end: TransactionEnd) {
        match &mut self.span {
            Some(span) => span.add(end),
            None => self.span = Some(TransactionSpan::of(end)),
        }
    }
}

impl TransactionSpan {
    fn of(end: TransactionEnd) -> TransactionSpan {
        TransactionSpan { first: end, last: end, earliest: end, latest: end, lowest_xid: end.xid, highest_xid: end.xid }
    }

    fn add(&mut self, end: TransactionEnd) {
        self.last = end;
        if end.time < self.earliest.time {
            self.earliest = end;
        }
        if end.time > self.latest.time {
            self.latest = end;
        }
        if is_before(end.xid, self.lowest_xid) {
            self.lowest_xid = end.xid;
        }
        if is_before(self.highest_xid, end.xid) {
            self.highest_xid = end.xid;
        }
    }

    /// Whether a transaction of this number may end here.
    pub fn may_end(&self, xid: u32) -> bool {
        !is_before(xid, self.lowest_xid) && !is_before(self.highest_xid, xid)
    }
}

/// Transaction numbers go in a circle (`TransactionIdPrecedes`).
fn is_before(a: u32, b: u32) -> bool {
    a.wrapping_sub(b).cast_signed() < 0
}

/// The end of a transaction, where the record is one.
pub fn end_of(record: &Record<'_>) -> Option<TransactionEnd> {
    let XactEnd { outcome, xid, time } = xact::ended(record)?;
    Some(TransactionEnd { lsn: record.lsn, time, xid, committed: outcome == XactOutcome::Commit })
}

/// The restore point, where the record is one.
pub fn point_of(record: &Record<'_>) -> Option<RestorePoint> {
    let point = xlog::restore_point(record)?;
    let name = String::from_utf8_lossy(point.name).into_owned();
    Some(RestorePoint { lsn: record.lsn, time: point.time, name })
}

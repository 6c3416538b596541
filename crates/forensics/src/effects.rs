//! What records of a stretch of WAL come to, without regard to those before: rows by transaction and relation are
//! summed, records that need their order are kept as they are.

use crate::xact_sums::{XactRecord, XactSums};
use pgwal_format::record::{Record, RecordHeader, RelFileLocator};
use pgwal_format::rmgr::row_changes::RowsChanged;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::{Layout, Lsn, TimelineId};

/// A record that needs those before it.
#[derive(Clone, Debug)]
pub enum KeptRecord {
    /// A commit that says nothing but its time, as nearly all do.
    Commit {
        /// The transaction.
        xid: u32,
        /// Its place among those of the stretch ([`XactSums::place`]).
        place: u32,
        /// When.
        time: Timestamp,
        /// Where.
        lsn: Lsn,
        /// Its bytes.
        bytes: u32,
    },
    /// Any other.
    Whole(Box<WholeRecord>),
}

/// A record as it is.
#[derive(Clone, Debug)]
pub struct WholeRecord {
    /// The timeline of its file.
    pub timeline: TimelineId,
    /// Where it starts.
    pub lsn: Lsn,
    /// Where it ends.
    pub end: Lsn,
    /// Its fixed part.
    pub header: RecordHeader,
    /// All behind that.
    pub body: Vec<u8>,
}

/// Records that follow each other.
#[derive(Clone, Debug)]
pub struct StretchSpan {
    /// How to read them.
    pub layout: Layout,
    /// The record before the first, as that names it.
    pub prev: Lsn,
    /// The first.
    pub first: Lsn,
    /// The last.
    pub last: Lsn,
    /// The timeline of the file in which that starts.
    pub timeline: TimelineId,
    /// The timeline of the file in which the first starts.
    pub opened: TimelineId,
}

/// Records without a hole, up to one behind which every transaction is over.
#[derive(Clone, Debug, Default)]
pub struct WalStretch {
    /// Which; `None` where there are none.
    pub span: Option<StretchSpan>,
    /// By transaction.
    pub xacts: XactSums,
    /// In order.
    pub kept: Vec<KeptRecord>,
}

/// Some records, in order.
#[derive(Clone, Debug, Default)]
pub struct WalPart {
    /// Those that are over.
    pub before: Vec<WalStretch>,
    /// The one that goes on.
    pub last: WalStretch,
}

impl WalPart {
    /// A record comes.
    #[inline(always)]
    pub fn next(&mut self, record: &Record<'_>, timeline: TimelineId) {
        let (lsn, prev) = (record.lsn, record.header.prev);
        match &mut self.last.span {
            Some(span) if span.last == prev => (span.last, span.timeline) = (lsn, timeline),
            _ => self.open(record, timeline),
        }
    }

    /// Begins a stretch with a record.
    #[cold]
    fn open(&mut self, record: &Record<'_>, timeline: TimelineId) {
        let (first, last, prev) = (record.lsn, record.lsn, record.header.prev);
        if self.last.span.is_some() {
            self.divide();
        }
        let layout = *record.layout;
        self.last.span = Some(StretchSpan { layout, prev, first, last, timeline, opened: timeline });
    }

    /// Sums a record for its transaction. `rel`: the relation that it touches; `top`: the transaction of which that is
    /// a part, where the record says so.
    #[inline(always)]
    pub fn count(
        &mut self,
        record: &Record<'_>,
        timeline: TimelineId,
        rows: Option<RowsChanged>,
        rel: Option<RelFileLocator>,
        top: Option<u32>,
    ) {
        let header = &record.header;
        self.last.xacts.count(&XactRecord {
            xid: header.xid,
            lsn: record.lsn,
            timeline,
            bytes: u64::from(header.tot_len),
            top,
            rel,
            rows: rows.map(|rows| (rows.change, rows.rows)),
        });
    }

    /// Keeps a commit that says nothing but its time.
    #[inline]
    pub fn commit(&mut self, record: &Record<'_>, time: Timestamp) {
        let (xid, bytes) = (record.header.xid, record.header.tot_len);
        let place = self.last.xacts.place(xid);
        self.last.kept.push(KeptRecord::Commit { xid, place, time, lsn: record.lsn, bytes });
    }

    /// Keeps a record.
    pub fn keep(&mut self, record: &Record<'_>, timeline: TimelineId) {
        let Record { lsn, end, header, body, .. } = *record;
        let whole = WholeRecord { timeline, lsn, end, header, body: body.to_vec() };
        self.last.kept.push(KeptRecord::Whole(Box::new(whole)));
    }

    /// What comes now is another stretch.
    pub fn divide(&mut self) {
        self.before.push(std::mem::take(&mut self.last));
    }
}

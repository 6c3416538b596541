//! What WAL says of one transaction: whether it is one at all, and what became of it.
//!
//! Records may come in any order.

use pgwal_format::Lsn;
use pgwal_format::record::{Block, Record};
use pgwal_format::rmgr::sink::Value;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::rmgr::{STANDBY, TRANSACTION, XLOG, fields, standby, xact, xlog};

/// Where a transaction ended, of itself or with another one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TracedEnd {
    /// The transaction that ended: itself, or the one that it belongs to.
    pub xid: u32,
    /// Committed, not rolled back.
    pub commit: bool,
    /// The record.
    pub lsn: Lsn,
    /// When.
    pub time: Timestamp,
}

/// Where a transaction was prepared.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TracedPrepare {
    /// The one that was prepared: itself, or the one that it belongs to.
    pub xid: u32,
    /// Its name.
    pub gid: String,
    /// The record.
    pub lsn: Lsn,
}

/// What is known of a transaction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct XidTrace {
    xid: u32,
    /// The first and the last record that carry it.
    pub records: Option<(Lsn, Lsn)>,
    /// The transaction that it belongs to.
    pub top: Option<u32>,
    /// Where it ended, itself or with the one that it belongs to; of several the first.
    pub end: Option<TracedEnd>,
    /// Where it was prepared.
    pub prepared: Option<TracedPrepare>,
    /// The first and the last place at which WAL says that it does not run, and that its number was given.
    pub quiet: Option<(Lsn, Lsn)>,
    /// The highest number that is known to be given.
    pub highest: Option<u32>,
    /// Where WAL first tells of running transactions.
    pub first_told: Option<Lsn>,
    blocks: Vec<Block>,
}

impl XidTrace {
    /// Nothing is known yet.
    pub fn new(xid: u32) -> XidTrace {
        XidTrace {
            xid,
            records: None,
            top: None,
            end: None,
            prepared: None,
            quiet: None,
            highest: None,
            first_told: None,
            blocks: Vec::new(),
        }
    }

    /// What a record says of it.
    pub fn record(&mut self, record: &Record<'_>) {
        if record.header.xid != 0 {
            self.given(record.header.xid);
        }
        if record.header.xid == self.xid {
            self.records = spread(self.records, Some((record.lsn, record.lsn)));
            let mut blocks = std::mem::take(&mut self.blocks);
            self.top = self.top.or(record.blocks_or_none(&mut blocks).top_xid.filter(|top| *top != self.xid));
            self.blocks = blocks;
        }
        match record.header.rmid {
            TRANSACTION => self.transaction(record),
            STANDBY => {
                if let Some(running) = standby::running_xacts(record) {
                    self.told_next(record.lsn, running.next_xid);
                    if follows(running.oldest_running_xid, self.xid) {
                        self.quiet = spread(self.quiet, Some((record.lsn, record.lsn)));
                    }
                }
            }
            XLOG => {
                if let Some(checkpoint) = xlog::checkpoint(record)
                    && let Some(next) = checkpoint.next_xid.map(|next| next.xid)
                {
                    self.told_next(record.lsn, next);
                    // Nothing but prepared transactions outlives a shutdown.
                    if checkpoint.shutdown && follows(next, self.xid) {
                        self.quiet = spread(self.quiet, Some((record.lsn, record.lsn)));
                    }
                }
            }
            _ => {}
        }
    }

    /// What other records say of the same one.
    pub fn add(&mut self, other: &XidTrace) {
        self.records = spread(self.records, other.records);
        self.quiet = spread(self.quiet, other.quiet);
        self.top = self.top.or(other.top);
        other.end.into_iter().for_each(|end| self.ended(end));
        self.prepared = self.prepared.take().or_else(|| other.prepared.clone());
        other.highest.into_iter().for_each(|xid| self.given(xid));
        self.first_told = self.first_told.into_iter().chain(other.first_told).min();
    }

    fn told_next(&mut self, lsn: Lsn, next: u32) {
        self.first_told = Some(self.first_told.map_or(lsn, |known| known.min(lsn)));
        self.given(next.wrapping_sub(1));
    }

    fn given(&mut self, xid: u32) {
        if self.highest.is_none_or(|known| follows(xid, known)) {
            self.highest = Some(xid);
        }
    }

    fn ended(&mut self, end: TracedEnd) {
        if self.end.is_none_or(|known| end.lsn < known.lsn) {
            self.end = Some(end);
        }
    }

    fn transaction(&mut self, record: &Record<'_>) {
        let mut own = record.header.xid;
        let (mut belongs, mut top, mut gid) = (false, None, String::new());
        fields::each(record, &mut |field| match (field.inside, field.name, field.value) {
            (Some("subxacts" | "xsub"), _, Value::Unsigned(n)) => belongs |= n == u64::from(self.xid),
            (None, "twophase_xid", Value::Unsigned(n)) => own = n as u32,
            (None, "xid", Value::Unsigned(n)) => own = n as u32,
            (None, "xtop", Value::Unsigned(n)) => top = Some(n as u32),
            (None, "gid", Value::Text(name)) => gid = String::from_utf8_lossy(name).into_owned(),
            _ => {}
        });
        if let (Some(top), true) = (top, belongs) {
            self.top = Some(top);
        }
        if own != self.xid && !belongs {
            return;
        }
        if let Some(end) = xact::ended(record) {
            let commit = end.outcome == xact::XactOutcome::Commit;
            self.ended(TracedEnd { xid: own, commit, lsn: record.lsn, time: end.time });
        } else if xact::operation(&record.header) == xact::PREPARE {
            self.prepared = Some(TracedPrepare { xid: own, gid, lsn: record.lsn });
        }
    }
}

fn spread(a: Option<(Lsn, Lsn)>, b: Option<(Lsn, Lsn)>) -> Option<(Lsn, Lsn)> {
    match (a, b) {
        (Some((first, last)), Some((other_first, other_last))) => Some((first.min(other_first), last.max(other_last))),
        (known, other) => known.or(other),
    }
}

/// Transaction numbers go round.
pub(crate) fn follows(a: u32, b: u32) -> bool {
    (a.wrapping_sub(b) as i32) > 0
}

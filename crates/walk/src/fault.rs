//! What can be wrong with WAL, and where.

use pgwal_format::Lsn;
use pgwal_format::page::PageFault;
use pgwal_format::record::{BodyFault, HeaderFault};

/// Why a record cannot be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Fault {
    /// A page header.
    Page(PageFault),
    /// A record header.
    Header(HeaderFault),
    /// A record's checksum.
    Checksum {
        /// The value stored.
        stored: u32,
        /// The value of the bytes.
        computed: u32,
    },
    /// A right checksum around a structure that is not.
    Body(BodyFault),
    /// The record does not name the one before it.
    PrevLink {
        /// What it names.
        found: Lsn,
        /// The record before it, where that is known.
        expected: Option<Lsn>,
    },
    /// A page that should begin with the rest of a record does not say so.
    NoContrecord,
    /// A page begins with the rest of a record that nobody began.
    UnexpectedContrecord {
        /// Bytes that it says are to come.
        rem_len: u32,
    },
    /// The rest of the record has another length than the record says.
    ContrecordLength {
        /// What the page says.
        found: u32,
        /// What the record says.
        expected: u64,
    },
    /// The record's length does not fit the pages behind it, and they hold.
    LengthAgainstPage {
        /// The first page that does not fit.
        page: Lsn,
        /// Bytes that this page says are left; `None` where it begins with a record.
        rem_len: Option<u32>,
        /// Bytes that the record lacks there.
        missing: u64,
    },
    /// A record that tells of an aborted one names another.
    OverwriteMismatch {
        /// The position named.
        found: Option<Lsn>,
        /// The record that was aborted.
        expected: Lsn,
    },
    /// The bytes end before the segment does.
    CutOff,
}

/// A place at which WAL cannot be read on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Damage<M> {
    /// The first record that cannot be read. Where it was begun before the bytes at hand: the first page at hand.
    pub lsn: Lsn,
    /// The record was begun before the bytes at hand, so [`Damage::lsn`] is not yet known.
    pub begun_before: bool,
    /// The bad page, or the bad record.
    pub at: Lsn,
    /// What is wrong.
    pub fault: Fault,
    /// The end of the bytes that the fault may lie in, from [`Damage::at`] on (or [`Damage::lsn`] for a record).
    pub end: Lsn,
    /// The next record that proves itself; `None` where there is none in the bytes at hand.
    pub until: Option<Lsn>,
    /// The record before it, as it says: lies in the hole unless nothing else was lost. At a seam only where the first
    /// page behind it is at fault, and the record is the first of that segment.
    pub until_prev: Option<Lsn>,
    /// What the records before it came to.
    pub before: M,
}

impl<M> Damage<M> {
    /// The same, with another mark.
    pub fn with<N>(self, before: N) -> Damage<N> {
        let Damage { lsn, begun_before, at, fault, end, until, until_prev, .. } = self;
        Damage { lsn, begun_before, at, fault, end, until, until_prev, before }
    }

    /// Whether a record is lost. One of which only the link or the tale of an aborted record is wrong is read all the
    /// same.
    pub(crate) fn loses(&self) -> bool {
        match self.fault {
            Fault::OverwriteMismatch { .. } => false,
            Fault::PrevLink { .. } => self.end != self.lsn,
            _ => true,
        }
    }
}

/// How many damages a run remembers one by one.
pub(crate) const MANY: usize = 1000;

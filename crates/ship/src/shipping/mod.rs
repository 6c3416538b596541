//! Ships WAL record by record, for as long as somebody wants it: from the files of a server, or from the server itself.
//!
//! ```text
//! pg_wal, as it grows ──► from_files ─┐
//!                                     ├─► checked bytes ──► unfinished.rs: SEGMENT.partial, SEGMENT
//! a server's stream ──► from_server ──┘
//! ```

mod failure;
mod from_files;
#[cfg(feature = "server")]
mod from_server;

pub use failure::{ShipFailure, dropping};
pub use from_files::{FileShipOptions, FileShipper};
#[cfg(feature = "server")]
pub use from_server::{ServerShipOptions, ship_from_server};

use crate::unfinished::FinishedAs;
use pgwal_format::{Lsn, SegmentName, TimelineId};
use std::time::Duration;

/// What happened.
#[derive(Clone, Debug)]
pub enum ShipNews<'a> {
    /// It begins, or goes on: from where.
    Begins {
        /// The server, or the folder.
        place: &'a str,
        /// The timeline.
        timeline: TimelineId,
        /// The start of a segment.
        from: Lsn,
    },
    /// A segment is whole: it has its name, or lay there already, with the same records.
    Segment(SegmentName, FinishedAs),
    /// A timeline was left for another one.
    Timeline {
        /// The one that goes on.
        next: TimelineId,
        /// Where.
        at: Lsn,
    },
    /// Something went wrong that may go away; it is tried again after that time.
    Retry {
        /// What.
        failure: &'a ShipFailure,
        /// When.
        after: Duration,
    },
    /// The slot keeps more WAL than its server lets it: the next checkpoint may remove what is not shipped yet.
    SlotUnreserved {
        /// Its name.
        slot: &'a str,
        /// Bytes that it keeps.
        keeps: u64,
        /// Bytes that it may keep.
        allowed: u64,
    },
    /// The slot keeps nothing, behind a gap: if its server gave it up, it never will again.
    SlotLost {
        /// Its name.
        slot: &'a str,
    },
    /// WAL is missing in front of this position, as was asked for.
    Gap {
        /// The position.
        before: Lsn,
    },
}

/// How long what is written may wait to be flushed.
const FLUSH: Duration = Duration::from_secs(1);

/// Ever longer pauses between attempts.
#[cfg(feature = "server")]
#[derive(Debug, Default)]
pub(crate) struct BackOff(u32);

#[cfg(feature = "server")]
impl BackOff {
    /// The next pause: 0.2 seconds, twice as long each time, at most 30.
    pub fn pause(&mut self) -> Duration {
        let pause = Duration::from_millis(200).saturating_mul(1 << self.0.min(8)).min(Duration::from_secs(30));
        self.0 += 1;
        pause
    }

    /// It works again.
    pub fn reset(&mut self) {
        self.0 = 0;
    }
}

//! A directory whose checkpoint is not the one that WAL has at its place.
//!
//! ```text
//! pg_control of the clone:  checkpoint at 0/0A000028, timeline 1, 10:28:37
//! archive of the original:  checkpoint at 0/0A000028, timeline 2, 10:28:32
//! ```
//! A server that stops or is backed up switches the segment first, so that checkpoints of two histories come to lie at
//! one place. No server compares them (up to 14 not even their timelines): it replays the one's WAL on the data of the
//! other.

use crate::start::Start;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::{Lsn, TimelineId};

/// Two checkpoints at one place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OtherCheckpoint {
    /// The place.
    pub at: Lsn,
    /// The timeline of the one that the directory is of, and when it was made, in whole seconds, where it says so.
    pub own: (TimelineId, Option<Timestamp>),
    /// Those of the one that is read there.
    pub found: (TimelineId, Option<Timestamp>),
}

impl OtherCheckpoint {
    /// Compares the record that was read at the checkpoint with what the directory says of it. Of the copy in the
    /// control file `nextXid` alone is changed by replay (`xlog_redo`), not its timeline and time.
    pub(crate) fn of(start: &Start, at: Lsn, found: (TimelineId, Option<Timestamp>)) -> Option<OtherCheckpoint> {
        let control = start.control.as_ref().filter(|control| control.checkpoint == at);
        let time = control.map(|control| Timestamp::from_unix_seconds(control.checkpoint_time));
        let timeline = match control {
            Some(control) => control.timeline,
            None if start.checkpoint == at => start.timeline,
            None => return None,
        };
        let differs = timeline != found.0 || time.zip(found.1).is_some_and(|(own, found)| own != found);
        differs.then_some(OtherCheckpoint { at, own: (timeline, time), found })
    }
}

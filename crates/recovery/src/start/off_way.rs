//! A directory that lies beside the way which a restore takes.
//!
//! ```text
//! timeline 1  ───────┬────────── checkpoint of the directory: of an old primary that went on
//! timeline 2         └─────────────────────  latest
//! ```
//! The segment of that checkpoint is there, and the server takes the one of timeline 2 (`tliOfPointInHistory`).

use crate::start::Start;
use pgwal_archive::lineage::Descent;
use pgwal_format::{Lsn, TimelineId};

/// Why replay cannot go from where a directory stands to the timeline that is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OffWay {
    /// The timeline of the directory.
    pub own: TimelineId,
    /// The timeline that is asked for.
    pub asked: TimelineId,
    /// Where the way leaves the timeline of the directory, in front of its checkpoint; `None` where the way does not
    /// come along that timeline at all.
    pub left: Option<Lsn>,
    /// It has a label: a backup, and not the directory of a server that ran.
    pub label: bool,
    /// `pg_rewind` takes it: changes of hints are in its WAL (`wal_log_hints`, or checksums of pages).
    pub logs_hints: bool,
}

impl OffWay {
    /// Of a start, and the way to what is asked for.
    pub(crate) fn of(start: &Start, line: &Descent) -> Option<OffWay> {
        let logs_hints = start.control.as_ref().is_none_or(|control| {
            let hints = control.parameters.wal_log_hints;
            control.data_checksum_version.is_none_or(|version| version > 0) || hints.is_none_or(|on| on)
        });
        let off = |left| OffWay { own: start.timeline, asked: line.target, left, label: start.label, logs_hints };
        if !line.holds(start.timeline) {
            return Some(off(None));
        }
        line.left(start.timeline).filter(|left| start.checkpoint >= *left).map(|left| off(Some(left)))
    }
}

//! The records of "XLOG" that say which timeline they open (`src/include/catalog/pg_control.h`,
//! `src/include/access/xlog_internal.h`).

use super::{CHECKPOINT_SHUTDOWN, END_OF_RECOVERY};
use crate::bytes::at;
use crate::record::Record;
use crate::rmgr;
use crate::{Generation, TimelineId};

/// A shutdown checkpoint or end-of-recovery record: the record with which a timeline begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TimelineOpening {
    /// The timeline in force from this record on.
    pub timeline: TimelineId,
    /// The timeline before, where the version says so (9.3 and later).
    pub previous: Option<TimelineId>,
}

/// Reads which timeline a record opens. `None` for records that open none.
pub fn opening(record: &Record<'_>) -> Option<TimelineOpening> {
    let dialect = record.layout.dialect;
    let at_tli = match record.header.operation() {
        _ if record.header.rmid != rmgr::XLOG => return None,
        // {redo, [8.2: undo,] ThisTimeLineID, [9.3+: PrevTimeLineID], …}
        CHECKPOINT_SHUTDOWN => dialect.checkpoint_timeline,
        // {time, ThisTimeLineID, PrevTimeLineID}, 9.3 and later
        END_OF_RECOVERY if dialect.generation != Generation::LegacyA => 8,
        _ => return None,
    };
    let data = record.main_data();
    let e = record.layout.endian;
    let timeline = TimelineId(e.u32(*data.get(at_tli..)?.first_chunk()?));
    let previous = (dialect.generation != Generation::LegacyA).then(|| TimelineId(e.u32(at(data, at_tli + 4))));
    Some(TimelineOpening { timeline, previous })
}

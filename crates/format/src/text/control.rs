//! The control file, `global/pg_control` (`ControlFileData`, `src/include/catalog/pg_control.h`): so far only the
//! timeline of its last checkpoint.
//!
//! ```text
//!  0 u64 system identifier   8 u32 pg_control version   12 u32 catalog version   …   checkPointCopy.ThisTimeLineID
//! ```

use crate::bytes::at;
use crate::{Align, Layout, TimelineId};

/// The timeline on which a server with this control file goes on. `None` where the file is not of this cluster's version,
/// or too short.
pub fn checkpoint_timeline(bytes: &[u8], layout: &Layout, system_id: u64) -> Option<TimelineId> {
    let e = layout.endian;
    let dialect = layout.dialect;
    let same = e.u64(at(bytes, 0)) == system_id && e.u32(at(bytes, 8)) == dialect.control_version && e.u32(at(bytes, 12)) == dialect.catalog_version;
    let [eight, four] = dialect.control_timeline;
    let offset = if layout.align == Align::Eight { eight } else { four };
    let timeline = TimelineId(e.u32(*bytes.get(offset..)?.first_chunk()?));
    (same && timeline.0 > 0).then_some(timeline)
}

//! `XLOG_RESTORE_POINT` (`xl_restore_point`, `src/include/access/xlog_internal.h`). Before 9.1 nothing has its number.

use crate::record::Record;
use crate::rmgr::xact::{Timestamp, timestamp};

/// Bytes of a name, the zero at its end included (`MAXFNAMELEN`).
const NAME: usize = 64;

/// The time and the name of a restore point, without the zero that ends it. `None` for other records of "XLOG" and for
/// cut
/// data.
pub fn restore_point<'a>(record: &Record<'a>) -> Option<(Timestamp, &'a [u8])> {
    let layout = record.layout;
    if record.header.info & 0xF0 != 0x70 {
        return None;
    }
    let data = record.main_data();
    let time = timestamp(layout.endian.u64(*data.first_chunk()?), layout.dialect.float_times);
    let name = data.get(8..)?;
    let name = name.get(..NAME.min(name.len()))?;
    Some((time, name.get(..name.iter().position(|&b| b == 0)?)?))
}

//! `XLOG_RESTORE_POINT` (`xl_restore_point`, `src/include/access/xlog_internal.h`). Before 9.1 nothing has its number.

use super::RESTORE_POINT;
use crate::record::Record;
use crate::rmgr;
use crate::rmgr::xact::{Timestamp, timestamp};

/// Bytes of a name, the zero at its end included (`MAXFNAMELEN`).
const NAME: usize = 64;

/// A restore point, as its record says it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NamedPoint<'a> {
    /// When it was made.
    pub time: Timestamp,
    /// Its name, in whatever encoding the server had, without the zero that ends it.
    pub name: &'a [u8],
}

/// Reads a restore point. `None` for other records and for cut data.
///
/// ```
/// use pgwal_format::record::{Record, RecordHeader};
/// use pgwal_format::rmgr::{self, xlog};
///
/// # use pgwal_format::{Align, Endian, Layout, Lsn, PageSize, SegmentSize, Version};
/// # let layout = Layout {
/// #     dialect: Version::new(15, 0).dialect().unwrap(),
/// #     align: Align::Eight,
/// #     endian: Endian::Little,
/// #     segment: SegmentSize::DEFAULT,
/// #     page: PageSize::DEFAULT,
/// # };
/// # let info = xlog::RESTORE_POINT;
/// # let header = RecordHeader { tot_len: 98, xid: 0, prev: Lsn::ZERO, info, rmid: rmgr::XLOG, crc: 0, len: 0 };
/// # let mut body = [&[255, 72][..], &[0; 8], b"before the upgrade"].concat();
/// # body.resize(74, 0);
/// # let record = Record { lsn: Lsn::ZERO, end: Lsn::ZERO, header, body: &body, layout: &layout };
/// assert_eq!(xlog::restore_point(&record).unwrap().name, b"before the upgrade");
/// ```
pub fn restore_point<'a>(record: &Record<'a>) -> Option<NamedPoint<'a>> {
    let layout = record.layout;
    if !record.header.is(rmgr::XLOG, RESTORE_POINT) {
        return None;
    }
    let data = record.main_data();
    let time = timestamp(layout.endian.u64(*data.first_chunk()?), layout.dialect.float_times);
    let name = data.get(8..)?;
    let name = name.get(..NAME.min(name.len()))?;
    Some(NamedPoint { time, name: name.get(..name.iter().position(|&b| b == 0)?)? })
}

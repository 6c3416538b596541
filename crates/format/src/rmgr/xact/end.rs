//! What is asked of the end of a transaction, in every version.

use super::{PREPARE, Timestamp, XactOutcome, ended_at, ends_prepared, operation};
use crate::record::{Record, RelFileLocator};
use crate::rmgr::TRANSACTION;
use crate::rmgr::fields::{self, number};
use crate::rmgr::sink::Value;

/// The end of a transaction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct XactEnd {
    /// Commit or abort.
    pub outcome: XactOutcome,
    /// The transaction; where a prepared one ends, that one, not the one that ended it.
    pub xid: u32,
    /// When.
    pub time: Timestamp,
}

/// Reads the end of a transaction. `None` for other records and for cut data.
///
/// ```
/// use pgwal_format::record::{Record, RecordHeader};
/// use pgwal_format::rmgr::xact::{self, Timestamp, XactOutcome};
/// use pgwal_format::rmgr::TRANSACTION;
///
/// # use pgwal_format::{Align, Endian, Layout, Lsn, PageSize, SegmentSize, Version};
/// # let layout = Layout {
/// #     dialect: Version::new(15, 0).dialect().unwrap(),
/// #     align: Align::Eight,
/// #     endian: Endian::Little,
/// #     segment: SegmentSize::DEFAULT,
/// #     page: PageSize::DEFAULT,
/// # };
/// # let header = RecordHeader { tot_len: 34, xid: 740, prev: Lsn::ZERO, info: xact::ABORT, rmid: TRANSACTION, crc: 0, len: 0 };
/// # let body = [255, 8, 0x40, 0x42, 0x0F, 0, 0, 0, 0, 0];
/// # let record = Record { lsn: Lsn::ZERO, end: Lsn::ZERO, header, body: &body, layout: &layout };
/// let end = xact::ended(&record).unwrap();
/// assert_eq!((end.outcome, end.xid, end.time), (XactOutcome::Abort, 740, Timestamp(1_000_000)));
/// ```
pub fn ended(record: &Record<'_>) -> Option<XactEnd> {
    let (outcome, time) = ended_at(record)?;
    let prepared = if ends_prepared(&record.header) { prepared_xid(record) } else { None };
    Some(XactEnd { outcome, xid: prepared.unwrap_or(record.header.xid), time })
}

/// The prepared transaction that ends with a record. From 9.5 on it stands behind lists of any length.
fn prepared_xid(record: &Record<'_>) -> Option<u32> {
    let mut xid = None;
    fields::each(record, &mut |field| {
        if field.name == "twophase_xid" {
            xid = number(field.value);
        }
    });
    xid
}

/// The relations whose files go away with the end of a transaction; empty for other records.
pub fn dropped_relations(record: &Record<'_>) -> Vec<RelFileLocator> {
    let mut out = Vec::new();
    if record.header.rmid == TRANSACTION && operation(&record.header) != PREPARE {
        fields::each(record, &mut |field| {
            if let (Some("rels"), Value::Path(rel, _) | Value::Rel(rel)) = (field.inside, field.value) {
                out.push(rel);
            }
        });
    }
    out
}

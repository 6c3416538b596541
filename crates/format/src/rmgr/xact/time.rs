//! When transactions ended (`src/include/access/xact.h`).
//!
//! The time stands first in commit and abort records, behind the transaction number in the prepared kinds up to 9.4.
//! It is microseconds since 2000-01-01 UTC; up to 9.6 a server may have been built with float seconds instead, and 8.2
//! wrote Unix seconds.

use super::{ABORT, ABORT_PREPARED, COMMIT, COMMIT_COMPACT, COMMIT_PREPARED, operation};
use crate::record::Record;
use crate::rmgr::TRANSACTION;
use crate::rmgr::timestamp::{Timestamp, timestamp};
use crate::{Align, Generation};

/// How a transaction ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum XactOutcome {
    /// Commit, of a prepared transaction or not.
    Commit,
    /// Abort, of a prepared transaction or not.
    Abort,
}

/// How and when a transaction ended: what [`super::ended`] says, without looking for a prepared transaction's number.
/// `None` for other records and for cut data.
pub fn ended_at(record: &Record<'_>) -> Option<(XactOutcome, Timestamp)> {
    if record.header.rmid != TRANSACTION {
        return None;
    }
    let layout = record.layout;
    let e = layout.endian;
    let modern = layout.dialect.generation == Generation::Modern;
    // The flag is one from 9.5 on.
    let (outcome, prepared) = match if modern { operation(&record.header) } else { record.header.operation() } {
        COMMIT => (XactOutcome::Commit, false),
        ABORT => (XactOutcome::Abort, false),
        COMMIT_PREPARED => (XactOutcome::Commit, true),
        ABORT_PREPARED => (XactOutcome::Abort, true),
        COMMIT_COMPACT if layout.dialect.compact_commits => (XactOutcome::Commit, false),
        _ => return None,
    };
    // Up to 9.4 the number of the prepared transaction comes first.
    let start = match (prepared, modern, layout.align) {
        (true, false, Align::Eight) => 8,
        (true, false, Align::Four) => 4,
        _ => 0,
    };
    let rest = record.main_data().get(start..)?;
    let time = if layout.dialect.unix_commit_time {
        let seconds = match layout.align {
            Align::Eight => e.u64(*rest.first_chunk()?) as i64,
            Align::Four => i64::from(e.u32(*rest.first_chunk()?) as i32),
        };
        Timestamp::from_unix_seconds(seconds)
    } else {
        timestamp(e.u64(*rest.first_chunk()?), layout.dialect.float_times)
    };
    Some((outcome, time))
}

/// The time of a commit of 9.6 or later that has main data alone, as nearly all commits do: what [`ended_at`] says,
/// sooner.
#[inline(always)]
pub fn plain_commit(record: &Record<'_>) -> Option<Timestamp> {
    let (layout, header) = (record.layout, &record.header);
    let commit = header.rmid == TRANSACTION && operation(header) == COMMIT;
    match record.body {
        [255, len, data @ ..] if commit && !layout.dialect.float_times && data.len() == usize::from(*len) => {
            Some(Timestamp(layout.endian.u64(*data.first_chunk()?) as i64))
        }
        _ => None,
    }
}

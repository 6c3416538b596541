//! The messages. Order matters where one wording could be taken for another: the narrower one stands first.

mod archive;
mod checkpoint;
mod decode;
mod file;
mod outer;
mod own;
mod page;
mod progress;
mod record;
mod relation;
mod server;
mod slots;
mod streaming;
mod target;
mod timeline;

use super::row::{FIRST, LAST, MessageRow, ServerDoes, does};

/// All messages.
pub(super) const ROWS: &[&[MessageRow]] = &[
    record::ROWS,
    decode::ROWS,
    page::ROWS,
    outer::ROWS,
    file::ROWS,
    archive::ROWS,
    timeline::ROWS,
    streaming::ROWS,
    checkpoint::ROWS,
    target::ROWS,
    relation::ROWS,
    progress::ROWS,
    slots::ROWS,
    server::ROWS,
    own::ROWS,
];

/// Reading WAL failed: to the server that is the end of WAL.
const ENDS: &[ServerDoes] = &[
    does(
        FIRST,
        (8, 4),
        "Takes this for the end of WAL and opens on a new timeline after archive recovery. FATAL only where the backup was not consistent yet.",
    ),
    does(
        (9, 0),
        (12, 0),
        "Takes this for the end of WAL. A standby tries archive, local WAL and primary again for ever; any other server opens here, also short of a recovery target. FATAL only where the backup was not consistent yet.",
    ),
    does(
        (13, 0),
        LAST,
        "Takes this for the end of WAL. A standby tries archive, local WAL and primary again for ever; with a recovery target that was not reached the server ends with FATAL; any other opens here and says nothing more. FATAL also where the backup was not consistent yet.",
    ),
];

/// Nothing happens but the message.
const GOES_ON: &[ServerDoes] = &[does(FIRST, LAST, "Goes on.")];

/// The server does not start.
const STOPS: &[ServerDoes] = &[does(
    FIRST,
    LAST,
    "Ends with FATAL and stays down. Each new start fails in the same way until the cause is gone.",
)];

/// A panic while replaying.
const PANICS: &[ServerDoes] =
    &[does(FIRST, LAST, "Stops with PANIC. Each new start replays the same WAL and stops at the same place.")];

/// The commands for a record that failed.
const LOOK_AT_RECORD: &[&str] =
    &["walproof verify ARCHIVE", "walproof hex ARCHIVE {place}", "walproof dump ARCHIVE {place}"];

/// The commands for a page that failed.
const LOOK_AT_PAGE: &[&str] = &["walproof verify ARCHIVE", "walproof hex ARCHIVE {place}"];

/// The commands where timelines disagree.
const LOOK_AT_TIMELINES: &[&str] = &["walproof timelines ARCHIVE", "walproof verify ARCHIVE --timeline all"];

//! What the server that asks has in its own folder of WAL.

use super::asker::AskingServer;
use pgwal_archive::alone::SegmentAlone;
use pgwal_format::{Layout, SegmentName};
use pgwal_walk::Tail;
use std::fs;

/// Whether a segment lies there whole: told that the archive has none, the server goes on with that one.
pub(super) fn has_whole(server: &AskingServer, name: SegmentName, layout: &Layout) -> bool {
    let Some(file) = server.wal().map(|wal| wal.join(name.to_string())) else { return false };
    let is_whole = |metadata: fs::Metadata| metadata.is_file() && metadata.len() == layout.segment.bytes();
    if !fs::metadata(&file).is_ok_and(is_whole) {
        return false;
    }
    let Ok(bytes) = fs::read(&file) else { return false };
    let Some(alone) = SegmentAlone::named(&bytes, name, layout) else { return false };
    let is_own = server.system_id().is_none_or(|own| own == alone.system_id);
    let goes_on = alone.run.damages.is_empty() && !matches!(alone.run.tail, Tail::Stopped(_));
    is_own && goes_on && alone.older_only.is_none()
}

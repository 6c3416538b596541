//! What must be known of a backup before its files can be read.

use pgwal_format::{Endian, Lsn, TimelineId, Version};

/// What the control file and the label of a backup say.
#[derive(Clone, Copy, Debug)]
pub struct BaseFacts {
    /// The version of its server.
    pub version: Version,
    /// The order of bytes.
    pub endian: Endian,
    /// Bytes of a page of data.
    pub page: usize,
    /// Blocks of a relation's file, behind which another one goes on.
    pub file_blocks: u32,
    /// Pages have checksums.
    pub checksums: bool,
    /// The cluster.
    pub system_id: u64,
    /// Where replay starts.
    pub start: Lsn,
    /// On which timeline.
    pub timeline: TimelineId,
}

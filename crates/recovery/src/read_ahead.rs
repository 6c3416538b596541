//! How far a server reads ahead of what it replays (`recovery_prefetch`, 15 and later; `xlogprefetcher.c`).
//!
//! ```text
//! the record that is replayed ── behind it records are read and decoded, until
//!     4 × maintenance_io_concurrency blocks are named, those of that record included     at the latest
//!     maintenance_io_concurrency of them are being read                                  a matter of shared buffers
//!     wal_decode_buffer_size is full
//!     a record may open a timeline
//! ```
//! Segments on that way are asked for, whether replay comes to them or not.

use pgwal_format::Lsn;
use pgwal_format::record::{Block, Record, RelFileLocator};
use pgwal_format::rmgr::{XLOG, xlog};

/// What limits it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReadAhead {
    /// Blocks that are being read (`maintenance_io_concurrency`).
    pub concurrency: u64,
    /// Bytes of decoded records (`wal_decode_buffer_size`).
    pub buffer: u64,
}

impl ReadAhead {
    /// Unless set (`wal_decode_buffer_size`).
    pub const BUFFER: u64 = 512 << 10;
    /// Blocks that are named, for each that may be read (`XLOGPREFETCHER_DISTANCE_MULTIPLIER`).
    const DISTANCE: u64 = 4;
}

/// Blocks of which another reference is not looked at again (`XLOGPREFETCHER_SEQ_WINDOW_SIZE`).
const LATELY: usize = 4;
/// Bytes of a decoded record beside those of the record itself, and of each of its blocks.
const DECODED: u64 = 88;
const DECODED_BLOCK: u64 = 64;

/// What records come to for someone who reads ahead.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct AheadCount {
    /// Blocks that they name.
    pub references: u64,
    /// Those that may have to be read from disk: no image, not made anew.
    pub reads: u64,
    /// Bytes, decoded.
    pub bytes: u64,
    /// Nothing is read behind the last of them.
    pub stopped: bool,
    /// The record at which that was, of those that were counted one by one.
    pub stopped_at: Option<Lsn>,
    lately: [Option<(RelFileLocator, u32)>; LATELY],
    next: usize,
}

impl AheadCount {
    /// One record more.
    pub fn record(&mut self, record: &Record<'_>, limits: &ReadAhead, blocks: &mut Vec<Block>) {
        if self.stopped {
            return;
        }
        let _ = record.blocks_or_none(blocks);
        for block in blocks.iter().map(|block| &block.reference) {
            self.references += 1;
            let place = Some((block.rel, block.block));
            if block.fork == 0 && block.image.is_none() && !block.will_init && !self.lately.contains(&place) {
                self.reads += 1;
                if let Some(oldest) = self.lately.get_mut(self.next) {
                    *oldest = place;
                }
                self.next = (self.next + 1) % LATELY;
            }
        }
        self.bytes += DECODED + DECODED_BLOCK * blocks.len() as u64 + u64::from(record.header.tot_len);
        let operation = record.header.operation();
        let opens = matches!(operation, xlog::CHECKPOINT_SHUTDOWN | xlog::END_OF_RECOVERY);
        self.stopped = record.header.rmid == XLOG && opens || self.is_over(limits);
        self.stopped_at = self.stopped.then_some(record.lsn);
    }

    /// Those of the segment behind.
    pub fn add(&mut self, other: &AheadCount) {
        self.references += other.references;
        self.reads += other.reads;
        self.bytes += other.bytes;
        self.stopped |= other.stopped;
    }

    /// It goes no farther, whatever is in memory.
    pub fn is_over(&self, limits: &ReadAhead) -> bool {
        let full = self.references >= ReadAhead::DISTANCE * limits.concurrency || self.bytes >= limits.buffer;
        self.stopped || full
    }

    /// It goes farther, whatever is in memory.
    pub fn goes_on(&self, limits: &ReadAhead) -> bool {
        !self.is_over(limits) && self.reads < limits.concurrency && self.bytes < limits.buffer / 2
    }
}

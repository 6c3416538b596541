//! What WAL would be with other settings, measured by its images.
//!
//! ```text
//! packed otherwise      every image is unpacked and packed as a server does, its hole left out; kept where that saves
//! checkpoints farther   an image is not written where its page was changed before since the checkpoint that is left:
//!     C₁      a      C₂      a'     C₃           every second one left: a' needs no image
//! ```

mod cycle;
mod packed;

pub use cycle::{CyclePart, CycleRecount, RecountedCycle};
pub use packed::PackedImages;

use pgwal_source::ImagePacking;

/// Checkpoints that are farther from each other: those that are left of the ones in WAL.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FartherCheckpoints {
    /// Every so many of them.
    Times(u32),
    /// Those that begin so many microseconds or more behind the one left before.
    Micros(i64),
    /// Those that begin so many bytes of WAL or more behind the one left before.
    Bytes(u64),
}

/// What is asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct WhatIf {
    /// Images packed in this way.
    pub packing: Option<ImagePacking>,
    /// Checkpoints so far apart.
    pub cycle: Option<FartherCheckpoints>,
}

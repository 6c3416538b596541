//! Builds PostgreSQL WAL byte by byte, and damages it, for tests.
//!
//! Half of the versions that the other crates read are not in any capture at hand: their WAL is made here, from the
//! tables of `pgwal-format` (sizes, flags, checksums) and never with its parsers, so that the two can disagree.
//!
//! ```
//! use pgwal_craft::{Builder, Opening};
//! use pgwal_format::{Align, Endian, Layout, PageSize, SegmentNo, SegmentSize, TimelineId, Version};
//!
//! let layout = Layout {
//!     dialect: Version::new(9, 1).dialect().unwrap(),
//!     align: Align::Eight,
//!     endian: Endian::Little,
//!     segment: SegmentSize::new(1 << 20).unwrap(),
//!     page: PageSize::DEFAULT,
//! };
//! let mut wal = Builder::new(layout, TimelineId(1), 7_000_000_000_000_000_001, SegmentNo(1));
//! wal.checkpoint_shutdown();
//! wal.filler(20_000);
//! wal.timeline_switch(TimelineId(2), Opening::ShutdownCheckpoint);
//! wal.switch();
//! let archive = wal.finish();
//! let names: Vec<String> = archive.files.iter().map(|f| f.name.to_string()).collect();
//! assert_eq!(names, ["000000010000000000000001", "00000002.history", "000000020000000000000001"]);
//! ```
//!
//! | module | what it makes |
//! |---|---|
//! | [`facts`] | what a version does that its reader need not know: sizes of checkpoints, padding after a switch |
//! | [`record`] | one record as bytes |
//! | [`builder`] | records on pages and segments, linked |
//! | [`fill`] | checkpoints, commits, records of an exact length, records at an exact distance from a page's end |
//! | [`switch`], [`timeline`], [`abort`] | the ways in which WAL is interrupted |
//! | [`control`] | the control file |
//! | [`archive`], [`sparse`] | the files, holes left out |
//! | [`damage`] | bits flipped, bytes zeroed, files cut |

pub mod abort;
pub mod archive;
pub mod builder;
pub mod control;
pub mod damage;
pub mod facts;
pub mod fill;
pub mod record;
pub mod sparse;
pub mod switch;
pub mod timeline;
mod written;

pub use archive::{CraftedArchive, CraftedFile};
pub use builder::Builder;
pub use damage::CraftedDamage;
pub use fill::FillEnd;
pub use record::{CraftedBlock, CraftedImage, Rec};
pub use sparse::Sparse;
pub use timeline::Opening;
pub use written::{RecordPiece, WrittenRecord};

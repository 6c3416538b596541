//! Images of data pages in records, made whole again.
//!
//! ```text
//! stored      ▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓▓           perhaps packed: pglz, lz4, zstd
//!             header │ items     │
//! page        ▓▓▓▓▓▓▓▓…………………………▓▓▓▓▓▓▓▓▓▓▓   the hole between pd_lower and pd_upper is zeros
//! ```
//! Source: `RestoreBlockImage` (`xlogreader.c`, `xlog.c` up to 9.4), `bufpage.h`, `checksum_impl.h`. What a page has in
//! its first 24 bytes, in every version: position (two halves, the high one first) at 0, checksum (timeline up to 9.2)
//! at 8, `pd_lower` at 12, `pd_upper` at 14, size and layout version at 18.

mod checksum;
mod line_pointers;
pub mod pglz;
pub mod pglz_pack;
mod restore;

pub use checksum::page_checksum;
pub use line_pointers::{LinePointer, line_pointers};
pub use restore::{Unpack, Unrestorable, restore, stamp, without_hole};

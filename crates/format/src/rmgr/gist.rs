//! Records of "Gist", 9.5 and later (`src/include/access/gistxlog.h`).

use super::table::Op;

/// The operations.
pub const OPS: &[Op] = &[];

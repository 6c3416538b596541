//! Records of "Btree", 9.5 and later (`src/include/access/nbtxlog.h`).

use super::table::Op;

/// The operations.
pub const OPS: &[Op] = &[];

//! Records of "Hash", 9.5 and later (`src/include/access/hash_xlog.h`).

use super::table::Op;

/// The operations.
pub const OPS: &[Op] = &[];

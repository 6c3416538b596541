//! Records of "Hash", 8.2 to 9.4 (`src/include/access/hash_xlog.h`).

use crate::rmgr::table::Op;

/// The operations.
pub const OPS: &[Op] = &[];

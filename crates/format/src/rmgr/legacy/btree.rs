//! Records of "Btree", 8.2 to 9.4 (`src/include/access/nbtxlog.h`).

use crate::rmgr::table::Op;

/// The operations.
pub const OPS: &[Op] = &[];

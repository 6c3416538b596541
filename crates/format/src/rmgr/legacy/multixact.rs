//! Records of "MultiXact", 8.2 to 9.4 (`src/include/access/multixact.h`).

use crate::rmgr::table::Op;

/// The operations.
pub const OPS: &[Op] = &[];

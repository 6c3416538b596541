//! Records of "Gin", 8.2 to 9.4 (`src/include/access/ginxlog.h`).

use crate::rmgr::table::Op;

/// The operations.
pub const OPS: &[Op] = &[];

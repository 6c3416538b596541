//! Records of "XLOG", 8.2 to 9.4 (`src/include/access/xlog_internal.h`).

use crate::rmgr::table::Op;

/// The operations.
pub const OPS: &[Op] = &[];

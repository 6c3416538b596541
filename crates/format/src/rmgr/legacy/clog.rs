//! Records of "CLOG", 8.2 to 9.4 (`src/include/access/clog.h`).

use crate::rmgr::table::Op;

/// The operations.
pub const OPS: &[Op] = &[];

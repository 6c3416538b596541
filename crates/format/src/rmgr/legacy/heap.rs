//! Records of "Heap", 8.2 to 9.4 (`src/include/access/heapam_xlog.h`).

use crate::rmgr::table::Op;

/// The operations.
pub const OPS: &[Op] = &[];

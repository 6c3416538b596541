//! Records of "Heap2", 9.5 and later (`src/include/access/heapam_xlog.h`).

use super::table::Op;

/// The operations.
pub const OPS: &[Op] = &[];

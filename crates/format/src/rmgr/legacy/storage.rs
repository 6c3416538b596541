//! Records of "Storage", 8.2 to 9.4 (`src/include/catalog/storage_xlog.h`).

use crate::rmgr::table::Op;

/// The operations.
pub const OPS: &[Op] = &[];

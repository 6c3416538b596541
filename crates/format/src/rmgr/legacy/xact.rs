//! Records of "Transaction", 8.2 to 9.4 (`src/include/access/xact.h`).

use crate::rmgr::table::Op;

/// The operations.
pub const OPS: &[Op] = &[];

//! Records of "RelMap", 8.2 to 9.4 (`src/include/utils/relmapper.h`).

use crate::rmgr::table::Op;

/// The operations.
pub const OPS: &[Op] = &[];

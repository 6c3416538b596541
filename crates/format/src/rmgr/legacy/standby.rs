//! Records of "Standby", 8.2 to 9.4 (`src/include/storage/standbydefs.h`).

use crate::rmgr::table::Op;

/// The operations.
pub const OPS: &[Op] = &[];

//! Records of "Database", 8.2 to 9.4 (`src/include/commands/dbcommands_xlog.h`).

use crate::rmgr::table::Op;

/// The operations.
pub const OPS: &[Op] = &[];

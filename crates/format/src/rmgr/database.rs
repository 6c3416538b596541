//! Records of "Database", 9.5 and later (`src/include/commands/dbcommands_xlog.h`).

use super::table::Op;

/// The operations.
pub const OPS: &[Op] = &[];

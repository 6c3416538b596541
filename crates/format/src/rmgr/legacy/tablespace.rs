//! Records of "Tablespace", 8.2 to 9.4 (`src/include/commands/tablespace.h`).

use crate::rmgr::table::Op;

/// The operations.
pub const OPS: &[Op] = &[];

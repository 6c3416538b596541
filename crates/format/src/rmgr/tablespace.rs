//! Records of "Tablespace", 9.5 and later (`src/include/commands/tablespace.h`).

use super::table::Op;

/// The operations.
pub const OPS: &[Op] = &[];

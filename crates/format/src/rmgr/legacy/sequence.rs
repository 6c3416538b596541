//! Records of "Sequence", 8.2 to 9.4 (`src/include/commands/sequence.h`).

use crate::rmgr::table::Op;

/// The operations.
pub const OPS: &[Op] = &[];

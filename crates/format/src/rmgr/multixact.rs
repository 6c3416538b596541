//! Records of "MultiXact", 9.5 and later (`src/include/access/multixact.h`).

use super::table::Op;

/// The operations.
pub const OPS: &[Op] = &[];

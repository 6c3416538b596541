//! Records of "BRIN", 9.5 and later (`src/include/access/brin_xlog.h`).

use super::table::Op;

/// The operations.
pub const OPS: &[Op] = &[];

//! Records of "Gin", 9.5 and later (`src/include/access/ginxlog.h`).

use super::table::Op;

/// The operations.
pub const OPS: &[Op] = &[];

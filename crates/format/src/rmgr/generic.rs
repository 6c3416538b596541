//! Records of "Generic", 9.5 and later (`src/include/access/generic_xlog.h`).

use super::table::Op;

/// The operations.
pub const OPS: &[Op] = &[];

//! Records of "CLOG", 9.5 and later (`src/include/access/clog.h`).

use super::table::Op;

/// The operations.
pub const OPS: &[Op] = &[];

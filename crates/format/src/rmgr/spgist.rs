//! Records of "SPGist", 9.5 and later (`src/include/access/spgxlog.h`).

use super::table::Op;

/// The operations.
pub const OPS: &[Op] = &[];

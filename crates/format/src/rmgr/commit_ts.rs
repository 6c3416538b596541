//! Records of "CommitTs", 9.5 and later (`src/include/access/commit_ts.h`).

use super::table::Op;

/// The operations.
pub const OPS: &[Op] = &[];

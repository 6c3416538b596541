//! Records of "Gist", 8.2 to 9.4 (`src/include/access/gistxlog.h`).

use crate::rmgr::table::Op;

/// The operations.
pub const OPS: &[Op] = &[];

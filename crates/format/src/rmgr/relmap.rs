//! Records of "RelMap", 9.5 and later (`src/include/utils/relmapper.h`).

use super::table::Op;

/// The operations.
pub const OPS: &[Op] = &[];

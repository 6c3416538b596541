//! Records of "Standby", 9.5 and later (`src/include/storage/standbydefs.h`).

use super::table::Op;

/// The operations.
pub const OPS: &[Op] = &[];

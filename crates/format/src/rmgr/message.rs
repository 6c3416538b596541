//! Records of "LogicalMessage", 9.5 and later (`src/include/replication/message.h`).

use super::table::Op;

/// The operations.
pub const OPS: &[Op] = &[];

//! Records of "ReplicationOrigin", 9.5 and later (`src/include/replication/origin.h`).

use super::table::Op;

/// The operations.
pub const OPS: &[Op] = &[];

//! Records of "Hash": there are none before 10, and `hash_desc` of 9.4 and earlier says nothing.

use crate::rmgr::table::Op;

/// The operations.
pub const OPS: &[Op] = &[];

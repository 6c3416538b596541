//! Records of "Sequence", 9.5 and later (`xl_seq_rec`, `src/include/commands/sequence.h`).

use super::table::{Op, V9_5, V19, op, rel, text};

/// The operations.
pub const OPS: &[Op] = &[op(0x00, "LOG", V9_5, V19, &[text("rel "), rel("rel", 0)])];

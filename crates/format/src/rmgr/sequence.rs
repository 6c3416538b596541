//! Records of "Sequence", 9.5 and later (`xl_seq_rec`, `src/include/commands/sequence.h`).
//!
//! ```text
//! 0   relation 3 × u32
//! 12  the sequence's only row: head of 24 bytes, then
//!     10 and later   last_value i64, log_cnt i64, is_called bool
//!     9.5, 9.6       name, 64 bytes, last_value, start, increment, max, min, cache, log_cnt i64, is_cycled, is_called bool
//! ```

use super::table::{Op, V9_5, V10, bool, cstr, i64, op, rel, text};

/// The operations.
pub const OPS: &[Op] = &[
    op(
        0x00,
        "LOG",
        V9_5,
        &[
            text("rel "),
            rel("rel", 0),
            cstr("sequence_name", 36, 64).hidden(),
            i64("last_value", 100).hidden(),
            i64("start_value", 108).hidden(),
            i64("increment_by", 116).hidden(),
            i64("max_value", 124).hidden(),
            i64("min_value", 132).hidden(),
            i64("cache_value", 140).hidden(),
            i64("log_cnt", 148).hidden(),
            bool("is_cycled", 156).hidden(),
            bool("is_called", 157).hidden(),
        ],
    ),
    op(
        0x00,
        "LOG",
        V10,
        &[
            text("rel "),
            rel("rel", 0),
            i64("last_value", 36).hidden(),
            i64("log_cnt", 44).hidden(),
            bool("is_called", 52).hidden(),
        ],
    ),
];

#[cfg(test)]
mod tests {
    use crate::rmgr::told::any_bytes;

    #[test]
    fn no_bytes_are_too_odd() {
        any_bytes(15);
    }
}

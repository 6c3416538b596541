//! What `wal-fetch` of WAL-G finds under a prefix, and how it opens it.
//!
//! ```text
//! wal_005/000000010000000000000003[.lz4|.lzma|.zst|.br|.gz|.lzo]      and histories, all in one folder
//! ```
//! It asks for the name with each suffix that it knows, then for the bare name, takes the first that is there, good or
//! bad, and unpacks by the suffix. With which it begins, a file of the machine may say on which it ran last
//! (`~/.walg_decompressor_cache`). Bytes behind
//! the end of gzip it refuses, zeros as well.

use crate::lookup::{Elsewhere, FileInPlace, LookedUp, in_order};
use pgwal_source::{BehindRule, Codec};

const SUFFIXES: &[(Codec, &str)] = &[
    (Codec::Lz4, ".lz4"),
    (Codec::Lzma, ".lzma"),
    (Codec::Gzip, ".gz"),
    (Codec::Brotli, ".br"),
    (Codec::Zstd, ".zst"),
    (Codec::Lzop, ".lzo"),
    (Codec::Plain, ""),
];

/// What it makes of a file.
pub(super) fn look_up(file: &FileInPlace<'_>) -> LookedUp {
    let named = in_order(file.placed.suffix, SUFFIXES, BehindRule::Refused);
    named.filter(|_| file.log.is_none() && file.placed.sha1.is_none()).unwrap_or(LookedUp::Elsewhere(Elsewhere {
        in_log: false,
        with_sum: false,
        suffixes: SUFFIXES,
    }))
}

//! What `wal-fetch` of WAL-G finds under a prefix, and how it opens it.
//!
//! ```text
//! wal_005/000000010000000000000003[.lz4|.lzma|.zst|.br|.gz|.lzo]      and histories, all in one folder
//! ```
//! It asks for the name with each suffix that it knows, the one that it found last before all others, then for the bare
//! name, takes the first that is there, damaged or not, and unpacks by the suffix. Bytes behind the end of gzip it
//! refuses, zeros as well. Of a file without a byte its decoders of lz4, zstd and brotli make an empty one, the others
//! an error.

use crate::lookup::{Elsewhere, FileInPlace, LookedUp, by_suffix};
use pgwal_source::{BehindRule, Codec, NamedPacking, OpeningRule, ShortRule};

/// What it knows by suffix, in the order in which it asks (`compression.Decompressors`, and the bare name behind them).
pub(super) const FIRST_OF: &[(Codec, &str)] = &[
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
    let named = by_suffix(file.placed.suffix, FIRST_OF, BehindRule::Refused);
    match named.filter(|_| file.log.is_none() && file.placed.sha1.is_none()) {
        Some(packing) => {
            let gives = matches!(packing.codec, Codec::Lz4 | Codec::Zstd | Codec::Brotli);
            let short = if gives { ShortRule::EmptyGiven } else { ShortRule::Refused };
            LookedUp::Found(OpeningRule::ByName(NamedPacking { short, ..packing }))
        }
        None => LookedUp::Elsewhere(Elsewhere { in_log: false, with_sum: false, suffixes: FIRST_OF }),
    }
}

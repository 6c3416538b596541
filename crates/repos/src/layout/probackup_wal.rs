//! What `archive-get` of pg_probackup finds among WAL, and how it opens it.
//!
//! ```text
//! wal/INSTANCE/000000010000000000000003[.gz]      3: [.lz4|.zst]
//!              00000002.history
//! ```
//! It takes the packed one first, and the other only where that is not there.

use crate::lookup::{Elsewhere, FileInPlace, LookedUp, by_suffix};
use pgwal_format::FileName;
use pgwal_source::{BehindRule, Codec};

pub(super) const SUFFIXES: &[(Codec, &str)] =
    &[(Codec::Gzip, ".gz"), (Codec::Plain, ""), (Codec::Lz4, ".lz4"), (Codec::Zstd, ".zst")];

/// What pg_probackup makes of a file.
pub(super) fn look_up(file: &FileInPlace<'_>) -> LookedUp {
    // A history it asks for by its own name alone.
    let is_in_place = file.log.is_none() && (file.is_bare() || matches!(file.placed.name, FileName::Segment(_)));
    let named = by_suffix(file.placed.suffix, SUFFIXES, BehindRule::AsPrograms);
    match named.filter(|_| is_in_place && file.placed.sha1.is_none()) {
        Some(opening) => LookedUp::Found(opening),
        None => LookedUp::Elsewhere(Elsewhere { in_log: false, with_sum: false, suffixes: SUFFIXES }),
    }
}

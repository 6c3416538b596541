//! What `archive-get` of pg_probackup finds among WAL, and how it opens it.
//!
//! ```text
//! wal/INSTANCE/000000010000000000000003[.gz]      3: [.lz4|.zst]
//!              00000002.history
//! ```
//! Of a segment it tries `.gz` first, and the bare name where there is none (`get_wal_file`).

use crate::lookup::{Elsewhere, FileInPlace, LookedUp, in_order};
use pgwal_format::FileName;
use pgwal_source::{BehindRule, Codec};

const SUFFIXES: &[(Codec, &str)] =
    &[(Codec::Gzip, ".gz"), (Codec::Plain, ""), (Codec::Lz4, ".lz4"), (Codec::Zstd, ".zst")];

/// What pg_probackup makes of a file.
pub(super) fn look_up(file: &FileInPlace<'_>) -> LookedUp {
    // A history it asks for by its own name alone.
    let is_in_place = file.log.is_none() && (file.is_bare() || matches!(file.placed.name, FileName::Segment(_)));
    let named = in_order(file.placed.suffix, SUFFIXES, BehindRule::AsPrograms);
    named.filter(|_| is_in_place && file.placed.sha1.is_none()).unwrap_or(LookedUp::Elsewhere(Elsewhere {
        in_log: false,
        with_sum: false,
        suffixes: SUFFIXES,
    }))
}

//! What `archive-get` of pg_probackup finds among WAL, and how it opens it.
//!
//! ```text
//! wal/INSTANCE/000000010000000000000003[.gz]      3: [.lz4|.zst]
//!              000000010000000000000004[.gz].partial
//!              00000002.history
//! ```
//! It takes the packed one first, the plain one where that is not there, then what is unfinished, which it fills up
//! with zeros. `gzread` of zlib unpacks: what ends too early comes out as far as it goes, what is not packed as it
//! lies, and what follows the end is passed over.

use crate::lookup::{Elsewhere, FileInPlace, LookedUp, UNFINISHED, by_suffix};
use pgwal_format::FileName;
use pgwal_source::{BehindRule, Codec, NamedPacking, OpeningRule, ShortRule};

const SUFFIXES: &[(Codec, &str)] =
    &[(Codec::Gzip, ".gz"), (Codec::Plain, ""), (Codec::Lz4, ".lz4"), (Codec::Zstd, ".zst")];

/// What it takes of several of one name, in its order.
pub(super) const FIRST_OF: &[(Codec, &str)] = &[
    (Codec::Gzip, ".gz"),
    (Codec::Plain, ""),
    (Codec::Lz4, ".lz4"),
    (Codec::Zstd, ".zst"),
    (Codec::Gzip, ".gz.partial"),
    (Codec::Plain, UNFINISHED),
];

/// What pg_probackup makes of a file.
pub(super) fn look_up(file: &FileInPlace<'_>) -> LookedUp {
    // A history it asks for by its own name alone.
    let is_history = matches!(file.placed.name, FileName::History(_));
    let is_in_place = file.log.is_none() && (file.is_bare() || !is_history);
    let suffix = file.behind_name();
    let named = by_suffix(suffix.strip_suffix(UNFINISHED).unwrap_or(suffix), SUFFIXES, BehindRule::AsPrograms);
    match named.filter(|_| is_in_place && file.placed.sha1.is_none()) {
        Some(packing) => {
            let packing = match packing.codec {
                Codec::Gzip => NamedPacking {
                    short: ShortRule::GivenAsItIs,
                    ..NamedPacking::of(Codec::Gzip, BehindRule::PassedOver)
                },
                _ => packing,
            };
            LookedUp::Found(OpeningRule::ByName(NamedPacking { filled: file.is_unfinished(), ..packing }))
        }
        None => LookedUp::Elsewhere(Elsewhere { in_log: false, with_sum: false, suffixes: SUFFIXES }),
    }
}

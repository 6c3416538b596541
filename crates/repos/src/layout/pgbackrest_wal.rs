//! What `archive-get` of pgBackRest finds in an archive, and how it opens that.
//!
//! ```text
//! ID/0000000100000000/000000010000000000000003-<40 digits>[.gz|.lz4|.zst|.bz2|.xz]
//! ID/00000002.history
//! ```
//! Nothing else is there for it: a segment elsewhere or without the SHA-1 of its content, a packed history. It unpacks
//! by the suffix, of gzip and bzip2 the first member alone; xz it finds and refuses. A history is given out as it is.

use crate::lookup::{Elsewhere, FileInPlace, LookedUp, by_suffix};
use pgwal_format::FileName;
use pgwal_source::{BehindRule, Codec, NamedPacking, OpeningRule};

const SUFFIXES: &[(Codec, &str)] =
    &[(Codec::Plain, ""), (Codec::Gzip, ".gz"), (Codec::Lz4, ".lz4"), (Codec::Zstd, ".zst"), (Codec::Bzip2, ".bz2")];

/// What it makes of a file.
pub(super) fn look_up(file: &FileInPlace<'_>) -> LookedUp {
    let is_segment = matches!(file.placed.name, FileName::Segment(_));
    let suffix = file.placed.suffix;
    let behind = if matches!(suffix, ".gz" | ".bz2") { BehindRule::Unread } else { BehindRule::AsPrograms };
    let packed = match is_segment {
        true if file.is_in_its_log() && file.placed.sha1.is_some() => by_suffix(suffix, SUFFIXES, behind)
            .or((suffix == ".xz").then_some(NamedPacking { known: false, ..NamedPacking::of(Codec::Xz, behind) })),
        false if file.log.is_none() && file.is_bare() => by_suffix("", SUFFIXES, behind),
        _ => None,
    };
    match packed {
        Some(packing) => LookedUp::Found(OpeningRule::ByName(packing)),
        None if is_segment => LookedUp::Elsewhere(Elsewhere { in_log: true, with_sum: true, suffixes: SUFFIXES }),
        None => LookedUp::Elsewhere(Elsewhere { in_log: false, with_sum: false, suffixes: &[(Codec::Plain, "")] }),
    }
}

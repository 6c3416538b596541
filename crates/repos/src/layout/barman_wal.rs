//! What `get-wal` of Barman and `barman-cloud-wal-restore` find among WAL, and how they open it.
//!
//! ```text
//! wals/0000000100000000/000000010000000000000003            Barman: whatever it is packed in, by its content
//!                       000000010000000000000003[.gz|…]     barman-cloud: by its suffix
//! wals/00000002.history                                     barman-cloud: [.gz|…]
//! ```

use crate::lookup::{Elsewhere, FileInPlace, LookedUp, by_suffix};
use pgwal_format::FileName;
use pgwal_source::{BehindRule, Codec, KnownPackings, OpeningRule};

/// In the folder of its own 256 segments, a history in that of all WAL.
fn is_in_place(file: &FileInPlace<'_>) -> bool {
    match file.placed.name {
        FileName::Segment(_) => file.is_in_its_log(),
        _ => file.log.is_none(),
    }
}

/// What Barman knows by the first bytes; anything else it gives out as it lies.
const KNOWN: &[Codec] = &[Codec::Gzip, Codec::Bzip2, Codec::Xz, Codec::Zstd, Codec::Lz4, Codec::Snappy];

/// What Barman makes of a file.
pub(super) fn look_up(file: &FileInPlace<'_>) -> LookedUp {
    match is_in_place(file) && file.is_bare() {
        true => LookedUp::Found(OpeningRule::ByContentOf(KnownPackings::of(KNOWN))),
        false => LookedUp::Elsewhere(Elsewhere { in_log: true, with_sum: false, suffixes: &[] }),
    }
}

/// What barman-cloud knows by suffix, in the order in which it takes them: of a store's list the first that is packed,
/// and the bare name where there is none (3.4; 3.20 takes the bare one first).
pub(super) const FIRST_OF_CLOUD: &[(Codec, &str)] = &[
    (Codec::Bzip2, ".bz2"),
    (Codec::Gzip, ".gz"),
    (Codec::Lz4, ".lz4"),
    (Codec::Snappy, ".snappy"),
    (Codec::Xz, ".xz"),
    (Codec::Zstd, ".zst"),
    (Codec::Plain, ""),
];

/// What barman-cloud makes of a file.
pub(super) fn look_up_in_cloud(file: &FileInPlace<'_>) -> LookedUp {
    let named = by_suffix(file.placed.suffix, FIRST_OF_CLOUD, BehindRule::AsPrograms);
    match named.filter(|_| is_in_place(file) && file.placed.sha1.is_none()) {
        Some(opening) => LookedUp::Found(opening),
        None => LookedUp::Elsewhere(Elsewhere { in_log: true, with_sum: false, suffixes: FIRST_OF_CLOUD }),
    }
}

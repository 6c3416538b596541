//! What `get-wal` of Barman and `barman-cloud-wal-restore` find among WAL, and how they open it.
//!
//! ```text
//! wals/0000000100000000/000000010000000000000003            Barman: whatever it is packed in, by its content
//!                       000000010000000000000003[.gz|…]     barman-cloud: by its suffix
//!                       000000010000000000000004.partial[.gz|…]     barman-cloud, where it comes to that first
//! wals/00000002.history                                     barman-cloud: [.gz|…]
//! ```
//! zstd and snappy that end too early come out as far as they go, with both; gzip without a byte as an empty file, with
//! barman-cloud.

use crate::lookup::{Elsewhere, FileInPlace, LookedUp, by_suffix};
use pgwal_format::FileName;
use pgwal_source::{BehindRule, Codec, KnownPackings, NamedPacking, OpeningRule, ShortRule};

/// In the folder of its own 256 segments, a history in that of all WAL.
fn is_in_place(file: &FileInPlace<'_>) -> bool {
    match file.placed.name {
        FileName::Segment(_) | FileName::Partial(_) => file.is_in_its_log(),
        _ => file.log.is_none(),
    }
}

/// What Barman knows by the first bytes; anything else it gives out as it lies.
const KNOWN: &[Codec] = &[Codec::Gzip, Codec::Bzip2, Codec::Xz, Codec::Zstd, Codec::Lz4, Codec::Snappy];

/// What comes out as far as it goes where it ends too early.
const GIVEN_SHORT: &[Codec] = &[Codec::Zstd, Codec::Snappy];

/// Folders from which it takes whole segments into its archive.
pub(super) const NOT_YET: [&str; 2] = ["incoming", "streaming"];

/// What Barman makes of a file.
pub(super) fn look_up(file: &FileInPlace<'_>) -> LookedUp {
    let is_in_place = is_in_place(file) || NOT_YET.contains(&file.within);
    match is_in_place && file.is_bare() {
        true => LookedUp::Found(OpeningRule::ByContentOf(KnownPackings::of(KNOWN).giving_short(GIVEN_SHORT))),
        false => LookedUp::Elsewhere(Elsewhere { in_log: true, with_sum: false, suffixes: &[] }),
    }
}

/// What barman-cloud knows by suffix.
const OF_CLOUD: &[(Codec, &str)] = &[
    (Codec::Bzip2, ".bz2"),
    (Codec::Gzip, ".gz"),
    (Codec::Lz4, ".lz4"),
    (Codec::Snappy, ".snappy"),
    (Codec::Xz, ".xz"),
    (Codec::Zstd, ".zst"),
    (Codec::Plain, ""),
];

/// What it knows of several of one name, in the order in which it takes them: of a store's list the first that is more
/// than the bare name, and that where there is none (3.4; 3.20 takes the bare one first). `--no-partial`, which newer
/// releases have, is not what it does by itself.
pub(super) const FIRST_OF_CLOUD: &[(Codec, &str)] = &[
    (Codec::Bzip2, ".bz2"),
    (Codec::Gzip, ".gz"),
    (Codec::Lz4, ".lz4"),
    (Codec::Plain, ".partial"),
    (Codec::Bzip2, ".partial.bz2"),
    (Codec::Gzip, ".partial.gz"),
    (Codec::Lz4, ".partial.lz4"),
    (Codec::Snappy, ".partial.snappy"),
    (Codec::Xz, ".partial.xz"),
    (Codec::Zstd, ".partial.zst"),
    (Codec::Snappy, ".snappy"),
    (Codec::Xz, ".xz"),
    (Codec::Zstd, ".zst"),
    (Codec::Plain, ""),
];

/// What barman-cloud makes of a file.
pub(super) fn look_up_in_cloud(file: &FileInPlace<'_>) -> LookedUp {
    let named = by_suffix(file.placed.suffix, OF_CLOUD, BehindRule::AsPrograms);
    match named.filter(|_| is_in_place(file) && file.placed.sha1.is_none()) {
        Some(packing) => {
            let short = match packing.codec {
                Codec::Gzip => ShortRule::EmptyGiven,
                codec if GIVEN_SHORT.contains(&codec) => ShortRule::Given,
                _ => ShortRule::Refused,
            };
            LookedUp::Found(OpeningRule::ByName(NamedPacking { short, ..packing }))
        }
        None => LookedUp::Elsewhere(Elsewhere { in_log: true, with_sum: false, suffixes: OF_CLOUD }),
    }
}

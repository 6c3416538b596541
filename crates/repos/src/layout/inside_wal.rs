//! WAL that lies inside of a backup: the tool unpacks it into the data directory, under the server's own name.

use crate::lookup::{FileInPlace, LookedUp, by_suffix};
use pgwal_source::{BehindRule, Codec, OpeningRule};

const SUFFIXES: &[(Codec, &str)] =
    &[(Codec::Plain, ""), (Codec::Gzip, ".gz"), (Codec::Lz4, ".lz4"), (Codec::Zstd, ".zst"), (Codec::Bzip2, ".bz2")];

/// What becomes of a file there when the backup is restored.
pub(crate) fn look_up(file: &FileInPlace<'_>) -> LookedUp {
    let named = by_suffix(file.placed.suffix, SUFFIXES, BehindRule::AsPrograms);
    LookedUp::Found(named.filter(|_| file.placed.sha1.is_none()).map_or(OpeningRule::ByContent, OpeningRule::ByName))
}

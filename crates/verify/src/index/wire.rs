//! What a file came to, in binary.

use super::view::{Read, View};
use crate::stretch::Why;
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::wire::Wire;
use pgwal_format::wire_fields;
use pgwal_source::Stamp;
use pgwal_source::codec::{Codec, Container, Encryption};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A name for each way of packing. New ones go to the end.
const CODECS: [Codec; 18] = [
    Codec::Plain,
    Codec::Gzip,
    Codec::Lz4,
    Codec::Zstd,
    Codec::Xz,
    Codec::Bzip2,
    Codec::Lzma,
    Codec::Encrypted(Encryption::OpenSsl),
    Codec::Encrypted(Encryption::Pgp),
    Codec::Encrypted(Encryption::Age),
    Codec::Unknown(Container::Lzop),
    Codec::Unknown(Container::Snappy),
    Codec::Unknown(Container::Brotli),
    Codec::Unknown(Container::Compress),
    Codec::Unknown(Container::Lz4Legacy),
    Codec::Unknown(Container::Tar),
    Codec::Unknown(Container::Zip),
    Codec::Unknown(Container::SevenZip),
];

/// A way of packing, by its number in the list.
struct Packing(Codec);

impl Wire for Packing {
    fn put(&self, out: &mut Vec<u8>) {
        let number = CODECS.iter().position(|&known| known == self.0).and_then(|at| u8::try_from(at).ok());
        out.push(number.unwrap_or(255));
    }
    fn take(input: &mut &[u8]) -> Option<Packing> {
        CODECS.get(usize::from(u8::take(input)?)).copied().map(Packing)
    }
}

/// A text that only this program makes, by its number in the list.
struct Content(&'static str);

impl Wire for Content {
    fn put(&self, out: &mut Vec<u8>) {
        let number = Why::CONTENTS.iter().position(|&known| known == self.0).and_then(|at| u8::try_from(at).ok());
        out.push(number.unwrap_or(255));
    }
    fn take(input: &mut &[u8]) -> Option<Content> {
        Why::CONTENTS.get(usize::from(u8::take(input)?)).copied().map(Content)
    }
}

impl Wire for Why {
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Why::Size { found, short } => (0u8, (*found, *short)).put(out),
            Why::Packed { codec, bytes, cut } => (1u8, (Packing(*codec), (*bytes, *cut))).put(out),
            Why::Encrypted(codec) => (2u8, Packing(*codec)).put(out),
            Why::Unknown(codec) => (3u8, Packing(*codec)).put(out),
            Why::Belongs { address, timeline } => (4u8, (*address, *timeline)).put(out),
            Why::Cluster { found } => (5u8, *found).put(out),
            Why::Version(dialect) => (6u8, *dialect).put(out),
            Why::Geometry(layout) => (7u8, *layout).put(out),
            Why::Unwritten => out.push(8),
            Why::Magic(found) => (9u8, *found).put(out),
            Why::NotWal(content) => (10u8, Content(content)).put(out),
            Why::OldTimeline(found) => (11u8, *found).put(out),
            Why::Refused(text) => (12u8, text.clone()).put(out),
            Why::Changed => out.push(13),
            Why::Vanished => out.push(14),
        }
    }

    fn take(input: &mut &[u8]) -> Option<Why> {
        Some(match u8::take(input)? {
            0 => Why::Size { found: Wire::take(input)?, short: Wire::take(input)? },
            1 => Why::Packed { codec: Packing::take(input)?.0, bytes: Wire::take(input)?, cut: Wire::take(input)? },
            2 => Why::Encrypted(Packing::take(input)?.0),
            3 => Why::Unknown(Packing::take(input)?.0),
            4 => Why::Belongs { address: Wire::take(input)?, timeline: Wire::take(input)? },
            5 => Why::Cluster { found: Wire::take(input)? },
            6 => Why::Version(Wire::take(input)?),
            7 => Why::Geometry(Wire::take(input)?),
            8 => Why::Unwritten,
            9 => Why::Magic(Wire::take(input)?),
            10 => Why::NotWal(Content::take(input)?.0),
            11 => Why::OldTimeline(Wire::take(input)?),
            12 => Why::Refused(Wire::take(input)?),
            13 => Why::Changed,
            14 => Why::Vanished,
            _ => return None,
        })
    }
}

/// A stamp in binary.
pub(super) struct Seal(pub Stamp);

impl Wire for Seal {
    fn put(&self, out: &mut Vec<u8>) {
        let Stamp { size, modified, changed, inode } = self.0;
        (size, (modified, (changed.wrapping_sub(modified), inode))).put(out);
    }
    fn take(input: &mut &[u8]) -> Option<Seal> {
        let (size, modified): (u64, i64) = Wire::take(input)?;
        let (apart, inode): (i64, u64) = Wire::take(input)?;
        Some(Seal(Stamp { size, modified, changed: modified.wrapping_add(apart), inode }))
    }
}

/// To the microsecond.
pub(super) fn timestamp(time: SystemTime) -> Timestamp {
    let micros = |duration: Duration| i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_unix_micros(
        time.duration_since(UNIX_EPOCH).map_or_else(|before| -micros(before.duration()), micros),
    )
}

/// The other way round.
pub(super) fn system_time(time: Timestamp) -> SystemTime {
    let (micros, span) = (time.unix_micros(), Duration::from_micros(time.unix_micros().unsigned_abs()));
    let time = if micros < 0 { UNIX_EPOCH.checked_sub(span) } else { UNIX_EPOCH.checked_add(span) };
    time.unwrap_or(UNIX_EPOCH)
}

wire_fields!(View { layout, system_id, timeline, number });
wire_fields!(Read { run, why, bytes, sum, first, sha1 });

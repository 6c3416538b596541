//! What a file came to, in binary.

use crate::read::{CountedFile, View};
use crate::stretch::{PackedOtherwise, Unusable};
use pgwal_format::rmgr::xact::Timestamp;
use pgwal_format::wire::Wire;
use pgwal_format::wire_fields;
use pgwal_source::codec::{Codec, Container, Encryption};
use pgwal_source::{LeftBehind, Stamp};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A name for each way of packing. New ones go to the end.
const CODECS: [Codec; 20] = [
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
    Codec::Lzop,
    Codec::Snappy,
    Codec::Brotli,
    Codec::Unknown(Container::Compress),
    Codec::Lz4Legacy,
    Codec::Unknown(Container::Tar),
    Codec::Unknown(Container::Zip),
    Codec::Unknown(Container::SevenZip),
    Codec::Encrypted(Encryption::Sodium),
    Codec::Encrypted(Encryption::Pghoard),
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
struct NumberedText(&'static str);

impl Wire for NumberedText {
    fn put(&self, out: &mut Vec<u8>) {
        let number = Unusable::CONTENTS.iter().position(|&known| known == self.0).and_then(|at| u8::try_from(at).ok());
        out.push(number.unwrap_or(255));
    }
    fn take(input: &mut &[u8]) -> Option<NumberedText> {
        Unusable::CONTENTS.get(usize::from(u8::take(input)?)).copied().map(NumberedText)
    }
}

impl Wire for Unusable {
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Unusable::Size { found, short, packed } => (0u8, (*found, (*short, *packed))).put(out),
            Unusable::Packed { codec, bytes, cut } => (1u8, (Packing(*codec), (*bytes, *cut))).put(out),
            Unusable::Encrypted(codec) => (2u8, Packing(*codec)).put(out),
            Unusable::WrongKey(codec) => (16u8, Packing(*codec)).put(out),
            Unusable::Unknown(codec) => (3u8, Packing(*codec)).put(out),
            Unusable::Belongs { address, timeline } => (4u8, (*address, *timeline)).put(out),
            Unusable::Cluster { found } => (5u8, *found).put(out),
            Unusable::Version(dialect) => (6u8, *dialect).put(out),
            Unusable::Geometry(layout) => (7u8, *layout).put(out),
            Unusable::Unwritten => out.push(8),
            Unusable::Magic(found) => (9u8, *found).put(out),
            Unusable::NotWal(content) => (10u8, NumberedText(content)).put(out),
            Unusable::OldTimeline(found) => (11u8, *found).put(out),
            Unusable::Refused(text) => (12u8, text.clone()).put(out),
            Unusable::Changed => out.push(13),
            Unusable::Vanished => out.push(14),
            Unusable::Withheld => out.push(17),
            Unusable::Otherwise { how: PackedOtherwise::Named { named, found }, given } => {
                (18u8, (Packing(*named), (Packing(*found), *given))).put(out);
            }
            Unusable::Otherwise { how: PackedOtherwise::Members(codec), given } => {
                (19u8, (Packing(*codec), *given)).put(out);
            }
            Unusable::Twice { outer, inner, bytes } => (15u8, (Packing(*outer), (Packing(*inner), *bytes))).put(out),
        }
    }

    fn take(input: &mut &[u8]) -> Option<Unusable> {
        Some(match u8::take(input)? {
            0 => Unusable::Size { found: Wire::take(input)?, short: Wire::take(input)?, packed: Wire::take(input)? },
            1 => {
                Unusable::Packed { codec: Packing::take(input)?.0, bytes: Wire::take(input)?, cut: Wire::take(input)? }
            }
            2 => Unusable::Encrypted(Packing::take(input)?.0),
            16 => Unusable::WrongKey(Packing::take(input)?.0),
            3 => Unusable::Unknown(Packing::take(input)?.0),
            4 => Unusable::Belongs { address: Wire::take(input)?, timeline: Wire::take(input)? },
            5 => Unusable::Cluster { found: Wire::take(input)? },
            6 => Unusable::Version(Wire::take(input)?),
            7 => Unusable::Geometry(Wire::take(input)?),
            8 => Unusable::Unwritten,
            9 => Unusable::Magic(Wire::take(input)?),
            10 => Unusable::NotWal(NumberedText::take(input)?.0),
            11 => Unusable::OldTimeline(Wire::take(input)?),
            12 => Unusable::Refused(Wire::take(input)?),
            13 => Unusable::Changed,
            14 => Unusable::Vanished,
            15 => {
                let (outer, inner) = (Packing::take(input)?.0, Packing::take(input)?.0);
                Unusable::Twice { outer, inner, bytes: Wire::take(input)? }
            }
            17 => Unusable::Withheld,
            18 => {
                let (named, found) = (Packing::take(input)?.0, Packing::take(input)?.0);
                Unusable::Otherwise { how: PackedOtherwise::Named { named, found }, given: Wire::take(input)? }
            }
            19 => {
                let how = PackedOtherwise::Members(Packing::take(input)?.0);
                Unusable::Otherwise { how, given: Wire::take(input)? }
            }
            _ => return None,
        })
    }
}

/// What lies behind the end of a packed file.
struct BehindMark(LeftBehind);

impl Wire for BehindMark {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(match self.0 {
            LeftBehind::Members => 0,
            LeftBehind::Zeros => 1,
            LeftBehind::Bytes => 2,
        });
    }
    fn take(input: &mut &[u8]) -> Option<BehindMark> {
        Some(BehindMark(match u8::take(input)? {
            0 => LeftBehind::Members,
            1 => LeftBehind::Zeros,
            2 => LeftBehind::Bytes,
            _ => return None,
        }))
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

impl Wire for CountedFile {
    fn put(&self, out: &mut Vec<u8>) {
        let CountedFile { run, why, bytes, sum, first, sha1, behind } = self;
        run.put(out);
        why.put(out);
        (*bytes, *sum).put(out);
        first.put(out);
        sha1.put(out);
        behind.map(BehindMark).put(out);
    }
    fn take(input: &mut &[u8]) -> Option<CountedFile> {
        let (run, why) = (Wire::take(input)?, Wire::take(input)?);
        let (bytes, sum) = Wire::take(input)?;
        let (first, sha1) = (Wire::take(input)?, Wire::take(input)?);
        let behind: Option<BehindMark> = Wire::take(input)?;
        let behind = behind.map(|behind| behind.0);
        Some(CountedFile { run, why, bytes, sum, first, sha1, behind })
    }
}

//! What a file is packed in, by its first bytes. Suffixes lie; only where a format has no magic (brotli) the suffix
//! decides.

use std::fmt;

/// What a file is packed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Codec {
    /// Not packed: the bytes are the file's own.
    Plain,
    /// gzip (RFC 1952).
    Gzip,
    /// LZ4 frames.
    Lz4,
    /// Zstandard (RFC 8878).
    Zstd,
    /// xz.
    Xz,
    /// bzip2.
    Bzip2,
    /// LZMA alone (`.lzma`).
    Lzma,
    /// brotli, by its suffix.
    Brotli,
    /// Snappy frames.
    Snappy,
    /// lzop (`.lzo`).
    Lzop,
    /// LZ4's format before frames.
    Lz4Legacy,
    /// Encrypted: nothing can be said without the key.
    Encrypted(Encryption),
    /// Packed in a way that is not read.
    Unknown(Container),
}

/// Known kinds of encryption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Encryption {
    /// `openssl enc`, also pgBackRest's repositories: `Salted__`.
    OpenSsl,
    /// OpenPGP messages, binary or armoured: gpg, Barman, WAL-G.
    Pgp,
    /// age.
    Age,
    /// libsodium's secret streams, which have no header of their own: WAL-G.
    Sodium,
    /// pghoard's own.
    Pghoard,
}

/// Known containers that are not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Container {
    /// compress (`.Z`).
    Compress,
    /// A tar archive.
    Tar,
    /// A zip archive.
    Zip,
    /// A 7z archive.
    SevenZip,
}

/// How many of the first bytes are enough.
pub const HEAD: usize = 512;

/// A magic, where it stands, and what it means.
const MAGICS: [(usize, &[u8], Codec); 20] = [
    (0, b"\x1f\x8b\x08", Codec::Gzip),
    (0, b"\x04\x22\x4d\x18", Codec::Lz4),
    (0, b"\x28\xb5\x2f\xfd", Codec::Zstd),
    (0, b"\xfd7zXZ\0", Codec::Xz),
    (0, b"Salted__", Codec::Encrypted(Encryption::OpenSsl)),
    (0, b"-----BEGIN PGP MESSAGE-----", Codec::Encrypted(Encryption::Pgp)),
    (0, b"age-encryption.org/v1", Codec::Encrypted(Encryption::Age)),
    (0, b"-----BEGIN AGE ENCRYPTED FILE-----", Codec::Encrypted(Encryption::Age)),
    (0, b"pghoa1", Codec::Encrypted(Encryption::Pghoard)),
    (0, b"\x89LZO\0\r\n\x1a\n", Codec::Lzop),
    (0, b"\xff\x06\0\0sNaPpY", Codec::Snappy),
    (0, b"\x1f\x9d", Codec::Unknown(Container::Compress)),
    (0, b"\x02\x21\x4c\x18", Codec::Lz4Legacy),
    (257, b"ustar\0", Codec::Unknown(Container::Tar)),
    (257, b"ustar  \0", Codec::Unknown(Container::Tar)),
    (0, b"PK\x03\x04", Codec::Unknown(Container::Zip)),
    (0, b"PK\x05\x06", Codec::Unknown(Container::Zip)),
    (0, b"7z\xbc\xaf\x27\x1c", Codec::Unknown(Container::SevenZip)),
    // A stream of no blocks, then of one or more; the digit before is the block size.
    (4, b"\x17\x72\x45\x38\x50\x90", Codec::Bzip2),
    (4, b"\x31\x41\x59\x26\x53\x59", Codec::Bzip2),
];

impl Encryption {
    /// Whether it is read, with a key: features decide.
    pub fn is_open(self) -> bool {
        match self {
            Encryption::OpenSsl => cfg!(feature = "openssl"),
            Encryption::Sodium => cfg!(feature = "libsodium"),
            Encryption::Pgp => cfg!(feature = "pgp"),
            Encryption::Age => cfg!(feature = "age"),
            Encryption::Pghoard => cfg!(feature = "pghoard"),
        }
    }
}

impl Codec {
    /// What a file is packed in. `head` are its first [`HEAD`] bytes, fewer only if the file is shorter; `file` is its
    /// name, for formats without a magic.
    pub fn detect(head: &[u8], file: &str) -> Codec {
        if is_wal(head) || head.is_empty() {
            return Codec::Plain;
        }
        let with_magic = MAGICS.iter().find(|(at, magic, codec)| {
            head.get(*at..).is_some_and(|rest| rest.starts_with(magic))
                && (*codec != Codec::Bzip2 || head.starts_with(b"BZh"))
        });
        if let Some((_, _, codec)) = with_magic {
            return *codec;
        }
        if let Some(after) = after_skippable_frames(head) {
            return after;
        }
        // A file that was cut off in its magic.
        if head.len() < 10 && head.starts_with(b"BZh") {
            return Codec::Bzip2;
        }
        if is_pgp(head) {
            Codec::Encrypted(Encryption::Pgp)
        } else if is_lzma(head) {
            Codec::Lzma
        } else if file.ends_with(".br") {
            Codec::Brotli
        } else {
            Codec::Plain
        }
    }

    /// What a file is packed in by the end of its name; `None` where that says nothing.
    pub(crate) fn of_suffix(file: &str) -> Option<Codec> {
        Some(match file.rsplit_once('.')?.1 {
            "gz" | "gzip" => Codec::Gzip,
            "lz4" => Codec::Lz4,
            "zst" | "zstd" => Codec::Zstd,
            "xz" => Codec::Xz,
            "bz2" => Codec::Bzip2,
            "lzma" => Codec::Lzma,
            "br" => Codec::Brotli,
            "lzo" => Codec::Lzop,
            "snappy" | "sz" => Codec::Snappy,
            _ => return None,
        })
    }

    /// Whether plain bytes can be had of it: features decide which codecs are here.
    pub fn is_open(self) -> bool {
        match self {
            Codec::Plain | Codec::Lz4 | Codec::Lz4Legacy => true,
            Codec::Brotli => cfg!(feature = "brotli"),
            Codec::Snappy => cfg!(feature = "snappy"),
            Codec::Lzop => cfg!(feature = "lzo"),
            Codec::Gzip => cfg!(feature = "gzip"),
            Codec::Zstd => cfg!(feature = "zstd"),
            Codec::Xz | Codec::Lzma => cfg!(feature = "xz"),
            Codec::Bzip2 => cfg!(feature = "bzip2"),
            Codec::Encrypted(_) | Codec::Unknown(_) => false,
        }
    }
}

/// What noise may be, by its size: a whole segment that WAL-G encrypted with libsodium without packing it, which has a
/// header of 24 bytes and 17 more for each 8 KiB, and nothing that says so.
pub fn of_noise(size: Option<u64>) -> Option<Codec> {
    let is_segment = |size: u64| (20..=30).map(|bits| 1u64 << bits).any(|plain| size == plain + 24 + plain / 8192 * 17);
    size.filter(|size| is_segment(*size)).map(|_| Codec::Encrypted(Encryption::Sodium))
}

/// A first page of WAL: `xlp_magic` from `D05E` to `D1xx` and `xlp_info` of a few low bits, in the server's byte order.
pub(crate) fn is_wal(head: &[u8]) -> bool {
    matches!(head, [_, 0xD0 | 0xD1, 0..=15, 0, ..] | [0xD0 | 0xD1, _, 0, 0..=15, ..])
}

/// Zstandard and LZ4 share frames that decoders skip (pzstd writes one first): what follows them counts.
fn after_skippable_frames(head: &[u8]) -> Option<Codec> {
    let mut rest = head;
    while let [0x50..=0x5F, 0x2A, 0x4D, 0x18, a, b, c, d, after @ ..] = rest {
        match after.get(u32::from_le_bytes([*a, *b, *c, *d]) as usize..) {
            Some(next) if !next.is_empty() => rest = next,
            // Both decoders skip it; zstd's own tools are the ones that write such frames.
            _ => return Some(Codec::Zstd),
        }
    }
    if rest.len() == head.len() {
        return None;
    }
    Some(if rest.starts_with(b"\x04\x22\x4d\x18") { Codec::Lz4 } else { Codec::Zstd })
}

/// OpenPGP (RFC 9580): a message begins with a packet that holds an encrypted session key. The packet's tag is followed
/// by its length, in one to four bytes, and by the packet's version.
fn is_pgp(head: &[u8]) -> bool {
    let [tag, rest @ ..] = head else { return false };
    let (kind, length, body): (u8, usize, &[u8]) = match (tag, rest) {
        // Old form: the kind in the middle, the size of the length in the last two bits.
        (0x80..=0xBF, [n, body @ ..]) if tag & 3 == 0 => (tag >> 2 & 15, usize::from(*n), body),
        (0x80..=0xBF, [a, b, body @ ..]) if tag & 3 == 1 => {
            (tag >> 2 & 15, usize::from(*a) << 8 | usize::from(*b), body)
        }
        // New form: up to 191 in one byte, up to 8383 in two.
        (0xC0..=0xFF, [n @ 0..=191, body @ ..]) => (tag & 63, usize::from(*n), body),
        (0xC0..=0xFF, [a @ 192..=223, b, body @ ..]) => {
            (tag & 63, (usize::from(*a - 192) << 8) + usize::from(*b) + 192, body)
        }
        _ => return false,
    };
    match (kind, body) {
        // To a public key: version 3, eight bytes of key id, the algorithm; or version 6.
        (1, [3, _, _, _, _, _, _, _, _, algorithm, ..]) => {
            (40..=2100).contains(&length) && matches!(algorithm, 1 | 2 | 16 | 18 | 25 | 26)
        }
        (1, [6, ..]) => (40..=2100).contains(&length),
        // To a passphrase: version 4, 5 or 6, the cipher, and how the key is derived.
        (3, [4, 1..=13, 0 | 1 | 3 | 4, ..]) => (4..=80).contains(&length),
        (3, [5 | 6, ..]) => (20..=120).contains(&length),
        _ => false,
    }
}

/// LZMA alone has no magic: properties as every tool writes them, a dictionary of 2ⁿ or 2ⁿ + 2ⁿ⁻¹ bytes, and a size
/// that is unknown or below 256 GiB.
fn is_lzma(head: &[u8]) -> bool {
    let [0x5D, a, b, c, d, size @ ..] = head else { return false };
    let Some(size) = size.first_chunk::<8>() else { return false };
    let (dictionary, size) = (u32::from_le_bytes([*a, *b, *c, *d]), u64::from_le_bytes(*size));
    let usual = dictionary == u32::MAX
        || dictionary.count_ones() == 1
        || dictionary.count_ones() == 2 && (dictionary & dictionary >> 1) != 0;
    usual && dictionary >= 1 << 12 && (size == u64::MAX || size < 1 << 38)
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Codec::Plain => "plain",
            Codec::Gzip => "gzip",
            Codec::Lz4 => "lz4",
            Codec::Zstd => "zstd",
            Codec::Xz => "xz",
            Codec::Bzip2 => "bzip2",
            Codec::Lzma => "lzma",
            Codec::Brotli => "brotli",
            Codec::Snappy => "snappy",
            Codec::Lzop => "lzop",
            Codec::Lz4Legacy => "lz4 (legacy format)",
            Codec::Encrypted(Encryption::OpenSsl) => "encrypted (openssl)",
            Codec::Encrypted(Encryption::Pgp) => "encrypted (OpenPGP)",
            Codec::Encrypted(Encryption::Age) => "encrypted (age)",
            Codec::Encrypted(Encryption::Pghoard) => "encrypted (pghoard)",
            Codec::Encrypted(Encryption::Sodium) => "encrypted (without a header, as WAL-G does with libsodium)",
            Codec::Unknown(Container::Compress) => "compress (.Z)",
            Codec::Unknown(Container::Tar) => "tar",
            Codec::Unknown(Container::Zip) => "zip",
            Codec::Unknown(Container::SevenZip) => "7z",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detect(head: &[u8]) -> Codec {
        Codec::detect(head, "000000010000000000000001")
    }

    #[test]
    fn wal_of_either_byte_order_zeros_text_and_nothing_are_plain() {
        for head in [
            &b"\x10\xd1\x07\0\x01\0\0\0"[..],
            b"\xd0\x5e\0\x02",
            b"\x5d\xd0\x02\0\0\0\0\0\0\0\0\0\0",
            &[0; 512],
            b"",
            b"1\t0/3000000\n",
            b"\x7fELF",
        ] {
            assert_eq!(detect(head), Codec::Plain, "{head:x?}");
        }
    }

    #[test]
    fn what_is_packed_is_named_whatever_its_suffix() {
        let mut tar = [0u8; 512];
        tar[257..263].copy_from_slice(b"ustar\0");
        for (head, codec) in [
            (&b"\x1f\x8b\x08\0"[..], Codec::Gzip),
            (b"\x04\x22\x4d\x18\x64", Codec::Lz4),
            (b"\x28\xb5\x2f\xfd\x04", Codec::Zstd),
            (b"\x50\x2a\x4d\x18\x04\0\0\0abcd\x28\xb5\x2f\xfd", Codec::Zstd),
            (b"\x5f\x2a\x4d\x18\x04\0\0\0abcd\x04\x22\x4d\x18", Codec::Lz4),
            (b"\x50\x2a\x4d\x18\xff\xff\xff\xff", Codec::Zstd),
            (b"\xfd7zXZ\0\0\x04", Codec::Xz),
            (b"BZh91AY&SY", Codec::Bzip2),
            (b"BZh9\x17\x72\x45\x38\x50\x90", Codec::Bzip2),
            (b"\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff\0", Codec::Lzma),
            (b"\x89LZO\0\r\n\x1a\n", Codec::Lzop),
            (b"\xff\x06\0\0sNaPpY", Codec::Snappy),
            (b"\x1f\x9d\x90", Codec::Unknown(Container::Compress)),
            (b"PK\x03\x04", Codec::Unknown(Container::Zip)),
            (b"7z\xbc\xaf\x27\x1c", Codec::Unknown(Container::SevenZip)),
            (&tar, Codec::Unknown(Container::Tar)),
        ] {
            assert_eq!(detect(head), codec, "{head:x?}");
        }
        assert_eq!(Codec::detect(b"\x8b\xff\x07\x80", "000000010000000000000001.br"), Codec::Brotli);
    }

    #[test]
    fn encryption_is_named() {
        for (head, kind) in [
            (&b"Salted__12345678"[..], Encryption::OpenSsl),
            (b"-----BEGIN PGP MESSAGE-----\n", Encryption::Pgp),
            (b"\x85\x01\x0c\x03\x01\x02\x03\x04\x05\x06\x07\x08\x01\x07", Encryption::Pgp),
            (b"\x84\x5e\x03\x01\x02\x03\x04\x05\x06\x07\x08\x12\x01", Encryption::Pgp),
            (b"\xc1\xc0\x4c\x03\x01\x02\x03\x04\x05\x06\x07\x08\x01\x08", Encryption::Pgp),
            (b"\x8c\x0d\x04\x09\x03\x02", Encryption::Pgp),
            (b"\xc3\x0d\x04\x09\x03\x02", Encryption::Pgp),
            (b"age-encryption.org/v1\n-> X25519", Encryption::Age),
            (b"-----BEGIN AGE ENCRYPTED FILE-----\n", Encryption::Age),
            (b"pghoa1\x01\x80", Encryption::Pghoard),
        ] {
            assert_eq!(detect(head), Codec::Encrypted(kind), "{head:x?}");
        }
    }

    #[test]
    fn every_start_of_every_magic_is_taken_without_a_panic() {
        for (_, magic, _) in MAGICS {
            for length in 0..magic.len() {
                let codec = detect(&magic[..length]);
                assert!(codec.is_open() || length > 1, "{magic:x?} {length} {codec}");
            }
        }
    }
}
